"""The main gateway, spoken to by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.discord_server import DiscordServer
from tests.discord_server_tests.raw_clients import Socket, identify

GUILDS_AND_MESSAGES = 1 << 0 | 1 << 7 | 1 << 9 | 1 << 12


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        server.service.identify_interval = 0.0
        yield server
        assert server.errors == []


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def connect(server: DiscordServer, http: aiohttp.ClientSession, query: str = "") -> Socket:
    url = f"{server.service.gateway_url}?v=10&encoding=json{query}"
    return Socket(await http.ws_connect(url, autoclose=False))


async def log_in(
    server: DiscordServer, http: aiohttp.ClientSession, **kwargs: Any
) -> tuple[Socket, dict[str, Any]]:
    ws = await connect(server, http)
    await ws.send(2, identify(server.bot.token, **{"intents": GUILDS_AND_MESSAGES} | kwargs))
    return ws, (await ws.until("READY"))["d"]


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (2, {"token": "wrong", "intents": 0, "properties": {"os": "x"}}, 4004),
        (2, {"shard": [2, 2]}, 4010),
        (2, {"shard": [0]}, 4010),
        (2, {"intents": 1 << 1}, 4014),
        (2, {"intents": 1 << 15}, 4014),
        (2, {"intents": 1 << 30}, 4013),
        (2, {"intents": "all"}, 4013),
        (4, {"guild_id": "1"}, 4003),
        (99, {}, 4001),
        (2, [], 4002),
        (2, {"shard": 7}, 4002),
        (2, {"shard": ["a", "b"]}, 4002),
        ([2], {}, 4001),
        (6, {"token": "wrong"}, 4004),
    ],
)
async def test_what_discord_refuses_is_closed_with_its_code(server, http, op, data, code) -> None:
    ws = await connect(server, http)
    if op == 2 and isinstance(data, dict):
        data = identify(server.bot.token) | data
    await ws.send(op, data)
    assert await ws.close_code() == code


async def test_bytes_that_are_not_json_are_closed_with_4002(server, http) -> None:
    ws = await connect(server, http)
    await ws.socket.send_str("{")
    assert await ws.close_code() == 4002


async def test_identifying_twice_is_closed_with_4005(server, http) -> None:
    ws, _ = await log_in(server, http)
    await ws.send(2, identify(server.bot.token))
    assert await ws.close_code() == 4005


async def test_a_privileged_intent_works_once_it_is_switched_on(server, http) -> None:
    server.bot.privileged_intents = 1 << 15
    _, ready = await log_in(server, http, intents=1 << 15)
    assert ready["user"]["id"] == str(server.bot.id)


async def test_two_identifies_within_five_seconds_are_refused_with_op_9(server, http) -> None:
    server.service.identify_interval = 5.0
    await log_in(server, http)
    ws = await connect(server, http)
    await ws.send(2, identify(server.bot.token))
    assert (await ws.until(9))["d"] is False


async def test_a_heartbeat_is_acknowledged_and_silence_is_closed_with_4009(server, http) -> None:
    server.service.heartbeat_ms = 200
    ws = await connect(server, http)
    assert (await ws.until(10))["d"]["heartbeat_interval"] == 200
    await ws.send(1, None)
    await ws.until(11)
    assert await ws.close_code() == 4009


async def test_the_zlib_stream_carries_the_same_messages(server, http) -> None:
    server.add_guild("One")
    ws = await connect(server, http, "&compress=zlib-stream")
    await ws.send(2, identify(server.bot.token, intents=GUILDS_AND_MESSAGES))
    await ws.until("READY", stream=True)
    assert (await ws.until("GUILD_CREATE", stream=True))["d"]["name"] == "One"


async def test_each_shard_gets_its_own_guilds(server, http) -> None:
    names = [server.add_guild(name).guild.name for name in ("A", "B", "C", "D")]
    seen = []
    for shard in range(2):
        _, ready = await log_in(server, http, shard=(shard, 2))
        seen.append({g["id"] for g in ready["guilds"]})
    assert len(seen[0] | seen[1]) == len(names)
    assert [len(s) for s in seen] == [2, 2]


async def test_a_resume_replays_what_was_missed_and_nothing_else(server, http) -> None:
    guild = server.add_guild()
    text, ann = guild.add_text_channel("chat"), guild.add_member("Ann")
    ws, ready = await log_in(server, http)
    ann.says(text, "before")
    sequence = (await ws.until("MESSAGE_CREATE"))["s"]
    server.close_gateway(4000)
    assert await ws.close_code() == 4000
    ann.says(text, "missed")
    ws = await connect(server, http)
    await ws.send(6, {"token": server.bot.token, "session_id": ready["session_id"], "seq": sequence})
    await ws.until(10)
    replayed = await ws.receive()
    assert (replayed["t"], replayed["s"]) == ("MESSAGE_CREATE", sequence + 1)
    assert (await ws.receive())["t"] == "RESUMED"


async def test_an_unknown_session_is_not_resumed(server, http) -> None:
    ws = await connect(server, http)
    await ws.send(6, {"token": server.bot.token, "session_id": "gone", "seq": 1})
    assert (await ws.until(9))["d"] is False


async def test_a_session_that_said_goodbye_is_not_resumed(server, http) -> None:
    ws, ready = await log_in(server, http)
    await ws.socket.close(code=1000)
    await asyncio.to_thread(server.wait_until, lambda: not server.service.gateway.sessions)
    ws = await connect(server, http)
    await ws.send(6, {"token": server.bot.token, "session_id": ready["session_id"], "seq": 1})
    assert (await ws.until(9))["d"] is False


async def test_reconnect_and_invalid_session_reach_the_bot(server, http) -> None:
    ws, _ = await log_in(server, http)
    server.ask_to_reconnect()
    await ws.until(7)
    server.invalidate_sessions(resumable=False)
    assert (await ws.until(9))["d"] is False


async def test_content_is_read_only_where_the_bot_is_spoken_to(server, http) -> None:
    guild = server.add_guild()
    text, ann = guild.add_text_channel("chat"), guild.add_member("Ann")
    ws, _ = await log_in(server, http)
    ann.says(text, "among ourselves")
    assert (await ws.until("MESSAGE_CREATE"))["d"]["content"] == ""
    ann.says(text, f"<@{server.bot.id}> hello")
    event = (await ws.until("MESSAGE_CREATE"))["d"]
    assert event["content"].endswith("hello")
    assert event["member"]["roles"] == []
    ann.writes_to(server.bot.user, "privately")
    assert (await ws.until("MESSAGE_CREATE"))["d"]["content"] == "privately"


async def test_a_channel_the_bot_cannot_view_is_silent(server, http) -> None:
    guild = server.add_guild()
    secret, open_ = guild.add_text_channel("secret"), guild.add_text_channel("open")
    ann = guild.add_member("Ann")
    guild.overwrite(secret, guild.bot, deny=1 << 10)
    ws, _ = await log_in(server, http)
    ann.says(secret, f"<@{server.bot.id}> psst")
    ann.says(open_, f"<@{server.bot.id}> hello")
    assert (await ws.until("MESSAGE_CREATE"))["d"]["channel_id"] == str(open_.id)


async def test_without_the_intent_no_event_is_sent(server, http) -> None:
    guild = server.add_guild()
    text, voice, ann = (
        guild.add_text_channel("chat"),
        guild.add_voice_channel("General"),
        guild.add_member("Ann"),
    )
    ws, _ = await log_in(server, http, intents=1 << 7)
    ann.says(text, f"<@{server.bot.id}> hello")
    ann.join(voice)
    event = (await ws.receive())["t"]
    assert event == "VOICE_STATE_UPDATE"


async def test_joining_voice_is_answered_only_where_the_bot_may_connect(server, http) -> None:
    guild = server.add_guild()
    barred, open_ = guild.add_voice_channel("barred"), guild.add_voice_channel("open")
    guild.overwrite(barred, guild.bot, deny=1 << 20)
    ws, _ = await log_in(server, http)
    for channel in (barred, open_):
        await ws.send(4, {"guild_id": str(guild.id), "channel_id": str(channel.id)})
    assert (await ws.until("VOICE_STATE_UPDATE"))["d"]["channel_id"] == str(open_.id)
    assert (await ws.until("VOICE_SERVER_UPDATE"))["d"]["endpoint"] == server.service.voice.endpoint


async def test_a_bot_whose_session_ends_leaves_its_voice_channel(server, http) -> None:
    guild = server.add_guild()
    voice = guild.add_voice_channel("General")
    ws, _ = await log_in(server, http)
    await ws.send(4, {"guild_id": str(guild.id), "channel_id": str(voice.id)})
    await ws.until("VOICE_SERVER_UPDATE")
    await ws.socket.close(code=1000)
    await asyncio.to_thread(server.wait_until, lambda: guild.bot_voice_channel is None)

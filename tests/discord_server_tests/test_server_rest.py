"""REST by hand: who may do what, and the words and codes of each refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.discord_server import DiscordServer, Permission
from tests.discord_server.commands import find, typed
from tests.discord_server.errors import NotPossible
from tests.discord_server.permissions import ALL, channel_permissions


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        server.service.limits.on = False
        yield server
        assert server.errors == []


class Api:
    """Requests as the bot; (status, body)."""

    def __init__(self, server: DiscordServer, http: aiohttp.ClientSession) -> None:
        self.server, self.http = server, http
        self.headers = {"Authorization": f"Bot {server.bot.token}"}
        self.last: Any = None

    async def __call__(self, method: str, path: str, body: Any = None, **kwargs: Any) -> tuple[int, Any]:
        kwargs = {"headers": self.headers, "json": body} | kwargs
        async with self.http.request(
            method, f"{self.server.service.api_url}/api/v10{path}", **kwargs
        ) as answer:
            self.last = answer
            return answer.status, await answer.json() if answer.content_length else None

    async def code(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        status, answer = await self(method, path, body)
        return status, (answer or {}).get("code", 0)


@pytest.fixture
async def api(server: DiscordServer) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(server, http)


async def test_answers_are_exactly_application_json_with_limits_in_the_headers(api) -> None:
    api.server.service.limits.on = True
    status, body = await api("GET", "/users/@me")
    assert (status, body["username"], body["bot"]) == (200, "Kith", True)
    assert api.last.headers["Content-Type"] == "application/json"
    assert int(api.last.headers["X-RateLimit-Remaining"]) == 49


async def test_no_token_or_a_wrong_one_is_401(api) -> None:
    for headers in ({}, {"Authorization": "Bot wrong"}, {"Authorization": api.server.bot.token}):
        assert (await api("GET", "/users/@me", headers=headers))[0] == 401


async def test_unknown_paths_and_other_content_types_are_refused(api) -> None:
    assert (await api("GET", "/nothing"))[0] == 404
    text = api.server.add_guild().add_text_channel("chat")
    refused = await api("POST", f"/channels/{text.id}/messages", data="hello", json=None)
    assert refused[0] == 415
    headers = api.headers | {"Content-Type": "application/json"}
    assert (await api("POST", f"/channels/{text.id}/messages", data="{", json=None, headers=headers))[1][
        "code"
    ] == 50109


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2001}, 50035),
        ({"content": ""}, 50006),
        ({"content": "   "}, 50006),
        ({"content": "x", "embeds": [{"description": "x" * 4097}]}, 50035),
        ({"content": "x", "embeds": [{}] * 11}, 50035),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035),
        ({"content": ["x"]}, 50035),
        (
            {"content": "x", "components": [{"type": 1, "components": [{"type": 2, "custom_id": "a"}] * 2}]},
            50035,
        ),
        ({"content": "x", "components": [{"type": 1, "components": []}] * 6}, 50035),
    ],
)
async def test_a_message_outside_discords_limits_is_400(api, body, code) -> None:
    text = api.server.add_guild().add_text_channel("chat")
    assert await api.code("POST", f"/channels/{text.id}/messages", body) == (400, code)


async def test_two_thousand_characters_are_sent(api) -> None:
    text = api.server.add_guild().add_text_channel("chat")
    status, sent = await api("POST", f"/channels/{text.id}/messages", {"content": "x" * 2000})
    assert (status, len(text.posts[0].content)) == (200, 2000)
    assert sent["channel_id"] == str(text.id)


@pytest.mark.parametrize(
    ("denied", "expected"),
    [
        (Permission.VIEW_CHANNEL, (403, 50001)),
        (Permission.SEND_MESSAGES, (403, 50013)),
        (0, (200, 0)),
    ],
)
async def test_sending_needs_its_permissions(api, denied, expected) -> None:
    guild = api.server.add_guild()
    text = guild.add_text_channel("chat")
    guild.overwrite(text, guild.bot, deny=denied)
    assert await api.code("POST", f"/channels/{text.id}/messages", {"content": "hi"}) == expected


async def test_an_unknown_channel_message_guild_and_member_have_their_codes(api) -> None:
    guild = api.server.add_guild()
    text = guild.add_text_channel("chat")
    assert await api.code("GET", "/channels/1") == (404, 10003)
    assert await api.code("GET", f"/channels/{text.id}/messages/1") == (404, 10008)
    assert await api.code("GET", "/guilds/1") == (404, 10004)
    assert await api.code("GET", f"/guilds/{guild.id}/members/1") == (404, 10007)
    assert await api.code("GET", "/channels/abc") == (400, 50035)


async def test_one_edits_only_ones_own_and_deletes_others_with_permission(api) -> None:
    guild = api.server.add_guild()
    text, ann = guild.add_text_channel("chat"), guild.add_member("Ann")
    hers = ann.says(text, "mine")
    path = f"/channels/{text.id}/messages/{hers.id}"
    assert await api.code("PATCH", path, {"content": "yours"}) == (403, 50005)
    assert await api.code("DELETE", path) == (403, 50013)
    guild.overwrite(text, guild.bot, allow=Permission.MANAGE_MESSAGES)
    assert (await api("DELETE", path))[0] == 204
    assert text.posts == []
    _, own = await api("POST", f"/channels/{text.id}/messages", {"content": "one"})
    await api("PATCH", f"/channels/{text.id}/messages/{own['id']}", {"content": "two"})
    assert (text.posts[0].content, text.posts[0].history) == ("two", ["one"])


async def test_bulk_deletion_takes_two_to_a_hundred_recent_messages(api) -> None:
    guild = api.server.add_guild()
    text, ann = guild.add_text_channel("chat"), guild.add_member("Ann")
    ids = [str(ann.says(text, f"{n}").id) for n in range(3)]
    path = f"/channels/{text.id}/messages/bulk-delete"
    assert await api.code("POST", path, {"messages": ids}) == (403, 50013)
    guild.overwrite(text, guild.bot, allow=Permission.MANAGE_MESSAGES)
    assert await api.code("POST", path, {"messages": ids[:1]}) == (400, 50016)
    assert await api.code("POST", path, {"messages": [ids[0], "1"]}) == (400, 50034)
    assert (await api("POST", path, {"messages": ids[:2]}))[0] == 204
    assert [m.content for m in text.posts] == ["2"]


async def test_reactions_need_history_and_a_real_emoji(api) -> None:
    guild = api.server.add_guild()
    text, ann = guild.add_text_channel("chat"), guild.add_member("Ann")
    message = ann.says(text, "nice")
    path = f"/channels/{text.id}/messages/{message.id}/reactions"
    assert (await api("PUT", f"{path}/%F0%9F%91%8D/@me"))[0] == 204
    assert message.reactions == {"👍": [api.server.bot.id]}
    assert await api.code("PUT", f"{path}/smile/@me") == (404, 10014)
    guild.overwrite(text, guild.bot, deny=Permission.ADD_REACTIONS)
    assert await api.code("PUT", f"{path}/%F0%9F%91%8E/@me") == (403, 50013)
    assert (await api("DELETE", f"{path}/%F0%9F%91%8D/@me"))[0] == 204
    assert message.reactions == {}


async def test_a_person_who_takes_no_dms_gets_none(api) -> None:
    ann = api.server.add_guild().add_member("Ann")
    _, dm = await api("POST", "/users/@me/channels", {"recipient_id": str(ann.id)})
    assert (await api("POST", f"/channels/{dm['id']}/messages", {"content": "hi"}))[0] == 200
    ann.user.accepts_dms = False
    assert await api.code("POST", f"/channels/{dm['id']}/messages", {"content": "hi"}) == (403, 50007)


async def test_a_thread_follows_its_channels_permissions(api) -> None:
    guild = api.server.add_guild()
    text, ann = guild.add_text_channel("chat"), guild.add_member("Ann")
    message = ann.says(text, "topic")
    status, thread = await api("POST", f"/channels/{text.id}/messages/{message.id}/threads", {"name": "Talk"})
    assert (status, thread["id"], thread["parent_id"]) == (200, str(message.id), str(text.id))
    assert await api.code("POST", f"/channels/{text.id}/messages/{message.id}/threads", {"name": "x"}) == (
        400,
        160004,
    )
    assert (await api("POST", f"/channels/{thread['id']}/messages", {"content": "hi"}))[0] == 200
    guild.overwrite(text, guild.bot, deny=Permission.SEND_MESSAGES_IN_THREADS)
    assert await api.code("POST", f"/channels/{thread['id']}/messages", {"content": "hi"}) == (403, 50013)


async def test_nicknames_are_checked(api) -> None:
    guild = api.server.add_guild()
    ann = guild.add_member("Ann")
    assert (await api("PATCH", f"/guilds/{guild.id}/members/@me", {"nick": "Kith 👂"}))[0] == 200
    assert guild.bot.nick == "Kith 👂"
    assert await api.code("PATCH", f"/guilds/{guild.id}/members/@me", {"nick": "x" * 33}) == (400, 50035)
    assert await api.code("PATCH", f"/guilds/{guild.id}/members/{ann.id}", {"nick": "x"}) == (403, 50013)
    for role in (guild.everyone, guild.bot_role):
        guild.set_permissions(role, role.permissions & ~Permission.CHANGE_NICKNAME)
    assert await api.code("PATCH", f"/guilds/{guild.id}/members/@me", {"nick": None}) == (403, 50013)


async def test_the_sixth_message_in_five_seconds_is_429(api) -> None:
    api.server.service.limits.on = True
    text = api.server.add_guild().add_text_channel("chat")
    path = f"/channels/{text.id}/messages"
    statuses = [(await api("POST", path, {"content": "x"}))[0] for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert api.last.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < float(api.last.headers["X-RateLimit-Reset-After"]) <= 5
    assert "Via" in api.last.headers


@pytest.mark.parametrize(
    "command",
    [
        {"name": "Upper", "description": "x"},
        {"name": "two words", "description": "x"},
        {"name": "x", "description": ""},
        {"name": "x", "description": "x" * 101},
        {"name": "x", "description": "x", "type": 2},
        {"name": "x", "description": "x", "options": [{"name": "o", "description": "", "type": 3}]},
        {
            "name": "x",
            "description": "x",
            "options": [
                {"name": "a", "description": "a", "type": 3},
                {"name": "b", "description": "b", "type": 3, "required": True},
            ],
        },
    ],
)
async def test_a_command_discord_would_not_register_is_refused(api, command) -> None:
    assert await api.code("PUT", f"/applications/{api.server.bot.id}/commands", [command]) == (400, 50035)


async def test_commands_keep_their_ids_when_they_are_registered_again(api) -> None:
    path = f"/applications/{api.server.bot.id}/commands"
    body = {"name": "join", "description": "Come", "type": 1}
    _, first = await api("PUT", path, [body, body | {"name": "leave"}])
    _, second = await api("PUT", path, [body])
    assert second[0]["id"] == first[0]["id"]
    assert api.server.commands() == ["join"]
    with pytest.raises(NotPossible):
        find(api.server.bot, None, ["leave"])


OPTIONS = [
    {"name": "who", "description": "x", "type": 6, "required": True},
    {"name": "count", "description": "x", "type": 4, "min_value": 1, "max_value": 5},
    {"name": "mode", "description": "x", "type": 3, "choices": [{"name": "On", "value": "on"}]},
]


@pytest.mark.parametrize(
    "values",
    [{}, {"who": 1, "count": 9}, {"who": 1, "mode": "off"}, {"who": 1, "count": "2"}, {"who": 1, "new": 1}],
)
def test_what_the_client_would_not_send_is_not_possible(values) -> None:
    with pytest.raises(NotPossible):
        typed({"options": OPTIONS}, ["x"], values)


def test_sub_commands_are_typed_by_name() -> None:
    command = {"options": [{"name": "forget", "type": 1, "options": OPTIONS}]}
    (sub,) = typed(command, ["memory", "forget"], {"who": 7, "count": 2})
    assert [o["value"] for o in sub["options"]] == ["7", 2]
    with pytest.raises(NotPossible):
        typed(command, ["memory"], {})


def test_permissions_come_about_in_discords_order(server) -> None:
    guild = server.add_guild()
    text, voice = guild.add_text_channel("chat"), guild.add_voice_channel("General")
    role = guild.add_role("Helpers", Permission.MANAGE_MESSAGES)
    ann = guild.add_member("Ann", roles=(role,))
    assert channel_permissions(ann.member, text) & Permission.MANAGE_MESSAGES
    guild.overwrite(text, guild.everyone, deny=Permission.SEND_MESSAGES)
    assert not channel_permissions(ann.member, text) & Permission.SEND_MESSAGES
    guild.overwrite(text, role, allow=Permission.SEND_MESSAGES)
    assert channel_permissions(ann.member, text) & Permission.SEND_MESSAGES
    guild.overwrite(text, ann, deny=Permission.SEND_MESSAGES)
    assert not channel_permissions(ann.member, text) & Permission.SEND_MESSAGES
    guild.overwrite(text, ann, deny=Permission.VIEW_CHANNEL)
    assert channel_permissions(ann.member, text) == 0
    guild.overwrite(voice, guild.everyone, deny=Permission.CONNECT)
    assert not channel_permissions(ann.member, voice) & Permission.SPEAK
    guild.set_permissions(role, Permission.ADMINISTRATOR)
    assert channel_permissions(ann.member, text) == ALL
    assert channel_permissions(guild.guild.members[server.owner.id], voice) == ALL

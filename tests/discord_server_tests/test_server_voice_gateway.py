"""The voice gateway and its datagrams, spoken to by hand."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import davey
import numpy as np
import pytest

from tests.discord_server import DiscordServer, Network, Sending, SimulatedMember, speech
from tests.discord_server.guilds import SimulatedGuild
from tests.discord_server.state import Channel
from tests.discord_server.transport_crypto import AES_GCM, Cipher, NotAuthentic
from tests.discord_server_tests.raw_clients import XCHACHA, RawVoice, Socket, identify

TONE = speech.frames((8000 * np.sin(np.arange(9_600) / 17)).astype(np.int16))  # 0.2 s
VOICE_STATES = 1 << 0 | 1 << 7


@dataclass
class Scene:
    """A bot, by hand, that was promised a voice connection in a channel where Ann is."""

    server: DiscordServer
    guild: SimulatedGuild
    voice: Channel
    ann: SimulatedMember
    gateway: Socket
    bot: RawVoice

    async def wait(self, true: Any, what: str = "") -> None:
        await asyncio.to_thread(self.server.wait_until, true, 5, what)

    async def packets(self, count: int) -> list[bytes]:
        return [await asyncio.wait_for(self.bot.udp.received.get(), 2) for _ in range(count)]

    def cipher(self) -> Cipher:
        return Cipher(self.bot.description["mode"], bytes(self.bot.description["secret_key"]))


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        yield server
        assert server.errors == []


@pytest.fixture
async def scene(server: DiscordServer) -> AsyncIterator[Scene]:
    guild = server.add_guild()
    voice, ann = guild.add_voice_channel("General"), guild.add_member("Ann")
    ann.join(voice)
    async with aiohttp.ClientSession() as http:
        gateway = Socket(await http.ws_connect(server.service.gateway_url))
        await gateway.send(2, identify(server.bot.token, intents=VOICE_STATES))
        session_id = (await gateway.until("READY"))["d"]["session_id"]
        await gateway.send(4, {"guild_id": str(guild.id), "channel_id": str(voice.id)})
        promise = (await gateway.until("VOICE_SERVER_UPDATE"))["d"] | {"session_id": session_id}
        bot = RawVoice(http, str(server.certificate), promise, server.bot.id)
        yield Scene(server, guild, voice, ann, gateway, bot)


def rtp(sequence: int, ssrc: int) -> bytes:
    return struct.pack(">BBHII", 0x80, 0x78, sequence, sequence * 960, ssrc)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"max_dave_protocol_version": 0}, 4017),
        ({"token": "wrong"}, 4004),
        ({"session_id": "wrong"}, 4006),
        ({"server_id": "1"}, 4011),
        ({"user_id": "1"}, 4006),
        ({"server_id": None}, 4020),
    ],
)
async def test_a_bad_identify_is_closed_with_its_code(scene, changes, code) -> None:
    await scene.bot.open()
    await scene.bot.identify(**changes)
    assert await scene.bot.ws.close_code() == code


@pytest.mark.parametrize(("op", "code"), [(1, 4003), (5, 4003), (99, 4003)])
async def test_before_identifying_nothing_else_is_heard(scene, op, code) -> None:
    await scene.bot.open()
    await scene.bot.ws.send(op, {})
    assert await scene.bot.ws.close_code() == code


async def test_an_unknown_mode_is_closed_with_4016(scene) -> None:
    await scene.bot.open()
    await scene.bot.identify()
    scene.bot.ready = (await scene.bot.ws.until(2))["d"]
    await scene.bot.select("xsalsa20_poly1305")
    assert await scene.bot.ws.close_code() == 4016


async def test_silence_is_closed_with_4009_and_heartbeats_need_seq_ack(scene) -> None:
    scene.server.service.voice.heartbeat_ms = 200
    await scene.bot.connect()
    await scene.bot.ws.send(3, {"t": 7, "seq_ack": 1})
    assert (await scene.bot.ws.until(6))["d"] == {"t": 7}
    assert await scene.bot.ws.close_code() == 4009
    await scene.bot.open()
    await scene.bot.ws.send(3, 7)
    assert await scene.bot.ws.close_code() == 4020


@pytest.mark.parametrize("mode", [XCHACHA, AES_GCM])
async def test_a_member_is_heard_by_a_bot_in_either_mode(scene, mode) -> None:
    await scene.bot.connect(mode)
    session = await scene.bot.join_group(scene.voice.id)
    await scene.wait(lambda: scene.server.settled(scene.voice))
    scene.ann.speak_frames(TONE)
    told = (await scene.bot.ws.until(5))["d"]
    assert told == {"user_id": str(scene.ann.id), "ssrc": scene.ann.ssrc, "speaking": 1}
    frames = []
    for datagram in await scene.packets(len(TONE) + 5):
        header, body = scene.cipher().open(datagram)
        assert header[1] == 0x78
        assert header[12:16] == b"\xbe\xde\x00\x02"
        padding = body[-1] if header[0] & 0x20 else 0
        payload = body[8 : len(body) - padding]
        frames.append(session.decrypt(scene.ann.id, davey.MediaType.audio, payload))
    assert frames == [*TONE, *[b"\xf8\xff\xfe"] * 5]
    assert (await scene.bot.ws.until(5))["d"]["speaking"] == 0


async def test_a_bot_is_heard_by_others_and_never_by_itself(scene) -> None:
    bob = scene.guild.add_member("Bob", implementation="libdave")
    bob.join(scene.voice, deaf=True)
    await scene.bot.connect()
    session = await scene.bot.join_group(scene.voice.id)
    await scene.wait(lambda: scene.server.settled(scene.voice))
    cipher, ssrc = scene.cipher(), scene.bot.ready["ssrc"]
    for number, frame in enumerate(TONE):
        scene.bot.transport.sendto(cipher.seal(rtp(number, ssrc), session.encrypt_opus(frame)))
    await scene.wait(lambda: scene.ann.heard.get("Kith") and scene.ann.heard["Kith"].voiced == TONE)
    assert bob.heard == {}
    assert scene.bot.udp.received.empty()


async def test_what_is_not_sealed_with_the_right_key_goes_nowhere(scene) -> None:
    await scene.bot.connect()
    cipher, ssrc = scene.cipher(), scene.bot.ready["ssrc"]
    call, voice = scene.server.call_in(scene.voice), scene.server.service.voice
    sealed = cipher.seal(rtp(1, ssrc), b"x")
    for bad in (b"y", b"x", sealed[:-1], sealed[:-1] + b"x", bytes(80)):
        scene.bot.transport.sendto(bad)
    scene.bot.transport.sendto(cipher.seal(rtp(1, ssrc + 1), b"x"))
    await scene.wait(lambda: call.dropped["not the sender's SSRC"] == 1)
    assert sum(voice.refused_datagrams.values()) == 5
    assert call.forwarded[scene.server.bot.id] == 0


async def test_a_muted_or_silent_by_role_bot_is_not_forwarded(scene) -> None:
    await scene.bot.connect()
    call = scene.server.call_in(scene.voice)
    scene.guild.server_mute(scene.guild.bot)
    scene.bot.transport.sendto(scene.cipher().seal(rtp(1, scene.bot.ready["ssrc"]), b"x"))
    await scene.wait(lambda: call.dropped["muted"] == 1)


@pytest.mark.parametrize("code", [1006, 4015])
async def test_after_a_cut_a_resume_brings_what_was_missed(scene, code) -> None:
    await scene.bot.connect()
    await scene.wait(lambda: scene.server.call_in(scene.voice))
    scene.server.close_voice(scene.guild, code)
    assert await scene.bot.ws.close_code() in (code, None)
    bob = scene.guild.add_member("Bob")
    bob.join(scene.voice)
    await scene.wait(lambda: len(scene.server.call_in(scene.voice).peers) == 3)
    promise = scene.bot.promise
    data = {"server_id": promise["guild_id"], "session_id": promise["session_id"], "token": promise["token"]}
    ws = await scene.bot.open()
    await ws.send(7, data | {"seq_ack": 3})
    assert (await ws.receive())["op"] == 9
    told = await ws.until(11)
    assert told["d"] == {"user_ids": [str(bob.id)]}
    assert told["seq"] > 3


async def test_a_session_that_was_ended_is_not_resumed(scene) -> None:
    await scene.bot.connect()
    scene.server.close_voice(scene.guild, 4006)
    assert await scene.bot.ws.close_code() == 4006
    promise = scene.bot.promise
    ws = await scene.bot.open()
    await ws.send(
        7, {"server_id": promise["guild_id"], "session_id": promise["session_id"], "token": promise["token"]}
    )
    assert await ws.close_code() == 4006


async def test_being_dragged_closes_with_4014_and_promises_the_other_channel(scene) -> None:
    await scene.bot.connect()
    other = scene.guild.add_voice_channel("Other")
    scene.guild.move(scene.guild.bot, other)
    assert await scene.bot.ws.close_code() == 4014
    assert (await scene.gateway.until("VOICE_STATE_UPDATE"))["d"]["channel_id"]
    assert (await scene.gateway.until("VOICE_SERVER_UPDATE"))["d"]["token"] != scene.bot.promise["token"]


async def test_being_thrown_out_closes_with_4014_and_no_channel(scene) -> None:
    await scene.bot.connect()
    scene.guild.move(scene.guild.bot, None)
    assert await scene.bot.ws.close_code() == 4014
    state = (await scene.gateway.until("VOICE_STATE_UPDATE"))["d"]
    while state["user_id"] != str(scene.server.bot.id) or state["channel_id"]:
        state = (await scene.gateway.until("VOICE_STATE_UPDATE"))["d"]


async def test_an_ended_call_closes_with_4022_and_empties_the_channel(scene) -> None:
    await scene.bot.connect()
    scene.server.end_call(scene.voice)
    assert await scene.bot.ws.close_code() == 4022
    assert scene.guild.bot_voice_channel is None
    assert scene.ann.voice_channel is None


async def test_a_changed_voice_server_takes_the_bot_again_with_the_new_token(scene) -> None:
    await scene.bot.connect()
    scene.server.change_voice_server(scene.guild)
    assert await scene.bot.ws.close_code() == 4014
    assert (await scene.gateway.until("VOICE_SERVER_UPDATE"))["d"]["endpoint"] is None
    scene.bot.promise |= (await scene.gateway.until("VOICE_SERVER_UPDATE"))["d"]
    await scene.bot.connect()
    await scene.bot.join_group(scene.voice.id)


async def test_leaving_is_told_with_op_13(scene) -> None:
    await scene.bot.connect()
    scene.ann.leave()
    assert (await scene.bot.ws.until(13))["d"] == {"user_id": str(scene.ann.id)}


@pytest.mark.parametrize(
    ("sending", "first", "words"),
    [
        (Sending(extension_words=None, padding_share=0), 0x80, None),
        (Sending(extension_words=1, padding_share=0), 0x90, 1),
        (Sending(extension_words=3, padding_share=1), 0xB0, 3),
    ],
)
async def test_packets_look_as_they_were_asked_to(scene, sending, first, words) -> None:
    await scene.bot.connect()
    scene.ann.sending = sending
    scene.ann.speak_frames(TONE[:2])
    for datagram in await scene.packets(7):
        header, _ = scene.cipher().open(datagram)
        assert header[0] == first
        assert header[14:16] == (b"" if words is None else struct.pack(">H", words))


async def test_the_sequence_wraps_and_an_ssrc_can_be_given_to_another(scene) -> None:
    await scene.bot.connect()
    bob = scene.guild.add_member("Bob")
    bob.sending = Sending(first_sequence=65_533)
    ssrc = scene.ann.ssrc
    scene.ann.leave()
    bob.join(scene.voice, ssrc=ssrc)
    bob.speak_frames(TONE[:4])
    headers = [scene.cipher().open(d)[0] for d in await scene.packets(4)]
    assert [int.from_bytes(h[2:4], "big") for h in headers] == [65_534, 65_535, 0, 1]
    assert {int.from_bytes(h[8:12], "big") for h in headers} == {ssrc}


async def test_op_5_can_come_after_the_first_packets_or_never(scene) -> None:
    await scene.bot.connect()
    scene.ann.sending = Sending(speaking_delay=0.1)
    scene.ann.speak_frames(TONE)
    await scene.packets(2)
    assert scene.ann.ssrc not in [scene.bot.ready["ssrc"]]
    assert (await scene.bot.ws.until(5))["d"]["ssrc"] == scene.ann.ssrc


async def test_loss_duplication_and_reordering_are_as_many_as_counted(scene) -> None:
    await scene.bot.connect()
    network = scene.server.network = Network(loss=0.2, duplicate=0.2, reorder=0.2, seed=3)
    speech_ = scene.ann.speak_frames(TONE * 3)
    await asyncio.to_thread(speech_.wait)
    received = await scene.packets(network.delivered)
    assert min(network.lost, network.duplicated, network.reordered) > 0
    numbers = [int.from_bytes(d[2:4], "big") for d in received]
    assert len(numbers) - len(set(numbers)) == network.duplicated
    assert numbers != sorted(numbers)


@pytest.mark.parametrize("mode", [XCHACHA, AES_GCM])
def test_a_flipped_bit_anywhere_is_not_authentic(mode) -> None:
    sealed = Cipher(mode, bytes(32)).seal(rtp(1, 2), b"sound")
    assert Cipher(mode, bytes(32)).open(sealed) == (rtp(1, 2), b"sound")
    for at in range(1, len(sealed)):
        with pytest.raises(NotAuthentic):
            Cipher(mode, bytes(32)).open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])

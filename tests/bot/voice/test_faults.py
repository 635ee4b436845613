"""Every fault of docs/voice.md's table, made by the test server; each test is one row.

``within`` is the table's two seconds, counted from the fault to the first sound heard after it.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from functools import cache

import numpy as np
import pytest

from bot.voice.client import PersonaVoiceClient
from bot.voice.closing import Left
from bot.voice.packets import AES, XCHACHA
from tests.bot.voice.rig import Rig, encoded, rig, sound
from tests.discord_server import Network, Sending, SimulatedMember
from tests.discord_server.voice_gateway import VoiceConnection

RECOVERY_S = 2.0
ANN_HZ, BOB_HZ = 440, 1100


@cache
def tone(seconds: float, hertz: int) -> list[bytes]:
    return encoded(sound(seconds, hertz))


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    async with rig() as made:
        yield await Call.begin(made)


def announce_voice_server(call: Call, gone: bool = False) -> None:
    """VOICE_SERVER_UPDATE in the middle of a call; on the server's thread."""
    service, member = call.server.service, call.guild.bot
    state = member.guild.voice_states[member.user.id]
    if gone:
        place = {"guild_id": str(call.guild.id), "endpoint": None, "token": "later"}
        service.gateway.sessions[state.session_id].dispatch("VOICE_SERVER_UPDATE", place)
    else:
        service.voice_states._send_to_voice_server(member, state.channel, state.session_id)


def without_acknowledgement(send: Callable[..., None]) -> Callable[..., None]:
    """A server whose answers to heartbeats are lost."""

    def lossy(connection: VoiceConnection, message: str | bytes) -> None:
        if not (isinstance(message, str) and json.loads(message)["op"] == 6):
            send(connection, message)

    return lossy


class Call:
    """Ann, Bob and the bot in one channel, keys exchanged."""

    def __init__(
        self, made: Rig, voice: PersonaVoiceClient, ann: SimulatedMember, bob: SimulatedMember
    ) -> None:
        self.rig, self.voice, self.ann, self.bob = made, voice, ann, bob
        self.server, self.guild = made.server, made.guild

    @classmethod
    async def begin(cls, made: Rig) -> Call:
        ann, bob = await made.person("Ann"), await made.person("Bob")
        voice = await made.join()
        await made.settled()
        assert await voice.wait_until_may_speak(5)
        return cls(made, voice, ann, bob)

    async def ann_is_heard(self, seconds: float = 0.5) -> None:
        """From the first to the last frame, by her own tone and under her own name."""
        before = len(self.rig.voiced(self.ann))
        self.ann.speak_frames(tone(seconds, ANN_HZ))
        await self.rig.hears(self.ann, before + round(seconds * 50) - 1)

    async def recovers(self, fault: Callable[[], object]) -> None:
        """Ann talks on while ``fault`` happens; she is heard again within two seconds, and the bot by her."""
        said = self.ann.speak_frames(tone(6.0, ANN_HZ))
        await self.rig.hears(self.ann, 10)
        connection = self.voice._gateway
        fault()
        await self.rig.until(lambda: self.voice._gateway is not connection)
        before = len(self.rig.voiced(self.ann))
        await self.rig.hears(self.ann, before + 10, RECOVERY_S)
        said.stop()
        await self.bot_is_heard()
        assert not self.rig.left

    async def bot_is_heard(self) -> None:
        """Ten frames, encrypted, whole, by Ann and Bob."""
        await self.rig.until(lambda: self.voice.may_speak)
        heard = [member.heard_by_user.get(self.server.bot.id) for member in (self.ann, self.bob)]
        before = [len(each.voiced) if each else 0 for each in heard]
        await self.voice.playback.play(sound(0.2, 700), 48_000)
        await self.voice.playback.drain()
        for member, count in zip((self.ann, self.bob), before, strict=True):
            await self.rig.until(lambda m=member, n=count: len(m.heard["Kith"].voiced) == n + 10, 2)
            assert member.heard["Kith"].unencrypted == 0

    async def bot_is_heard_in_plaintext(self) -> None:
        self.server.call(self.ann.heard_by_user.clear)
        await self.voice.playback.play(sound(0.2, 700), 48_000)
        await self.voice.playback.drain()
        await self.rig.until(lambda: "Kith" in self.ann.heard and len(self.ann.heard["Kith"].voiced) == 10, 2)
        assert self.ann.heard["Kith"].undecryptable == 0

    async def rejoined_the_group(self) -> None:
        """The bot has told the server that its group is broken, and is in it again."""
        dave = self.server.call_in(self.rig.channel).dave
        await self.rig.until(lambda: dave.counts["rejoins"] == 1)
        await self.rig.settled()
        assert self.voice.stats.dave_recoveries == 1

    def assert_rightly_attributed(self) -> None:
        for member, hertz in ((self.ann, ANN_HZ), (self.bob, BOB_HZ)):
            for frame in self.rig.voiced(member)[5:]:
                spectrum = np.abs(np.fft.rfft(frame.pcm[-960:] * np.hanning(960)))
                assert abs(np.argmax(spectrum) * 50 - hertz) <= 100


# Packets


@pytest.mark.parametrize("words", [None, 0, 1, 2, 3])
async def test_extensions_of_every_length_and_padding_are_stripped(call: Call, words: int | None) -> None:
    call.ann.sending = Sending(extension_words=words, padding_share=0.5)
    await call.ann_is_heard()
    call.assert_rightly_attributed()
    assert call.voice.stats.bad_opus == call.voice.stats.undecryptable == 0


@pytest.mark.parametrize("mode", [AES.name, XCHACHA.name])
async def test_either_transport_encryption_carries_both_ways(mode: str) -> None:
    async with rig() as made:
        made.server.service.voice.modes = (mode,)
        call = await Call.begin(made)
        await call.ann_is_heard()
        await call.bot_is_heard()


async def test_video_in_between_is_counted_and_not_heard(call: Call) -> None:
    call.ann.sending = Sending(other_payload_share=1.0)
    await call.ann_is_heard()
    assert call.voice.stats.other_payload >= 20
    call.assert_rightly_attributed()


async def test_sound_before_its_owner_is_introduced_is_kept(call: Call) -> None:
    call.ann.sending = Sending(speaking_delay=0.6)
    await call.ann_is_heard(1.0)
    assert call.voice.stats.replayed_from_hold >= 20
    assert call.voice.stats.lost == 0


async def test_sound_that_is_never_introduced_is_nobodys(call: Call) -> None:
    call.ann.sending = Sending(tell_speaking=False)
    call.ann.speak_frames(tone(0.3, ANN_HZ))
    await call.rig.until(lambda: call.voice.stats.expired >= 15)
    assert not call.rig.heard


async def test_numbers_wrap_without_a_seam(call: Call) -> None:
    call.ann.sending = Sending(first_sequence=0xFFF0)
    call.ann.join(call.rig.other_channel)
    call.ann.join(call.rig.channel)
    await call.rig.until(call.ann.joined.is_set)
    await call.rig.settled()
    await call.ann_is_heard(1.0)
    assert call.voice.stats.lost == call.voice.stats.resyncs == 0


async def test_reordered_and_duplicated_datagrams_lose_nothing(call: Call) -> None:
    call.server.network = Network(duplicate=0.2, reorder=0.2)
    await call.ann_is_heard(2.0)
    assert call.voice.stats.replayed > 5
    assert call.voice.stats.lost == 0


async def test_lost_datagrams_are_concealed(call: Call) -> None:
    call.server.network = Network(loss=0.1)
    call.ann.speak_frames(tone(2.0, ANN_HZ))
    await call.rig.until(lambda: len(call.rig.voiced(call.ann)) >= 95)
    stats = call.voice.stats
    assert stats.concealed == stats.lost > 3


async def test_corrupt_datagrams_are_refused_and_the_rest_is_heard(call: Call) -> None:
    call.server.network = Network(corrupt=0.1)
    call.ann.speak_frames(tone(2.0, ANN_HZ))
    await call.rig.until(lambda: len(call.rig.voiced(call.ann)) >= 95)
    assert call.voice.stats.forged + call.voice.stats.other_payload + call.voice.stats.not_rtp > 3


async def test_random_bytes_on_the_socket_touch_nobody(call: Call) -> None:
    noise = np.random.default_rng(7)
    said = call.ann.speak_frames(tone(1.0, ANN_HZ))
    for size in noise.integers(0, 1400, 300):
        call.server.raw_datagram_to_bot(call.guild, noise.bytes(int(size)))
    await asyncio.to_thread(said.wait)
    await call.rig.hears(call.ann, 49)
    assert call.voice.stats.lost == call.voice.stats.bad_opus == 0


async def test_opus_garbage_of_one_does_not_touch_another(call: Call) -> None:
    call.bob.sending = Sending(garble_share=1.0)
    call.bob.speak_frames(tone(0.5, BOB_HZ))
    await call.ann_is_heard()
    for frame in call.rig.voiced(call.ann)[5:]:
        assert abs(np.argmax(np.abs(np.fft.rfft(frame.pcm))) * 50 - ANN_HZ) <= 100


async def test_two_at_once_are_heard_apart(call: Call) -> None:
    call.bob.speak_frames(tone(1.0, BOB_HZ))
    await call.ann_is_heard(1.0)
    await call.rig.hears(call.bob, 49)
    call.assert_rightly_attributed()


# People


async def test_somebody_leaving_changes_nothing_for_the_rest(call: Call) -> None:
    call.bob.leave()
    await call.rig.until(lambda: not call.bob.joined.is_set() or call.bob.peer is None)
    await call.rig.settled()
    await call.ann_is_heard()
    late = await call.rig.person("Eve")  # the gateway is still listened to
    await call.rig.settled()
    late.speak_frames(tone(0.5, ANN_HZ))
    await call.rig.hears(late, 24)


async def test_an_ssrc_used_again_is_the_new_persons(call: Call) -> None:
    await call.ann_is_heard()
    heard = len(call.rig.voiced(call.ann))
    ssrc = call.ann.ssrc
    call.ann.leave()
    call.bob.join(call.rig.other_channel)
    call.bob.join(call.rig.channel, ssrc=ssrc)
    await call.rig.until(call.bob.joined.is_set)
    await call.rig.settled()
    call.bob.sending = Sending(speaking_delay=0.3)
    call.bob.speak_frames(tone(0.6, BOB_HZ))
    await call.rig.hears(call.bob, 29)
    assert len(call.rig.voiced(call.ann)) == heard
    call.assert_rightly_attributed()


async def test_who_may_not_be_heard_is_never_decrypted(call: Call) -> None:
    call.rig.refused.add(call.bob.id)
    asked: list[int] = []
    decrypt = call.voice._receiver._decrypt
    call.voice._receiver._decrypt = lambda user, payload: (asked.append(user), decrypt(user, payload))[1]
    call.bob.speak_frames(tone(0.5, BOB_HZ))
    await call.rig.until(lambda: call.voice.others_talking)
    await call.ann_is_heard(1.0)
    assert set(asked) == {call.ann.id}
    assert call.bob.id not in call.rig.heard
    assert call.voice.stats.refused >= 25
    await call.rig.until(lambda: not call.voice.others_talking)


async def test_a_member_with_discords_own_library_hears_and_is_heard(call: Call) -> None:
    carl = call.guild.add_member("Carl", implementation="libdave")
    carl.join(call.rig.channel)
    await call.rig.until(carl.joined.is_set)
    await call.rig.settled()
    carl.speak_frames(tone(0.5, ANN_HZ))
    await call.rig.hears(carl, 24)
    await call.bot_is_heard()
    await call.rig.until(lambda: len(carl.heard["Kith"].voiced) >= 10)
    assert carl.heard["Kith"].unencrypted == carl.heard["Kith"].undecryptable == 0


async def test_people_coming_and_going_lose_nobody_a_frame(call: Call) -> None:
    said = call.ann.speak_frames(tone(3.0, ANN_HZ))
    for n in range(5):
        guest = await call.rig.person(f"guest {n}")
        await asyncio.sleep(0.15)
        guest.leave()
        await asyncio.sleep(0.15)
    await asyncio.to_thread(said.wait)
    await call.rig.hears(call.ann, 149)
    assert call.voice.stats.lost == call.voice.stats.expired == 0


# The connection


@pytest.mark.parametrize("code", [1006, 4015])
async def test_a_broken_line_is_resumed(call: Call, code: int) -> None:
    await call.recovers(lambda: call.server.close_voice(call.guild, code))
    assert (call.voice.stats.resumes, call.voice.stats.reconnects) == (1, 0)


@pytest.mark.parametrize("code", [1006, 4015])
async def test_a_session_that_cannot_be_resumed_is_begun_anew(call: Call, code: int) -> None:
    await call.recovers(lambda: call.server.close_voice(call.guild, code, resumable=False))
    assert call.voice.stats.reconnects == 1


@pytest.mark.parametrize("code", [1000, 4006, 4009, 4014])
async def test_a_session_that_has_ended_is_begun_anew(call: Call, code: int) -> None:
    await call.recovers(lambda: call.server.close_voice(call.guild, code))
    assert call.voice.stats.reconnects == 1


@pytest.mark.parametrize(
    ("code", "reason"), [(4017, Left.ENCRYPTION), (4021, Left.RATE_LIMITED), (4022, Left.ENDED)]
)
async def test_a_call_that_is_over_is_left_at_once(call: Call, code: int, reason: Left) -> None:
    call.server.close_voice(call.guild, code)
    await call.rig.until(lambda: call.rig.left, RECOVERY_S)
    assert call.rig.left == [reason]
    await call.rig.until(lambda: call.guild.bot_voice_channel is None)
    assert not call.rig.client.voice_clients


async def test_being_thrown_out_is_left_cleanly(call: Call) -> None:
    call.guild.move(call.guild.bot, None)
    await call.rig.until(lambda: call.rig.left, RECOVERY_S)
    assert call.rig.left == [Left.KICKED]
    assert not call.rig.client.voice_clients


async def test_being_removed_from_the_guild_is_left_cleanly(call: Call) -> None:
    call.guild.remove_bot()
    await call.rig.until(lambda: call.rig.left, 5)
    assert call.rig.left[0] in (Left.KICKED, Left.REMOVED)


async def test_a_deleted_channel_is_left_cleanly(call: Call) -> None:
    call.guild.delete_channel(call.rig.channel)
    await call.rig.until(lambda: call.rig.left, 5)
    assert not call.rig.client.voice_clients


async def test_being_dragged_is_followed(call: Call) -> None:
    call.ann.join(call.rig.other_channel)
    call.bob.join(call.rig.other_channel)
    call.guild.move(call.guild.bot, call.rig.other_channel)
    await call.rig.until(lambda: call.voice.is_connected() and call.rig.moves, RECOVERY_S)
    await call.rig.settled(call.rig.other_channel)
    await call.ann_is_heard()
    await call.bot_is_heard()
    assert call.rig.moves == [call.rig.other_channel.id]
    assert call.voice.channel.id == call.rig.other_channel.id


async def test_moving_takes_no_longer_than_a_moment(call: Call) -> None:
    there = call.rig.client.get_channel(call.rig.other_channel.id)
    await call.voice.move_to(there, RECOVERY_S)
    assert call.guild.bot_voice_channel is call.rig.other_channel


async def test_reconnecting_in_the_middle_of_a_reply_goes_on_speaking(call: Call) -> None:
    await call.voice.playback.play(sound(1.0, 700), 48_000)
    await asyncio.sleep(0.3)
    call.server.close_voice(call.guild, 4006)
    async with asyncio.timeout(5):
        await call.voice.playback.drain()
    assert call.voice.playback.heard_s == pytest.approx(1.0)
    assert call.ann.heard["Kith"].unencrypted == 0


async def test_leaving_and_coming_back_at_once_works(call: Call) -> None:
    await call.voice.disconnect()
    assert call.guild.bot_voice_channel is None
    call.voice = await call.rig.join()
    await call.rig.settled()
    await call.ann_is_heard()
    assert not call.rig.left


async def test_another_voice_server_is_moved_to(call: Call) -> None:
    await call.recovers(lambda: call.server.call(announce_voice_server, call))
    assert call.voice.stats.reconnects == 0


async def test_a_voice_server_that_goes_away_is_waited_for(call: Call) -> None:
    def fault() -> None:
        call.server.call(announce_voice_server, call, True)
        call.server.loop.call_soon_threadsafe(
            call.server.loop.call_later, 0.3, lambda: announce_voice_server(call)
        )

    await call.recovers(fault)
    assert call.voice.stats.reconnects == 0


async def test_heartbeats_keep_a_call_alive() -> None:
    async with rig() as made:
        made.server.service.voice.heartbeat_ms = 500
        call = await Call.begin(made)
        await call.ann_is_heard(1.0)
        assert not made.server.service.voice.closes
        assert call.voice.latency_s is not None


async def test_a_line_that_has_died_without_a_word_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig() as made:
        made.server.service.voice.heartbeat_ms = 200
        call = await Call.begin(made)
        with monkeypatch.context() as silent:
            silent.setattr(VoiceConnection, "send", without_acknowledgement(VoiceConnection.send))
            await made.until(lambda: call.voice.stats.resumes >= 1)
        await made.until(call.voice.is_connected)
        await made.settled()
        await call.ann_is_heard()
        assert not made.left


async def test_connections_that_do_not_last_are_not_renewed_without_a_pause(call: Call) -> None:
    for _ in range(4):
        await call.rig.until(call.voice.is_connected)
        call.server.close_voice(call.guild, 4006)
        await call.rig.until(lambda: not call.voice.is_connected())
    await asyncio.sleep(0.5)
    assert call.voice.stats.reconnects == 3  # the fourth is still waiting
    await call.rig.until(call.voice.is_connected)
    await call.rig.settled()
    await call.ann_is_heard()


async def test_an_idle_loop_hears_at_once(call: Call) -> None:
    """py-cord's reader thread does not wake the loop: 1.7 to 2.7 s late."""
    await asyncio.sleep(1.0)
    said = call.ann.speak_frames(tone(0.1, ANN_HZ))
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[float] = loop.create_future()
    hear = call.voice.transport.hear
    call.voice._receiver._sink = lambda *frame: (
        hear(*frame),
        arrived.done() or arrived.set_result(time.monotonic()),
    )
    late_s = await asyncio.wait_for(arrived, 5) - (said.started_at or 0)
    assert late_s < 0.5


async def test_a_call_has_no_thread_but_the_one_that_encodes(call: Call) -> None:
    before = {thread.name for thread in threading.enumerate()}
    await call.bot_is_heard()
    await call.ann_is_heard()
    new = {thread.name for thread in threading.enumerate()} - before
    assert all(name.startswith("voice-encoder") for name in new)


async def test_a_malformed_message_is_counted_and_the_next_is_read(call: Call) -> None:
    peer = call.server.call_in(call.rig.channel).peers[call.server.bot.id]
    for op, data in ((5, None), (5, {"user_id": "x"}), (13, []), (11, {"user_ids": 7}), (22, {}), (99, "?")):
        call.server.call(peer.send, op, data)
    for op in (27, 25, 99):
        call.server.call(peer.send_binary, op, b"nonsense")
    await call.rig.until(lambda: call.voice.stats.malformed >= 7)
    await call.ann_is_heard()
    await call.bot_is_heard()


async def test_many_comings_and_goings_in_a_rush_are_survived(call: Call) -> None:
    said = call.ann.speak_frames(tone(6.0, ANN_HZ))
    guests = [call.guild.add_member(f"guest {n}") for n in range(8)]
    for _ in range(2):
        for guest in guests:
            guest.join(call.rig.channel)
            await asyncio.sleep(0.02)
        for guest in guests:
            guest.leave()
            await asyncio.sleep(0.02)
    await call.rig.settled()
    await asyncio.to_thread(said.wait)
    await call.ann_is_heard()
    await call.bot_is_heard()
    assert not call.rig.left and call.voice.stats.reconnects == 0


# The main gateway


@pytest.mark.parametrize("fault", ["op 7", 4000, 1006])
async def test_a_resumed_main_gateway_does_not_disturb_the_call(call: Call, fault: str | int) -> None:
    said = call.ann.speak_frames(tone(2.0, ANN_HZ))
    if isinstance(fault, int):
        call.server.close_gateway(fault)
    else:
        call.server.ask_to_reconnect()
    await asyncio.to_thread(said.wait)
    await call.rig.hears(call.ann, 99)
    assert call.voice.stats.reconnects == call.voice.stats.resumes == 0


async def test_a_lost_main_session_is_begun_anew_and_the_call_with_it(call: Call) -> None:
    call.server.invalidate_sessions(resumable=False)
    await call.rig.until(lambda: not call.voice.is_connected())
    await call.rig.until(call.voice.is_connected, 15)
    await call.rig.settled()
    await call.ann_is_heard()
    assert not call.rig.left


# End-to-end encryption


async def test_nothing_is_said_before_the_keys_are_there() -> None:
    async with rig() as made:
        ann, bob = await made.person("Ann"), await made.person("Bob")
        voice = await made.join()
        await voice.playback.play(sound(0.3, 700), 48_000)
        await voice.playback.drain()
        await made.until(lambda: "Kith" in ann.heard and len(ann.heard["Kith"].voiced) == 15)
        assert ann.heard["Kith"].unencrypted == bob.heard["Kith"].unencrypted == 0
        assert ann.heard["Kith"].undecryptable == 0


async def test_alone_she_hears_who_comes(call: Call) -> None:
    call.ann.leave()
    call.bob.leave()
    await asyncio.sleep(0.2)
    eve = await call.rig.person("Eve")
    await call.rig.settled()
    eve.speak_frames(tone(0.5, ANN_HZ))
    await call.rig.hears(eve, 24)


@pytest.mark.parametrize("op", [29, 30])
async def test_an_invalid_commit_is_answered_and_recovered_from(call: Call, op: int) -> None:
    call.server.send_invalid_commit(call.guild, op)
    await call.rejoined_the_group()
    await call.ann_is_heard()
    await call.bot_is_heard()


async def test_a_new_epoch_is_followed(call: Call) -> None:
    call.server.new_epoch(call.rig.channel)
    await asyncio.sleep(0.05)
    await call.rig.settled()
    await call.ann_is_heard()
    await call.bot_is_heard()


async def test_a_downgrade_is_followed_in_plaintext_and_an_upgrade_in_cipher(call: Call) -> None:
    said = call.ann.speak_frames(tone(2.0, ANN_HZ))
    call.server.downgrade(call.rig.channel)
    await call.rig.until(lambda: call.voice._session and call.voice._session.dave.version == 0)
    await call.bot_is_heard_in_plaintext()
    await asyncio.to_thread(said.wait)
    await call.rig.hears(call.ann, 99)
    call.server.upgrade(call.rig.channel)
    await call.rig.until(lambda: call.voice._session and call.voice._session.dave.version == 1)
    await call.rig.settled()
    await call.ann_is_heard()
    call.ann.forget_heard()
    call.bob.forget_heard()
    await call.bot_is_heard()


async def test_plaintext_in_an_encrypted_call_is_not_heard_and_does_not_harm(call: Call) -> None:
    call.bob.sending = Sending(encrypt=False)
    call.bob.speak_frames(tone(1.0, BOB_HZ))
    await call.rejoined_the_group()
    await call.ann_is_heard()
    assert not call.rig.voiced(call.bob)
    assert call.voice.stats.dave_recoveries == 1

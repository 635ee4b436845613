"""Who is speaking. The cipher here is one letter per person, so that a wrong attribution shows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bot.voice.opus import Encoder
from bot.voice.packets import SILENCE, RtpPacket
from bot.voice.receiver import HELD_PER_SSRC, HELD_SSRCS, HOLD_S, Receiver
from persona_core.types import Pcm

ANN, BOB, EVE = 1, 2, 3


OPUS = Encoder().encode(np.arange(960, dtype=np.int16))


class Call:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.heard: list[int] = []
        self.decrypted: list[int] = []
        self.refused = {EVE}
        self.unreadable = False
        self.receiver = Receiver(lambda user: user not in self.refused, self.decrypt, self.sink, self.counts)
        self.now = 50.0
        self.sequence: Counter[int] = Counter()

    def decrypt(self, user: int, payload: bytes) -> bytes | None:
        self.decrypted.append(user)
        return payload[1:] if payload[0] == user and not self.unreadable else None

    def sink(self, user: int, pcm: Pcm, at_s: float, sending: bool) -> None:
        self.heard.append(user)

    def says(self, user: int, ssrc: int, packets: int = 5, payload: bytes | None = None) -> None:
        for _ in range(packets):
            n = self.sequence[ssrc]
            self.sequence[ssrc] += 1
            packet = RtpPacket(n, n * 960, ssrc, payload or bytes([user]) + OPUS)
            self.receiver.take(packet, self.now, (ANN, BOB, EVE))
            self.now += 0.02

    def passes(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self.receiver.tick(self.now)


def test_a_known_person_is_heard() -> None:
    call = Call()
    call.receiver.speaks(ANN, 10)
    call.says(ANN, 10)
    assert call.heard == [ANN] * 5


def test_packets_before_the_introduction_are_replayed_in_order() -> None:
    call = Call()
    call.says(ANN, 10, 20)
    assert not call.heard and not call.decrypted
    call.receiver.speaks(ANN, 10)
    call.says(ANN, 10, 5)
    assert call.heard == [ANN] * 25
    assert call.counts["lost"] == 0


def test_what_nobody_claims_in_two_seconds_is_forgotten() -> None:
    call = Call()
    call.says(ANN, 10)
    call.passes(HOLD_S + 0.1)
    call.receiver.speaks(ANN, 10)
    assert not call.heard
    assert call.counts["expired"] == 5
    assert call.receiver.idle


def test_an_ssrc_used_again_by_somebody_else_is_never_the_first_persons() -> None:
    call = Call()
    call.receiver.speaks(ANN, 10)
    call.says(ANN, 10)
    call.receiver.left(ANN)
    call.says(BOB, 10)
    call.receiver.speaks(BOB, 10)
    call.says(BOB, 10)
    assert call.heard == [ANN] * 5 + [BOB] * 10


def test_an_ssrc_used_again_before_the_first_is_known_to_have_left_is_not_the_firsts_either() -> None:
    call = Call()
    call.receiver.speaks(ANN, 10)
    call.says(ANN, 10)
    call.says(BOB, 10)  # does not decrypt as Ann's
    assert call.heard == [ANN] * 5
    call.receiver.speaks(BOB, 10)
    assert call.heard == [ANN] * 5 + [BOB] * 5


def test_a_person_with_a_new_ssrc_is_heard_under_it_alone() -> None:
    call = Call()
    call.receiver.speaks(ANN, 10)
    call.receiver.speaks(ANN, 11)
    call.says(ANN, 11)
    call.says(ANN, 10)
    assert call.heard == [ANN] * 5
    assert call.counts["held"] == 5


def test_of_a_refused_person_only_that_somebody_talks_is_known() -> None:
    call = Call()
    call.receiver.speaks(EVE, 30)
    call.says(EVE, 30)
    assert not call.heard and not call.decrypted
    assert call.receiver.others_talking(call.now) and not call.receiver.talking
    assert call.counts["refused"] == 5
    call.says(EVE, 30, 1, SILENCE)
    assert not call.receiver.others_talking(call.now)


def test_a_refused_person_is_not_decrypted_from_the_hold_either() -> None:
    call = Call()
    call.says(EVE, 30)
    call.receiver.speaks(EVE, 30)
    assert not call.decrypted and not call.heard


def test_opting_out_in_the_middle_of_a_word_ends_hearing_with_it() -> None:
    call = Call()
    call.receiver.speaks(ANN, 10)
    call.says(ANN, 10)
    call.says(ANN, 10, 1, bytes([ANN]) + OPUS)
    heard = len(call.heard)
    call.refused.add(ANN)
    call.says(ANN, 10)
    call.passes(1.0)
    assert len(call.heard) == heard
    assert not call.receiver.talking


def test_what_was_said_before_the_consent_stays_unheard_though_its_owner_is_told_after_it() -> None:
    call = Call()
    call.says(EVE, 30, 10)
    call.refused.discard(EVE)
    call.says(EVE, 30, 5)
    call.receiver.speaks(EVE, 30)
    assert call.heard == [EVE] * 5 and call.counts["refused"] == 10


def test_what_waits_to_be_decoded_goes_when_leave_is_taken_back() -> None:
    call = Call()
    call.receiver.speaks(ANN, 10)
    call.says(ANN, 10)
    call.sequence[10] += 1  # lost: what comes next waits for it
    call.says(ANN, 10, 2)
    heard = len(call.heard)
    call.refused.add(ANN)
    call.passes(0.2)
    assert len(call.heard) == heard and call.receiver.idle


def test_what_cannot_be_read_yet_is_read_when_the_keys_change() -> None:
    call = Call()
    call.receiver.speaks(ANN, 10)
    call.unreadable = True
    call.says(ANN, 10, 10)
    assert not call.heard
    call.unreadable = False
    call.receiver.retry()
    assert call.heard == [ANN] * 10


def test_silence_needs_no_key() -> None:
    call = Call()
    call.receiver.speaks(ANN, 10)
    call.says(ANN, 10, 2, SILENCE)
    assert call.heard == [ANN] * 2 and not call.decrypted


def test_the_hold_is_bounded_however_many_strangers_send() -> None:
    call = Call()
    for ssrc in range(1000, 1000 + 3 * HELD_SSRCS):
        call.receiver.take(RtpPacket(0, 0, ssrc, b"x"), call.now, (ANN,))
    call.says(ANN, 1000, 3 * HELD_PER_SSRC)
    held = call.receiver._held
    assert len(held) == HELD_SSRCS and len(held[1000]) == HELD_PER_SSRC
    assert call.counts["expired"] == 2 * HELD_SSRCS + 1 + 2 * HELD_PER_SSRC


@pytest.mark.parametrize("loud", [ANN, EVE])
def test_one_persons_garbage_does_not_touch_another(loud: int) -> None:
    call = Call()
    call.receiver.speaks(loud, 10)
    call.receiver.speaks(BOB, 20)
    for _ in range(10):
        call.says(loud, 10, 1, bytes([loud]) + b"\xff\xff\xff")
        call.says(BOB, 20, 1)
    assert call.heard.count(BOB) == 10

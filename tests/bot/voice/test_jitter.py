"""Packets in any order → slots in the order spoken. Numbers in, numbers out, no clock."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice.jitter import MAX_CONCEALED, PATIENCE_S, WINDOW, Jitter, Slot
from bot.voice.packets import SILENCE


class Line:
    """Feeds a Jitter with packets whose payload is their number, 20 ms apart."""

    def __init__(self, start: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self.jitter = Jitter(self.counts)
        self.start = start
        self.now = 100.0
        self.slots: list[Slot] = []

    def push(self, *numbers: int, payload: bytes | None = None) -> Line:
        for n in numbers:
            sequence, timestamp = (self.start + n) & 0xFFFF, 960 * n & 0xFFFFFFFF
            body = payload or str(n).encode()
            self.slots += self.jitter.push(sequence, timestamp, body, self.now)
            self.now += 0.02
        return self

    def wait(self, seconds: float = PATIENCE_S + 0.001) -> Line:
        self.now += seconds
        self.slots += self.jitter.poll(self.now)
        return self

    @property
    def heard(self) -> list[int | None]:
        return [None if slot.payload is None else int(slot.payload) for slot in self.slots]


def test_packets_in_order_are_not_delayed() -> None:
    line = Line()
    assert [len(line.push(n).slots) for n in range(4)] == [0, 2, 3, 4]  # only the very first waits


def test_a_lone_packet_comes_out_when_nothing_follows() -> None:
    assert Line().push(0).wait().heard == [0]


def test_the_last_packet_of_an_utterance_is_not_held_back() -> None:
    assert Line().push(0, 1, 2).heard == [0, 1, 2]


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1, 3), (0, 1, 4, 3, 2)])
def test_a_reordered_packet_takes_its_place(order: tuple[int, ...]) -> None:
    line = Line().push(*order)
    assert line.heard == sorted(order)
    assert not line.counts


def test_a_swapped_first_pair_is_put_right() -> None:
    assert Line().push(1, 0, 2).heard == [0, 1, 2]


@pytest.mark.parametrize("start", [0xFFFE, 0xFFF0, 0x7FFF, 0])
def test_the_wrap_of_numbers_is_seamless(start: int) -> None:
    line = Line(start).push(*range(40))
    assert line.heard == list(range(40))
    assert not line.counts


def test_a_wrap_across_a_gap_is_concealed() -> None:
    assert Line(0xFFFE).push(0, 1, 3).wait().heard == [0, 1, None, 3]


def test_duplicates_are_dropped_and_counted() -> None:
    line = Line().push(0, 1, 1, 0, 2, 4, 4)
    assert line.heard == [0, 1, 2]
    assert line.counts["duplicates"] == 3


def test_a_lost_packet_is_concealed_after_the_patience_with_its_repair() -> None:
    line = Line().push(0, 1, 3).wait()
    assert line.heard == [0, 1, None, 3]
    assert line.slots[2] == Slot(1920, None, b"3")
    assert line.counts["lost"] == 1


def test_a_packet_that_comes_after_it_was_given_up_is_late() -> None:
    line = Line().push(0, 1, 3).wait().push(2, 4)
    assert line.heard == [0, 1, None, 3, 4]
    assert line.counts["late"] == 1


def test_a_long_gap_is_concealed_only_as_far_as_opus_can() -> None:
    line = Line().push(0, 1, 40).wait()
    assert line.heard == [0, 1, *[None] * MAX_CONCEALED, 40]
    assert line.counts["lost"] == 38
    assert all(slot.following is None for slot in line.slots)


def test_a_gap_after_the_end_of_talk_is_silence_not_loss_of_speech() -> None:
    line = Line().push(0, 1).push(2, payload=SILENCE).push(5).wait()
    assert [slot.payload for slot in line.slots] == [b"0", b"1", SILENCE, b"5"]


def test_a_burst_of_fifty_loses_nothing() -> None:
    line = Line()
    line.slots += [slot for n in range(50) for slot in line.jitter.push(n, 960 * n, str(n).encode(), 1.0)]
    assert line.heard == list(range(50))


def test_a_new_run_is_believed_when_its_successor_comes() -> None:
    line = Line().push(0, 1, 2).push(30_000, 30_001, 30_002)
    assert line.heard == [0, 1, 2, 30_000, 30_001, 30_002]
    assert line.counts["resyncs"] == 1


def test_a_single_stray_number_changes_nothing() -> None:
    line = Line().push(0, 1, 2, 30_000, 3, 4)
    assert line.heard == [0, 1, 2, 3, 4]


def test_after_a_pause_any_number_begins_a_new_run_at_once() -> None:
    line = Line().push(0, 1)
    line.now += 5.0
    assert line.push(20_000).heard == [0, 1, 20_000]


def test_nothing_waits_without_a_gap() -> None:
    line = Line().push(0, 1, 2)
    assert line.jitter.due_s is None
    assert line.push(4).jitter.due_s is not None


def test_a_stray_number_before_the_run_has_begun_does_not_open_a_chasm() -> None:
    line = Line().push(30_000, 0, 1, 2)
    assert line.heard == [0, 1, 2]
    assert line.counts["lost"] == 0


@given(st.permutations(range(12)), st.integers(0, 0xFFFF))
def test_any_order_within_the_patience_comes_out_sorted(order: list[int], start: int) -> None:
    jitter = Jitter(Counter())
    slots = jitter.push(start, 0, b"-1", 1.0)
    slots += jitter.push((start + 1) & 0xFFFF, 960, b"-1", 1.0)
    for n in order:
        slots += jitter.push((start + 2 + n) & 0xFFFF, 960 * n, str(n).encode(), 1.0)
    assert [int(slot.payload or b"-2") for slot in slots] == [-1, -1, *range(12)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF) | st.integers(0, 130),
            st.integers(0, 0xFFFFFFFF),
            st.sampled_from([SILENCE, b"x", b""]),
            st.sampled_from([0.0, 0.001, 0.02, 0.1, 3.0]),
        ),
        max_size=300,
    )
)
def test_whatever_comes_the_buffer_is_bounded_and_empties(
    packets: list[tuple[int, int, bytes, float]],
) -> None:
    jitter, now, out = Jitter(Counter()), 0.0, 0
    for sequence, timestamp, payload, wait in packets:
        now += wait
        out += len(jitter.push(sequence, timestamp, payload, now))
        assert len(jitter._waiting) <= WINDOW
    out += len(jitter.poll(now + 2 * PATIENCE_S))
    assert jitter.due_s is None and not jitter._waiting
    assert out <= len(packets) * (1 + MAX_CONCEALED)

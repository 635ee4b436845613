"""Who is there in a stream with several people in it. Here each of them is a tone, which tells them for sure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from local_mode import mixed
from local_mode.mixed import ONE_GUEST, Mixed
from memory.errors import StoreError
from persona_core.types import Frame, Person, Samples
from tests.persona_core.hearing.test_voices import (
    ANN,
    BOB,
    Broken,
    Loud,
    Pitch,
    frames,
    print_of,
    silence,
    tone,
)
from tests.until import until

ANYBODY = Person("desk:guest", "Guest")


class Stream:
    """A transport whose frames come when they are wanted; ``at`` is called before the frame of a time (s)."""

    def __init__(self, *sounds: Samples) -> None:
        self.given = frames(*sounds)
        self.at: dict[float, Callable[[], None]] = {}

    async def frames(self) -> AsyncIterator[Frame]:
        for frame in self.given:
            for at_s in [one for one in self.at if one <= frame.at_s]:
                self.at.pop(at_s)()
            yield frame


class Heard:
    def __init__(
        self, *sounds: Samples, enrolled: Iterable[Person] = (ANN, BOB), encoder: object = None
    ) -> None:
        self.stream = Stream(*sounds)
        self.recognised: list[str] = []
        self.spoke: list[str] = []
        self.there: list[list[str]] = []  # whenever it changes
        self.told: list[str] = []
        memory: Any = SimpleNamespace(recognised=self.recognised.append)
        self.mixed = Mixed(
            self.stream,
            encoder or Pitch(),
            Loud(),
            [print_of(one) for one in enrolled],
            ANYBODY,
            memory,
            lambda person: self.spoke.append(person.name),
            lambda: self.there.append([one.name for one in self.mixed.people]),
            self.told.append,
        )

    async def hear(self) -> list[Frame]:
        return [frame async for frame in self.mixed.frames()]


async def test_whoever_is_heard_is_there_before_a_frame_of_theirs_comes() -> None:
    call = Heard(tone("ann", 2), silence(1), tone("zoe", 2), silence(1), tone("ann", 2), silence(1))
    async for frame in call.mixed.frames():
        assert frame.person in call.mixed.people
    assert call.there == [["Ann"], ["Ann", "guest 1"]]
    assert call.spoke == ["Ann", "guest 1", "Ann"]


async def test_that_somebody_was_recognised_is_written_down_once_and_of_no_guest() -> None:
    call = Heard(tone("ann", 2), silence(1), tone("zoe", 2), silence(1), tone("ann", 2), silence(1))
    await call.hear()
    await call.mixed.close()
    assert call.recognised == [ANN.id] and call.mixed.people == []


async def test_a_disk_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    call = Heard(tone("ann", 2), silence(1))

    def fail(person: str) -> None:
        raise StoreError("The disk is full.")

    call.mixed._memory = SimpleNamespace(recognised=fail)  # type: ignore[assignment]
    assert {frame.person for frame in await call.hear()} == {ANN}
    await call.mixed.close()
    assert "StoreError" in caplog.text and "Ann" not in caplog.text and ANN.id not in caplog.text.split()


async def test_whoever_is_forgotten_is_not_there_any_more_and_a_guest_when_they_speak_again() -> None:
    call = Heard(tone("ann", 2), silence(1), tone("ann", 2), silence(1))
    call.stream.at[2.5] = lambda: call.mixed.forget(ANN.id)
    await call.hear()
    assert call.there == [["Ann"], [], ["guest 1"]]


async def test_all_who_enrolled_can_be_forgotten_at_once() -> None:
    call = Heard(
        tone("ann", 2), silence(1), tone("bob", 2), silence(1), tone("ann", 2), tone("bob", 2), silence(1)
    )
    call.stream.at[5.5] = lambda: call.mixed.forget(None)
    await call.hear()
    assert call.spoke == ["Ann", "Bob", "guest 1", "guest 2"]


async def test_what_is_held_of_somebody_can_be_dropped_and_they_are_known_still() -> None:
    call = Heard(tone("ann", 3), silence(1), tone("ann", 2), silence(1))
    call.stream.at[2.0] = lambda: call.mixed.drop(ANN.id)
    given = await call.hear()
    assert not any(2.1 < frame.at_s < 3.4 for frame in given)
    assert call.spoke == ["Ann", "Ann"] and {frame.person for frame in given} == {ANN}


async def test_somebody_who_is_silent_for_long_is_taken_to_have_left_and_a_guest_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mixed, "GONE_S", 0.0)
    call = Heard(tone("ann", 2), silence(1), tone("zoe", 2), silence(1))
    await call.hear()
    await until(lambda: call.there[-1] == ["guest 1"])


async def test_a_guest_who_turns_out_to_be_another_is_there_once() -> None:
    """What is learnt of a voice shows that two guests are one; here it is said so."""
    call = Heard(tone("zoe", 2), silence(1), tone("kim", 2), silence(1))
    await call.hear()
    assert call.there[-1] == ["guest 1", "guest 2"]
    first, second = call.mixed.people
    from persona_core.hearing.voices import Revised

    call.mixed._on_event(Revised(second, first, 0.0, 1.0, merged=True))
    assert call.there[-1] == ["guest 1"]


async def test_while_it_is_not_known_who_speaks_nobody_is_named() -> None:
    call = Heard(silence(0.5), tone("ann", 2), silence(1))
    seen: list[tuple[bool, str]] = []

    def look() -> None:
        seen.append((call.mixed.talking, call.mixed.speaker.name if call.mixed.speaker else ""))

    call.stream.at = {0.4: look, 0.7: look, 1.5: look, 3.3: look}
    await call.hear()
    assert seen == [(False, ""), (True, ""), (True, "Ann"), (False, "")]


async def test_an_encoder_that_fails_is_told_once_and_all_are_one() -> None:
    call = Heard(tone("ann", 2), silence(1), tone("bob", 2), silence(1), encoder=Broken())
    assert {frame.person for frame in await call.hear()} == {ANYBODY}
    assert call.told == [f"It failed. {ONE_GUEST}"] and call.there == []

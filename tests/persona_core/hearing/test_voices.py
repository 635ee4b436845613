"""Several people in one stream. Here each of them is a tone, by which an encoder tells them for sure; what real voices
come to is measured by ``tests.benchmarks.voices``, and one real call is below."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from persona_core.engines.campplus import CampPlus
from persona_core.engines.silero_vad import SileroVad
from persona_core.errors import EngineError
from persona_core.hearing.ear import Ear, Segment, Stopped
from persona_core.hearing.prints import Prints, VoicePrint
from persona_core.hearing.segmenter import Segmenter
from persona_core.hearing.voices import Revised, Speaks, Unknown, Voices, VoicesEvent
from persona_core.types import EAR_RATE, Frame, Person, Samples

CALL, ANN, BOB = Person("call", "the call"), Person("ann", "Ann"), Person("bob", "Bob")
HERTZ = {"ann": 250, "bob": 500, "zoe": 1000, "kim": 2000}
FRAME = EAR_RATE // 50


class Loud:
    """Whatever sounds is speech."""

    def open(self) -> Loud:
        return self

    def probability(self, window: Samples) -> float:
        return 0.9 if np.abs(window).max() > 0.01 else 0.0


class Pitch:
    """Tones are told by how much of each there is. Counts how often it is asked."""

    name = "pitch"

    def __init__(self) -> None:
        self.asked = 0

    async def embed(self, samples: Samples) -> Samples:
        self.asked += 1
        spectrum = np.abs(np.fft.rfft(samples, EAR_RATE))
        vector = np.array([spectrum[hertz] for hertz in HERTZ.values()], np.float32)
        return vector / np.linalg.norm(vector)


class Broken:
    name = "broken"

    async def embed(self, samples: Samples) -> Samples:
        raise EngineError("It failed.")


def tone(name: str, seconds: float) -> Samples:
    times = np.arange(int(seconds * EAR_RATE)) / EAR_RATE
    return (0.3 * np.sin(2 * np.pi * HERTZ[name] * times)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * EAR_RATE), np.float32)


def print_of(person: Person) -> VoicePrint:
    return VoicePrint(person, np.eye(len(HERTZ), dtype=np.float32)[list(HERTZ).index(person.id)])


def frames(*sounds: Samples, rate: int = EAR_RATE) -> list[Frame]:
    pcm = (np.concatenate(sounds) * 32767).astype(np.int16)
    length = rate // 50
    return [Frame(CALL, pcm[at : at + length], rate, at / rate) for at in range(0, len(pcm), length)]


async def stream(given: Iterable[Frame]) -> AsyncIterator[Frame]:
    for frame in given:
        yield frame


class Call:
    """A stream that has been split."""

    def __init__(self, encoder: object = None, enrolled: Iterable[Person] = ()) -> None:
        self.events: list[VoicesEvent] = []
        self.encoder = encoder or Pitch()
        prints = Prints(map(print_of, enrolled))
        self.voices = Voices(self.encoder, Loud(), prints, self.events.append)
        self.given: list[Frame] = []

    async def hear(self, *sounds: Samples, rate: int = EAR_RATE) -> Call:
        async for frame in self.voices.split(stream(frames(*sounds, rate=rate))):
            self.given.append(frame)
        return self

    def seconds_of(self, name: str) -> float:
        """How much sound somebody got."""
        mine = [one for one in self.given if one.person.name == name and np.abs(one.pcm).max(initial=0) > 300]
        return sum(len(one.pcm) / one.rate for one in mine)

    def spoke(self) -> list[str]:
        return [event.person.name for event in self.events if isinstance(event, Speaks)]


async def test_who_enrolled_is_named_and_others_are_guests() -> None:
    call = await Call(enrolled=[ANN]).hear(
        *(silence(0.5), tone("ann", 2), silence(0.4), tone("zoe", 2), silence(0.4), tone("kim", 2)),
        *(silence(0.4), tone("zoe", 1), silence(1)),
    )
    assert call.spoke() == ["Ann", "guest 1", "guest 2", "guest 1"]
    assert [call.seconds_of(name) for name in ("Ann", "guest 1", "guest 2")] == pytest.approx(
        [2, 3, 2], abs=0.1
    )


async def test_an_enrolled_voice_is_known_within_half_a_second_of_its_first_sound() -> None:
    call = await Call(enrolled=[ANN, BOB]).hear(silence(1), tone("bob", 3), silence(1))
    (event,) = [event for event in call.events if isinstance(event, Speaks)]
    assert event.since_s == pytest.approx(1.0, abs=0.04) and event.known_s - event.since_s <= 0.5


async def test_everybodys_frames_come_in_order_and_once() -> None:
    call = await Call(enrolled=[ANN, BOB]).hear(
        *(tone("ann", 1.5), silence(0.3), tone("bob", 1.5), silence(0.2), tone("ann", 1.5), silence(2))
    )
    for person in (ANN, BOB):
        times = [frame.at_s for frame in call.given if frame.person == person]
        assert times == sorted(set(times))
    assert [call.seconds_of(name) for name in ("Ann", "Bob")] == pytest.approx([3, 1.5], abs=0.1)


async def test_whoever_fell_silent_hears_silence_while_others_speak() -> None:
    """So an ear knows that they have finished."""
    call = await Call(enrolled=[ANN, BOB]).hear(tone("ann", 1.5), silence(0.3), tone("bob", 3), silence(1))
    quiet = [one for one in call.given if one.person == ANN and one.at_s > 1.6]
    assert len(quiet) > 100
    assert sum(np.any(one.pcm) for one in quiet) <= 2  # frames, before a sound is noticed


async def test_until_it_is_known_who_speaks_others_are_told_that_somebody_does() -> None:
    call = await Call(enrolled=[ANN]).hear(silence(0.5), tone("ann", 1), silence(1))
    assert [event.talking for event in call.events if isinstance(event, Unknown)] == [True, False]


async def test_a_change_of_voice_without_a_pause_is_noticed() -> None:
    call = await Call(enrolled=[ANN, BOB]).hear(tone("ann", 3), tone("bob", 4), silence(1))
    assert call.spoke() == ["Ann", "Bob"]
    assert call.seconds_of("Bob") > 2
    (revised,) = [event for event in call.events if isinstance(event, Revised)]
    assert (revised.before, revised.person) == (ANN, BOB)


async def test_a_word_too_short_to_tell_is_nobody_new() -> None:
    call = await Call(enrolled=[ANN]).hear(tone("ann", 2), silence(2), tone("zoe", 0.25), silence(2))
    assert call.spoke() == ["Ann", "somebody"]


async def test_the_end_of_the_stream_loses_nothing() -> None:
    call = await Call(enrolled=[ANN]).hear(tone("ann", 0.38))
    assert call.seconds_of("Ann") == pytest.approx(0.38, abs=0.02)


async def test_a_click_is_handed_on_and_asks_nothing() -> None:
    encoder = Pitch()
    call = await Call(encoder, enrolled=[ANN]).hear(tone("ann", 1), silence(1))
    asked = encoder.asked
    await call.hear(silence(0.5), tone("zoe", 0.02), silence(1))
    assert encoder.asked == asked and call.spoke() == ["Ann"]


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100, 48_000])
async def test_any_rate_does(rate: int) -> None:
    times = np.arange(int(2 * rate)) / rate
    sound = (0.3 * np.sin(2 * np.pi * HERTZ["bob"] * times)).astype(np.float32)
    call = await Call(enrolled=[ANN, BOB]).hear(sound, np.zeros(rate, np.float32), rate=rate)
    assert call.spoke() == ["Bob"] and call.seconds_of("Bob") == pytest.approx(2, abs=0.1)


async def test_a_hole_in_the_stream_is_a_silence() -> None:
    call = Call(enrolled=[ANN, BOB])
    first, second = frames(tone("ann", 1.5)), frames(tone("bob", 1.5))
    later = [Frame(CALL, one.pcm, one.rate, one.at_s + 30) for one in second]
    call.given = [frame async for frame in call.voices.split(stream([*first, *later]))]
    assert call.spoke() == ["Ann", "Bob"]
    assert call.seconds_of("Ann") == pytest.approx(1.5, abs=0.1)


async def test_without_an_encoder_nothing_that_is_said_is_lost() -> None:
    call = await Call(Broken()).hear(silence(0.5), tone("ann", 3), silence(0.5), tone("bob", 2), silence(1))
    assert set(call.spoke()) == {"somebody"} and call.seconds_of("somebody") == pytest.approx(5, abs=0.1)


async def test_whoever_is_forgotten_is_a_stranger_from_then_on() -> None:
    call = await Call(enrolled=[ANN]).hear(tone("ann", 1.5), silence(1))
    call.voices.forget(ANN.id)
    await call.hear(silence(0.5), tone("ann", 2), silence(1))
    assert call.spoke() == ["Ann", "guest 1"]


async def test_whoever_stops_listening_leaves_nothing_running() -> None:
    def checks() -> list[str]:
        return [name for task in asyncio.all_tasks() if (name := task.get_name()) == "whose voice"]

    split = Call(enrolled=[ANN]).voices.split(stream(frames(tone("ann", 4))))
    async for frame in split:
        if frame.at_s > 1.6:  # a check has begun
            assert checks()
            break
    await split.aclose()
    await asyncio.sleep(0)
    assert not checks()


async def test_real_voices(weights: Callable[[str], Path], shared_data: Path) -> None:
    """Two people of whom one enrolled, and a third, in turns."""
    folder = shared_data / "speech" / "librispeech"
    encoder = CampPlus(weights("campplus-zh-en"))

    def clip(speaker: str, number: int) -> Samples:
        path = sorted((folder / speaker).glob("*.flac"))[number]
        sound, _ = soundfile.read(path, dtype="float32")
        return np.concatenate([sound[: 4 * EAR_RATE], silence(0.4)])

    ann = VoicePrint(Person("1688", "Ann"), await encoder.embed(clip("1688", 0)))
    events: list[VoicesEvent] = []
    voices = Voices(encoder, SileroVad(), Prints([ann]), events.append)
    sounds = [clip("1688", 1), clip("2033", 1), clip("1998", 1), clip("2033", 2), clip("1688", 4)]
    given = [frame async for frame in voices.split(stream(frames(*sounds, silence(1))))]
    said = [event.person.name for event in events if isinstance(event, Speaks)]
    assert list(dict.fromkeys(said)) == ["Ann", "guest 1", "guest 2"]
    assert {frame.person.name for frame in given} == {"Ann", "guest 1", "guest 2"}
    last = [name for name in said if name != said[-1]][-1]
    assert said[-1] == "Ann" and last == "guest 1"


async def test_each_persons_ear_hears_what_they_said_and_its_end(
    weights: Callable[[str], Path], shared_data: Path
) -> None:
    folder = shared_data / "speech" / "librispeech"
    encoder, vad = CampPlus(weights("campplus-zh-en")), SileroVad()

    def clip(speaker: str, number: int) -> Samples:
        sound, _ = soundfile.read(sorted((folder / speaker).glob("*.flac"))[number], dtype="float32")
        return sound[: int(3.5 * EAR_RATE)]

    people = [VoicePrint(Person(one, one), await encoder.embed(clip(one, 0))) for one in ("1688", "2033")]
    said = [("1688", 1), ("2033", 1), ("1688", 4)]
    sounds = [sound for which in said for sound in (clip(*which), silence(0.4))]
    ears = {one.person.id: Ear(one.person, vad.open(), Segmenter()) for one in people}
    heard: list[Segment] = []
    async for frame in Voices(encoder, vad, Prints(people)).split(stream(frames(*sounds, silence(3)))):
        events = ears[frame.person.id].hear(frame)
        heard += [event.segment for event in events if isinstance(event, Stopped) and event.segment]
    assert [one.person.id for one in sorted(heard, key=lambda one: one.started_s)] == [
        name for name, _ in said
    ]
    for segment, start_s in zip(sorted(heard, key=lambda one: one.started_s), (0, 3.9, 7.8), strict=True):
        assert start_s - 0.4 < segment.started_s < start_s + 0.8
        assert start_s + 2.5 < segment.ended_s < start_s + 3.9
        voice = await encoder.embed(segment.samples)
        own = next(one for one in people if one.person == segment.person)
        assert voice @ own.vector > 0.5

"""Voices told apart in one stream: ``python -m tests.benchmarks.voices [--json]``.

48 calls of two to four people, LibriSpeech's from ``../shared/data``, one after another with pauses of 0.2 to 1 s. Some
enrolled, from recordings that are in no mix; the others are strangers. The bounds of ``hearing/whose.py`` were
read off how alike voices are in all of them, then adjusted on calls of the first two of its speakers and ten of the
strangers; what is measured here are calls of the other three and ten others. A third
of the calls is as recorded, a third comes with pink noise 15 dB below speech, a third through Opus at 64 kbit/s.

A stretch of speech has the right label if it is given to its speaker; a stranger's is the guest who is theirs most of
the time, and no guest is two people's.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from bot.voice.opus import RATE, Decoder, Encoder
from bot.voice.packets import FRAME_SAMPLES
from persona_core.engines.campplus import CampPlus
from persona_core.engines.silero_vad import SileroVad
from persona_core.hearing.prints import Prints, VoicePrint
from persona_core.hearing.voices import Revised, Speaks, Voices, VoicesEvent
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import Settings
from persona_core.types import EAR_RATE, Frame, Person, Samples
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.benchmarks.mixes import Mix, Speaker, mix, speakers
from tests.benchmarks.noises import coloured

SPEECH = Path(__file__).parents[3] / "shared" / "data" / "speech"
CALLS, FIRST_SEED = 48, 1000
ADJUSTED_ON = 2, 10  # speakers who can enroll, and strangers
CONDITIONS = ("clean", "noisy", "opus")
SNR_DB = 15
BARS = (">= 0.9", ">= 0.95", "<= 0.01")  # right, named, mistaken
WITHOUT_BARS = {"noisy"}  # shown, not promised
FRAME = EAR_RATE // 50
FAR_END = Person("call", "the call")


@dataclass(slots=True)
class Tally:
    """20 ms frames of speech, and seconds."""

    speech: int = 0
    right: int = 0
    of_enrolled: int = 0
    named: int = 0
    of_strangers: int = 0
    taken_for: int = 0  # somebody enrolled
    revised: int = 0
    # from a first word until it is known whose, by whether its speaker enrolled
    named_s: list[float] = field(default_factory=list)
    guests_s: list[float] = field(default_factory=list)


def main() -> None:
    if not SPEECH.is_dir():
        sys.exit(f"This benchmark needs the evaluation data in {SPEECH}.")
    folder = ModelFolder(Settings().models_dir, load_catalogue())
    encoder, vad = CampPlus(folder.ensure("campplus-zh-en")), SileroVad()
    show(asyncio.run(_measure(encoder, vad)))


async def _measure(encoder: CampPlus, vad: SileroVad) -> list[Figure]:
    everybody = speakers(SPEECH)
    can_enrol = [one for one in everybody if one.enrolment is not None][ADJUSTED_ON[0] :]
    strangers = [one for one in everybody if one.enrolment is None and one.utterances][ADJUSTED_ON[1] :]
    prints = {one.name: await _print(encoder, one) for one in can_enrol}
    tallies = {condition: Tally() for condition in CONDITIONS}
    heard_s = busy_s = 0.0
    for number in range(CALLS):
        condition = CONDITIONS[number % len(CONDITIONS)]
        call = _call(number, can_enrol, strangers)
        sound = _in(call.samples, condition, np.random.default_rng(number))
        enrolled = Prints([prints[name] for name in sorted(call.enrolled)])
        events: list[VoicesEvent] = []
        begun_s = time.process_time()
        given = await _hear(sound, Voices(encoder, vad, enrolled, events.append))
        busy_s += time.process_time() - begun_s
        heard_s += len(sound) / EAR_RATE
        _count(call, given, events, tallies[condition])
    return [*_figures(tallies), Figure("voices_cpu_share", round(busy_s / heard_s, 4), "of one core", CALLS)]


async def _print(encoder: CampPlus, one: Speaker) -> VoicePrint:
    assert one.enrolment is not None
    return VoicePrint(Person(f"enrolled:{one.name}", one.name), await encoder.embed(one.enrolment))


def _call(number: int, can_enrol: Sequence[Speaker], strangers: Sequence[Speaker]) -> Mix:
    """Half of the calls know all who enrolled, the others some of them; at least one who enrolled is there."""
    random = np.random.default_rng(FIRST_SEED + number)
    size = 2 + number // 3 % 3
    known = int(random.integers(1, min(size, len(can_enrol)) + 1))
    there = [can_enrol[n] for n in random.permutation(len(can_enrol))[:known]]
    there += [strangers[n] for n in random.permutation(len(strangers))[: size - known]]
    everybody = frozenset(one.name for one in can_enrol)
    some = frozenset(one.name for one in there[: max(1, known - 1)])
    return mix(random, there, everybody if number % 2 else some, turns=8 + 2 * size)


def _in(sound: Samples, condition: str, random: np.random.Generator) -> Samples:
    if condition == "noisy":
        noise = coloured(random, len(sound) / EAR_RATE + 0.1, 0.5)[: len(sound)]
        loud = np.sqrt(np.square(sound[np.abs(sound) > 0.01]).mean())
        return sound + noise * np.float32(loud / np.sqrt(np.square(noise).mean()) * 10 ** (-SNR_DB / 20))
    if condition == "clean":
        return sound
    pcm = (np.clip(soxr.resample(sound, EAR_RATE, RATE), -1, 1) * 32767).astype(np.int16)
    pcm = np.pad(pcm, (0, -len(pcm) % FRAME_SAMPLES))
    encoder, decoder = Encoder(), Decoder()
    coded = np.concatenate([decoder.decode(encoder.encode(one)) for one in pcm.reshape(-1, FRAME_SAMPLES)])
    return np.asarray(soxr.resample(coded.astype(np.float32) / 32768, RATE, EAR_RATE), np.float32)


async def _hear(sound: Samples, voices: Voices) -> dict[int, Person]:
    """To whom each frame was given."""
    pcm = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
    frames = [
        Frame(FAR_END, pcm[at : at + FRAME], EAR_RATE, at / EAR_RATE)
        for at in range(0, len(pcm) - FRAME + 1, FRAME)
    ]
    originals = {id(frame.pcm) for frame in frames}  # what others get meanwhile is silence, made anew
    given: dict[int, Person] = {}
    async for frame in voices.split(_stream(frames)):
        if id(frame.pcm) in originals:
            given[round(frame.at_s * EAR_RATE / FRAME)] = frame.person
    return given


async def _stream(frames: Sequence[Frame]) -> AsyncIterator[Frame]:
    for frame in frames:
        yield frame


def _count(call: Mix, given: dict[int, Person], events: Sequence[VoicesEvent], tally: Tally) -> None:
    spoken = {
        n: said.speaker
        for said in call.said
        for n in range(round(said.start_s * EAR_RATE / FRAME), round(said.end_s * EAR_RATE / FRAME))
    }
    whose = _guests(call, given, spoken)
    for n, speaker in spoken.items():
        person = given.get(n)
        enrolled = person is not None and person.id.startswith("enrolled:")
        right = person is not None and (person.name if enrolled else whose.get(person.id)) == speaker
        tally.speech += 1
        tally.right += right
        if speaker in call.enrolled:
            tally.of_enrolled += 1
            tally.named += right
        else:
            tally.of_strangers += 1
            tally.taken_for += enrolled
    tally.revised += sum(isinstance(event, Revised) for event in events)
    for said in call.said:
        known = [
            event.known_s - said.start_s
            for event in events
            if isinstance(event, Speaks) and said.start_s - 0.2 <= event.since_s < said.end_s
        ]
        (tally.named_s if said.speaker in call.enrolled else tally.guests_s).extend(known[:1])


def _guests(call: Mix, given: dict[int, Person], spoken: dict[int, str]) -> dict[str, str]:
    """Which stranger each guest is: the pair that has most in common first."""
    shared = Counter(
        (given[n].id, speaker)
        for n, speaker in spoken.items()
        if n in given and speaker not in call.enrolled and not given[n].id.startswith("enrolled:")
    )
    whose: dict[str, str] = {}
    for (guest, speaker), _ in shared.most_common():
        if guest not in whose and speaker not in whose.values():
            whose[guest] = speaker
    return whose


def _figures(tallies: dict[str, Tally]) -> list[Figure]:
    figures = []
    for condition, one in tallies.items():
        right = Figure(f"voices_right_{condition}", _share(one.right, one.speech), "of frames", one.speech)
        named = Figure(
            f"voices_named_{condition}", _share(one.named, one.of_enrolled), "of frames", one.of_enrolled
        )
        mistaken = _share(one.taken_for, one.of_strangers)
        wrong = Figure(f"voices_mistaken_{condition}", mistaken, "of frames", one.of_strangers)
        shares = [right, named, wrong]
        if condition not in WITHOUT_BARS:
            shares = [against(bar, share) for bar, share in zip(BARS, shares, strict=True)]
        figures += [
            *shares,
            figure_of(f"voices_known_after_{condition}", one.named_s + one.guests_s, "s"),
            figure_of(f"voices_named_after_{condition}", one.named_s, "s"),
            Figure(f"voices_revised_{condition}", one.revised, "stretches", len(one.named_s + one.guests_s)),
        ]
    return figures


def _share(part: int, whole: int) -> float:
    return round(part / max(1, whole), 4)


if __name__ == "__main__":
    main()

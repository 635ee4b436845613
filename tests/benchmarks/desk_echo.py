"""Her own voice coming back through the air: ``python -m tests.benchmarks.desk_echo [--tuning] [--json]``.

What she says (her shipped voice) leaves a small loudspeaker, goes through a room and reaches the microphone at -6 dB of
how loud people speak there, 40, 80 and 120 ms late. Alone, from her very first word on, it must leave nothing that she
would take for speech, so that she never answers herself. With people (LibriSpeech) speaking over it from beginning to
end, ``over_echo_points`` is how much more of their words is wrong than without her: her very first word beginning
together with theirs (``_start``), or after she has spoken for a while (``_steady``). Its ``p95`` is the upper end of a
95 % interval (bootstrap over the clips). She does not fall silent here, as she would.

The echo canceller was tuned with the clips, lines and rooms of ``--tuning``; without it there are only others.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr

from local_mode.echo import EchoCanceller
from local_mode.microphone import FRAME_S, RATE
from persona_core.assemble import build_persona
from persona_core.hearing.ears import Ears
from persona_core.hearing.takes import EarsEvent, Ended
from persona_core.persona import Persona
from persona_core.settings import load_settings
from persona_core.types import EAR_RATE, Frame, Pcm, Person, Samples, Speech
from tests.benchmarks.figures import Figure, against, show
from tests.benchmarks.live.sounds import Clip, librispeech
from tests.words import normalised, word_error_rate

DELAYS_S = (0.04, 0.08, 0.12)
ECHO = 0.5  # -6 dB
LEVEL = 0.05  # root mean square of people's speech, and of hers
NOISE = LEVEL / 300  # of the room: -50 dB
PAUSE_S = 0.4  # after each of her lines
STEADY_S = 4.0  # she has been speaking for so long
LOWEST_HZ = 150  # of a small loudspeaker
REVERBERATION_S = 0.3  # until the room is 60 dB quieter
REVERBERANT = 0.5  # of the direct sound's level
ANN = Person("bench:ann", "Ann")

HELD_OUT = {"1998", "2414"}  # speakers
SEEN = {"1998-15444-0001", "1998-15444-0006"}  # used while the first version was tuned
TUNING_LINES = (
    "Good evening. I have been thinking about what you told me yesterday, and I believe you were right.",
    "There is a small bakery by the harbour where they make the best bread in town, if you come early enough.",
    "When my sister was a child she wanted to be a sailor, and now she teaches mathematics in a mountain village.",
    "I would cook a large pot of soup, with carrots and beans, and put bread and cheese on the table.",
)
LINES = (
    "Oh, that is a lovely question. Let me see what I can remember about the summer we spent near the lake.",
    "Yes, of course. The train leaves at seven, so we should pack our things tonight and sleep a little earlier.",
    "Honestly? I think you should call her. People seldom mind being asked, and she may have waited for it.",
    "Well, first you warm the milk, then you stir in the chocolate slowly, and at the end a pinch of salt.",
    "Hm, the old theatre burned down years ago, but they still play outside in the park when the weather is good.",
    "No problem at all. I put the three meetings on Thursday morning, and kept your whole afternoon free.",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Some of it, at RATE, from her very first word on."""

    hers: Samples  # as it goes to the loudspeaker
    heard: Samples
    begins: int  # when the person does, samples
    clip: Clip | None = None  # what they say

    @property
    def name(self) -> str:
        return "start" if self.begins == 0 else "steady"


@dataclass(slots=True)
class Tally:
    """Of one clip, in all its scenes."""

    words: int
    clean: int  # errors, as are the others
    start: list[int] = field(default_factory=list)
    steady: list[int] = field(default_factory=list)
    uncleaned: list[int] = field(default_factory=list)


def main() -> None:
    settings = load_settings({"PROFILE": "cpu", "LOG_LEVEL": "ERROR"}, env_file=None)
    persona = build_persona(settings, hear=True, speak=True, report=lambda line: print(line, file=sys.stderr))
    show(asyncio.run(_measure(persona, tuning="--tuning" in sys.argv[1:])))


async def _measure(persona: Persona, tuning: bool) -> list[Figure]:
    lines = [await _spoken(persona, line) for line in (TUNING_LINES if tuning else LINES)]
    answered = [await _utterances(persona, cleaned(scene)) for scene in alone(lines, tuning)]
    tallies = []
    for clip in clips(tuning):
        sound = np.asarray(soxr.resample(clip.samples, EAR_RATE, RATE), np.float32)
        tally = Tally(len(normalised(clip.text).split()), await _errors(persona, clip, clip.samples))
        for scene in over(clip, at_level(sound), lines, tuning):
            begins = scene.begins * EAR_RATE // RATE
            heard = await _errors(persona, clip, cleaned(scene)[begins:])
            (tally.steady if scene.begins else tally.start).append(heard)
            if not scene.begins:
                raw = np.asarray(soxr.resample(scene.heard, RATE, EAR_RATE), np.float32)
                tally.uncleaned.append(await _errors(persona, clip, raw))
        tallies.append(tally)
    return [
        against("== 0", Figure("echo_answered", sum(answered), "utterances", len(answered))),
        against("<= 10", _lost("over_echo_points", tallies, lambda one: one.start + one.steady)),
        against("<= 10", _lost("over_echo_points_start", tallies, lambda one: one.start)),
        against("<= 10", _lost("over_echo_points_steady", tallies, lambda one: one.steady)),
        _lost("uncleaned_points", tallies, lambda one: one.uncleaned),
        Figure("clean_wer", _share([one.clean for one in tallies], tallies), "%", _words(tallies)),
    ]


def clips(tuning: bool) -> list[Clip]:
    """Those that the canceller was tuned with, or the others."""
    return [one for one in librispeech() if (one.name[:4] not in HELD_OUT or one.name in SEEN) == tuning]


def alone(lines: Sequence[Samples], tuning: bool) -> Iterator[Scene]:
    """She says two lines, each of them once as her first."""
    for number, line in enumerate(lines):
        hers = np.concatenate([line, lines[(number + 1) % len(lines)]])
        for at, delay_s in enumerate(DELAYS_S):
            yield Scene(hers, _heard(hers, np.zeros_like(hers), delay_s, _seed(number, at, tuning)), 0)


def over(clip: Clip, near: Samples, lines: Sequence[Samples], tuning: bool) -> Iterator[Scene]:
    """``clip`` (``near`` at RATE) over what she says, in each room with each delay."""
    number = sum(map(ord, clip.name))
    said = np.concatenate([lines[(number + at) % len(lines)] for at in range(len(lines))])
    for at, delay_s in enumerate(DELAYS_S):
        for begins in (0, round(STEADY_S * RATE)):
            mix = np.concatenate([np.zeros(begins, np.float32), near])
            hers = np.resize(said, len(mix))
            yield Scene(hers, _heard(hers, mix, delay_s, _seed(number, at, tuning)), begins, clip)


def _seed(number: int, at: int, tuning: bool) -> list[int]:
    return [number, at, int(tuning)]


def _heard(hers: Samples, near: Samples, delay_s: float, seed: Sequence[int]) -> Samples:
    """What the microphone takes up of both."""
    random = np.random.default_rng(seed)
    echo = np.convolve(hers, room(random))[: len(hers)].astype(np.float32)
    late = np.zeros_like(hers)
    late[round(delay_s * RATE) :] = echo[: len(hers) - round(delay_s * RATE)]
    noise = random.standard_normal(len(hers)).astype(np.float32) * np.float32(NOISE)
    return np.asarray(near + np.float32(ECHO) * late + noise, np.float32)


def room(random: np.random.Generator) -> Samples:
    """The way from her loudspeaker to the microphone as an impulse response, which leaves her as loud as she is.

    After the direct sound come its reflections from the desk and a wall, and what the room makes of it.
    """
    count = round(REVERBERATION_S * RATE)
    at = np.arange(count)
    tail = random.standard_normal(count) * 10 ** (-3 * at / count) * (at > 0.003 * RATE)
    response = tail * REVERBERANT / np.sqrt(np.sum(np.square(tail)))
    response[0] += 1.0
    response[round(random.uniform(0.0005, 0.0015) * RATE)] += 0.5
    response[round(random.uniform(0.003, 0.008) * RATE)] -= 0.3
    spectrum = np.fft.rfft(response)
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    speech = hertz < 4000
    spectrum *= (hertz / (hertz - 1j * LOWEST_HZ)) ** 2
    spectrum /= np.sqrt(np.mean(np.abs(spectrum[speech]) ** 2))
    return np.asarray(np.fft.irfft(spectrum, count), np.float32)


def cleaned(scene: Scene) -> Samples:
    """What is left of it at the desk, at EAR_RATE."""
    canceller, length = EchoCanceller(), round(RATE * FRAME_S)
    played, heard, out = _pcm(scene.hers), _pcm(scene.heard), []
    canceller.cleaned(np.zeros(length, np.int16), RATE)  # she hears before she speaks
    for start in range(0, len(heard) - length + 1, length):
        canceller.played(played[start : start + length], RATE)
        out.append(canceller.cleaned(heard[start : start + length], RATE))
    return np.concatenate(out).astype(np.float32) / 32768


def at_level(samples: Samples) -> Samples:
    return np.asarray(samples * (LEVEL / np.sqrt(np.mean(np.square(samples)))), np.float32)


def _pcm(samples: Samples) -> Pcm:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


async def _spoken(persona: Persona, line: str) -> Samples:
    """One of her lines with a pause after it, at RATE."""
    tts = persona.tts
    assert tts is not None  # it was asked for
    sound = np.concatenate([chunk async for chunk in tts.speak(line)]).astype(np.float32) / 32768
    loud = at_level(np.asarray(soxr.resample(sound, tts.rate, RATE), np.float32))
    return np.concatenate([loud, np.zeros(round(PAUSE_S * RATE), np.float32)])


async def _errors(persona: Persona, clip: Clip, sound: Samples) -> int:
    """How many words of ``clip`` are wrong, missing or too many in ``sound``."""
    assert persona.hearing is not None
    (transcript,) = await persona.hearing.stt.transcribe([Speech(sound, "en")])
    return round(word_error_rate(clip.text, transcript.text) * len(normalised(clip.text).split()))


async def _utterances(persona: Persona, sound: Samples) -> int:
    """How many utterances she takes in of ``sound``, which is at EAR_RATE."""
    found = 0

    def note(event: EarsEvent) -> None:
        nonlocal found
        found += isinstance(event, Ended) and event.utterance is not None

    assert persona.hearing is not None
    ears, length = Ears(persona.hearing, note), round(EAR_RATE * FRAME_S)
    working = asyncio.create_task(ears.work())
    for number, start in enumerate(range(0, len(sound), length)):
        ears.hear(Frame(ANN, _pcm(sound[start : start + length]), EAR_RATE, number * FRAME_S))
        if number % 10 == 0:
            await ears.understood()
    ears.finish()
    await ears.understood()
    await ears.close()
    working.cancel()
    return found


def _lost(name: str, tallies: Sequence[Tally], errors: Callable[[Tally], list[int]]) -> Figure:
    """Points of the word error rate that the echo costs, and the upper end of its interval."""
    words = np.array([one.words for one in tallies])
    more = np.array([np.mean(errors(one)) - one.clean for one in tallies])
    drawn = np.random.default_rng(0).integers(len(tallies), size=(10_000, len(tallies)))
    points = 100 * more[drawn].sum(axis=1) / words[drawn].sum(axis=1)
    heard = sum(one.words * len(errors(one)) for one in tallies)
    return Figure(
        name,
        round(100 * more.sum() / words.sum(), 2),
        "points",
        heard,
        round(float(np.percentile(points, 97.5)), 2),
    )


def _share(errors: Sequence[int], tallies: Sequence[Tally]) -> float:
    return round(100 * sum(errors) / _words(tallies), 2)


def _words(tallies: Sequence[Tally]) -> int:
    return sum(one.words for one in tallies)


if __name__ == "__main__":
    main()

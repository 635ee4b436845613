"""Her own voice coming back through the air: ``python -m tests.benchmarks.desk_echo [--json]``.

What she says (her shipped voice) reaches the microphone at -6 dB of how loud people speak there, 40, 80 and 120 ms
late. Alone, it must leave nothing that she would take for speech, so that she never answers herself. With people
(LibriSpeech) speaking over it from beginning to end, ``over_echo_points`` is how much of the word error rate that costs,
cleaned, beside the same clips without her; ``uncleaned_points`` is the same without echo cancellation. She does not fall
silent here, as she would.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import numpy as np
import soxr

from local_mode.echo import EchoCanceller
from local_mode.microphone import FRAME_S, RATE
from persona_core.assemble import build_persona
from persona_core.conversation import Conversation
from persona_core.events import Event, Heard
from persona_core.hearing.mode import Mode
from persona_core.persona import Persona
from persona_core.settings import load_settings
from persona_core.types import EAR_RATE, Frame, Pcm, Person, Samples, Speech
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.benchmarks.live.sounds import librispeech
from tests.words import word_error_rate

DELAYS_S = (0.04, 0.08, 0.12)
ECHO = 0.5  # -6 dB
LEVEL = 0.05  # root mean square of people's speech and of hers, where she is loudest
CLIPS = 12
ANN = Person("bench:ann", "Ann")
LINES = (
    "Good evening. I have been thinking about what you told me yesterday, and I believe you were right.",
    "There is a small bakery by the harbour where they make the best bread in town, if you come early enough.",
    "When my sister was a child she wanted to be a sailor, and now she teaches mathematics in a mountain village.",
    "I would cook a large pot of soup, with carrots and beans, and put bread and cheese on the table.",
)


def main() -> None:
    settings = load_settings({"PROFILE": "cpu", "LOG_LEVEL": "ERROR"}, env_file=None)
    persona = build_persona(settings, hear=True, speak=True, report=lambda line: print(line, file=sys.stderr))
    show(asyncio.run(_measure(persona)))


async def _measure(persona: Persona) -> list[Figure]:
    hers = await _spoken(persona)
    alone = [await _heard(persona, _through_the_room(hers, np.zeros_like(hers), at)) for at in DELAYS_S]
    raw = [await _heard(persona, _echo(hers, at)) for at in DELAYS_S]
    clips = [clip for clip in librispeech() if clip.seconds > 4.0][:CLIPS]
    clean, cleaned, uncleaned = [], [], []
    for number, clip in enumerate(clips):
        delay_s = DELAYS_S[number % len(DELAYS_S)]
        near = _at_level(np.asarray(soxr.resample(clip.samples, EAR_RATE, RATE), np.float32))
        lead = round(2.0 * RATE)  # she has been speaking for a while when they begin
        mix = np.zeros(lead + len(near), np.float32)
        mix[lead:] = near
        over = np.resize(hers, len(mix))
        for kept, sound in (
            (clean, mix),
            (cleaned, _through_the_room(over, mix, delay_s)),
            (uncleaned, mix + _echo(over, delay_s)),
        ):
            kept.append(word_error_rate(clip.text, await _words(persona, sound[lead:])))
    return [
        against("== 0", Figure("echo_heard_words", sum(alone), "words", len(DELAYS_S))),
        Figure("echo_uncleaned_words", sum(raw), "words", len(DELAYS_S)),
        figure_of("over_echo_wer", [100 * one for one in cleaned], "%"),
        against("<= 10", Figure("over_echo_points", _points(cleaned, clean), "points", len(clips))),
        Figure("uncleaned_points", _points(uncleaned, clean), "points", len(clips)),
    ]


def _points(these: Sequence[float], those: Sequence[float]) -> float:
    return round(100 * float(np.mean(these) - np.mean(those)), 2)


async def _spoken(persona: Persona) -> Samples:
    """Her lines, with a second of silence after each, at RATE."""
    tts = persona.tts
    assert tts is not None  # it was asked for
    parts = []
    for line in LINES:
        sound = np.concatenate([chunk async for chunk in tts.speak(line)]).astype(np.float32) / 32768
        parts += [
            _at_level(np.asarray(soxr.resample(sound, tts.rate, RATE), np.float32)),
            np.zeros(RATE, np.float32),
        ]
    return np.concatenate(parts)


def _at_level(samples: Samples) -> Samples:
    return samples * np.float32(LEVEL / np.sqrt(np.mean(np.square(samples))))


def _echo(hers: Samples, delay_s: float) -> Samples:
    late = np.zeros_like(hers)
    late[round(delay_s * RATE) :] = hers[: -round(delay_s * RATE)]
    return late * np.float32(ECHO)


def _through_the_room(hers: Samples, near: Samples, delay_s: float) -> Samples:
    """What is left of both when they have been heard at the desk."""
    canceller, length = EchoCanceller(), round(RATE * FRAME_S)
    heard, out = _pcm(near + _echo(hers, delay_s)), []
    played = _pcm(hers)
    canceller.cleaned(np.zeros(length, np.int16), RATE)  # she hears before she speaks
    for start in range(0, len(heard) - length + 1, length):
        canceller.played(played[start : start + length], RATE)
        out.append(canceller.cleaned(heard[start : start + length], RATE))
    cleaned = np.concatenate(out).astype(np.float32) / 32768
    return np.asarray(soxr.resample(cleaned, EAR_RATE, RATE), np.float32)


def _pcm(samples: Samples) -> Pcm:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


async def _words(persona: Persona, sound: Samples) -> str:
    assert persona.hearing is not None
    speech = Speech(np.asarray(soxr.resample(sound, RATE, EAR_RATE), np.float32), "en")
    return (await persona.hearing.stt.transcribe([speech]))[0].text


async def _heard(persona: Persona, sound: Samples) -> int:
    """How many words she takes in of it, as she hears at the desk."""
    texts: list[str] = []

    def note(event: Event) -> None:
        if isinstance(event, Heard):
            texts.append(event.utterance.text)

    length = round(RATE * FRAME_S)
    async with Conversation("bench", persona, None, note) as conversation:
        conversation.set_mode(Mode.QUIET)
        for number, start in enumerate(range(0, len(sound) - length + 1, length)):
            pcm = _pcm(sound[start : start + length])
            conversation.hear(Frame(ANN, pcm, RATE, number * FRAME_S))
            if number % 50 == 0:
                await conversation.settled()
        conversation.finish_hearing()
        await conversation.settled()
    return sum(len(text.split()) for text in texts)


if __name__ == "__main__":
    main()

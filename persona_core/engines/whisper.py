"""What every Whisper engine shares: cutting long speech, and telling words from inventions."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples, Transcript

WINDOW_S = 30  # what Whisper's encoder takes at once
SURE = 0.6  # a language detected with less is not believed: what follows would be words of no language
LOOP = 2.4  # text that zlib shrinks by more repeats itself (OpenAI's own decoder has the same threshold)
BEAM_AFTER_LOOP = 5  # finds its way out of most

_CUT_WITHIN_S = 5  # the last seconds of a window, in which a quiet place is looked for
_HOP = EAR_RATE // 50  # 20 ms
_INAUDIBLE = 1e-4  # -80 dBFS, below the least that a microphone's own noise makes

# Each pair: (probability of no speech above, mean log-probability of the words below). Either alone is weak
# evidence, since a name spoken alone is improbable and a quiet room may be taken for speech.
# Chosen on LibriSpeech, single spoken names and 28 sounds without words, for base and tiny.en.
_DOUBTS = ((0.6, -0.6), (0.3, -1.2), (0.0, -1.6))
_DOUBT_AFTER_LOOP = -0.6  # what is read after the recogniser had lost itself must be plainer


@dataclass(frozen=True, slots=True)
class Reading:
    """What a recogniser made of one window, with the evidence for it."""

    text: str
    language: str
    logprob: float  # mean per token, the closing one included
    no_speech: float  # probability 0..1
    ran_on: bool = False  # it was stopped at the most tokens that anybody can speak in this time
    looped: bool = False  # its first attempt was lost in a loop


def is_lost(reading: Reading) -> bool:
    """Whether the recogniser went round in circles; people who repeat themselves come to an end."""
    data = reading.text.encode()
    return reading.ran_on and len(data) > LOOP * len(zlib.compress(data))


def most_tokens(window: Samples) -> int:
    """More than anybody says in this time, in any script: 12 a second, and some to begin with."""
    return 16 + 12 * len(window) // EAR_RATE


def is_invented(reading: Reading) -> bool:
    """Whether the evidence is against these words having been spoken."""
    if not any(letter.isalnum() for letter in reading.text) or is_lost(reading):
        return True
    if reading.looped and reading.logprob < _DOUBT_AFTER_LOOP:
        return True
    return any(reading.no_speech >= high and reading.logprob < low for high, low in _DOUBTS)


def is_audible(samples: Samples) -> bool:
    """Whether there is anything at all to recognise."""
    return samples.size > 0 and float(np.abs(samples).max()) > _INAUDIBLE


def windows(samples: Samples) -> Iterator[Samples]:
    """``samples`` (16 kHz) in pieces of at most 30 s, cut where it is quietest."""
    most = WINDOW_S * EAR_RATE
    while len(samples) > most:
        near = samples[most - _CUT_WITHIN_S * EAR_RATE : most].reshape(-1, _HOP)
        loudness = np.convolve(np.square(near).mean(axis=1), np.ones(5), mode="same")  # over 100 ms
        cut = most - _CUT_WITHIN_S * EAR_RATE + int(loudness.argmin()) * _HOP
        yield samples[:cut]
        samples = samples[cut:]
    yield samples


def transcript(readings: Sequence[Reading]) -> Transcript:
    """The believable readings as one; empty, with the language of the first, when there is none."""
    heard = [reading for reading in readings if not is_invented(reading)]
    if not heard:
        return Transcript("", readings[0].language if readings else "")
    text = " ".join(reading.text for reading in heard)
    weights = [len(reading.text) for reading in heard]
    logprob = float(np.average([reading.logprob for reading in heard], weights=weights))
    return Transcript(text, heard[0].language, logprob)


class WhisperEngine:
    """What both ways of running Whisper do alike: one utterance at a time, in a thread of its own."""

    def __init__(self, worker: str) -> None:
        self._usual = "en"  # the language last recognised for sure
        self._worker = ThreadPoolExecutor(1, worker)

    async def transcribe(self, samples: Samples, language: str = "") -> Transcript:
        """See SpeechToText. Raises EngineError."""
        if not is_audible(samples):
            return Transcript("")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._worker, self._transcribe, samples, language)
        except (RuntimeError, ValueError) as cause:
            raise EngineError(
                "The speech recogniser failed on this utterance; please say it again."
            ) from cause

    def _transcribe(self, samples: Samples, language: str) -> Transcript:
        return transcript([self._read(window, language) for window in windows(samples)])

    def _read(self, window: Samples, language: str) -> Reading:
        """One window of at most 30 s; in the worker thread."""
        raise NotImplementedError

"""What both ways of running Whisper share: attempts, languages, known words, a thread of its own."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from persona_core.engines.whisper_windows import (
    batches,
    frames_again,
    frames_for,
    is_audible,
    loud_seconds,
    windows,
)
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples, Speech, Transcript

# A language detected with less is not believed: what follows would be words of no language. With more, English full of
# foreign names was still taken for Arabic (1.0) and Latin (0.96) by whisper-base, so that both are then read. Of 14
# such beginnings of 1.5 s and more, the English words were the likelier ones in all but one, which came to -0.77; the
# right ones in 5 sentences that really were in another language (French, Spanish, Polish, synthetic), with -0.70 or more.
SURE = 0.75
_FITTING = -0.73
LOOP = 2.4  # text that zlib shrinks by more repeats itself (OpenAI's own decoder has the same threshold)
BEAM = 5  # for what is unsure or lost; elsewhere greedy is as good, and quicker

# Mean log-probabilities. Of 50 LibriSpeech clips (test-other, base) a beam for what is below -0.3 gives 13.1 % WER and
# is needed for 16, below -0.36 13.7 % and 9, below -0.5 14.1 % and 3, for all 13.3 %, for none 16.0 %. It takes
# 80 to 150 ms; the library's own transcribe() has 13.7 %.
_UNSURE = -0.36
_HOPELESS = -1.0  # no words, most likely; asked again, the recogniser would only invent more plausible ones

_FEWEST = 1.0  # tokens a second of loud sound; people who speak slowly still say two or more


@dataclass(frozen=True, slots=True)
class Reading:
    """What a recogniser made of one window, with the evidence for it."""

    text: str
    language: str
    language_probability: float  # 0..1; 0: not detected
    logprob: float  # mean per token, the closing one included
    no_speech: float  # probability 0..1
    tokens: int  # that the text was written with
    ran_on: bool = False  # it was stopped at the most tokens that anybody can speak in this time
    looped: bool = False  # with more silence, too, it was first lost in a loop

    @property
    def read_in(self) -> tuple[str, float]:
        """The language and its probability."""
        return self.language, self.language_probability

    def is_usual(self, language: str) -> bool:
        """Whether no other language than this one was detected, told ones left aside."""
        return self.language == language or not self.language_probability


def has_letters(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


def is_lost(reading: Reading) -> bool:
    """Whether the recogniser went round in circles; people who repeat themselves come to an end."""
    data = reading.text.encode()
    return reading.ran_on and len(data) > LOOP * len(zlib.compress(data))


def is_doubled(text: str) -> bool:
    """Whether ``text`` is all one phrase of three or more words said again and again."""
    words = [_bare(word) for word in text.split()]
    return any(words == words[:n] * (len(words) // n) for n in range(3, len(words) // 2 + 1))


def is_unsure(reading: Reading) -> bool:
    """Whether a beam may find better words; where there is no end, it finds none in the same window either."""
    return not reading.ran_on and reading.logprob < _UNSURE


def is_doubtful(reading: Reading, samples: Samples) -> bool:
    """Whether ``samples``, in which this was read, are worth another attempt, with more silence after them.

    That is so where the words do not fit the sound: too many, too few, or all of them twice.
    """
    written = reading.tokens if has_letters(reading.text) else 0
    stopped_early = written < _FEWEST * loud_seconds(samples) - 1
    odd = reading.ran_on or stopped_early or is_doubled(reading.text)
    return odd and reading.logprob >= _HOPELESS


def most_tokens(samples: Samples) -> int:
    """More than anybody says in this time, in any script: 12 a second, and some to begin with."""
    return 16 + 12 * len(samples) // EAR_RATE


def chosen_language(
    speech: Speech, detected: str, probability: float, supported: Container[str]
) -> tuple[str, float]:
    """The language to write down, and how probable it is: what was told, heard for sure, or is usual."""
    if speech.language in supported:
        return speech.language, 0.0
    if probability >= SURE:
        return detected, probability
    return usual_language(speech, supported)


def usual_language(speech: Speech, supported: Container[str]) -> tuple[str, float]:
    """What is read where the sound does not tell; English where nothing is known of the person."""
    return speech.usual if speech.usual in supported else "en", 0.0


def truer(usual: Reading, detected: Reading) -> Reading:
    """Of two readings of one window the one whose words fit: in the usual language, or in another if detected."""
    if detected.is_usual(usual.language):
        return detected
    fits = not detected.ran_on and detected.logprob > max(usual.logprob, _FITTING)
    return detected if fits else usual


def continued(begins: str, text: str) -> str:
    """``text`` with its first words spelled as in ``begins``, where it begins with the same words.

    Words are the same whatever their case and punctuation. The last of ``begins`` keeps the spelling of
    ``text``: only now is it known what follows it. Where the words differ, ``text`` knows more.
    """
    known, heard = begins.split(), text.split()
    if [_bare(word) for word in known] != [_bare(word) for word in heard[: len(known)]]:
        return text
    return " ".join(known[:-1] + heard[max(0, len(known) - 1) :])


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def transcript(readings: Sequence[Reading], begins: str = "") -> Transcript:
    """What was read in the windows of one utterance; its text is empty when none of them holds words."""
    heard = [reading for reading in readings if has_letters(reading.text) and not is_lost(reading)]
    told = heard or readings
    if not told:
        return Transcript("")
    weights = [1 + len(reading.text) for reading in told]
    return Transcript(
        text=continued(begins, " ".join(reading.text for reading in heard)),
        language=told[0].language,
        language_probability=told[0].language_probability,
        logprob=float(np.average([reading.logprob for reading in told], weights=weights)),
        no_speech=float(np.average([reading.no_speech for reading in told], weights=weights)),
        looped=any(reading.looped for reading in told),
        lost=any(is_lost(reading) for reading in readings),
    )


class WhisperEngine:
    """Each window is first read on its real length, and again with more silence after it where that was doubtful."""

    def __init__(self, worker: str, lanes: int = 1) -> None:
        """``lanes``: how many calls are worked on at a time."""
        self._worker = ThreadPoolExecutor(lanes, worker)

    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        """See SpeechToText. Raises EngineError."""
        if not any(is_audible(one.samples) for one in speech):
            return [Transcript("") for _ in speech]
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._worker, self._transcribe, tuple(speech))
        except (RuntimeError, ValueError) as cause:
            raise EngineError(
                "The speech recogniser failed on this utterance; please say it again."
            ) from cause

    def _transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        pieces = [
            (i, replace(one, samples=window))
            for i, one in enumerate(speech)
            for window in windows(one.samples)
            if is_audible(window)
        ]
        readings = self._recognise([piece for _, piece in pieces])
        return [
            transcript([r for (j, _), r in zip(pieces, readings, strict=True) if j == i], one.begins)
            for i, one in enumerate(speech)
        ]

    def _recognise(self, pieces: Sequence[Speech]) -> list[Reading]:
        readings: dict[int, Reading] = {}
        for batch in batches([frames_for(piece.samples, piece.lost) for piece in pieces]):
            readings |= zip(batch, self._read([pieces[i] for i in batch]), strict=True)
        for i, reading in readings.items():
            if not pieces[i].draft:
                readings[i] = self._until_it_fits(reading, pieces[i])
        return [readings[i] for i in range(len(pieces))]

    def _until_it_fits(self, reading: Reading, piece: Speech) -> Reading:
        for frames in frames_again(piece.samples):
            if not is_doubtful(reading, piece.samples):
                break
            reading = self._read_again(piece, frames)
        return reading

    def _read(self, pieces: Sequence[Speech]) -> list[Reading]:
        """Each of ``pieces``, at most 30 s and of similar length, at little cost; in the worker thread."""
        raise NotImplementedError

    def _read_again(self, piece: Speech, frames: int) -> Reading:
        """The same for one with care: on so many frames of 10 ms, and searching where that loops."""
        raise NotImplementedError

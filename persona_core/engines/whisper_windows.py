"""The sound that Whisper is given: cut where it is too long, padded where it is short, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from persona_core.engines.log_mel import HOP, silence_beside
from persona_core.types import EAR_RATE, Samples

WINDOW_S = 30  # what Whisper was trained on, and the most that its encoder takes at once
WINDOW_FRAMES = WINDOW_S * EAR_RATE // HOP

# Silence after the sound; with less, the decoder finds no end and says it all again. With these, base does so on
# 3 and tiny.en on 2 of 104 sounds (54 names and words alone, 50 LibriSpeech clips); with 1 s, one in three.
_AFTER_FRAMES = 300
_LEAST_FRAMES = 700
# Of 12 sounds on which base went round in circles, all came to their end on 15 s, as well as on 30 s and in a third
# of the time.
_AGAIN_FRAMES = (1500, WINDOW_FRAMES)
_WORD_S = 2.5  # so short a sound may be a word alone
_WORD_FRAMES = 1000

_LIKE = 1.5  # sounds are worked out together when the longest is at most so many times the shortest
_TOGETHER = 8  # and never more than so many: the first must not wait for a crowd
_CUT_WITHIN_S = 5  # the last seconds of a window, in which a quiet place is looked for
_STEP = EAR_RATE // 50  # 20 ms
_LOUD = 10 ** (-25 / 20)  # of the loudest step: vowels are within 25 dB of each other, pauses are not
_INAUDIBLE = 1e-4  # -80 dBFS, below the least that a microphone's own noise makes


def is_audible(samples: Samples) -> bool:
    """Whether there is anything at all to recognise."""
    return samples.size > 0 and float(np.abs(samples).max()) > _INAUDIBLE


def loud_seconds(samples: Samples) -> float:
    """How long ``samples`` (16 kHz) are about as loud as at their loudest, which in speech is most of it."""
    steps = samples[: len(samples) // _STEP * _STEP].reshape(-1, _STEP)
    level = np.sqrt(np.square(steps).mean(axis=1))
    return float(np.count_nonzero(level > _LOUD * level.max(initial=0.0))) * _STEP / EAR_RATE


def windows(samples: Samples) -> Iterator[Samples]:
    """``samples`` (16 kHz) in pieces of at most 30 s, cut where it is quietest."""
    most = WINDOW_S * EAR_RATE
    while len(samples) > most:
        near = samples[most - _CUT_WITHIN_S * EAR_RATE : most].reshape(-1, _STEP)
        loudness = np.convolve(np.square(near).mean(axis=1), np.ones(5), mode="same")  # over 100 ms
        cut = most - _CUT_WITHIN_S * EAR_RATE + int(loudness.argmin()) * _STEP
        yield samples[:cut]
        samples = samples[cut:]
    yield samples


def frames_for(samples: Samples, lost: bool = False) -> int:
    """How many frames of 10 ms to encode, so that the decoder hears ``samples`` and finds their end.

    ``lost``: in their beginning it has found none already.
    """
    if lost:
        return frames_again(samples)[0]
    least = _WORD_FRAMES if len(samples) < _WORD_S * EAR_RATE else _LEAST_FRAMES
    return min(max(len(samples) // HOP + _AFTER_FRAMES, least), WINDOW_FRAMES)


def frames_again(samples: Samples) -> list[int]:
    """How many frames to encode where the words did not fit ``samples``, the cheapest first."""
    return [
        frames
        for frames in _AGAIN_FRAMES
        if len(samples) // HOP + _AFTER_FRAMES <= frames or frames == WINDOW_FRAMES
    ]


def batches(frames: Sequence[int]) -> list[list[int]]:
    """Which windows of so many frames, by index, to work out together, the shortest first.

    Decoding two together takes hardly longer than one, but all are filled up to the longest of a batch.
    """
    found: list[list[int]] = []
    for i in sorted(range(len(frames)), key=lambda i: frames[i]):
        if found and len(found[-1]) < _TOGETHER and frames[i] <= _LIKE * frames[found[-1][0]]:
            found[-1].append(i)
        else:
            found.append([i])
    return found


def filled(spectrograms: Sequence[Samples], frames: int) -> npt.NDArray[np.float32]:
    """(sounds, bands, frames): ``spectrograms`` with silence after each."""
    batch = np.empty((len(spectrograms), len(spectrograms[0]), frames), np.float32)
    for place, spectrogram in zip(batch, spectrograms, strict=True):
        heard = spectrogram[:, :frames]
        place[:] = silence_beside(heard)
        place[:, : heard.shape[1]] = heard
    return batch

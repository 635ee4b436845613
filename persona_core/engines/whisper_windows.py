"""The sound that Whisper is given: cut where it is too long, padded where it is short, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from persona_core.engines.log_mel import HOP, silence_beside
from persona_core.types import EAR_RATE, Samples

WINDOW_S = 30  # what Whisper was trained on, and the most that its encoder takes at once
WINDOW_FRAMES = WINDOW_S * EAR_RATE // HOP

# With less, the decoder finds no end and says it all again. Of single spoken names and LibriSpeech's short
# sentences it looped on 15 of 41 with 1 s of silence and 5 of 41 with 3 s (base); in a window of 8 s on 5 of
# 122, in one of 10 s on 1 of 122 (base and tiny.en).
AFTER_FRAMES = 200  # silence after the sound, 2 s
LEAST_FRAMES = 1000  # of the window, 10 s


_LIKE = 1.5  # sounds are worked out together when the longest is at most so many times the shortest
_TOGETHER = 8  # and never more than so many: the first must not wait for a crowd
_CUT_WITHIN_S = 5  # the last seconds of a window, in which a quiet place is looked for
_LEAST = (LEAST_FRAMES - AFTER_FRAMES) * HOP  # samples: whatever is shorter is padded to the same length
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


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Which sounds of so many samples, by index, to work out together, the shortest first.

    Decoding two together takes hardly longer than one, but all are padded to the longest of a batch.
    """
    found: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        room = found and len(found[-1]) < _TOGETHER
        if room and lengths[i] <= max(_LIKE * lengths[found[-1][0]], _LEAST):
            found[-1].append(i)
        else:
            found.append([i])
    return found


def padded(spectrograms: Sequence[Samples], whole: bool) -> npt.NDArray[np.float32]:
    """(sounds, bands, frames): filled with silence up to 30 s if ``whole``, else to what the longest needs."""
    longest = max(spectrogram.shape[1] for spectrogram in spectrograms)
    frames = WINDOW_FRAMES if whole else min(max(longest + AFTER_FRAMES, LEAST_FRAMES), WINDOW_FRAMES)
    filled = np.empty((len(spectrograms), len(spectrograms[0]), frames), np.float32)
    for place, spectrogram in zip(filled, spectrograms, strict=True):
        heard = spectrogram[:, :frames]
        place[:] = silence_beside(heard)
        place[:, : heard.shape[1]] = heard
    return filled

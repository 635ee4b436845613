"""Whisper's log-mel spectrogram, on one core.

A matrix product would go to BLAS and its threads: 0.1 ms on an idle machine, but 25 to 100 ms where models
keep every core busy, since those threads wait for each other.
"""

from __future__ import annotations

import numpy as np

from persona_core.types import Samples

HOP = 160  # samples from one frame to the next, 10 ms

_FFT = 400  # samples, 25 ms
_FLOOR = 1e-10  # power that is taken for none
_RANGE = 8.0  # decades below the loudest that are kept
_UNIT = 4.0  # decades
_HANN = np.hanning(_FFT + 1)[:-1].astype(np.float32)


def log_mel(samples: Samples, filters: Samples) -> Samples:
    """(bands, frames) of ``samples`` (16 kHz), a frame every 10 ms; ``filters``: (bands, 201).

    As ``whisper.audio.log_mel_spectrogram`` of openai-whisper defines it, for the sound alone.
    """
    ended = np.pad(samples.astype(np.float32), (0, HOP))
    centred = np.pad(ended, _FFT // 2, mode="reflect")
    framed = np.lib.stride_tricks.sliding_window_view(centred, _FFT)[:-1:HOP]
    power = np.square(np.abs(np.fft.rfft(framed * _HANN, axis=-1)))
    mels = np.einsum("bf,tf->bt", filters, power.astype(np.float32))
    decades = np.log10(np.maximum(mels, _FLOOR))
    spectrogram: Samples = (np.maximum(decades, decades.max() - _RANGE) + _UNIT) / _UNIT
    return spectrogram


def silence_beside(spectrogram: Samples) -> float:
    """What digital silence is in ``spectrogram``: as far below the loudest as the range goes."""
    return float(spectrogram.max()) - _RANGE / _UNIT

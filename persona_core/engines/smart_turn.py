"""Smart Turn 3: has whoever spoke finished? Whisper's encoder with a small head, run by onnxruntime.

What goes in is what pipecat-ai 1.14.0 gives the network (``smart_turn/local_smart_turn_v3.py`` and
``_whisper_features.py``): the last 8 s, with zeros before anything shorter, brought to zero mean and unit
variance, as a log-mel spectrogram like Whisper's.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from persona_core.engines.onnx_session import REFUSALS, open_session
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples

_SECONDS = 8  # what the network listens to
_FFT, _HOP, _MELS = 400, 160, 80  # samples, samples, bands: Whisper's
_FLOOR = 1e-10  # power that is taken for none
_RANGE = 8.0  # decades below the loudest that are kept


class SmartTurn:
    """One decision at a time, in its own thread; 50 to 60 ms each on one core, however long the sound."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """``path``: the folder of the model or its ONNX file. Raises EngineError."""
        try:
            self._session = open_session(str(next(path.glob("*.onnx"), path)), threads)
        except REFUSALS as cause:
            raise EngineError(
                "Smart Turn cannot be loaded: run python -m persona_core.models verify."
            ) from cause
        self._worker = ThreadPoolExecutor(1, "smart-turn")

    async def probability(self, samples: Samples) -> float:
        """See EndOfTurn. Raises EngineError."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._worker, self._rate, samples)
        except REFUSALS as cause:
            raise EngineError(
                "Smart Turn failed on a pause: run python -m persona_core.models verify if it goes on."
            ) from cause

    def _rate(self, samples: Samples) -> float:
        (outputs,) = self._session.run(None, {"input_features": features(samples)[None]})
        return float(outputs.item())


def features(samples: Samples) -> Samples:
    """The log-mel spectrogram, (80, 800), of the last 8 s of ``samples`` (16 kHz).

    Not ``log_mel``: the last frame's reflected border alone moves the probability by up to a quarter.
    """
    most = _SECONDS * EAR_RATE
    sound = np.pad(samples[-most:].astype(np.float32), (max(0, most - len(samples)), 0))
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    framed = np.lib.stride_tricks.sliding_window_view(np.pad(sound, _FFT // 2, mode="reflect"), _FFT)
    power = np.square(np.abs(np.fft.rfft(framed[:-1:_HOP] * _HANN, axis=-1)))
    mels = np.einsum("bf,tf->bt", _FILTERS, power)  # not BLAS, whose threads wait for those of the models
    decades = np.log10(np.maximum(mels, _FLOOR))
    spectrogram: Samples = (np.maximum(decades, decades.max() - _RANGE) + 4) / 4
    return spectrogram


def _mel_filters() -> Samples:
    """(80, 201): triangles of equal area, evenly spaced on Slaney's mel scale up to 8 kHz."""
    step = np.log(6.4) / 27  # above 1 kHz the scale is logarithmic, below it linear, 200 Hz in 3 mel
    highest = 15 + np.log(EAR_RATE / 2 / 1000) / step
    mels = np.linspace(0, highest, _MELS + 2)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (mels - 15)))
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    hertz = np.linspace(0, EAR_RATE / 2, _FFT // 2 + 1)
    rising, falling = (hertz - low) / (centre - low), (high - hertz) / (high - centre)
    triangles: Samples = (np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)).astype(np.float32)
    return triangles


_HANN = np.hanning(_FFT + 1)[:-1].astype(np.float32)
_FILTERS = _mel_filters()

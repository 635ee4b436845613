"""CAM++: whose voice is it? A densely connected time delay network, run by onnxruntime.

Wang et al. 2023, "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking", with the
weights that 3D-Speaker trained on 200,000 speakers of Chinese and English. They come as PyTorch's; ``campplus_graph.py``
writes the network down for onnxruntime, so that no PyTorch is needed.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from persona_core.engines.campplus_graph import BANDS, FRAMES, SIZE, network
from persona_core.engines.onnx_session import REFUSALS, open_session
from persona_core.engines.torch_file import read_tensors
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples

SHORTEST_S = 0.3  # less than this is nobody's voice

_HOP, _FRAME, _FFT = 160, 400, 512  # samples
_LOWEST_HZ = 20.0
_PREEMPHASIS = 0.97
_FLOOR = float(np.finfo(np.float32).eps)  # power that is taken for none
_LOUDNESS = 0.06  # RMS that a sound is brought to, so that no more of a soft voice lies below the floor
_SILENCE = 1e-4  # RMS, below which there is nothing to bring anywhere
_STEP = 100  # frames from one window of a long sound to the next, 1 s
_MOST = 16  # windows that are worked out at once
_REFUSALS: tuple[type[Exception], ...] = (*REFUSALS, KeyError)  # weights that lack something


class CampPlus:
    """One voice at a time, in its own thread. See VoiceEncoder."""

    name = "campplus-zh-en"

    def __init__(self, path: Path, threads: int = 1) -> None:
        """``path``: the folder of the model, or its file. Raises EngineError."""
        weights = read_tensors(next(path.glob("*.pt"), path))
        try:
            self._session = open_session(network(weights), threads, warn=False)
        except _REFUSALS as cause:
            raise EngineError("CAM++ cannot be loaded: run python -m persona_core.models verify.") from cause
        self._worker = ThreadPoolExecutor(1, "campplus")

    async def embed(self, samples: Samples) -> Samples:
        """See VoiceEncoder."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._worker, self._embed, samples)
        except _REFUSALS as cause:
            raise EngineError(
                "CAM++ failed on a voice: run python -m persona_core.models verify if it goes on."
            ) from cause

    def _embed(self, samples: Samples) -> Samples:
        if len(samples) < SHORTEST_S * EAR_RATE:
            raise ValueError("that is too short to tell a voice by")
        windows = _windows(features(samples))
        total = np.zeros(SIZE)
        for at in range(0, len(windows), _MOST):
            (found,) = self._session.run(None, {"features": windows[at : at + _MOST]})
            total += (found / np.linalg.norm(found, axis=1, keepdims=True)).sum(axis=0)
        voice: Samples = (total / np.linalg.norm(total)).astype(np.float32)
        return voice


def features(samples: Samples) -> Samples:
    """Log energies in 80 bands every 10 ms, (frames, 80), as Kaldi's ``compute-fbank-feats`` makes them without dither,
    less their mean: the same voice through another microphone looks alike."""
    loudness = max(_SILENCE, float(np.sqrt(np.square(samples, dtype=np.float32).mean())))
    levelled = samples.astype(np.float32) * np.float32(_LOUDNESS / loudness)
    framed = np.lib.stride_tricks.sliding_window_view(levelled, _FRAME)[::_HOP]
    framed = framed - framed.mean(axis=1, keepdims=True)
    before = np.concatenate([framed[:, :1], framed[:, :-1]], axis=1)
    power = np.square(np.abs(np.fft.rfft((framed - _PREEMPHASIS * before) * _POVEY, _FFT, axis=-1)))
    # not BLAS, whose threads wait for those of the models
    energies = np.einsum("bf,tf->tb", _FILTERS, power.astype(np.float32))
    logs = np.log(np.maximum(energies, _FLOOR))
    centred: Samples = logs - logs.mean(axis=0)
    return centred


def _windows(bands: Samples) -> Samples:
    """(windows, 1, 80, frames) of ``bands``; one window of what is shorter than FRAMES."""
    last = max(0, len(bands) - FRAMES)
    starts = sorted({*range(0, last + 1, _STEP), last})
    return np.stack([bands[start : start + FRAMES].T for start in starts])[:, None]


def _mel_filters() -> Samples:
    """(80, 257): triangles evenly spaced on the mel scale between 20 Hz and 8 kHz."""
    edges = np.linspace(_mel(np.array(_LOWEST_HZ)), _mel(np.array(EAR_RATE / 2)), BANDS + 2)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    mels = _mel(np.linspace(0, EAR_RATE / 2, _FFT // 2 + 1))
    triangles = np.minimum((mels - low) / (centre - low), (high - mels) / (high - centre))
    filters: Samples = np.maximum(0, triangles).astype(np.float32)
    return filters


def _mel(hertz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(1127 * np.log(1 + hertz / 700))


_POVEY = (np.hanning(_FRAME) ** 0.85).astype(np.float32)
_FILTERS = _mel_filters()

"""Another pitch or size of speaker for any engine's voice, by the WORLD vocoder.

WORLD (Morise, Yokomori and Ozawa 2016) takes speech apart into pitch, spectral envelope and breathiness;
each is changed by itself and the speech put together again, so neither drags the others along.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyworld

from persona_core.engines.speech import to_pcm
from persona_core.ports import TextToSpeech
from persona_core.types import Pcm, Samples, Voice

_STEP_MS = 5.0  # between analysis frames, WORLD's default
_RANGE = 0.2  # how far pitch may jump: twice the default keeps more frames voiced. Harvest keeps more, at 3 × the time

Spectra = npt.NDArray[np.float64]  # (frames, bins)


class Reshaped:
    """``tts`` with the pitch and formants of ``voice``; its speed is the engine's own affair."""

    def __init__(self, tts: TextToSpeech, voice: Voice) -> None:
        self._tts = tts
        self._voice = voice
        self.rate = tts.rate
        self._worker = ThreadPoolExecutor(1, "timbre")

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        loop = asyncio.get_running_loop()
        plain = self._tts.speak(text, language)
        try:
            async for pcm in plain:
                yield await loop.run_in_executor(self._worker, self._reshape, pcm)
        finally:
            if isinstance(plain, AsyncGenerator):  # stop the engine now, not when it is collected
                await plain.aclose()

    def _reshape(self, pcm: Pcm) -> Pcm:
        samples = pcm.astype(np.float32) / np.float32(32768)
        return to_pcm(reshape(samples, self.rate, self._voice.pitch, self._voice.formant))


def reshape(
    samples: Samples, rate: int, pitch: float = 0.0, formant: float = 1.0, speed: float = 1.0
) -> Samples:
    """``samples`` higher by ``pitch`` semitones, formants times ``formant``, ``speed`` times as fast.

    At speed 1 the length is kept to the sample.
    """
    sound = samples.astype(np.float64)
    if not sound.any():
        return samples[: round(len(samples) / speed)]
    rough, times = pyworld.dio(sound, rate, frame_period=_STEP_MS, allowed_range=_RANGE)
    f0 = pyworld.stonemask(sound, rough, times, rate)
    envelope = pyworld.cheaptrick(sound, f0, times, rate)
    breath = pyworld.d4c(sound, f0, times, rate)
    if formant != 1:
        envelope, breath = _stretched(envelope, formant), _stretched(breath, formant)
    made = pyworld.synthesize(f0 * 2 ** (pitch / 12), envelope, breath, rate, _STEP_MS / speed)
    length = round(len(samples) / speed)
    return np.pad(made[:length], (0, max(0, length - len(made)))).astype(np.float32)


def _stretched(spectra: Spectra, ratio: float) -> Spectra:
    """Every spectrum with what was at frequency f now at f × ratio."""
    bins = np.arange(spectra.shape[1])
    at = np.minimum(bins / ratio, bins[-1])
    low = np.minimum(at.astype(int), bins[-1] - 1)
    part = at - low
    return np.ascontiguousarray(spectra[:, low] * (1 - part) + spectra[:, low + 1] * part)

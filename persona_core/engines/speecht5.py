"""SpeechT5 with its HiFi-GAN vocoder, through transformers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from transformers import SpeechT5ForTextToSpeech, SpeechT5HifiGan, SpeechT5Tokenizer

from persona_core.engines.card import require_torch_cuda
from persona_core.engines.english import spelled_out
from persona_core.engines.speech import GAP_S, PROBE, gain_of, speakable, trimmed
from persona_core.engines.threads import stream_from_thread
from persona_core.engines.timbre import reshape
from persona_core.engines.xvectors import speaker_vector
from persona_core.errors import EngineError
from persona_core.types import Pcm, Samples, Voice

_MOST_LETTERS = 200  # at once; the model knows 600 positions and loses its way long before


class SpeechT5Voice:
    """``path`` holds ``tts/`` and ``hifigan/``, each as ``save_pretrained`` writes it, and the speakers
    (persona_core/engines/xvectors.py), one of which ``voice.timbre`` names."""

    def __init__(self, path: Path, voice: Voice, device: Literal["cpu", "cuda"] = "cpu") -> None:
        require_torch_cuda(device)
        tts, hifigan = path / "tts", path / "hifigan"
        try:
            self._tokenizer = SpeechT5Tokenizer.from_pretrained(tts, normalize=True, local_files_only=True)
            model: Any = SpeechT5ForTextToSpeech.from_pretrained(tts, local_files_only=True)
            vocoder: Any = SpeechT5HifiGan.from_pretrained(hifigan, local_files_only=True)
            self._model, self._vocoder = model.to(device).eval(), vocoder.to(device).eval()
        except (OSError, RuntimeError, ValueError, TypeError, ImportError, SafetensorError) as cause:
            raise EngineError(
                f"SpeechT5 in {path} cannot be loaded on {device}: "
                "run python -m persona_core.models verify, or set TTS_ENGINE=hibari."
            ) from cause
        speaker = speaker_vector(path, voice.timbre, model.config.speaker_embedding_dim)
        self._speaker = torch.from_numpy(speaker)[None].to(device)
        self._speed = voice.speed
        self.rate = int(vocoder.config.sampling_rate)
        self._gain = gain_of(self._synthesize(PROBE), self.rate)
        self._worker = ThreadPoolExecutor(1, "speecht5")

    def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        return stream_from_thread(self._worker, lambda: self._sentences(spelled_out(speakable(text))))

    def _sentences(self, text: str) -> Generator[Pcm | None, None, None]:
        for sentence in _pieces(text):
            samples = self._synthesize(sentence)
            if self._speed != 1:  # the model has no pace of its own to set
                samples = reshape(samples, self.rate, speed=self._speed)
            pcm = trimmed(samples, self.rate, GAP_S / self._speed, self._gain)
            yield pcm if pcm.size else None

    def _synthesize(self, sentence: str) -> Samples:
        tokens = self._tokenizer(sentence, return_tensors="pt").input_ids.to(self._speaker.device)
        with torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(0)  # its prenet drops out at random even when speaking
            sound = self._model.generate_speech(tokens, self._speaker, vocoder=self._vocoder)
        samples: Samples = sound.float().cpu().numpy()
        return samples


def _pieces(text: str) -> Iterator[str]:
    for sentence in re.split(r"(?<=[.!?…])\s+", text):
        yield from (piece for piece in textwrap.wrap(sentence, _MOST_LETTERS) if speakable(piece))

"""Piper voices. ``piper-tts`` is GPL-3.0-or-later, so it is an option that is imported only when chosen."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import piper

from persona_core.engines.english import spelled_out
from persona_core.engines.speech import GAP_S, PROBE, gain_of, speakable, trimmed
from persona_core.engines.threads import stream_from_thread
from persona_core.errors import EngineError
from persona_core.types import Pcm, Voice


class PiperVoice:
    """``path``: a voice's ``.onnx`` with its ``.onnx.json`` beside it, or a folder holding one such pair.

    ``voice.timbre`` picks a speaker where the voice has several; else it is the voice's own name or empty.
    """

    def __init__(self, path: Path, voice: Voice) -> None:
        path = _network(path)
        try:
            self._piper = piper.PiperVoice.load(path)
            name = str(json.loads(Path(f"{path}.json").read_text("utf-8")).get("dataset", ""))
        except (OSError, RuntimeError, ValueError, KeyError) as cause:
            raise EngineError(
                f"The piper voice {path.name} cannot be loaded: it needs its .onnx.json beside it, "
                "and python -m persona_core.models verify says whether the file is whole."
            ) from cause
        config = self._piper.config
        speakers = dict(config.speaker_id_map) or {name or path.stem: 0, path.stem: 0}
        if voice.timbre and voice.timbre not in speakers:
            raise EngineError(f"This piper voice has no {voice.timbre!r}: choose {', '.join(speakers)}.")
        self._manner = piper.SynthesisConfig(
            speaker_id=speakers[voice.timbre] if voice.timbre else None,
            length_scale=config.length_scale / voice.speed,
            normalize_audio=False,  # piper's own way makes every sentence as loud as any other
        )
        self._english = config.espeak_voice.startswith("en")
        self._speed = voice.speed
        self.rate = config.sample_rate
        probe = [chunk.audio_float_array for chunk in self._piper.synthesize(PROBE, self._manner)]
        self._gain = gain_of(np.concatenate(probe), self.rate)
        self._worker = ThreadPoolExecutor(1, "piper")

    def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        return stream_from_thread(self._worker, lambda: self._sentences(speakable(text)))

    def _sentences(self, text: str) -> Generator[Pcm | None, None, None]:
        if not text:
            return
        plain = text.replace("[[", "[").replace("]]", "]")  # piper reads [[…]] as phonemes
        if self._english:
            plain = spelled_out(plain)
        for chunk in self._piper.synthesize(plain, self._manner):
            pcm = trimmed(chunk.audio_float_array, self.rate, GAP_S / self._speed, self._gain)
            yield pcm if pcm.size else None


def _network(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.onnx"))
    if len(found) != 1:
        raise EngineError(f"{path} holds {len(found)} piper voices: set TTS_MODEL to one .onnx file.")
    return found[0]

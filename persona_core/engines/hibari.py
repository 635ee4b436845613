"""hibari: a small English voice distilled from Kokoro, fast on any processor."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor

from hibari import Hibari
from hibari.voices import DEFAULT, VOICES

from persona_core.engines.english import spelled_out
from persona_core.engines.speech import GAP_S, PROBE, gain_of, speakable, trimmed
from persona_core.engines.threads import stream_from_thread
from persona_core.errors import EngineError
from persona_core.types import Pcm, Voice

_SEED = 0  # of the noise in consonants: the same text always sounds the same


class HibariVoice:
    """``voice.timbre`` is one of hibari's names; all but the default are downloaded on first use."""

    def __init__(self, voice: Voice, threads: int = 1) -> None:
        timbre = voice.timbre or DEFAULT
        if timbre not in VOICES:
            raise EngineError(f"hibari has no voice {timbre!r}: choose {', '.join(VOICES)}.")
        try:
            self._hibari = Hibari(timbre, threads=max(1, threads))
        except (RuntimeError, OSError) as cause:
            raise EngineError(
                f"hibari's voice {timbre!r} could not be loaded: connect to the internet once, "
                f"or choose {DEFAULT}, which is always here."
            ) from cause
        self._speed = voice.speed
        self.rate = int(self._hibari.sample_rate)
        self._gain = gain_of(self._hibari(PROBE, seed=_SEED), self.rate)  # and reads the dictionaries
        self._worker = ThreadPoolExecutor(1, "hibari")

    def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        return stream_from_thread(self._worker, lambda: self._sentences(spelled_out(speakable(text))))

    def _sentences(self, text: str) -> Generator[Pcm | None, None, None]:
        for sentence in self._hibari.split_sentences(text):
            for samples in self._hibari.stream(sentence, speed=self._speed, seed=_SEED):
                pcm = trimmed(samples, self.rate, GAP_S / self._speed, self._gain)
                yield pcm if pcm.size and speakable(sentence) else None

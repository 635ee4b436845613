"""The same models in a plain pipeline, for comparison, on the clips of the live turns and right after them.

After the last speech sample it waits for half a second of silence, has stock ``faster_whisper`` transcribe the
clip with the library's defaults, asks the model (whose prefix with the character and 8 earlier turns is kept;
only her spoken words are written, no tail), and has the whole reply spoken before it is heard: to its first
10 ms above -50 dBFS. Stages run one after the other; no network is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
from faster_whisper import WhisperModel

from memory.plain_text import SENTINEL
from persona_core.assemble import build_persona
from persona_core.hardware import probe
from persona_core.models import ModelFolder, load_catalogue
from persona_core.persona import Persona
from persona_core.stopwatch import Stopwatch
from persona_core.thinking.prompt import build_prompt
from persona_core.types import Person, Samples, Sampling, Turn
from tests.benchmarks.figures import Figure, against, figure_of
from tests.benchmarks.live import shipped
from tests.benchmarks.live.hearing import AUDIBLE_DBFS
from tests.benchmarks.live.sounds import levels_db
from tests.benchmarks.live.turns import TurnSeen

SILENCE_MS = 500.0
ANN = Person("bench:ann", "Ann")


def compare(earlier: Sequence[TurnSeen], turns: Sequence[TurnSeen]) -> list[Figure]:
    """Live over plain, for each turn that was answered."""
    answered = [turn for turn in turns if turn.latency_ms is not None]
    if not answered:
        return []
    lines = [(turn.heard[-1]["text"], turn.said[-1]["text"]) for turn in earlier if turn.heard and turn.said]
    plain_ms = asyncio.run(_measure(lines, [turn.clip.samples for turn in answered]))
    ratios = [(turn.latency_ms or 0.0) / ms for turn, ms in zip(answered, plain_ms, strict=True)]
    return [
        against("<= 0.45", figure_of("sequential_ratio", ratios, "of plain")),
        figure_of("sequential_ms", plain_ms, "ms"),
    ]


async def _measure(earlier: Sequence[tuple[str, str]], clips: Sequence[Samples]) -> list[float]:
    plain = Plain(earlier)
    for clip in clips[:2]:  # models and prefix get warm
        await plain.latency_ms(clip)
    return [await plain.latency_ms(clip) for clip in clips]


class Plain:
    def __init__(self, earlier: Sequence[tuple[str, str]]) -> None:
        settings = shipped.settings()
        self._persona: Persona = build_persona(settings, hear=False, speak=True, report=lambda line: None)
        catalogue = load_catalogue()
        folder = ModelFolder(settings.models_dir, catalogue)
        _, path = folder.ensure_first(catalogue.profile("cpu").stt)
        # the same precision and threads as hers
        self._stt = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=probe().cores)
        self._turns = [
            Turn(who, text) for pair in earlier for who, text in zip((ANN, None), pair, strict=True)
        ]

    async def latency_ms(self, samples: Samples) -> float:
        watch = Stopwatch()
        segments, _ = self._stt.transcribe(samples)
        text = " ".join(segment.text.strip() for segment in segments)
        reply = await self._reply(text)
        sound = await self._voice(reply)
        return SILENCE_MS + watch.ms() + sound

    async def _reply(self, text: str) -> str:
        persona = self._persona
        turns = [*self._turns, Turn(ANN, text)]
        messages = build_prompt(persona.character, turns, persona.llm, persona.sampling.max_tokens)
        sampling = Sampling(persona.sampling.max_tokens, persona.sampling.temperature, stop=(SENTINEL,))
        return "".join([piece async for piece in persona.llm.stream(messages, sampling, "plain")])

    async def _voice(self, reply: str) -> float:
        """Speak all of it; milliseconds to its first audible 10 ms."""
        tts = self._persona.tts
        assert tts is not None  # it was asked for
        chunks = [pcm async for pcm in tts.speak(reply)]
        if not chunks:
            return 0.0
        sound = np.concatenate(chunks).astype(np.float32) / 32768
        return 10.0 * int(np.argmax(levels_db(sound, tts.rate // 100) > AUDIBLE_DBFS))

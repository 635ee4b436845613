"""How soon the language model turns to what is spoken: reading ahead, giving way, giving up.

On the processor, with the model of profile ``cpu`` where it is present, else SmolLM2, and a prompt of about
1000 tokens. ``python -m tests.benchmarks.read_ahead [GGUF]``.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path

from persona_core.engines.llama_cpp import LlamaCppModel
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import load_settings
from persona_core.types import Message, Sampling
from tests.benchmarks.figures import Figure, figure_of, show

REPEATS = 20
BAR_MS = 50
MODELS = ("qwen2.5-1.5b-instruct", "qwen2.5-coder-1.5b-instruct", "smollm2-135m-instruct")
ABOUT = "She keeps bees, grows pears and answers in plain words. " * 75  # about 900 tokens
REPORT = "Seven swarms left in May, two hives were robbed, and the lime trees flowered late. " * 30
SPOKEN = "I planted {} pear trees by the river last year and every summer the wasps are there before me, {}"
LAST_WORDS = "what can I do?"
ANSWER = Sampling(max_tokens=4, temperature=0)


class Watched(LlamaCppModel):
    """Tells when a conversation's prompt begins to be evaluated."""

    began = 0.0  # time.perf_counter()

    def _decode(self, kept, *what):
        if kept is not self._kept.background and not self.began:
            self.began = time.perf_counter()
        super()._decode(kept, *what)


def prompt(number: int, last: str = LAST_WORDS) -> list[Message]:
    return [
        Message("system", f"Mira is a gardener. {ABOUT}"),
        Message("user", SPOKEN.format(number, last).strip()),
    ]


async def first_token_ms(model: Watched, number: int) -> float:
    """All but the last words are read while they are spoken."""
    await model.read(prompt(number, last=""), "live")
    began = time.perf_counter()
    async with aclosing(model.stream(prompt(number), ANSWER, "live")) as pieces:
        await anext(pieces)
        return 1000 * (time.perf_counter() - began)


async def given_up_ms(job: Callable[[], Awaitable[object]]) -> float:
    """How long it takes until ``job``, cancelled at some moment, has let go of the model."""
    task = asyncio.ensure_future(job())
    await asyncio.sleep(random.uniform(0.02, 0.3))
    began = time.perf_counter()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return 1000 * (time.perf_counter() - began)


async def yield_ms(model: Watched) -> float:
    """From asking for an answer to its first evaluation, while a background answer is read or written."""
    await asyncio.sleep(random.uniform(0.05, 0.4))
    model.began = 0.0
    began = time.perf_counter()
    async with aclosing(model.stream(prompt(0), ANSWER, "live")) as pieces:
        await anext(pieces)
    return 1000 * (model.began - began)


async def yields_ms(model: Watched) -> list[float]:
    """Half of them while the background's prompt is evaluated, half while its answer is written."""

    async def work(report: str) -> None:
        while True:
            report = f"{len(report)} {report}"  # never the same
            asked = [Message("user", f"{report}\nWrite a long story about that.")]
            async for _ in model.stream(asked, Sampling(max_tokens=400), background=True):
                pass

    times = []
    for report in (REPORT, ""):
        task = asyncio.create_task(work(report))
        times += [await yield_ms(model) for _ in range(REPEATS)]
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return times


async def drain(model: Watched, messages: list[Message]) -> None:
    async with aclosing(model.stream(messages, Sampling(max_tokens=200), "attempt")) as pieces:
        async for _ in pieces:
            pass


async def measure(path: Path) -> list[Figure]:
    model = Watched(path, context_tokens=4096, threads=min(8, os.cpu_count() or 1))
    ahead = [await first_token_ms(model, number) for number in range(REPEATS)][
        1:
    ]  # the first reads who she is
    yields = await yields_ms(model)
    unknown = [[Message("user", f"{number}. {REPORT}")] for number in range(REPEATS)]
    stops = [await given_up_ms(lambda m=m: model.read(m, "other")) for m in unknown]
    closes = [
        await given_up_ms(lambda m=m: drain(model, m)) for m in (*unknown[::2], *map(prompt, range(10)))
    ]
    tokens = len(model._chat.prompt(prompt(0)))
    model.close()
    return [
        Figure("llm_read_ahead_prompt", tokens, "tokens"),
        figure_of("llm_first_token_read_ahead_ms", ahead, "ms"),
        with_bar(figure_of("llm_background_yield_ms", yields, "ms")),
        with_bar(figure_of("llm_read_stop_ms", stops, "ms")),
        with_bar(figure_of("llm_attempt_close_ms", closes, "ms")),
    ]


def with_bar(figure: Figure) -> Figure:
    return replace(figure, bar=f"p95 <= {BAR_MS}", holds=(figure.p95 or 0) <= BAR_MS)


def weights() -> Path | None:
    named = [Path(word) for word in sys.argv[1:] if not word.startswith("-")]
    models = ModelFolder(load_settings().models_dir, load_catalogue())
    files = [file for name in MODELS for file in sorted(models.folder(name).glob("*.gguf"))]
    return next(iter([*named, *files]), None)


def main() -> None:
    path = weights()
    if path is None:
        sys.exit(f"needs a model: python -m persona_core.models pull {MODELS[-1]}")
    show(asyncio.run(measure(path)))


if __name__ == "__main__":
    main()

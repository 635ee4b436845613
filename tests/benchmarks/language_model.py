"""llama.cpp on the processor and, where a card and a build for it are there, on the card.

SmolLM2-135M: first words with a prompt never seen and with one whose beginning is kept, writing speed,
and how many greedy answers are the same on both. ``python -m tests.benchmarks.language_model [GGUF]``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from persona_core.engines.llama_cpp import LlamaCppModel, llama
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import load_settings
from persona_core.types import Message, Sampling
from tests.benchmarks.figures import Figure, figure_of, show

REPEATS = 20  # twice as many as there are questions
ANSWER = Sampling(max_tokens=24, temperature=0)
ABOUT = "She keeps bees, grows pears and answers in plain words. " * 20  # about 250 tokens
QUESTIONS = (
    "What grows in May?", "Tell me about your bees.", "Count from one to ten.", "What is the capital of France?",
    "Write a short poem about rain.", "Why is the sky blue?", "How do I bake bread?", "What is two plus two?",
    "Name three colours.", "Say good night.",
)  # fmt: skip


def talk(question: str, name: str = "Mira") -> list[Message]:
    return [Message("system", f"{name} is a gardener. {ABOUT}"), Message("user", question)]


async def answer(model: LlamaCppModel, prompt: list[Message], talk_id: str) -> tuple[str, float, float]:
    """The words, the milliseconds to the first of them, and tokens per second after it."""
    began = time.perf_counter()
    text, first = "", 0.0
    async for piece in model.stream(prompt, ANSWER, talk_id):
        first = first or time.perf_counter()
        text += piece
    rate = (model.count_tokens(text) - 1) / (time.perf_counter() - first)
    return text, 1000 * (first - began), rate


async def measure(path: Path, gpu: bool) -> tuple[list[Figure], list[str]]:
    """Figures, and the greedy answers to QUESTIONS."""
    where = "card" if gpu else "processor"
    model = LlamaCppModel(path, context_tokens=2048, threads=min(8, os.cpu_count() or 1), gpu=gpu)
    await answer(model, talk("Hello."), "warm")
    cold = [await answer(model, talk(QUESTIONS[0], f"Number {n}"), "cold") for n in range(REPEATS)]
    kept = [await answer(model, talk(question), "kept") for question in QUESTIONS * 2]
    tokens = len(model._chat.prompt(talk(QUESTIONS[0])))
    model.close()
    return [
        Figure(f"small_llm_prompt_{where}", tokens, "tokens"),
        figure_of(f"small_llm_first_token_cold_ms_{where}", [ms for _, ms, _ in cold], "ms"),
        figure_of(f"small_llm_first_token_kept_ms_{where}", [ms for _, ms, _ in kept], "ms"),
        figure_of(f"small_llm_tokens_per_s_{where}", [rate for _, _, rate in cold + kept], "tokens/s"),
    ], [text for text, _, _ in kept[: len(QUESTIONS)]]


def weights() -> Path | None:
    named = [Path(word) for word in sys.argv[1:] if not word.startswith("-")]
    folder = ModelFolder(load_settings().models_dir, load_catalogue()).folder("smollm2-135m-instruct")
    return next(iter([*named, *folder.glob("*.gguf")]), None)


def main() -> None:
    path = weights()
    if path is None:
        sys.exit("needs the model: python -m persona_core.models pull smollm2-135m-instruct")
    figures, said = asyncio.run(measure(path, gpu=False))
    if llama.llama_supports_gpu_offload():
        on_card, said_there = asyncio.run(measure(path, gpu=True))
        same = sum(one == other for one, other in zip(said, said_there, strict=True))
        figures += [*on_card, Figure("small_llm_same_greedy_answer", same, f"of {len(said)}")]
    show(figures)


if __name__ == "__main__":
    main()

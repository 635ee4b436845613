"""GGUF models through xllamacpp: llama.cpp's own server inside this process, from a binary wheel.

For machines without a compiler; the wheel is built for any processor and so reads prompts at about
half the speed of llama-cpp-python built on the spot (57 against 105 tokens a second, 1.5B on two cores).
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import xllamacpp

from persona_core.engines.chat import estimated_tokens
from persona_core.engines.gguf import require_gguf
from persona_core.engines.kept import KeptSequences
from persona_core.engines.threads import stream_from_callback
from persona_core.errors import EngineError
from persona_core.types import Message, Sampling

SLOTS = 4  # conversations whose prefix is kept
CELLS_PER_CONTEXT = 2  # the cache holds two full conversations, or more that are shorter
BATCH = 64  # prompt tokens per step


class XLlamaCppModel:
    """A chat model from a GGUF file. A stop is noticed between tokens, not while a prompt is read."""

    keeps_prefix = True

    def __init__(self, path: Path, context_tokens: int, threads: int, gpu: bool = False) -> None:
        """``threads``: at most the physical cores. ``gpu``: all layers on the card, with a wheel that can.

        Raises EngineError when ``path`` is no model that can be loaded.
        """
        require_gguf(path)
        self.context_tokens = context_tokens
        try:
            self._server = xllamacpp.Server(_params(path, context_tokens, threads, gpu))
        except RuntimeError as error:
            raise EngineError(
                f"{path} is damaged or of a kind that llama.cpp does not know; fetch it again."
            ) from error
        self._slots = KeptSequences(SLOTS)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="xllamacpp")

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, conversation: str = ""
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel. Raises EngineError when the prompt is too long or the server fails."""
        slot = self._slots.claim(conversation).id
        request = _request(messages, sampling, slot)

        def work(emit: Callable[[str | None], bool]) -> None:
            problems: list[str] = []

            def chunk(data: dict[str, Any]) -> bool:
                if "error" in data:
                    problems.append(_sentence(data["error"]))
                    return True
                return emit(_text(data))

            if emit(None):  # closed before its turn came
                return
            self._server.handle_chat_completions(request, chunk)
            if problems:
                raise EngineError(problems[0])

        return stream_from_callback(self._worker, work, ahead=sampling.max_tokens + 1)

    def count_tokens(self, text: str) -> int:
        """An upper estimate: the package shows no tokenizer."""
        return estimated_tokens(text)

    def close(self) -> None:
        """Wait for the answer being written and free the model's memory."""
        self._worker.shutdown(cancel_futures=True)
        self._server = None


def _params(path: Path, context_tokens: int, threads: int, gpu: bool) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_gpu_layers = -1 if gpu else 0  # -1: all
    params.n_ctx = CELLS_PER_CONTEXT * context_tokens
    params.n_batch = params.n_ubatch = BATCH
    params.n_parallel = SLOTS
    params.kv_unified = True
    params.cache_ram_mib = 0  # by default 8 GiB of old prompts
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.fit_params = params.warmup = False
    params.verbosity = -1
    # The server listens on a port of this machine besides; nobody is meant to talk to it.
    params.api_keys = [secrets.token_urlsafe()]
    params.ui = params.endpoint_slots = params.endpoint_props = False
    return params


def _request(messages: Sequence[Message], sampling: Sampling, slot: int) -> dict[str, Any]:
    return {
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": -1 if sampling.seed is None else sampling.seed,
        "stop": list(sampling.stop),
        "repeat_penalty": 1.05,
        "stream": True,
        "cache_prompt": True,
        "id_slot": slot,
        "chat_template_kwargs": {"enable_thinking": False},
    }


def _text(data: dict[str, Any]) -> str | None:
    choices = data.get("choices") or [{}]
    return choices[0].get("delta", {}).get("content") or None


def _sentence(error: dict[str, Any]) -> str:
    if error.get("type") == "exceed_context_size_error":
        return (
            f"The conversation takes {error.get('n_prompt_tokens')} tokens and the model has room for "
            f"{error.get('n_ctx')}; set LLM_CONTEXT_TOKENS higher."
        )
    return "The language model failed while it was answering; try again."

"""GGUF models through xllamacpp: llama.cpp's own server inside this process, from a binary wheel.

For machines without a compiler; the wheel is built for any processor and so reads prompts at about
half the speed of llama-cpp-python built on the spot (57 against 105 tokens a second, 1.5B on two cores).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import xllamacpp

from persona_core.engines.chat import estimated_tokens
from persona_core.engines.gguf import require_gguf
from persona_core.engines.kept import KeptSequences
from persona_core.engines.pieces import Pieces
from persona_core.engines.threads import stream_from_callback
from persona_core.errors import EngineError
from persona_core.types import Message, Sampling

SLOTS = 4  # conversations whose prefix is kept; the background has one more
CELLS_PER_CONTEXT = 3  # the cache holds two full conversations, or more that are shorter, and the background
BATCH = 64  # prompt tokens per step
PAUSE_S = 0.05  # how often the background looks whether it may go on

Emit = Callable[[str | None], bool]  # takes a piece, answers whether to stop


class XLlamaCppModel:
    """A chat model from a GGUF file; the server writes answers asked for together token by token in turn.

    A stop is noticed after each token and after each BATCH of a prompt, which may take longer than the 50 ms
    that LanguageModel promises; so may a background answer's giving way.
    """

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
        self._workers = ThreadPoolExecutor(SLOTS, thread_name_prefix="xllamacpp")
        self._background = ThreadPoolExecutor(1, thread_name_prefix="xllamacpp-background")
        self._answering = self._reading = 0  # how many there are; changed by the event loop alone
        self._closed = False

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel, but a background answer is written whether it is taken or not.

        Raises EngineError when the prompt is too long or the server fails.
        """
        if not background:
            return self._answer(messages, sampling, conversation)
        work = partial(self._write_in_background, messages, sampling)
        return stream_from_callback(self._background, work, ahead=sampling.max_tokens + 1)

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        """See LanguageModel; any answer ends it, and while one is written nothing is read."""
        if self._answering:
            return
        request = _request(messages, Sampling(max_tokens=0), self._slots.claim(conversation).id)

        def work(emit: Emit) -> None:
            def chunk(text: str | None) -> bool:
                return emit(None) or bool(text) or self._answering > 0

            self._ask(request, chunk)

        self._reading += 1
        try:
            async with aclosing(stream_from_callback(self._workers, work)) as stream:
                async for _ in stream:
                    pass
        finally:
            self._reading -= 1

    async def forget(self) -> None:
        """See Forgetful: the server lets go of a prompt only for another one, and waits for what is being written."""
        self._answering += 1  # so that the background gives way
        try:
            for slot in self._slots.everyone:
                request = _request([Message("user", ".")], Sampling(max_tokens=1), slot.id)
                stream = stream_from_callback(self._workers, partial(self._ask, request), ahead=2)
                async with aclosing(stream):
                    async for _ in stream:
                        pass
        finally:
            self._answering -= 1

    def count_tokens(self, text: str) -> int:
        """An upper estimate: the package shows no tokenizer."""
        return estimated_tokens(text)

    def close(self) -> None:
        """Stop what is being written and free the model's memory."""
        self._closed = True
        for workers in (self._workers, self._background):
            workers.shutdown(cancel_futures=True)
        self._server = None

    async def _answer(
        self, messages: Sequence[Message], sampling: Sampling, conversation: str
    ) -> AsyncGenerator[str, None]:
        request = _request(messages, sampling, self._slots.claim(conversation).id)
        self._answering += 1
        try:
            work = partial(self._ask, request)
            stream = stream_from_callback(self._workers, work, ahead=sampling.max_tokens + 1)
            async with aclosing(stream):
                async for piece in stream:
                    yield piece
        finally:
            self._answering -= 1

    # --- in the worker threads

    def _ask(self, request: dict[str, Any], emit: Emit) -> None:
        """Have ``request`` answered by the server; ``emit`` gets each piece, and None after each BATCH read."""
        problems: list[str] = []

        def chunk(data: dict[str, Any]) -> bool:
            if self._closed:
                problems.append("The language model was closed while it was writing.")
            if "error" in data:
                problems.append(_sentence(data["error"]))
            return bool(problems) or emit(_text(data))

        if emit(None):  # closed before its turn came
            return
        self._server.handle_chat_completions(request, chunk)
        if problems:
            raise EngineError(problems[0])

    def _write_in_background(self, messages: Sequence[Message], sampling: Sampling, emit: Emit) -> None:
        """The server knows no urgency: it is told to stop, and later to go on from what was written."""
        pieces = Pieces(sampling.stop)
        written: list[str] = []  # a piece for each token
        over = giving_way = False

        def piece(text: str | None) -> bool:
            nonlocal over, giving_way
            if text:
                written.append(text)
            over = emit(pieces.push((text or "").encode()) or None) or pieces.stopped
            giving_way = self._answering + self._reading > 0
            return over or giving_way

        while not over and len(written) < sampling.max_tokens:
            if piece(None):
                time.sleep(PAUSE_S)
                continue
            so_far = [Message("assistant", "".join(written))] if written else []
            rest = replace(sampling, max_tokens=sampling.max_tokens - len(written), stop=())
            self._ask(_request([*messages, *so_far], rest, self._slots.background.id), piece)
            over = over or not giving_way
        emit(pieces.rest() or None)


def _params(path: Path, context_tokens: int, threads: int, gpu: bool) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_gpu_layers = -1 if gpu else 0  # -1: all
    params.n_ctx = CELLS_PER_CONTEXT * context_tokens
    params.n_batch = params.n_ubatch = BATCH
    params.n_parallel = SLOTS + 1
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
    schema = {"json_schema": json.loads(sampling.schema)} if sampling.schema else {}
    return schema | {
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": -1 if sampling.seed is None else sampling.seed,
        "stop": list(sampling.stop),
        "repeat_penalty": 1.05,
        "stream": True,
        "return_progress": True,  # a chunk without text after each BATCH of the prompt
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

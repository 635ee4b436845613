"""The few pieces of llama.cpp's C interface that need setting up: log, model, context, samplers."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp as llama

from persona_core.engines.gguf import require_gguf
from persona_core.engines.llama_chat import LlamaChat
from persona_core.engines.tiles import tiled
from persona_core.errors import EngineError
from persona_core.types import Sampling

log = logging.getLogger(__name__)

TOP_K = 64  # what the other samplers look at; a whole vocabulary takes them milliseconds
PENALTY, PENALTY_TOKENS = 1.05, 64  # enough against loops, mild enough for JSON
# "Don't repeat yourself": after so many tokens as they were said before, the next one as it was then loses the
# first of these log-odds, and the second times as much for each further token. Small models that have said the same
# thing twice say nothing else any more.
DRY_TOKENS, DRY, DRY_GROWTH = 2, 2.0, 1.75
RANDOM_SEED = 0xFFFFFFFF  # llama.cpp's word for "a new one each time"
LATELY = 4  # answers, whose first word is avoided, too
DRY_REACH = 4096  # of the latest tokens
# How the lines end that llama.cpp reports as errors when we asked it to stop.
INTERRUPTED = ("failed with error 1", "compute status: 1", "failed to decode, ret = 2")
ERROR = 4  # of ggml.h; the table in llama-cpp-python is an older one


def _log_errors(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    line = text.decode(errors="replace").strip()
    if level == ERROR and not line.endswith(INTERRUPTED):
        log.error("llama.cpp: %s", line)


_log_callback = llama.llama_log_callback(_log_errors)  # must live as long as the library


def load(path: Path, gpu: bool) -> llama.llama_model_p:
    """The model in ``path``, wholly on the card with ``gpu`` where the installed build can do that.

    Raises EngineError when it cannot be read or is damaged.
    """
    require_gguf(path)
    llama.llama_log_set(_log_callback, ctypes.c_void_p(0))
    llama.llama_backend_init()
    params = llama.llama_model_default_params()
    on_card = gpu and llama.llama_supports_gpu_offload()
    params.n_gpu_layers = -1 if on_card else 0  # -1: all
    nothing = (ctypes.c_void_p * 1)()  # a list of no devices
    if not on_card:  # without it a build for the card reads long prompts there all the same
        params.devices = ctypes.addressof(nothing)
    if gpu and not on_card:
        log.warning(
            "The installed llama-cpp-python has no GPU support; the language model runs on the processor."
        )
    file = path if on_card else tiled(path)
    model: llama.llama_model_p | None = llama.llama_model_load_from_file(str(file).encode(), params)
    if not model and file != path:  # damaged, and written anew the next time
        file.unlink(missing_ok=True)
        model = llama.llama_model_load_from_file(str(path).encode(), params)
    if not model and on_card:
        raise EngineError(
            f"{path} is damaged or does not fit on the graphics card; "
            "run python -m persona_core.models verify, or choose a smaller model."
        )
    if not model:
        raise EngineError(f"{path} is damaged or of a kind that llama.cpp does not know; fetch it again.")
    return model


def open_context(
    model: llama.llama_model_p, cells: int, batch: int, sequences: int, threads: int
) -> llama.llama_context_p:
    """A context whose ``sequences`` share ``cells`` tokens of memory.

    Raises EngineError when the machine has not enough memory.
    """
    params = llama.llama_context_default_params()
    params.n_ctx = cells
    params.n_batch = params.n_ubatch = batch
    params.n_seq_max = sequences
    params.n_threads = params.n_threads_batch = threads
    params.kv_unified = True
    context: llama.llama_context_p | None = llama.llama_init_from_model(model, params)
    if not context:
        raise EngineError(
            f"There is not enough memory for {cells} tokens of conversation; set LLM_CONTEXT_TOKENS lower."
        )
    return context


class Abort:
    """Makes the ``llama_decode`` that is running end early, within one node of its graph.

    llama.cpp asks a C function about it after every node, thousands of times a second; one written in
    Python would wait for the interpreter's lock each time. libc's ``strlen`` looks at our text instead: no
    character in it means "go on", one means "stop". It reaches the processor only: llama.cpp never asks
    on a graphics card, which finishes its batch in a CUDA stream that each context has of its own.
    """

    def __init__(self, context: llama.llama_context_p) -> None:
        """Must live as long as ``context``."""
        self._text = ctypes.create_string_buffer(2)  # one character and the zero that ends a C string
        self._ask = _strlen()
        if self._ask:
            llama.llama_set_abort_callback(context, self._ask, ctypes.addressof(self._text))

    @property
    def works(self) -> bool:
        """False where no ``strlen`` was found: batches then run to their end."""
        return self._ask is not None

    def set(self) -> None:
        self._text[0] = b"x"

    def clear(self) -> None:
        self._text[0] = b"\0"


def _strlen() -> Any:
    """libc's function as llama.cpp's ``ggml_abort_callback``: pointer in, 0 or not 0 out."""
    try:
        libc = ctypes.CDLL("msvcrt" if os.name == "nt" else None)
        return ctypes.cast(libc.strlen, llama.ggml_abort_callback)
    except (OSError, AttributeError):
        return None


@contextmanager
def sampler_for(
    sampling: Sampling, vocabulary: int, repetitions: Repetitions
) -> Iterator[llama.llama_sampler_p]:
    """A chain of samplers that looks at the answer so far and at earlier ones, never at the rest of the prompt."""
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    links = [
        llama.llama_sampler_init_top_k(TOP_K),
        llama.llama_sampler_init_penalties(vocabulary, PENALTY_TOKENS, PENALTY, 0.0, 0.0),
    ]
    if sampling.said:
        links.append(repetitions.of(sampling.said))
    if sampling.temperature <= 0:
        links.append(llama.llama_sampler_init_greedy())
    else:
        seed = RANDOM_SEED if sampling.seed is None else sampling.seed % RANDOM_SEED
        links += [
            llama.llama_sampler_init_top_p(sampling.top_p, 1),
            llama.llama_sampler_init_temp(sampling.temperature),
            llama.llama_sampler_init_dist(seed),
        ]
    for link in links:
        llama.llama_sampler_chain_add(chain, link)  # the chain frees them
    try:
        yield chain
    finally:
        llama.llama_sampler_free(chain)


class Repetitions:
    """Samplers that avoid what has been said; for one loaded model."""

    def __init__(self, chat: LlamaChat) -> None:
        self._chat = chat
        self._made: llama.llama_sampler_p = llama.llama_sampler_init_dry(
            chat.vocabulary, DRY, DRY_GROWTH, DRY_TOKENS, DRY_REACH, (ctypes.c_char_p * 0)(), 0
        )

    def of(self, said: Sequence[str]) -> llama.llama_sampler_p:
        """One that knows ``said``; whoever adds it to a chain need not free it.

        Each answer, the coming one too, follows line breaks, which count as repeated: one that begins with the same
        word parts ways soon, and the first words of the latest are avoided.
        """
        link: llama.llama_sampler_p = llama.llama_sampler_clone(self._made)
        break_ = self._chat.tokens("\n")
        breaks = [1] * (len(said) - LATELY) + [DRY_TOKENS] * min(len(said), LATELY)
        known = [
            token
            for text, count in zip(said, breaks, strict=True)
            for token in (*break_ * count, *self._chat.tokens(text))
        ]
        for token in [*known, *break_ * DRY_TOKENS][-DRY_REACH:]:
            llama.llama_sampler_accept(link, token)
        return link

    def close(self) -> None:
        llama.llama_sampler_free(self._made)

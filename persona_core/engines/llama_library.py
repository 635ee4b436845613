"""The few pieces of llama.cpp's C interface that need setting up: log, model, context, samplers."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import llama_cpp as llama

from persona_core.engines.gguf import require_gguf
from persona_core.errors import EngineError
from persona_core.types import Sampling

log = logging.getLogger(__name__)

TOP_K = 64  # what the other samplers look at; a whole vocabulary takes them milliseconds
PENALTY, PENALTY_TOKENS = 1.05, 64  # enough against loops, mild enough for JSON
RANDOM_SEED = 0xFFFFFFFF  # llama.cpp's word for "a new one each time"
ERROR = 4  # of ggml.h; the table in llama-cpp-python is an older one


def _log_errors(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    if level == ERROR:
        log.error("llama.cpp: %s", text.decode(errors="replace").strip())


_log_callback = llama.llama_log_callback(_log_errors)  # must live as long as the library


def load(path: Path, gpu: bool) -> llama.llama_model_p:
    """The model in ``path``, wholly on the card with ``gpu`` where the installed build can do that.

    Raises EngineError when it cannot be read or is damaged.
    """
    require_gguf(path)
    llama.llama_log_set(_log_callback, ctypes.c_void_p(0))
    llama.llama_backend_init()
    params = llama.llama_model_default_params()
    params.n_gpu_layers = 0
    if gpu and llama.llama_supports_gpu_offload():
        params.n_gpu_layers = -1  # all
    elif gpu:
        log.warning(
            "The installed llama-cpp-python has no GPU support; the language model runs on the processor."
        )
    model: llama.llama_model_p | None = llama.llama_model_load_from_file(str(path).encode(), params)
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


@contextmanager
def sampler_for(sampling: Sampling, vocabulary: int) -> Iterator[llama.llama_sampler_p]:
    """A chain of samplers that looks only at the answer so far, never at the prompt."""
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    links = [
        llama.llama_sampler_init_top_k(TOP_K),
        llama.llama_sampler_init_penalties(vocabulary, PENALTY_TOKENS, PENALTY, 0.0, 0.0),
    ]
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

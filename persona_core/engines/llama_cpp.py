"""GGUF models through llama.cpp, on the low-level functions of llama-cpp-python 0.3.36.

The high-level ``Llama`` class keeps one prompt; here each conversation has a sequence of its own in
one shared (unified) key-value cache, so that only what is new of a prompt is evaluated. A sequence
begins as a copy of the one most like it, which costs nothing in a unified cache: a new conversation
finds the character's description evaluated already.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import llama_cpp as llama

from persona_core.engines.kept import Kept, KeptSequences
from persona_core.engines.llama_chat import LlamaChat
from persona_core.engines.llama_library import load, open_context, sampler_for
from persona_core.engines.pieces import Pieces
from persona_core.engines.threads import stream_from_thread
from persona_core.errors import EngineError
from persona_core.types import Message, Sampling

SEQUENCES = 4  # conversations whose prefix is kept
CELLS_PER_CONTEXT = 2  # the cache holds two full conversations, or more that are shorter
BATCH, BATCH_GPU = 64, 512  # prompt tokens per step; a stop is noticed between steps
NO_ROOM = 1  # llama_decode: no free cells, nothing changed


class LlamaCppModel:
    """A chat model from a GGUF file; one answer at a time, in a thread of its own."""

    keeps_prefix = True

    def __init__(self, path: Path, context_tokens: int, threads: int, gpu: bool = False) -> None:
        """``threads``: at most the physical cores, more slow llama.cpp down. ``gpu``: all layers on the card.

        Raises EngineError when ``path`` is no chat model that can be loaded.
        """
        self.evaluated = 0  # tokens put through the model so far; what was kept does not count again
        self._closed = False
        self._batch_tokens = BATCH_GPU if gpu else BATCH
        self._model = load(path, gpu)
        try:
            self._chat = LlamaChat(self._model, path.name)
            self.context_tokens = min(context_tokens, llama.llama_model_n_ctx_train(self._model))
            cells = CELLS_PER_CONTEXT * self.context_tokens
            self._context = open_context(self._model, cells, self._batch_tokens, SEQUENCES, threads)
        except EngineError:
            llama.llama_model_free(self._model)
            raise
        self._batch = llama.llama_batch_init(self._batch_tokens, 0, 1)
        self._memory = llama.llama_get_memory(self._context)
        self._kept = KeptSequences(SEQUENCES)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="llama")

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, conversation: str = ""
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel. Raises EngineError when the prompt leaves no room for an answer."""
        # The whole answer fits between thread and consumer: close() never waits for a slow consumer.
        return stream_from_thread(
            self._worker,
            lambda: self._answer(messages, sampling, conversation),
            ahead=sampling.max_tokens + 1,
        )

    def count_tokens(self, text: str) -> int:
        """Exactly how many tokens ``text`` takes."""
        return len(self._chat.tokens(text))

    def close(self) -> None:
        """Stop what is being written and free the model's memory."""
        if self._closed:
            return
        self._closed = True
        self._worker.shutdown(cancel_futures=True)
        llama.llama_batch_free(self._batch)
        llama.llama_free(self._context)
        llama.llama_model_free(self._model)

    # --- in the worker thread; None is yielded where the answer may be stopped

    def _answer(
        self, messages: Sequence[Message], sampling: Sampling, conversation: str
    ) -> Generator[str | None, None, None]:
        prompt = self._chat.prompt(messages)
        room = self.context_tokens - len(prompt)
        if room < 1:
            raise EngineError(
                f"The conversation takes {len(prompt)} tokens and the model has room for "
                f"{self.context_tokens}; set LLM_CONTEXT_TOKENS higher."
            )
        kept = self._kept.claim(conversation)
        yield from self._read(kept, prompt)
        yield from self._write(kept, sampling, min(sampling.max_tokens, room))

    def _read(self, kept: Kept, prompt: list[int]) -> Generator[None, None, None]:
        """Make ``kept`` hold exactly ``prompt``, with the last token's logits ready."""
        self._reuse(kept, prompt)
        for start in range(len(kept.tokens), len(prompt), self._batch_tokens):
            self._decode(kept, prompt[start : start + self._batch_tokens])
            yield None

    def _reuse(self, kept: Kept, prompt: list[int]) -> None:
        """Cut ``kept`` down to what ``prompt`` begins with; another sequence that knows more is copied."""
        source, common = self._kept.longest(prompt, preferred=kept)
        common = min(common, len(prompt) - 1)  # logits come only from evaluating a token
        if source is not kept:
            self._forget(kept)
            llama.llama_memory_seq_cp(self._memory, source.id, kept.id, -1, -1)
            kept.tokens = source.tokens[:]
        if llama.llama_memory_seq_rm(self._memory, kept.id, common, -1):
            del kept.tokens[common:]
        else:  # recurrent models cannot go back
            self._forget(kept)

    def _write(self, kept: Kept, sampling: Sampling, limit: int) -> Generator[str | None, None, None]:
        pieces = Pieces(sampling.stop)
        token: int | None = None
        with sampler_for(sampling, self._chat.size) as sampler:
            for _ in range(limit):
                if token is not None:
                    self._decode(kept, [token])
                token = llama.llama_sampler_sample(sampler, self._context, -1)
                if self._chat.ends(token):
                    break
                yield pieces.push(self._chat.bytes_of(token)) or None
                if pieces.stopped:
                    return
        yield pieces.rest() or None

    def _decode(self, kept: Kept, tokens: list[int]) -> None:
        """Evaluate ``tokens`` at the end of ``kept``, taking cells from others where there are too few."""
        if self._closed:
            raise EngineError("The language model was closed while it was writing.")
        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at] = token
            batch.pos[at] = len(kept.tokens) + at
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = kept.id
            batch.logits[at] = at == len(tokens) - 1
        while (code := llama.llama_decode(self._context, batch)) == NO_ROOM:
            other = self._kept.least_recent(besides=kept)
            if other is None:
                break
            self._forget(other)
        if code:
            self._forget(kept)
            raise EngineError(f"The language model failed (llama.cpp code {code}); try again.")
        kept.tokens += tokens
        self.evaluated += len(tokens)

    def _forget(self, kept: Kept) -> None:
        llama.llama_memory_seq_rm(self._memory, kept.id, -1, -1)
        kept.tokens.clear()

"""GGUF models through llama.cpp, on the low-level functions of llama-cpp-python 0.3.36.

The high-level ``Llama`` class keeps one prompt; here each conversation has a sequence of its own in
one shared (unified) key-value cache, so that only what is new of a prompt is evaluated. A sequence
begins as a copy of the one most like it, which costs nothing in a unified cache: a new conversation
finds the character's description evaluated already.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing
from pathlib import Path

import llama_cpp as llama
import numpy as np

from persona_core.engines.grammar import grammar_for
from persona_core.engines.kept import Kept, KeptSequences, common_prefix
from persona_core.engines.llama_chat import LlamaChat
from persona_core.engines.llama_library import Abort, Repetitions, load, open_context, sampler_for
from persona_core.engines.pieces import Pieces
from persona_core.engines.scheduler import Scheduler, Urgency
from persona_core.engines.threads import give_way
from persona_core.errors import EngineError
from persona_core.types import Message, Sampling

SEQUENCES = 4  # conversations whose prefix is kept
CELLS_PER_CONTEXT = 3  # the cache holds two full conversations, or more that are shorter, and the background
BATCH, BATCH_GPU = 64, 512  # prompt tokens per step of an answer
# The same where it may be interrupted: what was half evaluated is then lost, or has to be waited for where
# the step cannot be aborted. A step of 16 takes a quarter longer for each token than one of 64 (1.5B, two cores).
SMALL_BATCH, SMALL_BATCH_GPU, SMALL_BATCH_WITHOUT_ABORT = 16, 64, 4
BACKGROUND_AHEAD = 16  # tokens a background answer is written further than they are taken
NO_ROOM, ABORTED = 1, 2  # llama_decode: no free cells, or interrupted; neither changes anything


class LlamaCppModel:
    """A chat model from a GGUF file, in a thread of its own; answers asked for together take turns."""

    keeps_prefix = True

    def __init__(self, path: Path, context_tokens: int, threads: int, gpu: bool = False) -> None:
        """``threads``: at most the physical cores, more slow llama.cpp down. ``gpu``: all layers on the card.

        Raises EngineError when ``path`` is no chat model that can be loaded.
        """
        self.evaluated = 0  # tokens put through the model so far; what was kept does not count again
        self._closed = False
        self._step = BATCH_GPU if gpu else BATCH
        self._model = load(path, gpu)
        try:
            self._chat = LlamaChat(self._model, path.name)
            self.context_tokens = min(context_tokens, llama.llama_model_n_ctx_train(self._model))
            cells = CELLS_PER_CONTEXT * self.context_tokens
            self._context = open_context(self._model, cells, self._step, SEQUENCES + 1, threads)
        except EngineError:
            llama.llama_model_free(self._model)
            raise
        self._repetitions = Repetitions(self._chat)
        self._batch = llama.llama_batch_init(self._step, 0, 1)
        self._memory = llama.llama_get_memory(self._context)
        self._kept = KeptSequences(SEQUENCES)
        self._forgettings = 0
        # The sequence whose last token's logits are there, and all its tokens
        self._logits: tuple[int, list[int]] | None = None
        self._closing: float | None = None  # what the last step found out on its way
        abort = Abort(self._context)
        self._small_step = SMALL_BATCH if abort.works else SMALL_BATCH_WITHOUT_ABORT
        if gpu:
            self._small_step = SMALL_BATCH_GPU
        # what is being said is worked out before what is answered, with which a processor is busy for longest
        self._scheduler = Scheduler("llama", abort, prepare=None if gpu else give_way)

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel. Raises EngineError when the prompt leaves no room for an answer."""
        if background:
            steps = self._leaving_nothing(self._answer(messages, sampling, None, self._small_step), None)
            return self._scheduler.stream(steps, Urgency.BACKGROUND, ahead=BACKGROUND_AHEAD)
        steps = self._answer(messages, sampling, conversation, self._step)
        steps = self._leaving_nothing(steps, conversation)
        # The whole answer fits between thread and consumer: an answer never stands still.
        return self._scheduler.stream(steps, Urgency.ANSWER, conversation, ahead=sampling.max_tokens + 1)

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        """See LanguageModel. An answer in another conversation makes it wait; one in its own takes it over."""
        await self._scheduler.run(self._read(messages, conversation), Urgency.READ, conversation)

    async def completed(self, messages: Sequence[Message], conversation: str = "") -> float:
        """See EndOfText."""
        steps = self._ending(messages, conversation)
        stream = self._scheduler.stream(steps, Urgency.ANSWER, conversation)
        async with aclosing(stream):
            return await anext(stream)

    async def forget(self) -> None:
        """See Forgetful: of every conversation and of the background, tokens and what was worked out from them.

        What is being written goes on, and leaves nothing when it has ended.
        """
        await self._scheduler.run(self._forget_all(), Urgency.ANSWER)

    def count_tokens(self, text: str) -> int:
        """Exactly how many tokens ``text`` takes."""
        return len(self._chat.tokens(text))

    def close(self) -> None:
        """Stop what is being written and free the model's memory."""
        if self._closed:
            return
        self._closed = True
        self._scheduler.close(EngineError("The language model was closed while it was writing."))
        self._repetitions.close()
        llama.llama_batch_free(self._batch)
        llama.llama_free(self._context)
        llama.llama_model_free(self._model)

    # --- in the scheduler's thread; None is yielded where other jobs may go on

    def _read(self, messages: Sequence[Message], conversation: str) -> Generator[None, None, None]:
        tokens = self._chat.beginning(messages)[: self.context_tokens]
        if self._kept.claim(conversation).tokens[: len(tokens)] == tokens:  # and perhaps more
            return
        while not self._advance(conversation, tokens, self._small_step, logits=False):
            yield None

    def _forget_all(self) -> Generator[None, None, None]:
        self._forgettings += 1
        for kept in self._kept.everyone:
            self._forget(kept)
        self._logits = None
        self._chat.forget()
        for at in range(self._step):
            self._batch.token[at] = 0
        llama.llama_memory_clear(self._memory, True)  # what the cells held, too
        yield None

    def _leaving_nothing(
        self, steps: Generator[str | None, None, None], owner: str | None
    ) -> Generator[str | None, None, None]:
        """``steps``; what has been forgotten since they were begun has been read again for them, and goes with them."""
        begun_after = self._forgettings
        yield from steps
        if begun_after != self._forgettings:
            self._forget(self._kept.background if owner is None else self._kept.claim(owner))

    def _ending(self, messages: Sequence[Message], conversation: str) -> Generator[float | None, None, None]:
        """The probability, and with it all of the prompt is evaluated, so that an answer finds it done."""
        tokens = self._chat.prompt(messages)[: self.context_tokens]
        last_word = common_prefix(tokens, self._chat.up_to_end(messages)) - 1
        told, done = None, False
        while not done:
            self._closing = None  # others may have had the thread
            asked = max(0, last_word) if told is None else None
            done = self._advance(conversation, tokens, self._step, logits=True, also=asked)
            told = self._closing if told is None else told
            yield told if done else None

    def _answer(
        self, messages: Sequence[Message], sampling: Sampling, owner: str | None, step: int
    ) -> Generator[str | None, None, None]:
        """``owner`` None: the background."""
        tokens = self._chat.prompt(messages)
        room = self.context_tokens - len(tokens)
        if room < 1:
            raise EngineError(
                f"The conversation takes {len(tokens)} tokens and the model has room for "
                f"{self.context_tokens}; set LLM_CONTEXT_TOKENS higher."
            )
        pieces = Pieces(sampling.stop)
        with (
            sampler_for(sampling, self._chat.size, self._repetitions) as sampler,
            grammar_for(sampling.schema, self._chat) as grammar,
        ):
            for _ in range(min(sampling.max_tokens, room)):
                while not self._advance(owner, tokens, step, logits=True):
                    yield None
                if grammar is None:
                    token = llama.llama_sampler_sample(sampler, self._context, -1)
                else:
                    token = grammar.pick(sampler, self._context)
                if token is None or self._chat.ends(token):
                    break
                tokens.append(token)
                yield pieces.push(self._chat.bytes_of(token)) or None
                if pieces.stopped:
                    return
        yield pieces.rest() or None

    def _advance(
        self, owner: str | None, tokens: list[int], step: int, *, logits: bool, also: int | None = None
    ) -> bool:
        """Evaluate up to ``step`` more of ``tokens``; True when all are, with the last one's ``logits`` if asked.

        ``also``: the token after which ``_closing`` is worked out on the way. Looks each time at what is still
        there of what was evaluated before: another job may have been given its place, or the model may have
        been interrupted.
        """
        kept = self._kept.background if owner is None else self._kept.claim(owner)
        if also is None and self._logits == (kept.id, tokens):  # nothing has been evaluated since
            return True
        last = len(tokens) - 1 if logits else len(tokens)  # logits come only from evaluating a token
        last = last if also is None else min(last, also)
        if kept.tokens != tokens[: len(kept.tokens)] or len(kept.tokens) > last or not kept.tokens:
            self._reuse(kept, tokens, last)
        batch = tokens[len(kept.tokens) :][:step]
        if batch:
            inner = -1 if also is None else also - len(kept.tokens)
            self._decode(kept, batch, logits and len(kept.tokens) + len(batch) == len(tokens), inner)
        return len(kept.tokens) == len(tokens)

    def _reuse(self, kept: Kept, tokens: list[int], limit: int) -> None:
        """Cut ``kept`` down to what ``tokens`` begins with; another sequence that knows more is copied."""
        source, common = self._kept.longest(tokens, preferred=kept)
        common = min(common, limit)
        if source is not kept:
            self._forget(kept)
            llama.llama_memory_seq_cp(self._memory, source.id, kept.id, -1, -1)
            kept.tokens = source.tokens[:]
        self._cut(kept, common)

    def _decode(self, kept: Kept, tokens: list[int], logits: bool, also: int = -1) -> None:
        """Evaluate ``tokens`` at the end of ``kept``, taking cells from others where there are too few.

        ``logits`` of the last one are then there, and of the one numbered ``also`` what ``_closing`` says.
        Changes nothing when it is interrupted.
        """
        self._logits = None
        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at] = token
            batch.pos[at] = len(kept.tokens) + at
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = kept.id
            batch.logits[at] = at == also or (logits and at == len(tokens) - 1)
        while (code := llama.llama_decode(self._context, batch)) == NO_ROOM:
            other = self._kept.first_to_go(besides=kept)
            if other is None:
                break
            self._forget(other)
        if code == ABORTED:
            self._cut(kept, len(kept.tokens))
            return
        if code:
            self._forget(kept)
            raise EngineError(f"The language model failed (llama.cpp code {code}); try again.")
        kept.tokens += tokens
        self.evaluated += len(tokens)
        if 0 <= also < len(tokens):
            self._closing = self._closing_after(also)
        if logits:
            self._logits = kept.id, kept.tokens[:]

    def _closing_after(self, at: int) -> float:
        """Probability that what follows the batch's token ``at`` closes a sentence or the message."""
        logits = llama.llama_get_logits_ith(self._context, at)
        odds = np.ctypeslib.as_array(logits, shape=(self._chat.size,)).astype(np.float64)
        odds = np.exp(odds - odds.max())
        return float(odds[self._chat.closing].sum() / odds.sum())

    def _cut(self, kept: Kept, length: int) -> None:
        """Make the model's memory of ``kept`` end after ``length`` tokens."""
        if llama.llama_memory_seq_rm(self._memory, kept.id, length, -1):
            del kept.tokens[length:]
        else:  # recurrent models cannot go back
            self._forget(kept)

    def _forget(self, kept: Kept) -> None:
        llama.llama_memory_seq_rm(self._memory, kept.id, -1, -1)
        kept.tokens.clear()

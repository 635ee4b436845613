"""Chat models in Hugging Face's format, through transformers and torch.

A loop of our own instead of ``generate``: it keeps each conversation's key-value cache, and stops
between two tokens.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DynamicCache,
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from persona_core.engines.card import require_torch_cuda
from persona_core.engines.chat import certain_beginning, without_system
from persona_core.engines.kept import common_prefix
from persona_core.engines.pieces import Pieces
from persona_core.engines.scheduler import Scheduler, Urgency
from persona_core.errors import EngineError
from persona_core.types import Message, Sampling

CONVERSATIONS = 4  # whose evaluated prefix is kept
STEP = {"cpu": 64, "cuda": 512}  # prompt tokens at once; a stop is noticed between steps
SMALL_STEP = {"cpu": 16, "cuda": 64}  # the same of what gives way to answers
BACKGROUND_AHEAD = 16  # tokens a background answer is written further than they are taken
PENALTY = 1.05  # against loops


@dataclass(slots=True)
class _Evaluated:
    cache: DynamicCache
    tokens: list[int] = field(default_factory=list)


class TransformersModel:
    """A causal language model with a chat template, in a thread of its own.

    Answers asked for together take turns.
    """

    keeps_prefix = True

    def __init__(self, path: Path, context_tokens: int, device: str = "cpu") -> None:
        """``path``: a folder with weights and tokenizer. ``device``: cpu or cuda.

        Raises EngineError when the folder does not hold a chat model that can be loaded.
        """
        require_torch_cuda(device)
        self._model: Any
        dtype: Any = torch.float32 if device == "cpu" else torch.bfloat16
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
            self._model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, local_files_only=True)
            self._model = self._model.to(device).eval()
        except torch.OutOfMemoryError as error:
            raise EngineError(f"{path} does not fit on the graphics card; choose a smaller model.") from error
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
            raise EngineError(f"{path} is no language model that can be loaded; fetch it again.") from error
        if self._tokenizer.chat_template is None:
            raise EngineError(f"{path} has no chat template; choose an instruct or chat model.")
        longest = getattr(self._model.config, "max_position_embeddings", None) or context_tokens
        self.context_tokens = min(context_tokens, longest)
        self.evaluated = 0  # tokens put through the model so far; what was kept does not count again
        self._device = device
        self._step = STEP.get(device, STEP["cuda"])
        self._small_step = SMALL_STEP.get(device, SMALL_STEP["cuda"])
        self._ends = _end_tokens(self._model, self._tokenizer)
        # By conversation, least recently used first; None is the background's. What a job uses is not in here.
        self._kept: OrderedDict[str | None, _Evaluated] = OrderedDict()
        self._forgettings = 0
        self._scheduler = Scheduler("transformers", threading.Event())  # steps are not interrupted

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel; a background answer gives way between two steps.

        Raises EngineError when the prompt leaves no room for an answer.
        """
        if background:
            steps = self._answer(messages, sampling, None, self._small_step)
            return self._scheduler.stream(steps, Urgency.BACKGROUND, ahead=BACKGROUND_AHEAD)
        steps = self._answer(messages, sampling, conversation, self._step)
        # The whole answer fits between thread and consumer: an answer never stands still.
        return self._scheduler.stream(steps, Urgency.ANSWER, conversation, ahead=sampling.max_tokens + 1)

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        """See LanguageModel. An answer in another conversation makes it wait; one in its own takes it over."""
        await self._scheduler.run(self._read(messages, conversation), Urgency.READ, conversation)

    async def forget(self) -> None:
        """See Forgetful. What is being written goes on, and leaves nothing when it has ended."""

        def steps() -> Generator[None, None, None]:
            self._forgettings += 1
            self._kept.clear()
            yield None

        await self._scheduler.run(steps(), Urgency.ANSWER)

    def count_tokens(self, text: str) -> int:
        """Exactly how many tokens ``text`` takes."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def close(self) -> None:
        """Stop what is being written and let go of the weights."""
        self._scheduler.close(EngineError("The language model was closed while it was writing."))
        self._kept.clear()
        self._model = None

    # --- in the scheduler's thread; None is yielded where other jobs may go on

    def _read(self, messages: Sequence[Message], conversation: str) -> Generator[None, None, None]:
        tokens = self._tokens(certain_beginning(messages, self._rendered_any))[:-1][: self.context_tokens]
        with self._taken(conversation) as kept:
            if kept.tokens[: len(tokens)] == tokens:  # and perhaps more
                return
            self._cut(kept, common_prefix(kept.tokens, tokens))
            while rest := tokens[len(kept.tokens) :]:
                self._evaluate(kept, rest[: self._small_step])
                yield None

    def _answer(
        self, messages: Sequence[Message], sampling: Sampling, owner: str | None, step: int
    ) -> Generator[str | None, None, None]:
        """``owner`` None: the background."""
        prompt = self._tokens(self._rendered_any(messages, answer=True))
        room = self.context_tokens - len(prompt)
        if room < 1:
            raise EngineError(
                f"The conversation takes {len(prompt)} tokens and the model has room for "
                f"{self.context_tokens}; set LLM_CONTEXT_TOKENS higher."
            )
        with self._taken(owner) as kept:
            self._cut(kept, min(common_prefix(kept.tokens, prompt), len(prompt) - 1))  # logits need one token
            logits = None
            while rest := prompt[len(kept.tokens) :]:
                logits = self._evaluate(kept, rest[:step])
                yield None
            yield from self._write(kept, logits, sampling, min(sampling.max_tokens, room))

    def _rendered_any(self, messages: Sequence[Message], answer: bool = False) -> str:
        try:
            return self._rendered(messages, answer)
        except (TemplateError, ValueError):  # some templates know no system role or insist on alternation
            return self._rendered(without_system(messages), answer)

    def _rendered(self, messages: Sequence[Message], answer: bool) -> str:
        """The conversation as text; with ``answer`` up to where the assistant begins to write."""
        rows = [{"role": message.role, "content": message.content} for message in messages]
        text: str = self._tokenizer.apply_chat_template(
            rows, add_generation_prompt=answer, tokenize=False, enable_thinking=False
        )
        return text

    def _tokens(self, text: str) -> list[int]:
        """Of text that a chat template made, which writes the special tokens itself."""
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    @contextmanager
    def _taken(self, owner: str | None) -> Iterator[_Evaluated]:
        """The cache of ``owner``, for one job alone; another job of the same owner begins with an empty one.

        It may be given back from the event loop's thread, when a job that has to wait is given up.
        """
        kept, begun_after = self._kept.pop(owner, None) or _Evaluated(self._empty()), self._forgettings
        try:
            yield kept
        finally:
            if begun_after == self._forgettings:
                self._kept[owner] = kept
            conversations = [name for name in list(self._kept) if name is not None]
            for name in conversations[:-CONVERSATIONS]:
                self._kept.pop(name, None)

    def _cut(self, kept: _Evaluated, length: int) -> None:
        """Make ``kept`` end after ``length`` tokens, if it is longer."""
        if length == len(kept.tokens):  # which alone would make a sliding window refuse
            return
        try:
            kept.cache.crop(length - len(kept.tokens))  # as a negative number: how many to take away
            del kept.tokens[length:]
        except RuntimeError:  # a sliding window has forgotten what came before
            self._forget(kept)

    def _forget(self, kept: _Evaluated) -> None:
        kept.cache = self._empty()
        kept.tokens.clear()

    def _empty(self) -> DynamicCache:
        return DynamicCache(config=self._model.config)

    @torch.inference_mode()
    def _evaluate(self, kept: _Evaluated, tokens: list[int]) -> torch.Tensor:
        """Logits (1, vocabulary) after ``tokens``, which are added to ``kept``."""
        rows = torch.tensor([tokens], device=self._device)
        try:
            output = self._model(input_ids=rows, past_key_values=kept.cache, use_cache=True, logits_to_keep=1)
        except torch.OutOfMemoryError as error:
            self._kept.clear()  # frees memory
            self._forget(kept)  # some of its layers hold the new tokens already
            raise EngineError(
                "The graphics card's memory is full; set LLM_CONTEXT_TOKENS lower or choose a smaller model."
            ) from error
        kept.tokens += tokens
        self.evaluated += len(tokens)
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits

    def _write(
        self, kept: _Evaluated, logits: Any, sampling: Sampling, limit: int
    ) -> Generator[str | None, None, None]:
        pick = _Picker(sampling, self._device)
        pieces = Pieces(sampling.stop)
        written: list[int] = []
        told = 0  # characters
        while len(written) < limit:
            if written:
                logits = self._evaluate(kept, written[-1:])
            token = pick(logits, written)
            if token in self._ends:
                break
            written.append(token)
            text = self._tokenizer.decode(written, skip_special_tokens=True)
            if text.endswith("\ufffd"):  # half a character
                yield None
                continue
            yield pieces.push(text[told:].encode()) or None
            told = len(text)
            if pieces.stopped:
                return
        yield pieces.rest() or None


class _Picker:
    """Picks the next token of one answer."""

    def __init__(self, sampling: Sampling, device: str) -> None:
        self._processors = LogitsProcessorList([RepetitionPenaltyLogitsProcessor(PENALTY)])
        self._greedy = sampling.temperature <= 0
        if not self._greedy:
            self._processors.append(TemperatureLogitsWarper(sampling.temperature))
        if not self._greedy and sampling.top_p < 1:
            self._processors.append(TopPLogitsWarper(sampling.top_p))
        self._generator = torch.Generator(device)
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)

    @torch.inference_mode()
    def __call__(self, logits: Any, written: list[int]) -> int:
        so_far: Any = torch.tensor(
            [written], dtype=torch.long, device=logits.device
        )  # the prompt goes unpunished
        scores = self._processors(so_far, logits)
        if self._greedy:
            return int(scores.argmax())
        return int(torch.multinomial(scores.softmax(-1), 1, generator=self._generator))


def _end_tokens(model: Any, tokenizer: Any) -> set[int]:
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    return {token for token in [*ends, tokenizer.eos_token_id] if token is not None}

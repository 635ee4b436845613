"""Chat models in Hugging Face's format, through transformers and torch.

A loop of our own instead of ``generate``: it keeps each conversation's key-value cache, and stops
between two tokens.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from persona_core.engines.chat import without_system
from persona_core.engines.kept import common_prefix
from persona_core.engines.pieces import Pieces
from persona_core.engines.threads import stream_from_thread
from persona_core.errors import EngineError
from persona_core.types import Message, Sampling

CONVERSATIONS = 4  # whose evaluated prefix is kept
STEP = {"cpu": 64, "cuda": 512}  # prompt tokens at once; a stop is noticed between steps
PENALTY = 1.05  # against loops


@dataclass(slots=True)
class _Evaluated:
    cache: DynamicCache
    tokens: list[int] = field(default_factory=list)


class TransformersModel:
    """A causal language model with a chat template; one answer at a time, in a thread of its own."""

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
        self._ends = _end_tokens(self._model, self._tokenizer)
        self._kept: OrderedDict[str, _Evaluated] = OrderedDict()  # least recently used first
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="transformers")

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, conversation: str = ""
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel. Raises EngineError when the prompt leaves no room for an answer."""
        return stream_from_thread(
            self._worker,
            lambda: self._answer(messages, sampling, conversation),
            ahead=sampling.max_tokens + 1,
        )

    def count_tokens(self, text: str) -> int:
        """Exactly how many tokens ``text`` takes."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def close(self) -> None:
        """Wait for the answer being written and let go of the weights."""
        self._worker.shutdown(cancel_futures=True)
        self._kept.clear()
        self._model = None

    # --- in the worker thread; None is yielded where the answer may be stopped

    def _answer(
        self, messages: Sequence[Message], sampling: Sampling, conversation: str
    ) -> Generator[str | None, None, None]:
        prompt = self._prompt(messages)
        room = self.context_tokens - len(prompt)
        if room < 1:
            raise EngineError(
                f"The conversation takes {len(prompt)} tokens and the model has room for "
                f"{self.context_tokens}; set LLM_CONTEXT_TOKENS higher."
            )
        kept = self._reused(conversation, prompt)
        step = STEP.get(self._device, STEP["cuda"])
        logits = None
        for start in range(len(kept.tokens), len(prompt), step):
            logits = self._evaluate(kept, prompt[start : start + step])
            yield None
        yield from self._write(kept, logits, sampling, min(sampling.max_tokens, room))

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        try:
            return self._rendered(messages)
        except (TemplateError, ValueError):  # some templates know no system role or insist on alternation
            return self._rendered(without_system(messages))

    def _rendered(self, messages: Sequence[Message]) -> list[int]:
        rows = [{"role": message.role, "content": message.content} for message in messages]
        encoded = self._tokenizer.apply_chat_template(
            rows, add_generation_prompt=True, return_dict=True, enable_thinking=False
        )
        return list(encoded["input_ids"])

    def _reused(self, conversation: str, prompt: list[int]) -> _Evaluated:
        """This conversation's cache, cut down to what ``prompt`` begins with."""
        kept = self._kept.pop(conversation, None) or _Evaluated(DynamicCache(config=self._model.config))
        common = min(common_prefix(kept.tokens, prompt), len(prompt) - 1)  # logits need one token
        try:
            kept.cache.crop(common - len(kept.tokens))  # as a negative number: how many to take away
            del kept.tokens[common:]
        except RuntimeError:  # a sliding window has forgotten what came before
            kept = _Evaluated(DynamicCache(config=self._model.config))
        self._kept[conversation] = kept
        if len(self._kept) > CONVERSATIONS:
            self._kept.popitem(last=False)
        return kept

    @torch.inference_mode()
    def _evaluate(self, kept: _Evaluated, tokens: list[int]) -> torch.Tensor:
        """Logits (1, vocabulary) after ``tokens``, which are added to ``kept``."""
        rows = torch.tensor([tokens], device=self._device)
        output = self._model(input_ids=rows, past_key_values=kept.cache, use_cache=True, logits_to_keep=1)
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

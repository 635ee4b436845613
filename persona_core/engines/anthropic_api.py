"""Anthropic's models. What is said leaves this machine."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import anthropic
import httpx2

from persona_core.engines.chat import estimated_tokens, split_system
from persona_core.engines.pieces import Pieces
from persona_core.engines.remote import TIMEOUT, Remote
from persona_core.types import Message, Sampling

logging.getLogger("anthropic").setLevel(logging.INFO)  # its DEBUG lines hold the whole conversation


class AnthropicModel:
    """A model of Anthropic's Messages API; the character's description is cached at their end.

    The API has no temperature, top_p or seed (as of anthropic 2.12); these are left out.
    """

    keeps_prefix = False  # a request costs the owner money

    def __init__(self, api_key: str, model: str, context_tokens: int, base_url: str = "") -> None:
        """``base_url`` empty: Anthropic's own address."""
        self.context_tokens = context_tokens
        self._model = model
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key, base_url=base_url or None, timeout=TIMEOUT, max_retries=0
        )
        self._remote = Remote("Anthropic", "ANTHROPIC_API_KEY", model)

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel; answers do not disturb one another. Raises EngineError when the service refuses, is away, or breaks off."""
        try:
            async with await self._client.messages.create(
                **_request(self._model, messages, sampling)
            ) as events:
                async for piece in self._pieces(events, sampling):
                    yield piece
        except (anthropic.APITimeoutError, httpx2.TimeoutException) as error:
            raise self._remote.too_slow() from error
        except anthropic.APIConnectionError as error:
            raise self._remote.unreachable() from error
        except anthropic.APIStatusError as error:
            # An error event inside the stream carries the status of the stream, which began well.
            began_well = error.status_code < 400
            raise (
                self._remote.broke_off() if began_well else self._remote.refused(error.status_code)
            ) from error
        except (anthropic.APIError, httpx2.HTTPError, ValueError) as error:
            raise self._remote.broke_off() from error

    async def _pieces(self, events: AsyncIterator[Any], sampling: Sampling) -> AsyncIterator[str]:
        pieces = Pieces(sampling.stop)
        finished = False
        async for event in events:
            finished = finished or event.type == "message_stop"
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                if piece := pieces.push(event.delta.text.encode()):
                    yield piece
                if pieces.stopped:
                    return
        if piece := pieces.rest():
            yield piece
        if not finished:
            raise self._remote.broke_off()

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        """Nothing: a request costs the owner money."""

    def count_tokens(self, text: str) -> int:
        """An upper estimate: the tokenizer is at the other end."""
        return estimated_tokens(text)


def _request(model: str, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
    system, turns = split_system(messages)
    return {
        "model": model,
        "system": [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}]
        if system
        else [],
        "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
        "max_tokens": sampling.max_tokens,
        "stream": True,
    }

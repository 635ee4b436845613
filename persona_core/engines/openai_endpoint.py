"""Any endpoint that speaks OpenAI's chat completions: the service itself, llama-server, vLLM, Ollama…"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import httpx2
import openai

from persona_core.engines.chat import estimated_tokens
from persona_core.engines.pieces import Pieces
from persona_core.engines.remote import TIMEOUT, Remote
from persona_core.types import Message, Sampling

logging.getLogger("openai").setLevel(logging.INFO)  # its DEBUG lines hold the whole conversation


class OpenAIEndpoint:
    """A chat model at ``base_url`` (empty: the library's own default). Keeping prefixes is the server's work."""

    keeps_prefix = False  # a request costs the owner money

    def __init__(self, base_url: str, api_key: str, model: str, context_tokens: int) -> None:
        """``api_key`` may be empty where the endpoint wants none."""
        self.context_tokens = context_tokens
        self._model = model
        self._takes_schemas = True  # until it refuses one
        self._client = openai.AsyncOpenAI(
            base_url=base_url or None, api_key=api_key or "none", timeout=TIMEOUT, max_retries=0
        )
        address = self._client.base_url.copy_with(username=None, password=None)
        self._remote = Remote(f"The endpoint {address}".rstrip("/"), "OPENAI_API_KEY", model)

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel; answers do not disturb one another. Raises EngineError when the endpoint refuses, is away, or breaks off."""
        try:
            async with await self._asked(_request(self._model, messages, sampling)) as chunks:
                async for piece in self._pieces(chunks, sampling):
                    yield piece
        except openai.APITimeoutError as error:
            raise self._remote.too_slow() from error
        except openai.APIConnectionError as error:
            begun = isinstance(error.__cause__, httpx2.RemoteProtocolError | httpx2.ReadError)
            raise (self._remote.broke_off() if begun else self._remote.unreachable()) from error
        except openai.APIStatusError as error:
            raise self._remote.refused(error.status_code) from error
        except (openai.APIError, ValueError) as error:  # an error event, or no JSON
            raise self._remote.broke_off() from error

    async def _asked(self, request: dict[str, Any]) -> Any:
        """Servers that know no schemas refuse one; from then on they are asked without."""
        if not self._takes_schemas:
            request.pop("response_format", None)
        try:
            return await self._client.chat.completions.create(**request)
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            if "response_format" not in request:
                raise
            del request["response_format"]
            chunks = await self._client.chat.completions.create(**request)
            self._takes_schemas = False  # it was the schema, as it goes without
            return chunks

    async def _pieces(self, chunks: AsyncIterator[Any], sampling: Sampling) -> AsyncIterator[str]:
        pieces = Pieces(sampling.stop)  # not every server knows stop strings, and some take only four
        finished = False
        async for chunk in chunks:
            for choice in chunk.choices or []:
                finished = finished or bool(choice.finish_reason)
                if piece := pieces.push((choice.delta.content or "").encode()):
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
    request: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stream": True,
    }
    if sampling.seed is not None:
        request["seed"] = sampling.seed
    if sampling.schema:
        form = {"name": "answer", "schema": json.loads(sampling.schema)}
        request["response_format"] = {"type": "json_schema", "json_schema": form}
    return request

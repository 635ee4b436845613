"""A language model whose answers are known: an OpenAI-compatible endpoint on this machine.

```python
with ScriptedModel(lambda messages: "Good evening.") as model:
    ...  # a bot with model.env(); then model.asked
```
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from types import TracebackType

from aiohttp import web

Messages = list[dict[str, str]]  # each has "role" and "content"
TAIL = ' @@ {"emotion": "neutral"}'


class ScriptedModel:
    def __init__(self, answer: Callable[[Messages], str]) -> None:
        """``answer`` is what she says to a prompt; it is called on the endpoint's own thread."""
        self.asked: list[Messages] = []  # every prompt, also those whose answer was never spoken
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="scripted model", daemon=True)
        self._address = ""

    def env(self) -> dict[str, str]:
        """Settings for a bot that is to think with it."""
        return {"LLM_ENGINE": "openai", "LLM_MODEL": "scripted", "OPENAI_BASE_URL": f"{self._address}/v1"}

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        self._runner = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _open(self) -> web.AppRunner:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        messages: Messages = (await request.json())["messages"]
        self.asked.append(messages)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for word in (self._answer(messages) + TAIL).split(" "):
            await self._send(response, {"delta": {"content": f"{word} "}})
        await self._send(response, {"delta": {}, "finish_reason": "stop"})
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _send(self, response: web.StreamResponse, choice: dict[str, object]) -> None:
        chunk = json.dumps({"choices": [{"index": 0, **choice}]})
        await response.write(f"data: {chunk}\n\n".encode())

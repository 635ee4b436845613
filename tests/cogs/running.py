"""A whole ``PersonaBot`` on a loop of its own, with small engines, against the server in ``discord_server``."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp.connector
import numpy as np

from bot.client import PersonaBot, use_server
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Hearing, Persona
from persona_core.settings import Settings, load_settings
from persona_core.thinking.character import load_character
from persona_core.types import EAR_RATE, Message, Pcm, Samples, Sampling, Speech, Transcript
from tests.discord_server import DiscordServer

T = TypeVar("T")


class Loudness:
    """Loud is speech."""

    def open(self) -> Loudness:
        return self

    def probability(self, window: Samples) -> float:
        return float(np.abs(window).max() > 0.05)


class Dictation:
    """Hears the pitch of what was said as its words; ``words`` says what a pitch (Hz, in fifties) means."""

    def __init__(self) -> None:
        self.words: dict[int, str] = {}
        self.languages: dict[int, str] = {}  # else English

    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        return [self._transcript(round(_pitch(one.samples) / 50) * 50) for one in speech]

    def _transcript(self, hertz: int) -> Transcript:
        words, language = self.words.get(hertz, f"tone {hertz}"), self.languages.get(hertz, "en")
        return Transcript(words, language, 1.0, -0.1)


def _pitch(samples: Samples) -> float:
    """The loudest frequency, in Hz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * EAR_RATE / len(samples))


class Script:
    """Says what a test has put into ``lines``, else repeats the last message.

    An answer that was begun and thrown away, because more was said, has used up no line.
    """

    context_tokens = 4096
    keeps_prefix = False

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.otherwise = ""  # said instead of repeating
        self.prompts: list[Sequence[Message]] = []
        self._used: tuple[Sequence[Message], str] | None = None

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        answer = self._line(messages)
        for piece in answer.split(" "):
            await asyncio.sleep(0)
            yield piece + " "

    def _line(self, messages: Sequence[Message]) -> str:
        if self._used is not None:
            before, line = self._used
            if len(before) == len(messages) and messages[-1].content.startswith(before[-1].content):
                return line
        if not self.lines:
            return self.otherwise or f"You said {messages[-1].content}"
        self._used = messages, self.lines.pop(0)
        return self._used[1]

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        """Nothing is gained by it."""

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


class Beep:
    """Half a second of a quiet tone for every clause."""

    rate = 24_000

    def __init__(self) -> None:
        self.said: list[str] = []

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.said.append(text)
        yield (np.sin(np.arange(12_000) * 2 * np.pi * 300 / 24_000) * 8_000).astype(np.int16)


def tone(hertz: int, seconds: float) -> Pcm:
    """Int16 mono at 48 kHz: what a simulated member says."""
    return (np.sin(np.arange(int(48_000 * seconds)) * 2 * np.pi * hertz / 48_000) * 12_000).astype(np.int16)


class RunningBot:
    """Every method may be called from a test's own thread."""

    def __init__(self, server: DiscordServer, **settings: Any) -> None:
        self.server = server
        self.llm, self.tts, self.stt = Script(), Beep(), Dictation()
        self.persona = Persona(
            character=load_character("mira"),
            llm=self.llm,
            last_resort=Script(),
            sampling=Sampling(),
            hearing=Hearing(
                Loudness(), self.stt, SegmenterSettings(longest_s=0.4), quickest_s=0.4, longest_s=0.4
            ),
            tts=self.tts,
        )
        self.settings: Settings = load_settings({}, None).model_copy(
            update={"discord_token": _secret(server.bot.token), "leave_empty_after_s": 60.0, **settings}
        )
        self.loop = asyncio.new_event_loop()
        self._made: Future[PersonaBot] = Future()
        self._serving: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="bot", daemon=True)
        self.errors: list[dict[str, Any]] = []
        self.tasks_left: list[str] = []

    def start(self) -> None:
        self._thread.start()
        self.bot = self._made.result(10)
        self.host = self.bot.host
        self.server.wait_until(lambda: self.server.bot_is_ready() and self.server.commands(), 15, "no bot")

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def call(self, do: Callable[..., T], *args: Any) -> T:
        """Run ``do(*args)`` on the bot's loop."""

        async def there() -> T:
            return do(*args)

        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(30)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(lambda _, context: self.errors.append(context))
        self.loop.create_task(self._begin())
        self.loop.run_forever()

    async def _begin(self) -> None:
        try:
            bot = PersonaBot(self.settings)
        except Exception as error:  # noqa: BLE001  # the test's thread raises it
            self._made.set_exception(error)
            return
        bot.host.persona = self.persona
        self._serving = asyncio.create_task(bot.serve())
        self._made.set_result(bot)

    async def _close(self) -> None:
        await self.bot.close()
        if self._serving is not None:
            await self._serving
        await asyncio.sleep(0.2)  # for sockets to close
        self.tasks_left = [str(t) for t in asyncio.all_tasks() if t is not asyncio.current_task()]


def _secret(token: str) -> Any:
    return load_settings({"DISCORD_TOKEN": token}, None).discord_token


@contextmanager
def running_bot(server: DiscordServer, folder: Path, **settings: Any) -> Iterator[RunningBot]:
    """A bot that is online; nothing it raised on its loop may be left unnoticed."""
    use_server(f"{server.service.api_url}/api/v10")
    # its own context was made when it was imported, so SSL_CERT_FILE would come too late here
    aiohttp.connector._SSL_CONTEXT_VERIFIED = ssl.create_default_context(cafile=str(server.certificate))
    running = RunningBot(server, data_dir=folder, key_file=folder / "key", **settings)
    running.start()
    try:
        yield running
    finally:
        running.stop()
    server.wait_until(lambda: not server.bot_is_ready(), 15, "the bot stays")
    left = [*running.errors, *server.errors, *running.tasks_left]
    assert not left, left

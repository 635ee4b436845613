"""The terminal: what is typed, and how a conversation is shown there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

from persona_core.events import Event, Failed, Heard, Hearing, Said, Speaking


def say(line: str) -> None:
    """A line about the program itself: standard error, so that standard output holds the conversation."""
    print(line, file=sys.stderr, flush=True)


class Lines(Protocol):
    """Where lines come from."""

    async def line(self, prompt: str) -> str | None:
        """The next one, without spaces around it; None: there are no more."""
        ...


class Typed:
    """Lines from standard input; a prompt is shown only to a person at a terminal."""

    def __init__(self) -> None:
        if sys.stdin is not None:  # else it was closed by whoever started her
            sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]  # bytes that are no text harm nothing

    async def line(self, prompt: str) -> str | None:
        if sys.stdin is None:
            return None
        if sys.stdin.isatty():
            print(prompt, end="", file=sys.stderr, flush=True)
        line = await _next_line()
        return line.strip() if line else None


class Given:
    """Lines that were given beforehand, as if they were typed."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = deque(lines)

    async def line(self, prompt: str) -> str | None:
        return self._lines.popleft().strip() if self._lines else None


async def _next_line() -> str:
    """Read in a thread that nobody waits for, so that Ctrl-C ends her without an Enter after it."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def arrived(text: str) -> None:
        if not line.done():
            line.set_result(text)

    def read() -> None:
        text = sys.stdin.readline()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(arrived, text)

    threading.Thread(target=read, daemon=True, name="typed line").start()
    return await line


def discard_output() -> None:
    """Standard output cannot be written any more; what is left in its buffer must not fail at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class PlainScreen:
    """The conversation as people read it."""

    def __init__(self, her_name: str) -> None:
        self._her_name = her_name
        self._writing = False
        self.failures = 0

    def show(self, event: Event) -> None:
        match event:
            case Heard(utterance):
                print(f"{utterance.person.name}: {utterance.text}", flush=True)
            case Speaking(text):
                start = "" if self._writing else f"{self._her_name}: "
                self._writing = True
                print(start + text, end="", flush=True)
            case Said():
                self._end_line()
            case Failed(message):
                self.failures += 1
                self._end_line()
                say(message)

    def answer(self, text: str) -> None:
        """What is answered to a command."""
        self._end_line()
        print(text, flush=True)

    def _end_line(self) -> None:
        if self._writing:
            self._writing = False
            print(flush=True)


class JsonScreen:
    """One object a line, for programs."""

    def __init__(self) -> None:
        self.failures = 0

    def show(self, event: Event) -> None:
        if isinstance(event, Failed):
            self.failures += 1
        if not isinstance(event, Speaking | Hearing):
            print(json.dumps(as_json(event), ensure_ascii=False), flush=True)

    def answer(self, text: str) -> None:
        """What is answered to a command is for people, and no event."""
        say(text)


def as_json(event: Heard | Said | Failed) -> dict[str, Any]:
    """The documented form of an event (README, "For programs")."""
    match event:
        case Heard(utterance):
            return {
                "event": "utterance",
                "speaker": utterance.person.name,
                "text": utterance.text,
                "started_s": round(utterance.started_s, 2),
                "ended_s": round(utterance.ended_s, 2),
            }
        case Said(reply, audio_s, timings):
            return {
                "event": "reply",
                "text": reply.text,
                "emotion": reply.emotion,
                "actions": [asdict(action) for action in reply.actions],
                "audio_s": round(audio_s, 2),
                "timings": {k: None if v is None else round(v, 1) for k, v in asdict(timings).items()},
            }
        case Failed(message):
            return {"event": "error", "message": message}

"""The terminal: what is typed, and how a conversation is shown there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol, TypeVar

from persona_core.events import Event, Failed, Heard, Hearing, Said, Speaking
from persona_core.types import Person

_UNSEEN = re.compile(r"^[\s\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]+")


T = TypeVar("T")


class Prompt:
    """What stands before the line that is being typed; it makes room for what comes meanwhile, and is back after it."""

    def __init__(self) -> None:
        self._text = ""  # empty: nothing is being typed

    def begin(self, text: str) -> None:
        self._text = text
        self.come_back()

    def end(self) -> None:
        self._text = ""

    def make_room(self) -> None:
        if self._text:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def come_back(self) -> None:
        if self._text:
            print(self._text, end="", file=sys.stderr, flush=True)


PROMPT = Prompt()  # there is one terminal


def say(line: str) -> None:
    """A line about the program itself: standard error, so that standard output holds the conversation."""
    with contextlib.suppress(OSError):  # nobody reads it any more, or the disk is full
        PROMPT.make_room()
        print(line, file=sys.stderr, flush=True)
        PROMPT.come_back()


def person_called(name: str) -> Person:
    """Whoever has this name at the desk."""
    name = shown_name(name) or "Friend"
    return Person(f"desk:{name.casefold()}", name)


def shown_name(name: str) -> str:
    """A name in one line, without what would move a terminal's cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


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
            PROMPT.begin(prompt)
        line = await _next_line()
        PROMPT.end()
        return tidied(line) if line else None


class Given:
    """Lines that were given beforehand, as if they were typed."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = deque(lines)

    async def line(self, prompt: str) -> str | None:
        return tidied(self._lines.popleft()) if self._lines else None


def tidied(line: str) -> str:
    """Without blank space around it, marks that nobody sees in front (a BOM, say), and halves of characters."""
    return _UNSEEN.sub("", line.encode("utf-8", "replace").decode()).rstrip()


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
                self._line(f"{utterance.person.name}: {utterance.text}")
            case Speaking(text):
                if not self._writing:
                    self._writing = True
                    PROMPT.make_room()
                    text = f"{self._her_name}: {text}"
                print(text, end="", flush=True)
            case Said():
                self._end_line()
            case Failed(message):
                self.failures += 1
                self._end_line()
                say(message)

    def answer(self, text: str) -> None:
        """What is answered to a command."""
        self._end_line()
        self._line(text)

    def _line(self, text: str) -> None:
        PROMPT.make_room()
        print(text, flush=True)
        PROMPT.come_back()

    def _end_line(self) -> None:
        if self._writing:
            self._writing = False
            print(flush=True)
            PROMPT.come_back()


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


class Shown:
    """All that is shown of a talk. Where it can be written nowhere any more, the task that made this is cancelled."""

    def __init__(self, screen: PlainScreen | JsonScreen) -> None:
        self.heard: set[Person] = set()  # whose words were shown
        self.lost: OSError | None = None
        self._screen = screen
        self._talk = asyncio.current_task()

    @property
    def failures(self) -> int:
        return self._screen.failures

    def event(self, event: Event) -> None:
        if isinstance(event, Heard):
            self.heard.add(event.utterance.person)
        self._write(self._screen.show, event)

    def answer(self, text: str) -> None:
        self._write(self._screen.answer, text)

    def _write(self, write: Callable[[T], None], what: T) -> None:
        try:
            write(what)
        except OSError as error:  # the disk is full, or a reader like `head` has gone
            self.lost = error
            if self._talk is not None:
                self._talk.cancel()


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

"""What the page needs from whoever opens it: whose it is, what places are called, and somebody to act for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cogs.host import Line, Place
from memory.types import Encounter
from persona_core.types import Person

Json = dict[str, Any]  # what a page is sent, or Discord's own form of a message


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be chosen for what was typed."""

    label: str
    line: str  # the whole line, with it


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command, a button or a form was answered with."""

    messages: Sequence[Json] = ()  # as Discord would show them, in their order; "gone": taken away
    files: Sequence[tuple[str, bytes]] = ()  # name, content
    form: Json | None = None  # to be filled in, as Discord would open it; "key" names it
    text: str = ""  # a line beside that
    choices: Sequence[Choice] = field(default=())  # one of which is wanted first


@dataclass(frozen=True, slots=True)
class Senses:
    """What a page can use of her."""

    hears: bool  # with the page's microphone
    speaks: bool  # through the page
    note: str = (
        ""  # a sentence for whoever would talk with her there: it takes a moment yet, or why she cannot
    )


class Sitter(Protocol):
    """Acts as the one person who sits here. What goes wrong is a KithError whose message is for them."""

    @property
    def you(self) -> Person: ...

    @property
    def place(self) -> Place:
        """Where they talk with her."""
        ...

    @property
    def senses(self) -> Senses: ...

    def awaken(self) -> None:
        """Somebody has opened a page, and may want to talk: what is lacking for that is seen to. Never waits."""
        ...

    @property
    def names(self) -> Mapping[str, str]:
        """What people are called, by the ids that stand in answers."""
        ...

    def commands(self) -> Sequence[Json]:
        """What can be typed: name, usage, description, and whether values are proposed for its options."""
        ...

    def clock(self) -> float:
        """The conversation's own clock, in seconds."""
        ...

    def say(self, text: str) -> None:
        """Say something to her in writing."""
        ...

    async def run(self, line: str) -> Answered:
        """Carry out a line that begins with "/"."""
        ...

    async def suggest(self, line: str) -> Sequence[Choice]:
        """What may follow in a line that is being typed."""
        ...

    async def press(self, message: str, part: str, values: Sequence[str]) -> Answered:
        """Press a button, or choose from a list, of an answer (its id)."""
        ...

    async def fill(self, form: str, values: Mapping[str, str]) -> Answered:
        """Send a form (its key) with what was put into its fields."""
        ...

    def listen(self, late: Callable[[Answered], None], changed: Callable[[], None]) -> None:
        """``late`` is told what is answered, or changes, when nobody waits for it any more.

        ``changed`` is called when ``senses`` are others.
        """
        ...

    async def hear(self, line: Line) -> None:
        """Let her hear what comes over ``line``, until it is closed or this is cancelled."""
        ...

    def speak_through(self, line: Line | None) -> None:
        """Where she speaks from the next reply on; None: where she did before."""
        ...


class Watcher(Protocol):
    """What she sees, for whoever's page it is. Errors are KithErrors whose message is for them; answers are one sentence."""

    @property
    def cameras(self) -> Sequence[str]:
        """Names of those that show something, the first one first."""
        ...

    async def picture(self, camera: str) -> bytes | None:
        """The latest picture of a camera as a JPEG, at most five times a second; None: there is none."""
        ...

    async def enrol(self, track: int, name: str) -> str:
        """Know whoever's face has this track from now on, who has agreed to it before the camera."""
        ...

    async def forget(self, person: str) -> str:
        """Erase what is kept of somebody (their id)."""
        ...

    async def merge(self, kept: str, gone: str) -> str:
        """Two turn out to be one, who is called as ``kept`` (ids)."""
        ...

    async def split(self, person: str) -> str:
        """Tell apart again those who were made one (their id)."""
        ...

    async def encounters(self) -> Sequence[Encounter]:
        """Those that are kept, the newest first, as the page's owner may read them."""
        ...

    def push(self, camera: str, data: bytes, taken_s: float | None) -> None:
        """A picture that the page's own camera took at ``taken_s`` (Unix time of the browser). Never waits."""
        ...

    def stop(self, camera: str) -> None:
        """The page's own camera is off."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the page is opened."""

    viewer: str  # id of whose page it is; empty: nobody's, so that no conversation is shown
    title: Callable[[Place], str]  # what a place is called, without Discord's marks
    sitter: Sitter | None = None  # None: it only shows
    why_silent: str = ""  # a sentence for whoever wonders why there is nothing to see, or to type into
    watcher: Watcher | None = None  # None: she sees nothing
    pushed: Pushed | None = None  # where pictures go that programs send; None: nobody wants any


class Pushed(Protocol):
    """Takes pictures that other programs send, glasses among them."""

    def refusal(self, camera: str) -> str:
        """Why nothing of this name is wanted, in a sentence; empty: it is."""
        ...

    def push(self, camera: str, data: bytes, taken_s: float | None) -> None:
        """A picture (JPEG, PNG, WebP), and when it was taken by its sender's clock (Unix seconds). Never waits."""
        ...

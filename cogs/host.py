"""What a cog may ask of the bot it runs under: Discord today, a desk that never logs in as well.

Cogs answer through the interaction and ask the host for everything else. Every method that reaches out
raises KithError with one plain sentence when it is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import discord

from memory.consent import Consent
from memory.memory import Memory
from memory.modes import Modes
from memory.posts import Post, Posts
from persona_core.errors import KithError
from persona_core.persona import Persona
from persona_core.ports import Playback, Transport
from persona_core.settings import Settings
from persona_core.types import Person

if TYPE_CHECKING:  # both are built on this file
    from cogs.calls import Calls
    from cogs.conversations import Conversations
    from cogs.in_view import InView
    from cogs.remembering import Remembering


User = discord.User | discord.Member


class Refusal(KithError):
    """Something cannot be done here or now; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where she can be talked to: a voice channel with its chat, a text channel, a DM, or the desk."""

    key: str  # names its conversation
    name: str  # as people see it
    realm: str  # the server it is in; at most one call at a time in each
    direct: bool = False  # a DM: nobody else reads it
    chat: bool = True  # whoever is in a call there can read what she posts, and press its buttons
    mixed: bool = False  # several people are one stream there: who speaks is told by their voices
    hosts: frozenset[str] = frozenset()  # ids of whose own place it is: they know that she listens there


class CallEvents(Protocol):
    """What a host tells about a call. Called on the event loop; must not wait."""

    def on_moved(self, place: Place) -> None:
        """She has been moved to another place."""
        ...

    def on_people(self) -> None:
        """Somebody came or went; ``people_present`` says who is there."""
        ...

    def on_ended(self, reason: str) -> None:
        """The call is over, against her will; ``reason`` is one sentence."""
        ...


class Line(Protocol):
    """An open call, as ``open_transport`` gives it: deaf and silent at first."""

    @property
    def transport(self) -> Transport: ...

    @property
    def playback(self) -> Playback: ...

    @property
    def quiet(self) -> bool:
        """Nobody is talking, whether she may hear them or not, and neither is she."""
        ...

    @property
    def others_talking(self) -> bool:
        """Somebody is talking whom she may not hear; nothing else is known of them."""
        ...

    async def wait_until_may_speak(self, timeout_s: float) -> bool: ...

    async def deafen(self, deaf: bool) -> None:
        """Show whether she listens."""
        ...

    def forget(self, person_id: str) -> None:
        """Drop what is buffered of a person's sound."""
        ...

    def state(self) -> Mapping[str, object]:
        """Counters and states by name, for /status."""
        ...

    async def close(self) -> None: ...


class Host(Protocol):
    settings: Settings
    memory: Memory
    consent: Consent
    posts: Posts
    modes: Modes
    conversations: Conversations
    calls: Calls
    remembering: Remembering
    in_view: InView  # whom she sees; in Discord nobody
    now: Callable[[], float]  # Unix time
    captioned: set[str]  # keys of the places where what is said can be read by others
    counts: Counter[str]  # what was done, dropped or refused, for /status
    engines: list[str]  # what she runs on, one line each

    @property
    def persona(self) -> Persona:
        """Raises Refusal while she is being loaded."""
        ...

    @property
    def her_id(self) -> int:
        """Her own Discord user id."""
        ...

    def is_for_her(self, message: discord.Message) -> bool:
        """Whether a message mentions her, replies to her, or is a direct one."""
        ...

    async def show_typing(self, place: Place) -> None:
        """She is about to write. Never raises."""
        ...

    def watch_buttons(self, view: discord.ui.View) -> None:
        """``view`` answers for its buttons wherever they were posted, also before a restart."""
        ...

    def person(self, user: User) -> Person: ...

    def place(self, channel: object) -> Place:
        """The place that a message or an interaction came from (its ``channel``)."""
        ...

    def place_called(self, key: str) -> Place | None:
        """The place that has this key, if it is still there."""
        ...

    def call_place(self, asker: User, channel: object | None) -> Place:
        """Where a call asked for by ``asker`` is to be; ``channel`` is what they named, if anything.

        Raises Refusal also where they could not go themselves.
        """
        ...

    def voice_place(self, asker: User, channel: object) -> Place:
        """The voice channel that is meant where nobody names one. Raises Refusal.

        That whose own chat ``channel`` is, else that of her call in this server, else the one ``asker`` is in.
        """
        ...

    def manages(self, asker: User, place: Place) -> bool:
        """Whether ``asker`` may change the settings of the channel there."""
        ...

    def is_owner(self, user: User) -> bool:
        """Whether ``user`` runs her; at a desk it is whoever sits there."""
        ...

    def moderates(self, user: User, channel: object) -> bool:
        """Whether ``user`` may delete others' messages in the server that ``channel`` is in."""
        ...

    def lacking(self, place: Place) -> Sequence[str]:
        """Permissions, as Discord names them, that she lacks for a call there.

        Raises Refusal where they would not help, as on a stage.
        """
        ...

    def people_present(self, place: Place) -> Sequence[Person]:
        """Who is in the call there; no bots."""
        ...

    def readable(self, person_ids: Set[str], place_keys: Set[str]) -> frozenset[str]:
        """Those of these text channels that every one of these people can read; what is not known for sure is not."""
        ...

    async def look_up_readers(self, person_ids: Set[str], place_keys: Set[str]) -> None:
        """Find out what ``readable`` does not know. Takes a round trip, and never raises."""
        ...

    async def open_transport(self, place: Place, may_hear: Callable[[str], bool], events: CallEvents) -> Line:
        """Enter a call; ``may_hear`` (person id → leave) is asked before anything is decoded."""
        ...

    async def announce(self, place: Place, text: str, view: discord.ui.View) -> Post:
        """Post that she listens, and show it beside her name where she may."""
        ...

    async def retract(self, place: Place, announcement: Post, text: str) -> None:
        """She does not listen any more: the announcement says so now. Never raises."""
        ...

    async def post(
        self, place: Place, text: str, *, view: discord.ui.View | None = None, reply_to: Post | None = None
    ) -> Post:
        """Write something; people named in it are shown, not called."""
        ...

    async def draw_buttons(self, post: Post, view: discord.ui.View) -> None:
        """Put other buttons under one of hers."""
        ...

    async def delete_post(self, post: Post) -> None:
        """One of hers; it may be gone already."""
        ...

    async def react(self, post: Post, emoji: str) -> None: ...

    async def write_to(self, person_id: str, text: str) -> Post:
        """A direct message."""
        ...

    async def tell_owner(self, text: str) -> None:
        """A line to whoever runs her. Never raises."""
        ...

"""What she does beside speaking: react, post, dm, leave, remember. Each within limits, none unasked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from cogs.answers import KithCog
from cogs.conversations import Told
from cogs.host import Host, Place, Refusal
from cogs.pace import Pace
from cogs.plain import plain
from cogs.posting import Posting
from memory.posts import Post
from memory.types import Entry, Origin, Scope
from persona_core.errors import KithError
from persona_core.events import Said
from persona_core.types import Action, Utterance

LIMITS = {  # name: so many within so many seconds, in one place
    "react": (6, 60.0),
    "post": (3, 60.0),
    "dm": (2, 600.0),
    "leave": (1, 60.0),
    "remember": (20, 600.0),
}
MOST_WRITERS = 10_000  # people known to have written first
SALIENCE = 0.5  # of what she remembers by an action, which says nothing about it
MOST_CHARACTERS = 2_000  # Discord's limit for a message


@dataclass(frozen=True, slots=True)
class Wanted:
    """An action of hers, and what she was answering."""

    action: Action
    key: str  # of the conversation
    answers: Sequence[Utterance]
    about: frozenset[str] = frozenset()  # ids of the people whose words she had before her
    private: bool = False  # she had in mind what only those who heard her may hear

    @property
    def message(self) -> Post | None:
        """The last message that was answered; None: all was said aloud."""
        written = [line.message for line in self.answers if line.message]
        return Post.parse(written[-1]) if written else None

    @property
    def people(self) -> list[str]:
        return sorted({line.person.id for line in self.answers})

    @property
    def concerns(self) -> list[str]:
        """Whose words what comes of it may hold."""
        return sorted(self.about | set(self.people))

    @property
    def reader(self) -> str:
        """Id of whom she answered in writing; empty: all was said aloud."""
        return next((line.person.id for line in reversed(self.answers) if line.message), "")


class Actions(KithCog):
    """``host.counts`` says what was done, dropped and refused."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._does = {
            "react": self._react,
            "post": self._post,
            "dm": self._dm,
            "leave": self._leave,
            "remember": self._remember,
        }
        self._paces = {name: Pace(most, within_s) for name, (most, within_s) in LIMITS.items()}
        self._posting = Posting(self)
        self._writers: dict[str, None] = {}  # ids of who has written to her alone, oldest first
        host.conversations.listen(self._on_event)

    @discord.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        if message.guild is None and not message.author.bot:
            self._writers[self.host.person(message.author).id] = None
            if len(self._writers) > MOST_WRITERS:
                del self._writers[next(iter(self._writers))]

    def _on_event(self, key: str, event: Told) -> None:
        if isinstance(event, Said):
            self.host.counts["actions dropped"] += event.reply.dropped_actions
            for action in event.reply.actions:
                wanted = Wanted(action, key, event.answers, event.about, event.private)
                self.start(self._perform(wanted), "an action")
            for memory in event.reply.remember:
                wanted = Wanted(Action("remember", memory.text), key, event.answers, event.about)
                self.start(self._perform(wanted, memory.salience), "an action")

    async def _perform(self, wanted: Wanted, salience: float = SALIENCE) -> None:
        name = wanted.action.name
        if name not in self._does:
            self.host.counts["actions dropped"] += 1
        elif not self._paces[name].may(wanted.key, time.monotonic()):
            self.host.counts[f"{name}: too often"] += 1
        else:
            try:
                await self._does[name](wanted, salience)
            except KithError:
                self.host.counts[f"{name}: refused"] += 1
                raise
            self.host.counts[f"{name}: done"] += 1

    async def _react(self, wanted: Wanted, salience: float) -> None:
        emoji = wanted.action.argument.strip()
        if wanted.message is None or not emoji or emoji.isascii():
            raise Refusal("There is nothing to react to, or nothing to react with.")
        await self.host.react(wanted.message, emoji)

    async def _post(self, wanted: Wanted, salience: float) -> None:
        place = self.host.place_called(wanted.key)
        text = wanted.action.argument.strip()
        if place is None or not text:
            raise Refusal("There is nothing to post, or nowhere to post it.")
        if wanted.private:
            raise Refusal("What I remember of a call is not for all who can read the channel.")
        if not wanted.reader and not wanted.about <= self._present(
            place
        ):  # others can read it than those there
            raise Refusal("Not everybody whose words that may repeat is there any more.")
        sending = self.host.post(place, plain(text)[:MOST_CHARACTERS])
        await self._posting.post(sending, wanted.concerns, self.host.now())

    async def _dm(self, wanted: Wanted, salience: float) -> None:
        """To the one person she answers, if they have ever written to her alone."""
        text = wanted.action.argument.strip()
        if len(wanted.people) != 1 or wanted.people[0] not in self._writers or not text:
            raise Refusal("I write only to who has written to me first.")
        sending = self.host.write_to(wanted.people[0], plain(text)[:MOST_CHARACTERS])
        await self._posting.post(sending, wanted.concerns, self.host.now())

    async def _leave(self, wanted: Wanted, salience: float) -> None:
        """When somebody who is in the call is answered; nobody else sends her out of it."""
        call = self.host.calls.at(wanted.key)
        if call is None:
            raise Refusal("I am in no call there.")
        if not self._present(call.place) & set(wanted.people):
            raise Refusal("Only somebody who is in the call can send me away.")
        await self.host.calls.leave(call.place.realm)

    async def _remember(self, wanted: Wanted, salience: float) -> None:
        """Only what concerns nobody who has not agreed to be remembered, for the one alone who may hear it.

        Among several she had before her what each of them may hear only because another is there: of that nobody
        could be told alone, and what was said is thought over after the lull.
        """
        about = tuple(sorted(wanted.about | set(wanted.people)))
        text = wanted.action.argument
        if not about or not text or not all(map(self.host.memory.may_remember, about)):
            raise Refusal("Not everybody concerned has agreed to be remembered.")
        if not wanted.reader and len(about) > 1:
            raise Refusal("What several have said is not for one of them to hear alone.")
        names = tuple(sorted({line.person.name for line in wanted.answers}))
        now = self.host.now()
        scope = Scope(Origin.DIRECT, wanted.key, about, (wanted.reader or about[0],))
        why = "She wanted to keep it."
        entry = Entry("", now, text, scope, salience=salience, why=why, partners=names)
        await asyncio.to_thread(self.host.memory.keep_entry, entry)

    def _present(self, place: Place) -> set[str]:
        return {person.id for person in self.host.people_present(place)}

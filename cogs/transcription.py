"""Who said what: live captions for a channel, and one's own words of this call for oneself."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections import deque
from dataclasses import dataclass, field

import discord

from cogs.answers import IN_SERVERS, KithCog, say
from cogs.call import Call
from cogs.conversations import Closed, Forgotten, Told, Unsaid
from cogs.forgetting import delete_posts
from cogs.host import Host, Place, Refusal
from cogs.pace import Pace
from cogs.plain import plain
from cogs.posting import Posting
from memory.consent import Purpose
from memory.errors import MemoryFault
from persona_core.errors import KithError
from persona_core.events import Heard, Said
from persona_core.types import Utterance

MOST_LINES = 5_000  # of one call; an evening
MOST_WAITING = 100  # captions; further behind than this they are no longer live
MESSAGE_CHARACTERS = 2_000  # Discord's limit

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caption:
    """One caption. ``person_ids``: whose words it holds, or is an answer to."""

    name: str
    text: str
    person_ids: tuple[str, ...]
    said_s: float = 0.0  # Unix time
    utterance: Utterance | None = None  # that it is of


@dataclass(frozen=True, slots=True)
class Line:
    """What was heard, and when; Unix time."""

    utterance: Utterance
    at_s: float


@dataclass(slots=True)
class Captions:
    """Live captions of one conversation."""

    place: Place  # where they are posted
    waiting: asyncio.Queue[Caption] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    next: list[Caption] = field(default_factory=list)  # taken out of it, and posted one after the other
    task: asyncio.Task[None] | None = None


def caption(line: Caption) -> str:
    """A line as it is posted: nobody is called by it, and nothing in it is Markdown."""
    text = f"**{plain(line.name)}:** {plain(line.text)}"
    return text if len(text) <= MESSAGE_CHARACTERS else text[: MESSAGE_CHARACTERS - 1] + "…"


def may_write(permissions: discord.Permissions, *, in_thread: bool) -> bool:
    """Whether ``permissions`` in a channel or thread suffice to post there."""
    needed = permissions.send_messages_in_threads if in_thread else permissions.send_messages
    return permissions.view_channel and needed


def gathered(lines: list[Caption]) -> list[Caption]:
    """Lines that wait together, what one person said in a row as one: each post stays one person's."""
    joined: list[Caption] = []
    for line in lines:
        if joined and (joined[-1].name, joined[-1].person_ids) == (line.name, line.person_ids):
            joined[-1] = Caption(line.name, f"{joined[-1].text} {line.text}", line.person_ids, line.said_s)
        else:
            joined.append(line)
    return joined


class Transcription(KithCog):
    captions = discord.SlashCommandGroup("captions", "Who says what, live.", contexts=IN_SERVERS)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._pace = Pace(most=4, within_s=60)  # for each call; who reads along is posted each time
        self._captions: dict[str, Captions] = {}  # by the key of the conversation
        self._heard: dict[str, deque[Line]] = {}
        self._posting = Posting(self)
        host.conversations.listen(self._on_event)
        host.consent.listen(self._on_decision)

    @captions.command(description="Write what is said into the voice channel's own chat.")
    async def on(self, ctx: discord.ApplicationContext) -> None:
        await self._turn_on(ctx, None)

    @captions.command(description="Write what is said into this channel or thread.")
    async def here(self, ctx: discord.ApplicationContext) -> None:
        place, in_thread = self.host.place(ctx.channel), isinstance(ctx.channel, discord.Thread)
        if not may_write(ctx.interaction.permissions, in_thread=in_thread):
            raise Refusal(f"You cannot write in {place.name} yourself, so ask somebody who can.")
        if not may_write(ctx.interaction.app_permissions, in_thread=in_thread):
            raise Refusal(f"I lack the permission to write in {place.name}; please give it to me.")
        await self._turn_on(ctx, place)

    @captions.command(description="Stop writing what is said.")
    async def off(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        self._stop(self._call(ctx).place.key)
        await say(ctx.interaction, "No more captions.")

    @captions.command(description="Delete the captions of what you said.")
    async def erase(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        person = self.host.person(ctx.author).id
        self._posting.forget(person)
        for key in self._captions:
            self._drop_captions(key, person)
        posts = await asyncio.to_thread(self.host.posts.of, person)
        await asyncio.to_thread(self.host.posts.doom, posts)
        left = await delete_posts(self.host, person)
        then = (
            f"{left} of them could not be deleted now; I try again whenever I start."
            if left
            else "They are gone."
        )
        await say(ctx.interaction, f"{len(posts)} of my posts held your words. {then}")

    @discord.slash_command(
        description="What I heard you say in this call, for you alone.",
        contexts=IN_SERVERS,
    )
    async def transcript(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        me = self.host.person(ctx.author).id
        said = [line.utterance for line in self._heard.get(self._call(ctx).place.key, ())]
        texts = [utterance.text for utterance in said if utterance.person.id == me]
        if not texts:
            raise Refusal("I have heard nothing from you in this call.")
        whole = "\n".join(texts)
        if len(whole) <= MESSAGE_CHARACTERS:
            await say(ctx.interaction, discord.utils.escape_markdown(whole)[:MESSAGE_CHARACTERS])
        else:
            file = discord.File(io.BytesIO(whole.encode()), "transcript.txt")
            await say(ctx.interaction, "It is long, so here is a file.", file=file)

    async def _turn_on(self, ctx: discord.ApplicationContext, place: Place | None) -> None:
        """Nobody shall read along unnoticed: only those present can turn it on, and all are told where."""
        await ctx.defer(ephemeral=True)
        call = self._call(ctx)
        key = call.place.key
        present = {person.id for person in self.host.people_present(call.place)}
        if self.host.person(ctx.author).id not in present:
            raise Refusal("Only somebody who is in the call can turn captions on.")
        if not self._pace.may(key, time.monotonic()):
            raise Refusal("Captions were turned on too often just now; please try again in a minute.")
        if place is not None and place.key != key:
            await self.host.post(call.place, f"What is said here is being written into {place.name}.")
        self._stop(key)
        self._set_captioned(key, True)
        captions = self._captions[key] = Captions(place or call.place)
        captions.task = asyncio.create_task(self._write(captions), name="captions")
        await say(ctx.interaction, f"I write what is said into {captions.place.name}.")

    def _call(self, ctx: discord.ApplicationContext) -> Call:
        call = self.host.calls.in_realm(self.host.place(ctx.channel).realm)
        if call is None:
            raise Refusal("I am in no call here; ask me in with /join first.")
        return call

    def cog_unload(self) -> None:
        for key in list(self._captions):
            self._stop(key)
        super().cog_unload()

    def _on_decision(self, person_id: str, purpose: Purpose, allowed: bool) -> None:
        """Whoever refuses to be heard has not been heard: no transcript, no caption that still waits."""
        if purpose is not Purpose.HEARING or allowed:
            return
        for key in set(self._heard) | set(self._captions):
            self._drop(key, person_id)

    def _drop(self, key: str, person_id: str | None, last_s: float = float("inf")) -> None:
        """What a person, or anybody (None), has said lately in one conversation: no transcript, no caption of it."""
        since_s = self.host.now() - last_s
        if key in self._heard:
            kept = (
                line
                for line in self._heard[key]
                if person_id not in (None, line.utterance.person.id) or line.at_s < since_s
            )
            self._heard[key] = deque(kept, maxlen=MOST_LINES)
        self._drop_captions(key, person_id)

    def _drop_captions(self, key: str, person_id: str | None) -> None:
        """Those that still wait."""
        captions = self._captions.get(key)
        if captions is None:
            return
        waiting = [captions.waiting.get_nowait() for _ in range(captions.waiting.qsize())]
        for line in _without(waiting, person_id):
            captions.waiting.put_nowait(line)
        captions.next[:] = _without(captions.next, person_id)

    def _on_event(self, key: str, event: Told) -> None:
        match event:
            case Heard(utterance):
                line, theirs = Line(utterance, self.host.now()), (utterance.person.id,)
                self._heard.setdefault(key, deque(maxlen=MOST_LINES)).append(line)
                self._caption(
                    key, Caption(self._shown(utterance), utterance.text, theirs, line.at_s, utterance)
                )
            case Said(reply, answers=answers, cut=cut, about=about, private=False) if any(
                not line.message for line in answers
            ):
                # it may repeat others' words as well
                people = tuple(sorted({line.person.id for line in answers} | about))
                if reply.text:  # else she was interrupted before a word of it was heard
                    text = f"{reply.text.rstrip()}—" if cut else reply.text
                    hers, now_s = self.host.persona.character.name, self.host.now()
                    self._caption(key, Caption(hers, text, people, now_s))
            case Unsaid(utterance):
                self._take_back(key, utterance)
            case Forgotten(person_id, last_s):
                self._drop(key, person_id, last_s)
            case Closed():
                self._heard.pop(key, None)
                self._stop(key)

    def _take_back(self, key: str, utterance: Utterance) -> None:
        """It has been heard in this very moment, so its caption waits still."""
        heard, captions = self._heard.get(key), self._captions.get(key)
        if heard and heard[-1].utterance is utterance:
            del heard[-1]
            if captions is not None:
                waiting = [captions.waiting.get_nowait() for _ in range(captions.waiting.qsize())]
                for line in waiting:
                    if line.utterance is not utterance:
                        captions.waiting.put_nowait(line)

    def _shown(self, utterance: Utterance) -> str:
        """The name over a caption: nobody's words pass for hers."""
        name = utterance.person.name
        hers = " ".join(name.split()).casefold() == self.host.persona.character.name.casefold()
        return f"{name} (guest)" if hers else name

    def _caption(self, key: str, line: Caption) -> None:
        captions = self._captions.get(key)
        if captions is None:
            return
        try:
            captions.waiting.put_nowait(line)
        except asyncio.QueueFull:
            self.host.counts["captions dropped"] += 1

    async def _write(self, captions: Captions) -> None:
        while True:
            lines = [await captions.waiting.get()]
            while not captions.waiting.empty():
                lines.append(captions.waiting.get_nowait())
            captions.next = gathered(lines)
            while captions.next:
                line = captions.next.pop(0)
                try:
                    await self._post(captions.place, line)
                except (KithError, MemoryFault) as error:  # the next one may do better
                    log.info("a caption is lost: %s", type(error).__name__)
                    self.host.counts["captions dropped"] += 1

    async def _post(self, place: Place, line: Caption) -> None:
        await self._posting.post(self.host.post(place, caption(line)), line.person_ids, line.said_s)

    def _set_captioned(self, key: str, captioned: bool) -> None:
        """Others can read along now: what only those present may hear is not said any more."""
        (self.host.captioned.add if captioned else self.host.captioned.discard)(key)
        if conversation := self.host.conversations.get(key):
            conversation.refresh_mind()

    def _stop(self, key: str) -> None:
        captions = self._captions.pop(key, None)
        if captions is not None:
            self._set_captioned(key, False)
        if captions is not None and captions.task is not None:
            captions.task.cancel()


def _without(lines: list[Caption], person_id: str | None) -> list[Caption]:
    """Those that hold no words of this person, or of anybody (None)."""
    return [line for line in lines if person_id is not None and person_id not in line.person_ids]

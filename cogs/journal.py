"""What she has noted about whoever asks: ``/journal``. Nobody else sees an answer, and none holds what is not for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import discord

from cogs.answers import ANYWHERE, KithCog, PoliteView, say
from cogs.exporting import send_export
from cogs.host import Host, Place, Refusal, User
from cogs.journal_pages import (
    PAGE_CHARACTERS,
    Where,
    day_choices,
    day_of,
    entry_choices,
    fits,
    hit_line,
    pages,
    shortened,
    version_lines,
    within,
)
from cogs.pace import Pace
from cogs.plain import plain
from cogs.privacy_page import EXPORT
from cogs.private_view import Press
from cogs.reading import alone, place_names
from cogs.whys import Why, Whys, described, keys_of, recollected
from memory import own
from memory.audience import allowed
from memory.consent import Purpose
from memory.errors import MemoryFault
from memory.phrases import day_name
from memory.types import Entry, Hit

EARLIER, LATER = "kith:journal:earlier", "kith:journal:later"  # they work after a restart, too
OFTEN = 6  # times a minute that one person may ask for what takes a while
MOST_NOTE = 4_000  # characters of one that is typed
MOST_QUERY = 300  # characters
MOST_HITS = 8
TOO_OFTEN = "You asked for that often just now; please try again in a minute."
NO_NOTES = "I have no notes about you."

Choices = list[discord.OptionChoice]


class Page(PoliteView):
    """Buttons to turn pages with; which one is open stands below it."""

    def __init__(self, host: Host, *, store: bool, number: int = 0, last: int = 0) -> None:
        """``store``: the one that answers for all the others, which are only drawn."""
        super().__init__(timeout=None, store=store)
        self._host = host
        if not store:
            self.earlier.disabled, self.later.disabled = number >= last, number <= 0

    @discord.ui.button(label="Earlier", custom_id=EARLIER, style=discord.ButtonStyle.secondary)
    async def earlier(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await self._turn(interaction, 1)

    @discord.ui.button(label="Later", custom_id=LATER, style=discord.ButtonStyle.secondary)
    async def later(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await self._turn(interaction, -1)

    async def _turn(self, interaction: discord.Interaction, by: int) -> None:
        """The notes are read anew: some may be gone."""
        assert interaction.user is not None and interaction.message is not None  # buttons always have both
        await interaction.response.defer()
        footer = interaction.message.embeds[0].footer if interaction.message.embeds else None
        before = Where.read((footer.text if footer else None) or "")
        me = self._host.person(interaction.user).id
        entries = await asyncio.to_thread(own.entries, self._host.memory, me, before.day)
        if not entries:
            await interaction.edit_original_response(content=_nothing(before), embed=None, view=None)
            return
        embed, view = opened(self._host, entries, Where(before.day, before.number + by))
        await interaction.edit_original_response(embed=embed, view=view)


def opened(host: Host, entries: Sequence[Entry], where: Where) -> tuple[discord.Embed, Page | None]:
    """A page of them, and its buttons if there are others."""
    found = pages(entries)
    where = Where(where.day, min(max(where.number, 0), len(found) - 1))
    title = (
        f"My notes about you, {day_name(where.day)} {where.day.year}" if where.day else "My notes about you"
    )
    embed = discord.Embed(title=title, description=found[where.number])
    embed.set_footer(text=where.footer(len(found)))
    last = len(found) - 1
    return embed, Page(host, store=False, number=where.number, last=last) if last else None


def _nothing(where: Where) -> str:
    if where.day is None:
        return NO_NOTES
    return f"I have no notes about you of {day_name(where.day)} {where.day.year}."


async def _own(ctx: discord.AutocompleteContext) -> list[Entry]:
    """The asker's own notes; suggestions have nobody whom a fault could be explained to."""
    cog, user = ctx.cog, ctx.interaction.user
    assert isinstance(cog, Journal) and user is not None  # that is whose options these are
    try:
        return await asyncio.to_thread(own.entries, cog.host.memory, cog.host.person(user).id)
    except MemoryFault:
        return []


async def suggest_days(ctx: discord.AutocompleteContext) -> Choices:
    return [discord.OptionChoice(*one) for one in day_choices(await _own(ctx), ctx.value or "")]


async def suggest_entries(ctx: discord.AutocompleteContext) -> Choices:
    return [discord.OptionChoice(*one) for one in entry_choices(await _own(ctx), ctx.value or "")]


async def suggest_changed(ctx: discord.AutocompleteContext) -> Choices:
    """Notes that have another version, and are theirs alone to change."""
    changed = [one for one in await _own(ctx) if one.version > 1 and len(one.scope.about) == 1]
    return [discord.OptionChoice(*one) for one in entry_choices(changed, ctx.value or "")]


class Journal(KithCog):
    journal = discord.SlashCommandGroup("journal", "What I have noted about you.", contexts=ANYWHERE)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._pace = Pace(most=OFTEN, within_s=60)
        self._whys = Whys()
        host.conversations.listen(self._whys.on_event)
        host.consent.listen(self._on_decision)
        host.watch_buttons(Page(host, store=True))
        host.watch_buttons(PoliteView(Press(EXPORT, "Export", self._export_pressed), timeout=None))

    def _on_decision(self, person_id: str, purpose: Purpose, allowed: bool) -> None:
        if purpose is Purpose.REMEMBERING and not allowed:
            self._whys.drop(person_id)

    @journal.command(description="My notes about you, the newest first.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]  # py-cord ships no types for it
        "day",
        str,
        description="today, yesterday, or a date such as 2026-11-27; all of them, if you do not say.",
        required=False,
        default=None,
        max_length=100,
        autocomplete=suggest_days,
    )
    async def read(self, ctx: discord.ApplicationContext, day: str | None) -> None:
        await ctx.defer(ephemeral=True)
        where = Where(day_of(day, datetime.fromtimestamp(self.host.now()).date()) if day else None)
        if day and where.day is None:
            raise Refusal("I do not know that day: say today, yesterday, or a date such as 2026-11-27.")
        me = self.host.person(ctx.author).id
        entries = await asyncio.to_thread(own.entries, self.host.memory, me, where.day)
        if not entries:
            await say(ctx.interaction, _nothing(where))
            return
        embed, view = opened(self.host, entries, where)
        await say(ctx.interaction, "", view, embed=embed)

    @journal.command(description="Have me note something about you; only you and I know of it.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "text", str, description="What I shall remember.", min_length=1, max_length=MOST_NOTE
    )
    async def add(self, ctx: discord.ApplicationContext, text: str) -> None:
        await ctx.defer(ephemeral=True)
        if not text.strip():
            raise Refusal("Tell me what I shall note.")
        person, place = self.host.person(ctx.author), self.host.place(ctx.channel)
        add = partial(own.add, self.host.memory, person.id, person.name, text.strip(), place.key)
        note = await asyncio.to_thread(add, self.host.now())
        await say(ctx.interaction, f"I have noted it: {plain(shortened(note.text, 300))}")

    @journal.command(description="Look for something in what you may know of what I remember.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "query", str, description="What it was about.", min_length=1, max_length=MOST_QUERY
    )
    async def search(self, ctx: discord.ApplicationContext, query: str) -> None:
        await self._begin(ctx)
        may = allowed(await alone(self.host, ctx.author, ctx.channel))
        find = partial(self.host.memory.recall.find, query, may, self.host.now(), MOST_HITS)
        hits: list[Hit] = await asyncio.to_thread(find)
        lines = [hit_line(hit) for hit in hits if fits(hit)]
        await say(ctx.interaction, within(lines) or "I remember nothing about that which is for you to read.")

    @journal.command(description="What came to my mind for my last reply here, and why.")
    async def why(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        reader, me = await alone(self.host, ctx.author, ctx.channel), self.host.person(ctx.author).id
        why = self._why(me, self.host.place(ctx.channel))
        if why is None:
            raise Refusal("I have not answered here since I woke up.")
        found = await asyncio.to_thread(recollected, self.host.memory, why, allowed(reader))
        places = place_names(self.host, reader, keys_of(found))
        blocks = [f"{described(one, places, me)}\n" for one in found]
        if me in why.known:
            blocks.append("Besides I had in mind what I know of you; `/relationship me` shows it.")
        if not found:
            blocks.insert(0, "Nothing came to my mind then that is for you to read.")
        embed = discord.Embed(title="My last reply", description=within(blocks, PAGE_CHARACTERS))
        await say(ctx.interaction, "", embed=embed)

    def _why(self, person: str, place: Place) -> Why | None:
        """Of her last reply to whoever asks alone; else of the last one here, or in the call that they are in."""
        if place.direct:
            return self._whys.to_person(person)
        call = self.host.calls.in_realm(place.realm)
        if self._whys.in_place(place.key) is None and call is not None:
            present = {one.id for one in self.host.people_present(call.place)}
            return self._whys.in_place(call.place.key) if person in present else None
        return self._whys.in_place(place.key)

    @journal.command(description="Every version of one of my notes about you.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "entry", str, description="Which note.", max_length=100, autocomplete=suggest_entries
    )
    async def history(self, ctx: discord.ApplicationContext, entry: str) -> None:
        await ctx.defer(ephemeral=True)
        me = self.host.person(ctx.author).id
        found = await asyncio.to_thread(own.versions, self.host.memory, me, entry.strip())
        description = within(version_lines(found, entry.strip()), PAGE_CHARACTERS)
        embed = discord.Embed(title="What became of this note", description=description)
        await say(ctx.interaction, "", embed=embed)

    @journal.command(description="Make an earlier version of a note the newest one.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "entry", str, description="Which note.", max_length=100, autocomplete=suggest_changed
    )
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "version",
        int,
        description="Its number, as /journal history shows it.",
        min_value=1,
        max_value=999_999,
    )
    async def restore(self, ctx: discord.ApplicationContext, entry: str, version: int) -> None:
        await ctx.defer(ephemeral=True)
        me = self.host.person(ctx.author).id
        kept = await asyncio.to_thread(own.restore, self.host.memory, me, entry.strip(), version)
        self.host.conversations.refresh_minds()
        text = plain(shortened(kept.text, 300))
        await say(ctx.interaction, f"It is as it was, now as version {kept.version}: {text}")

    @journal.command(description="All that I keep of you, as a file for you alone.")
    async def export(self, ctx: discord.ApplicationContext) -> None:
        await self._begin(ctx)
        await send_export(self.host, ctx.interaction)

    async def _export_pressed(self, interaction: discord.Interaction) -> None:
        """The button under ``/privacy``."""
        await interaction.response.defer(ephemeral=True, invisible=False)
        assert interaction.user is not None  # buttons always have one
        self._require_patience(interaction.user)
        await send_export(self.host, interaction)

    def _require_patience(self, user: User) -> None:
        if not self._pace.may(self.host.person(user).id, time.monotonic()):
            raise Refusal(TOO_OFTEN)

    async def _begin(self, ctx: discord.ApplicationContext) -> None:
        """Of a command that takes a while."""
        await ctx.defer(ephemeral=True)
        self._require_patience(ctx.author)

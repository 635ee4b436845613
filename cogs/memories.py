"""What somebody may do with her notes about them: ``/memory review``, ``edit`` and ``delete``."""

from __future__ import annotations

import asyncio
from functools import partial

import discord

from cogs.answers import ANYWHERE, say
from cogs.correcting import form
from cogs.erasing import Piece, erase, would_go
from cogs.host import Host
from cogs.journal_pages import entry_choices, shortened
from cogs.note_page import alone
from cogs.plain import plain
from cogs.private_view import PrivateCog, RunOut
from cogs.question import NO, YES, Question
from cogs.review import BUTTONS, PREFIX, Review
from memory import own
from memory.errors import MemoryFault
from memory.types import Entry
from memory.wishes import Wish

ID_CHARACTERS = 100  # more is none
SHOWN_CHARACTERS = 300  # of a note that is to go

Choices = list[discord.OptionChoice]


async def _own(ctx: discord.AutocompleteContext) -> list[Entry]:
    """The asker's own notes; there is nobody whom a fault could be explained to."""
    cog, user = ctx.cog, ctx.interaction.user
    assert isinstance(cog, Memories) and user is not None  # that is whose options these are
    try:
        return await asyncio.to_thread(own.entries, cog.host.memory, cog.host.person(user).id)
    except MemoryFault:
        return []


async def suggest(ctx: discord.AutocompleteContext) -> Choices:
    return [discord.OptionChoice(*one) for one in entry_choices(await _own(ctx), ctx.value or "")]


async def suggest_theirs(ctx: discord.AutocompleteContext) -> Choices:
    """Those that are about nobody else."""
    user = ctx.interaction.user
    assert isinstance(ctx.cog, Memories) and user is not None  # likewise
    person = ctx.cog.host.person(user).id
    theirs = [note for note in await _own(ctx) if alone(note, person)]
    return [discord.OptionChoice(*one) for one in entry_choices(theirs, ctx.value or "")]


class Memories(PrivateCog):
    memory = discord.SlashCommandGroup("memory", "My notes about you, in your hands.", contexts=ANYWHERE)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        host.watch_buttons(RunOut([*(f"{PREFIX}{name}" for name in BUTTONS), YES, NO]))

    @memory.command(description="Go through my notes about you: put right, pin, share or forget each.")
    async def review(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        await Review(self.host, ctx.interaction, self.open_views).open()

    @memory.command(description="Put one of my notes about you right.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]  # py-cord ships no types for it
        "entry", str, description="Which note.", max_length=ID_CHARACTERS, autocomplete=suggest_theirs
    )
    async def edit(self, ctx: discord.ApplicationContext, entry: str) -> None:
        """The form is the first answer, so nothing is deferred."""
        person = self.host.person(ctx.author).id
        await ctx.send_modal(await form(self.host, person, entry.strip(), _corrected))

    @memory.command(description="Have one of my notes about you forgotten; I ask once more before.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "entry", str, description="Which note.", max_length=ID_CHARACTERS, autocomplete=suggest
    )
    async def delete(self, ctx: discord.ApplicationContext, entry: str) -> None:
        await ctx.defer(ephemeral=True)
        person = self.host.person(ctx.author).id
        note = await asyncio.to_thread(own.entry, self.host.memory, person, entry.strip())
        piece = Piece(person, Wish(person, entry=note.id))
        text = f"“{plain(shortened(note.text, SHOWN_CHARACTERS))}”\n{await would_go(self.host, piece)}"
        question = Question(ctx.interaction, self.open_views, partial(erase, self.host, piece))
        await say(ctx.interaction, text, question)


async def _corrected(interaction: discord.Interaction, said: str, entry_id: str) -> None:
    await say(interaction, said)

"""The form in which a person puts a note about themselves right."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable

import discord

from cogs.answers import explain, say, sentence
from cogs.host import Host, Refusal
from cogs.note_page import alone
from memory import own
from memory.errors import MemoryFault
from memory.types import Entry

MOST_TEXT = 4_000  # characters that a form takes; Discord's limit
NOT_ALONE = "That note is about others as well, so nobody can put it right alone; you can have it forgotten."
PUT_RIGHT = "I have put that right; the old words are not brought up any more."
_SAME = "That says what I have noted already, so nothing has changed."
_NO_WORDS = "There were no words in that, so nothing has changed."
_TOO_LONG = "It is too long to be shown here. What you write takes its place."

log = logging.getLogger(__name__)

Then = Callable[
    [discord.Interaction, str, str], Awaitable[None]
]  # what came of it; the id of the note that holds


async def form(host: Host, person: str, entry_id: str, then: Then) -> Correction:
    """For a note of theirs. Quick, as nothing may be answered before a form. Raises EntryError and Refusal."""
    note = await asyncio.to_thread(own.entry, host.memory, person, entry_id)
    if not alone(note, person):
        raise Refusal(NOT_ALONE)
    return Correction(host, person, note, then)


class Correction(discord.ui.Modal):
    """What was typed is given back where it could not be kept."""

    def __init__(self, host: Host, person: str, note: Entry, then: Then) -> None:
        fits = len(note.text) <= MOST_TEXT
        self._text = discord.ui.InputText(
            style=discord.InputTextStyle.long,
            label="What I should have noted",
            custom_id="text",
            value=note.text if fits else None,
            placeholder=None if fits else _TOO_LONG,
            min_length=1,
            max_length=MOST_TEXT,
        )
        # the note's id: one form is not taken for another that was opened before it
        super().__init__(self._text, title="Put a note right", custom_id=f"kith:correct:{note.id}")
        self._host, self._person, self._note, self._then = host, person, note, then
        self._sent = False

    async def callback(self, interaction: discord.Interaction) -> None:
        if self._sent:
            raise Refusal("I have that already.")
        self._sent = True
        await interaction.response.defer(ephemeral=True, invisible=interaction.message is not None)
        text = (self._text.value or "").strip()
        if not text:
            await say(interaction, _NO_WORDS)
            return
        try:
            kept = await asyncio.to_thread(
                own.correct, self._host.memory, self._person, self._note.id, text, self._host.now()
            )
        except MemoryFault as error:
            log.info("a correction was not kept: %s", type(error).__name__)
            file = discord.File(io.BytesIO(text.encode()), "what-you-wrote.txt")
            await say(interaction, f"{sentence(error)} Here is what you wrote.", file=file)
            return
        self._host.conversations.refresh_minds()
        said = _SAME if kept.id == self._note.id else PUT_RIGHT
        await self._then(interaction, said, kept.id)

    async def on_error(self, error: Exception, interaction: discord.Interaction) -> None:
        await explain(interaction, error)

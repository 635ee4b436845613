"""All that is kept of somebody, as a file for them alone."""

from __future__ import annotations

import asyncio
import io

import discord

from cogs.answers import say
from cogs.host import Host, Refusal
from memory.exchange import collect, zipped
from memory.showing import size

SENT_BYTES = 10 * 2**20  # of a file that Discord takes, where it does not say


async def send_export(host: Host, interaction: discord.Interaction) -> None:
    """To whoever asked for it; the interaction is answered with it. Raises Refusal and StoreError."""
    assert interaction.user is not None  # commands and buttons always have one
    me = host.person(interaction.user).id
    found = await asyncio.to_thread(collect, host.memory, me)
    if found.empty:
        raise Refusal("I keep nothing of you, so there is nothing to export.")
    data = await asyncio.to_thread(zipped, found.files)
    if len(data) > (interaction.attachment_size_limit or SENT_BYTES):
        raise Refusal(
            f"That is {size(len(data))}, more than Discord lets me send here; whoever runs me can write it out "
            f"for you with `python -m memory export FILE.zip --for {me}`."
        )
    text = (
        f"All that I keep of you: {_many(found.entries, 'note')}, {_many(found.turns, 'line')} that you said, "
        "what you decided, and what I know of you. The file is not encrypted, so keep it to yourself."
    )
    await say(interaction, text, file=discord.File(io.BytesIO(data), "what-i-keep-of-you.zip"))


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"

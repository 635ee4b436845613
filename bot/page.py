"""The page beside the bot: it shows the owner what they hear or can read themselves, and takes no commands."""

from __future__ import annotations

import sys

import discord

from bot.line import PREFIX, user_id
from cogs.host import Place
from cogs.overlay import Overlay
from cogs.overlay.ports import Surroundings
from persona_core.settings import Settings

_NOBODYS = "This page does not know who you are: put your Discord user id into .env as OWNER_ID, then start her again."
_SHOWS = "Beside Discord this page shows what you hear: talk with her in a call that you are in."


async def open_page(client: discord.Bot | discord.AutoShardedBot, settings: Settings) -> None:
    """Serve it, where it is wanted, and tell where it is."""
    page = client.get_cog("Overlay")
    if settings.page == "off" or not isinstance(page, Overlay):
        return
    owner = settings.owner_id
    viewer, why = (f"{PREFIX}{owner}", _SHOWS) if owner else ("", _NOBODYS)
    shown = sys.stderr is not None and sys.stderr.isatty()
    surroundings = Surroundings(viewer, lambda place: _title(client, place), why_silent=why)
    await page.open(surroundings, lambda line: print(line, file=sys.stderr, flush=True), shown=shown)


async def close_page(client: discord.Bot | discord.AutoShardedBot) -> None:
    page = client.get_cog("Overlay")
    if isinstance(page, Overlay):
        await page.close()


def _title(client: discord.Bot | discord.AutoShardedBot, place: Place) -> str:
    """A place's name, without the marks that only Discord reads."""
    channel = client.get_channel(user_id(place.key))
    if isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return f"{channel.name} ({channel.guild.name})"
    return "Direct messages"

"""A bot as anyone would write it with py-cord, its stock voice client included; run by test_server_pycord.py.

No `from __future__ import annotations` here: py-cord reads option types from the annotations and cannot read strings.
"""

import asyncio
import os

import discord

from tests.discord_server import speech

discord.http.Route.API_BASE_URL = os.environ["DISCORD_API_URL"]
bot = discord.AutoShardedBot(
    shard_count=2,
    intents=discord.Intents(guilds=True, voice_states=True, guild_messages=True, dm_messages=True),
)


class Form(discord.ui.Modal):
    def __init__(self) -> None:
        super().__init__(discord.ui.InputText(label="Words"), title="Edit")

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"wrote {self.children[0].value}", ephemeral=True)


class Buttons(discord.ui.View):
    @discord.ui.button(label="Yes")
    async def yes(self, _: discord.ui.Button, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content="said yes", view=None)

    @discord.ui.button(label="Form")
    async def form(self, _: discord.ui.Button, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())


@bot.slash_command()
async def greet(ctx: discord.ApplicationContext, who: discord.Option(discord.Member)) -> None:
    await ctx.defer(ephemeral=True)
    await ctx.respond(f"hello {who.display_name}", view=Buttons())


colours = bot.create_group("colour", "About colours")


@colours.command()
async def pick(
    ctx: discord.ApplicationContext,
    name: discord.Option(str, autocomplete=discord.utils.basic_autocomplete(["red", "green"])),
) -> None:
    await ctx.respond(f"picked {name}")


@bot.user_command(name="Who is")
async def who_is(ctx: discord.ApplicationContext, member: discord.Member) -> None:
    await ctx.respond(f"that is {member.display_name}")


@bot.slash_command()
async def join(
    ctx: discord.ApplicationContext, channel: discord.Option(discord.VoiceChannel, required=False)
) -> None:
    await ctx.defer()
    voice = await (channel or ctx.guild.voice_channels[0]).connect()
    while not voice._connection.dave_session.ready:  # noqa: ASYNC110  there is no event to wait for
        await asyncio.sleep(0.02)
    await ctx.respond("ready")
    await voice.ws.speak()
    voice.play(Tone())


class Tone(discord.AudioSource):
    """One fixed Opus frame, 25 times."""

    def __init__(self) -> None:
        self.left = 25

    def is_opus(self) -> bool:
        return True

    def read(self) -> bytes:
        self.left -= 1
        return b"\x78opus" if self.left >= 0 else b""


@bot.event
async def on_message(message: discord.Message) -> None:
    if bot.user in message.mentions:
        await message.reply("you called?")
        await message.add_reaction("👋")


@bot.event
async def on_ready() -> None:
    print("ready", flush=True)


speech.load_opus()
bot.run(os.environ["DISCORD_TOKEN"])

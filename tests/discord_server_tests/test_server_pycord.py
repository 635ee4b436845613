"""A py-cord bot in a process of its own: what it does on Discord, it does here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.discord_server import DiscordServer, SimulatedMember
from tests.discord_server.guilds import SimulatedGuild


@dataclass
class Show:
    server: DiscordServer
    guild: SimulatedGuild
    ann: SimulatedMember
    bob: SimulatedMember

    def __post_init__(self) -> None:
        self.text = self.guild.add_text_channel("chat")
        self.voice = self.guild.add_voice_channel("General")


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    with DiscordServer.start() as server:
        guild = server.add_guild("One")
        server.add_guild("Two")
        people = (guild.add_member("Ann"), guild.add_member("Bob", implementation="libdave"))
        show = Show(server, guild, *people)
        command = [sys.executable, "-m", "tests.discord_server_tests.pycord_bot"]
        bot = subprocess.Popen(command, env=os.environ | server.env(), stdout=subprocess.PIPE, text=True)
        try:
            assert bot.stdout is not None
            assert bot.stdout.readline() == "ready\n"
            yield show
        finally:
            bot.kill()  # its stock voice client would keep SIGTERM waiting for half a minute
            bot.wait()
        assert server.errors == []
        assert server.service.refusals == []


def test_two_shards_are_ready_and_the_commands_registered(show) -> None:
    assert show.server.bot_is_ready(shards=2)
    assert show.server.commands() == ["Who is", "colour", "greet", "join"]


def test_a_slash_command_is_answered_and_its_buttons_and_form_work(show) -> None:
    asked = show.server.interact(show.ann, "/greet", channel=show.text, who=show.bob).wait()
    assert (asked.text, asked.replies[0].ephemeral) == ("hello Bob", True)
    form = show.server.click(show.ann, asked.replies[0], "Form").wait()
    assert show.server.submit(form, {"Words": "abc"}).wait().text == "wrote abc"
    show.server.click(show.ann, asked.replies[0], "Yes").wait()
    assert asked.text == "said yes"


def test_sub_commands_autocomplete_and_context_menus(show) -> None:
    typed = show.server.autocomplete(show.ann, "/colour pick", channel=show.text, option="name", name="g")
    assert [c["value"] for c in typed.wait().choices] == ["green"]
    assert (
        show.server.interact(show.ann, "/colour pick", channel=show.text, name="red").wait().text
        == "picked red"
    )
    asked = show.server.use_menu(show.ann, "Who is", channel=show.text, target=show.bob)
    assert asked.wait().text == "that is Bob"


def test_a_mention_is_answered_with_a_reply_and_a_reaction(show) -> None:
    said = show.ann.says(show.text, f"<@{show.server.bot.id}> hey")
    show.server.wait_until(lambda: said.reactions == {"👋": [show.server.bot.id]})
    assert (show.text.posts[-1].content, show.text.posts[-1].reference) == ("you called?", said)


def test_the_stock_voice_client_joins_the_encrypted_group_and_is_heard(show) -> None:
    show.ann.join(show.voice)
    show.bob.join(show.voice)
    asked = show.server.interact(show.ann, "/join", channel=show.text, channel_=show.voice)
    assert asked.wait(20).text == "ready"
    show.server.wait_until(lambda: show.server.settled(show.voice))
    assert show.server.bot.id in show.server.call_in(show.voice).dave.members
    for member in (show.ann, show.bob):
        heard = show.server.wait_until(lambda m=member: m.heard.get("Kith"))
        show.server.wait_until(lambda h=heard: len(h.voiced) == 25)
        assert (heard.voiced, heard.undecryptable, heard.unencrypted) == ([b"\x78opus"] * 25, 0, 0)


def test_a_gateway_that_is_cut_is_resumed(show) -> None:
    show.server.close_gateway(1006, shard=0)
    show.server.wait_until(lambda: show.server.bot_is_ready(shards=2), 20)
    asked = show.server.interact(show.ann, "/colour pick", channel=show.text, name="blue")
    assert asked.wait(10).text == "picked blue"

"""In a call, its chat and private messages: nobody is told what they were not there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cogs.scene import Scene
from tests.cogs.test_remembering import agree, day, had_in_mind, say
from tests.discord_server import DiscordServer

SECRET = "My pregnancy test was positive, remember that"


@pytest.fixture
def home(server: DiscordServer, tmp_path: Path) -> Scene:
    return Scene(server, tmp_path)


def test_what_was_written_to_her_alone_reaches_nobody_who_comes_later(home: Scene, tmp_path: Path) -> None:
    bob, carl = home.guild.add_member("Bob"), home.guild.add_member("Carl")
    with day(home, tmp_path, 0):
        agree(home, home.ann)
        home.ann.writes_to(home.server.bot.user, SECRET)
        home.wait(lambda: SECRET in home.answered, "not answered")
    with day(home, tmp_path, 1) as bot:
        home.join()
        home.answer_all()
        bot.llm.otherwise = "It was positive, I am so glad for you."
        say(home, home.ann, "what about my pregnancy test from yesterday do you remember", 400)
        assert "positive" in had_in_mind(home)
        bot.llm.otherwise = "I see."
        bob.join(home.lounge)
        home.wait(lambda: len(_people(home)) == 2, "Bob is not there")
        home.ann.leave()
        home.wait(lambda: len(_people(home)) == 1, "Ann is there")
        call = bot.host.calls.in_realm(str(home.guild.id))
        home.wait(lambda: call and call.may_hear(f"discord:{bob.id}"), "Bob has not been told")
        home.wait(lambda: home.server.settled(home.lounge), "the call does not settle")
        say(home, bob, "what did you two talk about just now", 500)
        assert not _told(home, "pregnan") and not _told(home, "positive")
        carl.says(home.lounge, f"<@{home.server.bot.id}> what did they talk about?")
        home.wait(lambda: "what did they talk about?" in " ".join(home.answered), "not answered")
        assert not _told(home, "pregnan") and not _told(home, "two talk")


def _people(scene: Scene) -> frozenset[str]:
    conversation = scene.bot.host.conversations.get(f"discord:{scene.lounge.id}")
    return conversation._company.people if conversation else frozenset()


def _told(scene: Scene, word: str) -> bool:
    return any(word in message.content for message in scene.bot.llm.prompts[-1])

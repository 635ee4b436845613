"""Somebody who has not agreed to be heard is told so, kindly and once."""

from __future__ import annotations

import time

from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.discord_server import SimulatedMember
from tests.discord_server.state import Message


def test_who_has_not_agreed_is_told_so_kindly_and_once_in_each_call(asking: Scene) -> None:
    asking.ask(asking.ann, "/join")
    asking.wait(lambda: asking.lounge.posts, "no notice")
    bob = asking.guild.add_member("Bob")

    def explained() -> list[Message]:
        return [post for post in asking.lounge.posts if post.content.startswith("I would like to hear you")]

    def writes(who: SimulatedMember, words: str) -> None:
        before = len(asking.answered)
        who.says(asking.lounge, f"<@{asking.server.bot.id}> {words}")
        asking.wait(lambda: len(asking.answered) > before, "no answer")
        time.sleep(NOT_TO_ANYBODY)

    writes(bob, "hello")
    assert not explained()  # he is not in the call
    for words in ("can you hear me?", "hello?"):
        writes(asking.ann, words)
    (said,) = explained()
    assert said.reference is not None and said.reference.author.id == asking.ann.id
    assert asking.decoded == 0
    asking.ask(asking.ann, "/leave")
    asking.ask(asking.ann, "/join")
    writes(asking.ann, "and now?")
    assert len(explained()) == 2
    asking.ask(asking.ann, "/consent hearing", answer="on")
    asking.ask(asking.ann, "/leave")
    asking.ask(asking.ann, "/join")
    writes(asking.ann, "and now?")
    assert len(explained()) == 2


def test_who_learned_it_by_asking_for_her_ear_is_not_told_again(asking: Scene) -> None:
    asking.ask(asking.ann, "/join")
    assert "I would like to hear you" in asking.ask(asking.ann, "/talk")
    asking.ann.says(asking.lounge, f"<@{asking.server.bot.id}> hello?")
    asking.wait(lambda: asking.answered, "no answer")
    time.sleep(NOT_TO_ANYBODY)
    assert not any("would like to hear you" in post.content for post in asking.lounge.posts)


def test_who_has_refused_is_not_asked_again_in_writing(asking: Scene) -> None:
    asking.ask(asking.ann, "/consent hearing", answer="off")
    asking.ask(asking.ann, "/join")
    asking.ann.says(asking.lounge, f"<@{asking.server.bot.id}> hello?")
    asking.wait(lambda: asking.answered, "no answer")
    time.sleep(NOT_TO_ANYBODY)
    assert not any("would like to hear you" in post.content for post in asking.lounge.posts)

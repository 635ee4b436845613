"""Why something came to her mind: ``/journal why``."""

from __future__ import annotations

import asyncio

import pytest

from cogs.whys import Whys
from memory.consent import Purpose
from memory.entry import new_id
from memory.forget import Wish
from memory.own import keep_between_us
from memory.types import Entry, Origin, Scope
from tests.cogs.running import tone
from tests.cogs.scene import Scene
from tests.cogs.test_journal import (
    SISTER,
    agree,
    direct,
    forget,
    interact,
    key,
    me,
    written,
)
from tests.cogs.test_writing import mention
from tests.discord_server import SimulatedMember
from tests.memory.kept import DAY_S, NOON_S

pytestmark = pytest.mark.usefixtures("noon")


def chat(scene: Scene, who: SimulatedMember) -> None:
    """Other things, among which what is asked for is rare."""
    for thing in (
        "rain",
        "trains",
        "cheese",
        "chess",
        "maps",
        "cellos",
        "storms",
        "tea",
        "ghosts",
        "radishes",
    ):
        written(scene, who, f"I like {thing} a lot.", scene.text, NOON_S - 9 * DAY_S)


def about_clara(scene: Scene) -> Entry:
    """Said in a call, so that it may be told wherever Ann is."""
    chat(scene, scene.ann)
    scope = Scope(Origin.VOICE, key(scene.lounge), (me(scene.ann),), (me(scene.ann),))
    entry = Entry(new_id(NOON_S), NOON_S - DAY_S, SISTER, scope, why="She said it in a call.")
    kept = scene.bot.host.memory.keep_entry(entry, owners=True)
    assert kept is not None
    return kept


def test_why_shows_what_came_up_its_score_and_where_it_is_from(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann)
    assert "not answered here" in scene.ask(scene.ann, "/journal why")
    about_clara(scene)
    mention(scene, "where does my sister Clara live?")
    text = scene.ask(scene.ann, "/journal why")
    assert SISTER in text and "Score " in text and "words +" in text
    assert f"said in a call in <#{scene.lounge.id}>" in text and "She said it in a call." in text
    alone = interact(scene, scene.ann, "/journal why", direct(scene, scene.ann)).text
    assert SISTER in alone
    assert "Nothing came to my mind then that is for you" in scene.ask(bob, "/journal why")
    assert "not answered" in interact(scene, bob, "/journal why", direct(scene, bob)).text


def test_why_is_about_the_last_reply_alone(scene: Scene) -> None:
    agree(scene, scene.ann)
    about_clara(scene)
    mention(scene, "where does my sister Clara live?")
    mention(scene, "thank you kindly")
    text = scene.ask(scene.ann, "/journal why")
    assert "Lisbon" not in text and "Nothing came to my mind" in text


def test_why_tells_a_turn_to_those_who_can_read_where_it_was_written(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    chat(scene, bob)
    written(scene, bob, SISTER, scene.text, NOON_S - 2 * DAY_S)
    mention(scene, "where does my sister Clara live?")
    assert f"Bob said:** {SISTER}" in scene.ask(scene.ann, "/journal why")
    forget(scene, Wish(me(bob), since_s=0.0))
    assert "Lisbon" not in scene.ask(scene.ann, "/journal why")


def test_why_does_not_tell_what_was_kept_private_or_withdrawn_since(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann)
    chat(scene, scene.ann)
    scope = Scope(Origin.TEXT, key(scene.text), (me(scene.ann),), (me(scene.ann),))
    kept = scene.bot.host.memory.keep_entry(Entry(new_id(NOON_S), NOON_S - DAY_S, SISTER, scope))
    assert kept is not None
    mention(scene, "where does my sister Clara live?")
    assert SISTER in scene.ask(bob, "/journal why")
    keep_between_us(scene.bot.host.memory, me(scene.ann), kept.id)
    assert "Lisbon" not in scene.ask(bob, "/journal why") and SISTER in scene.ask(scene.ann, "/journal why")
    no = scene.bot.host.consent.decide(me(scene.ann), Purpose.REMEMBERING, False, "test")
    asyncio.run_coroutine_threadsafe(no, scene.bot.loop).result(30)
    assert "not answered here" in scene.ask(scene.ann, "/journal why")


def test_why_is_gone_with_its_conversation_and_with_what_is_forgotten(scene: Scene) -> None:
    agree(scene, scene.ann)
    about_clara(scene)
    mention(scene, "where does my sister Clara live?")
    scene.bot.call(scene.bot.host.conversations.forget, me(scene.ann), float("inf"))
    assert "not answered here" in scene.ask(scene.ann, "/journal why")
    mention(scene, "where does my sister Clara live?")
    assert SISTER in scene.ask(scene.ann, "/journal why")
    closing = scene.bot.host.conversations.close(key(scene.text))
    asyncio.run_coroutine_threadsafe(closing, scene.bot.loop).result(30)
    assert "not answered here" in scene.ask(scene.ann, "/journal why")


def test_why_is_told_of_the_call_that_one_is_in(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    scene.join()
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: scene.answered, "no answer")
    assert "not answered here" not in scene.ask(scene.ann, "/journal why")
    assert "not answered here" in scene.ask(bob, "/journal why")


def test_no_word_of_what_came_up_is_held(scene: Scene) -> None:
    agree(scene, scene.ann)
    about_clara(scene)
    whys: list[Whys] = [cog._whys for cog in scene.bot.bot.cogs.values() if hasattr(cog, "_whys")]
    mention(scene, "where does my sister Clara live?")
    assert whys[0].in_place(key(scene.text)) is not None and "Lisbon" not in repr(whys[0]._last)

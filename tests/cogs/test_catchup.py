"""``/catchup``, through the gateway: what somebody missed, and nothing that they may not read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cogs.catching_up import MOST_CHARACTERS, told
from cogs.catchup import AT_ONCE
from memory.forget import Wish
from memory.types import HERS, Origin, Scope, StoredTurn
from tests.cogs.scene import Scene
from tests.cogs.test_journal import agree, direct, interact, key, me, written
from tests.discord_server import Channel, NotPossible, Permission, SimulatedMember
from tests.memory.kept import DAY_S, NOON_S

HOUR_S = 3_600.0


@pytest.fixture(autouse=True)
def noon(request: pytest.FixtureRequest) -> None:
    """It is 27 November 2026."""
    if "scene" in request.fixturenames:
        request.getfixturevalue("scene").bot.host.now = lambda: NOON_S


@pytest.fixture
def bob(request: pytest.FixtureRequest) -> SimulatedMember:
    scene: Scene = request.getfixturevalue("scene")
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    return bob


def spoken(
    scene: Scene, who: SimulatedMember, text: str, *heard_by: SimulatedMember, at_s: float, **more: Any
) -> StoredTurn:
    """Said in the lounge."""
    people = tuple(sorted({me(who), *map(me, heard_by)}))
    scope = Scope(Origin.VOICE, key(scene.lounge), (me(who),), people)
    session = f"{key(scene.lounge)}@{int(at_s)}"
    turn = replace(StoredTurn(0, at_s, me(who), who.name, text, session, scope), **more)
    kept = scene.bot.host.memory.turns.add(turn)
    assert kept is not None
    return kept


def private_channel(scene: Scene, who: SimulatedMember) -> Channel:
    """That nobody reads but ``who``, and she."""
    secret = scene.guild.add_text_channel("secret")
    scene.guild.overwrite(secret, scene.guild.everyone, deny=Permission.VIEW_CHANNEL)
    scene.guild.overwrite(secret, who, allow=Permission.VIEW_CHANNEL)
    scene.guild.overwrite(secret, scene.guild.bot_role, allow=Permission.VIEW_CHANNEL)
    return secret


def test_what_was_missed_is_told_by_place_and_time_oldest_first(scene: Scene, bob: SimulatedMember) -> None:
    other = scene.guild.add_text_channel("other")
    written(scene, bob, "We leave at nine.", other, NOON_S - 2 * HOUR_S)
    written(scene, bob, "Bring a coat.", scene.text, NOON_S - 3 * HOUR_S)
    spoken(scene, bob, "Ann is quiet today.", scene.ann, at_s=NOON_S - HOUR_S)
    text = scene.ask(scene.ann, "/catchup")
    order = [
        "in the last 24 hours",
        f"**<#{scene.text.id}>**, Friday, 27 November 2026",
        "Bob: Bring a coat.",
        f"**<#{other.id}>**",
        "Bob: We leave at nine.",
        f"**<#{scene.lounge.id}>**",
        "Bob: Ann is quiet today.",
    ]
    assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)


def test_it_begins_where_one_last_said_something(scene: Scene, bob: SimulatedMember) -> None:
    written(scene, bob, "Long ago.", scene.text, NOON_S - 41 * DAY_S)
    written(scene, scene.ann, "I am off.", scene.text, NOON_S - 40 * DAY_S)
    scope = Scope(Origin.TEXT, key(scene.text), (me(scene.ann),), (me(scene.ann),))
    hers = StoredTurn(0, NOON_S - 40 * DAY_S + 5, HERS, "Mira", "Goodbye, Ann.", "s", scope)
    scene.bot.host.memory.turns.add(hers)
    written(scene, bob, "She is gone.", scene.text, NOON_S - 39 * DAY_S)
    text = scene.ask(scene.ann, "/catchup")
    assert "since you last said something (Sunday, 18 October 2026" in text
    assert "Mira: Goodbye, Ann." in text and "She is gone." in text
    assert "Long ago" not in text and "I am off" not in text
    assert "I know of nothing that you missed in the last 24 hours" in scene.ask(
        scene.ann, "/catchup", hours=24
    )


def test_hours_say_how_far_it_goes_back(scene: Scene, bob: SimulatedMember) -> None:
    written(scene, bob, "Bring a coat.", scene.text, NOON_S - 3 * HOUR_S)
    assert "Bring a coat." in scene.ask(scene.ann, "/catchup", hours=4)
    assert "in the last 2 hours" in scene.ask(scene.ann, "/catchup", hours=2)
    assert "nothing that you missed in the last hour;" in scene.ask(scene.ann, "/catchup", hours=1)
    for wrong in (0, -1, 100_000, "all"):
        with pytest.raises(NotPossible):
            scene.ask(scene.ann, "/catchup", hours=wrong)


def test_nothing_is_told_that_is_not_for_whoever_asks(scene: Scene, bob: SimulatedMember) -> None:
    secret = private_channel(scene, bob)
    written(scene, bob, "The party is a secret.", secret, NOON_S - HOUR_S)
    spoken(scene, bob, "Ann must not know.", at_s=NOON_S - HOUR_S)
    alone = Scope(Origin.DIRECT, key(direct(scene, bob)), (me(bob),), (me(bob),))
    turn = StoredTurn(0, NOON_S - HOUR_S, me(bob), "Bob", "I love Ann.", "direct", alone)
    scene.bot.host.memory.turns.add(turn)
    kept = written(scene, bob, "I take this back.", scene.text, NOON_S - HOUR_S)
    scene.bot.host.memory.turns.set_private([kept.id], True)
    for answer in (
        scene.ask(scene.ann, "/catchup"),
        interact(scene, scene.ann, "/catchup", direct(scene, scene.ann), hours=24).text,
    ):
        assert "I know of nothing that you missed" in answer
    cleo = scene.guild.add_member("Cleo")
    scene.guild.overwrite(secret, cleo, allow=Permission.VIEW_CHANNEL)
    text = scene.ask(cleo, "/catchup")
    assert "The party is a secret." in text and "must not know" not in text and "love" not in text


def test_another_server_is_another_matter_but_alone_with_her_it_is_all_one(
    scene: Scene, bob: SimulatedMember
) -> None:
    away = scene.server.add_guild("Away")
    away.add_member("Bob", user=bob.user)
    ann = away.add_member("Ann", user=scene.ann.user)
    hall = away.add_text_channel("hall")
    written(scene, bob, "The hall is empty.", hall, NOON_S - HOUR_S)
    written(scene, bob, "Bring a coat.", scene.text, NOON_S - HOUR_S)
    assert "hall is empty" in interact(scene, ann, "/catchup", hall).text
    home = scene.ask(scene.ann, "/catchup")
    assert "Bring a coat." in home and "hall" not in home
    both = interact(scene, scene.ann, "/catchup", direct(scene, scene.ann)).text
    assert "Bring a coat." in both and "The hall is empty." in both


def test_what_is_forgotten_is_not_told(scene: Scene, bob: SimulatedMember) -> None:
    written(scene, bob, "Bring a coat.", scene.text, NOON_S - HOUR_S)
    scene.bot.host.memory.forget(Wish(me(bob)))
    assert "I know of nothing" in scene.ask(scene.ann, "/catchup")


def test_no_model_is_asked_and_who_asks_often_waits(scene: Scene, bob: SimulatedMember) -> None:
    written(scene, bob, "Bring a coat.", scene.text, NOON_S - HOUR_S)
    answers = [scene.ask(scene.ann, "/catchup") for _ in range(7)]
    assert ["try again in a minute" in text for text in answers] == [False] * 6 + [True]
    assert not scene.bot.llm.prompts
    assert "try again" not in scene.ask(bob, "/catchup")


def test_it_looks_past_what_was_brought_in_from_elsewhere(scene: Scene, bob: SimulatedMember) -> None:
    written(scene, bob, "Bring a coat.", scene.text, NOON_S - HOUR_S)
    old = Scope(Origin.DIRECT, "sillytavern", (me(bob),), (me(bob),))
    turns = scene.bot.host.memory.turns
    for number in range(AT_ONCE + 5):
        turns.add(StoredTurn(0, float(number), me(bob), "Bob", "Once upon a time", "old", old))
    text = scene.ask(scene.ann, "/catchup")
    assert "Bring a coat." in text and "Once" not in text


# Without Discord


def line(number: int, text: str, session: str = "s") -> StoredTurn:
    scope = Scope(Origin.TEXT, "general", ("1",), ("1",))
    return StoredTurn(number, NOON_S + number, "1", "Bob", text, session, scope)


def test_it_never_grows_too_long_and_says_how_much_is_left_out() -> None:
    turns = [line(number, f"{number:04} " + "*" * 150) for number in range(500)]
    text = told(turns, {"general": "#general"}, "since then")
    assert len(text) <= MOST_CHARACTERS and "0499" in text and "0000" not in text
    shown = text.count("Bob: ")
    assert f"({500 - shown} earlier lines do not fit here)" in text


def test_nothing_in_it_is_obeyed_by_discord() -> None:
    text = told([line(1, "# @everyone **loud** <@1>\n> quoted")], {"general": "#general"}, "since then")
    assert "Bob: \\# @\u200beveryone \\*\\*loud\\*\\* \\<@1\\> \\> quoted" in text


def test_conversations_that_went_on_at_once_stay_apart() -> None:
    turns = [line(1, "one", "a"), line(2, "two", "b"), line(90, "three", "a")]
    text = told(turns, {"general": "#general"}, "since then")
    assert text.index("one") < text.index("three") < text.index("two") and text.count("**#general**") == 2

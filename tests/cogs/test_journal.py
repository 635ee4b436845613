"""``/journal``: everybody's own notes, through the gateway; nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cogs.journal import OFTEN
from cogs.journal_pages import Where, day_of, pages, within
from memory.consent import Purpose
from memory.entry import new_id
from memory.forget import Wish
from memory.types import Entry, Origin, Scope, StoredTurn
from tests.cogs.scene import Scene
from tests.discord_server import Channel, Interaction, NotPossible, Permission, SimulatedMember
from tests.memory.kept import DAY_S, NOON_S

SISTER = "My sister Clara lives in Lisbon"


def me(who: SimulatedMember) -> str:
    return f"discord:{who.id}"


def key(channel: Channel) -> str:
    return f"discord:{channel.id}"


def agree(scene: Scene, *people: SimulatedMember) -> None:
    for who in people:
        decision = scene.bot.host.consent.decide(me(who), Purpose.REMEMBERING, True, "test")
        asyncio.run_coroutine_threadsafe(decision, scene.bot.loop).result(30)


def forget(scene: Scene, wish: Wish) -> None:
    scene.bot.host.memory.forget(wish)


def note(
    scene: Scene,
    text: str,
    *about: SimulatedMember,
    at_s: float = NOON_S,
    heard_by: tuple[SimulatedMember, ...] | None = None,
    **more: Any,
) -> Entry:
    """A note of hers about some people, who all heard it unless it is said who did."""
    people = tuple(sorted(map(me, about)))
    heard = people if heard_by is None else tuple(sorted(map(me, heard_by)))
    scope = Scope(Origin.DIRECT, key(scene.text), people, heard)
    kept = scene.bot.host.memory.keep_entry(Entry(new_id(at_s), at_s, text, scope, **more), owners=True)
    assert kept is not None
    return kept


def written(
    scene: Scene, who: SimulatedMember, text: str, channel: Channel, at_s: float = NOON_S
) -> StoredTurn:
    """Somebody wrote it to her there, and it was kept."""
    scope = Scope(Origin.TEXT, key(channel), (me(who),), (me(who),))
    session = f"{key(channel)}@{int(at_s)}"
    turn = scene.bot.host.memory.turns.add(StoredTurn(0, at_s, me(who), who.name, text, session, scope))
    assert turn is not None
    scene.bot.host.memory.index([turn])
    return turn


def direct(scene: Scene, who: SimulatedMember) -> Channel:
    return scene.server.call(scene.server.service.world.dm, who.user, scene.server.bot.user)


def changed(scene: Scene, entry: Entry, text: str) -> Entry:
    memory = scene.bot.host.memory
    kept = memory.journal.write(replace(entry, text=text))
    memory.index_entry(kept)
    return kept


@contextmanager
def suggestions(
    scene: Scene, who: SimulatedMember, command: str, option: str, typed: str = ""
) -> Iterator[Any]:
    """What is suggested, as (name, value)."""
    asked = scene.server.autocomplete(who, command, channel=scene.text, option=option, **{option: typed})
    choices = asked.wait(10).choices or []
    yield [(one["name"], one["value"]) for one in choices]


def interact(
    scene: Scene, who: SimulatedMember, command: str, channel: Channel, **options: Any
) -> Interaction:
    answer = scene.server.interact(who, command, channel=channel, **options).wait(20)
    assert all(reply.ephemeral for reply in answer.shown)
    return answer


pytestmark = pytest.mark.usefixtures("noon")


# Reading


def test_ones_own_notes_are_shown_the_newest_first_and_by_their_day(scene: Scene) -> None:
    assert scene.ask(scene.ann, "/journal read") == "I have no notes about you."
    note(scene, "Ann keeps bees.", scene.ann, at_s=NOON_S - DAY_S)
    note(scene, "Ann sings.\n- in a choir", scene.ann, pinned=True)
    text = scene.ask(scene.ann, "/journal read")
    assert text.index("Ann sings.\n\\- in a choir") < text.index("Ann keeps bees.")
    assert "Friday, 27 November 2026" in text and "· pinned" in text
    for day in ("yesterday", "2026-11-26", " Yesterday "):
        text = scene.ask(scene.ann, "/journal read", day=day)
        assert "bees" in text and "sings" not in text
    assert "sings" in scene.ask(scene.ann, "/journal read", day="today")
    assert "no notes about you of Wednesday, 25 November 2026" in scene.ask(
        scene.ann, "/journal read", day="2026-11-25"
    )


@pytest.mark.parametrize("day", ["the day the music died", "2026-13-01", "0", "../../etc/passwd", "*"])
def test_a_day_that_is_none_is_refused_in_one_sentence(scene: Scene, day: str) -> None:
    note(scene, "Ann keeps bees.", scene.ann)
    text = scene.ask(scene.ann, "/journal read", day=day)
    assert "I do not know that day" in text and "bees" not in text


def test_what_does_not_fit_is_turned_over_and_read_anew_each_time(scene: Scene) -> None:
    for number in range(30):
        note(scene, f"Note {number:02}. " + "bees and honey " * 25, scene.ann, at_s=NOON_S - number * 60)
    answer = interact(scene, scene.ann, "/journal read", scene.text, day="today")
    (page,) = answer.shown
    assert "Note 00" in answer.text and page.embeds[0]["footer"]["text"].startswith("2026-11-27, page 1 of ")
    with pytest.raises(NotPossible, match="disabled"):
        scene.server.click(scene.ann, page, "Later")
    seen = {number for number in range(30) if f"Note {number:02}" in answer.text}
    while not page.components[0]["components"][0].get("disabled"):
        before = page.embeds[0]["footer"]["text"]
        scene.server.click(scene.ann, page, "Earlier").wait(10)
        scene.wait(lambda before=before: page.embeds[0]["footer"]["text"] != before, "not turned over")
        seen |= {number for number in range(30) if f"Note {number:02}" in page.embeds[0]["description"]}
    assert seen == set(range(30))
    bob = scene.guild.add_member("Bob")
    with pytest.raises(NotPossible, match="does not see"):
        scene.server.click(bob, page, "Later")
    forget(scene, Wish(me(scene.ann)))
    scene.server.click(scene.ann, page, "Later").wait(10)
    scene.wait(lambda: not page.embeds, "the page stays")
    assert "I have no notes about you" in page.content and not page.components


def test_nothing_in_a_note_is_obeyed_by_discord(scene: Scene) -> None:
    note(scene, f"# Big @everyone <@{scene.ann.id}> **loud** [a](https://evil.example)", scene.ann)
    text = scene.ask(scene.ann, "/journal read")
    for active in ("@everyone", f" <@{scene.ann.id}>", "**loud**", "[a](https", "\n# Big"):
        assert active not in text


def test_a_note_as_long_as_it_may_be_is_shown_whole() -> None:
    scope = Scope(Origin.DIRECT, "", ("1",), ("1",))
    words = [f"word{number}" for number in range(2_000)]
    found = pages([Entry("", NOON_S, " ".join(words), scope), Entry("", NOON_S, "*" * 9_000, scope)])
    assert all(len(page) <= 4_096 for page in found)
    shown = " ".join(found).split()
    assert [word for word in shown if word.startswith("word")] == words
    assert sum(page.count("\\*") for page in found) == 9_000


# Suggestions


def test_suggestions_are_of_ones_own_notes_alone(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    kept = note(scene, "Ann keeps bees.", scene.ann, at_s=NOON_S - DAY_S)
    twice = changed(scene, note(scene, "Ann keeps goats.", scene.ann), "Ann keeps sheep.")
    note(scene, "Ann is to get a surprise party.", scene.ann, bob, heard_by=(bob,))
    with suggestions(scene, scene.ann, "/journal read", "day") as days:
        assert days == [
            ("Friday, 27 November 2026 (1 note)", "2026-11-27"),
            ("Thursday, 26 November 2026 (1 note)", "2026-11-26"),
        ]
    with suggestions(scene, scene.ann, "/journal read", "day", "thursday") as days:
        assert [value for _, value in days] == ["2026-11-26"]
    with suggestions(scene, scene.ann, "/journal history", "entry") as entries:
        assert [value for _, value in entries] == [twice.id, kept.id]
    with suggestions(scene, scene.ann, "/journal history", "entry", "BEES") as entries:
        assert entries == [("2026-11-26: Ann keeps bees.", kept.id)]
    with suggestions(scene, scene.ann, "/journal restore", "entry") as entries:
        assert [value for _, value in entries] == [twice.id]  # the other has one version only
    with suggestions(scene, bob, "/journal history", "entry") as entries:
        assert [name for name, _ in entries] == ["2026-11-27: Ann is to get a surprise party."]
    with suggestions(scene, bob, "/journal restore", "entry") as entries:
        assert entries == []


def test_there_are_never_more_suggestions_than_discord_takes(scene: Scene) -> None:
    for number in range(40):
        note(scene, f"Note {number}: " + "bees " * 60, scene.ann, at_s=NOON_S - number * DAY_S)
    with suggestions(scene, scene.ann, "/journal history", "entry") as entries:
        assert len(entries) == 25 and all(len(name) <= 100 for name, _ in entries)
    with suggestions(scene, scene.ann, "/journal read", "day") as days:
        assert len(days) == 25


# Adding


def test_a_note_of_ones_own_is_kept_once_they_have_agreed(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    refused = scene.ask(scene.ann, "/journal add", text="I keep bees.")
    assert "not agreed to be remembered" in refused and not scene.bot.host.memory.journal.entries()
    agree(scene, scene.ann, bob)
    assert "Tell me what" in scene.ask(scene.ann, "/journal add", text=" \u2003 ")
    assert scene.ask(scene.ann, "/journal add", text="I keep bees.") == "I have noted it: I keep bees."
    (kept,) = scene.bot.host.memory.journal.entries()
    assert kept.scope.about == kept.scope.heard_by == (me(scene.ann),) and kept.at_s == NOON_S
    assert "I keep bees." in scene.ask(scene.ann, "/journal read")
    assert "I keep bees." in scene.ask(scene.ann, "/journal search", query="bees")
    for command, options in (("read", {}), ("search", {"query": "bees"})):
        assert "keep bees" not in scene.ask(bob, f"/journal {command}", **options)


# Searching


def test_a_search_finds_what_one_may_read_and_nothing_that_others_told_elsewhere(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    secret = scene.guild.add_text_channel("secret")
    scene.guild.overwrite(secret, scene.guild.everyone, deny=Permission.VIEW_CHANNEL)
    scene.guild.overwrite(secret, bob, allow=Permission.VIEW_CHANNEL)
    scene.guild.overwrite(secret, scene.guild.bot_role, allow=Permission.VIEW_CHANNEL)
    other = scene.guild.add_text_channel("other")
    written(scene, bob, "The honey harvest is on Monday.", other)
    written(scene, bob, "The honey thief is Ann.", secret)
    note(scene, "Bob told her that he hates honey.", bob)
    found = scene.ask(scene.ann, "/journal search", query="honey")
    assert found == "2026-11-27, **Bob:** The honey harvest is on Monday."
    everything = scene.ask(bob, "/journal search", query="honey")
    assert "thief" in everything and "**my note:** Bob told her" in everything
    assert "I remember nothing about that" in scene.ask(bob, "/journal search", query="submarines")
    assert (
        "harvest"
        in interact(scene, scene.ann, "/journal search", direct(scene, scene.ann), query="honey").text
    )


def test_who_asks_often_waits_and_others_do_not(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    answers = [scene.ask(scene.ann, "/journal search", query="honey") for _ in range(OFTEN + 1)]
    assert ["try again in a minute" in text for text in answers] == [False] * OFTEN + [True]
    assert "try again" in scene.ask(scene.ann, "/journal export")
    assert "nothing" in scene.ask(bob, "/journal search", query="honey")


# Without Discord


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", date(2026, 11, 27)),
        ("Yesterday", date(2026, 11, 26)),
        (" 2026-02-28 ", date(2026, 2, 28)),
        ("2026-02-30", None),
        ("", None),
        ("tomorrow", None),
    ],
)
def test_days_as_people_type_them(text: str, day: date | None) -> None:
    assert day_of(text, date(2026, 11, 27)) == day


@pytest.mark.parametrize("where", [Where(), Where(None, 41), Where(date(2026, 11, 27), 2)])
def test_a_page_says_itself_which_it_is(where: Where) -> None:
    assert Where.read(where.footer(99)) == where
    assert Where.read("something else") == Where()


def test_whole_lines_are_taken_as_far_as_they_fit() -> None:
    assert within(["12345", "12345", "1"], 11) == "12345\n12345"
    assert within([]) == ""

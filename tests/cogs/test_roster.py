"""Whom she knows: ``/relationship roster``, for whoever runs her alone."""

from __future__ import annotations

from pathlib import Path

from cogs.regard_page import PEOPLE_ON_PAGE
from cogs.regard_panel import CHOOSE
from cogs.relationships import NOBODY, NOT_FOR_ALL
from memory.types import HERS, Origin, Scope, StoredTurn
from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.cogs.test_relationships import (
    WHAT,
    agree,
    learned,
    me,
    opened,
    owned,
    press,
    said,
    text_of,
)
from tests.discord_server import DiscordServer
from tests.memory.kept import DAY_S, NOON_S


def test_the_roster_is_for_whoever_runs_her_alone(scene: Scene) -> None:
    assert scene.ask(scene.ann, "/relationship roster") == NOT_FOR_ALL


def test_the_roster_hides_what_is_not_for_the_owner_and_counts_it(
    server: DiscordServer, tmp_path: Path
) -> None:
    with owned(server, tmp_path) as (scene, olga):
        assert scene.ask(olga, "/relationship roster") == NOBODY
        bob = scene.guild.add_member("Bob")
        agree(scene, scene.ann, bob, olga)
        roster = scene.bot.host.memory.roster
        roster.met(me(scene.ann), "*Ann*", NOON_S + DAY_S)
        roster.met(me(bob), "Bob", NOON_S)
        heard = said(scene, scene.ann, "I keep bees", heard_by=(olga,))
        secret = said(scene, scene.ann, "I am in love", origin=Origin.DIRECT)
        unheard = said(scene, bob, "I broke the vase")  # she was there alone with him
        learned(scene, scene.ann, heard, history="Ann keeps bees.")
        learned(scene, scene.ann, secret, history="Ann is in love.")
        learned(scene, bob, unheard, history="Bob broke the vase.")
        panel = opened(scene, olga, "/relationship roster")
        text = str(panel.embeds[0]["description"])
        ann, other = text.split("\n\n")
        assert ann == "**\\*Ann\\***, last met on 28 November 2026: Ann keeps bees (1 line hidden)"
        assert other == "**Bob**, last met on 27 November 2026: nothing that I may tell you (1 line hidden)"
        assert (
            panel.embeds[0]["footer"]["text"]
            == "Page 1 of 1 · 2 people · 2 lines hidden: not for you to hear"
        )
        assert scene.ask(scene.ann, "/relationship roster") == NOT_FOR_ALL


def test_the_roster_is_on_pages_whoever_was_met_last_first(server: DiscordServer, tmp_path: Path) -> None:
    with owned(server, tmp_path) as (scene, olga):
        roster = scene.bot.host.memory.roster
        for number in range(PEOPLE_ON_PAGE + 2):
            roster.met(f"discord:{1000 + number}", f"Guest {number}", NOON_S + number)
        panel = opened(scene, olga, "/relationship roster")
        assert f"Guest {PEOPLE_ON_PAGE + 1}" in text_of(panel) and "Guest 1" not in text_of(panel)
        press(scene, olga, panel, "Met earlier")
        assert "Guest 1**" in text_of(panel) and "Guest 0**" in text_of(panel)
        for number in range(PEOPLE_ON_PAGE + 2):
            roster.remove_person(f"discord:{1000 + number}")
        press(scene, olga, panel, "Met later")
        assert panel.content == NOBODY and not panel.embeds


def test_buttons_and_lists_of_before_a_restart_say_that_they_have_run_out(
    server: DiscordServer, tmp_path: Path
) -> None:
    with owned(server, tmp_path) as (scene, olga):
        agree(scene, scene.ann)
        learned(scene, scene.ann, said(scene, scene.ann, "I sail"), history="Ann sails.")
        panel = opened(scene, scene.ann)
    with running_bot(server, tmp_path, owner_id=olga.id) as bot:
        scene.use(bot)
        assert "run out" in server.click(scene.ann, panel, WHAT).wait(20).text
        (select,) = [one for row in panel.components for one in row["components"] if one["type"] == 3]
        chosen = server.choose(scene.ann, panel, CHOOSE, [select["options"][0]["value"]])
        assert "run out" in chosen.wait(20).text


def test_a_line_of_hers_is_quoted_under_her_own_name(scene: Scene) -> None:
    agree(scene, scene.ann)
    scope = Scope(Origin.VOICE, "lounge", (me(scene.ann),), (me(scene.ann),))
    turn = StoredTurn(0, NOON_S, HERS, "Mira", "You told me that you sail.", "lounge@1", scope)
    kept = scene.bot.host.memory.turns.add(turn)
    assert kept is not None
    learned(scene, scene.ann, kept, history="Ann sails.")
    assert "(Mira, 27 November 2026)" in text_of(opened(scene, scene.ann))

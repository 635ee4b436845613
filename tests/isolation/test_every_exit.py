"""No way out without a probe: whoever builds another one has to say here where it is tried, or why nothing comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cogs.policy import rows
from tests.isolation.commands import COMMANDS
from tests.isolation.test_whole_bot import ALL_AT_ONCE, BY_COMMAND

ROOT = Path(__file__).parents[2]
NOT_THERE_YET = {  # what is to come, and what has to be probed then
    "persona_core/training": "the training set that is made of what people said",
}
TRIED_ELSEWHERE = {
    "/journal restore": "test_a_note_that_is_not_for_them_is_to_them_no_note_at_all",
    "/memory edit": "test_a_note_that_is_not_for_them_is_to_them_no_note_at_all",
    "/relationship roster": "test_the_owner_hears_of_people_only_what_is_for_the_owner",
    "Forget this": "test_menus_tell_of_nobody_else",
    "/status": "test_the_status_names_nobody_and_nothing",
    "/encounters list": "test_encounters_are_listed_to_whoever_was_there_and_to_nobody_else",
    "cogs/overlay": "test_the_page_shows_whoever_has_it_nothing_that_is_not_for_them",
}
SHOWS_NOTHING_KEPT = {  # but what the person has just said or decided, and counts
    *("/join", "/leave", "/mode", "/talk", "/privacy", "/captions on", "/captions here", "/captions off"),
    *("/captions erase", "/transcript", "/journal add", "Remember this"),
    *("/consent show", "/consent hearing", "/consent remembering", "/consent voice", "/consent face"),
    *("/voice enrol", "/voice forget"),  # nor who it is that somebody sounds like
    *("/face enrol", "/face forget"),  # or looks like
    *("/encounters merge", "/encounters split"),  # and are the owner's alone
    *("/consent training", "/forget last", "/forget me", "/forget everything", "/forget person"),
}


def test_every_command_is_probed_or_shows_nothing_that_is_kept() -> None:
    probed = {command.name for command in COMMANDS} | set(BY_COMMAND) | set(ALL_AT_ONCE)
    known = probed | set(TRIED_ELSEWHERE) | SHOWS_NOTHING_KEPT
    missing = sorted(set(rows()) - known)
    assert not missing, f"add a probe to tests/isolation for {missing}"
    assert not SHOWS_NOTHING_KEPT & (probed | set(TRIED_ELSEWHERE))


@pytest.mark.parametrize("folder", NOT_THERE_YET)
def test_what_is_not_there_yet_has_a_probe_when_it_comes(folder: str) -> None:
    there = any((ROOT / folder).rglob("*.py")) or (ROOT / f"{folder}.py").exists()
    assert not there, (
        f"{NOT_THERE_YET[folder]}: add it to the exits of tests/isolation, then take it from this list"
    )


@pytest.mark.parametrize("test", sorted(set(TRIED_ELSEWHERE.values())))
def test_what_is_tried_elsewhere_is_there(test: str) -> None:
    files = ("test_whole_bot.py", "test_met.py")
    assert any(f"def {test}(" in (ROOT / "tests" / "isolation" / one).read_text() for one in files)

"""How she sees somebody, as a page: within what Discord takes, and in words."""

from __future__ import annotations

import pytest

from cogs import regard_page
from cogs.regard_page import PEOPLE_ON_PAGE
from memory.regard import Ground, Known, Line, Regard
from memory.roster import Meetings
from memory.roster_update import ALIAS, FEELING, HISTORY, RELATIONSHIP
from tests.memory.kept import NOON_S


def test_a_page_never_holds_more_than_discord_takes() -> None:
    long = "*_" * 100
    grounds = (Ground("_" * 32, long, NOON_S),) * 2
    sections = (RELATIONSHIP, FEELING, ALIAS, HISTORY, HISTORY)
    lines = tuple(Line(str(n), section, long, NOON_S, None, grounds, 9) for n, section in enumerate(sections))
    seen = Regard(Meetings("*" * 32, ("_" * 32,) * 8, NOON_S, NOON_S, 10_000), 1.0, lines)
    embed = regard_page.page(seen, 0)
    assert len(embed) <= 6000 and all(len(field.value) <= 1024 for field in embed.fields)
    assert all(1 <= len(regard_page.label(line, seen)) <= 100 for line in lines)
    people = [Known("*" * 32, long, NOON_S, 100)] * PEOPLE_ON_PAGE
    assert len(regard_page.roster_page(people, 0).description or "") <= 4096


@pytest.mark.parametrize(("score", "words"), [(0.9, "fond"), (0.3, "like"), (0.0, "neither"), (-0.5, "wary")])
def test_warmth_is_told_in_words(score: float, words: str) -> None:
    assert words in regard_page.warmth(score)

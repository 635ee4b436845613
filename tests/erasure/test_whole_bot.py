"""What is told to her in every way is found everywhere, forgotten in every way there is, and found nowhere any more."""

from __future__ import annotations

import pytest

from tests.erasure.forgettings import FORGETTINGS, PLANTED_LATER, Forgetting
from tests.erasure.routes import ROUTES, WORDS, Route
from tests.erasure.searching import ANSWERS, LOGS, PAGES, RAM
from tests.erasure.story import Story

OFTEN_SHOWN = 12  # of Ann's words, at least, that the answers to her own questions hold before

ways = pytest.mark.parametrize("way", FORGETTINGS, ids=lambda way: way.name)


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if WORDS[r.name] not in PLANTED_LATER], ids=lambda r: r.name
)
def test_it_is_found_first(story: Story, route: Route) -> None:
    assert route.found <= story.first.of(WORDS[route.name])


@ways
def test_what_was_told_just_before_is_found_first(story: Story, way: Forgetting) -> None:
    for route in ROUTES:
        word = WORDS[route.name]
        if word in way.gone & PLANTED_LATER and way.name != "/forget everything" and way.name != "/forget me":
            assert route.found <= story.told[way.name].of(word), route.name


@ways
def test_nothing_of_it_is_found_afterwards(story: Story, way: Forgetting) -> None:
    left = story.after[way.name].but(ANSWERS)
    may_stay = {WORDS[route.name]: route.may_stay for route in ROUTES}
    wrong = {word: there - may_stay[word] for word, there in left.items() if word in way.gone}
    assert {word: there for word, there in wrong.items() if there} == {}


@ways
def test_all_else_is_found_as_before(story: Story, way: Forgetting) -> None:
    before, after = story.told[way.name], story.after[way.name]
    moves = {RAM, PAGES}  # the log beside the database is emptied
    gone = {word: before.of(word) - after.of(word) - moves for word in set(WORDS.values()) - way.gone}
    assert {word: there for word, there in gone.items() if there} == {}


@ways
def test_no_sealed_piece_of_it_is_left(story: Story, way: Forgetting) -> None:
    assert story.pieces_gone[way.name] > 0 and story.pieces[way.name] == 0


@ways
def test_nobody_is_shown_it_any_more(story: Story, way: Forgetting) -> None:
    assert not story.shown[way.name] & way.gone


def test_the_answers_that_are_looked_at_do_show_it_before(story: Story) -> None:
    assert len(story.shown_first) >= OFTEN_SHOWN


def test_nothing_is_found_that_nobody_has_planted(story: Story) -> None:
    for found in (story.first, *story.told.values(), *story.after.values()):
        assert set(found.places) <= set(WORDS.values())


def test_no_log_line_holds_any_of_it(story: Story) -> None:
    for found in (story.first, *story.told.values(), *story.after.values()):
        assert found.looked_at[LOGS] and not [word for word in found.places if LOGS in found.of(word)]


def test_it_is_counted(sealed: Story, plain: Story, capsys: pytest.CaptureFixture[str]) -> None:
    may_stay = {WORDS[route.name]: {ANSWERS, *route.may_stay} for route in ROUTES}
    for how, story in (("sealed", sealed), ("plain", plain)):
        found = [one for one in WORDS.values() if any(looked.of(one) for looked in story.told.values())]
        places = {place for looked in (story.first, *story.told.values()) for place in looked.looked_at}
        searched = sum(
            looked.looked_at.total() for looked in (story.first, *story.told.values(), *story.after.values())
        )
        hits = sum(
            bool(story.after[way.name].of(word) - may_stay[word]) for way in FORGETTINGS for word in way.gone
        )
        sought = sum(len(way.gone) for way in FORGETTINGS)
        with capsys.disabled():
            print(
                f"\nerasure: {len(WORDS)} words planted, journal {how}, {len(found)} found before; {len(FORGETTINGS)} ways "
                f"to forget, {len(places)} places, {searched / 1e6:.0f} MB searched; {hits} of {sought} found after; "
                f"{sum(story.pieces.values())} of {sum(story.pieces_gone.values())} sealed pieces; in answers for one "
                f"alone {len(story.shown_first)} before, {sum(len(story.shown[w.name] & w.gone) for w in FORGETTINGS)} after"
            )
        assert len(found) == len(WORDS) and hits == 0

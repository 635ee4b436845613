"""What a model wrote of a talk rests on what was said, and goes no further than that may go."""

from __future__ import annotations

from collections.abc import Sequence

from memory.types import HERS, Entry, Origin, Scope, StoredTurn
from persona_core.thinking.derived import Derivation, Reflected
from persona_core.thinking.reflection_form import Answer, Fact

NOON_S = 1_795_780_800.0


def turn(number: int, who: str, text: str, *others: str) -> StoredTurn:
    there = tuple(sorted({who, *others} - {HERS}))
    scope = Scope(Origin.VOICE, "lounge", (who,) if who else there, there)
    return StoredTurn(number, NOON_S + number, who, who.title() or "Mira", text, "s", scope)


def derived(
    turns: Sequence[StoredTurn], text: str, who: str = "Ann", shown: Sequence[Entry] = ()
) -> Reflected:
    ids = iter(range(100))
    derivation = Derivation(turns, shown, "Mira", lambda at_s: f"e{next(ids)}", NOON_S)
    return derivation.from_answer(Answer(facts=(Fact(who=who, text=text),)), shown)


def test_what_a_line_took_from_an_earlier_turn_narrows_who_may_hear_it() -> None:
    turns = [
        turn(1, "ann", "I am pregnant"),
        turn(2, "ann", "I start a new job at the hospital in Leeds on Monday", "zed"),
    ]
    found = derived(turns, "Ann is pregnant and starts a new job at the hospital in Leeds on Monday.")
    (entry,) = [one for one in found.entries if "pregnant" in one.text]
    assert entry.sources == (1, 2) and entry.scope.heard_by == ("ann",)


def test_a_line_that_holds_anothers_words_is_about_them_too() -> None:
    turns = [
        turn(1, "bob", "I have HIV", "ann"),
        turn(2, "ann", "I start a new job at the hospital in Leeds on Monday", "bob"),
    ]
    found = derived(turns, "Ann starts a new job at the hospital in Leeds on Monday and has HIV.")
    assert all(one.scope.about == ("ann", "bob") for one in found.entries if "HIV" in one.text)


def test_nothing_of_what_the_model_was_shown_comes_back_as_said_now() -> None:
    told = Entry("k", NOON_S, "Ann is pregnant.", Scope(Origin.DIRECT, "dm", ("ann",), ("ann",)))
    turns = [turn(1, "ann", "I start a new job at the hospital in Leeds on Monday", "zed")]
    found = derived(turns, "Ann is pregnant and starts a new job at the hospital in Leeds.", shown=[told])
    assert not [one for one in found.entries if "pregnant" in one.text]


def test_hearsay_stays_hearsay() -> None:
    turns = [
        turn(1, "zed", "Ann stole a hundred dollars from her mother", "ann"),
        turn(2, "ann", "hm", "zed"),
    ]
    found = derived(turns, "Ann stole a hundred dollars from her mother.")
    told = [one.text for one in found.entries if "stole" in one.text]
    assert told and all(text.startswith("Zed said: ") for text in told)

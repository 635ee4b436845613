from __future__ import annotations

from dataclasses import replace

import pytest

from persona_core.hearing.microphone import UNKNOWN, Microphone
from persona_core.hearing.turn_end import TurnEvidence, ends_unfinished, patience_s, sound_matters

QUICKEST_S, LONGEST_S = 0.55, 1.7
LONGEST_PAUSE_S = 1.6  # that people think for


def patience(
    text: str,
    finished: float | None,
    language: str = "en",
    spoken_s: float = 3.0,
    talk_ended: bool = False,
    microphone: Microphone = UNKNOWN,
    completed: float | None = None,
) -> float:
    evidence = TurnEvidence(text, language, finished, spoken_s, talk_ended, microphone, completed)
    return patience_s(evidence, QUICKEST_S, LONGEST_S)


@pytest.mark.parametrize(
    "text", ["What time is it?", "I like that account of himself.", "Oh no!", "何時ですか。"]
)
def test_a_finished_sentence_that_sounds_finished_waits_no_longer_than_needed(text: str) -> None:
    assert patience(text, 0.98) == QUICKEST_S


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I would like to go to the", "en"),
        ("I would like to go to the.", "en"),  # recognisers close what was not closed
        ("Then we could, um...", "en"),
        ("Perhaps on Monday or", "en"),
        ("Ich hätte gern einen", "de"),
        ("Je voudrais aller à la", "fr"),
        ("Quiero ir a la", "es"),
        ("Uh,", "xx"),
    ],
)
def test_a_thinking_pause_after_a_broken_off_sentence_is_waited_out(text: str, language: str) -> None:
    assert patience(text, 0.03, language) > LONGEST_PAUSE_S


HELD = Microphone(over=20, over_closed=20, on=5, on_closed=0)  # a key, let go of at the end


@pytest.mark.parametrize(
    ("text", "completed", "talk_ended", "microphone", "longest_s", "matters"),
    [
        pytest.param(
            "What time is it?", 0.95, False, UNKNOWN, LONGEST_S, False, id="the words say it is over"
        ),
        pytest.param(
            "I would like to go to the", 0.01, False, UNKNOWN, LONGEST_S, False, id="or that it is not"
        ),
        pytest.param("I like that.", 0.25, False, UNKNOWN, LONGEST_S, True, id="or neither"),
        pytest.param("I like that.", 0.25, True, HELD, LONGEST_S, False, id="the key was let go of"),
        pytest.param("I like that", 0.1, False, HELD, LONGEST_S, True, id="it may yet be let go of"),
        pytest.param("I like that.", 0.25, False, UNKNOWN, QUICKEST_S, False, id="in a crowd"),
    ],
)
def test_the_sound_is_asked_only_where_it_matters(
    text: str, completed: float, talk_ended: bool, microphone: Microphone, longest_s: float, matters: bool
) -> None:
    evidence = TurnEvidence(text, "en", None, 3.0, talk_ended, microphone, completed)
    assert sound_matters(evidence, QUICKEST_S, longest_s) is matters
    if not matters:
        told = (replace(evidence, finished=finished) for finished in (None, 0.0, 1.0))
        assert len({patience_s(one, QUICKEST_S, longest_s) for one in told}) == 1


@pytest.mark.parametrize(
    ("surer", "less_sure"),
    [
        (("We are going home.", 0.9), ("We are going home.", 0.2)),
        (("We are going home.", 0.9), ("We are going home", 0.9)),
        (("We are going home.", 0.9), ("We are going home,", 0.9)),
        (("We are going home.", 0.9), ("We are going home...", 0.9)),
        (("We are going home.", 0.9), ("We are going home and.", 0.9)),
        (("We are going home.", 0.9), ("", 0.9 / 4)),
        (("We are going home.", 0.95), ("We are going home", None)),
    ],
)
def test_the_likelier_it_is_that_more_follows_the_longer_she_waits(
    surer: tuple[str, float | None], less_sure: tuple[str, float | None]
) -> None:
    assert patience(*surer) < patience(*less_sure)


@pytest.mark.parametrize("finished", [0.0, 0.001, 0.5, 1.0, None])
@pytest.mark.parametrize("text", ["", "...", "Yes.", "and", "  \n"])
@pytest.mark.parametrize("talk_ended", [False, True])
def test_patience_stays_within_its_limits(finished: float | None, text: str, talk_ended: bool) -> None:
    assert QUICKEST_S <= patience(text, finished, talk_ended=talk_ended) <= LONGEST_S


def test_what_the_language_model_expects_counts_where_the_sound_says_nothing() -> None:
    text = "I wanted to tell you about it."
    asked = [patience(text, 0.5, completed=read) for read in (0.9, 0.3, 0.03, 0.003)]
    assert asked == sorted(asked) and asked[0] < asked[-1]


def test_an_open_microphone_that_always_closed_at_the_end_is_a_pause_to_think() -> None:
    held = Microphone(over=8, over_closed=8)
    assert patience("And so I went home.", 0.9, microphone=held) > patience("And so I went home.", 0.9)
    assert patience("And so I went home.", 0.9, talk_ended=True, microphone=held) == QUICKEST_S


def test_a_name_called_alone_needs_no_full_stop() -> None:
    assert patience("Amelia", 0.97, spoken_s=0.7) == patience("Amelia.", 0.97, spoken_s=0.7)
    assert patience("I was thinking Amelia", 0.97) > patience("I was thinking Amelia.", 0.97)


def test_a_closed_microphone_makes_an_end_likelier_but_no_broken_off_sentence_whole() -> None:
    assert patience("We are going home.", 0.3, talk_ended=True) < patience("We are going home.", 0.3)
    assert patience("We are going to the", 0.03, talk_ended=True) > LONGEST_PAUSE_S


@pytest.mark.parametrize(
    ("text", "language", "unfinished"),
    [
        ("Give me the", "en", True),
        ("Give me THE...", "en", True),
        ("Give me one.", "en", False),
        ("What are you looking for?", "en", False),
        ("Yes, it is.", "en", False),
        ("Der Hund und", "de", True),
        ("Er kommt mit", "de", False),
        ("Was ist das?", "de", False),
        ("Wo ist er?", "de", False),
        ("We could, er", "en", True),
        ("Where are they?", "en", False),
        ("the", "de", False),
        ("Also, ähm,", "de", True),
        ("Je sais que", "fr", True),
        ("No lo sé.", "es", False),
        ("", "en", False),
        ("...", "en", False),
    ],
)
def test_the_last_word_tells_whether_something_must_follow(
    text: str, language: str, unfinished: bool
) -> None:
    assert ends_unfinished(text, language) is unfinished

from __future__ import annotations

import pytest

from persona_core.hearing.overlap import Overlap, OverlapEvidence, judge

STORY = "The lighthouse keeper had three daughters, and the youngest of them could talk to the gulls."


def at_the_end(text: str, language: str = "en", said: str = STORY) -> Overlap:
    return judge(OverlapEvidence(text, True, True, language, 0.6, said))


def so_far(text: str, voiced_s: float, said: str = STORY) -> Overlap:
    return judge(OverlapEvidence(text, False, True, "en", voiced_s, said))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Mm-hmm."), ("en", "Mmm"), ("en", "Mhm."), ("en", "M-hm, m-hm."), ("en", "Hmm..."), ("en", "Uh-huh."),
        ("en", "Um-hum."), ("en", "Aha!"), ("en", "Yeah."), ("en", "yeah yeah, right"), ("en", "Oh wow."),
        ("en", "Okay, I see."), ("en", "That’s true."), ("en", "Hahaha!"), ("en", "Ahem."), ("en", "Um..."),
        ("de", "Ja, genau."), ("de", "Ach so."), ("fr", "Ouais, d'accord."), ("es", "Claro que sí."), ("it", "Va bene."),
        ("pt", "Pois é."), ("nl", "Ja, precies."), ("pl", "No tak."), ("ru", "Ну да, конечно."), ("ja", "うんうん。"),
        ("ko", "음..."), ("cy", "Mm."),
    ],
)  # fmt: skip
def test_signs_of_listening_are_no_interruption_in_any_language(language: str, text: str) -> None:
    assert at_the_end(text, language) is Overlap.BACKCHANNEL


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "No."), ("en", "Stop."), ("en", "Wait!"), ("en", "Hold on."), ("en", "Mira?"), ("en", "What?"),
        ("en", "Yeah, but what about the cat?"), ("en", "Okay, stop."), ("en", "Right, let's go."), ("en", "Sorry"),
        ("en", "Yeah I don't know."), ("de", "Nein."), ("de", "Ja, aber"), ("fr", "Attends !"), ("pl", "Nie."),
        ("ja", "ちょっと待って"), ("ru", "Стой"),
    ],
)  # fmt: skip
def test_words_that_want_the_floor_interrupt_even_when_short(language: str, text: str) -> None:
    assert at_the_end(text, language) is Overlap.INTERRUPTION


@pytest.mark.parametrize(
    ("text", "voiced_s", "answer"),
    [
        ("", 0.5, Overlap.UNDECIDED),
        ("", 2.5, Overlap.NOTHING),
        ("Yeah.", 0.5, Overlap.UNDECIDED),  # "but" may follow
        ("Yeah but", 0.7, Overlap.UNDECIDED),
        ("Yeah but what", 0.9, Overlap.INTERRUPTION),
        ("You", 0.5, Overlap.UNDECIDED),  # what recognisers write for a hum
        ("Tomorrow", 1.1, Overlap.INTERRUPTION),
        ("Did you", 0.5, Overlap.INTERRUPTION),
        ("Yeah. Yeah. Okay. Right. Yeah.", 2.5, Overlap.UNDECIDED),
    ],
)
def test_what_is_still_being_said_is_judged_as_early_as_is_safe(
    text: str, voiced_s: float, answer: Overlap
) -> None:
    assert so_far(text, voiced_s) is answer


@pytest.mark.parametrize(
    "text",
    [
        "the youngest of them could talk to the gulls",
        "keeper had three daughters and",
        "Housekeeper had three daughters and the youngest",  # cut and garbled
        "Three daughters and the young is to them could talk",
        "Had three daughters. Mm-hmm.",
    ],
)
def test_her_own_words_from_a_loudspeaker_are_an_echo(text: str) -> None:
    assert at_the_end(text) is Overlap.ECHO
    assert so_far(text, 2.0) is Overlap.ECHO
    assert judge(OverlapEvidence(text, True, True, "en", 2.0, STORY, name_called=True)) is Overlap.ECHO


@pytest.mark.parametrize(
    "text",
    [
        "Daughters?",  # asks back
        "How many daughters did the lighthouse keeper have?",
        "the youngest of them could talk wait stop that",
    ],
)
def test_somebody_who_takes_up_her_words_is_no_echo(text: str) -> None:
    assert at_the_end(text) is Overlap.INTERRUPTION


@pytest.mark.parametrize("text", ["had three", "The young", "light house"])
def test_the_first_words_of_an_echo_do_not_stop_her(text: str) -> None:
    assert so_far(text, 0.6) is Overlap.UNDECIDED


def test_her_name_interrupts_before_the_sentence_is_known() -> None:
    evidence = OverlapEvidence("Mira", False, True, "en", 0.4, STORY, name_called=True)
    assert judge(evidence) is Overlap.INTERRUPTION


def test_nothing_is_decided_before_the_recogniser_has_answered() -> None:
    assert judge(OverlapEvidence("", True, False, "", 0.6, STORY)) is Overlap.UNDECIDED


def test_whoever_speaks_on_is_let_through_even_while_the_recogniser_is_late() -> None:
    assert judge(OverlapEvidence("", False, False, "", 3.0, STORY)) is Overlap.INTERRUPTION


def test_a_sound_in_which_no_words_were_found_is_nothing() -> None:
    assert at_the_end("") is Overlap.NOTHING
    assert at_the_end("...") is Overlap.NOTHING

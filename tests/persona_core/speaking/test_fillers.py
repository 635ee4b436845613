"""Small sounds are rare, never the same twice in a row, and in the language that is spoken."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from persona_core.speaking.fillers import FILLERS, LISTENING, Sounds, Words, fillers, listening_sounds
from persona_core.speaking.sentences import Sentences

WORDS: Words = {"en": ("one", "two"), "de": ("eins", "zwei")}


def test_no_sound_comes_twice_in_a_row() -> None:
    sounds = Sounds(WORDS, 10.0, Random(1))
    chosen = [sounds.choose("en", n * 10.0) for n in range(50)]
    assert all(one != other for one, other in pairwise(chosen))
    assert set(chosen) == {"one", "two"}


def test_no_second_sound_comes_too_soon() -> None:
    sounds = Sounds(WORDS, 10.0, Random(1))
    assert sounds.choose("en", 100.0) is not None
    assert sounds.choose("en", 109.9) is None
    assert sounds.choose("de", 109.9) is None
    assert sounds.choose("en", 110.0) is not None


@pytest.mark.parametrize(("language", "known"), [("", WORDS["en"]), ("de", WORDS["de"])])
def test_it_is_in_the_language_that_is_spoken(language: str, known: tuple[str, ...]) -> None:
    assert Sounds(WORDS, 10.0, Random(1)).choose(language, 0.0) in known


def test_in_a_language_she_has_no_sounds_for_she_makes_none_and_loses_no_turn() -> None:
    sounds = Sounds(WORDS, 10.0, Random(1))
    assert sounds.choose("ja", 0.0) is None
    assert sounds.choose("en", 0.0) is not None


@pytest.mark.parametrize("words", [FILLERS, LISTENING])
def test_every_language_has_sounds_to_choose_from(words: Words) -> None:
    assert all(len(set(known)) >= 2 for known in words.values())


def test_the_two_kinds_keep_their_own_time() -> None:
    late, listening = fillers(Random(1)), listening_sounds(Random(1))
    assert late.choose("en", 0.0) in FILLERS["en"]
    assert listening.choose("en", 0.0) in LISTENING["en"]


@pytest.mark.parametrize(
    "text", [text for words in (FILLERS, LISTENING) for known in words.values() for text in known]
)
def test_each_is_said_in_one_breath(text: str) -> None:
    sentences = Sentences()
    assert len(sentences.feed(text) + sentences.flush()) == 1

"""An entry is the same after it was written as Markdown and read again, and nonsense is refused in one sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.entry import (
    bare_words,
    from_markdown,
    from_note,
    is_id,
    new_id,
    same,
    to_markdown,
    with_listeners,
)
from memory.errors import EntryError
from memory.types import HERS, Commitment, Entry, Origin, Scope

SCOPE = Scope(Origin.VOICE, "voice:1/2", ("123", "456"), ("123", "456", "789"))
ENTRY = Entry(
    "20261127-190312-1f2e3d",
    1_795_806_192.25,
    "Ann has a job interview on Tuesday.\n\n---\nShe is **nervous**.",
    SCOPE,
    emotion="tender",
    salience=0.8,
    why="she asked me to remember it: twice # really",
    commitments=(
        Commitment("interview: Tuesday", "123", date(2026, 12, 1)),
        Commitment("ask her", HERS, done=True),
    ),
    topics=("no", "2024", "work, paid", "münchen"),
    emotions=("hope",),
    partners=("Ann", "Bo [afk]"),
    sources=(1, 22),
    supersedes=("20260101-000000-000000",),
    version=3,
    written_s=1_795_806_200.0,
)


def edited(old: str, new: str, entry: Entry = ENTRY) -> str:
    text = to_markdown(entry)
    assert old in text
    return text.replace(old, new, 1)


def test_an_entry_survives_its_markdown() -> None:
    assert from_markdown(to_markdown(ENTRY)) == ENTRY


@given(st.text(max_size=60), st.lists(st.text(max_size=12), max_size=4))
def test_any_words_survive(words: str, tags: list[str]) -> None:
    once = from_markdown(to_markdown(replace(ENTRY, text="x" + words, why=words, topics=tuple(tags))))
    assert from_markdown(to_markdown(once)) == once


IDS = st.one_of(
    st.sampled_from(["123", "discord:1234", "discord:12345", "desk", "no", "1e3", "null"]),
    st.text("abc:.-1", min_size=1, max_size=60),
)


@given(st.lists(IDS, max_size=12, unique=True), st.text(max_size=40))
def test_listeners_are_named_anew_and_nothing_else_changes(people: list[str], words: str) -> None:
    before = from_markdown(
        to_markdown(replace(ENTRY, text="x" + words, scope=replace(SCOPE, heard_by=tuple(sorted(people)))))
    )
    kept = with_listeners(to_markdown(before), lambda one: None if one.startswith("discord") else f"{one}.x")
    left = tuple(sorted(f"{one}.x" for one in people if not one.startswith("discord")))
    assert kept is not None
    assert from_markdown(kept) == replace(before, scope=replace(SCOPE, heard_by=left))


@pytest.mark.parametrize(
    "text",
    [
        "no front matter",
        "---\nabout: [a]\n---\n\nheard_by: ['a']\n",
        "---\nheard_by:\n- a\n---\n\nx\n",
        '---\nheard_by: ["a b"]\n---\n\nx\n',
    ],
)
def test_what_is_in_another_form_is_not_guessed_at(text: str) -> None:
    assert with_listeners(text, lambda one: None) is None


def test_the_front_matter_reads_like_a_note() -> None:
    text = to_markdown(ENTRY)
    assert text.startswith("---\nid: 20261127-190312-1f2e3d\nat: 2026-11-2")
    assert "heard_by: ['123', '456', '789']\n" in text and "  who: me\n" in text and "done: true" in text


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("nervous", "calm", "text", ENTRY.text.replace("nervous", "calm")),
        ("emotion: tender", "emotion: off", "emotion", "off"),
        ("salience: 0.8", "salience: 1", "salience", 1.0),
        ("salience: 0.8\n", "", "salience", 0.8),
        ("emotions: [hope]", "emotions: hope, fear", "emotions", ("hope", "fear")),
        ("emotions: [hope]", "emotions:", "emotions", ()),
    ],
)
def test_what_a_person_changes_is_taken(old: str, new: str, field: str, value: object) -> None:
    assert from_markdown(edited(old, new), ENTRY) == replace(ENTRY, **{field: value})


def test_a_commitment_can_be_ticked_off() -> None:
    assert from_markdown(edited("done: false", "done: yes"), ENTRY).commitments[0].done


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("heard_by: ['123', '456', '789']", "heard_by: ['999']"),
        ("about: ['123', '456']", "about: []"),
        ("origin: voice", "origin: open"),
        ("place: voice:1/2", "place: text:1/3"),
        ("sources: [1, 22]", "sources: [5]"),
        ("id: 20261127-190312-1f2e3d", "id: 20261127-190312-ffffff"),
        ("version: 3", "version: 90"),
    ],
)
def test_who_may_hear_it_and_where_it_comes_from_cannot_be_edited(old: str, new: str) -> None:
    assert from_markdown(edited(old, new), ENTRY) == ENTRY


def test_it_can_be_made_private_by_hand_and_not_public() -> None:
    private = from_markdown(edited("private: false", "private: true"), ENTRY)
    assert private.scope == replace(SCOPE, private=True)
    assert from_markdown(edited("private: true", "private: false", private), private).scope.private


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("salience: 0.8", "salience: very", "The entry's salience should be a number from 0 to 1."),
        ("salience: 0.8", "salience: .nan", "The entry's salience should be a number from 0 to 1."),
        ("salience: 0.8", "salence: 0.8", "The entry has a field that is not known: did you mean salience?"),
        ("emotion: tender", "emotion: [a, b]", "The entry's emotion should be plain text."),
        ("emotion: tender", "emotion: " + "x" * 2000, "The entry's emotion is longer than 1000 characters."),
        ("emotion: tender", "emotion: 'tender", "The front matter cannot be read: look at line"),
        ("by: 2026-12-01", "by: Tuesday", "Commitment 1's by should be a date such as 2026-11-27."),
        ("text: 'interview: Tuesday'", "text: ''", "Commitment 1 has no text."),
        ("emotions: [hope]", "emotions: [[hope]]", "The entry's emotions should be a list"),
        ("supersedes: [20260101-000000-000000]", "supersedes: [me]", "supersedes should be a list of ids"),
        ("---\nid", "id", "The entry has lost its front matter"),
        ("---\n\nAnn", "\n\nAnn", "front matter"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(old: str, new: str, sentence: str) -> None:
    with pytest.raises(EntryError) as refused:
        from_markdown(edited(old, new), ENTRY)
    assert sentence in str(refused.value) and "tender" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "---", "---\n---\n", "\x00" * 50, "---\n- a\n---\nx", "---\n" + "[" * 50_000 + "\n---\nx", "---\n"
     + "? " * 20_000 + "\n---\nx", "---\na: &a [*a]\n---\nx", "---\n? [a]\n: b\n---\nx", "---\n" + "x" * 70_000 + "\n---\n"],
)  # fmt: skip
def test_no_file_ends_the_process(text: str) -> None:
    for before in (None, ENTRY):
        with pytest.raises(EntryError):
            from_markdown(text, before)


def test_an_entry_without_text_or_far_too_long_is_refused() -> None:
    for text, sentence in (("", "has no text"), ("x" * 20_001, "longer than 20000")):
        with pytest.raises(EntryError, match=sentence):
            from_markdown(to_markdown(replace(ENTRY, text=text)))


@pytest.mark.parametrize("at_s", [-5.0, 0.0, 1e18, float("nan"), 1_795_806_192.123456])
def test_a_clock_may_be_far_off(at_s: float) -> None:
    entry = replace(ENTRY, id=new_id(at_s), at_s=at_s)
    assert is_id(entry.id)
    assert from_markdown(to_markdown(entry)).id == entry.id


def test_a_note_by_hand_becomes_an_entry() -> None:
    entry = from_note("---\nabout: ann\ntags: [x]\nsalience: 0.9\n---\nLikes *tea*.\n", 1000.0)
    assert is_id(entry.id) and (entry.text, entry.salience, entry.at_s) == ("Likes *tea*.", 0.9, 1000.0)
    assert entry.scope == Scope(Origin.DIRECT, "", ("ann",), ("ann",))
    assert from_note("---\norigin: open\n---\nWe meet on Fridays.", 0).scope.origin is Origin.OPEN


def test_a_note_has_to_say_who_may_hear_it() -> None:
    with pytest.raises(EntryError, match="does not say who may hear it"):
        from_note("Just a line.", 1000.0)


def test_versions_are_compared_by_what_they_say() -> None:
    assert same(ENTRY, replace(ENTRY, version=9, written_s=5.0)) and not same(ENTRY, replace(ENTRY, text="x"))
    assert bare_words("  Ann LIKES tea!") == bare_words("ann likes\ntea")

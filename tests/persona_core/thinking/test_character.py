"""Characters are read as they are written, and what is wrong with a file is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_core.errors import CharacterError
from persona_core.thinking.character import (
    MOST_BYTES,
    Character,
    Exchange,
    load_character,
    parse_markdown,
    write_markdown,
)
from persona_core.types import Voice

FULL = Character(
    "Zoë",
    backstory="Born in a lighthouse.\n\n## Family\n\nTwo gulls: Ann & Bob.",
    traits=("calm", "kind, mostly"),
    tastes=("loves fog",),
    manner="Slow.",
    scene="On the stairs.",
    examples=(Exchange("Hi\nthere", "Ahoy.\nCome up."), Exchange("Bye", "So long.")),
    greeting='"Ahoy": come in',
    voice=Voice("emma", 0.9, -2.0, 1.1),
    extra={"colour": "blue", "card": {"spec": "x", "data": {"n": [1, None, "é"]}}},
)


def test_mira_is_found_by_her_name() -> None:
    mira = load_character("mira")
    assert mira.name == "Mira"
    assert mira.traits and mira.tastes and mira.examples and mira.manner and mira.backstory


def test_a_character_survives_the_way_to_markdown_and_back(tmp_path: Path) -> None:
    path = tmp_path / "zoe.md"
    path.write_text(write_markdown(FULL), encoding="utf-8")
    assert load_character(str(path)) == FULL


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "zoe.md"
    path.write_bytes(b"\xef\xbb\xbf" + write_markdown(FULL).replace("\n", "\r\n").encode())
    assert load_character(str(path)) == FULL


def test_a_name_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(CharacterError, match="mira"):
        load_character("miro")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Just text.", "no front matter"),
        ("---\nname: [Mira\n---\n", "line 3"),
        ("---\nname: Mira\nvoice: {speed: fast}\n---\n", "voice speed"),
        ("---\nname: Mira\nvoice: {speed: 9}\n---\n", "between 0.5 and 2"),
        ("---\nname: Mira\nvoice: {tempo: 1}\n---\n", "tempo"),
        ("---\nname: Mira\ntraits: {a: b}\n---\n", "traits"),
        ("---\nname: 7\n---\n", "name that is not text"),
        ("---\ntraits: [a]\n---\n", "no name"),
        ("---\n- a\n---\n", "name: value"),
        ("---\n" + "[" * 5_000 + "\n---\n", "front matter"),
        ("---\nname: !!python/object:os.system {}\n---\n", "line 2"),
    ],
)
def test_a_mistake_is_named_in_one_sentence(text: str, says: str) -> None:
    with pytest.raises(CharacterError, match=says) as caught:
        parse_markdown(text, "x.md")
    assert str(caught.value).startswith("x.md has") and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["x.txt", "nowhere/x.md", "a\x00b.md", "x.json/y.md"])
def test_what_cannot_be_opened_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(CharacterError):
        load_character(str(tmp_path / name))


def test_bytes_that_are_no_text_and_files_too_large_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(b"---\nname: \xff\xfe\n---\n")
    with pytest.raises(CharacterError, match="not a text file"):
        load_character(str(path))
    path.write_bytes(b" " * (MOST_BYTES[".md"] + 1))
    with pytest.raises(CharacterError, match="at most"):
        load_character(str(path))

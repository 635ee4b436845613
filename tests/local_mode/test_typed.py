"""Commands as they are typed: what they mean, and what is said about those that mean nothing."""

from __future__ import annotations

from typing import Any

import pytest

from local_mode.typed import (
    Command,
    NotUnderstood,
    Option,
    Takes,
    commands_of,
    data_of,
    find,
    find_menu,
    missing,
    value,
    values,
)


def option(name: str, kind: int = Takes.STRING, required: bool = True, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": f"The {name}.", "required": required, **more}


def sub(name: str, *options: dict[str, Any], kind: int = Takes.SUB_COMMAND) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": f"To {name}.", "options": list(options)}


ON_OFF = [{"name": one, "value": one} for one in ("on", "off")]
REGISTERED: list[dict[str, Any]] = [
    {"name": "journal", "description": "Notes.", "contexts": [0, 1], "options": [
        sub("add", option("text")), sub("read", option("day", required=False)),
        sub("restore", option("entry"), option("version", Takes.INTEGER, min_value=1, max_value=99)),
    ]},
    {"name": "consent", "description": "Yes or no.", "contexts": [0, 1], "options": [
        sub("remembering", option("answer", choices=ON_OFF)),
    ]},
    {"name": "deep", "description": "Far down.", "options": [
        sub("down", sub("below", option("on", Takes.BOOLEAN)), kind=Takes.GROUP),
    ]},
    {"name": "status", "description": "How I am.", "contexts": [0, 1], "options": []},
    {"name": "join", "description": "Come.", "contexts": [0], "options": []},
    {"name": "What do you know about me?", "description": "", "type": 2, "contexts": [0, 1]},
    {"name": "Remember this", "description": "", "type": 3, "contexts": [0, 1]},
]  # fmt: skip
COMMANDS = commands_of(REGISTERED)


def given(line: str) -> tuple[str, dict[str, str]]:
    command, rest = find(COMMANDS, line)
    return command.name, values(command, rest)


def named(words: str) -> Command:
    return next(one for one in COMMANDS if " ".join(one.words) == words)


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("journal add I like tea", "/journal add", {"text": "I like tea"}),
        ("journal add text:I like tea", "/journal add", {"text": "I like tea"}),
        ('journal add text:"I like tea"', "/journal add", {"text": "I like tea"}),
        ('journal add "I like tea"', "/journal add", {"text": "I like tea"}),
        ("journal add it's 5 o'clock", "/journal add", {"text": "it's 5 o'clock"}),
        ("journal add note: buy milk", "/journal add", {"text": "note: buy milk"}),
        ('journal add he said "text: hello"', "/journal add", {"text": 'he said "text: hello"'}),
        ("journal add", "/journal add", {}),
        ('journal add text:""', "/journal add", {}),
        ("JOURNAL Add Text:Tea", "/journal add", {"text": "Tea"}),
        ("journal read", "/journal read", {}),
        ("journal read 27 November", "/journal read", {"day": "27 November"}),
        ("journal restore abc 3", "/journal restore", {"entry": "abc", "version": "3"}),
        ("journal restore version:3 entry:abc", "/journal restore", {"entry": "abc", "version": "3"}),
        ("journal restore 3 entry:a b", "/journal restore", {"entry": "a b", "version": "3"}),
        ("consent remembering on", "/consent remembering", {"answer": "on"}),
        ("deep down below yes", "/deep down below", {"on": "yes"}),
        ("status", "/status", {}),
    ],
)
def test_values_are_named_or_given_in_their_order(line: str, name: str, expected: dict[str, str]) -> None:
    assert given(line) == (name, expected)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("jurnal add tea", ["/journal add", "/help"]),
        ("journal ad tea", ["/journal add"]),
        ("journal", ["/journal add", "/journal read"]),
        ("jounal", ["/journal add"]),
        ("stats", ["/status"]),
        ("xyzzy", ["/help lists those there are"]),
        ("", ["/help"]),
        ("join", ["/join works only in a Discord server"]),
        ("status now", ["too much", "/status"]),
        ("consent remembering on please", ["answer is one of: on, off"]),
        ("journal restore a 3 4", ["too much", "/journal restore <entry> <version>"]),
    ],
)
def test_what_means_nothing_is_one_sentence_with_what_is_near(line: str, words: list[str]) -> None:
    with pytest.raises(NotUnderstood) as refused:
        command, rest = find(COMMANDS, line)
        for one in command.options:
            if text := values(command, rest).get(one.name):
                value(one, text, str)
        values(command, rest)
    assert all(word in str(refused.value) for word in words), refused.value
    assert "\n" not in str(refused.value) and "/join" not in str(refused.value).replace("/join works", "")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Takes.STRING, "tea", "tea"),
        (Takes.INTEGER, "12", 12),
        (Takes.NUMBER, "0,5", 0.5),
        (Takes.BOOLEAN, "on", True),
        (Takes.BOOLEAN, "No", False),
        (Takes.USER, "Ann", "77"),
        (Takes.MENTIONABLE, "Ann", "77"),
    ],
)
def test_a_value_is_of_the_kind_that_is_wanted(kind: int, text: str, expected: object) -> None:
    assert value(Option("it", kind, ""), text, lambda name: "77") == expected


@pytest.mark.parametrize(
    ("wanted", "text", "sentence"),
    [
        (Option("it", Takes.INTEGER, ""), "many", "it is a whole number; got “many”."),
        (Option("it", Takes.INTEGER, "", least=1, most=5), "9", "it takes at least 1 and at most 5."),
        (Option("it", Takes.STRING, "", most=3), "four", "it takes at most 3 characters."),
        (Option("it", Takes.BOOLEAN, ""), "perhaps", "it cannot be “perhaps” at the desk."),
        (Option("it", 7, ""), "Lounge", "it cannot be “Lounge” at the desk."),
    ],
)
def test_a_value_that_does_not_do_is_one_sentence(wanted: Option, text: str, sentence: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        value(wanted, text, str)
    assert str(refused.value) == sentence


def test_an_interaction_holds_what_discord_would_send() -> None:
    one = {"name": "on", "type": Takes.BOOLEAN, "value": True}
    assert data_of(named("deep down below"), [one]) == {
        "id": "0",
        "name": "deep",
        "type": 1,
        "options": [
            {"name": "down", "type": 2, "options": [{"name": "below", "type": 1, "options": [one]}]},
        ],
    }
    assert data_of(named("status"), []) == {"id": "0", "name": "status", "type": 1, "options": []}


def test_what_it_cannot_do_without_is_known() -> None:
    restore = named("journal restore")
    assert [one.name for one in missing(restore, {"entry": "a"})] == ["version"]
    assert (
        restore.usage == "/journal restore <entry> <version>"
        and named("journal read").usage == "/journal read [day]"
    )


def test_a_menu_is_found_by_its_name_or_one_that_is_near() -> None:
    assert find_menu(COMMANDS, '"What do you know about me?"').words == ("What do you know about me?",)
    assert find_menu(COMMANDS, "remember this").words == ("Remember this",)
    with pytest.raises(NotUnderstood, match='try /menu "Remember this"'):
        find_menu(COMMANDS, "Remember that")
    with pytest.raises(NotUnderstood, match="no menu at the desk"):
        find_menu([], "Remember this")

"""Whatever is typed, at the terminal or on the page, is answered by one sentence, and nothing is lost by it."""

from __future__ import annotations

import string
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogs.pace import Pace
from local_mode.page import PageDesk
from local_mode.slash import help_on
from local_mode.typed import Kind, NotUnderstood, Option, Takes, find, find_menu, quoted, value, values
from memory.consent import Purpose
from memory.errors import MemoryFault
from persona_core.errors import KithError
from tests.local_mode.sitting import ANN, TOM, Sitting, sitting
from tests.local_mode.test_typed import COMMANDS
from tests.until import until

pytestmark = pytest.mark.usefixtures("offline")

MOST = 600  # characters of a refusal
LONG = "x" * 100_000
HALF = "\ud83d"  # of an emoji
NOTHING_COMES_OF_IT = (
    *("/", "//", "/ /", "/\x00", "/\u202e", "/İ", "/1", f"/{LONG}", "/ＪＯＵＲＮＡＬ add x", "/jour\x1b[2Jnal add x"),
    *("/captions", "/captions on", "/join", "/leave", "/mode always", "/talk", "/transcript"),
    *("/help \x1b[2J", '/help "', f"/help {LONG}", '/menu "', "/menu remember", f"/menu {LONG}", "/menu \u202e"),
    *('/journal add ""', "/journal add text:", "/journal add \x00", f"/journal add {LONG}"),
    *("/journal read 31.02.2026", "/journal read 2026-13-45", "/journal read yesterday tomorrow"),
    *("/journal history nope", "/journal history \x00", f"/journal history {HALF}", "/journal restore nope 1"),
    *("/journal restore 1", "/journal restore nope version:99999999999999", "/memory edit nope"),
    *("/consent remembering", "/consent remembering perhaps", "/consent remembering off off"),
    *("/consent remembering answer:on answer:off", "/consent hearing \u202eon"),
    *("/forget last", "/forget last 0", "/forget last -5", "/forget last 1_0", "/forget last ²", "/forget last 5.0"),
    *("/forget last NaN", "/forget last 1e3", f"/forget last {'9' * 5_000}", "/forget entry nope"),
    *("/forget person", '/forget person ""', "/forget person Nobody", "/forget person @", "/forget person <@>"),
    *("/forget person id:x", "/forget person id:'; drop table", "/forget person person:Tom id:5"),
    *(f"/forget person {HALF}", f"/forget person {'N' * 5_000}", "/forget person 123456789012345678"),
    *("/catchup 0", "/catchup 1,5", "/catchup many", "/status x:y", "/privacy --help", "/relationship you"),
    *("#1", "#999", "#1 2 3", f"#{'1' * 3} 2"),
)  # fmt: skip


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Sitting]:
    async with sitting(tmp_path) as sat:
        await sat.desk.consent.decide(TOM.id, Purpose.REMEMBERING, True, "test")
        for cog in sat.desk._client.cogs.values():
            for name in [name for name, one in vars(cog).items() if isinstance(one, Pace)]:
                setattr(cog, name, Pace(10**6, 60))
        yield sat


def notes(desk: Sitting) -> list[str]:
    return [entry.text for entry in desk.desk.memory.journal.entries()]


def is_a_sentence(text: str) -> bool:
    said = text.strip()
    plain = all(one.isprintable() or one in "\n\u200b" for one in said)
    return bool(said) and plain and len(said) <= MOST and "went wrong" not in said and "no answer" not in said


@pytest.mark.parametrize("line", NOTHING_COMES_OF_IT, ids=range(len(NOTHING_COMES_OF_IT)))
async def test_what_means_nothing_is_one_sentence_at_the_terminal_and_on_the_page(
    desk: Sitting, line: str
) -> None:
    await desk.type("/journal add I like tea")
    assert is_a_sentence(await desk.type(line))
    if line.startswith("/"):
        page = PageDesk(desk.desk, TOM)
        try:
            answered = await page.run(line)
            said = "\n".join([answered.text, *(str(one["content"]) for one in answered.messages)])
        except (KithError, MemoryFault) as error:
            said = str(error)
        assert is_a_sentence(said)
    assert notes(desk) == ["I like tea"] and desk.replies == []
    assert desk.desk.consent.decision(TOM.id, Purpose.REMEMBERING).allowed  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ('"half', '"half'),
        ("text:one text:two", "one text:two"),
        ("tea; /forget me", "tea; /forget me"),
        ("tea /journal add milk", "tea /journal add milk"),
        ("👩‍👩‍👧‍👦 and 🐝", "👩‍👩‍👧‍👦 and 🐝"),
        ("می‌خواهم", "می‌خواهم"),
        ("@everyone <@1> </forget me:1>", "@everyone <@1> </forget me:1>"),
        ("a\x1b[2Jb", "a[2Jb"),
        (f"half {HALF}", "half ?"),
    ],
)
async def test_what_can_be_noted_is_noted_as_it_was_typed(desk: Sitting, line: str, note: str) -> None:
    shown = await desk.type(f"/journal add {line}")
    assert notes(desk) == [note] and shown == f"I have noted it: {note}"


async def test_signs_that_are_no_letters_tell_notes_apart(desk: Sitting) -> None:
    texts = ["I owe Bob €5", "I owe Bob $5", "🍎", "🍌", "I like C", "I like C++"]
    for text in texts:
        assert text in await desk.type(f"/journal add {text}")
    assert sorted(notes(desk)) == sorted(texts)
    await desk.type("/journal add i owe bob: €5!")  # said once more
    assert len(notes(desk)) == len(texts)


async def test_half_a_character_is_kept_as_what_can_be_written_and_read(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.desk.consent.decide(TOM.id, Purpose.REMEMBERING, True, "test")
        PageDesk(desk.desk, TOM).say(f"Bees {HALF} and honey.")
        await until(lambda: len(desk.turns) == 2)
    async with sitting(tmp_path) as desk:  # all of it has been indexed meanwhile
        assert desk.turns[0].text == "Bees ? and honey."
        assert "Bees ? and honey" in await desk.type("/journal search honey")


async def test_a_line_that_begins_with_marks_nobody_sees_is_the_command_that_it_looks_like(
    desk: Sitting,
) -> None:
    for mark in ("\ufeff", "\u200b", "\u200e", "\u202e \u2066"):
        assert "How I am" in await desk.type(f"{mark}/status")
    assert desk.replies == []


async def test_who_is_named_must_be_known_at_the_desk(desk: Sitting) -> None:
    await desk.desk.consent.decide(ANN.id, Purpose.REMEMBERING, True, "test")
    assert await desk.type("/forget person Anna") == "I know nobody at the desk who is called “Anna”."
    for name in ("Ann", "ANN", "@ann", "desk:ann", "id:desk:ann"):
        assert "[1] Forget it  [2] Keep it" in await desk.type(f"/forget person {name}", "2"), name
    assert "all that I keep of Ann:" in await desk.type("/forget person Ann")


async def test_what_waited_for_a_yes_finds_nothing_once_everything_is_forgotten(desk: Sitting) -> None:
    page = PageDesk(desk.desk, TOM)
    await desk.type("I keep bees.", "/journal add I like tea")
    waiting = [
        await page.run(line) for line in ("/memory review", "/forget last 5", "/consent remembering off")
    ]
    form = (await page.run("/memory edit tea")).form
    await desk.type("/memory review")
    assert "It is forgotten" in await desk.type("/forget everything", "1", "everything")
    for answered in waiting:
        (message,) = answered.messages
        for button in (part for row in message["components"] for part in row["components"]):
            with pytest.raises(NotUnderstood, match="not there any more"):
                await page.press(message["id"], button["custom_id"], [])
    assert form is not None
    with pytest.raises(NotUnderstood, match="not there any more"):
        await page.fill(form["key"], {})
    assert is_a_sentence(await desk.type("#1")) and desk.turns == [] and notes(desk) == []


# The parser, whatever it is given

ODD = string.ascii_letters + string.digits + ' "":::\\/<>@#&\x00\x1b\t\n\u00a0\u200b\u202e🐝ß٣²' + HALF
WORDS = st.sampled_from(
    [word for command in COMMANDS for word in (*command.words, *(f"{one.name}:" for one in command.options))]
)
LINES = st.lists(st.one_of(WORDS, st.text(ODD, max_size=12), st.text(max_size=8)), max_size=8).map(" ".join)
KINDS = (*Takes, 7, 8, 11)


@settings(derandomize=True, max_examples=1_500, deadline=None)
@given(LINES)
def test_whatever_is_typed_is_a_command_with_all_its_words_or_one_sentence(line: str) -> None:
    try:
        command, rest = find(COMMANDS, line)
        found = values(command, rest)
    except NotUnderstood as refused:
        assert is_a_sentence(str(refused))
        return
    assert command in COMMANDS and command.here and set(found) <= {one.name for one in command.options}
    names = {f"{name}:" for name in found}
    typed = "".join(rest.casefold().replace('"', "").split())
    for text in found.values():  # nothing is made up
        assert "".join(text.casefold().replace('"', "").split()) in typed
    kept = sum(len("".join(text.replace('"', "").split())) for text in found.values())
    assert kept >= len("".join(rest.replace('"', "").split())) - sum(len(name) for name in names)


@settings(derandomize=True, max_examples=800, deadline=None)
@given(
    st.sampled_from(KINDS), st.text(ODD, max_size=30) | st.from_regex(r"[-+]?[\d.,e]{1,400}", fullmatch=True)
)
def test_a_value_is_of_its_kind_and_within_its_bounds_or_one_sentence(kind: int, text: str) -> None:
    option = Option("it", kind, "", least=1, most=20)
    try:
        found = value(option, text, lambda name: "77")
    except NotUnderstood as refused:
        assert is_a_sentence(str(refused))
        return
    match kind:
        case Takes.STRING:
            assert found == text and 1 <= len(text) <= 20
        case Takes.INTEGER | Takes.NUMBER:
            assert isinstance(found, int if kind == Takes.INTEGER else float) and 1 <= found <= 20
        case Takes.BOOLEAN:
            assert isinstance(found, bool)
        case _:
            assert found == "77" and kind in (Takes.USER, Takes.MENTIONABLE)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(ODD, max_size=300))
def test_what_is_looked_up_by_a_name_is_found_or_one_sentence(name: str) -> None:
    try:
        assert find_menu(COMMANDS, name).kind != Kind.COMMAND
    except NotUnderstood as refused:
        assert is_a_sentence(str(refused))
    try:
        help_on(COMMANDS, name, "Mira")
    except NotUnderstood as refused:
        assert is_a_sentence(str(refused))
    assert "\n" not in quoted(name) and quoted(name).isprintable() and len(quoted(name)) <= 63

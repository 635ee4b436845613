"""At the desk: the same commands, buttons, forms and memories as in Discord, and nothing that reaches it."""

from __future__ import annotations

import time
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cogs import terms
from memory.consent import Purpose
from memory.errors import StoreError
from memory.types import Origin
from tests.local_mode.sitting import ANN, TOM, Sitting, sitting
from tests.until import until

BEES = "I keep bees in the garden."
UNEXPECTED = "Something went wrong"

pytestmark = pytest.mark.usefixtures("offline")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Sitting]:
    async with sitting(tmp_path) as sat:
        yield sat


# What she remembers


async def test_nothing_is_kept_of_somebody_who_has_not_agreed(desk: Sitting) -> None:
    await desk.type(BEES)
    assert len(desk.replies) == 1 and desk.turns == []


async def test_what_is_typed_is_kept_for_whoever_typed_it_alone(desk: Sitting) -> None:
    assert "Thank you" in await desk.type("/consent remembering on", BEES)
    await until(lambda: len(desk.turns) == 2)
    said, answer = desk.turns
    assert (said.text, said.speaker) == (BEES, TOM.id) and answer.speaker == ""
    for turn in desk.turns:
        assert turn.scope.origin is Origin.DIRECT and turn.scope.place == "desk"
        assert turn.scope.heard_by == (TOM.id,) and turn.scope.about == (TOM.id,)


async def test_the_next_time_she_knows_it_and_nobody_else_hears_it(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.type("/consent remembering on", BEES)
        await desk.desk.remembering.up_to_date()
    for person, knows in ((ANN, False), (TOM, True)):
        async with sitting(tmp_path, person, [person]) as later:
            later.desk.now = lambda: time.time() + 86_400.0
            await later.desk.remembering.up_to_date()
            await later.type("What do I keep in the garden?", who=person)
            prompt = "\n".join(message.content for message in later.llm.prompts[-1])
            assert ("bees" in prompt) == knows, prompt


async def test_among_several_it_was_said_to_all_of_them(tmp_path: Path) -> None:
    async with sitting(tmp_path, TOM, [ANN, TOM]) as desk:
        await desk.desk.consent.decide(ANN.id, Purpose.REMEMBERING, True, "test")
        await desk.type("/consent remembering on", BEES)
        await until(lambda: len(desk.turns) == 2)
        said, answer = (turn.scope for turn in desk.turns)
        assert said.origin is Origin.VOICE and said.heard_by == (ANN.id, TOM.id)
        assert answer.origin is Origin.TEXT and answer.heard_by == (TOM.id,)  # she has no voice here


async def test_who_takes_it_back_is_asked_once_and_forgotten(desk: Sitting) -> None:
    await desk.type("/consent remembering on", BEES)
    await until(lambda: len(desk.turns) == 2)
    shown = await desk.type("/consent remembering off")
    assert "[1] Yes, forget it  [2] No, keep it" in shown
    assert "I remember nothing about you" in await desk.type("1") and desk.turns == []


async def test_forgotten_by_command_nothing_is_left_in_hand(desk: Sitting) -> None:
    await desk.type("/consent remembering on", BEES)
    shown = await desk.type("/forget last 5", "1")
    assert "[1] Forget it  [2] Keep it" in shown and "It is forgotten" in shown
    assert desk.turns == [] and desk.desk.said_last is None
    await desk.type("What did I say?")
    assert not any("bees" in message.content for message in desk.llm.prompts[-1])


async def test_another_kith_in_the_same_folder_is_one_sentence(tmp_path: Path) -> None:
    async with sitting(tmp_path):
        with pytest.raises(StoreError, match="Another Kith is using"):
            async with sitting(tmp_path):
                raise AssertionError("two in one folder")


async def test_where_words_go_is_told_once(tmp_path: Path) -> None:
    for told in (1, 0):
        async with sitting(tmp_path, llm_engine="anthropic") as desk:
            assert sum("Anthropic" in line for line in desk.told) == told, desk.told
            await desk.desk.consent.decide(TOM.id, Purpose.HEARING, True, "test")
            await terms.tell(desk.desk, [TOM.id])
    async with sitting(tmp_path / "other") as desk:
        assert desk.told == []


# Commands


async def test_what_is_for_servers_alone_is_said_to_be(desk: Sitting) -> None:
    elsewhere = [command for command in desk.desk.commands if not command.here]
    assert {command.name for command in elsewhere} >= {"/join", "/leave", "/mode", "/captions on"}
    for command in elsewhere:
        assert await desk.type(command.name) == f"{command.name} works only in a Discord server."


async def test_help_lists_what_there_is_and_what_it_takes(desk: Sitting) -> None:
    everything = await desk.type("/help")
    assert "/consent remembering <on|off> – May I remember" in everything
    assert '/menu "What do you know about me?"' in everything and "/join" not in everything
    about = await desk.type("/help journal add")
    assert "/journal add <text>" in about and "    text: What I shall remember." in about
    assert "/consent" not in about
    assert await desk.type("/help xyzzy") == "There is nothing that begins with “xyzzy”; /help lists all."


@pytest.mark.parametrize(
    "line",
    ["/journal add I like tea", "/journal add text:I like tea", '/journal add "I like tea"'],
)
async def test_a_note_is_added_however_it_is_typed(desk: Sitting, line: str) -> None:
    await desk.type("/consent remembering on")
    assert await desk.type(line) == "I have noted it: I like tea"
    assert "I like tea" in await desk.type("/journal read today")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/jurnal ad tea", "the nearest are /journal add"),
        ("/journal", "/journal add"),
        ("/", "/help lists"),
        ("/journal add", "/journal add <text> needs its text"),
        ("/consent remembering perhaps", "answer is one of: on, off."),
        ("/forget last many", "minutes is a whole number; got “many”."),
        ("/forget last 0", "minutes takes at least 1"),
        ("/status please", "That is too much"),
        ("#1", "nothing to choose from"),
        ("/menu nothing of the kind", "There is no such menu"),
    ],
)
async def test_what_means_nothing_is_one_sentence(desk: Sitting, line: str, words: str) -> None:
    shown = await desk.type(line)
    assert words in shown and "\n" not in shown
    assert desk.replies == []


async def test_what_is_proposed_can_be_chosen_by_its_number(desk: Sitting) -> None:
    await desk.type("/consent remembering on", "/journal add I like tea", "/journal add I have a dog")
    shown = await desk.type("/journal history", "2")
    assert "[1]" in shown and "[2]" in shown and "Version 1" in shown and "I like tea" in shown
    assert "I have a dog" in await desk.type("/journal history dog")  # nothing else fits
    assert "number of none of them" in await desk.type("/journal history", "7")
    assert "number of none of them" in await desk.type("/journal history")  # and no more is typed


async def test_a_person_is_named_as_they_are_called_or_by_their_id(desk: Sitting) -> None:
    number = "123456789012345678"
    for person in (ANN.id, f"discord:{number}"):
        await desk.desk.consent.decide(person, Purpose.REMEMBERING, True, "test")
    for name, person in (("Ann", ANN.id), (number, f"discord:{number}")):
        assert "[1] Forget it" in await desk.type(f"/forget person {name}")
        assert "It is forgotten" in await desk.type("#1")
        assert not desk.desk.memory.may_remember(person)


# Buttons, lists and forms


async def test_a_number_right_after_an_answer_presses_its_button(desk: Sitting) -> None:
    await desk.type("/consent remembering on", BEES)
    assert "I keep it; nothing was changed." in await desk.type("/forget me", "2")
    assert BEES in [turn.text for turn in desk.turns]
    assert "There is nothing to choose from just now." in await desk.type("#1")


async def test_later_a_number_alone_is_said_to_her(desk: Sitting) -> None:
    await desk.type("/consent remembering on", BEES, "/forget last 5", "What is one and one?", "2")
    assert [turn.text for turn in desk.turns if turn.speaker == TOM.id][-1] == "2"
    assert "It is forgotten" in await desk.type("#1")


async def test_a_number_that_is_not_offered_is_one_sentence(desk: Sitting) -> None:
    await desk.type("/consent remembering on", BEES)
    assert "Choose a number from 1 to 2." in await desk.type("/forget me", "3")
    assert "cannot be chosen together" in await desk.type("/forget me", "1 2")


async def test_a_form_is_filled_in_field_by_field(desk: Sitting) -> None:
    await desk.type("/consent remembering on", "/journal add I like tea")
    shown = await desk.type("/memory edit tea", "I like coffee")
    assert "Put a note right" in shown and "Now: I like tea" in shown and "I have put that right" in shown
    read = await desk.type("/journal read")
    assert "I like coffee" in read and "I like tea" not in read


@pytest.mark.parametrize("rest", [("/cancel",), ()], ids=["cancelled", "the end of what is typed"])
async def test_a_form_that_is_not_sent_changes_nothing(desk: Sitting, rest: tuple[str, ...]) -> None:
    await desk.type("/consent remembering on", "/journal add I like tea")
    assert "nothing was changed" in await desk.type("/memory edit tea", *rest)
    assert "I like tea" in await desk.type("/journal read")


async def test_all_of_everybody_takes_a_word(desk: Sitting) -> None:
    await desk.type("/consent remembering on", BEES)
    assert "not the word" in await desk.type("/forget everything", "1", "please")
    assert BEES in [turn.text for turn in desk.turns]
    assert "It is forgotten" in await desk.type("/forget everything", "1", "everything")
    assert desk.turns == []


# Files and menus


async def test_a_file_is_written_beside_what_is_there(desk: Sitting) -> None:
    await desk.type("/consent remembering on", BEES)
    for _ in range(2):
        assert "where it is not encrypted" in await desk.type("/journal export")
    first, second = sorted(desk.folder.glob("*.zip"))
    assert first.name != second.name
    for file in (first, second):
        assert file.stat().st_mode & 0o077 == 0
        with zipfile.ZipFile(file) as inside:
            assert any(BEES in inside.read(name).decode() for name in inside.namelist())


async def test_a_folder_that_cannot_be_written_is_one_sentence(desk: Sitting, tmp_path: Path) -> None:
    await desk.type("/consent remembering on", BEES)
    desk._slash._folder = tmp_path / "nowhere"
    assert "cannot be written" in await desk.type("/journal export")


async def test_menus_act_on_oneself_and_on_what_was_said_last(desk: Sitting) -> None:
    assert "you have said nothing yet" in await desk.type('/menu "Remember this"')
    await desk.type("/consent remembering on", BEES)
    assert UNEXPECTED not in await desk.type('/menu "Remember this"')
    assert BEES in await desk.type("/journal read")
    assert UNEXPECTED not in await desk.type("/menu What do you know about me?")
    assert "Remember this" in await desk.type("/menu")

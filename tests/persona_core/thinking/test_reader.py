"""What the model reads while somebody speaks: the line alone, and beside it the same with what came to her mind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from persona_core.persona import Persona
from persona_core.ports import LanguageModel
from persona_core.thinking.character import load_character
from persona_core.thinking.reader import Reader
from persona_core.types import Message, Mind, Person, Recalled, Sampling, Turn

NOTED = Mind(note=Recalled("yesterday Ann said: “My sister lives in Porto.”", frozenset({"ann"})))


class Slow:
    """Reads a prompt once it may."""

    context_tokens = 2048
    keeps_prefix = True

    def __init__(self) -> None:
        self.begun: list[tuple[str, bool]] = []  # by which name, and whether the note was in it
        self.may_read = asyncio.Event()

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        self.begun.append((conversation, "Porto" in messages[-1].content))
        await self.may_read.wait()

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


def reading(llm: Slow, mind: Mind) -> Reader:
    character = load_character("mira")
    persona = Persona(character, cast(LanguageModel, llm), cast(LanguageModel, llm), Sampling())
    return Reader(persona, "call", lambda work, name: asyncio.create_task(work, name=name), lambda: mind)


def line(text: str) -> tuple[Turn, ...]:
    return (Turn(Person("ann", "Ann"), text),)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_line_alone_is_read_first_and_kept_by_a_name_of_its_own() -> None:
    llm = Slow()
    reader = reading(llm, NOTED)
    llm.may_read.set()
    reader.read_ahead(line("Where does my sister"))
    await settle()
    assert llm.begun == [("call", False), ("call noted", True)]
    assert reader.has_read(NOTED)


async def test_without_anything_in_mind_the_line_is_read_once() -> None:
    llm = Slow()
    reader = reading(llm, Mind())
    llm.may_read.set()
    reader.read_ahead(line("Where does my sister"))
    await settle()
    assert llm.begun == [("call", False)] and reader.has_read(Mind())


async def test_what_an_answer_has_overtaken_is_read_no_further() -> None:
    llm = Slow()
    reader = reading(llm, NOTED)
    reader.read_ahead(line("Where does my sister"))
    await settle()
    reader.stop_reading()
    llm.may_read.set()
    await settle()
    assert llm.begun == [("call", False)] and not reader.has_read(NOTED)

from __future__ import annotations

import pytest

from persona_core.engines.rules import RuleModel
from persona_core.thinking.reply import ReplyReader
from persona_core.types import Message, Reply, Sampling

SYSTEM = Message("system", "You are Mira.\nTraits: warm, dry, curious.\nTastes: bees; old radios.")


async def reply(*said: str) -> Reply:
    reader = ReplyReader("Mira")
    messages = [SYSTEM, *(Message("user", line) for line in said)]
    async for piece in RuleModel("Mira").stream(messages, Sampling()):
        reader.feed(piece)
    return reader.finish()


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Ann: Hi Mira!", "Hello, Ann. I am Mira."),
        ("Ann: Hi Mira, who are you?", "I am Mira. They say I am warm, dry and curious."),
        ("Ann: What do you like?", "I like bees and old radios."),
        ("Ann: Why is the sky blue?", "My thinking model is not here right now."),
        ("Ann: I bought a boat.", "I hear you, Ann."),
        ("Thanks a lot", "You are welcome."),
        ("Ann: Good night", "Goodbye, Ann."),
        ("Ann: What did I say before?", "You have not told me anything"),
    ],
)
async def test_she_answers_simple_things_as_herself(said, answer):
    assert answer in (await reply(said)).text


async def test_she_repeats_what_the_same_person_said_and_nobody_else():
    said = await reply("Ann: My cat is called Otto.", "Bob: I hate cats.", "Ann: What did I say?")
    assert said.text == "The last thing you said was: My cat is called Otto."


async def test_her_tail_is_one_that_any_model_could_write():
    assert (await reply("Ann: Thank you, Mira")).emotion == "happy"


async def test_she_says_the_same_to_the_same():
    assert await reply("Ann: Why?") == await reply("Ann: Why?")


async def test_she_speaks_even_when_nobody_said_anything():
    assert (await reply()).text.startswith("Hello.")

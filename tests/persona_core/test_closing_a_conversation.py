"""Closed in the middle of a reply, a conversation has stopped model and voice when it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import numpy as np
import pytest

from persona_core.conversation import Conversation
from persona_core.persona import Persona
from persona_core.speaking import voicing
from persona_core.thinking.character import load_character
from persona_core.types import Message, Pcm, Person, Sampling
from tests.persona_core.test_conversation import Tape

ANN = Person("ann", "Ann")


class Talkative:
    context_tokens = 2048
    keeps_prefix = False
    writing = False

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.writing = True
        try:
            for number in range(100):
                await asyncio.sleep(0)
                yield f"The {number}th house on this long road is a green one, with a cat. "
        finally:
            self.writing = False

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        pass

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


class SlowToStop:
    """A voice that needs a moment to stop, as one that works in a thread does."""

    rate = 24000
    speaking = False

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.speaking = True
        try:
            while True:
                await asyncio.sleep(0)
                yield np.full(240, 1000, np.int16)
        finally:
            await asyncio.sleep(0.01)
            self.speaking = False


class Endless(Tape):
    """A call that takes sound for ever."""

    async def play(self, pcm: Pcm, rate: int) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize("clauses_ahead", [1, 64])  # the model waits for the mouth, or has finished long ago
async def test_closing_stops_the_model_and_the_voice_and_leaves_no_task(
    clauses_ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voicing, "CLAUSES_AHEAD", clauses_ahead)
    llm, voice = Talkative(), SlowToStop()
    persona = Persona(load_character("mira"), llm, llm, Sampling(), None, voice)
    before = asyncio.all_tasks()
    async with Conversation("test", persona, Endless(), lambda event: None) as conversation:
        conversation.read(ANN, "hello")
        await asyncio.sleep(0.05)
        assert voice.speaking
    assert not llm.writing and not voice.speaking
    assert asyncio.all_tasks() == before

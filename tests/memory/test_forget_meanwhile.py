"""While somebody is forgotten, what others say is kept and found, and nothing of whoever goes is."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from memory.consent import Purpose
from memory.forget import Wish
from memory.index import Index
from memory.memory import Memory
from memory.types import StoredTurn
from tests.memory.kept import NOON_S
from tests.memory.lives import ANN, Lives, found, texts

BOBS = {"I have a dog called Rex.", "I paint in Hull.", "Bob has a small dog.", "Bob is a painter."}


async def test_the_conversation_in_progress_goes_on(memory: Memory, lives: Lives) -> None:
    """Somebody else's words are kept and found meanwhile, and nobody waits in the event loop."""
    kept, ticks = list[StoredTurn](), 0
    await memory.consent.decide(
        ANN, Purpose.REMEMBERING, False, "forgotten"
    )  # as whoever asks for it does first
    forgetting = asyncio.create_task(asyncio.to_thread(memory.forget, Wish(ANN)))
    while not forgetting.done():
        line = replace(lives.turns["Rex"], text=f"Rex is {len(kept)} years old.", at_s=NOON_S + len(kept))
        turn = await asyncio.to_thread(memory.turns.add, line, memory.may_remember)
        assert turn is not None
        kept.append(turn)
        hits = await asyncio.to_thread(memory.recall.find, "dog Rex", lambda scope: True, NOON_S)
        assert "I have a dog called Rex." in {hit.document.text for hit in hits}
        ticks += 1
    assert (await forgetting).counts["turns"] == 5 and ticks > 1
    memory.index(kept)
    assert texts(memory) == BOBS | {turn.text for turn in kept}
    assert {turn.text for turn in kept[:8]} <= found(memory, "years old")
    assert all(ANN not in turn.scope.heard_by for turn in memory.turns.after(0))


def test_nothing_of_theirs_is_found_while_it_is_erased(
    memory: Memory, lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does whoever looks for something wait for it, or find a table gone."""
    seen = list[set[str]]()
    real = Index.remove_person

    def watched(index: Index, person: str) -> list[int]:
        searcher = threading.Thread(target=lambda: seen.append(found(memory, "bees dog interview hives")))
        searcher.start()
        searcher.join(5)
        assert not searcher.is_alive()
        return real(index, person)

    monkeypatch.setattr(Index, "remove_person", watched)
    memory.forget(Wish(ANN))
    assert seen == [{"I have a dog called Rex.", "Bob has a small dog."}]

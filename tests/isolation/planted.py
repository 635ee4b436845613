"""Houses to ask in: an empty one, and one in which every secret has been planted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from memory.master import KeyPlace
from memory.memory import open_memory
from tests.isolation.canaries import Canary, Gist, canaries
from tests.isolation.house import House
from tests.isolation.sources import decide, embed, plant_all, plant_small_talk

SMALL_TALK = 60  # notes that have nothing to do with any of it


@asynccontextmanager
async def an_empty_house(folder: Path) -> AsyncIterator[House]:
    """All have agreed to be remembered; nothing is kept yet but notes about the weather."""
    memory = open_memory(folder / "data", KeyPlace(folder / "key", "file"))
    house = House(memory, Gist(canaries()))
    try:
        await decide(house, True)
        plant_small_talk(memory, SMALL_TALK)
        await house.remembering.up_to_date()
        embed(memory)
        yield house
    finally:
        await house.remembering.close()
        memory.close()


@asynccontextmanager
async def a_full_house(folder: Path) -> AsyncIterator[tuple[House, list[Canary]]]:
    """Where every secret has been planted. Nobody's words are kept from then on: each question finds the same."""
    secrets = canaries()
    async with an_empty_house(folder) as house:
        await plant_all(house, secrets, folder)
        await decide(house, False)
        yield house, secrets

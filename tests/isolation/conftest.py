"""What the tests of isolation share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.isolation.house import House
from tests.isolation.planted import an_empty_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Where everybody has agreed to be remembered, and nothing is kept yet but small talk."""
    async with an_empty_house(tmp_path) as house:
        yield house

"""What the tests of memory share; a file that needs another ``memory`` has its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memory.memory import Memory
from tests.memory.lives import Lives, live, opened


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = opened(tmp_path)
    yield memory
    memory.close()


@pytest.fixture
def lives(memory: Memory) -> Lives:
    return live(memory)

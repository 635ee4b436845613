"""What the tests of memory share; a file that needs another ``memory`` has its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memory.memory import Memory
from memory.stores import redis as redis_store
from tests.memory.lives import Lives, live, opened
from tests.memory.redis_server import RedisServer, redis_server


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = opened(tmp_path)
    yield memory
    memory.close()


@pytest.fixture
def lives(memory: Memory) -> Lives:
    return live(memory)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with redis_server(tmp_path / "redis") as started:
        yield started


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is away is asked again at once."""
    monkeypatch.setattr(redis_store, "AGAIN_S", 0.05)
    monkeypatch.setattr(redis_store, "AGAIN_MOST_S", 0.05)

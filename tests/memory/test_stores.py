"""Every store keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memory.database import Database
from memory.ports import PersonStore
from memory.stores.embedded import EmbeddedStore
from tests.memory.store_contract import CONTRACT


def embedded(folder: Path) -> Iterator[Callable[[], PersonStore]]:
    opened: list[Database] = []

    def again() -> PersonStore:
        while opened:
            opened.pop().close()
        opened.append(Database(folder / "memory.sqlite3", bytes(32)))
        return EmbeddedStore(opened[0])

    yield again
    for database in opened:
        database.close()


@pytest.fixture(params=[embedded])
def open_(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], PersonStore]]:
    yield from request.param(tmp_path)


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
def test_store(promise: Callable[[Callable[[], PersonStore]], None], open_) -> None:
    promise(open_)

"""An index as the product has it, in a folder of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from memory.database import NAME, Database
from memory.ports import Embedder
from memory.recall import Recall
from memory.types import Document
from memory.vault import Vault

KEY = bytes(32)


def opened(folder: Path, embedder: Embedder | None) -> Recall:
    database = Database(folder / NAME, KEY)
    return Recall(database, Vault(KEY, database), embedder)


def indexed(documents: Sequence[Document], embedder: Embedder | None, folder: Path) -> tuple[Recall, float]:
    """An index of these, and the milliseconds that each took."""
    recall = opened(folder, embedder)
    started = time.perf_counter()
    recall.add(documents)
    while recall.embed_waiting(64):
        pass
    return recall, (time.perf_counter() - started) * 1e3 / len(documents)

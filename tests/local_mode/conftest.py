"""What the desks of these tests keep lies in a folder of their own, not among what the user keeps."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

_KEPT = tempfile.TemporaryDirectory(prefix="kith-desk-")  # gone with the last test
os.environ.setdefault("DATA_DIR", str(Path(_KEPT.name) / "data"))
os.environ.setdefault("KEY_FILE", str(Path(_KEPT.name) / "key"))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever would reach the network fails the test."""

    async def connect(*args: object) -> None:
        raise AssertionError("something wanted to reach the network")

    def session(*args: object, **kwargs: object) -> None:
        raise AssertionError("something wanted a session with Discord")

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.create_connection", connect)
    monkeypatch.setattr("aiohttp.ClientSession.__init__", session)

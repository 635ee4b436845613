"""What is put together when something is missing."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from persona_core.assemble import build_persona
from persona_core.models.disk import NoRoom
from persona_core.settings import load_settings


def test_a_full_disk_is_said_and_nothing_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    settings = load_settings({"PROFILE": "tiny", "MODELS_DIR": str(tmp_path), "MODEL_HUB": "off"}, None)
    with pytest.raises(NoRoom, match="make room"):
        build_persona(settings, hear=False, speak=False, report=print)

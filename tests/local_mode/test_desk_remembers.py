"""Commands and memories at the desk as a user has them: ``python -m local_mode`` as a process, lines piped in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from memory.master import KeyPlace
from memory.memory import open_memory

ROOT = Path(__file__).parents[2]


def desk(folder: Path, *args: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """She answers by simple rules; what is kept, and written, lies in ``folder``."""
    settings = {"PROFILE": "tiny", "LLM_ENGINE": "rules", "EMBEDDER": "off", "PYTHONPATH": str(ROOT)}
    kept = {"DATA_DIR": str(folder / "data"), "KEY_FILE": str(folder / "key"), "KEY_SOURCE": "file"}
    return subprocess.run(
        [sys.executable, "-m", "local_mode", *args],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=folder,
        env={**os.environ, **settings, **kept},
    )


def test_what_was_told_is_there_the_next_day_and_gone_when_it_is_forgotten(tmp_path: Path) -> None:
    first = desk(tmp_path, "--name", "Tom", typed="/consent remembering on\nI keep bees in the garden.\n")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Thank you, I may remember what you tell me.\nMira: ")
    found = desk(tmp_path, "--name", "Tom", typed="/journal search bees\n/journal export\n")
    assert "Tom: I keep bees in the garden." in found.stdout
    assert "Written to what-i-keep-of-you.zip, where it is not encrypted." in found.stdout
    with zipfile.ZipFile(tmp_path / "what-i-keep-of-you.zip") as file:
        assert any("bees" in file.read(name).decode() for name in file.namelist())
    gone = desk(tmp_path, "--name", "Tom", typed="/forget me\n1\n/journal search bees\n")
    assert "It is forgotten" in gone.stdout and "I keep bees" not in gone.stdout
    assert "Traceback" not in first.stderr + found.stderr + gone.stderr


def test_what_is_given_as_text_may_be_commands_and_what_they_ask(tmp_path: Path) -> None:
    lines = ("/consent remembering on", "/journal add I like tea", "/memory edit tea", "I like coffee")
    run = desk(tmp_path, *(arg for line in (*lines, "/journal read") for arg in ("--text", line)))
    assert run.returncode == 0, run.stderr
    assert "I have put that right" in run.stdout and run.stdout.rstrip().endswith("page 1 of 1")
    assert "I like coffee" in run.stdout


def test_for_programs_only_events_are_on_standard_output(tmp_path: Path) -> None:
    run = desk(tmp_path, "--json", typed="/status\nHello, Mira.\n/nonsense\n")
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert [event["event"] for event in events] == ["reply", "error"]
    assert "no such command" in events[1]["message"] and run.returncode == 1
    assert "How I am" in run.stderr


def test_beside_another_kith_she_talks_and_remembers_nothing(tmp_path: Path) -> None:
    memory = open_memory(tmp_path / "data", KeyPlace(tmp_path / "key", "file"))
    try:
        run = desk(tmp_path, typed="Hello, Mira.\n/status\n")
    finally:
        memory.close()
    assert run.stdout.startswith("Mira: ") and "Another Kith is using" in run.stderr
    assert "She takes no commands just now" in run.stderr and run.returncode == 1
    assert "Traceback" not in run.stderr

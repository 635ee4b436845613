"""The virtual environment ``.venv`` and how pip is run in it. Standard library only.

Nothing is read from standard input and nothing is written to standard output.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / "kith"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


class SetupError(Exception):
    """Setting up cannot go on; the message is one sentence with the way out."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def child_environment() -> dict[str, str]:
    """Ours without what would lead pip outside .venv or make it ask questions."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    return kept | {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0"}


def run(name: str, command: list[str], extra: dict[str, str] | None = None) -> None:
    """Runs ``command`` with its output on a terminal, or in ``.venv/kith/NAME.log`` where there is none.

    Raises SetupError with the way out; the last lines of the log have then been shown.
    """
    STAMPS.mkdir(parents=True, exist_ok=True)
    log = STAMPS / f"{name}.log"
    with log.open("wb") as file:
        code = wait_for(
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr if sys.stderr.isatty() else file,
                stderr=subprocess.STDOUT,
                env=child_environment() | (extra or {}),
                cwd=ROOT,
                close_fds=False,  # hands on the lock: a pip that outlives us still keeps others waiting
            )
        )
    if code:
        output = log.read_text("utf-8", "replace")
        for line in output.splitlines()[-15:]:
            say(f"      | {line}")
        raise SetupError(way_out(name, output))


def wait_for(child: subprocess.Popen[bytes]) -> int:
    """The exit status; where pip's own progress is not seen, a sign of life every half minute."""
    begun = time.monotonic()
    while True:
        try:
            return child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            if not sys.stderr.isatty():
                say(f"      still at it after {time.monotonic() - begun:.0f} s")


def way_out(name: str, output: str) -> str:
    """One sentence for a failed command, by what it printed."""
    if "No space left" in output:
        return f"The disk is full: free some space, then run this again ({name} was being installed)."
    if "No matching distribution" in output:
        return f"pip finds nothing that fits for {name}: check the network, pip's index and Python's version."
    return f"{name} failed: check the network and the disk, then run this again; it goes on where it stopped."


def pip(name: str, *arguments: str, extra: dict[str, str] | None = None) -> None:
    """Runs pip of .venv for the step ``name``; as ``run``."""
    run(name, [str(PYTHON), "-m", "pip", *arguments], extra)


def pip_says(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs pip of .venv for its answer; a failure is in ``returncode``."""
    return subprocess.run(
        [str(PYTHON), "-m", "pip", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=child_environment(),
        cwd=ROOT,
        check=False,
    )


def venv_version() -> str | None:
    """``3.11`` where .venv was finished, its Python works and is still the one it was made with."""
    stamp = STAMPS / "venv"
    if not stamp.is_file():
        return None
    command = [str(PYTHON), "-ISc", "import sys; print(sys.version_info[1])"]
    try:
        asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError:
        return None
    version = f"3.{asked.stdout.strip()}"
    return version if version == stamp.read_text() else None


def make_venv() -> None:
    """Makes .venv anew; raises SetupError. The stamp comes last: what has none is half-made."""
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError("Install Python's venv module as said above, then run this again.")
    if (VENV / "pyvenv.cfg").exists():
        say("      .venv was not finished or its Python is gone: making it anew")
    shutil.rmtree(STAMPS, ignore_errors=True)  # first, so that a kill leaves no stamp on ruins
    shutil.rmtree(VENV, ignore_errors=True)
    run("venv", [sys.executable, "-m", "venv", str(VENV)])
    renew_pip()
    (STAMPS / "venv").write_text(f"3.{sys.version_info[1]}")


def renew_pip() -> None:
    """A pip before 23.2 (Debian 12 has 23.0) downloads whole wheels only to learn what they need."""
    version = [int(part) for part in (installed("pip") or "0").split(".")[:2]]
    if version < [23, 2] and pip_says("install", "--upgrade", "pip>=23.2").returncode:
        say("      pip could not be brought up to date: going on with the old one")


def site_packages() -> Path:
    library = VENV / "Lib" if WINDOWS else next((VENV / "lib").glob("python3.*"))
    return library / "site-packages"


def installed(package: str) -> str | None:
    """Version of a package in .venv, from the name of its dist-info folder."""
    found = next(site_packages().glob(f"{package}-*.dist-info"), None)
    return found.name.removesuffix(".dist-info").split("-")[1] if found else None


def repair() -> None:
    """Makes pip forget packages whose installation was cut off, so that it installs them again.

    The last thing pip writes for a package is its RECORD with a line for INSTALLER; while replacing a
    package it keeps the old one under a name with ``~``.
    """
    for left in site_packages().glob("~*"):
        shutil.rmtree(left, ignore_errors=True)
    for folder in site_packages().glob("*.dist-info"):
        record = folder / "RECORD"
        if not record.is_file() or "/INSTALLER," not in record.read_text("utf-8").replace("\\", "/"):
            say(f"      {folder.name.removesuffix('.dist-info')} was not finished: installing it again")
            shutil.rmtree(folder)

"""``python -m local_mode`` as a process: however it ends, and whatever its disk does, what was acknowledged is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AGREE, ADD, READ = "/consent remembering on", "/journal add I like tea", "/journal read"
NOTED = "I have noted it: I like tea"
SIGNALS = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and disks are Unix's here")


def environment(folder: Path, **env: str) -> dict[str, str]:
    here = {"DATA_DIR": str(folder / "data"), "KEY_FILE": str(folder / "key"), "PYTHONPATH": str(ROOT)}
    quick = {"PROFILE": "tiny", "LLM_ENGINE": "rules", "PAGE": "off", "DESK_MICROPHONE": "off"}
    return {**os.environ, **quick, **here, **env}


def desk(folder: Path, *lines: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Type these lines and end."""
    return subprocess.run(
        [sys.executable, "-m", "local_mode"],
        input="".join(f"{line}\n" for line in lines),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment(folder, **env),
    )


class Sitting:
    """Somebody types, and reads what comes."""

    def __init__(self, folder: Path, **env: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local_mode"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(folder, **env),
            preexec_fn=_heed_signals,  # noqa: PLW1509  # no threads here
        )

    def type(self, line: str, says: str = "") -> None:
        """And wait until that is said; no line of an answer is read past it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        while says:
            said = self._process.stdout.readline().decode()
            assert said, f"she ended before she said {says!r}: {self._process.stderr.read()!r}"  # type: ignore[union-attr]
            if says in said:
                return

    def wait_until_she_is_there(self) -> None:
        assert self._process.stderr is not None
        while b"is here with you" not in (line := self._process.stderr.readline()):
            assert line, "she ended before she was there"

    def send(self, name: str) -> None:
        self._process.send_signal(getattr(signal, name))

    def end(self) -> tuple[int, str]:
        """How it ended, and the rest of what it said beside the talk."""
        _, beside = self._process.communicate(timeout=60)
        return self._process.returncode, beside.decode()


def _heed_signals() -> None:
    """A shell that runs the tests in the background, or nohup, has them ignore some, and whatever they start."""
    for one in (signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_DFL)


def kept(folder: Path) -> str:
    return desk(folder, READ).stdout


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("SIGINT", "/forget me"),
        ("SIGTERM", "/memory edit tea"),
        ("SIGTERM", "Hello, are you there?"),
        ("SIGHUP", ""),
    ],
)
def test_a_signal_ends_her_at_any_moment_and_what_was_acknowledged_is_kept(
    tmp_path: Path, name: str, then: str
) -> None:
    sitting = Sitting(tmp_path)
    sitting.type(AGREE, "Thank you")
    sitting.type(ADD, NOTED)
    if then:
        sitting.type(
            then, {"/forget me": "[1] Forget it", "/memory edit tea": "Now: I like tea"}.get(then, "")
        )
    sitting.send(name)
    code, beside = sitting.end()
    assert code == SIGNALS[name] and "Traceback" not in beside and "Fatal" not in beside, beside
    assert "I like tea" in kept(tmp_path)


@pytest.mark.parametrize("after_s", [0.3, 0.8])
def test_ctrl_c_while_she_is_loaded_tells_no_traceback(tmp_path: Path, after_s: float) -> None:
    sitting = Sitting(tmp_path)
    time.sleep(after_s)
    sitting.send("SIGINT")
    code, beside = sitting.end()
    assert code in (130, -signal.SIGINT)
    assert "    from local_mode" not in beside  # Python's own first steps may tell theirs


def test_ctrl_c_twice_is_as_good_as_once(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path)
    sitting.type(AGREE, "Thank you")
    for _ in range(2):
        sitting.send("SIGINT")
        time.sleep(0.05)
    code, beside = sitting.end()
    assert code in (130, -signal.SIGINT) and "Traceback" not in beside, beside


def test_killed_she_has_kept_what_was_acknowledged(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path)
    sitting.type(AGREE, "Thank you")
    sitting.type(ADD, NOTED)
    sitting.send("SIGKILL")
    sitting.end()
    assert "I like tea" in kept(tmp_path)


def test_a_file_from_another_editor_is_read_as_it_was_meant(tmp_path: Path) -> None:
    run = desk(tmp_path, f"\ufeff{AGREE}\r", f"{ADD}\r", "/memory edit tea\r", "I like coffee")
    assert run.returncode == 0 and NOTED in run.stdout and "I have put that right" in run.stdout, run


@pytest.mark.parametrize("to", ["2>&-", "2>/dev/full", "2>/dev/null"])
def test_what_is_said_beside_the_talk_may_go_nowhere(tmp_path: Path, to: str) -> None:
    run = subprocess.run(
        f'printf "/status\\n" | "{sys.executable}" -m local_mode {to}',
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=environment(tmp_path),
    )
    assert run.returncode == 0 and "How I am" in run.stdout


# Where it is kept


def only_talks(run: subprocess.CompletedProcess[str], *words: str) -> None:
    """She says once why nothing is kept, refuses each command, and answers what is said."""
    assert run.returncode == 1 and "Traceback" not in run.stderr, run.stderr
    (why,) = [line for line in run.stderr.splitlines() if "remembers nothing at the desk" in line]
    assert all(word in why for word in words), why
    assert "She takes no commands just now" in run.stderr and "Mira: " in run.stdout


def test_a_second_desk_with_the_same_folder_only_talks(tmp_path: Path) -> None:
    first = Sitting(tmp_path)
    first.type(AGREE, "Thank you")
    only_talks(desk(tmp_path, ADD, "Hello!"), "Another Kith is using")
    first.type(ADD, NOTED)
    first.send("SIGTERM")
    first.end()
    assert "I like tea" in kept(tmp_path)


@pytest.mark.parametrize("how", ["half of it", "noise"])
@pytest.mark.parametrize(("name", "words"), [("memory.sqlite3", "is damaged"), ("key.json", "is damaged")])
def test_a_damaged_file_is_named_and_left_as_it_is(tmp_path: Path, how: str, name: str, words: str) -> None:
    desk(tmp_path, AGREE, ADD)
    file = tmp_path / "data" / name
    whole = file.read_bytes()
    damaged = whole[: len(whole) // 2] if how == "half of it" else os.urandom(len(whole))
    file.write_bytes(damaged)
    only_talks(desk(tmp_path, ADD, "Hello!"), name, words)
    assert file.read_bytes() == damaged
    file.write_bytes(whole)
    assert "I like tea" in kept(tmp_path)


def test_one_damaged_note_costs_no_other(tmp_path: Path) -> None:
    desk(tmp_path, AGREE, ADD)
    (note,) = (tmp_path / "data" / "journal").glob("2*/*/*.sealed")
    desk(tmp_path, "/journal add I have a dog")
    note.write_bytes(os.urandom(100))
    run = desk(tmp_path, READ, "/journal add I have a cat", READ)
    assert run.returncode == 0 and "Traceback" not in run.stderr
    assert "I have a dog" in run.stdout and "I have a cat" in run.stdout and "was left alone" in run.stderr


@pytest.mark.parametrize("where", ["a file", "/proc/1/kith"])
def test_a_folder_that_cannot_be_is_said_once(tmp_path: Path, where: str) -> None:
    (tmp_path / "a file").write_text("")
    only_talks(desk(tmp_path, ADD, "Hello!", DATA_DIR=str(tmp_path / where)), "cannot be written")


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """One of 2 MiB."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs root, to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Until nothing more can be written to it."""
    file = disk / "fill"
    with file.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(bytes(1024))
    return file


def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        where = {"DATA_DIR": str(disk / "data")}
        sitting = Sitting(tmp_path, **where)
        sitting.type(AGREE, "Thank you")
        sitting.type(ADD, NOTED)
        filled = fill(disk)
        sitting.type("/journal add I have a dog", "I could not write that to disk")
        sitting.type(READ, "I like tea")
        sitting.send("SIGTERM")
        code, beside = sitting.end()
        assert code == 143 and "Traceback" not in beside and "is full" in beside, beside
        filled.unlink()
        run = desk(tmp_path, READ, "/journal add I have a cat", READ, **where)
        assert run.returncode == 0 and "I like tea" in run.stdout and "I have a cat" in run.stdout
        assert "I have a dog" not in run.stdout


def test_on_a_disk_that_cannot_be_written_she_only_talks(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        where = {"DATA_DIR": str(disk / "data")}
        desk(tmp_path, AGREE, ADD, **where)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        only_talks(desk(tmp_path, ADD, "Hello!", **where), "cannot be written")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert "I like tea" in desk(tmp_path, READ, **where).stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAGE", "maybe"),
        ("PAGE_PORT", "abc"),
        ("DESK_ECHO", "loud"),
        ("REMEMBERING_DAYS", "-5"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_setting_that_is_nonsense_is_named(tmp_path: Path, name: str, value: str) -> None:
    run = desk(tmp_path, "Hello!", **{name: value})
    assert run.returncode == 2 and not run.stdout
    (why,) = run.stderr.splitlines()
    assert f"{name}='{value}'" in why

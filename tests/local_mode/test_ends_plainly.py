"""However her streams are cut, she ends at once, with one sentence and no traceback."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from local_mode.console import PlainScreen, person_called
from local_mode.recorded import hear_all, recordings_of
from persona_core.errors import AudioError
from persona_core.events import Failed, Speaking
from persona_core.types import Frame

ROOT = Path(__file__).parents[2]
RULES = {**os.environ, "PROFILE": "tiny", "LLM_ENGINE": "rules", "PYTHONPATH": str(ROOT)}
unix_only = pytest.mark.skipif(os.name == "nt", reason="signals and pipes are Unix's here")


def started(cwd: Path, stdout: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local_mode"],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=RULES,
        preexec_fn=_heed_ctrl_c if os.name != "nt" else None,  # noqa: PLW1509  # no threads here
    )


def _heed_ctrl_c() -> None:
    """A shell that runs the tests in the background has them ignore it, and whatever they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_until_she_is_there(desk: subprocess.Popen[str]) -> None:
    assert desk.stderr is not None
    while "is here with you" not in (line := desk.stderr.readline()):
        assert line, "she ended before she was there"


@unix_only
def test_ctrl_c_while_she_waits_for_a_line_ends_her_without_an_enter(tmp_path: Path) -> None:
    desk = started(tmp_path, subprocess.PIPE)
    wait_until_she_is_there(desk)
    desk.send_signal(signal.SIGINT)
    assert desk.wait(30) == 130
    _, said = desk.communicate()
    assert "Traceback" not in said and "Fatal" not in said


@unix_only
def test_a_reader_that_has_gone_is_one_sentence(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    desk = started(tmp_path, writing)
    os.close(writing)
    _, said = desk.communicate("Hello!\nAre you there?\n", timeout=60)
    assert desk.returncode == 1
    assert said.splitlines()[-1] == "What she says cannot be shown: Broken pipe."
    assert "Traceback" not in said


@unix_only
def test_a_closed_standard_input_is_an_end(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m local_mode <&-'
    run = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, env=RULES)
    assert run.returncode == 0 and "Traceback" not in run.stderr


def test_a_name_given_twice_in_another_case_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(1600), 16000)
    with pytest.raises(AudioError, match="twice for Ann"):
        recordings_of([f"Ann={tmp_path / 'a.wav'}", f"ann={tmp_path / 'a.wav'}"])


def test_a_name_cannot_move_the_terminals_cursor() -> None:
    assert person_called("Ann\x1b[2J\nBob").name == "Ann [2J Bob"
    assert person_called("\x07").name == "Friend"


def test_what_fails_in_the_middle_of_a_line_begins_a_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen("Mira")
    for event in (Speaking("It was a"), Failed("The model is out."), Speaking("Hello.")):
        screen.show(event)
    assert capsys.readouterr().out == "Mira: It was a\nMira: Hello."


async def test_ctrl_c_while_she_hears_a_file_does_not_wait_for_its_answer(tmp_path: Path) -> None:
    class Busy:
        """A conversation that never has answered all."""

        waited = 0

        def hear(self, frame: Frame) -> None:
            pass

        def finish_hearing(self) -> None:
            raise AssertionError("nothing is finished after Ctrl-C")

        async def settled(self) -> None:
            self.waited += 1
            await asyncio.Event().wait()

    soundfile.write(tmp_path / "a.wav", np.zeros(1600), 16000)
    busy = Busy()
    recordings = recordings_of([f"Ann={tmp_path / 'a.wav'}"])
    hearing = asyncio.create_task(hear_all(busy, recordings, True, 0.7))  # type: ignore[arg-type]
    await asyncio.sleep(0.01)
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(hearing, 5)
    assert busy.waited == 1


def test_an_empty_line_is_not_answered(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "local_mode", "--text", " "],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=RULES,
        check=False,
    )
    assert run.returncode == 1 and not run.stdout
    assert run.stderr.splitlines()[-1] == "--text holds no words, so nothing was said."

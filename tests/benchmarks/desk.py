"""As somebody's microphone in a call: ``python -m tests.benchmarks.desk [--json]``.

A PulseAudio of its own with the cable that ``python -m local_mode cable create`` makes. The far end plays what two people
say (LibriSpeech) into “Kith hears”; ``python -m local_mode --preset discord`` hears it and answers into “Kith’s
microphone”, where the far end records her. ``desk_voice_to_voice_ms`` runs from the last speech sample that passed the one
end to her first 10 ms above -50 dBFS at the other; both ends are recorded in the same way, so that what recording itself
takes cancels out. ``desk_words_wer`` compares what the recording is transcribed to with what she said.
"""

from __future__ import annotations

import asyncio
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.models import ModelFolder, load_catalogue
from persona_core.types import EAR_RATE, Samples
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.benchmarks.live import shipped
from tests.benchmarks.live.hearing import AUDIBLE_DBFS
from tests.benchmarks.live.sounds import Clip, levels_db, librispeech
from tests.local_mode.sound_server import FORMAT, RATE, play, sound_server
from tests.words import text_of, word_error_rate

TURNS = 10
WARM_UP = 2
CHUNK = RATE // 100
LOADING_S = 120.0
ANSWER_S = 25.0
QUIET_S = 1.0

Told = dict[str, Any]


class Listener:
    """Records one end, and knows when each piece came, ``time.perf_counter()``."""

    def __init__(self, source: str) -> None:
        command = ["parec", f"--device={source}", *FORMAT, "--latency-msec=10"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.pieces: list[np.ndarray] = []  # only ever grows; CHUNK samples each
        self.came: list[float] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while len(raw := self._process.stdout.read(2 * CHUNK)) == 2 * CHUNK:
            self.came.append(time.perf_counter())
            self.pieces.append(np.frombuffer(raw, np.int16))

    def since(self, first: int) -> Samples:
        return np.concatenate([np.zeros(0, np.int16), *self.pieces[first:]]).astype(np.float32) / 32768

    def audible(self, first: int) -> list[int]:
        """The pieces from ``first`` on in which something can be heard."""
        sound = self.since(first)
        return [first + int(at) for at in np.flatnonzero(levels_db(sound, CHUNK) > AUDIBLE_DBFS)]

    def quiet_s(self) -> float:
        heard = self.audible(max(0, len(self.pieces) - round(QUIET_S * 200)))
        return time.perf_counter() - self.came[heard[-1]] if heard else 2 * QUIET_S

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


class Desk:
    """``python -m local_mode`` as the microphone of another program."""

    def __init__(self, folder: Path) -> None:
        own = {"DATA_DIR": str(folder), "KEY_FILE": str(folder / "key"), "PAGE": "off"}
        root = Path(__file__).parents[2]
        self._log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local_mode", "--preset", "discord", "--json"],
            env=shipped.environment() | own | {"PYTHONPATH": str(root)},
            cwd=folder,  # where no .env changes a default
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._told: queue.Queue[Told] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def told(self) -> list[Told]:
        """What has happened since this was asked last."""
        found = []
        while not self._told.empty():
            found.append(self._told.get())
        return found

    def wait_until_she_listens(self) -> None:
        deadline = time.monotonic() + LOADING_S
        while "listens through" not in Path(self._log.name).read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"She does not listen: {Path(self._log.name).read_text()[-1000:]}")
            time.sleep(0.2)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._told.put(json.loads(line))


def main() -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="kith-desk-") as made, cabled(Path(made)) as desk:
            show(_measure(desk))
    except pytest.skip.Exception as error:
        raise SystemExit(str(error)) from None


@contextmanager
def cabled(folder: Path) -> Iterator[Desk]:
    with sound_server(folder):
        subprocess.run([sys.executable, "-m", "local_mode", "cable", "create"], check=True, stdout=sys.stderr)
        desk = Desk(folder)
        try:
            yield desk
        finally:
            desk.close()


def _measure(desk: Desk) -> list[Figure]:
    her, people = Listener("kith_microphone"), Listener("kith_hears.monitor")
    desk.wait_until_she_listens()
    desk.type("/mode always")
    _wait_for_quiet(her)
    turns = [_turn(desk, clip, her, people) for clip in _of_two_people()]
    her.stop()
    people.stop()
    seen = turns[WARM_UP:]
    latencies = [one["ms"] for one in seen if one["ms"] is not None]
    heard = [word_error_rate(one["clip"].text, one["heard"]) for one in seen]
    words = [one["wer"] for one in seen if one["wer"] is not None]
    nothing = Figure("desk_voice_to_voice_ms", float("inf"), "ms")
    return [
        against("<= 1000", figure_of("desk_voice_to_voice_ms", latencies, "ms") if latencies else nothing),
        Figure("desk_answered", len(latencies), "turns", len(seen)),
        Figure("desk_heard_wer", round(100 * float(np.mean(heard)), 2), "%", len(heard)),
        against(
            "<= 15", Figure("desk_words_wer", round(100 * float(np.mean(words or [1.0])), 2), "%", len(words))
        ),
    ]


def _of_two_people() -> list[Clip]:
    """Turn about."""
    by_speaker: dict[str, list[Clip]] = {}
    for clip in librispeech():
        if clip.seconds > 2.5:
            by_speaker.setdefault(clip.name.split("-")[0], []).append(clip)
    first, second = sorted(by_speaker.values(), key=len)[-2:]
    pairs = [clip for pair in zip(first, second, strict=False) for clip in pair]
    return pairs[: WARM_UP + TURNS]


def _turn(desk: Desk, clip: Clip, her: Listener, people: Listener) -> Told:
    """One clip and what comes of it."""
    desk.told()
    first, first_of_hers = len(people.pieces), len(her.pieces)
    sound = np.asarray(soxr.resample(clip.samples, EAR_RATE, RATE), np.float32)
    play("kith_hears", (np.clip(sound, -1, 1) * 32767).astype(np.int16))
    told: list[Told] = []
    deadline = time.monotonic() + ANSWER_S
    while time.monotonic() < deadline and not any(one["event"] == "reply" for one in told):
        time.sleep(0.1)
        told += desk.told()
    _wait_for_quiet(her)
    told += desk.told()
    began = first + next(n for n, piece in enumerate(people.pieces[first:]) if piece.any())
    ended_at = people.came[min(began + round(clip.ends_s * 100), len(people.came) - 1)]
    audible = her.audible(first_of_hers)
    said = " ".join(one["text"] for one in told if one["event"] == "reply")
    recorded = np.asarray(soxr.resample(her.since(first_of_hers), RATE, EAR_RATE), np.float32)
    found = asyncio.run(text_of(_ears(), recorded, "en")) if said else ""
    return {
        "clip": clip,
        "ms": (her.came[audible[0]] - ended_at) * 1000 if audible else None,
        "heard": " ".join(one["text"] for one in told if one["event"] == "utterance"),
        "wer": word_error_rate(said, found) if said else None,
    }


def _wait_for_quiet(her: Listener) -> None:
    time.sleep(QUIET_S)
    while her.quiet_s() < QUIET_S:
        time.sleep(0.1)


@cache
def _ears() -> FasterWhisper:
    folder = ModelFolder(shipped.settings().models_dir, load_catalogue())
    return FasterWhisper(folder.ensure("whisper-base"))


if __name__ == "__main__":
    main()

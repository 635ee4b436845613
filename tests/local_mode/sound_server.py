"""A PulseAudio of the tests' own, with sinks that lead nowhere, and what plays and records at their other ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from persona_core.types import Pcm

RATE = 48_000  # Hz of everything here
FORMAT = (f"--rate={RATE}", "--channels=1", "--format=s16le")
NEEDED = "needs PulseAudio and ALSA's way to it: apt install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"


class SoundCards:
    """``plug`` and ``unplug`` cards; each is a sink, and a microphone that hears what plays there."""

    def __init__(self) -> None:
        self._modules: dict[str, str] = {}

    def plug(self, name: str) -> None:
        shown = f"sink_properties='device.description=\"{name} card\"'"
        arguments = f"sink_name={name} rate={RATE} channels=1 channel_map=mono {shown}"
        self._modules[name] = pactl("load-module", "module-null-sink", *arguments.split(" ", 4))

    def plug_microphone(self, name: str) -> None:
        """One that hears what plays on the sink ``{name}_air``, and is no monitor for whoever looks."""
        self.plug(f"{name}_air")
        shown = f"source_properties='device.description=\"{name} microphone\"'"
        self._modules[name] = pactl(
            "load-module", "module-remap-source", f"source_name={name}", f"master={name}_air.monitor", shown
        )
        pactl("set-default-source", name)

    def unplug(self, name: str) -> None:
        pactl("unload-module", self._modules.pop(name))


def play(sink: str, pcm: Pcm) -> None:
    """Somebody plays ``pcm`` (mono at RATE) there; returns at its end."""
    command = ["pacat", "--playback", f"--device={sink}", *FORMAT, "--latency-msec=40"]
    subprocess.run(command, input=pcm.tobytes(), check=True, timeout=120)


class Recorder:
    """Somebody hears ``source``, from when it is made to ``stop``. Both take a moment."""

    def __init__(self, source: str, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        command = ["parec", f"--device={source}", *FORMAT, "--latency-msec=20"]
        self._process = subprocess.Popen(command, stdout=self._file)
        deadline = time.monotonic() + 20
        while not path.stat().st_size and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> Pcm:
        """What was heard."""
        time.sleep(0.3)  # what is on its way
        self._process.terminate()
        self._process.wait(20)
        self._file.close()
        return np.frombuffer(self._path.read_bytes()[: self._path.stat().st_size // 2 * 2], np.int16)


def pactl(*words: str) -> str:
    return subprocess.run(["pactl", *words], check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def sound_server(folder: Path) -> Iterator[SoundCards]:
    """One that everything in this process and its children finds; skips where it is not installed."""
    if not (shutil.which("pulseaudio") and shutil.which("pactl")):
        pytest.skip(NEEDED)
    socket = folder / "native"
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "XDG_CONFIG_HOME": str(folder)}
    before = os.environ.get("PULSE_SERVER")
    command = [
        "pulseaudio",
        "-n",
        "--daemonize=no",
        "--exit-idle-time=-1",
        "--use-pid-file=no",
        "--log-level=error",
    ]
    command += ["-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}"]
    with subprocess.Popen(command, env=os.environ | home, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 20
            while not socket.exists() and time.monotonic() < deadline and server.poll() is None:
                time.sleep(0.05)
            os.environ["PULSE_SERVER"] = f"unix:{socket}"
            _require_way_to_it()
            yield SoundCards()
        finally:
            server.terminate()
            server.wait(20)
            os.environ.pop("PULSE_SERVER")
            if before is not None:
                os.environ["PULSE_SERVER"] = before
            _forget_it()


def _require_way_to_it() -> None:
    from local_mode import portaudio
    from persona_core.errors import AudioError

    pactl("load-module", "module-null-sink", "sink_name=first", "rate=48000")  # PortAudio looks for one
    try:
        portaudio.look_again()
        there = portaudio.hosted(portaudio.PULSE)
    except AudioError:
        there = False
    if not there:
        pytest.skip(NEEDED)


def _forget_it() -> None:
    from local_mode import portaudio
    from persona_core.errors import AudioError

    try:
        portaudio.look_again()
    except AudioError:  # it was never there
        return

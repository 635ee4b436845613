"""Sound files as a place where people are heard, and as a place where she speaks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from persona_core.errors import AudioError
from persona_core.ports import Playback
from persona_core.types import Frame, Pcm, Person

FRAME_S = 0.02
RATES = range(1_000, 768_001)  # Hz; beyond these a header is broken, not the sound strange

Pace = Callable[[float], Awaitable[None]]  # called with each moment of the file before it is heard


class Spoken(Protocol):
    """What somebody says, in a file."""

    person: Person
    path: Path

    @property
    def rate(self) -> int: ...

    def frames(self) -> Iterator[Pcm]:
        """20 ms at a time. Raises AudioError."""
        ...


class Recording:
    """One person's sound file: any rate, mono or stereo, WAV, FLAC, OGG or whatever libsndfile reads."""

    def __init__(self, person: Person, path: Path) -> None:
        """Raises AudioError when the file is missing, empty, cut off or not sound."""
        self.person = person
        self.path = path
        try:
            self._file = soundfile.SoundFile(path)
        except soundfile.SoundFileError as error:
            what = "is not a sound file that can be read" if path.exists() else "does not exist"
            raise AudioError(f"{path} {what}.") from error
        self.rate: int = self._file.samplerate
        if _is_cut_off(self._file.extra_info):
            raise AudioError(f"{path} is cut off: it is shorter than its header says.")
        if self.rate not in RATES:
            raise AudioError(f"{path} cannot be heard: its header says {self.rate} samples a second.")
        if len(self._file) == 0:
            raise AudioError(f"{path} holds no sound.")

    def frames(self) -> Iterator[Pcm]:
        """20 ms at a time. Raises AudioError where the file turns out to be damaged or cut off."""
        length, taken = round(self.rate * FRAME_S), 0
        try:
            # 50 frames at once: libsndfile 1.2.2 reads silence from MP3 in small blocks
            for block in self._file.blocks(50 * length, dtype="float32", always_2d=True):
                taken += len(block)
                pcm = _to_pcm(block)
                for start in range(0, len(pcm), length):
                    yield pcm[start : start + length]
        except soundfile.SoundFileError as error:
            raise AudioError(f"{self.path} is damaged after {taken / self.rate:.1f} s.") from error
        if taken < len(self._file):
            raise AudioError(f"{self.path} is cut off after {taken / self.rate:.1f} s.")


class FileTransport:
    """Several people's recordings, all beginning at 0 s, as if each held an open microphone."""

    def __init__(self, recordings: Sequence[Spoken], pace: Pace, tail_s: float) -> None:
        """``tail_s`` is the silence after the longest recording, in which her turn can begin."""
        self._recordings = recordings
        self._pace = pace
        self._tail_s = tail_s
        self.damage: list[AudioError] = []  # recordings that broke off; everybody else is heard on

    async def frames(self) -> AsyncIterator[Frame]:
        streams = {recording: recording.frames() for recording in self._recordings}
        tick, last_sound = 0, 0
        while (tick - last_sound) * FRAME_S <= self._tail_s:
            at_s = tick * FRAME_S
            await self._pace(at_s)
            for recording, stream in streams.items():
                pcm = self._next(stream)
                if pcm is not None:
                    last_sound = tick
                else:
                    pcm = np.zeros(round(recording.rate * FRAME_S), np.int16)
                yield Frame(recording.person, pcm, recording.rate, at_s)
            tick += 1

    def _next(self, stream: Iterator[Pcm]) -> Pcm | None:
        try:
            return next(stream, None)
        except AudioError as error:
            self.damage.append(error)
            return None


class WavPlayback:
    """Writes what she says to a 16-bit WAV file, one reply after the other. What is written was heard."""

    def __init__(self, path: Path) -> None:
        self.heard_s = 0.0
        self._path = path
        self._file: soundfile.SoundFile | None = None
        if path.is_dir():
            raise AudioError(f"{path} cannot be written: it is a folder.")
        if not path.parent.is_dir():
            raise AudioError(f"{path} cannot be written: the folder {path.parent} does not exist.")

    async def play(self, pcm: Pcm, rate: int) -> None:
        try:
            if self._file is None:
                self._file = soundfile.SoundFile(self._path, "w", rate, 1, "PCM_16", format="WAV")
            self._file.write(pcm)
        except (soundfile.SoundFileError, OSError) as error:
            raise AudioError(f"{self._path} cannot be written.") from error
        self.heard_s += len(pcm) / rate

    async def drain(self) -> None:
        if self._file is not None:
            self._file.flush()

    def duck(self) -> None:
        """A file takes her voice at once: when somebody speaks over her, all of it is written."""

    def resume(self) -> None:
        """See ``duck``."""

    def stop(self) -> None:
        """See ``duck``: nothing is left that could be stopped."""

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class Everywhere:
    """Plays in several places, or in none."""

    def __init__(self, places: list[Playback]) -> None:
        self._places = places
        self._played_s = 0.0

    @property
    def heard_s(self) -> float:
        """As far as the slowest place has come."""
        return min((place.heard_s for place in self._places), default=self._played_s)

    async def play(self, pcm: Pcm, rate: int) -> None:
        for place in self._places:
            await place.play(pcm, rate)
        self._played_s += len(pcm) / rate

    async def drain(self) -> None:
        for place in self._places:
            await place.drain()

    def duck(self) -> None:
        for place in self._places:
            place.duck()

    def resume(self) -> None:
        for place in self._places:
            place.resume()

    def stop(self) -> None:
        for place in self._places:
            place.stop()


def _is_cut_off(notes: str) -> bool:
    """Read libsndfile's notes on a file; a length of 2 GiB and more means "unknown", as pipes write it."""
    promised = re.search(r"(?:data|SSND) : (\d+) \(should be (\d+)\)", notes)
    if promised and int(promised[2]) < int(promised[1]) < 2**31 - 4096:
        return True
    return "lacks an end-of-stream" in notes  # Ogg


def _to_pcm(block: np.ndarray) -> Pcm:
    """Channels averaged; values that are no numbers become silence, too loud ones are clipped."""
    mono = np.nan_to_num(block.mean(axis=1), nan=0.0, posinf=1.0, neginf=-1.0)
    pcm: Pcm = (np.clip(mono, -1.0, 1.0) * 32767).astype(np.int16)
    return pcm

"""A video of somebody (``--video NAME=FILE``): its sound is what they say, its pictures are what a camera sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from local_mode.camera_video import begin_of, film
from local_mode.files import FRAME_S
from persona_core.errors import AudioError
from persona_core.types import EAR_RATE, Pcm, Person

GAP_S = 0.04  # without sound in the file, from which on silence stands there


class Film:
    """Its sound, as ``Recording`` has it, on the clock of its pictures (``Cameras.play``)."""

    rate = EAR_RATE

    def __init__(self, person: Person, path: Path) -> None:
        """Raises AudioError when the file is missing, no video, or lacks pictures or sound."""
        self.person = person
        self.path = path
        with self._opened() as container:
            if not container.streams.video:
                raise AudioError(f"There are no pictures in {path}; --wav plays sound alone.")
            if not container.streams.audio:
                raise AudioError(f"There is no sound in {path}; CAMERA shows pictures alone.")

    def frames(self) -> Iterator[Pcm]:
        """20 ms at a time, with silence where it has no sound. Raises AudioError where the file is damaged."""
        length, rest = round(self.rate * FRAME_S), np.zeros(0, np.int16)
        try:
            with self._opened() as container:
                for sound in self._sound(container):
                    rest = np.concatenate([rest, sound])
                    while len(rest) >= length:
                        yield rest[:length]
                        rest = rest[length:]
        except av.FFmpegError as error:
            raise AudioError(f"{self.path} is damaged: its sound breaks off.") from error
        if len(rest):
            yield rest

    def _sound(self, container: InputContainer) -> Iterator[Pcm]:
        """From the moment on at which the film begins, to that at which it ends."""
        resampler = av.AudioResampler(format="s16", layout="mono", rate=self.rate)
        begins_s, given = begin_of(container), 0
        for frame in container.decode(audio=0):
            due = round(((frame.time or 0.0) - begins_s) * self.rate)
            if due - given > GAP_S * self.rate:
                yield np.zeros(due - given, np.int16)
                given = due
            for piece in resampler.resample(frame):
                sound = piece.to_ndarray()[0].astype(np.int16, copy=False)
                given += len(sound)
                yield sound
        left = round((container.duration or 0) / av.time_base * self.rate) - given
        if left > 0:
            yield np.zeros(left, np.int16)

    def _opened(self) -> InputContainer:
        try:
            return film(self.path)
        except av.FileNotFoundError as error:
            raise AudioError(f"{self.path} does not exist.") from error
        except (av.FFmpegError, OSError) as error:
            raise AudioError(f"{self.path} is not a video that can be read.") from error

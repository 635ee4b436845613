"""Good frames of somebody who agreed to be recognised, gathered while everything else goes on."""

from __future__ import annotations

import asyncio

from memory.gallery import Template, bounds_of
from persona_core.seeing.followed import Track
from persona_core.seeing.templates import NotEnrolled, Sitting
from persona_core.types import Samples

FRAMES = 8  # are asked for
LONGEST_S = 15.0  # after which it has to do with what there is


class Gathering:
    """Of one track. Nothing is kept of it but the template that it ends with."""

    def __init__(self, track: Track, encoder: str) -> None:
        self.track: Track | None = track  # None: it has ended
        self.refusal = ""  # why the last frame was not good enough
        self._encoder = encoder
        self._sitting = Sitting(encoder, bounds_of(encoder).accept)
        self._over = asyncio.Event()

    def add(self, vector: Samples) -> None:
        self._sitting.add(vector, self._encoder)
        if self._sitting.frames >= FRAMES:
            self._over.set()

    def end(self) -> None:
        """The face is gone, or is somebody else's now."""
        self.track = None
        self._over.set()

    async def template(self) -> Template:
        """Once there are enough frames, or it has lasted long enough. Raises NotEnrolled."""
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._over.wait()
        except TimeoutError:
            if not self._sitting.enough and self.refusal:
                raise NotEnrolled(self.refusal) from None
        if self.track is None:
            raise NotEnrolled("I have lost sight of the face. Please stay before the camera, and try again.")
        return self._sitting.template()

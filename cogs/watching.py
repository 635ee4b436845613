"""What her owner's page asks of what she sees (``cogs.overlay.ports.Watcher``)."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PIL import Image

from cogs import forgetting, knowing
from cogs.eye import Eye
from cogs.host import Host, Refusal
from memory.audience import Listeners
from memory.errors import MemoryFault
from memory.forget import Wish
from memory.types import Encounter
from persona_core.seeing.pictures import decode_picture
from persona_core.types import Person, Picture, View

LONGEST, QUALITY = 640, 75  # of a picture for the page: pixels of its longer side, and as JPEG has it
MOST_ENCOUNTERS = 50

OFF = "Nobody is to be met here: FACE_MEETING in the settings allows it, and `/face enrol` lets you be known yourself."


class Cameras(Protocol):
    """``local_mode.camera.Cameras``."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def latest(self, camera: str) -> View | None: ...

    def push(self, camera: str, data: bytes, taken_s: float | None = None) -> None: ...

    def stop(self, camera: str) -> None: ...


class Watching:
    """``viewer``: id of whose page it is; ``person_for`` a name: who is to be known by it."""

    def __init__(
        self,
        host: Host,
        viewer: str,
        place_key: str,
        cameras: Cameras,
        eye: Eye,
        person_for: Callable[[str], Person],
    ) -> None:
        self._host, self._cameras, self._eye = host, cameras, eye
        self._listeners = Listeners(frozenset({viewer}), place_key)
        self._person_for = person_for

    @property
    def cameras(self) -> Sequence[str]:
        return [name for name in self._cameras.names if self._cameras.latest(name) is not None]

    async def picture(self, camera: str) -> bytes | None:
        view = self._cameras.latest(camera)
        return None if view is None else await asyncio.to_thread(_as_jpeg, view.picture)

    async def enrol(self, track: int, name: str) -> str:
        if self._host.settings.face_meeting == "off":
            raise Refusal(OFF)
        if not any(face.track == track and face.person is None for face in self._eye.in_view):
            raise Refusal(knowing.GONE)
        person = self._person_for(name)
        with_face = await knowing.sit(self._host, self._eye, track, person.id)
        try:
            await knowing.know(self._host, person, with_face, "page")
        except MemoryFault as error:
            raise Refusal(knowing.TROUBLE) from error
        return knowing.KEPT.format(name=person.name)

    async def forget(self, person: str) -> str:
        try:
            await forgetting.forget(self._host, Wish(person))
            await forgetting.delete_posts(self._host, person)
        except MemoryFault as error:
            raise Refusal(knowing.TROUBLE) from error
        return "All that I kept of them is forgotten."

    async def merge(self, kept: str, gone: str) -> str:
        await self._change(partial(self._host.memory.people.merge, kept, gone))
        return "They are one from now on; “split” undoes it."

    async def split(self, person: str) -> str:
        await self._change(partial(self._host.memory.people.split, person))
        return "They are two again."

    async def _change(self, change: Callable[[], None]) -> None:
        await knowing.change(self._host, change)
        self._eye.forget(None)  # whoever is in view is looked at anew

    async def encounters(self) -> Sequence[Encounter]:
        find = partial(self._host.memory.people.encounters, self._listeners, most=MOST_ENCOUNTERS)
        return await asyncio.to_thread(find)

    def push(self, camera: str, data: bytes, taken_s: float | None) -> None:
        self._cameras.push(camera, data, taken_s)

    def stop(self, camera: str) -> None:
        self._cameras.stop(camera)


def _as_jpeg(picture: Picture | bytes) -> bytes:
    """What a camera sent, in the size a page shows, without what else may be in the file."""
    seen = decode_picture(picture) if isinstance(picture, bytes) else picture
    image = Image.fromarray(seen[:, :, ::-1])
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()

"""Somebody who sees for the page, without an eye: drawn faces, and encounters that were made up."""

from __future__ import annotations

import io
import time

from PIL import Image, ImageDraw

from memory.types import Encounter, Statement
from persona_core.errors import KithError
from persona_core.events import Sight
from persona_core.types import Face, Person, SeenFace
from tests.local_mode.sitting import ANN

WIDTH, HEIGHT = 640, 480
CAMERA = "webcam"
BOB = Person("desk:bob", "Bob")


class Seeing:
    """A ``cogs.overlay.ports.Watcher`` that notes what it is asked."""

    def __init__(self, *cameras: str) -> None:
        self.cameras = list(cameras or [CAMERA])
        self.kept: list[Encounter] = []
        self.asked: list[tuple[object, ...]] = []
        self.pushed: list[tuple[str, bytes, float | None]] = []
        self.pictures = 0  # that were asked for
        self.refuses = ""

    async def picture(self, camera: str) -> bytes | None:
        self.pictures += 1
        return drawn(camera)

    async def enrol(self, track: int, name: str) -> str:
        return self._does(f"I know {name} now.", "enrol", track, name)

    async def forget(self, person: str) -> str:
        self.kept = [one for one in self.kept if one.person != person]
        return self._does("They are forgotten.", "forget", person)

    async def merge(self, kept: str, gone: str) -> str:
        return self._does("They are one now.", "merge", kept, gone)

    async def split(self, person: str) -> str:
        return self._does("They are two again.", "split", person)

    async def encounters(self) -> list[Encounter]:
        return self.kept

    def push(self, camera: str, data: bytes, taken_s: float | None) -> None:
        if self.refuses:
            raise KithError(self.refuses)
        self.pushed.append((camera, data, taken_s))

    def stop(self, camera: str) -> None:
        self.asked.append(("stop", camera))

    def _does(self, answer: str, *asked: object) -> str:
        if self.refuses:
            raise KithError(self.refuses)
        self.asked.append(asked)
        return answer


def drawn(camera: str = CAMERA, faces: int = 2) -> bytes:
    """A picture of people who do not exist, as JPEG: nobody's face is in the documentation."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "#cfd8dc" if camera == CAMERA else "#d7ccc8")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 330, WIDTH, HEIGHT), fill="#a1887f")
    for number, (skin, hair, shirt) in enumerate(
        (("#f0c9a4", "#5d4037", "#3f6f8f"), ("#a9745a", "#2b2320", "#8f5a3f"))[:faces]
    ):
        x = 190 + 260 * number
        draw.ellipse((x - 120, 320, x + 120, 620), fill=shirt)
        draw.rectangle((x - 26, 260, x + 26, 340), fill=skin)
        draw.ellipse((x - 84, 82, x + 84, 270), fill=hair)
        draw.ellipse((x - 68, 108, x + 68, 290), fill=skin)
        for side in (-1, 1):
            draw.ellipse((x + side * 27 - 9, 182, x + side * 27 + 9, 200), fill="#2b2320")
        draw.arc((x - 30, 215, x + 30, 258), 15, 165, fill="#8a3b32", width=5)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()


def face(
    track: int,
    number: int = 0,
    person: Person | None = None,
    maybe: tuple[Person, ...] = (),
    refusal: str = "",
) -> SeenFace:
    """One of those that are ``drawn``."""
    return SeenFace(track, Face(120 + 260 * number, 90, 140, 200, (), 0.9), person, maybe, 0.7, refusal)


def sight(*faces: SeenFace, camera: str = CAMERA) -> Sight:
    return Sight(camera, time.perf_counter(), WIDTH, HEIGHT, faces)


def met(
    person: Person | None = ANN,
    *said: str,
    id: str = "",
    likest: tuple[str, ...] = (),
    sources: tuple[str, ...] = ("encounter/1",),
    at_s: float = 0.0,
    confidence: float = 0.7,
) -> Encounter:
    about = frozenset({person.id} if person else ())
    at_s = at_s or time.time()
    return Encounter(
        id,
        person.id if person else "",
        person.name if person else "",
        (person.id,) if person else likest,
        confidence,
        at_s,
        at_s,
        tuple(Statement(text, sources, about) for text in said),
    )

"""Pictures with made-up people in them, an encoder that knows them for sure, and an eye that looks at them on a clock of
its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from memory.gallery import FaceEmbedding, Gallery, Match, Template
from memory.types import Encounter
from persona_core.errors import EngineError, KithError
from persona_core.events import EyeEvent, Gone, Met, Sight, Stranger
from persona_core.seeing.eye import Eye
from persona_core.types import Face, Person, Picture, Samples, View
from tests.until import until

WIDTH, HEIGHT = 640, 480
FACES_POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))  # of a box
PEOPLE = ("ann", "bob", "kim", "zoe", *(f"p{number}" for number in range(20)))


@dataclass(frozen=True)
class There:
    """Somebody in a picture."""

    who: str
    x: float = 270.0
    y: float = 170.0
    side: float = 120.0
    turned: bool = False  # away, so that they cannot be told
    mouth: float = 0.0  # how far it is open, 0..1

    @property
    def face(self) -> Face:
        points = [(self.x + across * self.side, self.y + down * self.side) for across, down in FACES_POINTS]
        if self.turned:
            points[2] = (points[1][0], points[2][1])
        return Face(self.x, self.y, self.side, self.side, tuple(points), 0.9)


def vector(who: str, twin_of: str = "", likeness: float = 0.0) -> Samples:
    made = np.zeros(2 * len(PEOPLE), np.float32)
    made[PEOPLE.index(who)] = np.sqrt(1 - likeness**2)
    if twin_of:
        made[PEOPLE.index(twin_of)] = likeness
    return made


class Scenes:
    """A FaceEncoder: who is where in its pictures is written into their first row."""

    name = "scenes"

    def __init__(self, looks_like: Mapping[str, Samples] | None = None) -> None:
        self.looks_like = dict(looks_like or {})  # of whom, where they do not look like nobody else
        self.found = self.embedded = 0
        self.failing = False
        self.before_embedding: Callable[[], Awaitable[None]] | None = None
        self._scenes: list[tuple[There, ...]] = []

    def picture(self, *there: There) -> Picture:
        """Two of the same people differ a little, as a camera's do."""
        number = len(self._scenes)
        self._scenes.append(there)
        picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        picture[:8] = 20 * (number % 12)
        for one in there:
            left, upper, side = round(one.x), round(one.y), round(one.side)
            texture = np.random.default_rng([*one.who.encode()]).integers(0, 255, (12, 12), np.uint8)
            skin = np.asarray(Image.fromarray(texture).resize((side, side), Image.Resampling.BILINEAR)).copy()
            skin[round(0.75 * side) : round((0.75 + 0.15 * one.mouth) * side), side // 3 : 2 * side // 3] = 0
            place = picture[max(0, upper) : upper + side, max(0, left) : left + side]
            place[:] = skin[: place.shape[0], : place.shape[1], None]
        picture[0, :3] = np.array([number % 256, number // 256, 7], np.uint8)[:, None]
        return picture

    def there(self, picture: Picture) -> tuple[There, ...]:
        return self._scenes[int(picture[0, 0, 0]) + 256 * int(picture[0, 1, 0])]

    async def find(self, picture: Picture) -> list[Face]:
        self.found += 1
        if self.failing:
            raise EngineError("It failed.")
        return sorted((one.face for one in self.there(picture)), key=lambda face: -face.width)

    async def embed(self, picture: Picture, face: Face) -> Samples:
        self.embedded += 1
        who = next(one.who for one in self.there(picture) if one.face == face)
        if self.before_embedding is not None:
            await self.before_embedding()
        found = self.looks_like.get(who)
        return vector(who) if found is None else found.copy()


class Known:
    """Acquaintances of a gallery."""

    def __init__(self, encoder: str, people: Mapping[str, Samples]) -> None:
        self.gallery = Gallery(encoder, {who: Template(one, encoder, 5) for who, one in people.items()})
        self.encounters: list[str] = []
        self.at_s: list[float] = []
        self.failing = False

    async def whose(self, face: FaceEmbedding) -> Match:
        return self.gallery.match(face.vector)

    async def encounter(self, face: FaceEmbedding, transcript: str, at_s: float) -> Encounter:
        if self.failing:
            raise KithError("There is no disk.")
        match = self.gallery.match(face.vector)
        self.encounters.append(match.likest[0])
        self.at_s.append(at_s)
        return Encounter("e1", match.likest[0], "", match.likest, match.likeness, at_s, at_s)

    def called(self, person_id: str) -> Person:
        return Person(person_id, person_id.title())


def people(*names: str) -> dict[str, Samples]:
    return {name: vector(name) for name in names}


@dataclass
class Room:
    """An eye that looks into it; time goes on only as it is told."""

    scenes: Scenes = field(default_factory=Scenes)
    known: Known = field(default_factory=lambda: Known(Scenes.name, people("ann", "bob")))

    def __post_init__(self) -> None:
        self.now = 1000.0
        self.events: list[EyeEvent] = []
        self.eye = Eye(self.scenes, self.known, self.events.append, lambda: self.now)

    async def see(self, *there: There, camera: str = "desk", after: float = 0.5) -> Sight:
        """What is seen in the next picture."""
        self.now += after
        told = len(self.of(Sight))
        self.eye.see(View(camera, self.scenes.picture(*there), self.now))
        await until(lambda: len(self.of(Sight)) > told)
        return self.of(Sight)[-1]

    async def watch(self, *there: There, seconds: float, camera: str = "desk") -> Sight:
        for _ in range(round(seconds / 0.5)):
            sight = await self.see(*there, camera=camera)
        return sight

    def of(self, kind: type[EyeEvent]) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def told(self) -> list[str]:
        """All but the sights, in short."""
        return [_short(event) for event in self.events if not isinstance(event, Sight)]


def names(sight: Sight) -> list[str]:
    """Of the faces in a picture; those who it may be in brackets."""
    return [
        face.person.id if face.person else f"({'/'.join(one.id for one in face.maybe)})"
        for face in sight.faces
    ]


def _short(event: EyeEvent) -> str:
    match event:
        case Met():
            return f"met {event.encounter.person} {event.track}"
        case Stranger():
            return f"stranger {event.track}"
        case Gone():
            return f"gone {event.person.id if event.person else '?'} {event.track}"
    return f"blind {event.message}"


def vectors_of(who: Iterable[Samples], held: Iterable[object]) -> int:
    """How many arrays among ``held`` are one of these."""
    wanted = {one.tobytes() for one in who}
    return sum(isinstance(one, np.ndarray) and one.tobytes() in wanted for one in held)

"""An eye, from a camera's picture to a card: ``python -m tests.benchmarks.eye [--json]``.

34 people of the Face Research Lab London Set among 10,000 in the gallery, enrolled from one photograph and seen in another as
JPEG of 640 × 480 with a camera's grain. ``eye_frame_to_met_ms`` is the time from ``see`` to ``Met`` where the eye has
nothing else to do; ``eye_comes_to_met_ms`` that from the first picture of somebody at 15 a second, where it has been
looking at an empty room, so with the wait for its next glimpse. What it costs is processor time of the whole process, in
parts of a core, at 15 pictures a second; making the pictures is not in it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import numpy as np

from memory.gallery import FaceEmbedding, Gallery, Match, Template
from memory.types import Encounter
from persona_core.events import EyeEvent, Met
from persona_core.ports import FaceEncoder
from persona_core.seeing.eye import Eye
from persona_core.types import Person, Picture, View
from tests.benchmarks import face_data
from tests.benchmarks.face_data import FACES
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.faces import grainy, jpeg, photograph, room, template_of, with_person

BAR = "<= 150"
MANY = 10_000  # people in the gallery
FRAMES_A_SECOND = 15
FILM_S = 20.0  # that each way of costing processor time is watched
NEW_EVERY_S = 5.0
CALM_S = 1.5  # of an empty room, before somebody comes
PATIENCE_S = 5.0

Film = Callable[[float], bytes]  # the picture at some second


class Known:
    """Acquaintances of a gallery; an encounter is kept nowhere."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    async def whose(self, face: FaceEmbedding) -> Match:
        return self._gallery.match(face.vector)

    async def encounter(self, face: FaceEmbedding, transcript: str, at_s: float) -> Encounter:
        match = self._gallery.match(face.vector)
        return Encounter("", match.likest[0], "", match.likest, match.likeness, at_s, at_s)

    def called(self, person_id: str) -> Person:
        return Person(person_id, person_id)


class Watched:
    """What an eye has told, and when."""

    def __init__(self, encoder: FaceEncoder, gallery: Gallery) -> None:
        self.met: list[tuple[str, float]] = []
        self._something = asyncio.Event()
        self.eye = Eye(encoder, Known(gallery), self._tell)

    def _tell(self, event: EyeEvent) -> None:
        if isinstance(event, Met):
            self.met.append((event.encounter.person, time.perf_counter()))
            self._something.set()

    async def next_met(self, within_s: float) -> bool:
        self._something.clear()
        try:
            await asyncio.wait_for(self._something.wait(), within_s)
        except TimeoutError:
            return False
        return True


def main() -> None:
    show(asyncio.run(_measure(face_data.encoder())))


async def _measure(encoder: FaceEncoder) -> list[Figure]:
    people = sorted(path.name for path in (FACES / "london").iterdir())
    gallery = await _gallery(encoder, people)
    seen = {who: photograph(FACES, who, "smiling") for who in people}
    return [*await _latencies(encoder, gallery, seen), *await _costs(encoder, gallery, list(seen.values()))]


async def _gallery(encoder: FaceEncoder, people: Sequence[str]) -> Gallery:
    templates = {who: await template_of(encoder, photograph(FACES, who)) for who in people}
    size = len(templates[people[0]].vector)
    crowd = np.random.default_rng(1).standard_normal((MANY - len(people), size)).astype(np.float32)
    crowd /= np.linalg.norm(crowd, axis=1, keepdims=True)
    others = {f"other {number}": Template(one, encoder.name, 5) for number, one in enumerate(crowd)}
    return Gallery(encoder.name, templates | others)


# From a picture to a name


async def _latencies(encoder: FaceEncoder, gallery: Gallery, seen: dict[str, Picture]) -> list[Figure]:
    random = np.random.default_rng(2)
    single, coming, wrong, missed = [], [], 0, 0
    for who, person in seen.items():
        film = [jpeg(_frame(person, random)) for _ in range(8)]
        watched = Watched(encoder, gallery)
        async with watched.eye:
            begun = time.perf_counter()
            watched.eye.see(View("camera", film[0], begun))
            if await watched.next_met(PATIENCE_S):
                single.append(1000 * (watched.met[0][1] - begun))
        came = await _come(Watched(encoder, gallery), film, random)
        for met in (watched.met, came[0]):
            missed += not met
            wrong += any(name != who for name, _ in met)
        if came[0]:
            coming.append(1000 * (came[0][0][1] - came[1]))
    trials = 2 * len(seen)
    return [
        against(BAR, figure_of("eye_frame_to_met_ms", single, "ms")),
        figure_of("eye_comes_to_met_ms", coming, "ms"),
        Figure("eye_met_wrong", wrong, "people", trials),
        Figure("eye_met_nobody", missed, "people", trials),
    ]


async def _come(
    watched: Watched, film: Sequence[bytes], random: np.random.Generator
) -> tuple[list[tuple[str, float]], float]:
    """Who was met when, and when they came into the picture."""
    empty = [jpeg(room(random)) for _ in range(4)]
    async with watched.eye:
        await _show(watched, lambda second: empty[int(second * FRAMES_A_SECOND) % len(empty)], CALM_S)
        await asyncio.sleep(random.uniform(0, 0.2))  # they come whenever they like
        came = time.perf_counter()
        await _show(watched, lambda second: film[int(second * FRAMES_A_SECOND) % len(film)], PATIENCE_S, True)
    return watched.met, came


async def _show(watched: Watched, film: Film, seconds: float, until_met: bool = False) -> None:
    begun = time.perf_counter()
    frame = 0
    while frame < seconds * FRAMES_A_SECOND and not (until_met and watched.met):
        watched.eye.see(View("camera", film(frame / FRAMES_A_SECOND), time.perf_counter()))
        frame += 1
        await asyncio.sleep(max(0.0, begun + frame / FRAMES_A_SECOND - time.perf_counter()))


def _frame(person: Picture, random: np.random.Generator, x: int = 170) -> Picture:
    shake = random.integers(-3, 4, 2)
    return grainy(with_person(room(), person, x + int(shake[0]), 60 + int(shake[1]), 300), random)


# What it costs


async def _costs(encoder: FaceEncoder, gallery: Gallery, people: Sequence[Picture]) -> list[Figure]:
    random = np.random.default_rng(3)
    empty = [jpeg(room(random)) for _ in range(30)]
    somebody = [jpeg(_frame(people[0], random)) for _ in range(30)]
    many = [
        [jpeg(_frame(person, random)) for _ in range(10)] for person in people[: int(FILM_S / NEW_EVERY_S)]
    ]
    crowds = [_crowd(people[:20], random) for _ in range(10)]
    films: dict[str, tuple[Film, bool]] = {
        "nobody": (_loop(empty), False),
        "settled": (_loop(somebody), False),
        "settled_busy": (_loop(somebody), True),
        "new_each_5s": (
            lambda second: many[int(second / NEW_EVERY_S)][int(second * FRAMES_A_SECOND) % 10],
            False,
        ),
        "twenty": (_loop([jpeg(crowd) for crowd in crowds]), False),
    }
    costs = [await _cost(name, encoder, gallery, film, busy) for name, (film, busy) in films.items()]
    return [figure for both in costs for figure in both]


def _loop(frames: Sequence[bytes]) -> Film:
    return lambda second: frames[int(second * FRAMES_A_SECOND) % len(frames)]


def _crowd(people: Sequence[Picture], random: np.random.Generator) -> Picture:
    picture = room()
    for number, person in enumerate(people):
        row, column = divmod(number, 5)
        shake = random.integers(-2, 3, 2)
        picture = with_person(picture, person, 128 * column + int(shake[0]), 120 * row + int(shake[1]), 118)
    return grainy(picture, random)


async def _cost(name: str, encoder: FaceEncoder, gallery: Gallery, film: Film, busy: bool) -> list[Figure]:
    watched = Watched(encoder, gallery)
    watched.eye.busy = busy
    async with watched.eye:
        began, used = time.perf_counter(), time.process_time()
        await _show(watched, film, FILM_S)
        share = (time.process_time() - used) / (time.perf_counter() - began)
    cost = Figure(f"eye_cpu_{name}", round(share, 4), "of a core", int(FILM_S * FRAMES_A_SECOND))
    if name != "twenty":
        return [cost]
    last_s = max((at - began for _, at in watched.met), default=FILM_S)
    return [cost, Figure("eye_twenty_met_s", round(last_s, 2), "s", len({who for who, _ in watched.met}))]


if __name__ == "__main__":
    main()

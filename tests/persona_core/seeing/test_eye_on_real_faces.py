"""An eye with its real engine on photographs of real people, put into pictures as a camera sends them: JPEG, with grain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest

from memory.gallery import FaceEmbedding, Gallery, Match, Template
from memory.types import Encounter
from persona_core.assemble import FACES
from persona_core.engines.sface import SFace
from persona_core.events import Blind, EyeEvent, Gone, Met, Sight, Stranger
from persona_core.seeing.eye import Eye
from persona_core.seeing.pace import STILL_S
from persona_core.types import Person, Picture, SeenFace, View
from tests.faces import grainy, jpeg, photograph, room, template_of, with_person
from tests.until import until

ANN, BOB, ZOE, KIM = "004", "007", "010", "013"  # of the London set; the first two are known
FRAME_S = 1 / 15


class Known:
    """Acquaintances of a gallery."""

    def __init__(self, templates: dict[str, Template]) -> None:
        self.gallery = Gallery(FACES, templates)

    async def whose(self, face: FaceEmbedding) -> Match:
        return self.gallery.match(face.vector)

    async def encounter(self, face: FaceEmbedding, transcript: str, at_s: float) -> Encounter:
        match = self.gallery.match(face.vector)
        return Encounter("", match.likest[0], "", match.likest, match.likeness, at_s, at_s)

    def called(self, person_id: str) -> Person:
        return Person(person_id, person_id)


class Camera:
    """Sends pictures of a room, 15 a second, while it is watched."""

    def __init__(self, faces: Path, known: Known) -> None:
        self.events: list[EyeEvent] = []
        self.known = known
        self.encoder: SFace | None = None
        self._faces, self._random = faces, np.random.default_rng(1)

    def open(self, encoder: SFace) -> Eye:
        self.eye = Eye(encoder, self.known, self.events.append)
        return self.eye

    def frame(self, *there: tuple[str, str, int]) -> Picture:
        """Who, in which photograph, and how far from the left."""
        picture = room()
        for who, name, x in there:
            shake = self._random.integers(-3, 4, 2)
            person = photograph(self._faces, who, name)
            picture = with_person(picture, person, x + int(shake[0]), 60 + int(shake[1]), 300)
        return grainy(picture, self._random)

    async def film(
        self, *there: tuple[str, str, int], until_: Callable[[], bool], within_s: float = 60
    ) -> None:
        end = time.monotonic() + within_s
        while not until_():
            assert time.monotonic() < end, "it never came to that"
            self.eye.see(View("desk", jpeg(self.frame(*there)), time.perf_counter()))
            await asyncio.sleep(FRAME_S)

    def of(self, kind: type[EyeEvent]) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def met(self) -> list[str]:
        return [event.encounter.person for event in self.of(Met)]

    def named(self, sight: Sight) -> dict[str, SeenFace]:
        return {face.person.id: face for face in sight.faces if face.person}


@pytest.fixture(scope="module")
def encoder(weights: Callable[[str], Path]) -> SFace:
    return SFace(weights(FACES))


@pytest.fixture
async def camera(encoder: SFace, shared_data: Path) -> AsyncIterator[Camera]:
    faces = shared_data / "faces"
    templates = {who: await template_of(encoder, photograph(faces, who)) for who in (ANN, BOB)}
    camera = Camera(faces, Known(templates))
    async with camera.open(encoder):
        yield camera


async def test_somebody_comes_and_goes_and_comes_back(camera: Camera) -> None:
    await camera.film(until_=lambda: len(camera.of(Sight)) > 0)
    await camera.film((ANN, "smiling", 150), until_=lambda: camera.met() == [ANN])
    await camera.film(until_=lambda: len(camera.of(Gone)) == 1)
    assert camera.of(Gone)[0].person.id == ANN and camera.eye.in_view == ()
    await camera.film((ANN, "degraded", 250), until_=lambda: camera.met() == [ANN, ANN])
    assert camera.eye.dropped > 0


async def test_two_change_places_behind_one_box_and_a_stranger_takes_theirs(camera: Camera) -> None:
    await camera.film((ANN, "smiling", 150), until_=lambda: camera.met() == [ANN])
    await camera.film((BOB, "smiling", 150), until_=lambda: camera.met() == [ANN, BOB])
    await camera.film((ZOE, "smiling", 150), until_=lambda: len(camera.of(Stranger)) == 1)
    assert [event.person.id for event in camera.of(Gone)] == [ANN, BOB]
    assert [face.person for face in camera.eye.in_view] == [None]


async def test_two_in_one_picture_are_who_they_are(camera: Camera) -> None:
    there = ((ANN, "smiling", 20), (BOB, "smiling", 330))
    await camera.film(*there, until_=lambda: sorted(camera.met()) == [ANN, BOB])
    await camera.film(*there, until_=lambda: len(camera.named(camera.of(Sight)[-1])) == 2)
    found = camera.named(camera.of(Sight)[-1])
    assert found[ANN].face.x < found[BOB].face.x


async def test_a_stranger_who_agrees_is_known_from_then_on(camera: Camera) -> None:
    there = (KIM, "smiling", 150)
    await camera.film(there, until_=lambda: len(camera.of(Stranger)) == 1)
    (face,) = camera.eye.in_view
    sitting = asyncio.create_task(camera.eye.sit(face.track))
    await camera.film(there, until_=sitting.done)
    camera.known.gallery.enrol(KIM, sitting.result())
    await camera.film(there, until_=lambda: camera.met() == [KIM])
    assert camera.of(Met)[0].track == face.track


async def test_a_photograph_that_stays_still_is_taken_for_its_person(camera: Camera) -> None:
    still = jpeg(camera.frame((ANN, "smiling", 150)))
    end = time.monotonic() + 2 * STILL_S
    while time.monotonic() < end:
        camera.eye.see(View("desk", still, time.perf_counter()))
        await asyncio.sleep(FRAME_S)
    assert camera.met() == [ANN] and camera.of(Gone) == []


async def test_damaged_pictures_between_good_ones_change_nothing(camera: Camera) -> None:
    await camera.film((ANN, "smiling", 150), until_=lambda: camera.met() == [ANN])
    cut_off = jpeg(camera.frame((ANN, "smiling", 150)))[:4000]
    camera.eye.see(View("desk", cut_off, time.perf_counter()))
    await until(lambda: len(camera.of(Blind)) == 1 or camera.eye.failed["PictureError"] > 0)
    await camera.film((ANN, "smiling", 150), until_=lambda: camera.eye.dropped > 20)
    assert camera.met() == [ANN] and len(camera.of(Blind)) == 1

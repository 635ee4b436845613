"""What an eye is asked for: who speaks, a template of somebody who agreed, and that nothing is left of anybody."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref

import numpy as np
import pytest

from memory.gallery import Verdict
from persona_core.events import Blind, Sight
from persona_core.seeing import gathering
from persona_core.seeing.templates import NotEnrolled
from persona_core.types import View
from tests.persona_core.seeing.scenes import Known, Room, Scenes, There, names, people, vector
from tests.until import until

# Who speaks


async def test_who_said_it_is_whoever_was_in_view_and_in_front() -> None:
    room = Room()
    async with room.eye:
        await room.watch(There("bob", x=20, side=60), There("ann"), seconds=3)
        spoke = room.eye.speaking(room.now - 2, room.now - 0.5)
        assert spoke is not None and spoke.person is not None and spoke.person.id == "ann"
        assert room.eye.speaking(room.now - 60, room.now - 50) is None
        assert room.eye.speaking(room.now + 5, room.now + 6) is None


async def test_who_moves_the_mouth_said_it() -> None:
    room = Room()
    async with room.eye:
        for step in range(10):
            ann = There("ann", x=230)
            bob = There("bob", x=400, side=110, mouth=step % 2)
            await room.see(ann, bob, after=0.35)
        spoke = room.eye.speaking(room.now - 2, room.now)
        assert spoke is not None and spoke.person is not None and spoke.person.id == "bob"


async def test_where_nobody_was_nobody_said_it() -> None:
    room = Room()
    async with room.eye:
        await room.watch(seconds=2)
        assert room.eye.speaking(room.now - 1, room.now) is None


# Enrolling


async def test_a_sitting_is_a_template_of_the_face() -> None:
    room = Room()
    async with room.eye:
        await room.watch(There("zoe"), seconds=2)
        sitting = asyncio.create_task(room.eye.sit(1))
        while not sitting.done():
            await room.see(There("zoe"), There("ann", x=20), after=0.35)
        template = await sitting
        assert template.frames == gathering.FRAMES and template.encoder == Scenes.name
        assert np.allclose(template.vector, vector("zoe"), atol=1e-5)
        room.known.gallery.enrol("zoe", template)
        assert names(await room.see(There("zoe"))) == ["zoe"]
        assert room.told()[-1] == "met zoe 1"


async def test_one_sitting_at_a_time_and_of_somebody_in_view() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("zoe"))
        with pytest.raises(NotEnrolled, match="do not see"):
            await room.eye.sit(7)
        sitting = asyncio.create_task(room.eye.sit(1))
        await asyncio.sleep(0)
        with pytest.raises(NotEnrolled, match="another face"):
            await room.eye.sit(1)
        sitting.cancel()
        await asyncio.gather(sitting, return_exceptions=True)
        room.eye.forget(None)
        await room.see(There("zoe"))
        assert not asyncio.create_task(room.eye.sit(2)).done()


@pytest.mark.parametrize("how", ["leaves", "swapped", "lost", "forgotten"])
async def test_a_sitting_that_is_interrupted_is_of_nobody(how: str) -> None:
    room = Room()
    async with room.eye:
        await room.see(There("zoe"))
        sitting = asyncio.create_task(room.eye.sit(1))
        await asyncio.sleep(0)
        await room.see(There("zoe"), after=0.35)
        if how == "lost":
            room.eye.lost("desk", "Gone.")
        elif how == "forgotten":
            room.eye.forget(None)
        for _ in range(5):
            if how in ("leaves", "swapped"):
                await room.see(*([There("kim")] if how == "swapped" else []))
        with pytest.raises(NotEnrolled, match="lost sight"):
            await sitting


async def test_why_a_sitting_came_to_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LONGEST_S", 0.2)
    room = Room()
    async with room.eye:
        await room.see(There("zoe"))
        sitting = asyncio.create_task(room.eye.sit(1))
        await asyncio.sleep(0)
        await room.see(There("zoe", turned=True))
        with pytest.raises(NotEnrolled, match="turned away"):
            await sitting


# Forgetting


async def test_who_is_forgotten_is_nobody_at_once() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"), There("bob", x=10))
        room.known.gallery.forget("ann")
        room.eye.forget("ann")
        assert [face.person.id for face in room.eye.in_view if face.person] == ["bob"]
        assert room.eye.embedding_of(1) is None
        sight = await room.watch(There("ann"), There("bob", x=10), seconds=3)
        assert sorted(names(sight)) == ["()", "bob"]
        assert room.told() == ["met ann 1", "met bob 2", "gone ann 1", "stranger 3"]


async def test_what_was_being_found_out_when_somebody_was_forgotten_does_not_count() -> None:
    room = Room()

    async def forget() -> None:
        room.scenes.before_embedding = None
        room.eye.forget("ann")

    room.scenes.before_embedding = forget
    async with room.eye:
        assert names(await room.see(There("ann"))) == ["()"]
        assert room.told() == [] and room.known.encounters == []


async def test_of_a_camera_that_is_lost_meanwhile_nothing_more_is_told() -> None:
    room = Room()

    async def lose() -> None:
        room.scenes.before_embedding = None
        room.eye.lost("desk", "It was pulled out.")

    room.scenes.before_embedding = lose
    async with room.eye:
        room.eye.see(View("desk", room.scenes.picture(There("ann")), room.now))
        await until(lambda: bool(room.of(Blind)))
        await room.see(There("bob"), camera="door")
        assert [sight.camera for sight in room.of(Sight)] == ["door"] and room.known.encounters == ["bob"]
        assert room.told() == ["gone ? 1", "blind It was pulled out.", "met bob 2"]


async def test_a_stranger_leaves_nothing_in_memory() -> None:
    room = Room()
    made: list[weakref.ref[np.ndarray]] = []
    embed = room.scenes.embed

    async def watched(picture: np.ndarray, face: object) -> np.ndarray:
        found = await embed(picture, face)
        made.extend([weakref.ref(found), weakref.ref(picture)])
        return found

    room.scenes.embed = watched
    async with room.eye:
        await room.watch(There("zoe"), seconds=5)
        assert room.eye.embedding_of(1) is not None and any(one() is not None for one in made)
        await room.watch(seconds=2)
        assert room.told() == ["stranger 1", "gone ? 1"]
        await until(lambda: not gc.collect() and all(one() is None for one in made))
        held = vector("zoe").tobytes()
        assert not any(one.tobytes() == held for one in gc.get_objects() if type(one) is np.ndarray)


async def test_logs_hold_no_names(caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    room.known.failing = True
    with caplog.at_level(logging.DEBUG):
        async with room.eye:
            await room.see(There("ann"))
            room.now += 1
            room.eye.see(View("desk", b"nothing", room.now))
            await until(lambda: bool(room.of(Blind)))
    assert caplog.records and "ann" not in caplog.text.lower()


async def test_an_eye_that_is_closed_holds_nothing() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
    assert room.eye.in_view == () and room.eye.embedding_of(1) is None
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "eye"]


def test_the_people_here_are_told_apart() -> None:
    known = Known(Scenes.name, people("ann", "bob"))
    assert known.gallery.match(vector("ann")).verdict is Verdict.KNOWN
    assert known.gallery.match(vector("zoe")).verdict is Verdict.UNKNOWN

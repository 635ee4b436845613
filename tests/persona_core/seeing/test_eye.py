"""Who is in view, who is met, and what is not kept. The people are made up; real faces are in test_eye_on_real_faces.py."""

from __future__ import annotations

import asyncio
import math
import time

import numpy as np
import pytest

from persona_core.events import Blind, Gone, Met, Sight
from persona_core.types import View
from tests.persona_core.seeing.scenes import Known, Room, Scenes, There, names, people, vector
from tests.until import until


async def test_somebody_known_is_met_at_the_first_picture() -> None:
    room = Room()
    async with room.eye:
        sight = await room.see(There("ann"))
        assert names(sight) == ["ann"] and room.told() == ["met ann 1"]
        assert (sight.camera, sight.width, sight.height) == ("desk", 640, 480)
        assert room.of(Met)[0].at == sight.at == room.now
        assert abs(room.known.at_s[0] - time.time()) < 1
        assert sight.faces[0].likeness == pytest.approx(1) and sight.faces[0].refusal == ""


async def test_who_stays_is_met_once_and_seldom_compared() -> None:
    room = Room()
    async with room.eye:
        await room.watch(There("ann"), seconds=10)
        assert room.told() == ["met ann 1"] and room.known.encounters == ["ann"]
        assert room.scenes.found == 20 and room.scenes.embedded == 3


async def test_who_goes_is_gone_and_is_met_again() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
        await room.see()
        assert room.told() == ["met ann 1"]
        await room.watch(seconds=1.5)
        assert room.told() == ["met ann 1", "gone ann 1"] and room.eye.in_view == ()
        await room.see(There("ann"))
        assert room.told()[2:] == ["met ann 2"]


async def test_who_is_hidden_for_a_moment_stays_who_they_are() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
        await room.see()
        sight = await room.see(There("ann"))
        assert names(sight) == ["ann"] and sight.faces[0].track == 1
        assert room.scenes.embedded == 2  # it might have been somebody else


async def test_somebody_else_in_the_same_place_never_has_the_name() -> None:
    room = Room()
    async with room.eye:
        await room.watch(There("ann"), seconds=1)
        sight = await room.see(There("bob"))
        assert names(sight) == ["bob"]
        assert room.told() == ["met ann 1", "gone ann 1", "met bob 2"]
        assert names(await room.see(There("kim"))) == ["()"]
        assert room.told()[3:] == ["gone bob 2"]


async def test_a_swap_that_cannot_be_seen_is_noticed_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("persona_core.seeing.followed.SAME", -2.0)  # as if both looked alike when small
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
        await room.watch(There("bob"), seconds=4)
        assert room.told() == ["met ann 1", "gone ann 1", "met bob 2"]


async def test_who_turns_away_after_somebody_came_is_not_named() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
        sight = await room.see(There("bob", turned=True))
        (face,) = sight.faces
        assert face.person is None and [one.id for one in face.maybe] == ["ann"]
        assert "turned away" in face.refusal and room.eye.embedding_of(face.track) is None
        assert names(await room.see(There("bob"))) == ["bob"]


async def test_two_who_cross_keep_their_names() -> None:
    room = Room()
    async with room.eye:
        for step in range(9):
            ann, bob = There("ann", x=100 + 45 * step), There("bob", x=465 - 45 * step)
            sight = await room.see(ann, bob)
            there = {face.face.x: face.person.id for face in sight.faces if face.person}
            assert {ann.x: "ann", bob.x: "bob"}.items() >= there.items()
        assert there == {460: "ann", 105: "bob"}
        assert {event.encounter.person for event in room.of(Met)} == {"ann", "bob"}


async def test_a_stranger_is_told_once_and_has_no_name() -> None:
    room = Room()
    async with room.eye:
        sight = await room.watch(There("zoe"), seconds=8)
        assert names(sight) == ["()"] and room.told() == ["stranger 1"]
        assert room.known.encounters == []


async def test_one_look_is_not_enough_for_a_stranger() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("zoe"))
        await room.see(There("zoe"))
        assert room.told() == []


async def test_a_face_that_cannot_be_told_is_not_compared() -> None:
    room = Room()
    async with room.eye:
        sight = await room.watch(There("ann", turned=True), seconds=10)
        assert room.scenes.embedded == 0 and room.told() == []
        assert "turned away" in sight.faces[0].refusal
        assert names(await room.see(There("ann"))) == ["ann"]


async def test_twins_are_never_told_apart_by_a_guess() -> None:
    twin = vector("bob", twin_of="ann", likeness=0.95)
    room = Room(known=Known(Scenes.name, {"ann": vector("ann"), "bob": twin}))
    async with room.eye:
        sight = await room.watch(There("ann"), seconds=6)
        assert names(sight) == ["(ann/bob)"] and room.told() == []


async def test_twenty_faces_are_all_met_the_largest_first() -> None:
    everybody = [f"p{number}" for number in range(20)]
    room = Room(known=Known(Scenes.name, people(*everybody)))
    crowd = [
        There(who, x=5 + 126 * (at % 5), y=5 + 118 * (at // 5), side=100 - at)
        for at, who in enumerate(everybody)
    ]
    async with room.eye:
        await room.see(*crowd)
        assert room.scenes.embedded == 3 and room.known.encounters == ["p0", "p1", "p2"]
        sight = await room.watch(*crowd, seconds=3)
        assert names(sight) == everybody and room.known.encounters == everybody
        assert len(room.eye.in_view) == 20


async def test_two_cameras_have_faces_of_their_own() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"), camera="desk")
        await room.see(There("ann"), There("bob", x=10), camera="door")
        assert room.told() == ["met ann 1", "met ann 2", "met bob 3"]
        room.eye.lost("door", "It was pulled out.")
        assert room.told()[3:] == ["gone ann 2", "gone bob 3", "blind It was pulled out."]
        assert [face.track for face in room.eye.in_view] == [1]


async def test_the_newest_picture_wins_and_others_are_counted() -> None:
    room = Room()
    async with room.eye:
        for number in range(10):
            room.eye.see(View("desk", room.scenes.picture(There("ann", x=100 + number)), room.now))
        await until(lambda: bool(room.of(Sight)))
        assert room.of(Sight)[0].faces[0].face.x == 109 and room.eye.dropped == 9


async def test_a_picture_that_is_not_looked_at_is_not_decoded() -> None:
    room = Room()
    async with room.eye:
        await room.watch(There("ann"), seconds=2)
        room.eye.see(View("desk", b"nothing", room.now + 0.01))
        room.now += 0.02
        await room.see(There("ann"))
        assert room.eye.dropped == 1 and not room.eye.failed


async def test_where_nothing_changes_nothing_is_looked_for() -> None:
    room = Room()
    async with room.eye:
        still = room.scenes.picture(There("ann"))
        for _ in range(12):
            room.now += 0.5
            view = View("desk", still, room.now)
            room.eye.see(view)
            await until(lambda: room.eye._watches["desk"].waiting is None)
            await asyncio.sleep(0.02)
        assert room.scenes.found <= 4 and names(room.of(Sight)[-1]) == ["ann"]
        assert room.told() == ["met ann 1"]  # a photograph is taken for its person, and stays


@pytest.mark.parametrize(
    "bad", [b"", b"no picture" * 99, b"\xff\xd8\xff\xe0 cut off", np.zeros((4, 4), np.float32)]
)
async def test_bad_pictures_between_good_ones_are_told_once(bad: bytes | np.ndarray) -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
        for count in (1, 2):
            room.now += 0.5
            room.eye.see(View("desk", bad, room.now))
            await until(lambda count=count: room.eye.failed["PictureError"] == count)
        assert len(room.of(Blind)) == 1
        assert names(await room.see(There("ann"))) == ["ann"]
        room.now += 0.5
        room.eye.see(View("desk", bad, room.now))
        await until(lambda: len(room.of(Blind)) == 2)


async def test_an_encoder_that_fails_is_told_once_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
        room.scenes.failing = True
        for count in (1, 2, 3):
            room.now += 1
            room.eye.see(View("desk", room.scenes.picture(There("bob")), room.now))
            await until(lambda count=count: room.eye.failed["EngineError"] == count)
        assert [event.message for event in room.of(Blind)] == ["It failed."]
        room.scenes.failing = False
        assert names(await room.see(There("ann"))) == ["ann"]


async def test_an_encounter_that_fails_is_tried_again() -> None:
    room = Room()
    room.known.failing = True
    async with room.eye:
        assert names(await room.see(There("ann"))) == ["ann"]
        assert room.told() == []
        room.known.failing = False
        await room.see(There("ann"))
        assert room.told() == ["met ann 1"]


async def test_a_camera_that_stops_sees_nobody() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
        room.now += 6
        room.eye._stirred.set()  # as its own clock would
        await until(lambda: bool(room.of(Gone)))
        assert room.eye.in_view == () and room.eye._watches == {}
        assert names(await room.see(There("ann"))) == ["ann"]


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, 5.0, 1e9])
async def test_a_clock_that_is_wrong_is_taken_for_now(at: float) -> None:
    room = Room()
    async with room.eye:
        room.eye.see(View("desk", room.scenes.picture(There("ann")), at))
        await until(lambda: bool(room.of(Sight)))
        assert room.of(Sight)[0].at == room.now
        await room.watch(seconds=2)
        assert room.told() == ["met ann 1", "gone ann 1"]


async def test_pictures_in_the_wrong_order_do_no_harm() -> None:
    room = Room()
    async with room.eye:
        await room.see(There("ann"))
        room.now += 1
        room.eye.see(View("desk", room.scenes.picture(There("ann")), room.now - 3))
        await until(lambda: len(room.of(Sight)) == 2)
        first, second = room.of(Sight)
        assert second.at >= first.at


@pytest.mark.parametrize("seed", range(3))
async def test_however_people_move_nobody_has_anothers_name(seed: int) -> None:
    random = np.random.default_rng(seed)
    everybody = [f"p{number}" for number in range(6)]
    room = Room(known=Known(Scenes.name, people(*everybody[:4])))
    places = {who: There(who, *random.uniform(0, 300, 2), random.uniform(60, 140)) for who in everybody}
    named = 0
    async with room.eye:
        for _ in range(60):
            for who, was in places.items():
                x, y = np.clip(np.array([was.x, was.y]) + random.normal(0, 40, 2), 0, 340)
                side = float(np.clip(was.side * random.uniform(0.9, 1.1), 50, 140))
                places[who] = There(who, x, y, side, turned=random.random() < 0.1)
            if random.random() < 0.2:  # two change places behind everybody's back
                one, other = random.choice(everybody, 2, replace=False)
                places[one], places[other] = (
                    There(who, at.x, at.y, at.side)
                    for who, at in ((one, places[other]), (other, places[one]))
                )
            there = [one for one in places.values() if random.random() < 0.8]
            sight = await room.see(*there, after=random.uniform(0.5, 1.0))
            who_is_where = {(one.face.x, one.face.y): one.who for one in there}
            for face in sight.faces:
                if face.person is not None:
                    named += 1
                    assert face.person.id == who_is_where[face.face.x, face.face.y]
    assert named > 40

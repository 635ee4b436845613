"""Which face is which, who it is, how often to look, whose mouth moves and who speaks: the pure parts of an eye."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from memory.gallery import Bounds, FaceEmbedding, Match, Verdict
from persona_core.errors import PictureError
from persona_core.seeing.crops import SIDE, alike, upright
from persona_core.seeing.identity import AGAIN_S, NOBODY_AFTER, TRIES, Finding, Identity
from persona_core.seeing.lips import motion
from persona_core.seeing.pace import EVERY, STILL_S, Mood, Pace, changed
from persona_core.seeing.pictures import glimpse
from persona_core.seeing.speaking import Glance, Seen, most_likely, moved
from persona_core.seeing.tracks import follow, overlap
from persona_core.types import Face, Samples
from tests.faces import jpeg
from tests.persona_core.seeing.scenes import Scenes, There, vector

BOUNDS = Bounds(accept=0.5, maybe=0.4, margin=0.1)


def box(x: float, y: float = 0.0, side: float = 100.0) -> Face:
    return There("ann", x, y, side).face


# Which is which


def test_a_face_that_stays_is_surely_the_same() -> None:
    (pair,) = follow([box(0)], [box(20)])
    assert pair.before == 0 and pair.sure


def test_a_face_that_jumps_is_perhaps_the_same_and_one_far_away_is_not() -> None:
    jumped, far, grown = (follow([box(0)], [one])[0] for one in (box(90), box(200), box(0, side=250)))
    assert jumped.before == 0 and not jumped.sure
    assert far.before is None and grown.before is None


def test_two_beside_each_other_are_never_sure() -> None:
    pairs = follow([box(0), box(90)], [box(10), box(80)])
    assert [pair.before for pair in pairs] == [0, 1] and not any(pair.sure for pair in pairs)


def test_each_face_is_one_of_the_last_picture_at_most() -> None:
    pairs = follow([box(0)], [box(30), box(5)])
    assert [pair.before for pair in pairs] == [None, 0]
    assert follow([], [box(0)])[0].before is None and follow([box(0)], []) == []


def test_what_is_no_box_overlaps_nothing() -> None:
    assert overlap(box(0), box(0)) == pytest.approx(1) and overlap(box(0), box(200)) == 0
    assert follow([box(math.nan)], [box(0)])[0].before is None


# Who it is


def match(verdict: Verdict, *likest: str) -> Match:
    return Match(verdict, likest, 0.6)


KNOWN_ANN, KNOWN_BOB = match(Verdict.KNOWN, "ann"), match(Verdict.KNOWN, "bob")
NOBODY = match(Verdict.UNKNOWN)


def seen(who: str, like: str = "", likeness: float = 0.0) -> FaceEmbedding:
    return FaceEmbedding(vector(who, like, likeness), "scenes")


def ann() -> Identity:
    identity = Identity(BOUNDS)
    assert identity.take(KNOWN_ANN, seen("ann"), 0.0) is Finding.KNOWN
    return identity


def test_a_name_is_there_at_once_and_is_looked_at_again() -> None:
    identity = ann()
    assert identity.person == "ann" and identity.settled and identity.due == AGAIN_S
    assert identity.take(KNOWN_ANN, seen("ann"), 4.0) is Finding.NOTHING


def test_who_looks_like_somebody_else_is_another() -> None:
    assert ann().take(KNOWN_BOB, seen("bob"), 1.0) is Finding.OTHER
    assert ann().take(NOBODY, seen("zoe"), 1.0) is Finding.OTHER


def test_a_picture_that_shows_them_badly_does_not_take_the_name() -> None:
    identity = ann()
    assert identity.take(NOBODY, seen("zoe", "ann", 0.7), 1.0) is Finding.NOTHING
    assert identity.person == "ann" and identity.due == 2.0


def test_one_who_hardly_looks_like_them_has_no_name_until_it_is_clear() -> None:
    identity = ann()
    identity.take(NOBODY, seen("zoe", "ann", 0.45), 1.0)
    assert identity.person == "" and identity.perhaps == ("ann",) and identity.embedding is None
    identity.take(KNOWN_ANN, seen("ann"), 2.0)
    assert identity.person == "ann"


def test_who_is_one_of_two_after_all_has_no_name() -> None:
    identity = ann()
    identity.take(match(Verdict.MAYBE, "ann", "bob"), seen("ann"), 1.0)
    assert identity.person == "" and identity.perhaps == ("ann", "bob")
    assert identity.is_perhaps("bob") and identity.is_perhaps("ann") and not identity.is_perhaps("zoe")


def test_a_doubted_name_is_withheld_until_it_is_seen_again() -> None:
    identity = ann()
    identity.doubt()
    assert identity.person == "" and not identity.settled and identity.due < 0
    identity.take(KNOWN_ANN, seen("ann"), 1.0)
    assert identity.person == "ann"


def test_a_stranger_is_one_after_some_pictures_and_once() -> None:
    identity = Identity(BOUNDS)
    findings = [identity.take(NOBODY, seen("zoe"), float(at)) for at in range(8)]
    assert findings == [Finding.STRANGER if at == NOBODY_AFTER - 1 else Finding.NOTHING for at in range(8)]
    assert identity.settled and identity.embedding is not None


def test_a_stranger_who_is_enrolled_becomes_known() -> None:
    identity = Identity(BOUNDS)
    for at in range(5):
        identity.take(NOBODY, seen("ann"), float(at))
    identity.begin_anew()
    assert not identity.settled and identity.due < 0
    assert identity.take(KNOWN_ANN, seen("ann"), 5.0) is Finding.KNOWN


def test_who_may_be_two_people_is_asked_for_some_pictures_only() -> None:
    identity = Identity(BOUNDS)
    for at in range(TRIES):
        assert not identity.settled
        identity.take(match(Verdict.MAYBE, "ann", "bob"), seen("ann"), float(at))
    assert identity.settled and identity.person == "" and identity.due > TRIES


# How often


def looks(pace: Pace, mood: Mood, seconds: float, changes: bool, busy: bool = False) -> int:
    found = 0
    for frame in range(round(seconds * 15)):
        now = frame / 15
        if pace.due(mood, busy) <= now:
            pace.glimpse(now)
            found += pace.look(now, mood, busy, changes)
    return found


def test_nobody_in_view_is_looked_for_twice_a_second_where_something_moves_and_seldom_where_nothing_does() -> (
    None
):
    assert looks(Pace(), Mood.NOBODY, 60, changes=True) <= 120
    assert looks(Pace(), Mood.NOBODY, 60, changes=False) <= 60 / STILL_S + 1


def test_while_others_need_the_machine_it_looks_less() -> None:
    for mood in (Mood.NOBODY, Mood.SETTLED, Mood.NEW):
        assert looks(Pace(), mood, 60, True, busy=True) < looks(Pace(), mood, 60, True)


def test_somebody_who_comes_is_looked_at_within_a_glimpse() -> None:
    pace = Pace()
    pace.glimpse(0.0)
    assert pace.look(0.0, Mood.NOBODY, False, True)
    pace.glimpse(1.0)
    assert not pace.look(1.0, Mood.NOBODY, False, False)
    due = pace.due(Mood.NOBODY, False)
    pace.glimpse(due)
    assert due <= 1.0 + EVERY[Mood.NOBODY].glimpse and pace.look(due, Mood.NOBODY, False, True)


def test_however_long_a_look_takes_others_get_half_of_the_time_or_more() -> None:
    pace = Pace()
    for busy, share in ((False, 1 / 2), (True, 1 / 4)):
        pace.glimpse(10.0)
        pace.done(12.0)
        assert pace.due(Mood.NEW, busy) == 10.0 + 2.0 / share


def test_grain_is_no_change_and_a_face_far_away_is() -> None:
    random = np.random.default_rng(1)
    still = np.full((60, 80), 90, np.float32)
    grainy = still + random.normal(0, 1, still.shape).astype(np.float32)  # of 8 by 8 pixels: 8 of each
    somebody = still.copy()
    somebody[20:23, 30:33] += 20
    assert not changed(still, grainy) and changed(still, somebody)
    assert changed(None, still) and changed(still, still[1:])


@pytest.mark.parametrize("size", [(16, 16), (17, 900), (480, 640)])
def test_a_glimpse_is_an_eighth_of_a_picture_however_it_comes(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 90, np.uint8)
    for one in (picture, jpeg(picture)):
        made = glimpse(one)
        assert abs(made.shape[0] - size[0] / 8) < 1 and abs(made.shape[1] - size[1] / 8) < 1
        assert np.allclose(made, 90, atol=3)


@pytest.mark.parametrize(
    "bad", [b"", b"no picture" * 9, np.zeros((40, 40), np.uint8), np.zeros((4, 4, 3), np.uint8)]
)
def test_a_glimpse_of_what_is_no_picture_is_one_sentence(bad: bytes | np.ndarray) -> None:
    with pytest.raises(PictureError):
        glimpse(bad)


# Crops and lips


def crop(there: There, scenes: Scenes) -> Samples:
    return upright(scenes.picture(there), there.face)


def test_a_crop_is_the_same_wherever_and_however_large_the_face_is() -> None:
    scenes = Scenes()
    crops = [
        crop(There("ann", x, y, side), scenes) for x, y, side in ((0, 20, 60), (300, 200, 120), (10, 10, 400))
    ]
    assert all(one.shape == (SIDE, SIDE) for one in crops)
    assert min(alike(crops[0], one) for one in crops) > 0.85 > alike(crops[1], crop(There("bob"), scenes))


@pytest.mark.parametrize(
    "points", [(), ((math.nan, 0.0),) * 5, ((math.inf, 0.0),) * 5, ((5.0, 5.0),) * 5, ((9e9, 9e9),) * 5]
)
def test_what_is_no_face_is_a_crop_all_the_same(points: tuple) -> None:
    there = There("ann")
    made = upright(Scenes().picture(there), replace(there.face, landmarks=points))
    assert made.shape == (SIDE, SIDE) and np.isfinite(made).all()
    assert math.isfinite(alike(made, made)) and math.isfinite(motion(made, made))


def test_a_mouth_that_moves_differs_from_a_head_that_does() -> None:
    scenes = Scenes()
    still, opened = crop(There("ann"), scenes), crop(There("ann", mouth=1), scenes)
    moved = crop(There("ann", x=260.4, y=180.6, side=118), scenes)
    assert motion(still, opened) > 1.0 > motion(still, moved)


# Who speaks


def view(
    size: float = 0.2, off: float = 0.1, lips: float | None = None, camera: str = "desk", every: float = 0.3
) -> Seen:
    return Seen(camera, [Glance(at * every, size, off, lips) for at in range(int(10 / every))])


def test_the_larger_and_the_nearer_to_the_centre_is_likelier() -> None:
    assert most_likely({1: view(0.1), 2: view(0.2)}, 3, 5, 10) == 2
    assert most_likely({1: view(off=0.9), 2: view(off=0.1)}, 3, 5, 10) == 2


def test_moving_lips_outweigh_a_somewhat_larger_face() -> None:
    assert most_likely({1: view(0.3, lips=0.5), 2: view(0.2, lips=1.2)}, 3, 5, 10) == 2
    assert most_likely({1: view(0.3, lips=math.nan), 2: view(0.2)}, 3, 5, 10) == 1


def test_who_was_there_all_the_time_is_likelier_than_who_walked_by() -> None:
    passing = Seen("desk", view(0.25).glances[10:12])
    assert most_likely({1: passing, 2: view(0.2)}, 3, 5, 10) == 2


@pytest.mark.parametrize("times", [(5, 3), (20, 25), (-60, -50), (math.nan, 5), (3, math.nan), (3, math.inf)])
def test_times_that_cannot_be_right_are_nobodys(times: tuple[float, float]) -> None:
    assert most_likely({1: view()}, *times, now=10) is None


def test_where_nobody_was_seen_then_nobody_is_named() -> None:
    assert most_likely({}, 3, 5, 10) is None
    assert most_likely({1: Seen("desk", [Glance(9.0, 0.2, 0.1)])}, 3, 5, 10) is None


def test_whether_lips_moved_is_told_where_it_can_be() -> None:
    still = [Glance(at / 4, 0.3, 0.1, 0.6) for at in range(12)]
    speaks = [Glance(at / 4, 0.3, 0.1, 1.3) for at in range(12)]
    untold = [Glance(at / 4, 0.3, 0.1) for at in range(12)]
    assert moved(speaks, 1.0, 2.0) is True and moved(still, 1.0, 2.0) is False
    assert moved(untold, 1.0, 2.0) is None and moved(speaks, 20.0, 21.0) is None

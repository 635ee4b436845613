"""Who counts as being there before a camera, and what of that she has in mind."""

from __future__ import annotations

from cogs.in_view import LATELY_S, STAYS_S, TELLING_S, InView
from memory.audience import Listeners
from persona_core.events import Blind, Gone, Sight
from persona_core.types import Person, SeenFace
from tests.cogs.eyes import seen

ANN, BRUNO = Person("desk:ann", "Ann"), Person("desk:bruno", "Bruno")


def sight(at_s: float, *faces: SeenFace, camera: str = "desk") -> Sight:
    return Sight(camera, at_s, 640, 480, faces)


def lines(view: InView, now_s: float, *people: Person) -> list[str]:
    listeners = Listeners(frozenset(one.id for one in people), "desk")
    return [line.text for line in view.lines(listeners, [ANN.id], now_s, 1_700_000_000.0)]


def test_whoever_turns_away_for_a_moment_is_still_there() -> None:
    view = InView()
    view.take(sight(0.0, seen(1, BRUNO)), 0.0)
    view.take(sight(1.0), 1.0)
    assert view.people(STAYS_S - 1) == [BRUNO]
    assert view.people(STAYS_S + 1) == [] and [one for one, _ in view.lately(STAYS_S + 1)] == [BRUNO]


def test_a_face_that_is_nobodys_is_a_guest_and_one_that_is_being_told_is_not_yet() -> None:
    view = InView()
    view.take(sight(0.0, seen(1)), 0.0)
    assert not view.stranger(0.0)
    view.take(sight(TELLING_S, seen(1)), TELLING_S)
    assert view.stranger(TELLING_S)
    view.take(Gone("desk", 1, None, TELLING_S), TELLING_S)
    assert view.stranger(TELLING_S + STAYS_S) and not view.stranger(TELLING_S + STAYS_S + 1)


def test_a_known_face_is_no_guest() -> None:
    view = InView()
    for at_s in (0.0, 1.0, 2.0):
        view.take(sight(at_s, seen(1, BRUNO)), at_s)
    assert not view.stranger(2.0)


def test_one_camera_that_goes_blind_takes_nobody_away_from_the_other() -> None:
    view = InView()
    view.take(sight(0.0, seen(1, BRUNO), camera="door"), 0.0)
    view.take(sight(0.0, seen(2, ANN), camera="desk"), 0.0)
    view.take(Blind("door", "It is unplugged."), 1.0)
    assert [face.track for face in view.faces()] == [2]


def test_she_has_in_mind_who_is_there_and_whom_she_saw_and_for_how_long() -> None:
    view = InView()
    view.take(sight(0.0, seen(1, BRUNO), seen(2, ANN)), 0.0)
    view.saw({ANN.id, BRUNO.id}, 0.0)
    assert lines(view, 1.0, ANN, BRUNO) == ["In view: Bruno."]
    view.take(sight(2.0, seen(2, ANN)), 2.0)
    view.look(STAYS_S + 5)
    (told,) = lines(view, STAYS_S + 5, ANN)
    assert told.startswith("She saw Bruno until ")
    view.take(sight(LATELY_S + 3), LATELY_S + 3)
    assert lines(view, LATELY_S + 3, ANN) == []


def test_who_was_not_there_is_not_told_who_was() -> None:
    view = InView()
    view.take(sight(0.0, seen(1, BRUNO)), 0.0)
    view.saw({ANN.id}, 0.0)
    view.take(sight(1.0), 1.0)
    eve = Person("desk:eve", "Eve")
    assert lines(view, STAYS_S + 5, ANN) and not lines(view, STAYS_S + 5, ANN, eve)
    assert not lines(view, STAYS_S + 5, eve)


def test_of_somebody_who_is_forgotten_nothing_is_left() -> None:
    view = InView()
    view.take(sight(0.0, seen(1, BRUNO), seen(2, ANN)), 0.0)
    view.forget(BRUNO.id)
    assert view.people(1.0) == [ANN] and view.tracks_of(BRUNO.id) == []
    assert [one for one, _ in view.lately(STAYS_S + 5)] == [ANN]
    view.close()
    assert not view.people(1.0) and not view.faces()

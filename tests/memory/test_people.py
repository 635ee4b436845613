"""Who somebody is, and what is kept of meeting them: of those who agreed, for as long as they do."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from memory import known_faces
from memory.consent import Purpose
from memory.encounters import GAP_S, LONGEST
from memory.errors import EntryError
from memory.forget import Wish
from memory.gallery import FaceEmbedding, Template, Verdict
from memory.known import known
from memory.linked import Linked
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.prints import AGAIN_S
from memory.types import HERS, StoredTurn
from tests.memory.kept import DAY_S, NOON_S, everything_under
from tests.memory.lives import opened
from tests.memory.recalling import BOB, ENCODER, OLGA, PLACE, SARAH, TWO, Scene, face, listening, scope_of

OTHER = "desk:sarah2"


@pytest.fixture
def scene(memory: Memory) -> Scene:
    """Sarah, Olga and Bob have agreed to both, and Sarah is known by her face."""
    scene = Scene(memory)
    for person in (SARAH, OLGA, BOB):
        scene.agree(person)
    scene.enrol()
    return scene


def whose(memory: Memory, vector: np.ndarray, encoder: str = ENCODER) -> tuple[str, ...]:
    found = memory.people.match(FaceEmbedding(vector, encoder))
    return found.likest if found.verdict is Verdict.KNOWN else ()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def said(memory: Memory, person: str | None = None) -> list[list[str]]:
    """What is kept, newest encounter first, for those who were there."""
    found = memory.people.encounters(TWO, person)
    return [[line.text for line in one.lines] for one in found]


# Whose face it is


def test_whoever_agreed_is_matched_and_nobody_else(scene: Scene) -> None:
    memory = scene.memory
    assert whose(memory, face(SARAH)) == (SARAH,)
    assert whose(memory, face("a stranger")) == whose(memory, face(BOB)) == ()
    assert whose(memory, face(SARAH), "another") == ()


def test_without_consent_nobody_is_enrolled(memory: Memory) -> None:
    template = Template(face(SARAH), ENCODER, 5)
    assert not memory.people.enrol(SARAH, "Sarah", template, NOON_S)
    Scene(memory).agree(SARAH, Purpose.REMEMBERING)
    assert not memory.people.enrol(SARAH, "Sarah", template, NOON_S) and memory.faces.count() == 0


def test_a_template_that_is_none_is_refused(scene: Scene) -> None:
    with pytest.raises(ValueError, match="unit length"):
        scene.memory.people.enrol(SARAH, "Sarah", Template(np.ones(128, np.float32), ENCODER, 5), NOON_S)


def test_who_is_enrolled_later_is_known_at_once(scene: Scene) -> None:
    assert whose(scene.memory, face(BOB)) == ()
    scene.enrol(BOB, "Bob")
    assert whose(scene.memory, face(BOB)) == (BOB,) and scene.memory.people.name_of(BOB) == "Bob"


@pytest.mark.parametrize("how", ["no", "forgotten", "expired", "cleared"])
def test_who_is_not_to_be_known_any_more_is_not(scene: Scene, how: str) -> None:
    memory = scene.memory
    assert whose(memory, face(SARAH)) == (SARAH,)
    if how == "no":
        scene.agree(SARAH, Purpose.FACE, allowed=False)
    elif how == "expired":
        memory.faces.expire(NOON_S + 400 * DAY_S)
    else:
        memory.forget(Wish(SARAH if how == "forgotten" else "*"))
    assert whose(memory, face(SARAH)) == ()
    assert memory.people.name_of(SARAH) == ""


def test_consent_is_asked_when_it_is_used(scene: Scene) -> None:
    memory = scene.memory
    assert whose(memory, face(SARAH)) == (SARAH,)
    memory.consent._decisions.pop((SARAH, "face"))  # before anything could be erased
    assert whose(memory, face(SARAH)) == ()


def test_whose_print_another_process_has_erased_is_not_named(scene: Scene) -> None:
    memory = scene.memory
    assert whose(memory, face(SARAH)) == (SARAH,)
    memory.store.put(SARAH, {"face": None})  # behind our back
    assert whose(memory, face(SARAH)) == ()


def test_another_process_finds_who_is_enrolled_and_who_has_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = opened(tmp_path)
    scene = Scene(memory)
    scene.agree(SARAH)
    beside = open_memory(tmp_path / "data", KeyPlace(tmp_path / "config" / "key", "file"), occupy=False)
    assert whose(beside, face(SARAH)) == ()
    scene.enrol()
    scene.seen("Hello")
    monkeypatch.setattr(known_faces, "AGAIN_S", 0.0)
    until(lambda: whose(beside, face(SARAH)) == (SARAH,))
    assert said(beside) == [["Hello"]]
    memory.forget(Wish(SARAH))
    assert whose(beside, face(SARAH)) == ()
    beside.close()
    memory.close()


def test_what_changes_while_prints_are_read_is_not_lost(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, real = scene.memory, scene.memory.faces.all

    def meanwhile(encoder: str) -> object:
        found = real(encoder)
        scene.enrol(BOB, "Bob")
        scene.agree(SARAH, Purpose.FACE, allowed=False)
        return found

    monkeypatch.setattr(memory.faces, "all", meanwhile)
    assert whose(memory, face(SARAH)) == () and whose(memory, face(BOB)) == (BOB,)


def test_of_two_who_look_alike_neither_is_named(scene: Scene) -> None:
    memory = scene.memory
    twin = Template(face(SARAH), ENCODER, 5)
    assert memory.people.enrol(BOB, "Bob", twin, NOON_S)
    found = memory.people.match(FaceEmbedding(face(SARAH), ENCODER))
    assert found.verdict is Verdict.MAYBE and set(found.likest) == {SARAH, BOB}
    met = scene.seen("Guess who!")
    assert (met.id, met.person, met.statements) == ("", "", ()) and set(met.likest) == {SARAH, BOB}
    assert said(memory) == []


# Meeting


def test_a_stranger_leaves_nothing(scene: Scene, tmp_path: Path) -> None:
    memory = scene.memory
    before = {person: memory.store.fields(person) for person in memory.store.people()}
    met = scene.seen("My name is nobody.", person="a stranger")
    assert (met.id, met.person, met.name, met.statements, met.likest) == ("", "", "", (), ())
    assert {person: memory.store.fields(person) for person in memory.store.people()} == before
    assert face("a stranger").tobytes() not in everything_under(tmp_path)


def test_a_meeting_goes_on_until_nobody_was_there_for_a_while(scene: Scene) -> None:
    first = scene.seen("Hello")
    again = scene.memory.people.process_encounter(
        *(FaceEmbedding(face(SARAH), ENCODER), "How are you?", NOON_S + GAP_S - 1),
        **{"listeners": TWO, "place": PLACE, "present": frozenset()},
    )
    late = scene.memory.people.process_encounter(
        *(FaceEmbedding(face(SARAH), ENCODER), "Me again", NOON_S + 2 * GAP_S),
        **{"listeners": TWO, "place": PLACE, "present": frozenset()},
    )
    assert first.id == again.id != late.id and again.since_s == NOON_S
    assert said(scene.memory) == [["Me again"], ["Hello", "How are you?"]]


def test_a_clock_that_goes_back_a_little_begins_no_other(scene: Scene) -> None:
    first, again = scene.seen("Hello"), scene.seen("How are you?", days=1 / DAY_S)
    assert first.id == again.id and len(scene.memory.people.encounters(TWO)) == 1


def test_it_is_the_same_after_a_restart_and_sealed_on_the_disk(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    scene = Scene(memory)
    scene.agree(SARAH)
    scene.agree(OLGA)
    scene.enrol()
    met = scene.seen("I am moving to Ghent.")
    assert memory.people.note(met.id, OLGA, "Olga", "What a pity.", NOON_S + 1)
    assert memory.people.note(met.id, HERS, "Mira", "Good luck.", NOON_S + 2)
    kept = memory.people.encounters(TWO)
    memory.close()
    assert b"Ghent" not in everything_under(tmp_path)
    memory = opened(tmp_path)
    assert memory.people.encounters(TWO) == kept and said(memory) == [
        ["I am moving to Ghent.", "What a pity.", "Good luck."]
    ]
    assert memory.people.match(FaceEmbedding(face(SARAH), ENCODER)).likest == (SARAH,)
    assert scene.memory is not memory and Scene(memory).seen("And?").id == met.id  # it goes on
    memory.close()


def test_who_agreed_to_be_recognised_alone_is_named_and_nothing_is_kept(scene: Scene) -> None:
    scene.agree(SARAH, Purpose.REMEMBERING, allowed=False)
    met = scene.seen("I am moving to Ghent.")
    assert (met.id, met.person, met.name) == ("", SARAH, "Sarah")
    assert met.recall_summary == "That's Sarah." and said(scene.memory) == []
    assert not scene.memory.store.people("encounter")


def test_who_was_there_is_kept_of_those_alone_who_agreed(scene: Scene) -> None:
    scene.agree(BOB, Purpose.REMEMBERING, allowed=False)
    met = scene.seen("Hello", listeners=listening(SARAH, OLGA, BOB))
    (one,) = scene.memory.people._encounters.of(SARAH)
    assert met.id == one.id and one.scope.heard_by == (OLGA, SARAH)


def test_that_they_were_recognised_is_noted_once_a_day(scene: Scene) -> None:
    def seen_s() -> float:
        kept = scene.memory.faces.of(SARAH)
        assert kept is not None
        return kept.seen_s

    scene.seen("Hello", days=1)
    assert seen_s() == NOON_S - DAY_S
    scene.seen("Hello", days=0.5)
    assert seen_s() == NOON_S - DAY_S
    scene.seen("Hello")
    assert seen_s() == NOON_S >= NOON_S - DAY_S + AGAIN_S


def test_what_is_odd_in_what_they_say_is_kept_and_harms_nothing(scene: Scene) -> None:
    scene.seen("half a \ud83d character " + "x" * 2 * LONGEST)
    ((text,),) = said(scene.memory)
    assert text.startswith("half a ? character") and len(text) == LONGEST


# What others say


@pytest.mark.parametrize("who", [SARAH, OLGA])
def test_a_line_of_somebody_else_is_kept_only_if_both_agreed(scene: Scene, who: str) -> None:
    met = scene.seen("Hello")
    scene.memory.consent._decisions.pop((who, "remembering"))
    assert not scene.memory.people.note(met.id, OLGA, "Olga", "What a pity.", NOON_S)


@pytest.mark.parametrize("wrong", ["", "nothing", "20260101-000000-abcdef", "*", "../x"])
def test_there_is_nothing_to_note_in_an_encounter_that_is_not_there(scene: Scene, wrong: str) -> None:
    scene.seen("Hello")
    assert not scene.memory.people.note(wrong, OLGA, "Olga", "What a pity.", NOON_S)
    assert said(scene.memory) == [["Hello"]]


def test_who_may_not_hear_of_it_is_told_of_no_encounter_and_no_line(scene: Scene) -> None:
    memory = scene.memory
    met = scene.seen("For Olga alone.")
    memory.people.note(met.id, OLGA, "Olga", "I tell nobody.", NOON_S)
    assert memory.people.encounters(listening(BOB)) == []
    assert memory.people.encounters(listening(BOB, OLGA)) == []
    assert [one.id for one in memory.people.encounters(listening(OLGA))] == [met.id]
    (shown,) = memory.people.encounters(listening(BOB, SARAH))  # she is there herself
    assert [line.text for line in shown.lines] == ["For Olga alone."]


def test_the_newest_come_first_and_no_more_than_is_asked_for(scene: Scene) -> None:
    for days in (1, 9, 3):
        scene.seen(f"{days} days ago", days=days)
    assert said(scene.memory) == [["1 days ago"], ["3 days ago"], ["9 days ago"]]
    assert len(scene.memory.people.encounters(TWO, most=2)) == 2
    assert scene.memory.people.encounters(TWO, BOB) == scene.memory.people.encounters(TWO, most=0) == []


# Two who are one


@pytest.fixture
def two(scene: Scene) -> Scene:
    """The same Sarah was enrolled twice, from two sides."""
    scene.agree(OTHER)
    scene.enrol(OTHER, "Sally")
    scene.seen("Hello", days=2)
    scene.seen("I am Sally.", days=1, person=OTHER, listeners=listening(OLGA, OTHER))
    return scene


def test_after_merging_either_face_is_one_and_the_same(two: Scene) -> None:
    memory = two.memory
    memory.people.merge(SARAH, OTHER)
    assert whose(memory, face(OTHER)) == whose(memory, face(SARAH)) == (SARAH,)
    met = two.seen("Me again", person=OTHER)
    assert (met.person, met.name) == (SARAH, "Sarah") and "“I am Sally”" in met.recall_summary
    assert (
        said(memory)
        == said(memory, SARAH)
        == said(memory, OTHER)
        == [["Me again"], ["I am Sally."], ["Hello"]]
    )
    assert {one.person for one in memory.people.encounters(TWO)} == {SARAH}
    assert memory.people.linked(OTHER) == memory.people.linked(SARAH) == (SARAH, OTHER)


def test_two_prints_of_one_person_make_nobody_unsure(scene: Scene) -> None:
    scene.agree(OTHER)
    assert scene.memory.people.enrol(OTHER, "Sally", Template(face(SARAH), ENCODER, 5), NOON_S)
    assert whose(scene.memory, face(SARAH)) == ()
    scene.memory.people.merge(SARAH, OTHER)
    assert whose(scene.memory, face(SARAH)) == (SARAH,)


def test_splitting_undoes_it_and_nothing_has_moved(two: Scene) -> None:
    memory = two.memory
    before = {person: memory.store.fields(person) for person in memory.store.people()}
    for split in (OTHER, SARAH):
        memory.people.merge(SARAH, OTHER)
        memory.people.split(split)
        assert {person: memory.store.fields(person) for person in memory.store.people()} == before
    assert whose(memory, face(OTHER)) == (OTHER,) and said(memory, SARAH) == [["Hello"]]


def test_what_is_said_while_merged_is_theirs_alone_who_said_it(two: Scene) -> None:
    memory = two.memory
    memory.people.merge(SARAH, OTHER)
    two.seen("I shall resign.", person=OTHER)  # in view as Sarah, who therefore counts as being there
    memory.people.split(OTHER)  # it was a mistake
    hers, others = listening(SARAH), listening(OTHER)
    assert "resign" not in str(memory.people.encounters(hers))
    assert "resign" in str(memory.people.encounters(others))
    memory.forget(Wish(OTHER))
    assert said(memory) == [["Hello"]]


def test_who_said_no_to_being_remembered_is_not_for_being_merged(scene: Scene) -> None:
    scene.agree(OTHER, Purpose.FACE)
    scene.enrol(OTHER, "Sally")
    scene.memory.people.merge(SARAH, OTHER)
    met = scene.seen("I am Sally.", person=OTHER)
    assert met.person == SARAH and not met.id and said(scene.memory) == []


def test_a_merge_is_there_after_a_restart(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    for person in (SARAH, OTHER):
        Scene(memory).agree(person)
    memory.people.merge(SARAH, OTHER)
    memory.close()
    memory = opened(tmp_path)
    assert memory.people.linked(OTHER) == (SARAH, OTHER)
    memory.close()


def test_two_processes_that_merge_both_ways_make_one_person_and_no_circle(two: Scene) -> None:
    memory = two.memory
    memory.people.merge(SARAH, OTHER)
    here, there = (Linked(memory.people._linked._store, memory.people._linked._vault) for _ in range(2))
    assert here.one_of(OTHER) == there.one_of(OTHER) == SARAH
    memory.people.split(OTHER)
    for linked, kept, gone in ((here, BOB, OLGA), (there, OLGA, BOB)):
        linked._to = {}  # neither has heard of the other
        linked.read_anew = lambda: None  # type: ignore[method-assign]
        linked.merge(kept, gone)
    read = Linked(memory.people._linked._store, memory.people._linked._vault)
    assert read.one_of(BOB) == read.one_of(OLGA) and set(read.all_of(BOB)) == {BOB, OLGA}
    here = Linked(memory.people._linked._store, memory.people._linked._vault)
    there = Linked(memory.people._linked._store, memory.people._linked._vault)
    assert not here.any or here.one_of(SARAH) == SARAH  # it has read by now
    there.merge(SARAH, OTHER)
    with pytest.raises(EntryError, match="one and the same already"):
        here.merge(OTHER, SARAH)


def test_what_cannot_be_merged_is_refused_in_a_sentence(two: Scene) -> None:
    people = two.memory.people
    with pytest.raises(EntryError, match="one and the same already"):
        people.merge(SARAH, SARAH)
    people.merge(SARAH, OTHER)
    for pair in ((SARAH, OTHER), (OTHER, SARAH)):
        with pytest.raises(EntryError, match="one and the same already"):
            people.merge(*pair)
    with pytest.raises(EntryError, match="split it first"):
        people.merge(BOB, OTHER)
    with pytest.raises(EntryError, match="have not both agreed"):
        people.merge(SARAH, "desk:nobody")
    people.merge(BOB, SARAH)  # and with her the other one
    assert people.linked(OTHER) == (BOB, SARAH, OTHER)
    with pytest.raises(EntryError, match="one and the same already"):
        people.merge(OTHER, BOB)
    people.split(OTHER)
    with pytest.raises(EntryError, match="nothing merged"):
        people.split(OTHER)


@pytest.mark.parametrize("gone", [SARAH, OTHER])
def test_forgetting_either_takes_what_is_theirs_and_the_merge(two: Scene, gone: str) -> None:
    memory = two.memory
    memory.people.merge(SARAH, OTHER)
    look = memory.forgetting.look(Wish(gone))
    receipt = memory.forget(Wish(gone))
    assert receipt == look and receipt.counts["encounters"] == 2  # a meeting, and that they are one
    left = OTHER if gone == SARAH else SARAH
    assert memory.people.linked(left) == (left,) and whose(memory, face(gone)) == ()
    assert whose(memory, face(left)) == (left,)
    assert memory.store.people("linked") == [] and memory.store.people("encounter") == [left]


@pytest.mark.parametrize("asked", [SARAH, OTHER])
def test_all_who_are_merged_can_be_forgotten_at_once(two: Scene, asked: str) -> None:
    memory = two.memory
    memory.people.merge(SARAH, OTHER)
    receipt = memory.forget_linked(asked)
    assert receipt.person == asked and receipt.counts["encounters"] == 3 and receipt.counts["faces"] == 2
    assert memory.store.people("encounter") == memory.store.people("face") == []
    assert memory.forgetting.look(Wish(SARAH)).empty and memory.forgetting.look(Wish(OTHER)).empty


# Forgetting, and growing old


def test_forgetting_them_takes_every_meeting(scene: Scene, tmp_path: Path) -> None:
    memory = scene.memory
    for days in (0, 3):
        scene.seen("I am moving to Ghent.", days=days)
    assert known(memory, Wish(SARAH))["encounters"] == 2
    look = memory.forgetting.look(Wish(SARAH))
    receipt = memory.forget(Wish(SARAH))
    assert receipt == look and receipt.counts["encounters"] == 2
    assert memory.store.people("encounter") == [] and said(memory) == []
    assert memory.forgetting.look(Wish(SARAH)).counts["encounters"] == 0


def test_forgetting_who_said_something_in_it_takes_that_and_that_they_were_there(scene: Scene) -> None:
    memory = scene.memory
    met = scene.seen("Hello")
    memory.people.note(met.id, OLGA, "Olga", "What a pity.", NOON_S)
    assert memory.forgetting.look(Wish(OLGA)).counts["encounters"] == 1
    assert memory.forget(Wish(OLGA)).counts["encounters"] == 1
    (one,) = memory.people._encounters.of(SARAH)
    assert [line.text for line in one.lines] == ["Hello"]
    assert one.scope.heard_by == (SARAH,) and one.lines[0].scope.heard_by == (SARAH,)


def test_who_only_heard_it_is_left_out_and_it_stays(scene: Scene) -> None:
    memory = scene.memory
    scene.seen("Hello")
    assert memory.forget(Wish(OLGA)).counts["encounters"] == 0
    (one,) = memory.people._encounters.of(SARAH)
    assert OLGA not in repr(one)


@pytest.mark.parametrize("wish", ["since", "turn"])
def test_a_part_takes_what_was_said_then(scene: Scene, wish: str) -> None:
    """The same words are in a turn as well, written down some seconds later."""
    memory, now_s = scene.memory, time.time()
    for at_s, words in ((now_s - 500, "Hello"), (now_s - 200, "I have debts."), (now_s - 100, "Never mind.")):
        memory.people.process_encounter(
            *(FaceEmbedding(face(SARAH), ENCODER), words, at_s),
            **{"listeners": TWO, "place": PLACE, "present": frozenset([OLGA])},
        )
    turn = memory.turns.add(StoredTurn(0, now_s - 195, SARAH, "Sarah", "I have debts.", "s@1", scope_of()))
    assert turn is not None
    asked = Wish(SARAH, since_s=now_s - 250) if wish == "since" else Wish(SARAH, turns=(turn.id,))
    look = memory.forgetting.look(asked)
    receipt = memory.forget(asked)
    assert receipt.counts == look.counts and receipt.counts["encounters"] == 1
    assert said(memory) == [["Hello"] if wish == "since" else ["Hello", "Never mind."]]
    assert memory.forget(Wish(SARAH, since_s=now_s - 900)).counts["encounters"] == 1
    assert memory.people._encounters.of(SARAH) == []


def test_what_is_old_goes_with_its_age(scene: Scene) -> None:
    memory = scene.memory
    for days in (1, 40):
        scene.seen(f"{days} days ago", days=days)
    assert memory.expire(NOON_S - 30 * DAY_S)["encounters"] == 1
    assert said(memory) == [["1 days ago"]]
    assert "encounters" not in memory.expire(NOON_S - 30 * DAY_S)


def test_a_backup_that_is_put_back_brings_no_meeting_back(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    scene = Scene(memory)
    for person in (SARAH, OLGA):
        scene.agree(person)
    scene.enrol()
    met = scene.seen("I am moving to Ghent.")
    memory.people.note(met.id, OLGA, "Olga", "What a pity.", NOON_S)
    memory.close()
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    memory = opened(tmp_path)
    memory.forget(Wish(OLGA))
    memory.close()
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "backup").rename(tmp_path / "data")
    memory = opened(tmp_path)
    (one,) = memory.people._encounters.of(SARAH)
    assert [line.text for line in one.lines] == ["I am moving to Ghent."] and OLGA not in repr(one)
    memory.close()


def test_what_is_damaged_is_left_out_and_told(scene: Scene) -> None:
    memory = scene.memory
    scene.seen("Hello")
    (name,) = (one for one in memory.store.fields(SARAH) if one.endswith(":0"))
    sealed = memory.store.get(SARAH, name)
    assert sealed is not None
    memory.store.put(SARAH, {name: sealed[:-1] + bytes([sealed[-1] ^ 1])})
    memory.people._encounters.read_anew()
    assert said(memory) == [[]] and memory.people.damaged() == 1

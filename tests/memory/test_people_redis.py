"""Meeting people with a Redis as the store: while it is away, after it was killed, moved there and back, forgotten."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from memory import known_faces
from memory.errors import StoreAway
from memory.forget import Wish
from memory.gallery import FaceEmbedding
from memory.memory import Memory
from memory.moving import move
from tests.memory.kept import NOON_S, everything_under
from tests.memory.recalling import BOB, ENCODER, OLGA, SARAH, TWO, Scene, face
from tests.memory.redis_server import RedisServer
from tests.memory.taken_apart import not_in_the_store
from tests.memory.test_people import OTHER, said, until, whose
from tests.memory.test_redis_memory import opened, redis_of

pytestmark = pytest.mark.usefixtures("soon")


def lived(memory: Memory) -> Scene:
    """Sarah has been met once, and Olga said something to her; she is known as another as well."""
    scene = Scene(memory)
    for person in (SARAH, OLGA, BOB, OTHER):
        scene.agree(person)
    scene.enrol()
    met = scene.seen("I am moving to Ghent.", days=3)
    assert memory.people.note(met.id, OLGA, "Olga", "What a pity.", NOON_S - 3 * 86_400 + 1)
    memory.people.merge(SARAH, OTHER)
    return scene


ONCE = [["I am moving to Ghent.", "What a pity."]]


def test_people_are_known_and_spoken_of_as_without_it(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        lived(memory)
    with closing(opened(tmp_path, server.url)) as memory:
        met = Scene(memory).seen("Hello")
        assert met.recall_summary == (
            "That's Sarah. We last talked last Tuesday, and they said “I am moving to Ghent”."
        )
        assert not_in_the_store(memory, [met]) == [] and said(memory) == [["Hello"], *ONCE]
        assert memory.people.linked(OTHER) == (SARAH, OTHER)
    assert b"Ghent" not in everything_under(tmp_path)


def test_while_it_is_away_she_knows_people_and_what_they_say_waits(
    server: RedisServer, tmp_path: Path
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        scene = lived(memory)
        assert whose(memory, face(SARAH)) == (SARAH,)
        server.kill()
        met = scene.seen("Hello")
        assert met.person == SARAH and met.id and "Ghent" in met.recall_summary
        assert memory.people.note(met.id, OLGA, "Olga", "Hello yourself.", NOON_S + 1)
        assert said(memory) == [["Hello", "Hello yourself."], *ONCE]
    with closing(opened(tmp_path, server.url)) as memory:  # still away
        with pytest.raises(StoreAway):
            memory.people.match(FaceEmbedding(face(SARAH), ENCODER))
        server.start()
        until(lambda: redis_of(memory).settled)
        assert said(memory) == [["Hello", "Hello yourself."], *ONCE]
        assert whose(memory, face(SARAH)) == (SARAH,)


def test_somebody_of_whom_nothing_has_been_read_yet_is_met_while_it_is_away(
    server: RedisServer, tmp_path: Path
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        lived(memory)
    with closing(opened(tmp_path, server.url)) as memory:
        assert whose(memory, face(SARAH)) == (SARAH,)
        server.kill()
        met = Scene(memory).seen("Hello")
        again = Scene(memory).seen("Still me")
        assert met.id == again.id != "" and met.person == SARAH
        assert said(memory) == [["Hello", "Still me"]]  # as far as is in RAM
        server.start()
        until(lambda: redis_of(memory).settled)
        assert said(memory) == [["Hello", "Still me"], *ONCE]


def test_who_says_no_while_it_is_away_is_not_known_any_more(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        scene = lived(memory)
        assert whose(memory, face(SARAH)) == (SARAH,)
        server.stop()
        memory.consent._decisions.pop((SARAH, "face"))
        assert whose(memory, face(SARAH)) == ()
        scene.agree(SARAH)
        assert memory.forget(Wish(SARAH)).waits
        assert whose(memory, face(SARAH)) == () and said(memory) == []
        server.start()
        until(lambda: redis_of(memory).settled)
        assert SARAH not in memory.store.people() and memory.people.linked(OTHER) == (OTHER,)


@pytest.mark.parametrize("away", [False, True], ids=["", "away"])
@pytest.mark.parametrize("gone", [SARAH, OLGA])
def test_what_is_forgotten_is_in_no_file_of_it(
    server: RedisServer, tmp_path: Path, gone: str, away: bool
) -> None:
    with closing(opened(tmp_path, server.url)) as memory:
        lived(memory)
        store = redis_of(memory)
        sealed = dict(store._link.values(store._seals.person(SARAH)))
        if away:
            server.stop()
        memory.forget(Wish(gone))
        if away:
            server.start()
            until(lambda: store.settled and not store._where.get("purge"))
        left = set(store._link.values(store._seals.person(SARAH)).values())
        lost = [one for one in sealed.values() if one not in left]
        assert len(lost) >= 2 and not any(one in server.files() for one in lost)
        assert said(memory) == ([] if gone == SARAH else [["I am moving to Ghent."]])


def test_encounters_and_merges_move_there_and_back(server: RedisServer, tmp_path: Path) -> None:
    with closing(opened(tmp_path, "")) as memory:
        lived(memory)
        kept = memory.people.encounters(TWO)
    for configured, to in (("", server.url), (server.url, "embedded")):
        move(lambda store: opened(tmp_path, store), configured, to)
        with closing(opened(tmp_path, to)) as memory:
            assert memory.people.encounters(TWO) == kept and said(memory) == ONCE
            assert memory.people.linked(SARAH) == (SARAH, OTHER) and whose(memory, face(SARAH)) == (SARAH,)
    with server.client() as client:
        assert client.dbsize() == 0


def test_another_process_on_the_same_redis_sees_what_changes(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_faces, "AGAIN_S", 0.0)
    with closing(opened(tmp_path, server.url)) as memory:
        scene = lived(memory)
        with closing(opened(tmp_path, server.url, occupy=False)) as beside:
            assert whose(beside, face(SARAH)) == (SARAH,) and said(beside) == ONCE
            scene.enrol(BOB, "Bob")
            until(lambda: whose(beside, face(BOB)) == (BOB,))
            memory.forget(Wish(BOB))
            assert whose(beside, face(BOB)) == ()
            assert np.array_equal(beside.faces.all(ENCODER)[SARAH].vector, face(SARAH))

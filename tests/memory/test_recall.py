from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from memory.database import Database
from memory.recall import Recall
from memory.tombstones import Tombstone
from memory.types import Document, Scope, Vectors
from memory.vault import Vault
from tests.memory.kept import DAY_S, NOON_S, everything_under, open_vault, scope

CANARY = "zanzibarian"


class Letters:
    """Texts with the same letters mean the same."""

    def __init__(self, name: str = "letters", dimensions: int = 26) -> None:
        self.name, self.dimensions = name, dimensions
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        self.seen += texts
        found = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, text in zip(found, texts, strict=True):
            for letter in text.lower():
                if letter.isascii() and letter.isalpha():
                    row[(ord(letter) - 97) % self.dimensions] += 1
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def said(ref: str, text: str, speaker: str = "Ada", **changed: object) -> Document:
    at_s = NOON_S + 10 * int(ref) if ref.isdigit() else NOON_S
    one = Document("turn", ref, text, at_s, speaker, "lounge@1", scope(speaker.lower()))
    return replace(one, **changed)  # type: ignore[arg-type]


def all_of(_: Scope) -> bool:
    return True


def refs(recall: Recall, query: str, allowed: Callable[[Scope], bool] = all_of, most: int = 8) -> list[str]:
    return [hit.document.ref for hit in recall.find(query, allowed, NOON_S + DAY_S, most)]


def embedded(recall: Recall) -> Recall:
    while recall.embed_waiting(3):
        pass
    return recall


@pytest.fixture
def opened(tmp_path: Path) -> tuple[Database, Vault]:
    return open_vault(tmp_path)


@pytest.fixture
def recall(opened: tuple[Database, Vault]) -> Recall:
    return Recall(*opened)


TALK = [
    said("1", "I bought a telescope in the market."),
    said("2", "How far can one see with it?", "Bob"),
    said("3", "My sister is getting married in June.", "Cleo"),
    said("4", "The soup was too salty for everybody.", "Bob"),
    said("5", "We painted the fence green.", "Cleo"),
]


def test_it_finds_by_words_in_any_form_without_an_embedder(recall: Recall) -> None:
    recall.add(TALK)
    assert refs(recall, "who was buying telescopes?")[0] == "1"
    assert recall.embed_waiting(10) == 0


def test_it_finds_by_meaning_what_shares_no_word(opened: tuple[Database, Vault]) -> None:
    recall = Recall(*opened, Letters())
    recall.add([said("1", "aaaa bbbb"), said("2", "xxxx yyyy"), said("3", "mmmm nnnn")])
    embedded(recall)
    assert refs(recall, "xyxyxy")[0] == "2"


def test_a_question_without_words_of_its_own_is_answered_by_meaning(opened: tuple[Database, Vault]) -> None:
    recall = embedded(Recall(*opened, Letters()))
    recall.add(TALK)
    embedded(recall)
    assert len(refs(recall, "what was it that she did?", most=3)) == 3


def test_what_may_not_be_heard_never_takes_part_in_ranking(opened: tuple[Database, Vault]) -> None:
    """With and without Bob's turns in the index, others get the same hits with the same scores."""
    recall = Recall(*opened, Letters())
    open_talk = [one for one in TALK if one.speaker != "Bob"]
    recall.add(open_talk)
    embedded(recall)

    def hits() -> list[tuple[str, float]]:
        found = recall.find("telescope soup fence", not_of_bob, NOON_S)
        return [(hit.document.ref, round(hit.score, 4)) for hit in found]

    def not_of_bob(one: Scope) -> bool:
        return "bob" not in one.about

    # without neighbours that would move together when Bob's turn comes between them
    recall.add([replace(one, session=one.ref) for one in open_talk])
    embedded(recall)
    alone = hits()
    recall.add([said(str(n), "telescope soup fence", "Bob", session=str(n % 5)) for n in range(6, 40)])
    embedded(recall)
    assert hits() == alone and alone


def test_what_is_allowed_is_asked_once_for_each_scope(recall: Recall) -> None:
    recall.add(TALK * 3)
    asked: list[Scope] = []
    recall.find("soup", lambda one: bool(asked.append(one)) or True, NOON_S)
    assert len(asked) == len(set(asked)) == 3


def test_adding_again_replaces(recall: Recall) -> None:
    recall.add(TALK)
    recall.add([replace(TALK[0], text="I sold a violin.")])
    assert len(recall) == len(TALK)
    assert refs(recall, "violin")[0] == "1"
    (hit,) = recall.find("violin", all_of, NOON_S, 1)
    assert hit.document.text == "I sold a violin."
    assert recall.texts("turn")["1"] == "I sold a violin."
    assert not any(one.name == "words" for one in recall.find("telescope", all_of, NOON_S)[0].reasons)


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    first = Recall(database, vault, Letters())
    first.add(TALK)
    embedded(first)
    first.supersede({("turn", "4")})
    before = first.find("telescope with green paint", all_of, NOON_S)
    database.close()
    embedder = Letters()
    again = Recall(*open_vault(tmp_path), embedder)
    assert again.embed_waiting(10) == 0
    after = again.find("telescope with green paint", all_of, NOON_S)
    assert [hit.document for hit in after] == [hit.document for hit in before]
    assert [hit.score for hit in after] == pytest.approx([hit.score for hit in before], abs=1e-3)


def test_what_does_not_hold_any_more_is_not_found(recall: Recall) -> None:
    recall.add(TALK)
    recall.supersede({("turn", "1"), ("turn", "77"), ("entry", "2")})
    assert "1" not in refs(recall, "telescope") and len(recall) == len(TALK) - 1
    assert "1" in recall.refs("turn")
    recall.add([TALK[0]])  # indexed once more after a crash
    assert "1" not in refs(recall, "telescope")


def test_what_holds_again_is_found_again_also_after_a_restart(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    first = Recall(database, vault, Letters())
    first.add(TALK)
    first.supersede({("turn", "1"), ("turn", "4")})
    embedded(first)
    first.supersede({("turn", "4"), ("turn", "5")})
    assert set(refs(first, "telescope")) == {"1", "2", "3"}
    database.close()
    again = Recall(*open_vault(tmp_path), Letters())
    assert set(refs(again, "telescope")) == {"1", "2", "3"} and again.embed_waiting(10) == 1


def test_what_another_process_has_superseded_or_not_is_taken_over(opened: tuple[Database, Vault]) -> None:
    recall = Recall(*opened)
    recall.add(TALK)
    recall.supersede({("turn", "1")})
    recall.remove("turn", ["2"])
    Recall(*opened).supersede({("turn", "3")})
    recall.supersede({("turn", "3")})
    assert set(refs(recall, "telescope")) == {"1", "4", "5"}


def test_what_is_removed_is_not_found(recall: Recall) -> None:
    recall.add(TALK)
    recall.remove("turn", ["1", "77"])
    recall.remove("entry", ["2"])
    assert "1" not in refs(recall, "telescope") and len(recall) == len(TALK) - 1


def test_a_person_who_is_forgotten_leaves_no_word_on_disk(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    recall = Recall(database, vault, Letters())
    both = said("9", f"They went to {CANARY} together.", "Bob", scope=scope("ada", "bob"))
    recall.add([*TALK, both, said("10", f"The {CANARY} coast.")])
    embedded(recall)
    assert recall.remove_person("ada") == 3
    assert set(refs(recall, CANARY)) == {"2", "3", "4", "5"}
    for (name,) in database.read("SELECT name FROM sqlite_master WHERE sql LIKE '%fts5vocab%'"):
        assert database.read(f"SELECT count(*) FROM {name} WHERE term LIKE 'zanzibar%'") == [(0,)]
    database.close()
    assert CANARY.encode() not in everything_under(tmp_path)


def test_their_vectors_go_with_them_and_others_keep_theirs(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    recall = Recall(database, vault, Letters())
    both = said("9", "They went to the coast together.", "Bob", scope=scope("ada", "bob"))
    recall.add([*TALK, both])
    embedded(recall)
    theirs = sum("ada" in one.scope.about for one in [*TALK, both])
    assert recall.count_of("ada") == theirs == recall.remove_person("ada")
    assert vectors(database) > len(TALK) + 1 - theirs  # nobody can open them any more, but they take place
    recall.sweep()
    assert vectors(database) == len(TALK) + 1 - theirs and recall.count() == vectors(database)
    assert recall.damaged() == 0 and embedded(recall).embed_waiting(1) == 0
    again = Recall(database, vault, Letters())
    assert again.embed_waiting(10) == 0 and again.count() == recall.count()
    assert recall.clear() == len(again)
    recall.sweep()
    assert vectors(database) == 0


def vectors(database: Database) -> int:
    """How many there are on the disk."""
    tables = database.read("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'vectors%'")
    return sum(int(database.read(f"SELECT count(*) FROM {name}")[0][0]) for (name,) in tables)


def test_what_takes_its_place_leaves_no_vector_of_it(opened: tuple[Database, Vault]) -> None:
    recall = Recall(*opened, Letters())
    recall.add(TALK)
    embedded(recall)
    recall.add([replace(TALK[0], text="She sold it.")])
    assert vectors(opened[0]) == len(TALK) - 1
    recall.remove("turn", [one.ref for one in TALK])
    assert vectors(opened[0]) == 0


def test_vectors_of_an_earlier_version_are_taken_over(tmp_path: Path) -> None:
    database, vault = open_vault(tmp_path)
    recall = Recall(database, vault, Letters())
    recall.add(TALK)
    embedded(recall)
    before = refs(recall, "telescope")
    database.execute("ALTER TABLE documents ADD COLUMN vector BLOB")
    database.execute("ALTER TABLE documents ADD COLUMN embedder TEXT")
    tables = database.read("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'vectors%'")
    for (name,) in tables:
        database.execute(
            f"UPDATE documents SET (vector, embedder) = (SELECT vector, embedder FROM {name} WHERE id = documents.id) "
            f"WHERE id IN (SELECT id FROM {name})"
        )
        database.execute(f"DROP TABLE {name}")
    again = Recall(database, vault, Letters())
    assert again.embed_waiting(10) == 0 and vectors(database) == len(TALK)
    assert refs(again, "telescope") == before and database.check() == []


def test_neighbours_close_up_when_several_are_removed_at_once(recall: Recall) -> None:
    recall.add([said(str(number), f"word{number}") for number in range(8)])
    recall.remove("turn", ["1", "2", "5", "7"])
    columns = recall._columns
    rows = [int(row) for row in np.flatnonzero(columns["alive"])]
    assert [int(columns["before"][row]) for row in rows] == [-1, *rows[:-1]]
    assert [int(columns["after"][row]) for row in rows] == [*rows[1:], -1]
    recall.remove("turn", [str(number) for number in range(8)])
    assert len(recall) == 0 and columns._sessions == {} and columns._session_of == {}


def test_of_what_is_to_go_only_what_is_about_them_goes(recall: Recall) -> None:
    recall.add(TALK)
    gone = Tombstone("a", 0.0, "ada", whole=False, turns=(1, 2, 3, 4, 5, 77), entries=("1",))
    theirs = [one.ref for one in TALK if "ada" in one.scope.about]
    assert 0 < len(theirs) < len(TALK)
    assert recall.count_resting(gone) == len(theirs) == recall.remove_resting(gone)
    assert recall.count_resting(gone) == 0 and recall.count() == len(TALK) - len(theirs)


def test_what_nobody_can_open_any_more_counts_as_absent(opened: tuple[Database, Vault]) -> None:
    database, vault = opened
    recall = Recall(database, vault)
    recall.add(TALK)
    vault.destroy("ada")
    assert "1" not in refs(recall, "telescope")
    again = Recall(database, vault, Letters())
    assert len(again) == len(TALK) - 1
    embedded(again)
    assert "1" not in refs(again, "telescope")


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "a OR b AND NOT (",
        "text:soup*",
        "^soup",
        "\0",
        "",
        " ",
        "🦊",
        "NEAR(a b, 2)",
        "-soup",
        "żółw ñ 雪が",
    ],
)
def test_nothing_that_is_asked_can_break_the_index(opened: tuple[Database, Vault], query: str) -> None:
    recall = Recall(*opened, Letters())
    recall.add(TALK)
    embedded(recall)
    recall.find(query, all_of, NOON_S)


def test_an_empty_index_finds_nothing(recall: Recall) -> None:
    assert refs(recall, "anything") == [] and len(recall) == 0


def test_turns_that_come_late_take_their_place_in_the_session(recall: Recall) -> None:
    recall.add([said("1", "Guess what I found."), said("3", "It was under the stairs.")])
    recall.add([said("2", "A telescope!")])
    assert set(refs(recall, "telescope", most=3)) == {"1", "2", "3"}
    hits = {hit.document.ref: hit for hit in recall.find("telescope", all_of, NOON_S)}
    for ref in ("1", "3"):
        assert any(one.name == "words around it" for one in hits[ref].reasons)


def test_a_vector_holds_the_words_of_one_document_alone(opened: tuple[Database, Vault]) -> None:
    embedder = Letters()
    recall = Recall(*opened, embedder)
    recall.add(TALK)
    embedded(recall)
    assert sorted(embedder.seen) == sorted(f"{one.speaker}: {one.text}" for one in TALK)


def test_another_embedder_works_everything_out_anew(opened: tuple[Database, Vault]) -> None:
    recall = Recall(*opened, Letters())
    recall.add(TALK)
    embedded(recall)
    recall.use(Letters("others", 13))
    assert recall.embed_waiting(100) == len(TALK)
    assert refs(recall, "telescope")[0] == "1"
    recall.use(None)
    assert refs(recall, "telescope")[0] == "1"


def test_taking_up_vectors_opens_no_text_and_lets_others_search_meanwhile(
    opened: tuple[Database, Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Recall(*opened, Letters())
    before.add(TALK)
    embedded(before)
    recall, vault = Recall(*opened), opened[1]
    seen: list[str] = []
    real = vault.open

    def watched(sealed: bytes, context: str = "") -> bytes:
        if context.startswith("vector") and not seen:
            searcher = threading.Thread(target=refs, args=(recall, "telescope"))
            searcher.start()
            searcher.join(5)
            assert not searcher.is_alive()
        seen.append(context)
        return real(sealed, context)

    monkeypatch.setattr(vault, "open", watched)
    recall.use(Letters())
    while_searching = len(TALK)
    assert {context.split()[0] for context in seen[while_searching:]} == {"vector"}
    assert recall.embed_waiting(10) == 0


def test_a_vector_that_comes_late_brings_nobody_back(
    opened: tuple[Database, Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, vault = opened
    recall, embedder = Recall(database, vault), Letters()
    recall.add(TALK)
    real = embedder.embed

    def forgetting(texts: Sequence[str], *, query: bool = False) -> Vectors:
        vault.destroy("ada")
        recall.remove_person("ada")
        return real(texts, query=query)

    monkeypatch.setattr(embedder, "embed", forgetting)
    recall.use(embedder)
    recall.embed_waiting(10)
    assert database.read("SELECT * FROM keys WHERE person = 'ada'") == []
    assert "1" not in refs(recall, "telescope")


def test_who_is_named_is_preferred(recall: Recall) -> None:
    recall.add(
        [said(str(n), "I like rain.", name, session=str(n)) for n, name in enumerate(["Ada", "Bob", "Cleo"])]
    )
    assert refs(recall, "does Bob like rain?")[0] == "1"


def test_yesterday_means_yesterday(recall: Recall) -> None:
    recall.add(
        [said(str(n), "We played cards.", session=str(n), at_s=NOON_S - n * DAY_S) for n in (9, 5, 1, 3)]
    )
    (hit, *_) = recall.find("what did we play yesterday?", all_of, NOON_S)
    assert hit.document.ref == "1"


def test_it_can_be_used_from_several_threads(opened: tuple[Database, Vault]) -> None:
    recall = Recall(*opened, Letters())
    failed: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for n in range(first, first + 40):
                recall.add([said(str(n), f"Number {n} of the telescope.")])
                recall.find("telescope", all_of, NOON_S)
                recall.embed_waiting(2)
        except BaseException as error:  # noqa: BLE001  # told by the test
            failed.append(error)

    threads = [threading.Thread(target=work, args=(1000 * n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and len(recall) == 160


@pytest.mark.parametrize("column", ["vector", "content"])
def test_what_is_damaged_of_a_document_is_made_anew(opened: tuple[Database, Vault], column: str) -> None:
    first = Recall(*opened, Letters())
    first.add(TALK)
    embedded(first)
    like = "vectors%" if column == "vector" else "documents"
    for (table,) in opened[0].read(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE ?", like
    ):
        opened[0].execute(
            f"UPDATE {table} SET {column} = substr({column}, 1, length({column}) - 1) "
            "WHERE id = (SELECT id FROM documents WHERE ref = '1')"
        )
    assert first.damaged() == 1
    again = Recall(*opened, Letters())
    if column == "content":
        assert set(again.refs("turn")) == {"2", "3", "4", "5"}
        again.add(TALK[:1])
    assert again.embed_waiting(10) == 1 and again.damaged() == 0 and len(again) == len(TALK)

"""The journal keeps every version, takes up what people edit, and loses nothing it cannot read."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from memory import journal_files, versions
from memory.database import Database
from memory.entry import new_id, to_markdown
from memory.errors import EntryError, KeyGone, StoreError
from memory.journal import Journal
from memory.tombstones import Tombstone
from memory.types import Entry, Origin, Scope
from memory.vault import Vault

AT_S = 1_795_806_192.0
MASTER = bytes(range(32))


def an_entry(text: str, *about: str, at_s: float = AT_S, place: str = "voice:1") -> Entry:
    return Entry(new_id(at_s), at_s, text, Scope(Origin.VOICE, place, tuple(sorted(about)), about))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(MASTER, Database(tmp_path / "data" / "memory.sqlite3", MASTER))


@pytest.fixture(params=[True, False], ids=["sealed", "plain"])
def encrypted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def again(tmp_path: Path, vault: Vault, encrypted: bool) -> Callable[[], Journal]:
    """The journal as the next start finds it."""
    return lambda: Journal(tmp_path / "data" / "journal", vault, encrypted=encrypted)


@pytest.fixture
def journal(again: Callable[[], Journal]) -> Journal:
    return again()


@pytest.fixture
def plain(tmp_path: Path, vault: Vault) -> Journal:
    return Journal(tmp_path / "data" / "journal", vault, encrypted=False)


@pytest.fixture
def sealed(tmp_path: Path, vault: Vault) -> Journal:
    return Journal(tmp_path / "data" / "journal", vault)


def file_of(journal: Journal, entry: Entry, version: int = 0) -> Path:
    number = f"versions/{entry.id[-2:]}/{entry.id}.{version:04}"
    name = f".{number}" if version else f"{entry.id[:4]}/{entry.id[4:6]}/{entry.id}"
    return journal.folder / (name + (".md.sealed" if journal.encrypted else ".md"))


def test_an_entry_is_there_at_the_next_start(journal: Journal, again: Callable[[], Journal]) -> None:
    kept = journal.write(an_entry("Ann keeps bees.", "ann"))
    assert kept.version == 1 and file_of(journal, kept).is_file() and file_of(journal, kept, 1).is_file()
    assert journal.entries() == again().entries() == [kept] == [again().read(kept.id)]
    assert again().take_up() == []


def test_every_version_can_be_shown_and_restored(journal: Journal, again: Callable[[], Journal]) -> None:
    first = journal.write(an_entry("one", "ann"))
    second = journal.write(replace(first, text="two"))
    third = journal.restore(first.id, 1)
    assert (second.version, third.version, third.text) == (2, 3, "one")
    assert [entry.text for entry in again().versions(first.id)] == ["one", "two", "one"]
    with pytest.raises(EntryError, match="no version 9"):
        journal.restore(first.id, 9)


def test_restoring_widens_nobody_s_hearing(journal: Journal) -> None:
    first = journal.write(an_entry("one", "ann"))
    journal.write(replace(first, scope=replace(first.scope, private=True)))
    assert journal.restore(first.id, 1).scope.private


def test_an_entry_changed_meanwhile_is_not_overwritten(journal: Journal) -> None:
    first = journal.write(an_entry("one", "ann"))
    journal.write(replace(first, text="two"))
    with pytest.raises(EntryError, match="changed meanwhile"):
        journal.write(replace(first, text="three"))
    journal.remove(first.id)
    with pytest.raises(EntryError, match="removed meanwhile"):
        journal.write(replace(first, version=2, text="three"))


def test_a_hand_edit_becomes_a_version(plain: Journal, vault: Vault) -> None:
    kept = plain.write(an_entry("Ann keeps bees.", "ann"))
    path = file_of(plain, kept)
    path.write_text(path.read_text().replace("bees", "goats").replace("emotion: neutral", "emotion: amused"))
    (taken,) = plain.take_up()
    assert (taken.text, taken.emotion, taken.version) == ("Ann keeps goats.", "amused", 2)
    assert plain.take_up() == [] and plain.entries() == [taken]
    assert [entry.text for entry in Journal(plain.folder, vault, encrypted=False).versions(kept.id)] == [
        "Ann keeps bees.",
        "Ann keeps goats.",
    ]


def test_a_hand_edit_made_while_nobody_looked_is_taken_up_at_the_start(plain: Journal, vault: Vault) -> None:
    kept = plain.write(an_entry("Ann keeps bees.", "ann"))
    path = file_of(plain, kept)
    path.write_text(path.read_text().replace("bees", "goats"))
    assert [entry.text for entry in Journal(plain.folder, vault, encrypted=False).take_up()] == [
        "Ann keeps goats."
    ]


def test_writing_does_not_lose_a_hand_edit(plain: Journal) -> None:
    kept = plain.write(an_entry("one", "ann"))
    path = file_of(plain, kept)
    path.write_text(path.read_text().replace("\none\n", "\nby hand\n"))
    with pytest.raises(EntryError, match="changed meanwhile"):
        plain.write(replace(kept, text="two"))
    plain.write(replace(plain.read(kept.id), text="two"))
    assert [entry.text for entry in plain.versions(kept.id)] == ["one", "by hand", "two"]


def test_an_edit_that_says_the_same_is_no_version(plain: Journal) -> None:
    kept = plain.write(an_entry("one", "ann"))
    path = file_of(plain, kept)
    path.write_text(path.read_text().replace("emotion: neutral", 'emotion:   "neutral"  # hm'))
    assert plain.take_up() == [] and len(plain.versions(kept.id)) == 1


def test_a_broken_edit_is_told_once_and_left_alone(plain: Journal, caplog: pytest.LogCaptureFixture) -> None:
    kept = plain.write(an_entry("Ann keeps bees.", "ann"))
    path = file_of(plain, kept)
    broken = path.read_text().replace("salience: 0.5", "salience: lots").replace("bees", "wasps")
    path.write_text(broken)
    assert plain.take_up() == plain.take_up() == []
    assert [record.message for record in caplog.records] == [
        f"entry {kept.id} was left alone: The entry's salience should be a number from 0 to 1."
    ]
    assert path.read_text() == broken and plain.entries() == [kept]
    assert plain.damaged() == [f"2026/11/{kept.id}.md: The entry's salience should be a number from 0 to 1."]
    with pytest.raises(EntryError, match="left alone"):
        plain.write(replace(kept, text="two"))
    restored = plain.restore(kept.id, 1)
    assert plain.damaged() == [] and restored.version == 2
    assert "wasps" in "".join(path.read_text() for path in plain.folder.rglob("*.left-*"))


def test_a_broken_edit_that_is_put_right_is_taken_up(plain: Journal) -> None:
    kept = plain.write(an_entry("one", "ann"))
    path = file_of(plain, kept)
    whole = path.read_text()
    path.write_text("gone")
    assert plain.take_up() == [] and len(plain.damaged()) == 1
    path.write_text(whole.replace("\none\n", "\ntwo\n"))
    assert [entry.text for entry in plain.take_up()] == ["two"] and plain.damaged() == []


def test_a_note_that_somebody_puts_there_becomes_an_entry(journal: Journal) -> None:
    note = journal.folder / "notes" / "tea.md"
    note.parent.mkdir()
    note.write_text("---\nabout: ann\n---\nLikes tea.")
    (taken,) = journal.take_up()
    assert taken.text == "Likes tea." and journal.entries() == [taken] and not note.exists()
    assert file_of(journal, taken, 1).is_file()


def test_a_process_that_only_looks_takes_no_notes_up(sealed: Journal, vault: Vault) -> None:
    (sealed.folder / "tea.md").write_text("---\nabout: carl\n---\nLikes tea.")
    assert Journal(sealed.folder, vault, notes=False).take_up() == []
    assert [entry.text for entry in sealed.take_up()] == ["Likes tea."]


def test_a_note_that_does_not_say_who_may_hear_it_stays(journal: Journal) -> None:
    note = journal.folder / "tea.md"
    note.write_text("Ann likes tea.")
    assert journal.take_up() == [] and note.read_text() == "Ann likes tea."
    assert "does not say who may hear it" in journal.damaged()[0]
    note.write_text("---\norigin: open\n---\nWe like tea.")
    assert [entry.text for entry in journal.take_up()] == ["We like tea."] and journal.damaged() == []


def test_links_out_of_the_folder_are_not_followed(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("---\norigin: open\n---\nsecret")
    (journal.folder / "link.md").symlink_to(tmp_path / "secret.md")
    (journal.folder / "folder").symlink_to(tmp_path)
    assert journal.take_up() == [] and journal.entries() == []


def test_what_another_process_writes_is_told(journal: Journal, again: Callable[[], Journal]) -> None:
    kept, other = journal.write(an_entry("one", "ann")), again()
    assert journal.take_up() == []
    changed = other.write(replace(kept, text="two"))
    new = other.write(an_entry("three", "ann", at_s=AT_S + 1))
    assert journal.take_up() == [changed, new]
    other.remove(kept.id)
    assert journal.entries() == [new]


def test_the_same_words_are_written_once_a_sitting(journal: Journal) -> None:
    kept = journal.add(an_entry("Ann keeps bees!", "ann"))
    assert journal.add(an_entry("  ann keeps BEES", "ann", at_s=AT_S + 600)) == kept
    assert journal.add(an_entry("Ann keeps no bees", "ann")) != kept
    assert journal.add(an_entry("Ann keeps bees!", "bob")) != kept
    assert journal.add(an_entry("Ann keeps bees!", "ann", at_s=AT_S + 86400)) != kept
    assert len(journal.entries()) == 4


def test_what_was_superseded_may_be_said_again(journal: Journal) -> None:
    old = journal.add(an_entry("Ann lives in Rome", "ann"))
    new = journal.add(replace(an_entry("Ann lives in Oslo", "ann"), supersedes=(old.id,)))
    assert journal.superseded() == {old.id}
    assert journal.add(an_entry("Ann lives in Rome", "ann")).id != old.id
    journal.remove(new.id)
    assert journal.superseded() == set()


def test_a_crash_between_version_and_entry_is_mended(
    journal: Journal, again: Callable[[], Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = journal.write(an_entry("one", "ann"))
    before = file_of(journal, first).read_bytes()
    second = journal.write(replace(first, text="two"))
    file_of(journal, first).write_bytes(before)  # as if the second file had never been written
    mended = again()
    assert mended.read(first.id) == second and mended.damaged() == []
    file_of(journal, first).unlink()
    assert again().entries() == [second]
    assert len(mended.versions(first.id)) == 2


def test_a_crash_after_a_hand_edit_s_version_makes_no_second_one(plain: Journal, vault: Vault) -> None:
    kept = plain.write(an_entry("one", "ann"))
    path = file_of(plain, kept)
    by_hand = path.read_text().replace("\none\n", "\ntwo\n")
    path.write_text(by_hand)
    plain.take_up()
    path.write_text(by_hand)
    assert len(Journal(plain.folder, vault, encrypted=False).versions(kept.id)) == 2


@pytest.mark.parametrize("which", [1, 2])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    journal: Journal, again: Callable[[], Journal], monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    first = journal.write(an_entry("one", "ann"))
    calls = []

    def full(path: Path, raw: bytes) -> None:
        calls.append(path)
        if len(calls) == which:
            path.with_name(path.name + ".new").write_bytes(raw[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, raw)

    write = journal_files.write_secret
    monkeypatch.setattr(journal_files, "write_secret", full)
    with pytest.raises(StoreError, match="is full, so nothing new can be kept"):
        journal.write(replace(first, text="two"))
    monkeypatch.undo()
    assert journal.entries() == again().entries() == [first] == journal.versions(first.id)
    assert not list(journal.folder.rglob("*.new"))
    assert journal.write(replace(first, text="two")).version == 2


@pytest.mark.parametrize(
    "harm",
    [lambda raw: b"", lambda raw: raw[:5], lambda raw: raw[: len(raw) // 2], lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
     lambda raw: os.urandom(len(raw)), lambda raw: raw * 4000],
)  # fmt: skip
def test_wrong_bytes_are_said_and_never_overwritten(
    sealed: Journal, vault: Vault, harm: Callable[[bytes], bytes]
) -> None:
    kept, other = sealed.write(an_entry("one", "ann")), sealed.write(an_entry("other", "bob"))
    path = file_of(sealed, kept)
    broken = harm(path.read_bytes())
    path.write_bytes(broken)
    for journal in (sealed, Journal(sealed.folder, vault)):
        assert {entry.id for entry in journal.entries()} == {kept.id, other.id}  # the version is whole
        assert len(journal.damaged()) == 1 and kept.id in journal.damaged()[0]
        with pytest.raises(EntryError):
            journal.write(replace(kept, text="two"))
        assert path.read_bytes() == broken
    file_of(sealed, kept, 1).write_bytes(b"\x01\x01torn")
    assert sealed.check() and path.read_bytes() == broken


def test_a_damaged_version_is_reported_by_check(sealed: Journal) -> None:
    first = sealed.write(an_entry("one", "ann"))
    second = sealed.write(replace(first, text="two"))
    assert sealed.check() == []
    path = file_of(sealed, first, 1)
    path.write_bytes(path.read_bytes()[:-3])
    (sentence,) = sealed.check()
    assert "0001.md.sealed" in sentence
    assert sealed.versions(first.id) == [second]


def test_what_is_kept_is_found_nowhere_in_the_folder(sealed: Journal, tmp_path: Path) -> None:
    kept = sealed.write(replace(an_entry("Ann keeps bees.", "ann"), topics=("apiculture",), why="told twice"))
    sealed.write(replace(kept, text="Ann keeps goats."))
    written = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert not any(word in written for word in (b"bees", b"goats", b"apiculture", b"twice", b"neutral"))


def test_entries_about_two_people_die_with_one_key(sealed: Journal, vault: Vault) -> None:
    both, bob = (
        sealed.write(an_entry("Ann and Bob fell out.", "ann", "bob")),
        sealed.write(an_entry("Bob.", "bob")),
    )
    vault.destroy("ann")
    for journal in (sealed, Journal(sealed.folder, vault)):
        assert journal.entries() == [bob] and journal.damaged() == [] and journal.versions(both.id) == []
        with pytest.raises(KeyGone):
            journal.read(both.id)
        with pytest.raises(KeyGone):
            journal.write(replace(both, text="Ann and Bob made up."))
    assert sealed.remove_person("ann") == 1 and sealed.remove_person("ann") == 0
    assert sealed.entries() == [bob] and not list(sealed.folder.rglob(f"*{both.id}*"))


@pytest.mark.parametrize("key_first", [True, False])
def test_a_person_goes_with_every_version(journal: Journal, vault: Vault, key_first: bool) -> None:
    ann = journal.write(an_entry("Ann keeps bees.", "ann"))
    journal.write(replace(ann, text="Ann keeps goats."))
    shared = journal.write(an_entry("Ann and Bob met.", "ann", "bob"))
    journal.write(replace(shared, text="Bob met somebody.", scope=replace(shared.scope, about=("bob",))))
    bob, hers = journal.write(an_entry("Bob told of Ann.", "bob")), journal.write(an_entry("I was glad."))
    (journal.folder / "tea.md").write_text("ann likes tea")
    journal.take_up()
    if key_first:
        vault.destroy("ann")
    assert journal.remove_person("ann") == 2
    assert {entry.id for entry in journal.entries()} == {bob.id, hers.id}
    names = {path.name for path in journal.folder.rglob("*") if path.is_file()}
    assert not any(ann.id in name or shared.id in name for name in names)
    if not journal.encrypted:
        assert "tea.md" not in names


def test_a_removed_entry_leaves_nothing(journal: Journal) -> None:
    kept = journal.write(an_entry("one", "ann"))
    file_of(journal, kept).with_name(f".{kept.id}.md.swp").write_text("one")
    assert journal.remove(kept.id) and not journal.remove(kept.id) and not journal.remove("../../x")
    assert journal.entries() == [] and not list(journal.folder.rglob(f"*{kept.id}*"))
    with pytest.raises(EntryError, match="no such entry"):
        journal.read(kept.id)


@pytest.mark.parametrize("encrypted", [True, False])
def test_turning_encryption_on_or_off_converts_every_file(
    tmp_path: Path, vault: Vault, encrypted: bool
) -> None:
    before = Journal(tmp_path / "journal", vault, encrypted=not encrypted)
    kept = before.write(replace(before.write(an_entry("one", "ann")), text="two"))
    hers = before.write(an_entry("mine"))
    after = Journal(tmp_path / "journal", vault, encrypted=encrypted)
    assert after.convert() == 5 and after.convert() == 0
    assert {entry.id: entry.text for entry in after.entries()} == {kept.id: "two", hers.id: "mine"}
    assert [entry.text for entry in after.versions(kept.id)] == ["one", "two"] and after.take_up() == []
    suffixes = {path.name.endswith(".sealed") for path in after.folder.rglob("*.md*")}
    assert suffixes == {encrypted}
    assert after.read(kept.id) == kept


def test_a_plain_file_beside_a_sealed_one_is_a_hand_edit(sealed: Journal) -> None:
    kept = sealed.write(an_entry("one", "ann"))
    plain = file_of(sealed, kept).with_name(f"{kept.id}.md")
    plain.write_text(to_markdown(replace(kept, text="two")))
    assert [entry.text for entry in sealed.take_up()] == ["two"]
    assert not plain.exists() and [entry.text for entry in sealed.versions(kept.id)] == ["one", "two"]


def test_an_entry_put_back_without_its_versions_is_taken_up(
    journal: Journal, again: Callable[[], Journal]
) -> None:
    kept = journal.write(an_entry("one", "ann"))
    raw = file_of(journal, kept).read_bytes()
    journal.remove(kept.id)
    file_of(journal, kept).parent.mkdir(parents=True)
    file_of(journal, kept).write_bytes(raw)
    (entry,) = again().entries()
    assert (entry.id, entry.text, entry.version) == (kept.id, "one", 1)


def test_many_threads_lose_nothing(journal: Journal) -> None:
    threads = [
        threading.Thread(target=lambda number=number: journal.add(an_entry(f"entry {number}", "ann")))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entry.text for entry in journal.entries()} == {f"entry {number}" for number in range(12)}


def test_what_has_not_changed_is_not_read_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        journal.write(an_entry(f"entry {number}", "ann", at_s=AT_S + number))
    before = journal.entries()
    monkeypatch.setattr(versions, "from_markdown", None)
    assert journal.entries() == before and [entry.text for entry in before] == [
        f"entry {n}" for n in range(5)
    ]


def heard(text: str, *heard_by: str) -> Entry:
    return replace(an_entry(text, "bob"), scope=Scope(Origin.VOICE, "voice:1", ("bob",), heard_by))


def test_who_else_was_there_goes_with_their_key(sealed: Journal, vault: Vault) -> None:
    """Without anything being written: a token stands for them, which is for nobody then."""
    kept = sealed.write(heard("Bob has a dog.", "ann", "bob"))
    newer = sealed.write(replace(kept, text="Bob has a small dog."))
    assert newer.scope.heard_by == ("ann", "bob")
    again = Journal(sealed.folder, vault)
    assert [one.scope.heard_by for one in again.versions(kept.id)] == [("ann", "bob")] * 2
    before = file_of(sealed, kept).read_bytes(), file_of(sealed, kept, 1).read_bytes()
    vault.destroy("ann")
    assert [one.scope.heard_by for one in Journal(sealed.folder, vault).versions(kept.id)] == [("bob",)] * 2
    assert sealed.remove_person("ann") == 0
    assert (file_of(sealed, kept).read_bytes(), file_of(sealed, kept, 1).read_bytes()) == before
    assert sealed.read(kept.id).scope.heard_by == ("bob",) and sealed.take_up() == [] == sealed.check()


def test_who_else_was_there_is_left_out_of_files_of_an_earlier_version(
    sealed: Journal, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sealed.folder / journal_files.HIDING).unlink()
    with monkeypatch.context() as earlier:
        earlier.setattr(journal_files, "with_listeners", lambda text, named: None)
        kept = sealed.write(heard("Bob has a dog.", "ann", "bob", "carl"))
        sealed.write(replace(kept, text="Bob has a small dog."))
    again = Journal(sealed.folder, vault)
    assert again.read(kept.id).scope.heard_by == ("ann", "bob", "carl")
    again.remove_person("ann")
    for journal in (again, Journal(sealed.folder, vault)):
        assert [one.scope.heard_by for one in journal.versions(kept.id)] == [("bob", "carl")] * 2
        assert journal.entries()[0].text == "Bob has a small dog." and journal.take_up() == []
    assert [path.name for path in sealed.folder.rglob("*.new")] == []
    assert vault.people() == ["bob", "carl"]  # nobody's token was taken for a person


def test_nobody_who_has_been_forgotten_comes_back_with_a_later_version(journal: Journal) -> None:
    """Whoever is about to change an entry has read it before."""
    read = journal.write(heard("Bob has a dog.", "ann", "bob"))
    journal.remove_person("ann")
    kept = journal.write(replace(read, text="Bob has a small dog."))
    assert kept.scope.heard_by == ("bob",)


def test_as_many_go_as_were_counted(journal: Journal, again: Callable[[], Journal]) -> None:
    both = journal.write(an_entry("Ann and Bob met.", "ann", "bob"))
    anns, bobs = (journal.write(an_entry(f"{one} sings.", one)) for one in ("ann", "bob"))
    journal.write(replace(anns, text="Ann does not sing."))
    gone = Tombstone("a", 0.0, "ann", whole=False, entries=(anns.id, "20260101-000000-abcdef", "nonsense"))
    assert journal.count() == 3 and journal.count_of("ann") == 2
    assert journal.count_resting(gone) == 1 == journal.remove_resting(gone)
    assert journal.count_resting(gone) == 0 == journal.remove_resting(gone)
    assert [one.id for one in again().entries()] == sorted([both.id, bobs.id])
    assert journal.remove_person("ann") == 1 and again().entries() == [bobs]
    assert journal.clear() == 1 and journal.count() == 0 and again().entries() == []
    assert {path.name for path in journal.folder.rglob("*")} == {".lock", ".versions", journal_files.HIDING}


def test_what_was_half_written_or_left_by_an_editor_goes_along(journal: Journal) -> None:
    kept = journal.write(an_entry("Ann sings.", "ann"))
    beside = [
        file_of(journal, kept).with_name(f".{kept.id}.md.swp"),
        file_of(journal, kept).with_name(f"{kept.id}.md~"),
        Path(f"{file_of(journal, kept, 1)}.new"),
    ]
    for path in beside:
        path.write_text("Ann sings loudly.")
    assert journal.remove_person("ann") == 1
    assert not any(path.exists() for path in beside)


def test_a_first_version_that_was_half_written_goes_along(plain: Journal) -> None:
    kept = plain.write(an_entry("Ann sings.", "ann"))
    new = Path(f"{file_of(plain, kept, 1)}.new")
    new.write_bytes(file_of(plain, kept, 1).read_bytes())
    for path in (file_of(plain, kept), file_of(plain, kept, 1)):
        path.unlink()
    plain.remove_person("ann")
    assert not new.parent.exists()


def test_a_note_about_them_that_was_not_taken_up_yet_goes_and_makes_no_key(
    sealed: Journal, vault: Vault
) -> None:
    vault.seal(b"", ["ann"])
    about, other = sealed.folder / "idea.md", sealed.folder / "other.md"
    about.write_text("---\nabout: [ann]\n---\n\nAnn sings.\n")
    other.write_text("---\nabout: [bob]\n---\n\nBob sings.\n")
    vault.destroy("ann")
    sealed.remove_person("ann")
    assert not about.exists() and vault.people() == ["bob"]
    assert [one.text for one in sealed.entries()] == ["Bob sings."]


def test_versions_are_taken_over_from_where_an_earlier_version_kept_them(
    journal: Journal, again: Callable[[], Journal]
) -> None:
    first = journal.write(an_entry("one", "ann"))
    kept = journal.write(replace(first, text="two"))
    old = journal.folder / ".versions" / first.id
    old.mkdir()
    for number in (1, 2):
        path = file_of(journal, kept, number)
        path.rename(old / path.name.removeprefix(f"{first.id}."))
    (old / "0001.left-abcdef.md").write_text("left aside")
    file_of(journal, kept, 1).parent.rmdir()
    after = again()
    assert [one.text for one in after.versions(first.id)] == ["one", "two"] and after.take_up() == []
    assert not old.exists() and file_of(journal, kept, 2).is_file()
    assert [path.name for path in after._files.aside(first.id)] == [f"{first.id}.0001.left-abcdef.md"]
    assert after.remove(first.id) and not list(journal.folder.rglob("*.md*"))

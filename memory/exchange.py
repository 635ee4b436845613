"""Taking memories out, and bringing in what was kept elsewhere. Both ends are plain files: a person asked for them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from memory.audience import without
from memory.commands import entries, heard_by, keep, scope_of
from memory.consent import Purpose
from memory.entry import from_note, new_id, to_markdown
from memory.errors import EntryError, StoreError
from memory.importing import Note, Notes, read_note, read_notes, read_sillytavern
from memory.journal_files import make_folder
from memory.ledger import Item
from memory.master import write_secret
from memory.memory import Memory
from memory.showing import moment, stamp
from memory.types import HERS, Entry, Origin, Scope, StoredTurn

IMPORTED = "imported from a note"
RELATIONSHIP = "relationship.md"  # in an export
_RELATIONSHIP_HEAD = "# What she knows of "  # how it begins; it is no note of hers


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What went out or came in."""

    entries: int = 0
    turns: int = 0
    known: int = 0  # of what was to come in: there already
    problems: tuple[str, ...] = ()  # one sentence each


@dataclass(frozen=True, slots=True)
class Collected:
    """What goes out, readable: nothing of it is on any disk yet."""

    files: dict[str, str]  # name → text
    entries: int
    turns: int

    @property
    def empty(self) -> bool:
        return not any(self.files.values())


def collect(memory: Memory, person: str | None = None) -> Collected:
    """Entries as Markdown and turns as lines of JSON; of a person what they decided and what she knows of them, too.

    ``person``: only what is about them and what they said, as far as they may hear it. Blocks; raises StoreError.
    """
    may = heard_by(person) if person is not None else lambda scope: True
    found = [entry for entry in entries(memory, person) if may(entry.scope)]
    turns = [turn for turn in _turns(memory, person) if may(turn.scope)]
    files = {f"journal/{entry.id[:4]}/{entry.id[4:6]}/{entry.id}.md": to_markdown(entry) for entry in found}
    files["turns.jsonl"] = "".join(json.dumps(_row(turn), ensure_ascii=False) + "\n" for turn in turns)
    if person is not None:
        if decisions := _decisions(memory, person):
            files["decisions.json"] = json.dumps(decisions, indent=2) + "\n"
        if lines := _relationship(memory, person, may):
            files[RELATIONSHIP] = "\n".join([f"{_RELATIONSHIP_HEAD}{person}", "", *lines, ""])
    return Collected(files, len(found), len(turns))


def zipped(files: Mapping[str, str]) -> bytes:
    """The same as one .zip, in memory."""
    whole = io.BytesIO()
    _pack(whole, files)
    return whole.getvalue()


def export(memory: Memory, target: Path, person: str | None = None) -> Exchanged:
    """Write what ``collect`` finds into a new folder, or into a new .zip. Readable by all who can read that file: it
    is not encrypted. Raises StoreError.
    """
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise StoreError(f"{target} is there already: choose another name.")
    found = collect(memory, person)
    try:
        if target.suffix.lower() == ".zip":
            _write_zip(target, found.files)
        else:
            for name, text in found.files.items():
                make_folder((target / name).parent)
                write_secret(target / name, text.encode())
    except OSError as error:
        raise StoreError(f"{target} cannot be written ({error.strerror}).") from error
    return Exchanged(found.entries, found.turns)


def bring_in(memory: Memory, path: Path, about: str | None = None, everybody: bool = False) -> Exchanged:
    """A chat of SillyTavern (.jsonl), a Markdown note, or a folder of notes. What is there already is left out.

    ``about``: whose it is, they alone hear it; ``everybody``: anyone may. Notes that say so themselves, such as
    those of an export, need neither, but bring nobody back who does not want to be remembered. Raises EntryError.
    """
    if not path.exists():
        raise EntryError(f"There is no {path}.")
    if path.suffix.lower() == ".jsonl":
        return _chat(memory, path, about)
    read = read_notes(path) if path.is_dir() else Notes((read_note(path),))
    notes = tuple(note for note in read.notes if not note.source.startswith(_RELATIONSHIP_HEAD))
    read = Notes(notes, read.problems)
    if not read.notes:
        raise EntryError(read.problems[0] if read.problems else f"There are no Markdown notes in {path}.")
    if about or everybody:
        scope = scope_of(about, everybody)
        found, problems = [_entry(note, scope) for note in read.notes], read.problems
    else:
        own, problems = _own(read)
        found = [_as_kept(memory, entry) for entry in own if not any(_gone(memory, entry, entry.scope.about))]
        if refused := len(own) - len(found):
            problems += (f"{refused} notes were left out: they are about somebody who has been forgotten.",)
    before = {entry.id for entry in memory.journal.entries()}
    new = 0
    for entry in found:
        if entry.id not in before:
            kept = keep(memory, entry)
            new += kept.id not in before
            before.add(kept.id)
    return Exchanged(new, 0, len(found) - new, problems)


def _chat(memory: Memory, path: Path, person: str | None) -> Exchanged:
    """What was said there becomes turns, which she finds as she finds any other; she does not reflect on them."""
    if not person:
        raise EntryError("Say who talked with her there: --about PERSON.")
    if not memory.may_remember(person):
        raise EntryError(f"{person} has not agreed to be remembered, so their words cannot be kept.")
    chat = read_sillytavern(path)
    scope = Scope(Origin.DIRECT, "sillytavern", (person,), (person,))
    session = f"sillytavern-{blake2b(f'{person} {path.name}'.encode(), digest_size=8).hexdigest()}"
    there = {(turn.at_s, turn.speaker, turn.text) for turn in memory.turns.of_session(session)}
    kept = []
    for line in chat.lines:
        speaker = HERS if line.hers else person
        if (line.at_s, speaker, line.text) in there:
            continue
        turn = StoredTurn(0, line.at_s, speaker, line.name, line.text, session, scope)
        with memory.allowed((person,)) as allowed:
            added = memory.turns.add(turn) if allowed else None
        kept += [added] if added is not None else []
    memory.turns.set_reflected(turn.id for turn in kept)
    memory.index(kept)
    return Exchanged(0, len(kept), len(chat.lines) - len(kept), chat.problems)


def _own(read: Notes) -> tuple[list[Entry], tuple[str, ...]]:
    """Notes that say themselves who may hear them, and what was wrong with the others."""
    found, broken = [], []
    for note in read.notes:
        try:
            found.append(from_note(note.source, note.at_s))
        except EntryError as error:
            broken.append(str(error))
    if broken and not found:
        raise EntryError(broken[0])
    return found, (*read.problems, *([f"{len(broken)} notes were left out. {broken[0]}"] if broken else []))


def _as_kept(memory: Memory, entry: Entry) -> Entry:
    """As if those who have been forgotten had not heard it."""
    scope = entry.scope
    for person in _gone(memory, entry, scope.heard_by):
        scope = without(scope, person)
    return replace(entry, scope=scope)


def _gone(memory: Memory, entry: Entry, people: Sequence[str]) -> Iterator[str]:
    """Who of ``people`` has said no, or has been forgotten since it happened or without agreeing anew."""
    for person in people:
        decision = memory.consent.decision(person, Purpose.REMEMBERING)
        forgotten_s = memory.forgetting.last_s(person)
        refused = decision is not None and not decision.allowed
        if refused or (forgotten_s is not None and (decision is None or entry.at_s <= forgotten_s)):
            yield person


def _entry(note: Note, scope: Scope) -> Entry:
    heading = "" if note.title[:4].isdecimal() or note.title in note.text else f"# {note.title}\n\n"
    return Entry(new_id(note.at_s), note.at_s, heading + note.text, scope, why=IMPORTED, topics=note.topics)


def _turns(memory: Memory, person: str | None) -> Iterator[StoredTurn]:
    """Everybody's and hers, or those of one person alone; oldest first."""
    if person is not None:
        yield from (turn for turn in memory.turns.of_person(person) if turn.speaker == person)
        return
    last = 0
    while page := memory.turns.after(last):
        yield from page
        last = page[-1].id


def _row(turn: StoredTurn) -> dict[str, object]:
    return {
        "at_s": turn.at_s,
        "speaker": turn.speaker,
        "name": turn.name,
        "text": turn.text,
        "cut": turn.cut,
        "place": turn.scope.place,
        "heard_by": list(turn.scope.heard_by),
    }


def _decisions(memory: Memory, person: str) -> dict[str, object]:
    """By what it is about, whether they agreed, when and how."""
    made = {purpose: memory.consent.decision(person, purpose) for purpose in Purpose}
    return {
        purpose.value: {"allowed": one.allowed, "at": stamp(one.at_s), "how": one.how}
        for purpose, one in made.items()
        if one is not None
    }


def _relationship(memory: Memory, person: str, may: Callable[[Scope], bool]) -> list[str]:
    """The roster as Markdown, as far as it ``may`` be told; empty where there is nothing."""
    known = memory.roster.acquaintance(person)
    met, lines = known.meetings, list[str]()
    if met.name:
        before = f" (before: {', '.join(met.names)})" if met.names else ""
        lines.append(f"- Name: {met.name}{before}")
    if met.first_met_s is not None and met.last_met_s is not None:
        times = f"- First met {moment(met.first_met_s)}, last met {moment(met.last_met_s)}, times: {met.times_met}"
        lines.append(times)
    sections = {
        "Who they are to her": (known.relationship,) if known.relationship else (),
        "Also called": known.aliases,
        "How she has felt (from -1, cold, to 1, warm)": known.feelings,
        "What she knows": known.history,
    }
    for title, items in sections.items():
        told = [_told(item, weighed=items is known.feelings) for item in items if may(item.scope)]
        lines += ["", f"## {title}", *told] if told else []
    return lines


def _told(item: Item, *, weighed: bool) -> str:
    weight = f"{item.weight:+.1f} " if weighed else ""
    until = f", until {moment(item.until_s)}" if item.until_s is not None else ""
    return f"- {weight}{item.text} ({moment(item.at_s)}{until})"


def _write_zip(target: Path, files: Mapping[str, str]) -> None:
    make_folder(target.parent)
    target.touch(mode=0o600)
    with target.open("wb") as file:
        _pack(file, files)


def _pack(whole: BinaryIO, files: Mapping[str, str]) -> None:
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)

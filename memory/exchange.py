"""Taking memories out, and bringing in what was kept elsewhere. Both ends are plain files: a person asked for them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from memory.audience import without
from memory.commands import entries, heard_by, keep, scope_of
from memory.consent import Purpose
from memory.entry import from_note, new_id, to_markdown
from memory.errors import EntryError, StoreError
from memory.importing import Note, Notes, read_note, read_notes, read_sillytavern
from memory.journal_files import make_folder
from memory.master import write_secret
from memory.memory import Memory
from memory.types import HERS, Entry, Origin, Scope, StoredTurn

IMPORTED = "imported from a note"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What went out or came in."""

    entries: int = 0
    turns: int = 0
    known: int = 0  # of what was to come in: there already
    problems: tuple[str, ...] = ()  # one sentence each


def export(memory: Memory, target: Path, person: str | None = None) -> Exchanged:
    """Write entries as Markdown and turns as lines of JSON into a new folder, or into a new .zip. Readable by all
    who can read that file: it is not encrypted.

    ``person``: only what is about them and what they said, as far as they may hear it. Raises StoreError.
    """
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise StoreError(f"{target} is there already: choose another name.")
    may = heard_by(person) if person is not None else lambda scope: True
    found = [entry for entry in entries(memory, person) if may(entry.scope)]
    turns = [turn for turn in _turns(memory) if person in (None, turn.speaker) and may(turn.scope)]
    files = {f"journal/{entry.id[:4]}/{entry.id[4:6]}/{entry.id}.md": to_markdown(entry) for entry in found}
    files["turns.jsonl"] = "".join(json.dumps(_row(turn), ensure_ascii=False) + "\n" for turn in turns)
    try:
        if target.suffix.lower() == ".zip":
            _write_zip(target, files)
        else:
            for name, text in files.items():
                make_folder((target / name).parent)
                write_secret(target / name, text.encode())
    except OSError as error:
        raise StoreError(f"{target} cannot be written ({error.strerror}).") from error
    return Exchanged(len(found), len(turns))


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
        rows = memory.database.read("SELECT max(at_s) FROM tombstones WHERE person = ?", person)
        forgotten_s = rows[0][0]
        refused = decision is not None and not decision.allowed
        if refused or (forgotten_s is not None and (decision is None or entry.at_s <= forgotten_s)):
            yield person


def _entry(note: Note, scope: Scope) -> Entry:
    heading = "" if note.title[:4].isdecimal() or note.title in note.text else f"# {note.title}\n\n"
    return Entry(new_id(note.at_s), note.at_s, heading + note.text, scope, why=IMPORTED, topics=note.topics)


def _turns(memory: Memory) -> Iterator[StoredTurn]:
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


def _write_zip(target: Path, files: dict[str, str]) -> None:
    make_folder(target.parent)
    target.touch(mode=0o600)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)

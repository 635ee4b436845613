"""Read, correct and look after what she remembers. Stop her first for whatever changes it, except to correct an entry."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

from memory import commands, exchange, showing
from memory.arguments import UsageError, parser
from memory.database import NAME, occupied
from memory.editor import draft, edit
from memory.errors import EntryError, MemoryFault, VaultError
from memory.forget import Wish
from memory.memory import Memory, open_memory
from memory.moving import Moved, begin_anew, move
from memory.ports import Embedder
from memory.rekeying import old_keys
from memory.stores.address import EMBEDDED, parse_address
from memory.types import Entry
from persona_core.errors import KithError
from persona_core.settings import Settings, key_place, load_settings

DONE, NOTHING, WRONG = 0, 1, 2  # exit status
_UNASKED = "Nothing was erased: answer y, or give --yes where nobody can be asked."
ALONE = {
    "add",
    "import",
    "remove",
    "rekey",
    "forget",
    "move",
}  # while these run, nobody else may use the folder
Answer = tuple[int, str, dict[str, Any]]  # exit status, what is printed, and the same for JSON


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 nothing found or problems found, 2 an error."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        status, text, data = _answer(words)
        if "--json" in words:
            print(json.dumps(data, ensure_ascii=False))
        elif text:
            print(text)
        return status
    except BrokenPipeError:  # whoever read it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOTHING


def _answer(words: Sequence[str]) -> Answer:
    try:
        options = parser(__doc__ or "").parse_args(words)
        return _run(options, load_settings())
    except (UsageError, MemoryFault, KithError) as error:
        return _wrong(str(error), WRONG)
    except KeyboardInterrupt:
        return _wrong("Stopped.", 130)


def _wrong(sentence: str, status: int) -> Answer:
    print(sentence, file=sys.stderr)
    return status, "", {"error": sentence}


def _run(options: argparse.Namespace, settings: Settings) -> Answer:
    if options.command not in ("add", "import") and not (settings.data_dir / NAME).exists():
        return NOTHING, "Nothing is kept yet.", _nothing(options, settings)
    configured = settings.store.get_secret_value()

    def opened(store: str, alone: bool = options.command in ALONE) -> Memory:
        return open_memory(
            settings.data_dir,
            key_place(settings),
            encrypted=settings.journal_encryption == "on",
            occupy=alone,
            embedder=_embedder(settings) if options.command == "search" else None,
            store=store,
        )

    if options.command == "move" and options.lost:
        with occupied(settings.data_dir), closing(opened(configured, alone=False)) as memory:
            return _moved(begin_anew(memory), EMBEDDED)
    if options.command == "move":
        return _moved(move(opened, configured, options.to or configured), options.to or configured)
    with closing(opened(configured)) as memory:
        return _COMMANDS[options.command](memory, options, settings)


def _embedder(settings: Settings) -> Embedder | None:
    if settings.embedder == "off":
        return None
    from persona_core.assemble import build_embedder  # it imports what the engines need
    from persona_core.models import Bars

    with Bars() as bars:
        return build_embedder(settings, lambda line: print(line, file=sys.stderr), bars)


def _nothing(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """What a command says as JSON where nothing is kept yet, in the form it always has."""
    match options.command:
        case "list":
            return {"entries": [], "problems": []}
        case "search":
            return {"hits": []}
        case "history":
            return {"versions": []}
        case "remove":
            return {"removed": None}
        case "export":
            return asdict(exchange.Exchanged())
        case "verify":
            return asdict(commands.Checked())
        case "rekey":
            return {"done": False}
        case "move":
            return asdict(Moved())
        case "forget":
            return {"person": options.person, "counts": None, "waits": False}
        case "stats":
            return asdict(commands.Stats(encrypted=settings.journal_encryption == "on"))
    return {"entry": None}


def _list(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    found, gone = commands.entries(memory, options.about), memory.journal.superseded()
    problems = memory.journal.damaged()
    lines = [showing.line(entry, entry.id in gone) for entry in found] + problems
    rows = [showing.entry_data(entry) | {"superseded": entry.id in gone} for entry in found]
    data = {"entries": rows, "problems": problems}
    status = DONE if found and not problems else NOTHING
    return status, "\n".join(lines) or "There are no entries.", data


def _show(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    entry = commands.show(memory, options.id)
    return DONE, showing.page(entry), {"entry": showing.entry_data(entry)}


def _search(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    hits = commands.search(memory, options.query, options.person, time.time(), options.most)
    text = "\n".join(showing.hit(one, options.why) for one in hits)
    return (DONE if hits else NOTHING), text or "Nothing was found.", {"hits": showing.hits_data(hits)}


def _add(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    scope = commands.scope_of(options.about, options.open)
    return _kept(commands.add(memory, options.text, scope, time.time()), "Written down")


def _edit(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    entry_id = commands.find_id(memory, options.id)
    before = commands.markdown(memory, entry_id)
    with draft(before, entry_id) as path:
        while True:
            text = edit(path, options.editor)
            try:
                kept = commands.take_back(memory, entry_id, text) if text != before else None
                break
            except EntryError as error:
                if not _agreed(f"{error} Edit it again?"):
                    raise
    return _kept(kept, "Changed") if kept else (DONE, "Nothing was changed.", {"entry": None})


def _history(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    versions = commands.history(memory, options.id)
    text = "\n".join(showing.version_line(entry) for entry in versions)
    return DONE, text, {"versions": [showing.entry_data(entry) for entry in versions]}


def _restore(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    return _kept(commands.restore(memory, options.id, options.version), "Restored")


def _remove(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    entry_id = commands.find_id(memory, options.id)
    if not options.yes and not _agreed(f"Erase {entry_id} with all its versions? It cannot be undone."):
        return NOTHING, _UNASKED, {"removed": None}
    commands.remove(memory, entry_id)
    return DONE, f"Removed {entry_id} with all its versions.", {"removed": entry_id}


def _export(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    done = exchange.export(memory, options.target, options.person)
    text = f"Wrote {done.entries} entries and {done.turns} turns to {options.target}; they are not encrypted there."
    return (DONE if done.entries or done.turns else NOTHING), text, asdict(done)


def _import(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    done = exchange.bring_in(memory, options.path, options.about, options.open)
    text = f"Brought in {done.entries} entries and {done.turns} turns; {done.known} were there already."
    status = NOTHING if done.problems or not (done.entries or done.turns or done.known) else DONE
    return status, "\n".join([text, *done.problems]), asdict(done)


def _verify(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    found = commands.verify(memory)
    lines = [f"Opened {found.entries} entries, {found.versions} versions of them and {found.turns} turns."]
    lines += [f"Opened what is known of {found.people} people, her profile and the index."]
    lines += found.problems or ["Everything is as it should be."]
    return (NOTHING if found.problems else DONE), "\n".join(lines), asdict(found)


def _rekey(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    place, passphrase = key_place(settings), ""
    if commands.needs_passphrase(place):
        passphrase = _new_passphrase()
    commands.new_key(memory, place, passphrase)
    after = "Set KEY_PASSPHRASE to it now." if passphrase else "Keep a copy of it, elsewhere."
    before = "A backup made before, and another DATA_DIR with the same key, opens with the old one"
    lies = f", which is kept in {old[-1]}." if (old := old_keys(place)) else "."
    return DONE, f"There is a new key. {after} {before}{lies}", {"done": True}


def _forget(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    question = f"Erase all that is kept of {options.person}? It cannot be undone."
    if not options.yes and not _agreed(question):
        return NOTHING, _UNASKED, {"person": options.person, "counts": None, "waits": False}
    receipt = memory.forget(Wish(options.person))
    counts = ", ".join(f"{count} in {name}" for name, count in receipt.counts.items() if count)
    later = " What lies in Redis goes when it answers again, at her next start." if receipt.waits else ""
    data = {"person": receipt.person, "counts": receipt.counts, "waits": receipt.waits}
    return DONE, f"Forgotten: {counts or 'there was nothing'}.{later}", data


def _moved(done: Moved, to: str) -> Answer:
    where = "DATA_DIR" if parse_address(to) is None else "Redis"
    if done.there:
        return DONE, f"It lies in {where} already.", asdict(done)
    after = "leave STORE empty" if where == "DATA_DIR" else "set STORE to its address"
    text = f"What is known of {done.people} people lies in {where} now, {done.values} values, and nowhere else: {after}."
    return DONE, text, asdict(done)


def _stats(memory: Memory, options: argparse.Namespace, settings: Settings) -> Answer:
    found = commands.stats(memory)
    since = f", from {showing.moment(found.oldest_s)}" if found.oldest_s is not None else ""
    until = f" to {showing.moment(found.newest_s)}" if found.newest_s is not None else ""
    lines = [
        f"{found.entries} entries{since}{until}; {found.superseded} superseded, {found.versions} versions.",
        f"{found.commitments} open commitments. {found.turns} turns. {found.people} people.",
        f"Journal {showing.size(found.journal_bytes)}, {'sealed' if found.encrypted else 'plain'}; "
        f"database {showing.size(found.database_bytes)}.",
    ]
    lines += [f"{found.damaged} files are damaged: see `verify`."] if found.damaged else []
    return DONE, "\n".join(lines), asdict(found)


def _kept(entry: Entry, done: str) -> Answer:
    text = f"{done} as {entry.id}, version {entry.version}."
    return DONE, text, {"entry": showing.entry_data(entry)}


def _agreed(question: str) -> bool:
    """Whether somebody at the keyboard says yes; nobody there: no."""
    if not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _new_passphrase() -> str:
    """From a pipe its first line; from a keyboard twice, unseen."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("New passphrase: ")
    if first != getpass.getpass("Again: "):
        raise VaultError("These are two different passphrases, so nothing was changed.")
    return first


_COMMANDS: dict[str, Callable[[Memory, argparse.Namespace, Settings], Answer]] = {
    "list": _list,
    "show": _show,
    "search": _search,
    "add": _add,
    "edit": _edit,
    "open": _edit,
    "history": _history,
    "restore": _restore,
    "remove": _remove,
    "export": _export,
    "import": _import,
    "verify": _verify,
    "rekey": _rekey,
    "forget": _forget,
    "stats": _stats,
}


if __name__ == "__main__":
    sys.exit(main())

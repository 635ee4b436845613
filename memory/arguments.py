"""What ``python -m memory`` understands."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

_ENTRY = "its id, or the beginning of it"
_PERSON = "a person's id as `list` shows it, e.g. discord:123456789"


class UsageError(Exception):
    """The words of a command line make no sense; says why. How it is used has been printed already."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(f"{self.prog}: {message}.")


def parser(about: str) -> argparse.ArgumentParser:
    """Raises UsageError when it parses what it cannot understand. ``about``: what the program is for."""
    whole = _Parser(
        prog="python -m memory",
        description=about,
        epilog="Exit status: 0 done, 1 nothing or problems found, 2 an error. DATA_DIR, KEY_SOURCE, KEY_FILE, "
        "KEY_PASSPHRASE, STORE, JOURNAL_ENCRYPTION and EMBEDDER are read from the environment and .env.",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, what: str, more: str = "") -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}. {more}".strip())
        one.add_argument("--json", action="store_true", help="one JSON object on standard output")
        return one

    one = command("list", "the journal, one entry a line, oldest first")
    one.add_argument("--about", type=_person, metavar="PERSON", help="only what is about them")
    one = command("show", "all of an entry, and who may hear it")
    one.add_argument("id", metavar="ID", help=_ENTRY)

    one = command("search", "what she would recall, best first", "Only what that person may hear.")
    one.add_argument("query", metavar="TEXT", help="words, a question, a time such as 'last night'")
    one.add_argument("--for", dest="person", type=_person, required=True, metavar="PERSON", help=_PERSON)
    one.add_argument("--why", action="store_true", help="every part of each score")
    one.add_argument("--most", type=_count, default=10, metavar="N", help="at most so many (default: 10)")

    one = command("add", "write an entry down")
    one.add_argument("text", metavar="TEXT", help="Markdown")
    _audience(one)

    for name in ("edit", "open"):
        one = command(
            name,
            "an entry in your editor",
            "It is decrypted into a file that only you can read, taken back as a new version, and the file erased. "
            "Which editor: --editor, else $VISUAL, else $EDITOR; it has to wait until you close the file.",
        )
        one.add_argument("id", metavar="ID", help=_ENTRY)
        one.add_argument("--editor", default="", metavar="COMMAND", help="e.g. 'code --wait'")
    one = command("history", "every version of an entry")
    one.add_argument("id", metavar="ID", help=_ENTRY)
    one = command("restore", "make an earlier version the newest one", "No version is lost.")
    one.add_argument("id", metavar="ID", help=_ENTRY)
    one.add_argument("version", type=_count, metavar="VERSION", help="its number in `history`")
    one = command("remove", "erase an entry with all its versions")
    one.add_argument("id", metavar="ID", help=_ENTRY)
    one.add_argument("--yes", action="store_true", help="do not ask")

    one = command("export", "write it out, as Markdown and JSON", "What is written is not encrypted.")
    one.add_argument("target", type=Path, metavar="DIR|ZIP", help="a new folder, or a new .zip")
    one.add_argument(
        "--for", dest="person", type=_person, metavar="PERSON", help="only what is theirs to have"
    )
    one = command(
        "import",
        "bring in a chat of SillyTavern (.jsonl), a note or a folder of Markdown notes",
        "Notes that say `about:` or `origin: open` at their top need neither --about nor --open.",
    )
    one.add_argument("path", type=Path, metavar="PATH")
    _audience(one)

    command("verify", "open everything, and say what is damaged")
    command(
        "rekey",
        "make a new master key",
        "All stays as it is. For KEY_SOURCE=passphrase the new one is asked for. "
        "Cut short, it is finished at the next start.",
    )
    one = command(
        "move",
        "take what is known of people to another store",
        "All of it is compared there before the place where it lay is emptied; cut short, it is finished by doing it once "
        "more. Set STORE to the same afterwards.",
    )
    one.add_argument(
        "--to", default="", metavar="STORE", help="redis://… or embedded (default: what STORE says)"
    )
    one.add_argument(
        "--lost", action="store_true", help="the Redis in which it lay is lost: begin anew in DATA_DIR"
    )
    one = command("forget", "erase all that is kept of a person")
    one.add_argument("person", type=_person, metavar="PERSON", help=_PERSON)
    one.add_argument("--yes", action="store_true", help="do not ask")
    command("stats", "how much there is")
    return whole


def _audience(one: argparse.ArgumentParser) -> None:
    which = one.add_mutually_exclusive_group()
    which.add_argument("--about", type=_person, metavar="PERSON", help="whom it is about: they alone hear it")
    which.add_argument("--open", action="store_true", help="anybody may hear it")


def _person(text: str) -> str:
    """Nobody's id is blank: an empty one would stand for herself, or for everybody."""
    if not text.strip():
        raise argparse.ArgumentTypeError("should name a person, e.g. discord:123456789")
    return text.strip()


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError("should be a whole number from 1 to 999999999")
    return int(text)

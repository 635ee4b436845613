"""Chats of SillyTavern and folders of Markdown notes, read as data: nothing in them is ever taken as an instruction.

What cannot be understood is skipped, counted and said in one sentence; nothing is written here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memory.entry import LATEST_S, MOST_TEXT, split
from memory.errors import EntryError
from memory.fields import clean

MOST_FILE_BYTES = 64 * 1024 * 1024  # of a chat
MOST_LINE_BYTES = 1024 * 1024
MOST_NOTES = 100_000
MOST_NAME = 100  # characters
_MOST_DEEP = 12  # folders in folders
_NOTE_DAY = re.compile(r"(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")
_CHAT_DAYS = (  # SillyTavern's, by age; without a time zone they are this machine's
    re.compile(
        r"(?P<Y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2}) ?@ ?(?P<H>\d{1,2})h ?(?P<M>\d{1,2})m ?(?P<S>\d{1,2})s"
    ),
    re.compile(
        r"(?P<b>[A-Za-z]{3,9}) (?P<d>\d{1,2}), (?P<Y>\d{4}) (?P<H>\d{1,2}):(?P<M>\d{2}) ?(?P<p>[AaPp])\.?[Mm]"
    ),
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One message."""

    name: str  # as it was shown
    hers: bool  # the character wrote it
    text: str
    at_s: float  # Unix time


@dataclass(frozen=True, slots=True)
class Chat:
    person: str  # the user's name
    character: str
    lines: tuple[ChatLine, ...]
    problems: tuple[str, ...] = ()  # one sentence each


@dataclass(frozen=True, slots=True)
class Note:
    title: str
    text: str  # Markdown
    at_s: float  # Unix time
    topics: tuple[str, ...]
    source: str  # its whole file


@dataclass(frozen=True, slots=True)
class Notes:
    notes: tuple[Note, ...]
    problems: tuple[str, ...] = ()  # one sentence each


def read_sillytavern(path: Path) -> Chat:
    """A chat, as SillyTavern keeps it in chats/: .jsonl, the first line says who talks. Raises EntryError."""
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise EntryError(f"{path.name} is larger than {MOST_FILE_BYTES // 2**20} MiB.")
        rows = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
        changed_s = path.stat().st_mtime
    except OSError as error:
        raise EntryError(f"{path.name} cannot be read ({error.strerror}).") from error
    about = _object(rows[0]) if rows else None
    if about is None or not {"user_name", "character_name", "chat_metadata"} & about.keys():
        raise EntryError(f"{path.name} is no chat of SillyTavern: its first line does not say who talks.")
    last_s = when(about.get("create_date")) or changed_s
    lines, broken = [], 0
    for row in rows[1:]:
        message = _object(row)
        if message is None:
            broken += bool(row.strip())
            continue
        last_s = when(message.get("send_date")) or last_s
        text = _said(message)
        if message.get("is_system") is True or text == "":
            continue
        if text is None or not isinstance(message.get("is_user"), bool):
            broken += 1
            continue
        name = clean(str(message.get("name") or "?"))[:MOST_NAME]
        lines.append(ChatLine(name, not message["is_user"], text[:MOST_TEXT], last_s))
    problems = (f"{broken} of {len(rows) - 1} lines could not be read, and were left out.",) if broken else ()
    return Chat(_named(about, "user_name", lines, False), _named(about, "character_name", lines, True),
                tuple(lines), problems)  # fmt: skip


def read_notes(folder: Path) -> Notes:
    """Every Markdown file in a folder and those below it, such as an Obsidian vault. Raises EntryError.

    A note's day is in its front matter (``date`` or ``created``), else in its name, else when it was last changed.
    Hidden files and links are left out.
    """
    if not folder.is_dir():
        raise EntryError(f"{folder.name} is no folder.")
    notes: list[Note] = []
    paths = sorted(_markdown(folder, _MOST_DEEP))
    broken = empty = 0
    for path in paths[:MOST_NOTES]:
        try:
            note = read_note(path)
        except EntryError:
            broken += 1
            continue
        empty += not note.text
        notes += [note] if note.text else []
    sentences = (
        (broken, f"{broken} notes could not be read, and were left out."),
        (empty, f"{empty} notes are empty, and were left out."),
        (len(paths) > MOST_NOTES, f"There are more than {MOST_NOTES} notes; the rest was left out."),
    )
    return Notes(tuple(notes), tuple(sentence for count, sentence in sentences if count))


def read_note(path: Path) -> Note:
    """One note. Raises EntryError."""
    try:
        if path.stat().st_size > 4 * MOST_TEXT:
            raise EntryError(f"{path.name} is longer than {MOST_TEXT} characters.")
        source = path.read_text("utf-8")
        changed_s = path.stat().st_mtime
    except OSError as error:
        raise EntryError(f"{path.name} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise EntryError(f"{path.name} is no text in UTF-8.") from error
    front, body = split(source)
    text = clean(body)
    if len(text) > MOST_TEXT:
        raise EntryError(f"{path.name} is longer than {MOST_TEXT} characters.")
    front = front or {}
    said = (when(front.get(name)) for name in ("date", "created", "at"))
    at_s = next((at for at in said if at), None) or _day_in(path.stem) or changed_s
    return Note(clean(path.stem)[:MOST_NAME], text, at_s, _tags(front), source)


def when(value: Any) -> float | None:
    """Unix time of one of the many forms of a date; None when it is none."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _sane(value / 1000 if value > 1e11 else float(value))  # JavaScript counts milliseconds
        if not isinstance(value, str):
            return None
        value = value.strip()[:64]
        if value.isascii() and value.isdecimal() and len(value) > 8:
            return when(int(value))
        for form in _CHAT_DAYS:
            if match := form.match(value):
                return _sane(_calendar(match.groupdict()).timestamp())
        return _sane(datetime.fromisoformat(value).timestamp())
    except (ValueError, OverflowError, OSError):
        return None


def _calendar(parts: dict[str, str]) -> datetime:
    month = int(parts["m"]) if "m" in parts else _MONTHS.index(parts["b"][:3].lower()) + 1
    hour = int(parts["H"])
    if "p" in parts:
        hour = hour % 12 + (12 if parts["p"] in "pP" else 0)
    return datetime(int(parts["Y"]), month, int(parts["d"]), hour, int(parts["M"]), int(parts.get("S", 0)))


def _sane(at_s: float) -> float | None:
    return at_s if 0 < at_s < LATEST_S else None


def _day_in(name: str) -> float | None:
    """Noon of the day that a file's name begins with or holds; in UTC, so that it is that day nearly everywhere."""
    match = _NOTE_DAY.search(name)
    try:
        year, month, day = map(int, match.groups()) if match else (0, 0, 0)
        return _sane(datetime(year, month, day, 12, tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _object(row: bytes) -> dict[str, Any] | None:
    if len(row) > MOST_LINE_BYTES:
        return None
    try:
        found = json.loads(row)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _said(message: dict[str, Any]) -> str | None:
    """The words that were chosen in the end; None where there are none in a form that is known."""
    text, swipes, chosen = message.get("mes"), message.get("swipes"), message.get("swipe_id")
    if not isinstance(text, str) or not text.strip():
        has = isinstance(swipes, list) and isinstance(chosen, int) and 0 <= chosen < len(swipes)
        text = swipes[chosen] if has and isinstance(swipes, list) and isinstance(chosen, int) else text
    return clean(text) if isinstance(text, str) else None


def _named(about: dict[str, Any], field: str, lines: list[ChatLine], hers: bool) -> str:
    name = about.get(field)
    if isinstance(name, str) and clean(name) not in ("", "unused"):  # newer versions leave it to the messages
        return clean(name)[:MOST_NAME]
    return next((line.name for line in lines if line.hers is hers), "?")


def _tags(front: dict[str, Any]) -> tuple[str, ...]:
    tags = front.get("tags") or front.get("topics") or ()
    if isinstance(tags, str):
        tags = re.split(r"[,\s]+", tags)
    plain = [clean(tag).lstrip("#")[:MOST_NAME] for tag in list(tags)[:50] if isinstance(tag, str)]
    return tuple(dict.fromkeys(tag for tag in plain if tag))


def _markdown(folder: Path, deep: int) -> Iterator[Path]:
    """Those in a folder and below it; neither hidden ones nor what links lead to."""
    try:
        with os.scandir(folder) as items:
            for item in items:
                if item.name.startswith("."):
                    continue
                if deep and item.is_dir(follow_symlinks=False):
                    yield from _markdown(Path(item.path), deep - 1)
                elif item.name.lower().endswith(".md") and item.is_file(follow_symlinks=False):
                    yield Path(item.path)
    except OSError:  # a folder that may not be read
        return

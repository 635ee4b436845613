"""An entry of the journal as Markdown with front matter, and back. Pure.

Everything in the front matter is read as text first, so that nobody's topic ``no`` becomes false and nobody's id a
number.
"""

from __future__ import annotations

import difflib
import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import yaml

from memory.errors import EntryError
from memory.fields import Fields, clean, read_fields
from memory.types import HERS, Commitment, Entry, Origin, Scope

MOST_TEXT = 20_000  # characters of an entry
MOST_FRONT = 60_000  # characters of front matter
MOST_BYTES = 400_000  # of a file; more is not read
LATEST_S = 253_370_000_000.0  # late in the year 9998: what a calendar can hold in every time zone
ME = "me"  # how HERS stands in a file: it is her journal
FIELDS = (
    *(
        "id",
        "at",
        "version",
        "origin",
        "place",
        "about",
        "heard_by",
        "private",
        "emotion",
        "salience",
        "pinned",
        "why",
    ),
    *("commitments", "topics", "emotions", "partners", "sources", "supersedes", "written"),
)
FIXED = ("id", "at", "origin", "place", "about", "heard_by", "sources")  # that nobody changes by hand
ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_FENCE = "---"
_HEARD_BY = re.compile(r"^heard_by: \[((?:[\w.:@*-]+|'[\w.:@*-]+'|,\s+)*)\]$", re.MULTILINE)
_ON_A_LINE = re.compile(r"[^\s,]+")


def new_id(at_s: float) -> str:
    """An id for what happened at ``at_s`` (Unix time)."""
    return f"{datetime.fromtimestamp(_sane(at_s), UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def is_id(text: str) -> bool:
    return ID.fullmatch(text) is not None


def to_markdown(entry: Entry) -> str:
    """The entry as a person may read and edit it; times in this machine's time zone."""
    scope = entry.scope
    front = {
        "id": entry.id,
        "at": _local(entry.at_s),
        "version": entry.version,
        "origin": scope.origin.value,
        "place": clean(scope.place),
        "about": _Inline(map(clean, scope.about)),
        "heard_by": _Inline(map(clean, scope.heard_by)),
        "private": scope.private,
        "emotion": clean(entry.emotion),
        "salience": round(entry.salience, 3),
        "pinned": entry.pinned,
        "why": clean(entry.why),
        "commitments": [_commitment(commitment) for commitment in entry.commitments],
        "topics": _Inline(map(clean, entry.topics)),
        "emotions": _Inline(map(clean, entry.emotions)),
        "partners": _Inline(map(clean, entry.partners)),
        "sources": _Inline(entry.sources),
        "supersedes": _Inline(entry.supersedes),
        "written": _local(entry.written_s),
    }
    text = yaml.dump(front, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return f"{_FENCE}\n{text}{_FENCE}\n\n{clean(entry.text)}\n"


def from_markdown(text: str, before: Entry | None = None) -> Entry:
    """What ``to_markdown`` wrote, or what a person made of it. Raises EntryError.

    ``before``: the version that was edited. Then its id, time, scope, sources and version stay, whatever the file
    says: nobody widens by a slip who may hear something, or says where it comes from. ``private`` may be turned on,
    which tells it to fewer. A field that was taken out stays as it was; ``[]`` or nothing after the colon empties it.
    """
    front, body = split(text)
    if front is None:
        raise EntryError("The entry has lost its front matter, the part between two lines of three dashes.")
    for name in front:
        if name not in FIELDS:
            close = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f": did you mean {close[0]}?" if close else "."
            raise EntryError(f"The entry has a field that is not known{hint}")
    fields = Fields("The entry", front)
    entry = _taken(fields, body, before or _bare(fields))
    if before is None or not fields.flag("private", False):
        return entry
    return replace(entry, scope=replace(before.scope, private=True))


def refused(text: str, before: Entry) -> list[str]:
    """Names of the fields that ``text`` has otherwise than ``before`` and that stay as they are. Raises EntryError."""
    now, was = (Fields("The entry", split(one)[0] or {}) for one in (text, to_markdown(before)))
    changed = [name for name in FIXED if set(now.words(name, was.words(name))) != set(was.words(name))]
    opened = before.scope.private and not now.flag("private", True)
    return [*changed, *(["private"] if opened else [])]


def from_note(text: str, at_s: float) -> Entry:
    """A note that somebody wrote by hand, as a new entry. Raises EntryError.

    It has to say who may hear it: ``about: [person]`` (they alone), or ``origin: open`` (everybody). It may have any
    of the other fields. ``at_s`` (Unix time) counts where it does not say when; fields of other programs are left.
    """
    front, body = split(text)
    fields = Fields("The note", {name: value for name, value in (front or {}).items() if name in FIELDS})
    about = fields.words("about")
    if not about and fields.text("origin", "") != Origin.OPEN:
        raise EntryError(
            "The note does not say who may hear it: add a line `about: [person]` or `origin: open` at its top."
        )
    at_s = _sane(fields.moment("at", at_s))
    bare = Entry(
        fields.text("id", "") or new_id(at_s),
        at_s,
        "",
        _scope(fields, Origin.DIRECT if about else Origin.OPEN),
    )
    if not is_id(bare.id):
        raise EntryError("The note's id is not one of hers: take that line out.")
    return _taken(fields, body, bare)


def split(text: str) -> tuple[dict[str, Any] | None, str]:
    """Front matter, None where there is none, and what stands below it. Raises EntryError."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].rstrip() != _FENCE:
        return None, "\n".join(lines)
    end = next((at for at in range(1, len(lines)) if lines[at].rstrip() == _FENCE), None)
    if end is None:
        raise EntryError("The front matter does not end: put a line of three dashes below it.")
    source = "\n".join(lines[1:end])
    if len(source) > MOST_FRONT:
        raise EntryError("The front matter is too long.")
    return read_fields(source), "\n".join(lines[end + 1 :])


def with_listeners(text: str, named: Callable[[str], str | None]) -> str | None:
    """``text`` with what ``named`` makes of each id of those who heard it, None: they were not there; nothing else of it
    is read. None where it is not as ``to_markdown`` wrote it.
    """
    front, fence, body = text.partition(f"\n{_FENCE}\n")
    found = _HEARD_BY.search(front)
    if found is None:
        return None
    people = filter(None, (named(one.strip("'")) for one in _ON_A_LINE.findall(found[1])))
    row = ", ".join(f"'{one}'" for one in people)
    return f"{front[: found.start(1)]}{row}{front[found.end(1) :]}{fence}{body}"


def same(one: Entry, other: Entry) -> bool:
    """Whether two versions say the same; which they are and when they were written does not count."""
    return replace(one, version=other.version, written_s=other.written_s) == other


def words_and_signs(text: str) -> str:
    """Likewise; signs such as € or 🐝 count, and punctuation where there is nothing else."""
    kept = "".join(" " if unicodedata.category(one)[0] in "CPZ" else one for one in text.casefold())
    return " ".join(kept.split()) or text.strip()


def bare_words(text: str) -> str:
    """What remains of a text when case, punctuation and spacing do not count."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _taken(fields: Fields, body: str, before: Entry) -> Entry:
    """``before`` with everything that a person may change as ``fields`` and ``body`` have it."""
    text = clean(body)
    if not text:
        raise EntryError(f"{fields.whole} has no text.")
    if len(text) > MOST_TEXT:
        raise EntryError(f"{fields.whole} is longer than {MOST_TEXT} characters.")
    supersedes = fields.words("supersedes", before.supersedes)
    if not all(is_id(one) and one != before.id for one in supersedes):
        raise EntryError(f"{fields.whole}'s supersedes should be a list of ids of other entries.")
    return replace(
        before,
        text=text,
        emotion=fields.text("emotion", before.emotion) or "neutral",
        salience=fields.number("salience", before.salience),
        pinned=fields.flag("pinned", before.pinned),
        why=fields.text("why", before.why),
        commitments=_commitments(fields, before),
        topics=fields.words("topics", before.topics),
        emotions=fields.words("emotions", before.emotions),
        partners=fields.words("partners", before.partners),
        supersedes=supersedes,
    )


def _bare(fields: Fields) -> Entry:
    """All that only she writes: an entry without text yet."""
    entry_id = fields.text("id")
    if not is_id(entry_id):
        raise EntryError(f"{fields.whole}'s id is not one of hers.")
    return Entry(
        entry_id,
        _sane(fields.moment("at")),
        "",
        _scope(fields, None),
        sources=fields.counts("sources"),
        version=max(1, fields.count("version", 1)),
        written_s=_sane(fields.moment("written", 0.0)),
    )


def _scope(fields: Fields, origin: Origin | None) -> Scope:
    """``origin`` None: it has to be said."""
    about = tuple(sorted(set(fields.words("about"))))
    named = fields.text("origin", origin)
    if named not in list(Origin):
        raise EntryError(f"{fields.whole}'s origin should be one of {', '.join(Origin)}.")
    heard_by = fields.words("heard_by", () if origin is None else about)
    return Scope(
        Origin(named),
        fields.text("place", ""),
        about,
        tuple(sorted(set(heard_by))),
        fields.flag("private", False),
    )


def _commitments(fields: Fields, before: Entry) -> tuple[Commitment, ...]:
    rows = fields.rows("commitments")
    if rows is None:
        return before.commitments
    somebody = before.scope.about[0] if before.scope.about else HERS
    found = []
    for row in rows:
        text = row.text("text")
        if not text:
            raise EntryError(f"{row.whole} has no text.")
        who = row.text("who", somebody)
        found.append(Commitment(text, HERS if who == ME else who, row.day("by"), row.flag("done", False)))
    return tuple(found)


def _commitment(commitment: Commitment) -> dict[str, str | date | bool]:
    row: dict[str, str | date | bool] = {"text": clean(commitment.text), "who": commitment.who or ME}
    if commitment.by is not None:
        row["by"] = commitment.by
    return row | {"done": commitment.done}


def _local(at_s: float) -> datetime:
    return datetime.fromtimestamp(_sane(at_s)).astimezone()


def _sane(at_s: float) -> float:
    """Within what a calendar can hold, in whole milliseconds; a clock may be far off."""
    return round(min(max(at_s, 0.0), LATEST_S), 3) if at_s == at_s else time.time()


class _Inline(list[Any]):
    """Stands on one line."""


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Short lists on one line, times in the form of ISO 8601."""


_Dumper.add_representer(
    _Inline, lambda dumper, rows: dumper.represent_sequence("tag:yaml.org,2002:seq", rows, flow_style=True)
)
_Dumper.add_representer(
    datetime,
    lambda dumper, at: dumper.represent_scalar(
        "tag:yaml.org,2002:timestamp", at.isoformat("T", "milliseconds" if at.microsecond else "seconds")
    ),
)

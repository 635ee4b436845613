"""How memories look on a screen, and as JSON. Pure; times in this machine's time zone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from memory.entry import ME
from memory.types import Commitment, Entry, Hit, Origin, Scope

_ORIGINS = {
    Origin.DIRECT: "told her alone",
    Origin.VOICE: "said in a call",
    Origin.TEXT: "written in a channel",
    Origin.OPEN: "meant for everybody",
}


def moment(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s):%Y-%m-%d %H:%M}"


def line(entry: Entry, gone: bool = False) -> str:
    """One entry on one line. ``gone``: another one has taken its place."""
    mark = " (superseded)" if gone else ""
    return (
        f"{entry.id}  {moment(entry.at_s)}  {entry.salience:.1f}  {_about(entry)}: {short(entry.text)}{mark}"
    )


def short(text: str, most: int = 72) -> str:
    """The beginning of a text, on one line."""
    return textwrap.shorten(" ".join(text.split()), most, placeholder=" …") or text[:most]


def page(entry: Entry) -> str:
    """All of an entry."""
    heard = f"{_ORIGINS[entry.scope.origin]}, heard by {', '.join(entry.scope.heard_by) or 'nobody else'}"
    rows = [
        ("when", moment(entry.at_s)),
        ("about", _about(entry)),
        ("who may hear it", heard + (", kept private" if entry.scope.private else "")),
        ("emotion", ", ".join(dict.fromkeys((entry.emotion, *entry.emotions)))),
        ("salience", f"{entry.salience:.2f}" + (f": {entry.why}" if entry.why else "")),
        ("topics", ", ".join(entry.topics)),
        *(("commitment", _commitment(one)) for one in entry.commitments),
        ("supersedes", ", ".join(entry.supersedes)),
        ("from turns", ", ".join(map(str, entry.sources))),
        ("version", f"{entry.version}, written {moment(entry.written_s)}"),
    ]
    head = [f"{name:>15}  {value}" for name, value in rows if value]
    return "\n".join([f"{'entry':>15}  {entry.id}", *head, "", entry.text])


def version_line(entry: Entry) -> str:
    return f"{entry.version:4}  {moment(entry.written_s)}  {short(entry.text)}"


def hit(found: Hit, why: bool) -> str:
    """``why``: with every part of its score."""
    document = found.document
    who = f"{document.speaker}: " if document.speaker else ""
    top = f"{found.score:6.2f}  {document.kind} {document.ref}  {moment(document.at_s)}  {who}{short(document.text)}"
    if not why:
        return top
    return "\n".join([top, *(f"        {reason.points:+.3f}  {reason.name}" for reason in found.reasons)])


def entry_data(entry: Entry) -> dict[str, Any]:
    """For JSON."""
    return {
        "id": entry.id,
        "at": stamp(entry.at_s),
        "text": entry.text,
        "scope": _scope_data(entry.scope),
        "emotion": entry.emotion,
        "salience": entry.salience,
        "why": entry.why,
        "commitments": [_commitment_data(one) for one in entry.commitments],
        "topics": list(entry.topics),
        "emotions": list(entry.emotions),
        "partners": list(entry.partners),
        "sources": list(entry.sources),
        "supersedes": list(entry.supersedes),
        "version": entry.version,
        "written": stamp(entry.written_s),
    }


def hits_data(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.document.kind,
            "ref": one.document.ref,
            "at": stamp(one.document.at_s),
            "speaker": one.document.speaker,
            "text": one.document.text,
            "score": round(one.score, 4),
            "reasons": {reason.name: round(reason.points, 4) for reason in one.reasons},
        }
        for one in hits
    ]


def stamp(at_s: float) -> str:
    """ISO 8601 with this machine's offset."""
    return datetime.fromtimestamp(at_s).astimezone().isoformat(timespec="seconds")


def size(count: int) -> str:
    """Bytes, for people."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def _about(entry: Entry) -> str:
    """Whom it is about, with the names that were shown."""
    nobody = "everybody" if entry.scope.origin is Origin.OPEN else "herself"
    names = f" ({', '.join(entry.partners)})" if entry.partners else ""
    return (", ".join(entry.scope.about) or nobody) + names


def _commitment(one: Commitment) -> str:
    mark = "x" if one.done else " "
    by = f", by {one.by:%Y-%m-%d}" if one.by else ""
    return f"[{mark}] {one.text} ({one.who or ME}{by})"


def _commitment_data(one: Commitment) -> dict[str, Any]:
    by = one.by.isoformat() if one.by else None
    return {"text": one.text, "who": one.who, "by": by, "done": one.done}


def _scope_data(scope: Scope) -> dict[str, Any]:
    return {
        "origin": scope.origin.value,
        "place": scope.place,
        "about": list(scope.about),
        "heard_by": list(scope.heard_by),
        "private": scope.private,
    }

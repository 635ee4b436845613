"""JSON as models write it: with words around it, or cut off in the middle."""

from __future__ import annotations

import json
from typing import Any


def loads(text: str) -> Any:
    """The first JSON object in ``text``; of one that was cut off, what is whole."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return _salvaged(text[start:])


def _salvaged(text: str) -> Any:
    """Closes what is open after the last whole value, looking back from the end."""
    for end in range(len(text), 0, -1):
        if text[end - 1] not in '}],"0123456789el':
            continue
        beginning = text[:end].rstrip(",")
        try:
            return json.loads(beginning + _closing(beginning))
        except (ValueError, RecursionError):
            continue
    return None


def _closing(text: str) -> str:
    """The brackets that are open at the end of ``text``."""
    open_: list[str] = []
    quoted = escaped = False
    for c in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = c == "\\", c != '"'
        elif c == '"':
            quoted = True
        elif c in "{[":
            open_.append("}" if c == "{" else "]")
        elif c in "}]" and open_:
            open_.pop()
    return "".join(reversed(open_))

"""What somebody missed, as they read it: by place and time, who said what. Pure; times in this machine's time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cogs.journal_pages import happened, shortened
from cogs.plain import plain
from memory.types import StoredTurn

MOST_CHARACTERS = 1_800  # of an answer
MOST_LINES = 80  # more never fit
LINE_CHARACTERS = 200  # of what was said, before it is made plain


def told(turns: Sequence[StoredTurn], places: Mapping[str, str], since: str) -> str:
    """``turns``, oldest first; ``places``: what they are called, by their keys; ``since``: e.g. "in the last 2 hours".

    The newest stay where not all fit, and how many are left out is said.
    """
    if not turns:
        return f"I know of nothing that you missed {since}; I keep only what people allow me to."
    shown = list(turns)[-MOST_LINES:]
    while True:
        left = len(turns) - len(shown)
        head = f"What I know of, {since}" + (f" ({left} earlier lines do not fit here):" if left else ":")
        text = f"{head}\n{_grouped(shown, places)}"
        if len(text) <= MOST_CHARACTERS or len(shown) == 1:
            return text
        shown = shown[1:]


def _grouped(turns: Sequence[StoredTurn], places: Mapping[str, str]) -> str:
    """One conversation after the other, by when each began."""
    talks: dict[str, list[StoredTurn]] = {}
    for turn in turns:
        talks.setdefault(turn.session, []).append(turn)
    lines = []
    for talk in talks.values():
        first, last = talk[0], talk[-1]
        until = f"–{datetime.fromtimestamp(last.at_s):%H:%M}" if last.at_s - first.at_s >= 60 else ""
        lines.append(f"\n**{places[first.scope.place]}**, {happened(first.at_s)}{until}")
        lines += [f"{plain(turn.name)}: {plain(shortened(turn.text, LINE_CHARACTERS))}" for turn in talk]
    return "\n".join(lines)

"""Encounters as somebody is shown them in Discord or at the desk. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cogs.journal_pages import shortened
from cogs.plain import plain
from memory.phrases import when
from memory.types import HERS, Encounter

MOST_CHARACTERS = 1900  # of an answer
MOST_LINES, LINE_CHARACTERS = 3, 160  # that were said, of each
NONE = "I have met nobody when you were there, as far as I keep it."
SOMEBODY = "Somebody I know"


def listed(met: Sequence[Encounter], now_s: float, her_name: str) -> str:
    """The newest first, as many as fit."""
    found: list[str] = []
    room = MOST_CHARACTERS
    for one in met:
        shown = _shown(one, now_s, her_name)
        if len(shown) + 1 > room:
            break
        room -= len(shown) + 1
        found.append(shown)
    return "\n".join(found) or NONE


def _shown(one: Encounter, now_s: float, her_name: str) -> str:
    since, until = (f"{datetime.fromtimestamp(at_s):%H:%M}" for at_s in (one.since_s, one.at_s))
    times = since if since == until else f"{since} to {until}"
    head = f"- **{plain(one.name or SOMEBODY)}**, {when(one.since_s, now_s)}, {times}"
    lines = [
        f"  {plain(her_name if line.speaker == HERS else line.name)}: {plain(shortened(line.text, LINE_CHARACTERS))}"
        for line in one.lines[-MOST_LINES:]
    ]
    return "\n".join([head, *lines])

"""One note as the person whom it is about sees it: what it says, and all that she has decided about it. Pure."""

from __future__ import annotations

import discord

from cogs.journal_pages import happened, shortened, shown
from cogs.plain import plain
from memory.types import Commitment, Entry, Origin, Scope

TEXT_CHARACTERS = 4_000  # of an embed's 4096
LINE_CHARACTERS = 200  # of her reason, and of each thing awaited, before they are made plain
MOST_AWAITED = 2

# What she writes down as her reason, as it is told to the one whom a note is about, and to anybody else
_WHYS = {
    "They put it right.": ("You put it right.", "They put it right."),
    "They asked her to remember it.": ("You asked me to remember it.", "They asked me to remember it."),
    "Somebody who could read it asked her to remember it.": (
        "Somebody who could read it asked me to remember it.",
        "Somebody who could read it asked me to remember it.",
    ),
    "She wanted to keep it.": ("I wanted to keep it.", "I wanted to keep it."),
}
_TYPED = (
    "They put it right.",
    "They asked her to remember it.",
)  # told to her alone, whoever may hear it since


def page(note: Entry, person: str, number: int, count: int) -> discord.Embed:
    """``number``: which of the ``count`` notes it is, 1 is the newest."""
    embed = discord.Embed(
        title=f"Note {number} of {count}", description=cut(shown(note.text), TEXT_CHARACTERS)
    )
    for name, value in _rows(note, person):
        embed.add_field(name=name, value=value, inline=False)
    return embed


def alone(note: Entry, person: str) -> bool:
    """Whether it is about ``person`` and nobody else: then they may change all of it."""
    return note.scope.about == (person,)


def between_us(scope: Scope) -> bool:
    """Whether only those who were there hear it."""
    return scope.private or scope.origin is Origin.DIRECT


def reason(note: Entry, person: str) -> str:
    """Why she kept it, as ``person`` reads it."""
    theirs, others = _WHYS.get(note.why, (note.why, note.why))
    return theirs if alone(note, person) else others


def came_from(note: Entry, person: str) -> str:
    """How it came to her, in plain words."""
    scope = note.scope
    if typed(note) and set(scope.heard_by) <= {person}:
        return "You told it to me alone."
    match scope.origin:
        case Origin.DIRECT if set(scope.heard_by) <= {person}:
            return "You told it to me alone."
        case Origin.DIRECT:
            return "It was told to me among a few."
        case Origin.VOICE:
            return "It was said in a call."
        case Origin.TEXT:
            return "It was written in a channel."
    return "It was given to me as known to everybody."


def typed(note: Entry) -> bool:
    """Whether somebody gave it to her by a command; who may hear it says nothing of that once it is shared."""
    return note.why in _TYPED


def who_hears(scope: Scope, person: str) -> str:
    """Who may hear it, in plain words. See memory/audience.py."""
    if between_us(scope):
        return "Only you." if set(scope.heard_by) <= {person} else "Only those who were there, like you."
    match scope.origin:
        case Origin.VOICE if scope.about == (person,):
            return "Those who were there; anybody else only while you are with them."
        case Origin.VOICE:
            return "Those who were there; anybody else only while all of you whom it is about are with them."
        case Origin.TEXT:
            return "Whoever can read that channel."
    return "Everybody."


def cut(text: str, most: int) -> str:
    """The beginning of a text that was made plain; what made a sign plain is not left without it."""
    return text if len(text) <= most else text[: most - 1].rstrip("\\") + "…"


def _rows(note: Entry, person: str) -> list[tuple[str, str]]:
    others = "" if alone(note, person) else "It is about others as well."
    pinned = "Yes: it does not grow old, and comes up before others." if note.pinned else "No."
    awaited = [_awaited(one) for one in note.commitments if not one.done]
    rows = [
        ("When", f"{happened(note.at_s)}."),
        ("Where it came from", f"{came_from(note, person)} {others}"),
        ("Who may hear it", who_hears(note.scope, person)),
        ("Why I kept it", plain(shortened(reason(note, person), LINE_CHARACTERS))),
        ("What I wait to hear of", "\n".join(awaited[:MOST_AWAITED])),
        ("Pinned", pinned),
    ]
    return [(name, value.strip()) for name, value in rows if value.strip()]


def _awaited(one: Commitment) -> str:
    by = f" (by {one.by:%d %B %Y})" if one.by else ""
    return f"{plain(shortened(one.text, LINE_CHARACTERS))}{by}"

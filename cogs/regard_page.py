"""How she sees somebody, as they read it in Discord: a page of lines, each with what it rests on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import discord

from cogs.journal_pages import shortened
from cogs.note_page import cut
from cogs.plain import plain
from memory.regard import Ground, Known, Line, Regard
from memory.roster import FOND, LIKES, WARY, Meetings
from memory.roster_update import ALIAS, FEELING, HISTORY, RELATIONSHIP

LINES_ON_PAGE = 5  # an embed holds 6000 characters, each of its fields 1024
PEOPLE_ON_PAGE = 6
FIELD_CHARACTERS = 1024
QUOTE_CHARACTERS = 80  # of what a line rests on, before it is made plain
LABEL_CHARACTERS = 100  # of what can be chosen; Discord's limit
MOST_NAMES = 3  # earlier ones that are shown

TITLES = {
    RELATIONSHIP: "What you are to me",
    FEELING: "How I feel about you",
    ALIAS: "What you are called",
    HISTORY: "What I know",
}
NO_MORE = "What does not hold any more"
NO_LINES = "I know nothing about you beyond that."
_ERASED = "What it rests on has been erased since, or is not for you to hear."


def page(seen: Regard, number: int) -> discord.Embed:
    """``number``: which page, the first is 0."""
    embed = discord.Embed(title="How I see you", description=_introduction(seen))
    for line in on_page(seen.lines, number):
        embed.add_field(name=title(line), value=cut(_told(line, seen), FIELD_CHARACTERS), inline=False)
    embed.set_footer(text=f"Page {number + 1} of {pages(len(seen.lines), LINES_ON_PAGE)}")
    return embed


def pages(count: int, on_each: int) -> int:
    """At least one."""
    return max(1, -(-count // on_each))


def on_page(lines: Sequence[Line], number: int) -> Sequence[Line]:
    return lines[number * LINES_ON_PAGE : (number + 1) * LINES_ON_PAGE]


def title(line: Line) -> str:
    return NO_MORE if line.until_s is not None else TITLES[line.section]


def label(line: Line, seen: Regard) -> str:
    """A line as it can be chosen, where nothing needs to be made plain."""
    return shortened(_words(line, seen), LABEL_CHARACTERS)


def day(at_s: float) -> str:
    """E.g. "27 November 2026"; ``at_s``: Unix time."""
    at = datetime.fromtimestamp(at_s)
    return f"{at.day} {at:%B %Y}"


def warmth(score: float) -> str:
    """In words; −1 cold .. 1 warm."""
    if score >= LIKES:
        return "I like you." if score < FOND else "I am very fond of you."
    return "I am wary of you." if score <= WARY else "I am neither fond nor wary of you."


def roster_page(people: Sequence[Known], number: int) -> discord.Embed:
    """Whom she knows, as far as whoever asked may hear it."""
    shown = people[number * PEOPLE_ON_PAGE : (number + 1) * PEOPLE_ON_PAGE]
    embed = discord.Embed(title="The people I know", description="\n\n".join(map(_person, shown)))
    hidden = sum(one.hidden for one in people)
    kept = f" · {_lines(hidden)} hidden: not for you to hear" if hidden else ""
    who = "1 person" if len(people) == 1 else f"{len(people)} people"
    embed.set_footer(text=f"Page {number + 1} of {pages(len(people), PEOPLE_ON_PAGE)} · {who}{kept}")
    return embed


def _person(one: Known) -> str:
    met = f", last met on {day(one.last_met_s)}" if one.last_met_s is not None else ""
    hidden = f" ({_lines(one.hidden)} hidden)" if one.hidden else ""
    line = plain(one.line) if one.line else "nothing that I may tell you"
    return f"**{plain(one.name) or 'Somebody'}**{met}: {line}{hidden}"


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _introduction(seen: Regard) -> str:
    lines = [*_names(seen.meetings), _met(seen.meetings)]
    if seen.warmth is None:
        lines.append("I have no feelings about you yet, one way or the other.")
    if not seen.lines:
        lines.append(NO_LINES)
    return "\n".join(lines)


def _names(meetings: Meetings) -> list[str]:
    if not meetings.name:
        return []
    before = [plain(name) for name in meetings.names[-MOST_NAMES:]]
    also = f" (before: {', '.join(before)})" if before else ""
    return [f"I know you as **{plain(meetings.name)}**{also}."]


def _met(meetings: Meetings) -> str:
    if meetings.first_met_s is None or meetings.last_met_s is None:
        return "We have not talked yet, as far as I remember."
    first, last = day(meetings.first_met_s), day(meetings.last_met_s)
    if meetings.times_met == 1:
        return f"We have met once, on {first}."
    return f"We have met {meetings.times_met} times, first on {first} and last on {last}."


def _words(line: Line, seen: Regard) -> str:
    if line.section == FEELING:
        return f"{warmth(seen.warmth or 0.0)} It comes from: {line.text}"
    if line.section == RELATIONSHIP and line.text.startswith("said “"):
        return f"You {line.text}"
    return line.text


def _told(line: Line, seen: Regard) -> str:
    text = plain(_words(line, seen))
    if line.until_s is not None:
        text += f" ({day(line.at_s)} to {day(line.until_s)})"
    elif line.section == HISTORY:
        text += f" (since {day(line.at_s)})"
    return "\n".join([text, *(f"> {ground}" for ground in _grounds(line))])


def _grounds(line: Line) -> list[str]:
    if not line.sources:
        return [f"Your own words, {day(line.at_s)}"]
    if not line.grounds:
        return [_ERASED]
    return [_quoted(ground) for ground in line.grounds]


def _quoted(ground: Ground) -> str:
    words = f"“{plain(shortened(ground.text, QUOTE_CHARACTERS))}”"
    who = plain(ground.name) if ground.name else "my note"
    return f"{words} ({who}, {day(ground.at_s)})"

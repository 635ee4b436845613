"""What is remembered, as it is worded: when it was, what somebody said. Pure."""

from __future__ import annotations

from datetime import date, datetime

from memory.plain_text import one_line

MOST_CHARACTERS = 240  # of one memory
_MARKS = str.maketrans('“”„‟«»"()（）[]', "'''''''––––––")


def when(at_s: float, now_s: float) -> str:
    """How long ago that was, as people say it; both are Unix times."""
    now, then = datetime.fromtimestamp(now_s), datetime.fromtimestamp(at_s)
    days = (now.date() - then.date()).days
    if days <= 0:
        return "earlier today"
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"last {then:%A}"
    if days < 60:
        return f"{round(days / 7)} weeks ago" if days > 10 else "a week ago"
    return f"in {then:%B}" if days < 300 else f"in {then:%B %Y}"


def day_name(day: date) -> str:
    """E.g. "Friday, 27 November"."""
    return f"{day:%A}, {day.day} {day:%B}"


def quoted(text: str, most: int = MOST_CHARACTERS) -> str:
    """In quotation marks that end where it ends: nobody's words pass for more of what she remembers."""
    return f"“{_short(text, most).translate(_MARKS)}”"


def _short(text: str, most: int) -> str:
    line = one_line(text)
    return (line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + "…").rstrip(".")

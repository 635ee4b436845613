"""When something that was said is due: "on Thursday", "in two weeks", "on 3 May". Pure; counts from when it was said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from memory.dates import DAYS, MONTHS

_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "a few": 3}
_NUMBERS["a couple of"] = 2
_WORDS = (
    (re.compile(r"\bthe day after tomorrow\b|\bübermorgen\b|\baprès-demain\b|\bpasado mañana\b"), 2),
    (
        re.compile(r"\b(?:today|tonight|this (?:morning|afternoon|evening)|heute|ce soir|aujourd'hui|hoy)\b"),
        0,
    ),
    (re.compile(r"\b(?:tomorrow|demain|mañana|amanhã|domani)\b|\bmorgen\b(?! früh am)"), 1),
    (re.compile(r"\bnext week\b|\bnächste woche\b|\bla semaine prochaine\b|\bla semana que viene\b"), 7),
)
_OTHER_DAYS = {
    **dict(zip(("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"), DAYS, strict=True)),
    **dict(zip(("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"), DAYS, strict=True)),
    **dict(zip(("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"), DAYS, strict=True)),
}  # fmt: skip
_DAY = re.compile(rf"\b({'|'.join([*DAYS, *_OTHER_DAYS])})\b")
_LAST = re.compile(r"\blast\W+$|\bletzte[nr]?\W+$")
_IN = re.compile(
    rf"\bin ({'|'.join(sorted(_NUMBERS, key=len, reverse=True))}|\d{{1,2}}) (day|week|month)s?\b"
)
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_MONTH = "|".join(MONTHS)
_YEAR = r"(?:,? ((?:19|20)\d\d)\b)?"
_DATED = (  # day, month and year, in this order
    (
        re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?({_MONTH})\b{_YEAR}"),
        (1, 2, 3),
    ),
    (
        re.compile(rf"\b({_MONTH}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:){_YEAR}"),
        (2, 1, 3),
    ),
)


def due(text: str, said: date) -> date | None:
    """The day that ``text`` speaks of, on or after the day it was ``said``; None where it names none."""
    return next((day for day in _days_in(text.lower(), said) if day is not None and day >= said), None)


def _days_in(text: str, said: date) -> Iterator[date | None]:
    """The likeliest first; some may be long past, or in no calendar."""
    if found := _ISO.search(text):
        yield _day(int(found[1]), int(found[2]), int(found[3]))
    for pattern, (day, month, year) in _DATED:
        if found := pattern.search(text):
            for one in (int(found[year]),) if found[year] else (said.year, said.year + 1):
                yield _day(one, MONTHS.index(found[month]) + 1, int(found[day]))
    for pattern, days in _WORDS:
        if pattern.search(text):
            yield said + timedelta(days=days)
    if found := _IN.search(text):
        count = _NUMBERS.get(found[1]) or int(found[1])
        yield said + timedelta(days=count * {"day": 1, "week": 7, "month": 30}[found[2]])
    if (found := _DAY.search(text)) and not _LAST.search(text[: found.start()]):
        ahead = (DAYS.index(_OTHER_DAYS.get(found[1], found[1])) - said.weekday()) % 7
        yield said + timedelta(days=ahead or 7)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

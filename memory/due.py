"""When something that was said is due: "on Thursday", "in two weeks", "on 3 May". Pure; counts from when it was said."""

from __future__ import annotations

import re
from datetime import date, timedelta

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
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
    **dict(zip(("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"), _DAYS, strict=True)),
    **dict(zip(("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"), _DAYS, strict=True)),
    **dict(zip(("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"), _DAYS, strict=True)),
}  # fmt: skip
_DAY = re.compile(rf"\b(next )?({'|'.join([*_DAYS, *_OTHER_DAYS])})\b")
_LAST = re.compile(r"\blast\W+$|\bletzte[nr]?\W+$")
_IN = re.compile(
    rf"\bin ({'|'.join(sorted(_NUMBERS, key=len, reverse=True))}|\d{{1,2}}) (day|week|month)s?\b"
)
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_MONTH = "|".join(_MONTHS)
_DATED = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?({_MONTH})\b|\b({_MONTH}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)"
)


def due(text: str, said: date) -> date | None:
    """The day that ``text`` speaks of, on or after the day it was ``said``; None where it names none."""
    text = text.lower()
    if found := _ISO.search(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _DATED.search(text):
        month = _MONTHS.index(found[2] or found[3]) + 1
        day = _day(said.year, month, int(found[1] or found[4]))
        return day if day is None or day >= said else _day(said.year + 1, month, day.day)
    for pattern, days in _WORDS:
        if pattern.search(text):
            return said + timedelta(days=days)
    if found := _IN.search(text):
        count = _NUMBERS.get(found[1]) or int(found[1])
        return said + timedelta(days=count * {"day": 1, "week": 7, "month": 30}[found[2]])
    if (found := _DAY.search(text)) and not _LAST.search(text[: found.start()]):
        ahead = (_DAYS.index(_OTHER_DAYS.get(found[2], found[2])) - said.weekday()) % 7
        return said + timedelta(days=ahead or 7)
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

"""Time words as stretches of time: "last night", "in May", "two days before Halloween". Pure; local time; English.

A question's words are counted back from now; where a date is named without its year, the last such date is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # its first month
_FEASTS = {
    "halloween": (10, 31),
    "christmas eve": (12, 24),
    "christmas": (12, 25),
    "xmas": (12, 25),
    "new year's eve": (12, 31),
    "new years eve": (12, 31),
    "new year's": (1, 1),
    "new years": (1, 1),
    "valentine's": (2, 14),
    "valentines": (2, 14),
    "april fools": (4, 1),
}
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNTS = {
    **{word: number for number, word in enumerate(_NUMBERS, 1)},
    **{"a": 1, "an": 1, "couple of": 2, "a couple of": 2, "a few": 3, "few": 3, "several": 4},
}
_UNITS = {"day": 1.0, "week": 7.0, "fortnight": 14.0, "month": 30.4, "year": 365.25}  # days

_COUNT = rf"(?P<count>\d{{1,3}}|a couple of|couple of|a few|few|several|an?|{'|'.join(_NUMBERS)})"
_MONTH = r"(?P<month>" + "|".join(MONTHS) + r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_UNIT = r"(?P<unit>day|week|fortnight|month|year)s?"
_FEAST = r"(?P<feast>" + "|".join(map(re.escape, _FEASTS)) + ")"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that is meant."""

    start_s: float  # Unix time
    end_s: float


_Reader = Callable[[re.Match[str], datetime], tuple[datetime, datetime] | None]


def spans_in(text: str, now_s: float) -> tuple[tuple[Span, ...], str]:
    """The times that ``text``, said at ``now_s``, names, and the text without them."""
    now = datetime.fromtimestamp(now_s)
    plain = text.lower().replace("’", "'")
    found: list[Span] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(plain):
            span = read(match, now)
            if span is not None:
                found.append(_offset(plain[: match.start()], *span))
        # what was read does not count twice: "7 May 2023" holds "May 2023"
        plain = pattern.sub(lambda match: "." * len(match[0]), plain)
    return tuple(found), plain.replace(".", " ")


def _offset(before: str, start: datetime, end: datetime) -> Span:
    """ "Two days before" that date, or "the week after"."""
    match = _BEFORE.search(before)
    if match is None:
        return Span(start.timestamp(), end.timestamp())
    shift = _count(match["count"] or "one") * timedelta(days=_UNITS[match["unit"]])
    exact = match["count"] is not None and match["count"] != "a"
    if match["side"] in ("before", "prior to"):
        start, end = start - shift, (end - shift if exact else start)
    else:
        start, end = (start + shift if exact else end), end + shift
    return Span(start.timestamp(), end.timestamp())


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS[word]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _days(start: datetime, days: float) -> tuple[datetime, datetime]:
    return start, start + timedelta(days=days)


def _month(year: int, month: int, months: int = 1) -> tuple[datetime, datetime]:
    last = month - 1 + months
    return datetime(year, month, 1), datetime(year + last // 12, last % 12 + 1, 1)


def _month_number(name: str) -> int:
    return next(n for n, month in enumerate(MONTHS, 1) if month.startswith(name[:3]))


def _full_date(match: re.Match[str], now: datetime) -> tuple[datetime, datetime] | None:
    month, day = _month_number(match["month"]), int(match["day"])
    return _last(now, month, day, match["year"])


def _last(now: datetime, month: int, day: int, year: str | None = None) -> tuple[datetime, datetime] | None:
    try:
        date = datetime(int(year) if year else now.year, month, day)
        if year is None and date > now:
            date = datetime(now.year - 1, month, day)
    except ValueError:
        return None
    return _days(date, 1)


def _iso(match: re.Match[str], now: datetime) -> tuple[datetime, datetime] | None:
    return _last(now, int(match["m"]), int(match["day"]), match["year"])


def _feast(match: re.Match[str], now: datetime) -> tuple[datetime, datetime] | None:
    return _last(now, *_FEASTS[match["feast"]], match["year"])


def _in_month(match: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    month = _month_number(match["month"])
    year = int(match["year"]) if match["year"] else now.year - (month > now.month)
    return _month(year, month)


def _season(match: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    month = _SEASONS[match["season"]]
    year = int(match["year"]) if match["year"] else now.year - (month > now.month)
    return _month(year, month, 3)


def _year(match: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    return _month(int(match["year"]), 1, 12)


def _ago(match: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    days = _UNITS[match["unit"]]
    middle = _midnight(now) - timedelta(days=_count(match["count"]) * days)
    width = 1 if days == 1 else days * 0.6  # people round
    return middle - timedelta(days=width / 2 if days > 1 else 0), middle + timedelta(days=max(1, width / 2))


def _relative(match: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    """Last or this day of the week, week, weekend, month, year."""
    today, word, this = _midnight(now), match["what"], match["which"] in ("this", "the past", "past")
    if word in DAYS:
        return _weekday(match, now)
    monday = today - timedelta(days=today.weekday())
    if word == "week":
        return _days(monday if this else monday - timedelta(days=7), 7)
    if word == "weekend":
        return _days(monday - timedelta(days=2 if now.weekday() < 5 or not this else -5), 2)
    if word == "month":
        start = today.replace(day=1)
        return _month(start.year, start.month) if this else _month(*_month_before(start))
    return _month(now.year - (not this), 1, 12)


def _month_before(start: datetime) -> tuple[int, int]:
    before = start - timedelta(days=1)
    return before.year, before.month


def _named(match: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    today = _midnight(now)
    back = {"the day before yesterday": 2, "yesterday": 1, "last night": 1, "the other day": 5}
    days = next((days for word, days in back.items() if match[0].startswith(word)), 0)
    width = 5 if days == 5 else 1.25 if match[0] == "last night" else 1  # a night ends in the morning
    return _days(today - timedelta(days=days), width)


def _weekday(match: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    today = _midnight(now)
    return _days(today - timedelta(days=(today.weekday() - DAYS.index(match["what"])) % 7 or 7), 1)


_BEFORE = re.compile(rf"(?:{_COUNT} )?(?:the )?{_UNIT} (?P<side>before|prior to|after|following)(?: the)? $")
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"\b(?P<year>(?:19|20)\d\d)-(?P<m>\d\d)-(?P<day>\d\d)\b", _iso),
        (rf"\b{_DAY} (?:of )?{_MONTH}(?:,? {_YEAR})?\b", _full_date),
        (rf"\b{_MONTH} {_DAY}(?:,? {_YEAR})?\b(?!\d)", _full_date),
        (rf"\b{_FEAST}(?: day)?(?:,? {_YEAR})?\b", _feast),
        (rf"\b{_MONTH},? (?:of )?{_YEAR}\b", _in_month),
        (rf"\b(?:in|during|last|since|this|back in|early|late|mid|until|of)[ -]{_MONTH}(?P<year>)?\b", _in_month),
        (rf"\b(?:in|during|last|this|the|over the)(?: \w+)? (?P<season>spring|summer|autumn|fall|winter)(?: of)?(?: {_YEAR})?\b", _season),
        (rf"\b(?:in|during|since|of|year) {_YEAR}\b", _year),
        (rf"\b{_COUNT} {_UNIT} (?:ago|back|earlier)\b", _ago),
        (r"\bthe day before yesterday\b|\byesterday\b|\blast night\b|\btoday\b|\btonight\b|\bthis (?:morning|afternoon|evening)\b|\bearlier today\b|\bthe other day\b", _named),
        (rf"\b(?P<which>last|this|the past|past) (?P<what>weekend|week|month|year|{'|'.join(DAYS)})\b", _relative),
        (rf"\bon (?P<what>{'|'.join(DAYS)})\b", _weekday),
    )
)  # fmt: skip

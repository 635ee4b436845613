"""English text in which figures, money, times and units are written the way they are said.

Only what hibari or espeak-ng (which piper reads with) says wrongly is changed: hibari drops the sign of
"20€" and ends a sentence at "Jan."; espeak-ng reads "$5.50" as "dollar five point five zero", "1987" as
"nineteen hundred eighty-seven", "1/2" as "one slash two" and a unit by its letters. Digits that both
read well are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_MONEY = {"$": ("dollar", "cent"), "£": ("pound", "penny"), "€": ("euro", "cent")}
_UNITS = {
    "km/h": "kilometre per hour", "mph": "mile per hour", "m/s": "metre per second",
    "km": "kilometre", "m": "metre", "cm": "centimetre", "mm": "millimetre", "ft": "foot",
    "kg": "kilogram", "g": "gram", "mg": "milligram", "lb": "pound", "lbs": "pound", "oz": "ounce",
    "l": "litre", "ml": "millilitre", "h": "hour", "hrs": "hour", "min": "minute", "sec": "second",
    "ms": "millisecond", "°C": "degree Celsius", "°F": "degree Fahrenheit", "°": "degree",
    "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte", "W": "watt", "kW": "kilowatt", "kWh": "kilowatt-hour",
}  # fmt: skip
_SHORT = {
    "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "vs": "versus",
    "approx.": "approximately", "w/o": "without", "w/": "with",
    "Jan.": "January", "Feb.": "February", "Mar.": "March", "Apr.": "April", "Aug.": "August",
    "Sept.": "September", "Oct.": "October", "Nov.": "November", "Dec.": "December",
}  # fmt: skip
_PARTS = {"2": ("half", "halves"), "3": ("third", "thirds"), "4": ("quarter", "quarters")}


def _any_of(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _money(found: re.Match[str]) -> str:
    figure, scale = found["figure"], found["scale"] or ""
    one, part = _MONEY[found["sign"]]
    whole, _, cents = figure.partition(".")
    if scale or len(cents) != 2:
        return f"{figure}{scale} {one}{'' if figure == '1' and not scale else 's'}"
    parts = "pence" if part == "penny" else f"{part}s"
    said = f"{whole} {one}{'' if whole == '1' else 's'}"
    return said if cents == "00" else f"{said} and {int(cents)} {part if cents == '01' else parts}"


def _time(found: re.Match[str]) -> str:
    hour, minute, half = found["hour"], found["minute"], found["half"] or ""
    if minute == "00":
        return f"{hour}{half}" if half else f"{hour} o'clock" if int(hour) < 13 else f"{hour} hundred"
    return f"{hour} {'oh ' if minute[0] == '0' else ''}{int(minute)}{half}"


def _year(found: re.Match[str]) -> str:
    century, rest = found["century"], found["rest"]
    if rest in ("00", "00s"):
        return f"{century} hundred{rest[2:]}"
    return f"{century} {'oh ' if rest[0] == '0' else ''}{rest.lstrip('0')}"


def _fraction(found: re.Match[str]) -> str:
    one, several = _PARTS[found["below"]]
    return f"{found['above']} {one if found['above'] == '1' else several}"


def _unit(found: re.Match[str]) -> str:
    figure, (name, _, of) = found["figure"], _UNITS[found["unit"]].partition(" ")
    if figure != "1":
        name = "feet" if name == "foot" else f"{name}s"
    return f"{figure} {name} {of}".rstrip()


def _abbreviation(found: re.Match[str]) -> str:
    ends = found["short"].endswith(".") and found.end() == len(found.string.rstrip())
    return _SHORT[found["short"]] + ("." if ends else "")


_RULES: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (rf"(?<!\w)(?P<short>{_any_of(_SHORT)})(?!\w)", _abbreviation),
    (r"\b[Nn]o\. ?(?=\d)|#(?=\d)", "number "),
    (rf"(?P<sign>[$£€])(?P<figure>{_NUMBER})(?P<scale> (?:thousand|million|billion))?", _money),
    (rf"(?P<figure>{_NUMBER})(?P<scale>) ?(?P<sign>[$£€])", _money),
    (r"\b(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?P<half> ?[ap]\.?m\b\.?)?(?!:)", _time),
    (r"(?<![\d/])(?P<above>[1-3])/(?P<below>[234])(?![\d/])", _fraction),
    (rf"(?P<figure>{_NUMBER}) ?(?P<unit>{_any_of(_UNITS)})(?!\w|/)", _unit),
    (r"(?<![\d-])(\d{1,2}|\d{4})[-–](\d{1,2}|\d{4})(?![\d-])", r"\1 to \2"),
    (r"(?<![\d,.-])(?P<century>1[1-9])(?P<rest>\d\ds?)(?!\w|[,.-]\d)", _year),
    (r"(?<=\d)x\b", " times"),
]
_COMPILED = [(re.compile(pattern), said) for pattern, said in _RULES]


def spelled_out(text: str) -> str:
    """``text`` as a voice that reads English should be given it."""
    for pattern, said in _COMPILED:
        text = pattern.sub(said, text)
    return text

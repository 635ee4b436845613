"""Her answers to commands as a terminal shows them: plain text, and choices with numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from local_mode.typed import Json

LINK = 5  # the style of a button that opens a page and tells nobody


class Part(IntEnum):
    """Parts of a message or a form, as Discord numbers them."""

    BUTTON = 2
    LIST = 3
    FIELD = 4
    PEOPLE = 5  # a list of people
    TEXT = 10
    LABEL = 18  # of a form: around a field


_MARKUP = re.compile(
    r"\\((?!\s)[\W_])"  # something that is meant as it is
    r"|<(?:@!?|#|@&)\d+>|</([^:>]+):\d+>|<t:(-?\d+)(?::\w)?>|<a?(:\w+:)\d+>"
    r"|\[([^\]\n]+)\]\((https?://[^)\s]+)\)"
    r"|\*\*|__|~~|\|\||`+|\*(?=\S)|(?<=\S)\*"
)
_JOINING = "\n\u200c\u200d"  # lines, and letters or emoji that are one only together
_LINE_MARKS = re.compile(r"^(?:#{1,3} |-# )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen by its number."""

    label: str
    part: Json  # the button, or the list it is in
    value: str = ""  # of an entry of a list


def text_of(message: Json, names: dict[str, str]) -> str:
    """All that is to be read of a message; ``names``: what people are called, by their Discord ids."""
    pieces = [str(message.get("content") or "")]
    pieces += [piece for embed in message.get("embeds") or [] for piece in _pieces(embed)]
    parts = every_part(message.get("components") or [])
    pieces += [str(part["content"]) for part in parts if part.get("type") == Part.TEXT]
    return "\n\n".join(filter(None, (readable(piece, names).strip() for piece in pieces)))


def choices_of(message: Json) -> list[Choice]:
    """What can be chosen under a message, in its order."""
    return [choice for part in every_part(message.get("components") or []) for choice in choices_in(part)]


def choices_in(part: Json) -> list[Choice]:
    """A button is one choice, a list is as many as it has entries."""
    if part.get("disabled") or part.get("style") == LINK:
        return []
    if part.get("type") == Part.BUTTON:
        return [Choice(label_of(part), part)]
    if part.get("type") == Part.LIST:
        return [Choice(_entry(one), part, str(one["value"])) for one in part.get("options") or []]
    return []


def every_part(parts: Iterable[Json]) -> Iterator[Json]:
    """Them and all that is inside of them."""
    for part in parts:
        yield part
        inner = [*(part.get("components") or []), part.get("component"), part.get("accessory")]
        yield from every_part(one for one in inner if one)


def numbered(choices: Sequence[Choice], first: int = 1) -> list[str]:
    """Choices with their numbers: buttons beside each other, each entry of a list on a line of its own."""
    lines: list[str] = []
    buttons: list[str] = []
    for number, choice in enumerate(choices, first):
        shown = f"[{number}] {choice.label}"
        if choice.value:
            if buttons:
                lines.append("  ".join(buttons))
                buttons = []
            before = choices[number - first - 1].part if number > first else None
            if before is not choice.part and (heading := heading_of(choice.part)):
                lines.append(heading)
            lines.append(shown)
        else:
            buttons.append(shown)
    return [*lines, "  ".join(buttons)] if buttons else lines


def heading_of(part: Json) -> str:
    """What stands in an empty list, and how much of it can be chosen."""
    most = int(part.get("max_values") or 1)
    several = f"several can be chosen, up to {most}: e.g. 1 2" if most > 1 else ""
    return " – ".join(filter(None, (one_line(str(part.get("placeholder") or "")), several)))


def label_of(button: Json) -> str:
    words = [str((button.get("emoji") or {}).get("name") or ""), str(button.get("label") or "")]
    return one_line(" ".join(filter(None, words))) or str(button.get("custom_id"))


def readable(text: str, names: dict[str, str]) -> str:
    """Discord's Markdown as plain text, without anything that would move a terminal's cursor."""
    text = _MARKUP.sub(lambda match: _plain(match, names), _LINE_MARKS.sub("", text))
    return as_it_is(text.replace("\u200b", ""))


def as_it_is(text: str) -> str:
    """Text that is no Markdown, without anything that would move a terminal's cursor."""
    return "".join(c if c.isprintable() or c in _JOINING else " " for c in text)


def one_line(text: str) -> str:
    return " ".join(readable(text, {}).split())


def _entry(option: Json) -> str:
    more = one_line(str(option.get("description") or ""))
    return one_line(str(option["label"])) + (f" – {more}" if more else "")


def _pieces(embed: Json) -> Iterator[str]:
    yield str(embed.get("title") or "")
    yield str(embed.get("description") or "")
    for field in embed.get("fields") or []:
        yield f"{field['name']}\n{field['value']}"
    yield str((embed.get("footer") or {}).get("text") or "")


def _plain(match: re.Match[str], names: dict[str, str]) -> str:
    found = match[0]
    if match[1]:
        return match[1]
    if match[2]:
        return f"/{match[2]}"
    if match[3]:
        return f"{datetime.fromtimestamp(int(match[3])):%d %B %Y, %H:%M}"
    if match[4]:
        return match[4]
    if match[5]:
        return f"{match[5]} ({match[6]})"
    if found.startswith("<"):
        number = found.strip("<@!&#>")
        return names.get(number, f"@{number}" if "@" in found else f"#{number}")
    return ""

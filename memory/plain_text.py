"""Text from outside as data: in a prompt, or in a sentence that is spoken, it breaks out of nothing. Pure.

It must not be able to look like the sentinel, like a token of a chat template, or like another person's line.
"""

from __future__ import annotations

import re
import unicodedata

SENTINEL = "@@"  # ends the spoken words of a reply; what follows is the JSON tail

# Every chat template marks its turns with <…>, [CAPITALS] or <|…|>; a "<" before a number is only "less".
_OPENING = re.compile(r"<(?!\s*\d)")
_BRACKETED = re.compile(r"\[(/?[A-Z_]{3,})\]")  # [INST], [/INST], [TOOL_CALLS] …
_SENTINELS = re.compile(f"{SENTINEL[0]}{{2,}}")
_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"  # invisible, but part of how Persian, Hindi and family emoji are written

NAME_CHARACTERS = 32  # longest name shown in a prompt; Discord's own limit


def neutral(text: str) -> str:
    """``text`` with its words and lines kept, and nothing in it that a chat template or our reader would obey."""
    text = _BREAKS.sub("\n", text)
    text = "".join(c for c in text if c in "\n\t" or c in _JOINERS or unicodedata.category(c)[0] != "C")
    text = _OPENING.sub("‹", text)
    text = _BRACKETED.sub(r"(\1)", text)
    return _SENTINELS.sub(SENTINEL[0], text)


def one_line(text: str) -> str:
    """``neutral`` text on one line: a new line could pretend that somebody else speaks."""
    return " ".join(neutral(text).split())


def plain_name(name: str) -> str:
    """A name as it stands before the colon of a line; "Someone" when nothing usable is left.

    A line that begins with a bracket is what she remembers: no name passes for that.
    """
    return one_line(one_line(name.replace(":", " ")).lstrip("(（ ")[:NAME_CHARACTERS]) or "Someone"

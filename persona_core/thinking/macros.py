"""The {{macros}} of character cards, after the Character Card V1 and V3 specifications.

``{{user}}`` and its old form ``<USER>`` stay as ``{{user}}``: in a room there are several people, so who
that is is only known where the text is used. What should be random is drawn from the text itself, so
that a character is the same each time it is read.
"""

from __future__ import annotations

import random
import re

_OLD = {"<user>": "{{user}}", "<char>": "{{char}}", "<bot>": "{{char}}"}
_OLD_FORMS = re.compile("|".join(_OLD), re.IGNORECASE)
_MACRO = re.compile(r"\{\{([^{}]*)\}\}")
_COMMA = re.compile(r"(?<!\\),")
_LARGEST_ROLL = 1_000_000


def expand(text: str, name: str) -> str:
    """``text`` with every macro but ``{{user}}`` replaced; unknown ones disappear."""
    text = _OLD_FORMS.sub(lambda old: _OLD[old.group().lower()], text)
    return _MACRO.sub(lambda macro: _value(macro.group(1), name, random.Random(text)), text)


def _value(macro: str, name: str, chance: random.Random) -> str:
    kind, _, rest = macro.strip().partition(":")
    match kind.lower():
        case "char":
            return name
        case "user":
            return "{{user}}"
        case "random" | "pick":
            choices = _COMMA.split(rest.removeprefix(":"))
            return chance.choice(choices).replace("\\,", ",").strip()
        case "roll":
            sides = rest.strip().lower().removeprefix("d")
            return str(chance.randint(1, min(int(sides), _LARGEST_ROLL))) if _is_number(sides) else ""
        case "reverse":
            return rest[::-1]
        case _:  # comments, {{original}}, what other programs invented
            return ""


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[1-9][0-9]{0,8}", text))

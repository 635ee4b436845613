"""Whether somebody asks whom she has just seen: "Who was that, and what did I promise him?" Pure.

And what of that meeting comes to her mind then, from what is kept. By plain forms of the question in seven languages; what
is missed is looked for as anything else is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from memory.phrases import quoted
from memory.plain_text import one_line, plain_name
from memory.salience import is_order, is_plan
from memory.types import HERS, Encounter, EncounterLine, Statement, Told

SEEN_LAST_S = 7200.0  # a meeting that was longer ago is not meant
MOST_LINES = 4  # that were said in it
MOST_CHARACTERS = 120  # of one
_MARKS = str.maketrans('“”„‟«»"', "'''''''")

_WHOM = r"(?:him|her|them|he|she|they|that (?:man|woman|guy|girl|person|one))"
_FORMS = (
    r"\bwho(?:'s| is| was| were|'re| are)(?: just)? (?:that|this|he|she|they|those|it|here|there|the (?:man|woman|guy|girl|person|visitor|one|last one))\b(?! (?:you|we|i|who|that)\b)",
    r"\bwho (?:did|have) (?:you|we|i) (?:just )?(?:see|seen|meet|met|talk to|talked to)\b",
    r"\bwho (?:just )?(?:left|came in|came by|dropped by|stopped by|was at the door|was just here)\b|\bwhom? did (?:you|we|i) (?:just )?(?:see|meet)\b",
    rf"\bwhat (?:did|have|had) (?:i|we) (?:just )?(?:promised?|tell|told|say|said|offered?|owe|agreed?)\b[^.?!]{{0,20}}\b{_WHOM}\b",
    rf"\bwhat (?:did|does|has|had|was|is) {_WHOM} (?:just )?(?:promised?|say|said|want(?:ed)?|told?|tell|need(?:ed)?|like|called|name)\b",
    r"\b(?:what(?:'s| is| was)) (?:his|her|their) name\b|\bremind me who (?:that|he|she|they) (?:is|was|were|are)\b",
    rf"\bwhat (?:do|did) i owe {_WHOM}\b",
    r"\bwer (?:war|ist) (?:das|er|sie|der|die)\b|\bwas habe? ich (?:ihm|ihr|ihnen) (?:versprochen|gesagt|zugesagt)\b|\bwen hast du (?:gerade |eben )?gesehen\b",
    r"\b(?:c'était qui|qui (?:c'était|était-ce|était là|est-ce))\b|\bqu'est-ce que je (?:lui|leur) ai (?:promis|dit)\b",
    r"\bqui[eé]n(?:es)? (?:era|fue|eran)\b|\bqui[eé]n es (?:ese|esa|él|ella|este|esta)\b|\bqué (?:le|les) (?:prometí|he prometido|dije)\b",
    r"\bchi era(?:no)?\b|\b(?:che )?cosa (?:gli|le) ho (?:promesso|detto)\b",
    r"\bquem (?:era|foi|é) (?:esse|essa|aquele|aquela|ele|ela)\b|\bo que (?:eu )?(?:lhe )?prometi (?:a )?(?:ele|ela)?",
    r"\bwie was (?:dat|hij|zij|die)\b|\bwat heb ik (?:hem|haar|hun) (?:beloofd|gezegd)\b",
)
_PROMISE = re.compile(
    r"\bi(?:'ll| will)\b|\bpromise\b|\bversprech|\bje (?:te |vous )?promets|\b(?:te |lo )?prometo\b|\bprometto\b|\bbeloof\b",
    re.IGNORECASE,
)
_ASKED = re.compile("|".join(_FORMS), re.IGNORECASE)


def asks_who(text: str) -> bool:
    """Whether ``text``, or what there is of it so far, asks for whoever was seen last."""
    return _ASKED.search(text.replace("’", "'")) is not None


def lines_of(met: Encounter, statements: Sequence[Statement], listener: str) -> list[Told]:
    """Lines of a prompt about a meeting: who it was, what was promised in it, what is known of them. The weightiest first.

    ``listener``: the id of who asks, whose own promises come first.
    """
    name = plain_name(met.name) if met.name else "somebody she knows"
    until = f"{datetime.fromtimestamp(met.at_s):%H:%M}"
    who = Told(f"She saw {name} last, until {until}.", frozenset({met.person}))
    said = [line for line in met.lines if not is_order(line.text)]
    promises = [line for line in said if is_plan(line.text)]
    promises.sort(key=lambda line: (line.speaker != listener, line.speaker != met.person, -line.at_s))
    others = [line for line in reversed(said) if line not in promises]
    told = [
        Told(_said(line, met, name), frozenset({*line.scope.about, met.person}))
        for line in [*promises, *others][:MOST_LINES]
    ]
    known = [Told(one_line(one.text), one.about) for one in statements]
    return [who, *told[:1], *known, *told[1:]]


def _said(line: EncounterLine, met: Encounter, name: str) -> str:
    """Small models take "told" for whatever was asked about; a promise is called one."""
    speaker = "She" if line.speaker == HERS else plain_name(line.name)
    whom = "the others" if line.speaker == met.person else name
    verb = "promised" if _PROMISE.search(line.text.replace("’", "'")) else "told"
    return f"{speaker} {verb} {whom}: {quoted(line.text, MOST_CHARACTERS)}."

"""Which of what she keeps a message in Discord holds, told by its words: what she keeps does not name messages. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cogs.replies import readable
from memory.entry import bare_words
from memory.types import StoredTurn

NEAR_S = 600.0  # between a message and when its words were kept
NAME_CHARACTERS = 64  # that stand for one mention; a name has half as many at most
CUT_FROM = 1_900  # characters; a post so long may have been cut short
_SOMEBODY = "\ue000"  # stands for whoever is mentioned: what they were called then is not known
_SPEAKER = re.compile(r"\*\*.{0,100}?:\*\* ", re.DOTALL)  # before a caption
_MARKS = str.maketrans("\\_", "  ")  # which make signs plain, and which words may have


def words(text: str) -> str:
    """What a text says, however it is marked up; signs alone stay what they are."""
    return bare_words(text.translate(_MARKS)) or " ".join(text.split())


def written(
    turns: Sequence[StoredTurn], content: str, names: Mapping[int, str], her_id: int
) -> list[StoredTurn]:
    """Those of ``turns`` that are this message of somebody's; ``names`` of whom it mentions, herself among them."""
    blank = {number: name if number == her_id else _SOMEBODY for number, name in names.items()}
    parts = [words(part.strip()) for part in readable(content, blank).split(_SOMEBODY)]
    just = words(readable(content, names))
    said = [(turn, words(turn.text)) for turn in turns]
    return [turn for turn, text in said if text == just or (any(parts) and _fits(text, parts))]


def posted(turns: Sequence[StoredTurn], content: str) -> list[StoredTurn]:
    """Those of ``turns`` that a post of hers repeats: an answer, or a caption of one or of several in a row."""
    found: dict[int, StoredTurn] = {}
    for text in (content, _SPEAKER.sub("", content, count=1)):
        for first in range(len(turns)):
            found |= {turn.id: turn for turn in _run(turns[first:], words(text), len(content) >= CUT_FROM)}
    return list(found.values())


def _fits(text: str, parts: Sequence[str]) -> bool:
    """Whether a text is these parts in their order, with a name or so between each two."""
    names = len(parts) - 1
    if len(text) - sum(map(len, parts)) > names * NAME_CHARACTERS:
        return False
    padded, at = f" {text} ", 0
    for number, part in enumerate(parts):
        if not part:
            continue
        wanted = f" {part} "
        found = padded.rfind(wanted, at) if number == names else padded.find(wanted, at)
        whole = (number == 0, number == names)
        if found < 0 or (whole[0] and found != 0) or (whole[1] and found + len(wanted) != len(padded)):
            return False
        at = found + len(wanted) - 1
    return True


def _run(turns: Sequence[StoredTurn], wanted: str, cut: bool) -> Sequence[StoredTurn]:
    """The first of them that say together what is ``wanted``; none: no such beginning."""
    said = ""
    for count, turn in enumerate(turns, start=1):
        said = f"{said} {words(turn.text)}".strip()
        if said == wanted or (cut and said.startswith(wanted)):
            return turns[:count]
        if not wanted.startswith(said):
            break
    return ()

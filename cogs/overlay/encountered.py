"""Who is met and who is in view, as a page is shown it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cogs.journal_pages import happened, shortened
from cogs.overlay.ports import Json
from memory.errors import EntryError, KeyGone
from memory.memory import Memory
from memory.types import Encounter, Scope, Statement
from persona_core.events import Sight
from persona_core.types import SeenFace

NAME_CHARACTERS = 80
STATEMENT_CHARACTERS = 400
SOURCE_CHARACTERS = 160

NOBODY = "Somebody I do not know"
SURE, NOT_SURE, BY_ACCOUNT = "I am sure", "I am not sure", "by their account"

_HIDDEN = "Something that is not for you, or is gone."
_OTHER = {
    "encounter": "An earlier meeting.",
    "face": "The name that came with their face.",
    "roster": "When and as whom I met them.",
}

Number = Callable[[str], int]  # of a person, by their id


@dataclass(frozen=True, slots=True)
class Card:
    """An encounter that is shown."""

    number: int
    key: str  # of the place; empty: before a camera
    where: str  # what the place is called; empty: before a camera
    encounter: Encounter
    at: float  # time.monotonic()

    @property
    def about(self) -> frozenset[str]:
        """Ids of those whom it shows something of."""
        met = self.encounter
        people = {met.person, *met.likest}.union(*(statement.about for statement in met.statements))
        return frozenset(people - {""})


def card(shown: Card, names: Mapping[str, str], number: Number) -> Json:
    """``names``: what people are called, by their ids."""
    met = shown.encounter
    return {
        "number": shown.number,
        "who": number(met.person) if met.person else None,
        "name": name_of(met, names),
        "sure": _sure(met),
        "statements": [shortened(one.text, STATEMENT_CHARACTERS) for one in met.statements],
        "since": f"{datetime.fromtimestamp(met.since_s):%H:%M}",
        "when": happened(met.since_s),
        "where": shown.where,
    }


def name_of(met: Encounter, names: Mapping[str, str]) -> str:
    if met.person:
        return _short(met.name or names.get(met.person, "")) or NOBODY
    return perhaps([names[person] for person in met.likest if person in names]) or NOBODY


def perhaps(names: list[str]) -> str:
    """E.g. "perhaps Ann or Bob"; empty for nobody."""
    return f"perhaps {' or '.join(map(_short, names))}" if names else ""


def seen(sight: Sight, number: Number) -> list[Json]:
    """A frame for each face, in parts of the picture; of who is unknown there is nothing beside it."""
    return [_face(one, sight, number) for one in sight.faces]


def _face(one: SeenFace, sight: Sight, number: Number) -> Json:
    face, person = one.face, one.person
    name = _short(person.name) if person else perhaps([maybe.name for maybe in one.maybe])
    return {
        "track": one.track,
        "x": round(face.x / sight.width, 4),
        "y": round(face.y / sight.height, 4),
        "width": round(face.width / sight.width, 4),
        "height": round(face.height / sight.height, 4),
        "who": number(person.id) if person else None,
        "name": name,
        "refusal": one.refusal,
    }


def sources(memory: Memory, statement: Statement, may: Callable[[Scope], bool]) -> list[str]:
    """What a statement rests on, as far as it is still kept and may be told. Blocks; raises StoreError."""
    return [_source(memory, *source.partition("/")[::2], may) for source in statement.sources]


def _source(memory: Memory, kind: str, ref: str, may: Callable[[Scope], bool]) -> str:
    if kind == "entry":
        try:
            entry = memory.journal.read(ref)
        except (EntryError, KeyGone):
            return _HIDDEN
        note = f"My note, {happened(entry.at_s)}: {shortened(entry.text, SOURCE_CHARACTERS)}"
        return note if may(entry.scope) else _HIDDEN
    if kind == "turn" and ref.isdecimal():
        turns = [turn for turn in memory.turns.get([int(ref)]) if may(turn.scope)]
        said = [
            f"{turn.name}, {happened(turn.at_s)}: {shortened(turn.text, SOURCE_CHARACTERS)}" for turn in turns
        ]
        return said[0] if said else _HIDDEN
    return _OTHER.get(kind, "Something that I keep of them.")


def _sure(met: Encounter) -> str:
    if not met.likest and not met.person:
        return ""
    if not met.person:
        return NOT_SURE
    return SURE if met.confidence > -1 else BY_ACCOUNT


def _short(name: str) -> str:
    return shortened(name, NAME_CHARACTERS)

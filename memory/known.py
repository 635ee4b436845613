"""How much of what is kept of somebody they may know of: what they said, what they heard or may
hear, the prints of their voice and face, and how often they were met.

The rest, such as what she told others with them in mind, goes with it, but its number would tell them of others' talk.
"""

from __future__ import annotations

from memory.commands import heard_by
from memory.memory import Memory
from memory.scopes import scope_of
from memory.wishes import Wish, part_of


def known(memory: Memory, wish: Wish) -> dict[str, int]:
    """By the place on a receipt, for the one whom it is about. Blocks. Raises EntryError and StoreError."""
    person, may = wish.person, heard_by(wish.person)
    if wish.whole:
        turns, notes = turns_known(memory, person), memory.journal.entries(look=False)
    else:
        part = part_of(wish, memory.turns, memory.journal)
        turns = sum(person in (one.speaker, *one.scope.heard_by) for one in part.turns)
        notes = list(part.entries)
    count = sum(person in one.scope.about and may(one.scope) for one in notes)
    places = (memory.voices, memory.faces, memory.people)
    voices, faces, met = (place.count_of(person) if wish.whole else 0 for place in places)
    return {"turns": turns, "journal": count, "voices": voices, "faces": faces, "encounters": met}


def turns_known(memory: Memory, person: str) -> int:
    """How many there are of a person that they said or heard; those are opened by nobody for it. Blocks."""
    rows = memory.database.read(
        "SELECT turn_scopes.scope, count(*) FROM turns JOIN turn_scopes ON turn_scopes.id = turns.scope "
        "GROUP BY turns.scope"
    )
    scopes = ((scope_of(str(text)), int(count)) for text, count in rows)
    return sum(count for scope, count in scopes if person in scope.about and person in scope.heard_by)

"""The people she knows: what they are to her, how she has felt about them, and what is worth knowing of them.

All of a person is sealed with that person's key; a line that rests on somebody else's words as well opens only with
both. Lines that change are kept with their dates: what does not hold any more is told apart, not overwritten.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from memory.errors import EntryError, KeyGone, StoreAway, Unreadable
from memory.ledger import Item, Ledger, Update, resting_on
from memory.ports import PersonStore
from memory.roster_update import ALIAS, FEELING, HISTORY, MOST, RELATIONSHIP, RosterUpdate, merged
from memory.tombstones import Tombstone
from memory.types import Scope, Told
from memory.validated import parsed
from memory.vault import Vault

PREFIX = "roster"
LINE = 200  # characters of ``line``
RECENT_FEELINGS = 5  # that tell how she feels about somebody now
LIKES, FOND, WARY = 0.25, 0.6, -0.25  # how warm she is from where on


@dataclass(frozen=True, slots=True)
class Meetings:
    """What is known of a person without anything having been said."""

    name: str = ""  # as it was shown last
    names: tuple[str, ...] = ()  # as it was shown before
    first_met_s: float | None = None  # Unix time
    last_met_s: float | None = None
    times_met: int = 0


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """A person she knows. Lines are oldest first."""

    person: str
    meetings: Meetings
    relationship: Item | None
    feelings: tuple[Item, ...]  # ``weight`` is how warm, ``text`` why
    history: tuple[Item, ...]  # with ``until_s``: does not hold any more
    aliases: tuple[Item, ...]


_MEETINGS = TypeAdapter(Meetings)


class Roster:
    """From any thread; blocks for a disk write. Raises StoreError."""

    def __init__(self, store: PersonStore, vault: Vault) -> None:
        self._store, self._vault = store, vault
        self._lock = threading.RLock()
        self._known: dict[str, tuple[Ledger, Meetings]] = {}
        self._damaged: set[str] = set()  # people whose meetings cannot be opened

    def people(self) -> list[str]:
        """Ids of everybody she has met or knows something of."""
        return self._store.people(PREFIX)

    def damaged(self, person: str) -> int:
        """How much of what is known of a person cannot be opened, though the keys are there; it is left as it is."""
        ledger, _ = self._of(person)
        return len(ledger.damaged) + (person in self._damaged)

    def acquaintance(self, person: str) -> Acquaintance:
        """What she knows of a person; of a stranger, nothing."""
        ledger, meetings = self._of(person)
        sections: dict[str, list[Item]] = {}
        for item in ledger.items:
            sections.setdefault(item.section, []).append(item)
        return Acquaintance(
            person,
            meetings,
            next(iter(sections.get(RELATIONSHIP, [])), None),
            tuple(sections.get(FEELING, [])),
            tuple(sections.get(HISTORY, [])),
            tuple(sections.get(ALIAS, [])),
        )

    def met(self, person: str, name: str, at_s: float) -> Meetings:
        """They have met once more."""
        with self._lock:
            ledger, before = self._of(person)
            names = dict.fromkeys([*before.names, before.name])
            firsts = [at for at in (before.first_met_s, at_s) if at is not None]
            lasts = [at for at in (before.last_met_s, at_s) if at is not None]
            now = Meetings(
                name,
                tuple(one for one in names if one and one != name)[-MOST[ALIAS] :],
                min(firsts),
                max(lasts),
                before.times_met + 1,
            )
            sealed = self._vault.seal(json.dumps(asdict(now)).encode(), [person], f"{PREFIX}/{person}/met")
            self._store.put(person, {f"{PREFIX}:met": sealed})
            self._known[person] = ledger, now
            return now

    def apply(self, update: RosterUpdate | dict[str, object]) -> int:
        """Merge ``update`` with what is there; its id among this person's. Raises EntryError."""
        checked = parsed(RosterUpdate, update)
        with self._lock:
            ledger, _ = self._of(checked.person)
            changes = merged(ledger.items, checked)
            if not changes:
                raise EntryError("This update changes nothing.")
            return ledger.apply(changes, time.time(), own=checked.own)

    def history(self, person: str) -> list[Update]:
        """Every update of a person, newest first."""
        return self._of(person)[0].history()

    def undo(self, person: str, update_id: int) -> None:
        """Everything as it was before this update. Raises EntryError when a later one has built on it."""
        self._of(person)[0].undo(update_id)

    def line(self, person: str, allowed: Callable[[Scope], bool]) -> Told | None:
        """Who this is, for a prompt, in at most LINE characters; None when there is nothing to say."""
        return condensed(self.acquaintance(person), allowed)

    def remove_where(self, goes: Callable[[Item], bool]) -> int:
        """See Ledger.remove_where; of everybody's lines."""
        with self._erasing():
            return sum(self._of(one)[0].remove_where(goes) for one in self.people())

    def keep_private(self, which: Callable[[Item], bool]) -> None:
        """See Ledger.keep_private; of everybody's lines."""
        with self._lock:
            for one in self.people():
                self._of(one)[0].keep_private(which)

    def remove_unmet(self, since_s: float) -> int:
        """Drop those of whom there is no line and whom she has not met since (Unix time); how many people."""
        with self._lock:
            unmet = [
                person
                for person in self.people()
                if not self._lines_of(person) and (self._of(person)[1].last_met_s or 0.0) < since_s
            ]
            for person in unmet:
                self._drop(person)
            return len(unmet)

    # Forgetting: see forget.Place

    def count_of(self, person: str) -> int:
        """How many lines are about a person, or rest on their words."""
        with self._lock:
            others = [other for other in self.people() if other != person]
            return self._lines_of(person) + sum(self._of(other)[0].count_of(person) for other in others)

    def remove_person(self, person: str) -> int:
        """Drop a person, and what others' lines hold of their words; how many lines that were.

        May be called again, before or after their key is destroyed.
        """
        with self._erasing():
            count = self._drop(person)
            return count + sum(self._of(other)[0].remove_person(person) for other in self.people())

    def count_resting(self, gone: Tombstone) -> int:
        """How many lines rest on what goes."""
        with self._lock:
            return sum(self._of(one)[0].count_where(resting_on(gone)) for one in self.people())

    def remove_resting(self, gone: Tombstone) -> int:
        """Drop them, earlier forms included; how many."""
        return self.remove_where(resting_on(gone))

    def count(self) -> int:
        """How many lines there are of everybody."""
        with self._lock:
            return sum(map(self._lines_of, self.people()))

    def clear(self) -> int:
        """Drop everybody; how many lines there were."""
        with self._erasing():
            return sum(map(self._drop, self.people()))

    @contextmanager
    def _erasing(self) -> Iterator[None]:
        """What a store that is away still has is not held in RAM either."""
        with self._lock:
            try:
                yield
            except StoreAway:
                self._known.clear()
                raise

    def _lines_of(self, person: str) -> int:
        """Also those that nobody can open."""
        return sum(field.startswith(f"{PREFIX}:item:") for field in self._store.fields(person))

    def _drop(self, person: str) -> int:
        """All of one person; how many lines that were."""
        fields = [field for field in self._store.fields(person) if field.startswith(f"{PREFIX}:")]
        if fields:
            self._store.put(person, dict.fromkeys(fields))
        self._known.pop(person, None)
        self._damaged.discard(person)
        return sum(field.startswith(f"{PREFIX}:item:") for field in fields)

    def _of(self, person: str) -> tuple[Ledger, Meetings]:
        with self._lock:
            if person not in self._known:
                ledger = Ledger(self._store, self._vault, person, PREFIX)
                self._known[person] = ledger, self._read_meetings(person)
            return self._known[person]

    def _read_meetings(self, person: str) -> Meetings:
        sealed = self._store.get(person, f"{PREFIX}:met")
        try:
            if sealed is not None:
                return _MEETINGS.validate_json(self._vault.open(sealed, f"{PREFIX}/{person}/met"))
        except KeyGone:
            pass  # of somebody who has been forgotten nothing is known
        except Unreadable:
            self._damaged.add(person)
        return Meetings()


def condensed(known: Acquaintance, allowed: Callable[[Scope], bool]) -> Told | None:
    """What matters most first; what does not fit stays away as a whole."""
    name = known.meetings.name or "Someone"
    line, about = f"{name}:", {known.person}
    for part, items in _parts(known, allowed):
        words = part.removeprefix(f"{name}: ").removeprefix(f"{name} said: ")  # the line begins with it
        longer = f"{line}{'' if line.endswith(':') else ';'} {words}"
        if len(longer) <= LINE:
            line = longer
            about |= {person for item in items for person in item.scope.about}
    return Told(line, frozenset(about)) if not line.endswith(":") else None


def _parts(known: Acquaintance, allowed: Callable[[Scope], bool]) -> Iterator[tuple[str, list[Item]]]:
    """What can be said of somebody, with what it rests on."""
    if known.relationship is not None and allowed(known.relationship.scope):
        yield known.relationship.text.rstrip("."), [known.relationship]
    if also := [item for item in known.aliases if allowed(item.scope)][-2:]:
        yield f"also called {', '.join(item.text for item in also)}", also
    feelings = [item for item in known.feelings if allowed(item.scope)][-RECENT_FEELINGS:]
    if warmth := _warmth(warmth_of(feelings) or 0.0):
        yield warmth, feelings
    holding = [item for item in known.history if item.until_s is None and allowed(item.scope)]
    for item in sorted(holding, key=lambda one: (-one.weight, -one.at_s)):
        yield item.text.rstrip("."), [item]


def warmth_of(feelings: Sequence[Item]) -> float | None:
    """How warm these feelings are together, −1 cold .. 1 warm; None where there are none."""
    return sum(item.weight for item in feelings) / len(feelings) if feelings else None


def _warmth(score: float) -> str:
    if score >= LIKES:
        return "she likes them" if score < FOND else "she is very fond of them"
    return "she is wary of them" if score <= WARY else ""

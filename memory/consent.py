"""Who agreed to what. Each purpose has an answer of its own; all but hearing begin with a no."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from memory.database import Database

HearingMode = Literal["notice", "ask"]


class Purpose(StrEnum):
    HEARING = "hearing"  # what they say is turned into text, for this call only
    REMEMBERING = "remembering"  # what they say may be kept
    VOICE = "voice"  # they may be recognised by their voice
    FACE = "face"  # they may be recognised by their face
    TRAINING = "training"  # what is kept of them may be learned from


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's last word about one purpose."""

    allowed: bool
    at_s: float  # Unix time
    how: str  # by which act, e.g. "button", "command"


def may_hear(mode: HearingMode, decision: Decision | None, notified: bool) -> bool:
    """Whether a person may be heard in a channel.

    ``decision`` is theirs about hearing; ``notified`` says that they have been told, in that channel,
    that she listens and how to refuse.
    """
    if decision is not None and not decision.allowed:
        return False
    if mode == "ask":
        return decision is not None
    return notified


def agreed(decision: Decision | None) -> bool:
    """Everything but being heard is always opt-in."""
    return decision is not None and decision.allowed


Changed = Callable[[str, Purpose, bool], None]  # person id, purpose, whether it is allowed now
Erase = Callable[[str], object]  # what is kept of a person; blocks. Raises StoreError


class Consent:
    """Everybody's decisions: durable, and read from memory, as ``may_hear`` is asked for every packet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Changed] = []
        self._erasing: list[tuple[Purpose, Erase]] = []
        self._in_turn = asyncio.Lock()  # decisions reach the disk in the order in which they were made
        database.execute(
            "CREATE TABLE IF NOT EXISTS consent (person TEXT, purpose TEXT, allowed INTEGER, at_s REAL, how TEXT, "
            "PRIMARY KEY (person, purpose)) WITHOUT ROWID"
        )
        database.execute(
            "CREATE TABLE IF NOT EXISTS told (person TEXT PRIMARY KEY, terms TEXT, at_s REAL) WITHOUT ROWID"
        )
        self._decisions: dict[tuple[str, str], Decision] = {}
        self._told: dict[
            str, str
        ] = {}  # terms by person: what is on the disk, and of whom nothing is kept there
        self.load()

    def load(self) -> None:
        """As they are on the disk, for whoever has just opened it."""
        rows = self._database.execute("SELECT person, purpose, allowed, at_s, how FROM consent")
        self._decisions = {
            (str(person), str(purpose)): Decision(bool(allowed), float(at_s or 0), str(how))
            for person, purpose, allowed, at_s, how in rows
        }
        self._told = {
            str(person): str(terms)
            for person, terms in self._database.execute("SELECT person, terms FROM told")
        }

    def told(self, person_id: str) -> str:
        """The terms that a person has last been told; empty: those of a machine that nothing leaves."""
        return self._told.get(person_id, "")

    async def tell(self, person_id: str, terms: str) -> None:
        """A person knows these terms now. Counts at once, also where it cannot be written. Raises StoreError.

        Of somebody who has decided nothing it is not written down: they are told each time in any case.
        """
        self._told[person_id] = terms
        if any((person_id, purpose.value) in self._decisions for purpose in Purpose):
            async with self._in_turn:
                await asyncio.to_thread(self._write_told, person_id)

    def decision(self, person_id: str, purpose: Purpose) -> Decision | None:
        """None: never asked, or never answered."""
        return self._decisions.get((person_id, purpose.value))

    def listen(self, changed: Changed) -> None:
        """``changed`` is called on the event loop after every decision."""
        self._listeners.append(changed)

    def erase_with(self, purpose: Purpose, erase: Erase) -> None:
        """Whoever says no to this has it erased before ``decide`` returns. Called in a thread."""
        self._erasing.append((purpose, erase))

    async def decide(self, person_id: str, purpose: Purpose, allowed: bool, how: str) -> None:
        """Write a decision down. Raises StoreError.

        A no counts at once; a yes when it is on disk, unless a no has come meanwhile.
        """
        decision = Decision(allowed, time.time(), how)
        if not allowed:
            self._apply(person_id, purpose, decision)
        before = self.decision(person_id, purpose)
        async with self._in_turn:
            await asyncio.to_thread(self._write, person_id, purpose, decision)
            now = self.decision(person_id, purpose)
            if allowed and (now is before or now is None or now.allowed):
                self._apply(person_id, purpose, decision)

    def _apply(self, person_id: str, purpose: Purpose, decision: Decision) -> None:
        self._decisions[person_id, purpose.value] = decision
        for changed in self._listeners:
            changed(person_id, purpose, decision.allowed)

    def _write_told(self, person_id: str) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO told VALUES (?, ?, ?)", person_id, self.told(person_id), time.time()
        )

    def _write(self, person_id: str, purpose: Purpose, decision: Decision) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO consent VALUES (?, ?, ?, ?, ?)",
            *(person_id, purpose.value, decision.allowed, decision.at_s, decision.how),
        )
        if person_id in self._told:  # before they had decided anything
            self._write_told(person_id)
        for of, erase in self._erasing:
            if of is purpose and not decision.allowed:
                erase(person_id)

"""The values of memory that cross rooms. All are frozen; a person is named by the id that consent knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]  # (n, dimensions), each row of unit length

HERS = ""  # the person id of what she said herself


class Origin(StrEnum):
    """How a memory came to her."""

    DIRECT = "direct"  # written to her alone
    VOICE = "voice"  # said in a call, or at the desk
    TEXT = "text"  # written in a channel that others can read
    OPEN = "open"  # meant for everybody, such as a note that the owner imported as such


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a memory comes from and who was there: what decides who may hear it (``audience.py``)."""

    origin: Origin
    place: str  # key of the voice channel, text channel, direct messages or desk
    about: tuple[str, ...]  # person ids: whose words it holds or whom it is about; sorted
    heard_by: tuple[
        str, ...
    ]  # ids of those who were there, who said it among them, and agreed to be remembered
    private: bool = False  # kept between her and those it is about


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """What somebody said, or what was heard of her reply, word for word."""

    id: int
    at_s: float  # Unix time at which it was said
    speaker: str  # person id; HERS: she
    name: str  # as it was shown then
    text: str
    session: str  # one conversation's stretch
    scope: Scope
    cut: bool = False  # of hers: she was spoken over, and this is what was heard of it
    message: str = ""  # the message that somebody wrote it as, see ``posts.Post``


@dataclass(frozen=True, slots=True)
class Commitment:
    """Something that was promised, planned or awaited."""

    text: str
    who: str  # person id of whose it is; HERS: her own
    by: date | None = None  # when it is due or takes place, where that was said
    done: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One note of her journal. ``entry.py`` writes it as Markdown and reads it back."""

    id: str  # e.g. "20261127-190312-1f2e3d": when it happened, in UTC, and six random hex digits
    at_s: float  # Unix time at which it happened
    text: str  # what it is about, in her words; Markdown
    scope: Scope
    emotion: str = "neutral"  # how she felt
    salience: float = 0.5  # 0 trivial .. 1 unforgettable
    pinned: bool = False  # kept for as long as nobody erases it, and brought up before others
    why: str = ""  # why it was worth writing down
    commitments: tuple[Commitment, ...] = ()
    topics: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()  # of everybody
    partners: tuple[str, ...] = ()  # names, as they were shown, of those she talked with
    sources: tuple[int, ...] = ()  # ids of the turns it was made from
    supersedes: tuple[str, ...] = ()  # ids of entries that do not hold any more since this one
    version: int = 1
    written_s: float = 0.0  # Unix time at which this version was written


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of text that can be recalled: a turn, or an entry of the journal."""

    kind: Literal["turn", "entry"]
    ref: str  # the turn's or the entry's id
    text: str
    at_s: float  # Unix time at which it was said or happened
    speaker: str  # name of who said it, as it was shown then; of an entry: empty
    session: (
        str  # what belongs together and follows on one another: one conversation's stretch; an entry's own id
    )
    scope: Scope
    salience: float = 0.3  # 0 trivial .. 1 unforgettable


@dataclass(frozen=True, slots=True)
class Told:
    """A line of what she knows, as a prompt has it."""

    text: str
    about: frozenset[str]  # ids of the people whose words it rests on
    hit: Hit | None = field(default=None, compare=False)  # what was recalled, if anything was


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence about somebody, and what it rests on."""

    text: str  # as it can be spoken
    sources: tuple[
        str, ...
    ]  # what in the store says so, such as "entry/20261127-190312-1f2e3d"; at least one
    about: frozenset[str]  # ids of the people whose words it rests on


@dataclass(frozen=True, slots=True)
class EncounterLine:
    """What somebody said in an encounter."""

    speaker: str  # person id; HERS: she
    name: str  # as it was shown then
    text: str
    at_s: float  # Unix time at which it was said
    scope: Scope


@dataclass(frozen=True, slots=True)
class Encounter:
    """Meeting somebody. What it tells is for those it was asked for, and for nobody else."""

    id: str  # of what is kept of it; empty: nothing is
    person: str  # id; empty: nobody who is known for sure
    name: str  # as she calls them; empty: unknown
    likest: tuple[str, ...]  # ids: the one who it is; those who it may be, the likest first; nobody
    confidence: float  # likeness to the likest, -1..1; -1 where nobody is known
    at_s: float  # Unix time
    since_s: float  # when this encounter began
    statements: tuple[Statement, ...] = ()  # what she would say about them now; none for strangers
    lines: tuple[EncounterLine, ...] = ()  # what was said in it, where that was asked for

    @property
    def recall_summary(self) -> str:
        """One or two sentences as they can be spoken; empty for strangers."""
        return " ".join(statement.text for statement in self.statements)


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score."""

    name: str  # e.g. "words", "meaning", "time", "neighbour"
    points: float  # what it adds to the score


@dataclass(frozen=True, slots=True)
class Hit:
    """Something recalled, and why."""

    document: Document
    score: float
    reasons: tuple[Reason, ...]  # their points add up to the score
    among: int = 1  # documents it was found among

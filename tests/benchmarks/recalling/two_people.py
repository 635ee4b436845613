"""Two people who have talked with her for years: turns, notes with versions, what she knows of them, and her posts.

In one call of five both are there: then each has heard what the other said, and most of her answers may repeat both.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np

from memory.consent import Purpose
from memory.entry import new_id
from memory.memory import Memory, document_of, document_of_turn
from memory.posts import Post
from memory.profile import ProfileUpdate
from memory.roster_update import RosterUpdate
from memory.types import HERS, Entry, Origin, Scope, StoredTurn, Vectors

PEOPLE = {"discord:111111111111111111": "Ann", "discord:222222222222222222": "Bob"}
TURNS_IN_A_CALL = 40
TOGETHER = 5  # one call of so many has both of them
EDITED = 4  # one note of so many has a second version
AT_ONCE = 500  # documents that are indexed together
DAY_S = 86_400.0
START_S = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class RandomVectors:
    """Unit vectors of the size of the usual ones: working out 100,000 real ones takes an hour."""

    name: str = "random"
    dimensions: int = 384

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        found = np.random.default_rng(len(texts[0])).normal(size=(len(texts), self.dimensions))
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def fill(memory: Memory, sentences: Sequence[str], turns: int, entries: int) -> None:
    """``turns`` that hold words of each of them, and as many notes about each as ``entries``."""
    chance = random.Random(1)
    for person in PEOPLE:
        asyncio.run(memory.consent.decide(person, Purpose.REMEMBERING, True, "benchmark"))
    memory.database.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug of a benchmark
    with mock.patch.object(os, "fsync"):
        said = _talk(memory, chance, sentences, turns)
        noted = _note(memory, chance, sentences, said, entries)
    for at in range(0, len(said), AT_ONCE):
        memory.recall.add([document_of_turn(turn) for turn in said[at : at + AT_ONCE]])
    for at in range(0, len(noted), AT_ONCE):
        memory.recall.add([document_of(entry) for entry in noted[at : at + AT_ONCE]])
    while memory.recall.embed_waiting(AT_ONCE):
        pass
    memory.turns.set_reflected(turn.id for turn in said)
    _know(memory, sentences, said)
    memory.database.execute("PRAGMA synchronous = FULL")


def _talk(memory: Memory, chance: random.Random, sentences: Sequence[str], count: int) -> list[StoredTurn]:
    left = dict.fromkeys(PEOPLE, count)
    said: list[StoredTurn] = []
    number = 0
    while any(left.values()):
        together = number % TOGETHER == 0 and all(left.values())
        there = tuple(PEOPLE) if together else (max(left, key=lambda person: left[person]),)
        for turn in _call(chance, sentences, number, there):
            if any(left[person] == 0 for person in turn.scope.about):
                continue
            kept = memory.turns.add(turn)
            assert kept is not None
            said.append(kept)
            for person in turn.scope.about:
                left[person] -= 1
            if kept.speaker == HERS and number % 10 == 1:  # captions were on
                memory.posts.keep(Post(1, kept.id), kept.scope.about, kept.at_s)
        number += 1
    return said


def _call(
    chance: random.Random, sentences: Sequence[str], number: int, there: tuple[str, ...]
) -> Iterator[StoredTurn]:
    at_s, place = START_S + number * DAY_S / 3, f"discord:{number % 7}"
    for count in range(TURNS_IN_A_CALL):
        speaker = HERS if count % 2 else there[count // 2 % len(there)]
        about = there if speaker == HERS else (speaker,)
        scope = Scope(Origin.VOICE, place, tuple(sorted(about)), tuple(sorted(there)))
        name = PEOPLE.get(speaker, "Mira")
        text = chance.choice(sentences)
        yield StoredTurn(0, at_s + count * 7.0, speaker, name, text, f"{place}@{number}", scope)


def _note(
    memory: Memory, chance: random.Random, sentences: Sequence[str], said: Sequence[StoredTurn], count: int
) -> list[Entry]:
    noted = []
    for person, name in PEOPLE.items():
        theirs = [turn for turn in said if turn.speaker == person]
        for turn in chance.sample(theirs, count):
            text = f"{name} said: {turn.text} {chance.choice(sentences)}"
            entry = Entry(
                *(new_id(turn.at_s), turn.at_s, text, turn.scope),
                salience=0.6,
                why="a fact",
                partners=(name,),
                sources=(turn.id,),
            )
            kept = memory.journal.write(entry)
            if chance.randrange(EDITED) == 0:
                kept = memory.journal.write(replace(kept, text=f"{text} That was long ago."))
            noted.append(kept)
    return noted


def _know(memory: Memory, sentences: Sequence[str], said: Sequence[StoredTurn]) -> None:
    for number, turn in enumerate([turn for turn in said if turn.speaker != HERS][:600:10]):
        line = {"text": sentences[number], "scope": turn.scope, "sources": (turn.id,)}
        memory.roster.met(turn.speaker, turn.name, turn.at_s)
        memory.roster.apply(
            RosterUpdate.model_validate({"person": turn.speaker, "at_s": turn.at_s, "history": [line]})
        )
        memory.profile.apply(
            ProfileUpdate.model_validate({"add": [{**line, "section": "tastes", "at_s": turn.at_s}]})
        )

"""Ann and Bob, who have talked with her, and all that is kept of them: what tests of forgetting begin with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from memory.consent import Purpose
from memory.entry import new_id, to_markdown
from memory.master import KeyPlace
from memory.memory import Memory, open_memory
from memory.posts import Post
from memory.types import HERS, Entry, Origin, Scope, StoredTurn, Vectors
from tests.memory.kept import DAY_S, NOON_S

ANN = "discord:1234"  # and Bob's begins with it
BOB = "discord:12345"
TOGETHER, ALONE = "lounge@1", "direct@2"  # sessions
ANNS_POST, BOBS_POST, THEIR_POST = Post(1, 10), Post(1, 11), Post(1, 12)


@dataclass(frozen=True, slots=True)
class Letters:
    """An embedder: how often which letter stands in a text."""

    name: str = "letters"
    dimensions: int = 26

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        counts = np.array([[1 + one.lower().count(chr(97 + at)) for at in range(26)] for one in texts])
        found: Vectors = (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)
        return found


@dataclass(slots=True)
class Lives:
    """What was kept, by a word that stands in it alone."""

    turns: dict[str, StoredTurn] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)


def opened(folder: Path, *, encrypted: bool = True) -> Memory:
    place = KeyPlace(folder / "config" / "key", "file")
    return open_memory(folder / "data", place, embedder=Letters(), encrypted=encrypted)


def decide(memory: Memory, person: str, allowed: bool) -> None:
    asyncio.run(memory.consent.decide(person, Purpose.REMEMBERING, allowed, "test"))


def scope(*about: str, heard_by: Sequence[str] = (), origin: Origin = Origin.VOICE) -> Scope:
    place = "direct" if origin is Origin.DIRECT else "lounge"
    return Scope(origin, place, tuple(sorted(about)), tuple(sorted(heard_by or about)))


def live(memory: Memory) -> Lives:
    """They agree, talk, and are thought about; all of it is indexed and has been posted about."""
    lives = Lives()
    for person in (ANN, BOB):
        decide(memory, person, True)
    both = (ANN, BOB)
    for at, (speaker, text, about, session) in enumerate(
        [
            (ANN, "I keep bees in Amble.", [ANN], TOGETHER),
            (HERS, "Amblebees, how nice.", [ANN], TOGETHER),
            (BOB, "I have a dog called Rex.", [BOB], TOGETHER),
            (HERS, "So you have hives and you have Rexdog.", [ANN, BOB], TOGETHER),
            (ANN, "My interview is in Ghent.", [ANN], ALONE),
            (HERS, "Good luck in Ghentish.", [ANN], ALONE),
            (BOB, "I paint in Hull.", [BOB], "lounge@3"),
        ]
    ):
        origin = Origin.DIRECT if session == ALONE else Origin.VOICE
        heard_by = both if session == TOGETHER else about
        name = {ANN: "Ann", BOB: "Bob"}.get(speaker, "Mira")
        at_s = NOON_S + at * 10 + (3600 if session != TOGETHER else 0)
        turn = StoredTurn(
            0, at_s, speaker, name, text, session, scope(*about, heard_by=heard_by, origin=origin)
        )
        kept = memory.turns.add(turn)
        assert kept is not None
        lives.turns[text.split()[-1].strip(".")] = kept
    memory.index(lives.turns.values())
    memory.turns.set_reflected(one.id for one in lives.turns.values())
    _note(memory, lives, "Ann keeps bees in hives.", [ANN], "Amble", versions=["Ann keeps many hives."])
    _note(memory, lives, "Ann has a job interview.", [ANN], "Ghent")
    _note(memory, lives, "Bob has a dog.", [BOB], "Rex", versions=["Bob has a small dog."])
    _note(memory, lives, "Bees and dog have met.", [ANN, BOB], "Amble", "Rex", "Rexdog")
    _note(memory, lives, "Bob is a painter.", [BOB], "Hull")
    _know(memory, lives)
    for post, people, word in (
        (ANNS_POST, [ANN], "Amble"),
        (BOBS_POST, [BOB], "Rex"),
        (THEIR_POST, both, "Rexdog"),
    ):
        memory.posts.keep(post, people, lives.turns[word].at_s + 1)
    while memory.recall.embed_waiting(100):
        pass
    return lives


def _note(
    memory: Memory, lives: Lives, text: str, about: Sequence[str], *words: str, versions: Sequence[str] = ()
) -> None:
    said = [lives.turns[word] for word in words]
    at_s = said[0].at_s
    place = replace(said[0].scope, about=tuple(sorted(about)))
    entry = Entry(new_id(at_s), at_s, text, place, sources=tuple(one.id for one in said))
    kept = memory.keep_entry(entry)
    assert kept is not None
    for newer in versions:
        kept = memory.journal.write(replace(kept, text=newer))
        memory.index_entry(kept)
    lives.entries[text.split()[-1].strip(".")] = kept


def _know(memory: Memory, lives: Lives) -> None:
    bees, dog, both = (lives.turns[word] for word in ("Amble", "Rex", "Rexdog"))
    for turn, taste in ((bees, "honey"), (dog, "fetching"), (None, "rain")):
        rests = {"scope": turn.scope, "sources": (turn.id,)} if turn else {"scope": scope()}
        memory.profile.apply({"add": [{"section": "tastes", "text": taste, "at_s": NOON_S, **rests}]})  # type: ignore[dict-item]
    for person, name in ((ANN, "Ann"), (BOB, "Bob")):
        memory.roster.met(person, name, NOON_S)
    for person, turn, text in (
        (ANN, bees, "a beekeeper"),
        (BOB, dog, "a dog owner"),
        (BOB, both, "likes hives"),
    ):
        line = {"text": text, "scope": turn.scope, "sources": (turn.id,)}
        memory.roster.apply({"person": person, "at_s": NOON_S, "history": [line]})


def everything(memory: Memory) -> str:
    """All that is kept but decisions and tombstones, as whoever has every key would read it."""
    memory.swept()
    tables = [row[0] for row in memory.database.read("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = [  # the words that are indexed among them
        repr(memory.database.read(f"SELECT * FROM {name}"))
        for name in tables
        if name not in ("consent", "tombstones")
    ]
    found.append(repr(memory.turns.after(0)))
    found.append(repr([memory.recall.texts(kind) for kind in ("turn", "entry")]))
    for entry in memory.journal.entries():
        found += [to_markdown(version) for version in memory.journal.versions(entry.id)]
    found.append(repr([memory.profile.items(), memory.profile.history()]))
    for person in memory.roster.people():
        found.append(repr([memory.roster.acquaintance(person), memory.roster.history(person)]))
    return "\n".join(found)


def texts(memory: Memory) -> set[str]:
    """Of turns, and of the newest version of entries."""
    return {one.text for one in memory.turns.after(0)} | {one.text for one in memory.journal.entries()}


def found(memory: Memory, query: str) -> set[str]:
    """What is recalled by its words."""
    hits = memory.recall.find(query, lambda _: True, NOON_S + DAY_S, 50)
    return {hit.document.text for hit in hits if any(one.name == "words" for one in hit.reasons)}

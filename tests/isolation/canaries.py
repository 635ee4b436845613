"""Words that stand nowhere else: what is looked for wherever somebody may read or hear something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from zlib import crc32

import numpy as np

from memory.types import Vectors

_FIRST = (
    "Bel",
    "Dor",
    "Fen",
    "Gil",
    "Hal",
    "Jor",
    "Kes",
    "Lum",
    "Mor",
    "Nev",
    "Pol",
    "Ras",
    "Sil",
    "Tor",
    "Vel",
    "Wim",
)
_LAST = ("dova", "kamp", "lund", "mira", "nholm", "quist", "rath", "sund")
_ODD = (
    "brax",
    "cly",
    "drom",
    "flix",
    "gwen",
    "hulk",
    "jyn",
    "krul",
    "plov",
    "skry",
    "twig",
    "vorn",
    "wysp",
    "zanth",
)
_THINGS = (
    "boat", "tortoise", "recipe", "violin", "orchard", "café", "lantern", "sledge", "windmill", "parrot", "bakery",
    "telescope", "ferry", "vineyard", "chapel", "donkey", "greenhouse", "kite", "piano", "quarry",
)  # fmt: skip
_KIN = (
    "aunt",
    "cousin",
    "brother",
    "neighbour",
    "godmother",
    "uncle",
    "niece",
    "teacher",
    "grandfather",
    "colleague",
)
_ELSEWHERE = 16  # directions for what is about none of the topics


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret: ``word`` is what must not come out, ``near`` are the words beside it, by which it is found."""

    word: str
    near: tuple[str, str]
    thing: str  # what it is the name of, e.g. "the boat of my aunt"

    @property
    def fact(self) -> str:
        """As somebody says it of themselves."""
        return f"Remember that {self.thing} in {self.near[0]} near {self.near[1]} is called {self.word}"

    def is_in(self, text: str) -> bool:
        return self.word.casefold() in text.casefold()


def canaries() -> list[Canary]:
    """Sixty of them, all different, and the same each time."""
    places = [f"{one}{other}" for one in _FIRST for other in _LAST]
    odd = [f"{one}{other}{one[0]}" for one in _ODD for other in _ODD if one != other]
    things = [f"the {_THINGS[at % 20]} of my {_KIN[(at + at // 20) % 10]}" for at in range(60)]
    return [
        Canary(word, (places[at], places[-at - 1]), things[at])
        for at, word in zip(range(60), odd, strict=False)
    ]


class Gist:
    """Sees what a text is about by the places it names, whatever language stands around them (memory.ports.Embedder)."""

    name = "gist"

    def __init__(self, known: Sequence[Canary]) -> None:
        topics = zip(count(), known, strict=False)
        self._topics = {word.casefold(): at for at, one in topics for word in one.near}
        self.dimensions = len(known) + _ELSEWHERE

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            said = text.casefold()
            found = {at for word, at in self._topics.items() if word in said}
            elsewhere = self.dimensions - 1 - crc32(text.encode()) % _ELSEWHERE
            for at in found or {elsewhere}:
                vectors[row, at] = 1.0
        found_rows: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return found_rows

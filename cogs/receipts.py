"""A receipt in plain words: what went, or would go, and how much of it from which place. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from memory.forget import POSTS, Receipt

REST = "all that rested on it"
VOICES, FACES = "voices", "faces"  # on which nothing rests
WAITS = (
    "Some of it, sealed, still lies in a store that does not answer now; it goes from there before anything else when "
    "that does."
)

_PLACES = {  # by their names on a receipt: one, and many
    "people": ("person I know something of", "people I know something of"),
    "turns": ("line of what was said, with my answers", "lines of what was said, with my answers"),
    "journal": ("note", "notes"),
    "index": ("piece of what I find things by", "pieces of what I find things by"),
    "profile": ("line about myself that rested on it", "lines about myself that rested on it"),
    "roster": ("line about how I see people", "lines about how I see people"),
    VOICES: ("print of a voice", "prints of voices"),
    FACES: ("print of a face", "prints of faces"),
    "encounters": ("time that we met, with what was said", "times that we met, with what was said"),
    POSTS: ("post of mine in Discord", "posts of mine in Discord"),
}


def told(receipt: Receipt, known: Mapping[str, int]) -> Receipt:
    """What of it its person is told: no more than they know of (``memory.known``), and what stands in Discord."""
    counts = {
        place: count if place == POSTS else min(count, known[place])
        for place, count in receipt.counts.items()
        if place == POSTS or place in known
    }
    return replace(receipt, counts=counts)


def listed(receipt: Receipt, but: Container[str] = ()) -> str:
    """A line for each place that has something, but for those in ``but``."""
    return "\n".join(
        f"- {_counted(count, *_PLACES.get(place, (place, place)))}"
        for place, count in receipt.counts.items()
        if count and place not in but
    )


def listed_for_its_person(receipt: Receipt, but: Container[str] = ()) -> str:
    """The same of a receipt that was ``told``, and a line for what is not counted."""
    kept = any(count and place not in (POSTS, VOICES, FACES) for place, count in receipt.counts.items())
    return "\n".join(filter(None, (listed(receipt, but), f"- {REST}" if kept else "")))


def deleted(posts: int, left: int) -> str:
    """What became of ``posts`` in Discord of which ``left`` could not be deleted; empty: there were none."""
    gone, left = max(0, posts - left), min(left, posts)
    done = f"{_counted(gone, *_PLACES[POSTS])} {'is' if gone == 1 else 'are'} deleted." if gone else ""
    stay = f"{_counted(left, *_PLACES[POSTS])} could not be deleted now; I try again whenever I start."
    return " ".join(filter(None, (done, stay if left else "")))


def waiting(receipt: Receipt) -> str:
    """That some of it is to go from where it cannot be reached now; empty: all of it is gone."""
    return WAITS if receipt.waits else ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"

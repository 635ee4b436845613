"""A receipt in plain words: what went, or would go, and how much of it from which place. Pure."""

from __future__ import annotations

from collections.abc import Container

from memory.forget import POSTS, Receipt

_PLACES = {  # by their names on a receipt: one, and many
    "people": ("person I know something of", "people I know something of"),
    "turns": ("line of what was said, with my answers", "lines of what was said, with my answers"),
    "journal": ("note", "notes"),
    "index": ("piece of what I find things by", "pieces of what I find things by"),
    "profile": ("line about myself that rested on it", "lines about myself that rested on it"),
    "roster": ("line about how I see people", "lines about how I see people"),
    POSTS: ("post of mine in Discord", "posts of mine in Discord"),
}
_SPOKEN = {"turns": ("line", "lines"), "journal": ("note", "notes"), POSTS: ("post", "posts")}


def listed(receipt: Receipt, but: Container[str] = ()) -> str:
    """A line for each place that has something, but for those in ``but``."""
    return "\n".join(
        f"- {_counted(count, *_PLACES.get(place, (place, place)))}"
        for place, count in receipt.counts.items()
        if count and place not in but
    )


def spoken(receipt: Receipt) -> str:
    """What people have said, what was noted of it, and what stands in Discord; empty: none of these."""
    parts = [
        _counted(count, *_SPOKEN[place])
        for place, count in receipt.counts.items()
        if count and place in _SPOKEN
    ]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def deleted(posts: int, left: int) -> str:
    """What became of ``posts`` in Discord of which ``left`` could not be deleted; empty: there were none."""
    gone, left = max(0, posts - left), min(left, posts)
    done = f"{_counted(gone, *_PLACES[POSTS])} {'is' if gone == 1 else 'are'} deleted." if gone else ""
    stay = f"{_counted(left, *_PLACES[POSTS])} could not be deleted now; I try again whenever I start."
    return " ".join(filter(None, (done, stay if left else "")))


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"

"""A piece of what is kept of somebody, at their wish: what would go, and then what went, in words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from cogs import forgetting, receipts
from cogs.host import Host
from memory.forget import POSTS, Receipt
from memory.posts import Post
from memory.wishes import Wish

CANNOT_UNDO = "It cannot be undone."


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of what is kept of a person; never all of it."""

    person: str
    wish: Wish | None = None  # None: only the post
    post: Post | None = None  # one of hers that goes in any case
    beside: bool = False  # that post is none of those which the wish finds

    def __post_init__(self) -> None:
        if self.wish is not None and self.wish.whole:  # an empty wish would mean everything
            raise ValueError("a piece has to name something")


async def would_go(host: Host, piece: Piece) -> str:
    """For whoever is asked whether it is to go. Raises EntryError and StoreError."""
    receipt = Receipt(piece.person, {})
    if piece.wish:
        receipt = await forgetting.look_as_told(host, piece.wish)
    listed = receipts.listed_for_its_person(_with(receipt, piece.beside))
    return f"This would go:\n{listed}\n{CANNOT_UNDO}"


async def erase(host: Host, piece: Piece) -> str:
    """Forget it; what went. Raises EntryError and StoreError."""
    doomed = piece.post is not None and await asyncio.to_thread(_doom, host, piece.post)
    receipt = Receipt(piece.person, {})
    if piece.wish:
        receipt = await forgetting.forget_as_told(host, piece.wish)
    receipt = _with(receipt, doomed)  # what is doomed already is not counted once more
    left = await forgetting.delete_posts(host, piece.person)
    gone = receipts.listed_for_its_person(receipt, (POSTS,))
    lines = ["This is gone:", gone] if gone else []
    deleted = receipts.deleted(receipt.counts.get(POSTS, 0), left)
    return "\n".join(filter(None, (*lines, receipts.waiting(receipt), deleted))) or "That was gone already."


def _doom(host: Host, post: Post) -> bool:
    """Whether it was still there. Blocks."""
    return bool(host.posts.people(post)) and host.posts.doom([post]) > 0


def _with(receipt: Receipt, post: bool) -> Receipt:
    counts = receipt.counts
    return replace(receipt, counts=counts | {POSTS: counts.get(POSTS, 0) + post})

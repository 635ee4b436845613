"""What is asked before something is forgotten, and how a receipt reads; without Discord."""

from __future__ import annotations

import pytest

from cogs import previews, receipts
from cogs.previews import Preview, Previews
from memory.forget import POSTS, Receipt, Wish


def test_a_preview_is_its_askers_alone() -> None:
    asked = Previews()
    mine = Preview("ann", Wish("ann"), "all")
    asked.put(1, mine, 0.0)
    assert asked.take(1, "bob", 1.0) is None and asked.take(2, "ann", 1.0) is None
    assert asked.get(1, "ann", 601.0) is None
    assert asked.take(1, "ann", 599.0) is mine and asked.take(1, "ann", 599.0) is None
    for number in range(previews.MOST + 1):
        asked.put(number, mine, 0.0)
    assert asked.get(0, "ann", 0.0) is None and asked.get(1, "ann", 0.0) is mine


def test_a_receipt_is_read_in_plain_words() -> None:
    counts = {"turns": 1, "journal": 2, "index": 0, "profile": 0, "a new place": 3, POSTS: 1}
    receipt = Receipt("ann", counts)
    assert receipts.listed(receipt, but=(POSTS,)).splitlines() == [
        "- 1 line of what was said, with my answers",
        "- 2 notes",
        "- 3 a new place",
    ]
    assert receipts.spoken(receipt) == "1 line, 2 notes and 1 post"
    assert receipts.spoken(Receipt("ann", {"journal": 1, "index": 4})) == "1 note"
    assert receipts.spoken(Receipt("ann", {"index": 4})) == ""


@pytest.mark.parametrize(
    ("posts", "left", "words"),
    [
        (0, 0, ""),
        (1, 0, "1 post of mine in Discord is deleted."),
        (3, 0, "3 posts of mine in Discord are deleted."),
        (2, 5, "2 posts of mine in Discord could not be deleted now; I try again whenever I start."),
        (
            3,
            1,
            "2 posts of mine in Discord are deleted. "
            "1 post of mine in Discord could not be deleted now; I try again whenever I start.",
        ),
    ],
)
def test_what_became_of_her_posts_is_told(posts: int, left: int, words: str) -> None:
    assert receipts.deleted(posts, left) == words

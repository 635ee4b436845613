"""What is asked before something is forgotten, and how a receipt reads; without Discord."""

from __future__ import annotations

import pytest

from cogs import previews, receipts
from cogs.previews import Preview, Previews
from cogs.spoken_lines import ENGLISH
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
    assert ENGLISH.done(receipt.counts) == "It is forgotten: 1 line, 2 notes and 1 post."
    assert ENGLISH.done({"journal": 1, "index": 4}) == "It is forgotten: 1 note."
    assert ENGLISH.done({"index": 4}) == ENGLISH.nothing


def test_its_person_is_told_no_more_than_they_know_of() -> None:
    receipt = Receipt("ann", {"turns": 5, "journal": 3, "index": 9, "roster": 2, POSTS: 4})
    told = receipts.told(receipt, {"turns": 2, "journal": 7})
    assert told.counts == {"turns": 2, "journal": 3, POSTS: 4}
    assert receipts.listed_for_its_person(told, but=(POSTS,)).splitlines() == [
        "- 2 lines of what was said, with my answers",
        "- 3 notes",
        f"- {receipts.REST}",
    ]
    assert receipts.listed_for_its_person(receipts.told(receipt, {"turns": 0, "journal": 0}), (POSTS,)) == ""


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


def test_a_receipt_says_when_some_of_it_cannot_be_reached_yet() -> None:
    assert receipts.waiting(Receipt("ann", {"turns": 1})) == ""
    assert "does not answer now" in receipts.waiting(Receipt("ann", {}, waits=True))
    assert not Receipt("ann", {}, waits=True).empty

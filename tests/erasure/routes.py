"""Every way in which people's words come to be kept, said or written, with a made-up word for each.

A new table, file, command, exit or purpose is caught by ``test_every_place.py``; its way in is added here, at the end,
and is planted in ``household.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.erasure.canaries import canary
from tests.erasure.searching import KEPT, MESSAGES, RAM, TERMS

ANN, BOB, CARL, DORA, GUS = "Ann", "Bob", "Carl", "Dora", "Gus"


@dataclass(frozen=True, slots=True)
class Route:
    """``whose`` words they are; ``found``: where they have to be found before anything is forgotten."""

    whose: str
    name: str
    found: frozenset[str]
    may_stay: frozenset[str] = frozenset()  # where it may be found afterwards as well


def _route(whose: str, name: str, *found: str) -> Route:
    return Route(whose, name, frozenset(found))


_TALK = (KEPT, TERMS, RAM)
ROUTES = (
    # Ann is forgotten by /forget me, and bits of hers before that
    _route(ANN, "said in a call, with captions", *_TALK, MESSAGES),
    _route(ANN, "her answer aloud, with captions", *_TALK, MESSAGES),
    _route(ANN, "what they are called", *_TALK, MESSAGES),
    _route(ANN, "her answer aloud to somebody else that repeats it", *_TALK, MESSAGES),
    _route(ANN, "written to her alone", *_TALK),
    _route(ANN, "her answer there", *_TALK, MESSAGES),
    _route(ANN, "written in a channel", *_TALK),
    _route(ANN, "her answer in a channel", *_TALK, MESSAGES),
    _route(ANN, "her answer in a channel to somebody else that repeats it", *_TALK, MESSAGES),
    _route(ANN, "posted by herself", MESSAGES),
    _route(ANN, "sent by herself", MESSAGES),
    _route(ANN, "what she wanted to remember", KEPT, TERMS),
    _route(ANN, "/journal add", KEPT, TERMS),
    _route(ANN, "/memory edit, before", KEPT, TERMS),
    _route(ANN, "/memory edit, after", KEPT, TERMS),
    _route(ANN, "edited by hand", KEPT),
    _route(ANN, "restored", KEPT, TERMS),
    _route(ANN, "put into the journal by hand", KEPT, TERMS),
    _route(ANN, "imported", KEPT, TERMS),
    _route(ANN, "Remember this", KEPT, TERMS),
    _route(ANN, "kept between them", KEPT, TERMS),
    _route(ANN, "pinned", KEPT, TERMS),
    _route(ANN, "shared", KEPT, TERMS),
    _route(ANN, "about her and another", KEPT, TERMS),
    _route(ANN, "her thought about it", KEPT, TERMS),
    _route(ANN, "a fact that she made of it", KEPT, TERMS),
    _route(ANN, "a line of her profile", KEPT),
    _route(ANN, "a line of the roster", KEPT),
    _route(ANN, "put right in /relationship", KEPT),
    _route(ANN, "forgotten aloud", *_TALK),
    _route(ANN, "forgotten with the last minutes", *_TALK),
    _route(ANN, "her answer to that", *_TALK, MESSAGES),
    _route(ANN, "forgotten as a note", KEPT, TERMS),
    _route(ANN, "forgotten by the menu of a message", *_TALK),
    _route(ANN, "a print of their voice", KEPT),
    _route(ANN, "a print of their face", KEPT),
    _route(ANN, "said when they were met", KEPT),
    _route(ANN, "said to them when they were met", KEPT),
    # Bob stays until everything goes
    _route(BOB, "said in a call by somebody who stays", *_TALK, MESSAGES),
    _route(BOB, "written by somebody who stays", *_TALK),
    _route(BOB, "a note about somebody who stays", KEPT, TERMS),
    _route(BOB, "said by somebody who stays when they were met", KEPT),
    # Carl withdraws, Dora is forgotten by the owner, Gus's words grow old
    _route(CARL, "written by who withdraws", KEPT, TERMS),
    _route(CARL, "a note about who withdraws", KEPT, TERMS),
    _route(CARL, "a print of the voice of who withdraws that", KEPT),
    _route(CARL, "a print of the face of who withdraws that", KEPT),
    _route(CARL, "said by who withdraws when they were met", KEPT),
    _route(DORA, "written by whom the owner has forgotten", *_TALK),
    _route(DORA, "said by whom the owner has forgotten when another was met", KEPT),
    # whoever is still in the server has it
    replace(_route(DORA, "their name", KEPT), may_stay=frozenset({RAM})),
    _route(DORA, "her answer to them", *_TALK, MESSAGES),
    _route(GUS, "written long ago", KEPT, TERMS),
    _route(GUS, "noted long ago", KEPT, TERMS),
    _route(GUS, "said when they were met long ago", KEPT),
)
WORDS = {route.name: canary(number) for number, route in enumerate(ROUTES)}


def words_of(*people: str) -> set[str]:
    return {WORDS[route.name] for route in ROUTES if route.whose in people}

"""Who may hear a memory. Pure: every rule is a row of a test's table.

Written to her alone: that person, and nobody beside them. Said in a call: those who were there; anybody else only
while the person it is about is there, and has not kept it private. Written in a channel: those who can read it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from memory.types import Origin, Scope


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who would hear or read what she says now."""

    people: frozenset[str]  # ids of those known to be there, whether they agreed to anything or not
    place: str  # key of where she says it
    closed: bool = True  # nobody beside ``people`` can hear or read it
    channels: frozenset[str] = frozenset()  # keys of the text channels that every one of them can read


def may_hear(scope: Scope, listeners: Listeners) -> bool:
    """Whether a memory of this scope may be told to all of ``listeners``."""
    people = listeners.people
    if listeners.closed and people and people <= frozenset(scope.heard_by):
        return True
    if scope.private:
        return False
    match scope.origin:
        case Origin.OPEN:
            return True
        case Origin.TEXT:
            return scope.place == listeners.place or scope.place in listeners.channels
        case Origin.VOICE:
            return bool(scope.about) and people >= frozenset(scope.about)
    return False


def allowed(listeners: Listeners) -> Callable[[Scope], bool]:
    """``may_hear`` for these listeners, as whoever looks for memories asks it."""
    return lambda scope: may_hear(scope, listeners)


def reaches(wide: Scope, narrow: Scope) -> bool:
    """Whether whoever may hear a memory of the scope ``narrow`` may hear one of ``wide``, in any company.

    Only then may the one be at hand when the other is made: what is told in confidence finds its way into nothing else.
    """
    if wide.origin is Origin.OPEN and not wide.private:
        return True
    if not set(narrow.heard_by) <= set(wide.heard_by):
        return False
    if narrow.private or narrow.origin is Origin.DIRECT:
        return True
    if wide.private or wide.origin is not narrow.origin:
        return False
    if narrow.origin is Origin.VOICE:
        return not narrow.about or (bool(wide.about) and set(wide.about) <= set(narrow.about))
    return wide.place == narrow.place


def without(scope: Scope, person: str) -> Scope:
    """As if ``person``, whom it is not about, had never been there."""
    return replace(scope, heard_by=tuple(one for one in scope.heard_by if one != person))


def narrowest(scopes: Sequence[Scope]) -> Scope:
    """The scope of what was made from memories of these scopes: nobody hears it who may not hear each of them.

    Where they come from different places, only those who were there each time.
    """
    first = scopes[0]
    one_place = all((scope.origin, scope.place) == (first.origin, first.place) for scope in scopes)
    heard_by = frozenset(first.heard_by).intersection(*(scope.heard_by for scope in scopes))
    return Scope(
        first.origin if one_place else Origin.DIRECT,
        first.place,
        tuple(sorted({person for scope in scopes for person in scope.about})),
        tuple(sorted(heard_by)),
        any(scope.private for scope in scopes),
    )

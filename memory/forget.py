"""Forgetting: everywhere, in any case, also when it is cut short.

First a tombstone, on disk (``tombstones.py``); then, of somebody who is forgotten altogether, their key is destroyed, so
that nothing of theirs can be opened any more; then what is left is erased, step by step. Each step may be done again,
so that what a crash has left is finished at the next start.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from memory.consent import Purpose
from memory.database import Database
from memory.errors import EntryError, StoreAway, StoreError
from memory.journal import Journal
from memory.ports import FarStore
from memory.posts import Post, Posts
from memory.tombstones import EVERYBODY, Tombstone, Tombstones
from memory.turns import Turns
from memory.types import HERS
from memory.vault import Vault
from memory.wishes import Wish as Wish
from memory.wishes import part_of

# What nobody may do any more with somebody who has been forgotten, until they agree anew
WITHDRAWN = (Purpose.REMEMBERING, Purpose.TRAINING)
WITHDRAWN_EVERYWHERE = (*WITHDRAWN, Purpose.VOICE, Purpose.FACE)
POSTS = "posts in Discord"  # on a receipt; they go as soon as she can delete them

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What went, or would go, by the name of the place it was in."""

    person: str
    counts: dict[str, int]
    waits: bool = False  # some of it lies in a store that does not answer; it goes from there when that does

    @property
    def empty(self) -> bool:
        return not self.waits and not any(self.counts.values())


class Place(Protocol):
    """Somewhere that something of people is kept. What is erased here may be erased again after a crash, and is counted
    as it was counted before. May be used from any thread; blocks. Raises StoreError.
    """

    def count_of(self, person: str) -> int:
        """How much ``remove_person`` would find."""
        ...

    def remove_person(self, person: str) -> int:
        """Erase all that holds a person's words, or is about them, and that they heard anything else; how much that was.

        Before or after their key is destroyed.
        """
        ...

    def count_resting(self, gone: Tombstone) -> int:
        """How much ``remove_resting`` would find."""
        ...

    def remove_resting(self, gone: Tombstone) -> int:
        """Erase the turns and entries of a tombstone that are about its person, and what rests on them; how much."""
        ...

    def count(self) -> int:
        """How much ``clear`` would find."""
        ...

    def clear(self) -> int:
        """Erase all there is; how much that was."""
        ...


class Forgetting:
    """May be used from any thread; blocks. Raises StoreError."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        tombstones: Tombstones,
        turns: Turns,
        journal: Journal,
        posts: Posts,
        places: Mapping[str, Place],
        far: FarStore | None = None,
        stored: Mapping[str, Place] | None = None,
    ) -> None:
        """``places``: where something of people is kept, by their name on the receipt; ``stored``: those of them that
        lie in ``far``."""
        self._database = database
        self._vault = vault
        self._tombstones = tombstones
        self._turns = turns
        self._journal = journal
        self._posts = posts
        self.places = places
        self._far, self._stored = far, stored or {}

    def look(self, wish: Wish) -> Receipt:
        """What would go: what ``forget`` tells if nothing else is said meanwhile. Raises EntryError where nothing can be
        meant.
        """
        gone = self._tombstone(wish)
        found = {name: _counted(place, gone) for name, place in self.places.items()}
        counts = self._people(gone) | _known(found) | {POSTS: len(self._posts_of(gone))}
        return Receipt(wish.person, counts, None in found.values())

    def forget_all(self, wishes: Sequence[Wish]) -> list[Receipt]:
        """What others said and wrote alone stays, and is thought about anew. Raises EntryError, see ``look``.

        Of several wishes: once one of them has begun, a crash takes none of them back.
        """
        gone = [self._tombstone(wish) for wish in wishes]
        for one in gone:
            self._tombstones.put(one)
        return [self._bury(one) for one in gone]

    def finish(self) -> list[str]:
        """Finish what was cut short, be it before the tombstone was written, and what a backup does not know of;
        whom that was about."""
        unfinished = self._tombstones.unfinished()
        for gone in unfinished:
            self._bury(gone)
        refused = self._database.execute(
            "SELECT person FROM consent WHERE purpose = ? AND NOT allowed AND NOT EXISTS (SELECT 1 FROM tombstones "
            "WHERE whole AND tombstones.person IN (consent.person, ?) "
            "AND tombstones.at_s >= coalesce(consent.at_s, 0))",
            *(Purpose.REMEMBERING.value, EVERYBODY),
        )
        for (person,) in refused:
            self.forget_all([Wish(str(person), everywhere=False)])
        return [one.person for one in unfinished] + [str(person) for (person,) in refused]

    def uids(self) -> list[str]:
        """Of all that has ever been forgotten."""
        return [one.uid for one in self._tombstones.all()]

    def last_s(self, person: str) -> float | None:
        """See Tombstones.last_s."""
        return self._tombstones.last_s(person)

    def _tombstone(self, wish: Wish) -> Tombstone:
        """What a wish means. Raises EntryError."""
        if wish.person == HERS or (wish.person == EVERYBODY and not wish.whole):
            # without her own key nothing of hers would open any more
            raise EntryError("Nobody is named, so nothing was erased: say who is to be forgotten.")
        uid, now_s = uuid4().hex, time.time()
        if wish.whole:
            again = () if wish.person == EVERYBODY else self._shared_sources(wish.person)
            return Tombstone(uid, now_s, wish.person, again=again, posts=None if wish.everywhere else ())
        part = part_of(wish, self._turns, self._journal)
        times = [one.at_s for one in part.turns]
        posts = self._posts.about(wish.person, times) if wish.everywhere else []
        return Tombstone(
            *(uid, now_s, wish.person, False),
            turns=tuple(one.id for one in part.turns),
            entries=tuple(one.id for one in part.entries),
            again=part.again,
            posts=tuple(map(str, posts)),
            times=tuple(times),
            since_s=wish.since_s,
        )

    def _shared_sources(self, person: str) -> tuple[int, ...]:
        """Turns that entries about this person and others were made from."""
        shared = [
            one
            for one in self._journal.entries(look=False)  # nobody changes by hand what it was made from
            if person in one.scope.about and len(one.scope.about) > 1
        ]
        return tuple(sorted({source for one in shared for source in one.sources}))

    def _posts_of(self, gone: Tombstone) -> list[Post]:
        """Hers in Discord that go with it, but for those that are to go already."""
        if gone.posts is not None:
            posts = list(map(Post.parse, gone.posts))
        else:
            posts = self._posts.of(None if gone.person == EVERYBODY else gone.person)
        going = set(self._posts.doomed())
        return [post for post in posts if post not in going]

    def _people(self, gone: Tombstone) -> dict[str, int]:
        """How many, where nobody in particular is meant."""
        return {"people": len(self._vault.people())} if gone.person == EVERYBODY else {}

    def _bury(self, gone: Tombstone) -> Receipt:
        """Do what a tombstone says; all of it may be done again."""
        counts = self._people(gone)
        posts = self._posts.doom(self._posts_of(gone))
        if gone.person == EVERYBODY:
            self._vault.destroy_all()
        elif gone.whole:
            self._vault.destroy(gone.person)
        with ThreadPoolExecutor(len(self.places), "forget") as pool:  # files go while the database is at work
            erased = pool.map(lambda place: _erased(place, gone), self.places.values())
            found = dict(zip(self.places, erased, strict=True))
        if gone.whole and gone.person != EVERYBODY:  # else what they decided stays
            self._withdraw(gone)
        self._turns.set_reflected(gone.again, reflected=False)  # those that are left
        waits = not self._gone_far_away(gone, None in found.values())
        self._database.purge()
        self._tombstones.finish(gone)
        return Receipt(gone.person, counts | _known(found) | {POSTS: posts}, waits)

    def _gone_far_away(self, gone: Tombstone, away: bool) -> bool:
        """Whether nothing of it is left in a store that may be ``away``; else ``again`` is asked when it is back."""
        if self._far is None:
            return True
        try:
            if away and gone.whole and gone.person != EVERYBODY:
                self._far.remove(gone.person)  # it waits, too, and takes with it what waits of theirs
            self._far.purge()
            if away:
                return False
            self._far.note_forgotten([gone.uid])
        except StoreError as error:  # it may answer and be unable to
            log.warning("something that was forgotten has to wait: %s", error)
            return False
        return True

    def again(self, known: set[str]) -> list[str]:
        """Do once more, in a store that was away or was put back to an earlier state, what the tombstones say that are
        not ``known`` there; which these are.
        """
        missing = [one for one in self._tombstones.all() if one.uid not in known]
        for gone in missing:
            for place in self._stored.values():
                if _erased(place, gone) is None:
                    raise StoreAway("A store that was there does not answer any more.")
        return [one.uid for one in missing]

    def _withdraw(self, gone: Tombstone) -> None:
        """Whatever they allowed before does not count any more."""
        for purpose in WITHDRAWN if gone.posts is not None else WITHDRAWN_EVERYWHERE:
            self._database.execute(
                "UPDATE consent SET allowed = 0, at_s = ?, how = 'forgotten' "
                "WHERE person = ? AND purpose = ? AND allowed AND coalesce(at_s, 0) < ?",
                *(gone.at_s, gone.person, purpose.value, gone.at_s),
            )


def _counted(place: Place, gone: Tombstone) -> int | None:
    """None: it lies in a store that is away."""
    try:
        if not gone.whole:
            return place.count_resting(gone)
        return place.count() if gone.person == EVERYBODY else place.count_of(gone.person)
    except StoreAway:
        return None


def _erased(place: Place, gone: Tombstone) -> int | None:
    """None: not all of it, as it lies in a store that is away."""
    try:
        if not gone.whole:
            return place.remove_resting(gone)
        return place.clear() if gone.person == EVERYBODY else place.remove_person(gone.person)
    except StoreAway:
        return None


def _known(counts: Mapping[str, int | None]) -> dict[str, int]:
    return {name: count or 0 for name, count in counts.items()}

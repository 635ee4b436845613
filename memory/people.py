"""Who somebody is, and what to say about them when they are met.

Faces are matched among those who agree to it, in RAM; of meetings with those who agreed to be remembered it is kept when,
where and what was said; what she says about somebody is taken from the store, as far as those who listen may hear it. No
language model is asked. Of a stranger nothing stays.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from memory.audience import Listeners, allowed
from memory.encounters import Encounters, Meeting
from memory.entry import is_id
from memory.errors import EntryError, KeyGone, StoreAway
from memory.faces import Faces, KeptFace
from memory.gallery import FaceEmbedding, Match, Template, Verdict, bounds_of, unit_of
from memory.journal import Journal
from memory.known_faces import KnownFaces
from memory.linked import Linked
from memory.ports import PersonStore
from memory.prints import AGAIN_S
from memory.roster import PREFIX, Acquaintance, Roster
from memory.summaries import Facts, Named, named, summary
from memory.tombstones import Tombstone
from memory.types import HERS, Encounter, EncounterLine, Origin, Scope, Statement
from memory.vault import Vault

LONGEST_NAME = 64  # characters that are kept of one
_NOT_AGREED = "They have not both agreed to be recognised or remembered, so nothing was merged."


class People:
    """From any thread; blocks for a disk write. Raises StoreError."""

    def __init__(
        self,
        store: PersonStore,
        vault: Vault,
        faces: Faces,
        roster: Roster,
        journal: Journal,
        may_remember: Callable[[str], bool],
        lock: threading.RLock,
        read_anew: Callable[[], None] | None = None,
    ) -> None:
        """``lock``: held while something is kept, so that nobody is forgotten meanwhile. ``read_anew``: what has to be done
        so as to see what the process that uses all this has changed; None: it is this one.
        """
        self._faces, self._roster, self._journal = faces, roster, journal
        self._may_remember, self._lock, self._reading = may_remember, lock, read_anew
        self._encounters, self._linked = Encounters(store, vault), Linked(store, vault)
        self._known = KnownFaces(faces, self._read_anew)

    def close(self) -> None:
        self._known.close()

    # Meeting somebody

    def match(self, face: FaceEmbedding) -> Match:
        """Whose face it is, among those who agree to it now. See KnownFaces.match."""
        return self._match(face)[0]

    def process_encounter(
        self,
        face_embedding: FaceEmbedding,
        transcript: str,
        at_s: float,
        *,
        listeners: Listeners,
        place: str,
        present: frozenset[str],
    ) -> Encounter:
        """Somebody is met at ``at_s`` (Unix time), saying ``transcript`` (empty: nothing yet); what there is to say about
        them to these ``listeners``.

        ``place``: key of where that is; ``present``: ids of who else is there. Of who is not known for sure nothing is
        kept; of who is, only where they agreed to be remembered, and then it is durable on return.
        """
        match, one, print_ = self._match(face_embedding)
        if match.verdict is not Verdict.KNOWN:
            return Encounter("", "", "", match.likest, match.likeness, at_s, at_s)
        person = match.likest[0]
        with self._lock:
            if print_ is not None and at_s - print_.seen_s >= AGAIN_S:
                self._recognised(one, at_s)
            # by the id whose print it is: that one was asked, and has it when they are split again, or goes with it
            there = present - set(self._linked.all_of(one))
            meeting = self._keep(one, transcript.strip(), at_s, match.likeness, place, there)
        since_s = meeting.since_s if meeting is not None else at_s
        said = self._summary(person, listeners, at_s, since_s, meeting.id if meeting is not None else "")
        return Encounter(
            *(meeting.id if meeting is not None else "", person, self.name_of(person), match.likest),
            *(match.likeness, at_s, since_s, said),
        )

    def note(self, encounter_id: str, speaker: str, name: str, text: str, at_s: float) -> bool:
        """Somebody else said this in an encounter, ``at_s`` in Unix time; HERS: she. Whether it is kept: it is not unless
        both have agreed to be remembered.
        """
        with self._lock:
            found = self._encounters.find(encounter_id) if is_id(encounter_id) and text.strip() else None
            if found is None:
                return False
            person, there = found
            people = {person, speaker} - {HERS}
            if not all(map(self._may_remember, people)):
                return False
            meeting = next((one for one in self._encounters.of(person) if one.id == encounter_id), None)
            if meeting is None:  # the store went away meanwhile
                return False
            heard_by = tuple(sorted(filter(self._may_remember, {*there, *people})))
            scope = replace(meeting.scope, about=tuple(sorted(people)), heard_by=heard_by)
            try:
                self._encounters.add(
                    person, encounter_id, EncounterLine(speaker, name, text.strip(), at_s, scope)
                )
            except KeyGone:
                return False
            return True

    def _keep(
        self, person: str, words: str, at_s: float, likeness: float, place: str, present: frozenset[str]
    ) -> Meeting | None:
        if not self._may_remember(person):
            return None
        heard_by = tuple(sorted(filter(self._may_remember, {*present, person})))
        scope = Scope(Origin.VOICE, place, (person,), heard_by)
        line = EncounterLine(person, self.name_of(person), words, at_s, scope) if words else None
        try:
            return self._encounters.met(person, at_s, likeness, scope, line)
        except KeyGone:  # they are being forgotten
            return None

    def _match(self, face: FaceEmbedding) -> tuple[Match, str, KeptFace | None]:
        """And whose print was the likest, and that."""
        found, print_ = self._known.match(face)
        if not found.likest:
            return found, "", None
        ones = tuple(dict.fromkeys(map(self._linked.one_of, found.likest)))
        sure = len(ones) == 1 and found.likeness >= bounds_of(face.encoder).accept
        verdict = Verdict.KNOWN if sure else found.verdict
        return Match(verdict, ones, found.likeness), found.likest[0], print_

    def _recognised(self, person: str, at_s: float) -> None:
        try:
            self._faces.recognised(person, at_s)
        except StoreAway:  # the next time
            return

    # What there is to say, and what was

    def name_of(self, person: str) -> str:
        """As she calls them; empty: unknown."""
        return self._named(person).name

    def summary(self, person: str, listeners: Listeners, now_s: float) -> tuple[Statement, ...]:
        """What she would say about somebody, as far as all these may hear it; empty where nothing is known."""
        return self._summary(self._linked.one_of(person), listeners, now_s)

    def encounters(self, listeners: Listeners, person: str | None = None, most: int = 50) -> list[Encounter]:
        """Those that all these may hear of, with what was said in them, newest first. ``person``: with them alone."""
        may = self._allowed(listeners)
        people = self._linked.all_of(person) if person is not None else self._encounters.people()
        found = [one for each in people for one in self._encounters.of(each) if may(one.scope)]
        found.sort(key=lambda one: (-one.last_s, one.id))
        return [self._told(one, may) for one in found[: max(0, most)]]

    def linked(self, person: str) -> tuple[str, ...]:
        """Every id of theirs, the one under which they are known first."""
        return self._linked.all_of(person)

    def _told(self, one: Meeting, may: Callable[[Scope], bool]) -> Encounter:
        person = self._linked.one_of(one.person)
        lines = tuple(line for line in one.lines if may(line.scope))
        return Encounter(
            *(one.id, person, self.name_of(person), (person,), one.likeness, one.last_s, one.since_s),
            lines=lines,
        )

    def _summary(
        self,
        person: str,
        listeners: Listeners,
        now_s: float,
        before_s: float | None = None,
        but: str = "",
    ) -> tuple[Statement, ...]:
        """``but``: the encounter that is going on."""
        people = self._linked.all_of(person)
        meetings = (one for each in people for one in self._encounters.of(each) if one.id != but)
        facts = Facts(
            people,
            self._named(person),
            tuple(known for each in people if (known := self._acquaintance(each)) is not None),
            tuple(self._journal.holding(people)),
            tuple(meetings),
        )
        return summary(facts, self._allowed(listeners), now_s, self._named, before_s)

    def _named(self, person: str) -> Named:
        if person == HERS:
            return Named()
        return next((one for one in self._names(self._linked.all_of(person)) if one.name), Named())

    def _names(self, people: Sequence[str]) -> Iterator[Named]:
        """As they were enrolled, else as they were shown last: that may have been elsewhere."""
        for one in people:
            try:
                if (print_ := self._faces.of(one)) is not None:
                    yield named(print_.name, f"face/{one}")
            except StoreAway:  # she does without
                pass
            if (known := self._acquaintance(one)) is not None:
                yield named(known.meetings.name, f"{PREFIX}/{one}/met")

    def _acquaintance(self, person: str) -> Acquaintance | None:
        try:
            return self._roster.acquaintance(person)
        except StoreAway:  # she does without
            return None

    def _allowed(self, listeners: Listeners) -> Callable[[Scope], bool]:
        """Whoever is there under one of their ids hears what they may hear under any."""
        if not self._linked.any:
            return allowed(listeners)
        one_of = self._linked.one_of

        def ones(people: Iterable[str]) -> tuple[str, ...]:
            return tuple(sorted(set(map(one_of, people))))

        may = allowed(replace(listeners, people=frozenset(ones(listeners.people))))
        return lambda scope: may(replace(scope, about=ones(scope.about), heard_by=ones(scope.heard_by)))

    # Who is who

    def enrol(self, person: str, name: str, template: Template, at_s: float) -> bool:
        """They are known by their face from now on, and called ``name``; False: they have not agreed to that, and nothing
        is kept. Raises ValueError for a template that is none.
        """
        name = " ".join(name.split())[:LONGEST_NAME]
        with self._lock:
            unit_of(template.vector)
            return self._faces.keep(person, template.vector, template.encoder, template.frames, at_s, name)

    def merge(self, kept: str, gone: str) -> None:
        """Both are one person, who is called and known as ``kept`` from now on. Nothing of either moves. Raises EntryError
        where that cannot be.
        """
        with self._lock:
            if not all(self._may_remember(one) or self._faces.may_recognise(one) for one in (kept, gone)):
                raise EntryError(_NOT_AGREED)
            self._linked.merge(kept, gone)

    def split(self, person: str) -> None:
        """See Linked.split. Raises EntryError."""
        with self._lock:
            self._linked.split(person)

    def _read_anew(self) -> None:
        """What another process has changed."""
        if self._reading is not None:
            self._reading()
            self._encounters.read_anew()
        self._linked.read_anew()

    # Keeping no longer than that, and forgetting: see forget.Place; counted are encounters, and links

    def expire(self, before_s: float) -> int:
        """Erase encounters that ended before this Unix time; how many."""
        return self._encounters.expire(before_s)

    def damaged(self) -> int:
        return self._encounters.damaged()

    def count_of(self, person: str) -> int:
        return self._encounters.count_of(person) + self._linked.count_of(person)

    def remove_person(self, person: str) -> int:
        try:
            count = self._linked.remove_person(person)
        finally:  # what is in RAM goes in any case
            met = self._encounters.remove_person(person)
        return count + met

    def count_resting(self, gone: Tombstone) -> int:
        return self._encounters.count_resting(gone)

    def remove_resting(self, gone: Tombstone) -> int:
        return self._encounters.remove_resting(gone)

    def count(self) -> int:
        return self._encounters.count() + self._linked.count()

    def clear(self) -> int:
        return self._encounters.clear() + self._linked.clear()

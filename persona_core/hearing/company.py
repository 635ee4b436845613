"""Who is here and what was said lately: by this it is told to whom somebody speaks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from persona_core.hearing.addressee import Addressed, Line, Scene, addressed
from persona_core.hearing.floor import addressed_in
from persona_core.hearing.mode import Mode
from persona_core.types import Person, Utterance

LINES = 8  # that are looked back on
PRESENCES = 64  # changes of who is here that are looked back on
CALLED_ON_S = 20.0  # so long a person who asked for her ear has to begin


class Company:
    def __init__(self, her_name: str) -> None:
        self.mode = Mode.ADDRESSED
        self._her_name = her_name
        self._people: dict[str, str] = {}  # id → name
        self._presence: deque[tuple[float, frozenset[str]]] = deque(maxlen=PRESENCES)  # since when, and who
        self._lines: deque[Line] = deque(maxlen=LINES)
        self._called_on: dict[str, float] = {}  # person id → time.perf_counter() when they asked for her ear

    def set_people(self, people: Iterable[Person], now_s: float = 0.0) -> None:
        """Who is present, herself left out, from ``now_s`` on."""
        self._people = {person.id: person.name for person in people}
        self._presence.append((now_s, frozenset(self._people)))

    def notice(self, person: Person) -> None:
        """Whoever is heard is here."""
        self._people.setdefault(person.id, person.name)

    @property
    def people(self) -> frozenset[str]:
        """Ids of those who are here."""
        return frozenset(self._people)

    def present(self, started_s: float, ended_s: float) -> frozenset[str]:
        """Ids of those who have been here all that time; whoever came into it has not heard it all."""
        there = [self._presence[0][1]] if self._presence else [self.people]
        for since_s, people in self._presence:
            if since_s <= started_s:
                there = [people]
            elif since_s < ended_s:
                there.append(people)
        return frozenset.intersection(*there)

    def call_on(self, person_id: str, at: float) -> None:
        """What this person says next is for her; ``at`` is a time.perf_counter()."""
        self._called_on[person_id] = at

    def to_whom(self, utterance: Utterance) -> Addressed:
        """Whom an utterance is said to."""
        person = utterance.person
        others = tuple(name for key, name in self._people.items() if key != person.id)
        scene = Scene(self._her_name, (), others, tuple(self._lines), utterance.started_s, person.id)
        return addressed_in(self.mode, addressed(utterance.text, scene), self._is_called_on(utterance))

    def _is_called_on(self, utterance: Utterance) -> bool:
        asked_at, stopped_at = self._called_on.get(utterance.person.id), utterance.stopped_at
        if asked_at is None or stopped_at is None:
            return False
        return stopped_at - (utterance.ended_s - utterance.started_s) <= asked_at + CALLED_ON_S

    def said(self, utterance: Utterance) -> None:
        """An utterance is complete."""
        self._called_on.pop(utterance.person.id, None)
        person = utterance.person
        self._lines.append(Line(person.id, person.name, utterance.text, utterance.ended_s))

    def she_said(self, text: str, ended_s: float) -> None:
        self._lines.append(Line(None, self._her_name, text, ended_s))

    def withdraw(self, person_id: str | None) -> None:
        """A person's lines, or everybody's (None), are to be forgotten, and hers, which may repeat them."""
        kept = [line for line in self._lines if person_id and line.person_id not in (person_id, None)]
        self._lines = deque(kept, maxlen=LINES)
        if person_id is not None:
            self._called_on.pop(person_id, None)

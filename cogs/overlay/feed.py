"""What the page is told of what happens, and the last lines of it, for a page that is opened or loaded again.

They are kept in RAM alone and go as soon as their conversation ends, or what they hold is forgotten.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from cogs.conversations import Closed, Forgotten, Told, Unsaid
from cogs.host import Host, Place
from cogs.overlay.ports import Json
from cogs.overlay.viewing import Viewing
from persona_core.events import Failed, Heard, Hearing, Said, Speaking
from persona_core.types import Person, Utterance

MOST_LINES = 200  # that a page shows

HER = 0  # her own number; people have numbers of their own, as their ids are nobody's business


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is shown, and whose words it holds."""

    number: int
    key: str  # of its place
    at: float  # time.monotonic()
    about: frozenset[str]  # ids of people
    shown: Json


class Feed:
    """``send`` is given each message for the pages; those that name a ``place`` belong to it."""

    def __init__(
        self, host: Host, viewing: Viewing, title: Callable[[Place], str], send: Callable[[Json], None]
    ) -> None:
        self._host = host
        self._viewing = viewing
        self._title = title
        self._send = send
        self._lines: deque[Line] = deque(maxlen=MOST_LINES)
        self._places: dict[str, str] = {}  # names of those that something was seen of, by their keys
        self._numbers: dict[str, int] = {}  # of people, by their ids
        self._last = 0
        self._typed: deque[tuple[str, str]] = deque(maxlen=MOST_LINES)  # shown already, and not answered yet
        self._unseen: set[tuple[str, str]] = set()  # key and person id ("": she): what began unseen

    # What is told

    def on_event(self, key: str, event: Told) -> bool:
        """Whether it was shown."""
        match event:
            case Closed():
                self._end(key)
                return False
            case Forgotten():
                return False  # see ``forget``
            case Unsaid(utterance):
                self._take_back(key, utterance)
                return False
        place = self._host.place_called(key)
        if place is None or not self._seen_from_its_beginning(place, event):
            return False
        self._name(place)
        match event:
            case Hearing(person, stable, tentative):
                words = {"stable": stable, "tentative": tentative}
                self._send({"do": "hearing", "place": key, **self._who(person), **words})
            case Heard(utterance):
                self.line(key, utterance)
            case Speaking(text):
                self._send({"do": "speaking", "place": key, "text": text})
            case Said():
                self._said(key, event)
            case Failed(message):
                self._send({"do": "failed", "place": key, "text": message})
        return True

    def line(self, key: str, utterance: Utterance) -> None:
        """What somebody has said, or typed."""
        person = utterance.person
        typed = utterance.stopped_at is None
        words = {"text": utterance.text, "typed": typed}
        self._add(key, frozenset({person.id}), {"kind": "line", **self._who(person), **words})

    def typed(self, key: str, person: Person, text: str) -> None:
        """Somebody has typed something on a page: it shows at once, and not again with what answers it."""
        self._typed.append((person.id, text))
        self.line(key, Utterance(person, text, 0.0, 0.0))

    def _said(self, key: str, event: Said) -> None:
        for answered in event.answers:  # what was typed elsewhere nothing else tells
            if answered.stopped_at is None and (answered.person.id, answered.text) in self._typed:
                self._typed.remove((answered.person.id, answered.text))
            elif answered.stopped_at is None:
                self.line(key, answered)
        people = {line.person.id for line in event.answers}
        timings = {name: value for name, value in asdict(event.timings).items() if value is not None}
        reply: Json = {
            "kind": "reply",
            "who": HER,
            "text": event.reply.text,
            "cut": event.cut,
            "emotion": event.reply.emotion,
            "aloud": event.audio_s > 0,
            "private": event.private,
            "timings": timings,
        }
        self._add(key, frozenset(people) | event.about | event.mind.about, reply)

    def _add(self, key: str, about: frozenset[str], shown: Json) -> None:
        self._last += 1
        shown |= {"do": "line", "place": key, "number": self._last, "at": time.time()}
        self._lines.append(Line(self._last, key, time.monotonic(), about, shown))
        self._send(shown)

    def _seen_from_its_beginning(self, place: Place, event: Told) -> bool:
        """Somebody who came in the middle has not heard how it began."""
        may = self._viewing.may_see(place, event)
        match event:
            case Hearing(person) | Heard(Utterance(person)):
                begun, over = (place.key, person.id), isinstance(event, Heard)
            case Speaking() | Said():
                begun, over = (place.key, ""), isinstance(event, Said)
            case _:
                return may
        written = isinstance(event, Said) and any(line.message for line in event.answers)
        seen = may and (written or begun not in self._unseen)  # what is written is read as a whole
        if over:
            self._unseen.discard(begun)
        elif not may:
            self._unseen.add(begun)
        return seen

    def _who(self, person: Person) -> Json:
        number = self.number(person.id)
        her_name = self._host.persona.character.name
        hers = " ".join(person.name.split()).casefold() == her_name.casefold()
        return {"who": number, "name": f"{person.name} (guest)" if hers else person.name}

    def number(self, person_id: str) -> int:
        """What a page knows somebody by, the same every time."""
        return self._numbers.setdefault(person_id, len(self._numbers) + 1)

    def person(self, number: int) -> str | None:
        """Whose number it is: their id."""
        return next((person for person, given in self._numbers.items() if given == number), None)

    def _name(self, place: Place) -> None:
        name = self._title(place)
        if self._places.get(place.key) != name:
            self._places[place.key] = name
            self._send({"do": "places", "places": self.places})

    # What is there, and goes

    @property
    def places(self) -> list[Json]:
        return [{"key": key, "name": name} for key, name in self._places.items()]

    def lines(self) -> Iterator[Json]:
        """What a page shows that is opened now."""
        for line in self._lines:
            yield line.shown

    def open(self, place: Place) -> None:
        """A place is there before anything happens in it."""
        self._name(place)

    def forget(self, person_id: str | None, last_s: float) -> None:
        """What a person, or anybody (None), has said lately is not shown any more."""
        since = time.monotonic() - last_s
        gone = [
            line
            for line in self._lines
            if line.at >= since and (person_id is None or person_id in line.about)
        ]
        self._drop(gone)
        self._typed.clear()
        who = None if person_id is None else self._numbers.get(person_id, -1)
        self._send({"do": "forgotten", "who": who})

    def _take_back(self, key: str, utterance: Utterance) -> None:
        """It was shown as it was heard, and said to the program alone."""
        who = frozenset({utterance.person.id})
        mine = [line for line in self._lines if (line.key, line.about) == (key, who)]
        self._drop([line for line in mine[-1:] if line.shown["text"] == utterance.text])

    def _end(self, key: str) -> None:
        """A conversation is over."""
        self._drop([line for line in self._lines if line.key == key])
        self._unseen = {one for one in self._unseen if one[0] != key}
        if self._places.pop(key, None) is not None:
            self._send({"do": "places", "places": self.places})

    def _drop(self, gone: list[Line]) -> None:
        if gone:
            self._lines = deque((line for line in self._lines if line not in gone), MOST_LINES)
            self._send({"do": "drop", "numbers": [line.number for line in gone]})

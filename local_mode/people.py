"""Who is known at the desk, as Discord would show them: commands name people by Discord's ids."""

from __future__ import annotations

from collections.abc import Callable

from local_mode.interactions import shown
from local_mode.typed import Json, NotUnderstood, quoted
from persona_core.types import Person

PREFIX = "desk:"  # of the ids of people who sit here
FIRST_PERSON = 10  # Discord's own ids are far higher than those of the people here


class People:
    def __init__(self, has_decided: Callable[[str], bool]) -> None:
        """``has_decided``: whether a person (their id) has ever said what she may do."""
        self._has_decided = has_decided
        self._known: dict[int, Person] = {}  # by their Discord id

    def get(self, number: int) -> Person | None:
        return self._known.get(number)

    def shown(self, person: Person) -> Json:
        number = next((number for number, one in self._known.items() if one.id == person.id), None)
        number = number or FIRST_PERSON + len(self._known)
        self._known[number] = person
        return shown(number, person.name)

    def named(self, text: str) -> Json:
        """Somebody who is named in a command: by a name, by an id of theirs, or by their Discord id alone.

        Raises NotUnderstood where nobody is called so.
        """
        digits = text.removeprefix("discord:").strip("<@!>")
        if digits.isdecimal() and len(digits) > len(str(FIRST_PERSON)):
            return shown(int(digits), digits)
        name = " ".join(text.removeprefix(PREFIX).removeprefix("@").split())
        there = next((one for one in self._known.values() if one.name.casefold() == name.casefold()), None)
        named = there or Person(f"{PREFIX}{name.casefold()}", name)
        if there is None and not self._has_decided(named.id):
            raise NotUnderstood(f"I know nobody at the desk who is called {quoted(name)}.")
        return self.shown(named)

    @property
    def names(self) -> dict[str, str]:
        """What they are called, by their Discord ids."""
        return {str(number): person.name for number, person in self._known.items()}

"""What has been said in a conversation, as the prompt is given it."""

from __future__ import annotations

from collections.abc import Iterator

from persona_core.thinking.prompt import BLOCK
from persona_core.types import Turn

MOST_TURNS = 400  # kept for the prompt, which takes what fits
FORGOTTEN_TURNS = 25 * BLOCK  # leave together; whole blocks, as the prompt counts them from the first


class History:
    def __init__(self) -> None:
        self._turns: list[Turn] = []

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns)

    def __len__(self) -> int:
        return len(self._turns)

    def add(self, turn: Turn) -> None:
        self._turns.append(turn)
        if len(self._turns) > MOST_TURNS:
            del self._turns[:FORGOTTEN_TURNS]

    def add_reply(self, reply: Turn, after: Turn | None) -> None:
        """Put her reply behind the line that it followed, before what was said while she spoke."""
        places = [at for at, turn in enumerate(self._turns, 1) if turn is after]
        self._turns.insert(places[-1] if places else len(self._turns), reply)

    def replace(self, old: Turn, new: Turn) -> None:
        self._turns = [new if turn is old else turn for turn in self._turns]

    def withdraw(self, person_id: str | None, since_s: float = float("-inf")) -> None:
        """Leave out a person's lines, or anybody's (None), and what of hers may repeat them; ``since_s``: said since."""
        self._turns = [
            turn
            for turn in self._turns
            if turn.at_s < since_s or (person_id is not None and person_id not in turn.about)
        ]

"""Which conversation's tokens a model keeps evaluated, and in which of its few sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

LIVE = 2  # conversations whose tokens no background work takes away


@dataclass(slots=True)
class Kept:
    """One sequence of the model's memory."""

    id: int
    conversation: str | None = None  # None: nobody's
    tokens: list[int] = field(default_factory=list)  # evaluated, in order


class KeptSequences:
    """A fixed number of sequences; the conversation that was silent longest loses its own first."""

    def __init__(self, count: int) -> None:
        """``count`` sequences for conversations, and one more for work in the background."""
        self._by_use = [Kept(number) for number in range(count)]  # least recently used first
        self.background = Kept(count)

    def claim(self, conversation: str) -> Kept:
        """The sequence of ``conversation``. One taken over still holds the tokens of its last owner."""
        kept = next((k for k in self._by_use if k.conversation == conversation), self._by_use[0])
        kept.conversation = conversation
        self._by_use.remove(kept)
        self._by_use.append(kept)
        return kept

    @property
    def everyone(self) -> tuple[Kept, ...]:
        """Every sequence, the background's among them."""
        return (*self._by_use, self.background)

    def longest(self, prompt: Sequence[int], preferred: Kept) -> tuple[Kept, int]:
        """The sequence that begins most like ``prompt``, and how many tokens of it agree."""
        best = max(self.everyone, key=lambda kept: (common_prefix(kept.tokens, prompt), kept is preferred))
        return best, common_prefix(best.tokens, prompt)

    def first_to_go(self, besides: Kept) -> Kept | None:
        """The sequence to give up when ``besides`` needs room, if any may go that holds tokens.

        The background's goes first, then the one silent longest. Work in the background leaves the LIVE
        conversations that spoke last alone.
        """
        spare = self._by_use[:-LIVE] if besides is self.background else self._by_use
        candidates = (self.background, *spare)
        return next((kept for kept in candidates if kept.tokens and kept is not besides), None)


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens ``a`` and ``b`` share from the start."""
    for at, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return at
    return min(len(a), len(b))

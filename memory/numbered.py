"""Values under small numbers, so that a column can hold them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Set
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=Hashable)


class Numbered(Generic[T]):
    """A number is given once and never again, also when its value is forgotten.

    Not safe for several threads: whoever holds it has a lock.
    """

    def __init__(self) -> None:
        self._given = 0
        self._numbers: dict[T, int] = {}

    def items(self) -> Iterator[tuple[int, T]]:
        """Every number with its value."""
        return ((number, value) for value, number in self._numbers.items())

    def where(self, holds: Callable[[T], bool]) -> npt.NDArray[np.bool_]:
        """For every number given whether ``holds`` is true of its value.

        One more stands at the end, False: so a column's -1, which means no value, finds it there.
        """
        found = np.zeros(self._given + 1, np.bool_)
        numbers = np.fromiter(self._numbers.values(), np.int64, len(self._numbers))
        found[numbers] = np.fromiter(map(holds, self._numbers), np.bool_, len(self._numbers))
        return found

    def number(self, value: T) -> int:
        """A new one where it has none."""
        if value not in self._numbers:
            self._numbers[value] = self._given
            self._given += 1
        return self._numbers[value]

    def keep_only(self, numbers: Set[int]) -> None:
        """Forget the values of all others."""
        for number, value in list(self.items()):
            if number not in numbers:
                del self._numbers[value]

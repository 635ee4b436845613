"""How likely it is that something is said to her, by what is said and by who spoke before: two small tables.

The figures are log-odds against "to somebody else": 0 as likely as not, 3 about twenty to one. They began as a logistic
fit, with shrinkage, on 472 lines of scenes written for that alone (none of them is in ``tests/data``), were rounded, and
were set by hand where those lines were too few to tell.
"""

from __future__ import annotations

from enum import Enum, auto


class Kind(Enum):
    """What is said when nobody is called by name. Of several that fit, the first."""

    ABOUT_HER = auto()  # "Mira told me"
    ASKS_ALL = auto()  # "does anybody …?", "who has …?"
    TELLS_ALL = auto()  # "bye, everybody"
    REMARK = auto()  # of a third person: "she's right"
    THANKS = auto()
    ASKS_YOU = auto()  # "are you sure?"
    ASKS_OF = auto()  # of a third person: "does he know?"
    ASKS_ON = auto()  # "and tomorrow?"
    ASKS = auto()
    ORDERS = auto()
    TELLS_YOU = auto()
    SHORT = auto()  # three words at most
    TELLS = auto()


class Before(Enum):
    """Who spoke before, seen from the one who speaks now."""

    SHE_ASKED = auto()  # me, or all
    SHE_ASKED_ALL = auto()  # and somebody has answered already
    SHE_ANSWERED_ME = auto()
    SHE_ANSWERED_ANOTHER = auto()
    I_TOLD_HER = auto()
    I_TOLD_OTHERS = auto()
    I_WITH_HER = auto()  # we were talking, then somebody put in a word
    ANOTHER_ASKED = auto()
    ANOTHER_SPOKE = auto()
    NOBODY = auto()  # or long ago


_HER = """
                      ASKS_ALL ABOUT_HER TELLS_ALL REMARK THANKS ASKS_YOU ASKS_ON ASKS_OF ASKS ORDERS TELLS_YOU SHORT TELLS
SHE_ASKED              0        0        -1        -1      2      2        1       1       3    3      1         3     2.5
SHE_ASKED_ALL         -2       -3        -3        -3     -1     -2        0      -2       0.5  0     -3         1     1
SHE_ANSWERED_ME        1        0        -2        -1      3      3        3       0.5     4    4      1         2     1
SHE_ANSWERED_ANOTHER  -1       -3        -3        -3      1      0.2      0.5    -1.5     1.5  1     -2.5      -1    -2
I_TOLD_HER             0        0        -1        -1      2      2        3      -1       3    3      2         2     3
I_TOLD_OTHERS         -2       -3        -3        -3     -1     -2       -1      -2      -1.5 -1     -2        -2    -2
I_WITH_HER            -2       -3        -3        -3     -1     -1        2      -1       1    2     -3        -2.5  -2
ANOTHER_ASKED         -4       -5        -5        -5     -3     -3       -3      -4      -3   -3     -5        -5    -5
ANOTHER_SPOKE         -4       -5        -5        -5     -3     -3       -3      -4      -3   -2     -5        -5    -5
NOBODY                -2       -4        -3        -3     -1     -1.5     -1      -2      -1    -0.5  -3        -2    -2.5
"""
# To the room the two add up.
_ROOM_KIND = {
    Kind.ASKS_ALL: 3.0,
    Kind.ASKS: 1.5,
    Kind.ASKS_OF: 0.5,
    Kind.ASKS_YOU: -1.0,
    Kind.ASKS_ON: -1.0,
    Kind.ORDERS: -1.5,
}
_ROOM_BEFORE = {
    Before.NOBODY: 1.0,
    Before.I_TOLD_OTHERS: 0.0,
    Before.I_WITH_HER: -2.0,
    Before.ANOTHER_ASKED: -4.0,
}
_ROOM_OTHER_KIND, _ROOM_OTHER_BEFORE = -4.0, -2.5


def _read(table: str) -> dict[tuple[Before, Kind], float]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return {
        (Before[row[0]], Kind[kind]): float(odds)
        for row in rows
        for kind, odds in zip(head, row[1:], strict=True)
    }


_TO_HER = _read(_HER)


def to_her(before: Before, kind: Kind) -> float:
    """Log-odds that it is said to her rather than to somebody else."""
    return _TO_HER[before, kind]


def to_room(before: Before, kind: Kind) -> float:
    """Log-odds that it is said to everybody rather than to somebody else."""
    return _ROOM_KIND.get(kind, _ROOM_OTHER_KIND) + _ROOM_BEFORE.get(before, _ROOM_OTHER_BEFORE)

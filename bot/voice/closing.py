"""What to do when a voice connection ends: a table, and the words for its owner. Pure.

Codes: Discord's documentation of voice close events; 4017 and 4022 are from the DAVE announcement.
"""

from __future__ import annotations

from enum import Enum, auto


class Next(Enum):
    RESUME = auto()  # the session lives on; only the socket is gone
    REJOIN = auto()  # the session is dead: leave and join through the main gateway
    AWAIT = auto()  # moved or kicked: the main gateway says which
    LEAVE = auto()
    IDENTIFY = auto()  # the main gateway has given new credentials


class Left(Enum):
    """Why a call ended; the value is the sentence for whoever invited her."""

    CLOSED = "I left the voice channel."
    KICKED = "Somebody disconnected me from the voice channel."
    REMOVED = "I am no longer a member of that server, or its voice channel is gone."
    ENDED = "Discord ended the call for everybody."
    ENCRYPTION = "Discord refused the call because of its end-to-end encryption; update Kith."
    REFUSED = "Discord refused the voice connection; look into the log, then try /join again."
    RATE_LIMITED = "Discord says that I join too often; wait a few minutes, then try /join again."
    LOST = "I lost the voice connection and could not get it back; try /join again."


LEAVING = {
    4017: Left.ENCRYPTION,
    4021: Left.RATE_LIMITED,
    4022: Left.ENDED,
    4012: Left.REFUSED,  # unknown protocol
    4016: Left.REFUSED,  # unknown encryption mode
}
REJOINING = frozenset((1000, 4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011, 4020))


def after_close(code: int | None) -> Next:
    """``code`` is None when the line broke without one."""
    if code in LEAVING:
        return Next.LEAVE
    if code == 4014:
        return Next.AWAIT
    if code in REJOINING:
        return Next.REJOIN
    return Next.RESUME  # 1001, 1006, 4015 (server crashed) and whatever is new

"""Photos of OMI's glasses, put together from what they send over Bluetooth.

As their firmware has it (github.com/BasedHardware/omi, omiGlass/firmware/src/app.cpp): a photo is a JPEG in notifications of
up to 202 bytes, each begun by its number; the first one says how the camera is turned.
"""

from __future__ import annotations

import time

LAST = 0xFFFF  # the number of what ends a photo
MOST_BYTES = 1_000_000  # of one; they have 640 × 480 pixels
UPSIDE_DOWN = 2  # quarters, as the firmware counts them; it sends no others
JPEG = b"\xff\xd8"
# EXIF that says so, as a segment of a JPEG
TURN_OVER = bytes.fromhex("ffe10022457869660000 4d4d002a00000008 0001 0112000300000001 00030000 00000000")


class Photos:
    """Notifications in, photos out. Pure but for the time."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._over, self._begun_at = False, 0.0

    def feed(self, data: bytes) -> tuple[bytes, float] | None:
        """A photo that is whole now, and when it began to arrive. One that lacks a part is left out."""
        number, content = int.from_bytes(data[:2], "little"), data[2:]
        if number == LAST:
            whole, self._parts = b"".join(self._parts), []
            return (whole, self._begun_at) if whole.startswith(JPEG) and not self._over else None
        if number == 0:
            turned = UPSIDE_DOWN if content.startswith(JPEG) else int.from_bytes(content[:1], "little")
            content = content if content.startswith(JPEG) else content[1:]  # early firmware does not say
            extra = TURN_OVER if turned == UPSIDE_DOWN else b""
            self._parts = [content[:2] + extra + content[2:]]
            self._over, self._begun_at = False, time.time()
        elif number == len(self._parts) and number * len(content) <= MOST_BYTES:
            self._parts.append(content)
        else:
            self._over = True
        return None

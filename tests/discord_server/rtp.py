"""RTP packets as a Discord client makes them, and reading them again."""

from __future__ import annotations

import random
import struct

from .faults import Sending

SAMPLES = 960  # of 48 kHz in one 20 ms frame
AUDIO = 0x78
_ONE_BYTE_EXTENSION = 0xBEDE


def make(
    sending: Sending, sequence: int, timestamp: int, ssrc: int, payload: bytes, dice: random.Random
) -> tuple[bytes, bytes]:
    """(what stays readable, what is encrypted): header and extension preamble; extension body, payload, padding."""
    words = sending.extension_words
    padded = dice.random() < sending.padding_share
    first = 0x80 | (0x20 if padded else 0) | (0x10 if words is not None else 0)
    header = struct.pack(">BBHII", first, sending.payload_type, sequence, timestamp & 0xFFFFFFFF, ssrc)
    body = payload
    if words is not None:
        header += struct.pack(">HH", _ONE_BYTE_EXTENSION, words)
        body = _extension(words, dice) + payload
    if padded:
        size = dice.randint(1, 16)
        body += bytes(size - 1) + bytes([size])
    return header, body


def _extension(words: int, dice: random.Random) -> bytes:
    """Audio level (id 1), then elements of other ids that a receiver passes over."""
    body = bytes([0x10, 0x80 | dice.randrange(0x60)])
    if words >= 2:
        body += bytes([0x52]) + dice.randbytes(3)
    return body.ljust(words * 4, b"\0")[: words * 4]


def payload(header: bytes, body: bytes) -> bytes:
    """The payload without extension body and padding."""
    if header[0] & 0x10:
        body = body[4 * int.from_bytes(header[-2:], "big") :]
    if header[0] & 0x20 and body:
        body = body[: -body[-1]]
    return body

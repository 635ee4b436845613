"""Messages of Discord's voice gateway, version 8: their numbers, shapes and framing. Pure.

JSON is ``{"op": …, "d": {…}, "seq": …}``; binary is ``u16 seq | u8 op | payload`` from the server and
``u8 op | payload`` from the client.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Op(IntEnum):
    IDENTIFY = 0
    SELECT_PROTOCOL = 1
    READY = 2
    HEARTBEAT = 3
    SESSION_DESCRIPTION = 4
    SPEAKING = 5
    HEARTBEAT_ACK = 6
    RESUME = 7
    HELLO = 8
    RESUMED = 9
    CLIENTS_CONNECT = 11
    VIDEO = 12
    CLIENT_DISCONNECT = 13
    CLIENT_FLAGS = 18
    CLIENT_PLATFORM = 20
    DAVE_PREPARE_TRANSITION = 21
    DAVE_EXECUTE_TRANSITION = 22
    DAVE_TRANSITION_READY = 23
    DAVE_PREPARE_EPOCH = 24
    MLS_EXTERNAL_SENDER = 25
    MLS_KEY_PACKAGE = 26
    MLS_PROPOSALS = 27
    MLS_COMMIT_WELCOME = 28
    MLS_ANNOUNCE_COMMIT = 29
    MLS_WELCOME = 30
    MLS_INVALID_COMMIT = 31


class Malformed(ValueError):
    """A message that is not of the shape its number promises."""


@dataclass(frozen=True, slots=True)
class Incoming:
    op: int
    data: Any  # what stood under "d" (JSON), or the payload (binary: bytes)
    seq: int | None = None  # to be acknowledged; None: this message is not numbered


@dataclass(frozen=True, slots=True)
class Outgoing:
    op: Op
    data: dict[str, Any] | bytes  # bytes are sent as a binary message


def parse_text(text: str) -> Incoming:
    """Raises Malformed."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if not isinstance(message, dict):
        raise Malformed("not an object")
    seq = integer(message, "seq", 0, 0xFFFF) if message.get("seq") is not None else None
    return Incoming(integer(message, "op", 0, 255), message.get("d"), seq)


def parse_binary(message: bytes) -> Incoming:
    """Raises Malformed."""
    if len(message) < 3:
        raise Malformed("too short")
    return Incoming(message[2], message[3:], int.from_bytes(message[:2], "big"))


def integer(data: Any, key: str, low: int = 0, high: int = 2**64 - 1) -> int:
    """``data[key]``, also when written as a string, as Discord does with ids. Raises Malformed."""
    value = data.get(key) if isinstance(data, dict) else None
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Malformed(key)
    return value


def string(data: Any, key: str) -> str:
    """``data[key]``. Raises Malformed."""
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, str):
        raise Malformed(key)
    return value

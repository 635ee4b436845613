"""Gateway messages and events of the wrong shape: py-cord would end the whole bot over one."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp

Parser = Callable[[Any], None]

MALFORMED = "events of the wrong shape"

log = logging.getLogger(__name__)


class UnreadableMessage(aiohttp.ClientError):
    """A message that is no event at all. As a connection error, it makes py-cord connect anew."""


def readable(message: str) -> bool:
    """Whether py-cord can take a message of the gateway in, which does not look before it does."""
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("t"), str | None)


def guard(parsers: dict[str, Parser], counts: Counter[str]) -> None:
    """Make every parser in ``parsers`` (event name → what takes it in) drop and count what it cannot read."""
    for name, parser in parsers.items():
        parsers[name] = _guarded(name, parser, counts)


def _guarded(name: str, parser: Parser, counts: Counter[str]) -> Parser:
    def parse(data: Any) -> None:
        try:
            parser(data)
        except Exception as error:  # noqa: BLE001  # whatever it holds, the next event may be well
            counts[MALFORMED] += 1
            log.warning("%s could not be read: %s", name, type(error).__name__)

    return parse

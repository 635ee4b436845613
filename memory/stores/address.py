"""Where the values of people are to lie, as the owner writes it down: in ``STORE``, and behind ``move --to``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from redis.connection import parse_url

from memory.errors import StoreError

EMBEDDED = "embedded"
_SCHEMES = ("redis", "rediss", "unix")
_MAY_SAY = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "db"}  # behind the question mark
_HERE = ("", "127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Address:
    """A Redis. What is shown of it leaves user and password out."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"Redis at {parts.hostname or parts.path or 'this machine'}{port}"

    @property
    def exposed(self) -> bool:
        """Whether it lies on another machine, and whoever is in between reads the password."""
        parts = urlsplit(self.url)
        return parts.scheme == "redis" and (parts.hostname or "") not in _HERE


def parse_address(text: str) -> Address | None:
    """None: in our own database. Raises StoreError, whose sentence does not repeat ``text``: it may hold a password."""
    wanted = text.strip()
    if wanted in ("", EMBEDDED):
        return None
    try:
        parts = urlsplit(wanted)
        told = set(parse_qs(parts.query, keep_blank_values=True))
        parse_url(wanted)  # type: ignore[no-untyped-call]
        usable = parts.scheme in _SCHEMES and parts.path.strip("/").isdecimal() | (parts.path in ("", "/"))
        if parts.scheme == "unix":
            usable = len(parts.path) > 1
    except ValueError:
        usable, told = False, set()
    if not usable:
        raise StoreError(
            "STORE should be embedded, or the address of a Redis such as redis://127.0.0.1:6379/0, rediss://… with "
            "TLS, or unix:///run/redis/redis.sock."
        )
    if unknown := told - _MAY_SAY:
        raise StoreError(
            f"The address of a Redis may say {', '.join(sorted(_MAY_SAY))} behind its question mark, not "
            f"{', '.join(sorted(unknown))}."
        )
    return Address(wanted)

"""Who may open the page: whoever has the token, from the page itself, on this machine."""

from __future__ import annotations

import logging
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from persona_core.errors import KithError

TOKEN_FILE = "page-token"  # in the data folder
TOKEN_BYTES = 32
_TOKEN = re.compile(r"[\w-]{40,60}")
_OWN = ("same-origin", "none")  # what a browser says of requests that no other page has made

log = logging.getLogger(__name__)


class NoToken(KithError):
    """The page cannot be guarded, so that it is not opened."""


def token_in(folder: Path) -> str:
    """The token that opens the page, made anew where there is none. Blocks; raises NoToken.

    It stays the same over a restart, so that a page that was left open and a source in OBS go on; whoever may read it
    may read the key as well. Deleting the file gives a new one.
    """
    file = folder / TOKEN_FILE
    try:
        with suppress(FileNotFoundError, UnicodeDecodeError):
            kept = file.read_text("ascii").strip()
            if _TOKEN.fullmatch(kept) and (os.name == "nt" or not file.stat().st_mode & 0o077):
                return kept
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with suppress(FileNotFoundError):
            file.unlink()  # others may have been able to read it, or it is damaged
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
            written.write(token)
    except OSError as error:
        raise NoToken(f"There is no page this time: {file} cannot be written ({error.strerror}).") from error
    return token


def hosts(port: int) -> frozenset[str]:
    """What a request for this machine's page may be addressed to; any other name points here by a trick."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))


def may_ask(headers: Mapping[str, str], port: int) -> bool:
    """Whether a request comes from the page itself, or from somebody who opens it."""
    host, origin = headers.get("Host", ""), headers.get("Origin")
    if host not in hosts(port) or (origin is not None and origin != f"http://{host}"):
        return False
    opens = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    return headers.get("Sec-Fetch-Site", "none") in _OWN or opens


def may_connect(headers: Mapping[str, str], port: int) -> bool:
    """Whether a WebSocket is opened by the page itself: every browser says where it was asked to."""
    host = headers.get("Host", "")
    return host in hosts(port) and headers.get("Origin") == f"http://{host}"


def may_push(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a program and no page: browsers say so of every page that would send anything.

    It may be addressed to any name, as glasses reach this machine through a tunnel; the token alone lets them in.
    """
    return "Origin" not in headers and not any(name.casefold().startswith("sec-fetch-") for name in headers)


def is_token(given: object, token: str) -> bool:
    if not isinstance(given, str):
        return False
    return secrets.compare_digest(
        given.encode("utf-8", "replace"), token.encode()
    )  # half a character has no bytes


def security_headers(port: int) -> dict[str, str]:
    """Nothing from elsewhere is loaded, asked or told; nobody shows the page inside of theirs."""
    sockets = " ".join(f"ws://{host}" for host in sorted(hosts(port)))
    policy = (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {sockets}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), camera=(self), geolocation=(), display-capture=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
    }

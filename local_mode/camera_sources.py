"""What ``CAMERA`` names: webcams, video files, streams, and what is pushed by others. Pure but for a look at files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from persona_core.errors import SettingsError

PUSH, PAGE = "push", "page"
STREAMS = ("rtsp", "rtsps")
WEB = ("http", "https")
FILMS = (".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".3gp")
MOST_SOURCES = 8
_NAMED = re.compile(r"([\w .-]{1,40})=(.+)")
_NAME = re.compile(r"[\w .-]{1,40}")


class Kind(Enum):
    WEBCAM = "webcam"
    FILM = "film"
    STREAM = "stream"  # by RTSP
    WEB = "web"  # MJPEG, or a picture that is asked for again and again
    PUSHED = "pushed"


@dataclass(frozen=True, slots=True)
class Source:
    """Where pictures come from."""

    name: str  # as people see it
    kind: Kind
    address: str = field(repr=False)  # may hold a password, so that it is neither shown nor logged


def sources_of(given: str) -> tuple[Source, ...]:
    """What the setting names. Raises SettingsError, without any password in it."""
    parts = [part.strip() for part in given.split(",")]
    if given.strip().casefold() in ("", "off"):
        return ()
    if len(parts) > MOST_SOURCES:
        raise SettingsError(f"CAMERA names {len(parts)} cameras; I take up to {MOST_SOURCES}.")
    sources: list[Source] = []
    for number, part in enumerate(parts, 1):
        sources.append(_source(part, number, {one.name for one in sources}))
    return tuple(sources)


def unused(name: str, taken: set[str]) -> str:
    """``name``, with a number where it is taken."""
    numbered = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(one for one in numbered if one not in taken)


def _source(part: str, number: int, taken: set[str]) -> Source:
    named = _NAMED.fullmatch(part)
    name, address = (named[1].strip(), named[2].strip()) if named else ("", part)
    if not address or (named and not name):
        raise SettingsError(f"CAMERA: number {number} of what it names is empty.")
    if name in taken:
        raise SettingsError(f"CAMERA gives the name “{name}” twice; each camera needs one of its own.")
    kind, usual = _kind(address, number)
    return Source(name or unused(usual, taken), kind, address)


def _kind(address: str, number: int) -> tuple[Kind, str]:
    """What it is, and what it is called where nobody says. Raises SettingsError."""
    if address.casefold() in (PUSH, PAGE):
        return Kind.PUSHED, address.casefold()
    if "://" in address:
        return _of_stream(address, number)
    if address.isdecimal():
        return Kind.WEBCAM, "webcam"
    try:
        path = Path(address).expanduser()
        if path.is_file():
            return Kind.FILM, _plain(path.stem)
        if path.is_char_device():  # /dev/video0
            return Kind.WEBCAM, _plain(path.name)
        if path.is_dir():
            raise SettingsError(f"CAMERA: {address} is a folder, not a video file.")
    except (OSError, RuntimeError) as error:  # RuntimeError: a home that nobody has
        raise SettingsError(f"CAMERA: number {number} of what it names cannot be looked at.") from error
    if "@" in address:  # an address without rtsp://, say; it may hold a password
        raise SettingsError(
            f"CAMERA: number {number} of what it names is no whole address, like rtsp://host/stream."
        )
    if "/" in address or "\\" in address or path.suffix.casefold() in FILMS:
        raise SettingsError(f"CAMERA: the file {address} does not exist.")
    return Kind.WEBCAM, _plain(address)


def _of_stream(address: str, number: int) -> tuple[Kind, str]:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # a port that is none, or half an IPv6 address
        host = ""
    if not host or any(character.isspace() for character in address):
        raise SettingsError(
            f"CAMERA: number {number} of what it names is no whole address, like rtsp://host/stream."
        )
    if parts.scheme in STREAMS:
        return Kind.STREAM, _plain(host)
    if parts.scheme in WEB:
        return Kind.WEB, _plain(host)
    raise SettingsError(f"CAMERA: I know rtsp://, rtsps://, http:// and https://, not {parts.scheme}://.")


def _plain(name: str) -> str:
    """As a name that may be shown, and named in an address."""
    return re.sub(r"[^\w .-]+", " ", name).strip()[:40] or "camera"

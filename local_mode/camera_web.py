"""Pictures over HTTP: an MJPEG stream (multipart/x-mixed-replace), or one picture that is asked for again and again.

They are handed on as they come, undecoded, so that no thread is needed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import aiohttp

from local_mode.camera_sources import Source
from persona_core.errors import CameraError
from persona_core.seeing.pictures import MOST_BYTES

ANSWER_S = 5.0  # to be let in, and for each picture
ASKED_EVERY_S = 0.5  # for a single picture
MOST_HEADERS = 4096  # bytes before a part's picture
_BLANK = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(r'boundary="?([^";,]{1,200})', re.IGNORECASE)

log = logging.getLogger(__name__)


class Parts:
    """The pictures in an MJPEG stream. Pure: bytes in, pictures out.

    Cameras keep to RFC 2046 loosely: some leave out the length, some write the dashes into the boundary's name.
    """

    def __init__(self, boundary: str) -> None:
        self._boundary = b"--" + boundary.strip().lstrip("-").encode("latin-1", "replace")
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The pictures that are whole now. Raises ValueError where this is no such stream."""
        self._waiting += data
        found = []
        while (picture := self._next()) is not None:
            if picture:
                found.append(picture)
        if len(self._waiting) > MOST_BYTES + MOST_HEADERS:
            raise ValueError("a part without an end")
        return found

    def _next(self) -> bytes | None:
        """The next one; empty: a part without any; None: it has not all come yet."""
        waiting = self._waiting
        begin = waiting.find(self._boundary)
        blank = _BLANK.search(waiting, begin + len(self._boundary)) if begin >= 0 else None
        if blank is None:
            if len(waiting) - max(begin, 0) > MOST_HEADERS:
                raise ValueError("no part begins")
            return None
        length = _LENGTH.search(waiting, begin, blank.start() + 1)
        if length:
            end = blank.end() + int(length[1])
            if int(length[1]) > MOST_BYTES:
                raise ValueError("a part is too long")
            if len(waiting) < end:
                return None
        else:
            if self._boundary == b"--":
                raise ValueError("neither a boundary nor a length")
            end = waiting.find(self._boundary, blank.end())
            if end < 0:
                return None
        picture = bytes(waiting[blank.end() : end])
        del waiting[:end]
        return picture if length else picture.removesuffix(b"\n").removesuffix(b"\r")


async def look(source: Source) -> AsyncGenerator[bytes, None]:
    """The pictures of ``source``, the newest where several have come. Raises CameraError."""
    try:
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=ANSWER_S, sock_read=ANSWER_S),
            middlewares=_digest(source),
        ) as session:
            async for picture in _pictures(session, source):
                yield picture
    except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
        log.info("a camera: %s", type(error).__name__)  # its text may hold the address, and that a password
        raise CameraError(_sentence(source, error)) from None


async def _pictures(session: aiohttp.ClientSession, source: Source) -> AsyncIterator[bytes]:
    while True:
        asked_at = time.monotonic()
        async with _answer(session, source) as answer:
            kind = answer.content_type
            if kind.startswith("multipart/"):
                boundary = _BOUNDARY.search(answer.headers.get("Content-Type", ""))
                async for picture in _parts(answer, boundary[1] if boundary else ""):
                    yield picture
                raise CameraError(f"The camera “{source.name}” has stopped.")
            if not kind.startswith("image/"):
                raise CameraError(
                    f"The camera “{source.name}” sends neither an MJPEG stream nor a picture; its handbook tells what "
                    "stands behind the host."
                )
            yield await _single(answer)
        await asyncio.sleep(max(0.0, asked_at + ASKED_EVERY_S - time.monotonic()))


@asynccontextmanager
async def _answer(session: aiohttp.ClientSession, source: Source) -> AsyncIterator[aiohttp.ClientResponse]:
    """Without a password first: many cameras ask for it in a way that does not tell it to who listens (digest)."""
    address, (user, password) = _without_password(source.address), _password(source.address)
    async with session.get(address, allow_redirects=False) as answer:
        if answer.status == 401 and user and "basic" in answer.headers.get("WWW-Authenticate", "").casefold():
            headers = {"Authorization": aiohttp.encode_basic_auth(user, password, "utf-8")}
            async with session.get(address, allow_redirects=False, headers=headers) as let_in:
                yield _good(let_in, source)
            return
        yield _good(answer, source)


def _good(answer: aiohttp.ClientResponse, source: Source) -> aiohttp.ClientResponse:
    if answer.status == 200:
        return answer
    name = f"The camera “{source.name}”"
    if answer.status in (401, 403):
        raise CameraError(
            f"{name} wants a password, or another one; its address takes it, as http://user:password@host/…."
        )
    if answer.status in range(300, 400):
        raise CameraError(
            f"{name} has moved: it names another address, which should stand in CAMERA instead."
        )
    raise CameraError(
        f"{name} gives no pictures (HTTP {answer.status}); its handbook tells what stands behind the host."
    )


async def _parts(answer: aiohttp.ClientResponse, boundary: str) -> AsyncIterator[bytes]:
    parts, came_at = Parts(boundary), time.monotonic()
    async for data in answer.content.iter_any():
        if pictures := parts.feed(data):
            came_at = time.monotonic()
            yield pictures[-1]
        elif time.monotonic() - came_at > ANSWER_S:
            raise TimeoutError("no picture ends")


async def _single(answer: aiohttp.ClientResponse) -> bytes:
    """All of a picture, within its time. Raises TimeoutError, ValueError."""
    data = bytearray()
    async with asyncio.timeout(ANSWER_S):
        async for some in answer.content.iter_any():
            data += some
            if len(data) > MOST_BYTES:
                raise ValueError("too long")
    return bytes(data)


def _digest(source: Source) -> tuple[aiohttp.DigestAuthMiddleware, ...]:
    user, password = _password(source.address)
    return (aiohttp.DigestAuthMiddleware(user, password),) if user else ()


def _password(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return unquote(parts.username or ""), unquote(parts.password or "")


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _sentence(source: Source, error: Exception) -> str:
    name = f"The camera “{source.name}”"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"{name} shows a certificate that nobody vouches for; within your network http:// may do."
    if isinstance(error, aiohttp.ServerTimeoutError | TimeoutError):
        return f"{name} does not answer, or sends no pictures any more."
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{name} does not answer; is it switched on, and its address right?"
    if isinstance(error, ValueError):
        return f"{name} gives nothing that can be read as pictures."
    return f"{name} has stopped."

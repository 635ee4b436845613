"""Programs may send pictures, if they have the token and are no page; each wrong one is answered with a sentence."""

from __future__ import annotations

import asyncio
import struct
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from cogs.overlay import pushing
from cogs.overlay.files import Files
from cogs.overlay.guard import may_push
from cogs.overlay.open_page import NO_LEAVE, TOO_FAST, TOO_MANY
from cogs.overlay.pushing import A_SECOND, AT_ONCE, Pushing
from cogs.overlay.server import Server
from local_mode import camera
from local_mode.camera import DROPPED, SKEWED
from persona_core.seeing.pictures import decode_picture
from tests.local_mode.seeing import Looking, jpeg, until

TOKEN = "t" * 43


class Door:
    """A server that takes pictures, and cameras behind it."""

    def __init__(self, look: Looking, port: int, http: aiohttp.ClientSession, refused: Counter[str]) -> None:
        self.look = look
        self.address = f"http://127.0.0.1:{port}/frames"
        self.http = http
        self.refused = refused

    async def send(
        self, data: Any, name: str = "glasses", token: str = TOKEN, **headers: str
    ) -> tuple[int, str]:
        told = {"Authorization": f"Bearer {token}"} if token else {}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        where = f"{self.address}?camera={name}" if name else self.address
        async with self.http.post(where, data=data, headers=told) as answer:
            return answer.status, await answer.text()

    async def line(self, token: str = TOKEN, name: str = "glasses") -> aiohttp.ClientWebSocketResponse:
        socket = await self.http.ws_connect(f"{self.address}/live")
        await socket.send_json({"token": token, "camera": name})
        return socket


@asynccontextmanager
async def door(cameras: str = "glasses=push,hat=push", **settings: Any) -> AsyncIterator[Door]:
    async def nobody(socket: web.WebSocketResponse) -> None: ...

    refused: Counter[str] = Counter()
    look = Looking(cameras, **settings)

    def count() -> None:
        refused["refused"] += 1

    async with look.cameras, aiohttp.ClientSession() as http:
        server = Server(Files(), nobody, count, Pushing(look.cameras, TOKEN, count))
        port = await server.open(0)
        try:
            yield Door(look, port, http, refused)
        finally:
            await server.close()


def png_of(width: int, height: int) -> bytes:
    """Black, and hardly any bytes, however large it is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + width) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_is_taken_and_seen(kind: str) -> None:
    picture = jpeg(200, kind=kind)
    async with door() as here:
        assert await here.send(picture) == (204, "")
        view = here.look.cameras.latest("glasses")
        assert view is not None and view.picture == picture and 0 <= time.perf_counter() - view.at < 60
    assert decode_picture(picture).shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("data", "status", "word"),
    [
        (b"", 400, "no picture in it"),
        (b"GIF89a" + bytes(100), 415, "JPEG, PNG and WebP"),
        (b"<script>alert(1)</script>", 415, "JPEG, PNG and WebP"),
        (b"\xff\xd8", 415, "JPEG, PNG and WebP"),
        (b"\xff\xd8\xff" + bytes(100), 415, "JPEG, PNG and WebP"),
        (b"RIFF\x00\x00\x00\x00WAVE" + bytes(100), 415, "JPEG, PNG and WebP"),
        (jpeg()[:200], 415, "JPEG, PNG and WebP"),
        (png_of(10_000, 5_000), 413, "50 megapixels"),
        (png_of(60_000, 60_000)[:5000], 413, "too large"),
        (jpeg() + bytes(24_000_000), 413, "24 MB"),
    ],
    ids=["empty", "gif", "script", "short", "marker", "wav", "cut", "50-megapixels", "bomb", "24-MB"],
)
async def test_what_is_no_picture_is_refused_with_a_sentence(data: bytes, status: int, word: str) -> None:
    async with door() as here:
        answer = await here.send(data)
        assert answer[0] == status and word in answer[1] and answer[1].count("\n") == 1
        assert not here.look.views


async def test_what_never_ends_is_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield jpeg()
        while True:
            yield bytes(1 << 20)

    async def stalls() -> AsyncIterator[bytes]:
        yield jpeg()
        await asyncio.sleep(5)

    monkeypatch.setattr(pushing, "BODY_S", 0.3)
    async with door() as here:
        with pytest.raises((aiohttp.ClientError, AssertionError)):  # it is cut off, or told 413
            assert (await here.send(endless()))[0] != 413
        status, why = await here.send(stalls())
        assert status == 400 and "in time" in why
        assert (await here.send(jpeg()))[0] == 204


async def test_a_wrong_token_is_refused_before_anything_is_read() -> None:
    async with door() as here:
        for token in ("", "wrong", "ü" * 43, TOKEN[:-1]):
            status, why = await here.send(jpeg(), token=token)
            assert status == 401 and "page-token" in why and TOKEN not in why
        assert (await here.send(jpeg(), token="", Authorization=f"Basic {TOKEN}"))[0] == 401
        async with here.http.post(f"{here.address}?camera=glasses&token={TOKEN}", data=jpeg()) as answer:
            assert answer.status == 401  # addresses end up in logs
        assert here.refused["refused"] == 6 and not here.look.views


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8765"},
        {"Sec-Fetch-Site": "cross-site"},
        {"sec-fetch-mode": "no-cors"},
    ],
)
async def test_no_page_in_a_browser_may_send_pictures(headers: dict[str, str]) -> None:
    assert not may_push(headers)
    async with door() as here:
        told = headers | {"Authorization": f"Bearer {TOKEN}"}
        async with here.http.post(f"{here.address}?camera=glasses", data=jpeg(), headers=told) as answer:
            assert answer.status == 403
        async with here.http.options(here.address, headers=headers) as answer:
            assert answer.status in (403, 404, 405) and "Access-Control-Allow-Origin" not in answer.headers
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await here.http.ws_connect(f"{here.address}/live", headers=headers)
        assert refused.value.status == 403 and not here.look.views


async def test_glasses_may_come_through_a_tunnel_under_another_name() -> None:
    async with door() as here:
        assert (await here.send(jpeg(), Host="kith.home.lan:9000"))[0] == 204


async def test_which_camera_it_is_has_to_be_said_and_somebody_has_to_watch() -> None:
    async with door() as here:
        status, why = await here.send(jpeg(), name="")
        assert status == 400 and "POST /frames?camera=NAME" in why
        status, why = await here.send(jpeg(), name="shoe")
        assert status == 503 and "“glasses”, “hat”" in why
    async with door("off") as here:
        status, why = await here.send(jpeg())
        assert status == 503 and "CAMERA" in why and not here.look.views


async def test_without_cameras_nobody_watches() -> None:
    async def nobody(socket: web.WebSocketResponse) -> None: ...

    server = Server(Files(), nobody, lambda: None, Pushing(None, TOKEN, lambda: None))
    port = await server.open(0)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"http://127.0.0.1:{port}/frames?camera=a", data=jpeg(), headers=headers) as answer,
    ):
        assert answer.status == 503 and "Nobody watches" in await answer.text()
    await server.close()


async def test_two_cameras_are_kept_apart() -> None:
    async with door() as here:
        await here.send(jpeg(10))
        await here.send(jpeg(200), name="hat")
        glasses, hat = here.look.cameras.latest("glasses"), here.look.cameras.latest("hat")
        assert glasses is not None and hat is not None
        assert (glasses.picture, hat.picture) == (jpeg(10), jpeg(200))


async def test_a_thousand_fast_pictures_are_dropped_and_hold_up_nothing() -> None:
    picture = jpeg()
    async with door() as here:
        begun = time.perf_counter()
        answers = Counter()
        for _ in range(20):
            for status, _ in await asyncio.gather(*(here.send(picture) for _ in range(50))):
                answers[status] += 1
        spent_s = time.perf_counter() - begun
        assert set(answers) <= {204, 429} and answers[429] > 0
        assert answers[204] <= AT_ONCE + A_SECOND * spent_s + 1
        assert 0 < len(here.look.views) <= 15 * spent_s + 2
        assert here.look.cameras.counts[DROPPED] == answers[204] - len(here.look.views)
        assert (await here.send(picture, name="hat"))[0] == 204  # nobody else suffers


@pytest.mark.parametrize(
    ("age_s", "believed"),
    [(0.5, True), (4.0, True), (6.0, False), (3600.0, False), (-1.0, False), (-9e9, False)],
)
async def test_a_clock_that_is_wrong_is_not_believed(age_s: float, believed: bool) -> None:
    async with door() as here:
        before = time.perf_counter()
        assert (await here.send(jpeg(), X_Taken_At=str(time.time() - age_s)))[0] == 204
        view = here.look.cameras.latest("glasses")
        assert view is not None
        assert view.at == pytest.approx(before - (age_s if believed else 0), abs=0.5)
        assert here.look.cameras.counts[SKEWED] == (not believed)


@pytest.mark.parametrize("taken", ["yesterday", "nan", "inf", "1e999", ""])
async def test_a_time_that_is_none_is_refused(taken: str) -> None:
    async with door() as here:
        status, why = await here.send(jpeg(), X_Taken_At=taken)
        assert status == 400 and "Unix seconds" in why


async def test_an_older_picture_never_replaces_a_newer_one() -> None:
    async with door() as here:
        await here.send(jpeg(200))
        await here.send(jpeg(10), X_Taken_At=str(time.time() - 3))
        view = here.look.cameras.latest("glasses")
        assert view is not None and view.picture == jpeg(200)


async def test_glasses_that_fall_silent_are_told_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "QUIET", {camera.Kind.PUSHED: 0.2})
    monkeypatch.setattr(camera, "LOOK_S", 0.02)
    async with door() as here:
        await asyncio.sleep(0.4)
        assert not here.look.lost  # nothing is missed before there was anything
        await here.send(jpeg())
        await until(lambda: bool(here.look.lost))
        assert here.look.lost == [("glasses", "The camera “glasses” sends no pictures any more.")]
        assert here.look.cameras.latest("glasses") is None
        await here.send(jpeg())
        assert here.look.cameras.latest("glasses") is not None


async def test_the_page_needs_no_setting_and_may_say_that_it_stops() -> None:
    async with door("off") as here:
        assert (await here.send(jpeg(), name="page"))[0] == 503  # no program does so unasked
        here.look.cameras.push("page", jpeg())
        assert here.look.cameras.names == ("page",)
        here.look.cameras.stop("page")
        assert here.look.lost == [("page", "The camera “page” is switched off.")]
        assert here.look.cameras.latest("page") is None


# The line that is kept open


async def test_pictures_come_over_a_line_and_nothing_is_answered() -> None:
    async with door() as here:
        socket = await here.line()
        for number in range(3):
            await socket.send_bytes(jpeg(50 * number))
            await asyncio.sleep(0.1)
        await here.look.until_seen(3)
        with pytest.raises(asyncio.TimeoutError):
            await socket.receive(0.1)
        await socket.close()


async def test_a_wrong_picture_is_answered_and_the_line_goes_on() -> None:
    async with door() as here:
        socket = await here.line()
        await socket.send_bytes(b"GIF89a" + bytes(100))
        assert (await socket.receive_json(timeout=5))["status"] == 415
        await socket.send_bytes(png_of(10_000, 5_000))
        assert (await socket.receive_json(timeout=5))["status"] == 413
        await socket.send_bytes(jpeg())
        await here.look.until_seen()
        await socket.close()


async def test_a_token_of_bytes_that_are_no_text_is_wrong_and_nothing_breaks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with door() as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(here.address).port)
        head = b"POST /frames?camera=glasses HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
        writer.write(head + b"Authorization: Bearer \xff\xfe\r\n\r\n")
        assert b" 401 " in await reader.readline()
        writer.close()
        socket = await here.http.ws_connect(f"{here.address}/live")
        await socket.send_str('{"token": "\\ud800", "camera": "glasses"}')
        assert (await socket.receive_json(timeout=5))["status"] == 401
        assert here.refused["refused"] == 2
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("token", "name", "status", "code"),
    [("wrong", "glasses", 401, NO_LEAVE), (TOKEN, "shoe", 503, TOO_MANY), (TOKEN, "", 400, pushing.GARBAGE)],
)
async def test_a_line_without_leave_is_closed_with_a_sentence(
    token: str, name: str, status: int, code: int
) -> None:
    async with door() as here:
        socket = await here.line(token, name)
        answer = await socket.receive_json(timeout=5)
        assert answer["status"] == status and answer["error"].endswith(".")
        assert (await socket.receive(5)).type is WSMsgType.CLOSE and socket.close_code == code


@pytest.mark.parametrize("first", ["[]", "{", "7", jpeg(), "[" * 100_000])
async def test_whoever_says_something_else_first_is_shown_out(first: Any) -> None:
    async with door() as here:
        socket = await here.http.ws_connect(f"{here.address}/live")
        await (socket.send_bytes if isinstance(first, bytes) else socket.send_str)(first)
        assert (await socket.receive_json(timeout=5))["status"] == 400
        assert (await socket.receive(5)).type is WSMsgType.CLOSE


async def test_a_line_that_floods_is_closed() -> None:
    async with door() as here:
        socket = await here.line()
        for _ in range(int(AT_ONCE) + 200):
            await socket.send_bytes(jpeg())
        message = await socket.receive(10)
        assert message.type is WSMsgType.TEXT and message.json()["status"] == 429
        assert (await socket.receive(5)).type is WSMsgType.CLOSE and socket.close_code == TOO_FAST


async def test_closing_closes_the_lines() -> None:
    async with door() as here:
        socket = await here.line()
        await socket.send_bytes(jpeg())
        await here.look.until_seen()
    assert (await socket.receive(5)).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)

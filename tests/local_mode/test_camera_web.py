"""Cameras on the web, with real servers: good ones, slow ones, silent ones, and ones that send rubbish."""

from __future__ import annotations

import asyncio
import hashlib
import random
from pathlib import Path

import pytest
from aiohttp import BasicAuth, web
from hypothesis import given
from hypothesis import strategies as st

from local_mode import camera, camera_web
from local_mode.camera_web import Parts
from tests.discord_server import certificates
from tests.local_mode.seeing import begun, jpeg, looking, mjpeg, part, until, web_camera


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost is tried again at once, and nobody waits long."""
    monkeypatch.setattr(camera, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(camera_web, "ANSWER_S", 0.4)
    monkeypatch.setattr(camera_web, "ASKED_EVERY_S", 0.02)


async def test_an_mjpeg_stream_is_seen() -> None:
    async with web_camera(mjpeg) as host, looking(f"door=http://{host}/video") as look:
        await look.until_seen(5)
        assert look.cameras.names == ("door",) and not look.lost
    assert {view.picture for view in look.views} == {jpeg()} and {view.camera for view in look.views} == {
        "door"
    }


async def test_a_single_picture_is_asked_for_again_and_again() -> None:
    asked = 0

    async def still(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(body=jpeg(asked % 200), content_type="image/jpeg")

    async with web_camera(still) as host, looking(f"http://{host}/still.jpg", camera_fps=60) as look:
        await look.until_seen(4)
    assert len({view.picture for view in look.views}) == len(look.views) <= asked


async def test_a_camera_faster_than_wanted_is_not_looked_at_more_often() -> None:
    async def fast(request: web.Request) -> web.StreamResponse:
        answer = await begun(request)
        while True:
            await answer.write(part(jpeg()))
            await asyncio.sleep(0.005)

    async with web_camera(fast) as host, looking(f"http://{host}/", camera_fps=5) as look:
        await look.until_seen(3)
        spent_s = look.views[-1].at - look.views[0].at
    assert len(look.views) - 1 <= spent_s * 5 + 1 and look.cameras.counts[camera.DROPPED] > 5


async def test_a_camera_that_stops_mid_picture_is_told_once_and_comes_back() -> None:
    calls = 0

    async def breaks_off(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        if calls > 4:
            return await mjpeg(request)
        answer = await begun(request)
        if calls == 1:
            await answer.write(part(jpeg()))
        await answer.write(part(jpeg())[:-100])
        return answer

    async with web_camera(breaks_off) as host, looking(f"door=http://{host}/") as look:
        await until(lambda: bool(look.lost))
        assert look.cameras.latest("door") is None
        await look.until_seen(3)
        assert look.cameras.latest("door") is not None
    assert look.lost == [("door", "The camera “door” has stopped.")]
    assert look.cameras.counts[camera.TRIED] >= 4


@pytest.mark.parametrize("after", [b"", b"--frame\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8"])
async def test_a_camera_that_hangs_is_told(after: bytes) -> None:
    async def hangs(request: web.Request) -> web.StreamResponse:
        answer = await begun(request)
        await answer.write(part(jpeg()) + after)
        await asyncio.sleep(60)
        return answer

    async with web_camera(hangs) as host, looking(f"door=http://{host}/") as look:
        await until(lambda: bool(look.lost))
    assert look.lost == [("door", "The camera “door” does not answer, or sends no pictures any more.")]


async def test_a_camera_that_trickles_without_an_end_is_told() -> None:
    async def trickles(request: web.Request) -> web.StreamResponse:
        answer = await begun(request)
        await answer.write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8")
        while True:
            await answer.write(b"x")
            await asyncio.sleep(0.05)

    async with web_camera(trickles) as host, looking(f"door=http://{host}/") as look:
        await until(lambda: bool(look.lost))
    assert look.told == ["The camera “door” does not answer, or sends no pictures any more."]


async def test_rubbish_is_told_and_bounded() -> None:
    async def rubbish(request: web.Request) -> web.StreamResponse:
        answer = await begun(request)
        for _ in range(20):
            await answer.write(random.Random(8).randbytes(64 * 1024))
        return answer

    async with web_camera(rubbish) as host, looking(f"door=http://{host}/") as look:
        await until(lambda: bool(look.lost))
    assert look.told == ["The camera “door” gives nothing that can be read as pictures."] and not look.views


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        (404, "text/plain", "HTTP 404"),
        (500, "text/plain", "HTTP 500"),
        (302, "text/plain", "has moved"),
        (401, "text/plain", "wants a password"),
        (403, "text/plain", "wants a password"),
        (200, "text/html", "neither an MJPEG stream nor a picture"),
        (200, "video/mp4", "neither an MJPEG stream nor a picture"),
    ],
)
async def test_what_gives_no_pictures_is_one_sentence(status: int, kind: str, word: str) -> None:
    async def answers(request: web.Request) -> web.Response:
        return web.Response(status=status, content_type=kind, headers={"Location": "http://127.0.0.1:9/"})

    async with web_camera(answers) as host, looking(f"door=http://ann:geheim@{host}/") as look:
        await until(lambda: bool(look.lost))
        await asyncio.sleep(0.1)
    assert len(look.lost) == 1 and word in look.told[0] and "geheim" not in look.told[0]


@pytest.mark.parametrize(("given", "seen"), [("ann:ge%40heim@", True), ("ann:wrong@", False), ("", False)])
async def test_a_password_in_the_address_opens_a_camera_that_asks_for_one(given: str, seen: bool) -> None:
    wanted = BasicAuth("ann", "ge@heim").encode()

    async def guarded(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") == wanted:
            return await mjpeg(request)
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="camera"'})

    async with web_camera(guarded) as host, looking(f"http://{given}{host}/") as look:
        await until(lambda: bool(look.views or look.lost))
    assert bool(look.views) is seen and (seen or "wants a password" in look.told[0])


@pytest.mark.parametrize(("password", "seen"), [("geheim", True), ("wrong", False)])
async def test_a_password_is_not_told_to_who_listens_where_the_camera_knows_how(
    password: str, seen: bool
) -> None:
    said: list[str] = []

    def digest(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()  # RFC 2617

    async def guarded(request: web.Request) -> web.StreamResponse:
        said.append(given := request.headers.get("Authorization", ""))
        fields = dict(
            one.strip().split("=", 1) for one in given.removeprefix("Digest ").split(",") if "=" in one
        )
        fields = {name: value.strip('"') for name, value in fields.items()}
        secret = f"{digest('ann:cam:geheim')}:n0:{fields.get('nc')}:{fields.get('cnonce')}:auth"
        if fields.get("response") == digest(f"{secret}:{digest(f'GET:{request.path}')}"):
            return await mjpeg(request)
        challenge = 'Digest realm="cam", nonce="n0", qop="auth", algorithm=MD5'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    async with web_camera(guarded) as host, looking(f"http://ann:{password}@{host}/v") as look:
        await until(lambda: bool(look.views or look.lost))
    assert bool(look.views) is seen and not any("Basic" in one for one in said)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    _, tls = certificates.make(tmp_path)
    async with web_camera(mjpeg, tls=tls) as host, looking(f"door=https://ann:geheim@{host}/") as look:
        await until(lambda: bool(look.lost))
    assert not look.views and "certificate that nobody vouches for" in look.told[0]


async def test_a_camera_that_was_switched_off_and_on_again_is_seen_again() -> None:
    async with web_camera(mjpeg) as host, looking(f"door=http://{host}/") as look:
        await look.until_seen()
        port = int(host.rpartition(":")[2])
    async with looking(f"door=http://127.0.0.1:{port}/") as look:
        await until(lambda: bool(look.lost))
        async with web_camera(mjpeg, port):
            await look.until_seen()
    assert len(look.lost) == 1 and "does not answer" in look.told[0]


async def test_two_cameras_do_not_disturb_each_other() -> None:
    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=500)

    async with (
        web_camera(mjpeg) as good,
        web_camera(broken) as bad,
        looking(f"good=http://{good}/,bad=http://{bad}/") as look,
    ):
        await until(lambda: len(look.of("good")) > 5 and bool(look.lost))
    assert {camera for camera, _ in look.lost} == {"bad"} and not look.of("bad")


async def test_closing_does_not_wait_for_a_camera_that_is_silent() -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async with web_camera(silent) as host, looking(f"http://{host}/"):
        await asyncio.sleep(0.1)


PICTURES = [jpeg(number, 64, 48) for number in (1, 60, 200)]


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=40), st.lists(st.booleans(), min_size=3, max_size=3)
)
def test_pictures_are_found_however_they_are_cut(cuts: list[int], lengths: list[bool]) -> None:
    stream = (
        b"".join(part(one, length) for one, length in zip(PICTURES, lengths, strict=True)) + b"--frame\r\n"
    )
    parts, found, at = Parts("frame"), [], 0
    for cut in [*cuts, len(stream)]:
        found += parts.feed(stream[at : at + cut])
        at += cut
    assert found == PICTURES


@pytest.mark.parametrize("boundary", ["frame", "--frame", " frame "])
def test_a_boundary_may_be_written_loosely(boundary: str) -> None:
    assert Parts(boundary).feed(part(PICTURES[0])) == PICTURES[:1]


@pytest.mark.parametrize(
    "stream",
    [
        b"x" * 5000,
        b"--frame\r\n" + b"h: x\r\n" * 1000,
        b"--frame\r\nContent-Length: 999999999\r\n\r\n",
    ],
)
def test_what_would_grow_without_bounds_is_refused(stream: bytes) -> None:
    with pytest.raises(ValueError, match="part"):
        Parts("frame").feed(stream)

"""Cameras for tests: films made on the spot, web cameras that behave or do not, and somebody who looks."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiohttp import web
from PIL import Image

from local_mode.camera import Cameras
from persona_core.settings import Settings
from persona_core.types import Picture, View

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    """As ``tests.until``, but for what threads do: they are left some of the processor."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110  # it is no event
            await asyncio.sleep(0.01)


class Looking:
    """Cameras, and all that they gave and told."""

    def __init__(self, camera: str, **settings: Any) -> None:
        self.views: list[View] = []
        self.lost: list[tuple[str, str]] = []
        self.cameras = Cameras(
            Settings(camera=camera, **settings), self.views.append, lambda *told: self.lost.append(told)
        )

    @property
    def told(self) -> list[str]:
        return [message for _, message in self.lost]

    def of(self, camera: str) -> list[View]:
        return [view for view in self.views if view.camera == camera]

    async def until_seen(self, most: int = 1, camera: str = "") -> None:
        await until(lambda: len(self.of(camera) if camera else self.views) >= most)


@asynccontextmanager
async def looking(camera: str, **settings: Any) -> AsyncIterator[Looking]:
    look = Looking(camera, **settings)
    async with look.cameras:
        yield look


def grey(brightness: int, width: int = 64, height: int = 48) -> Picture:
    return np.full((height, width, 3), brightness, np.uint8)


def jpeg(brightness: int = 128, width: int = 64, height: int = 48, kind: str = "JPEG") -> bytes:
    written = io.BytesIO()
    Image.fromarray(grey(brightness, width, height)).save(written, kind)
    return written.getvalue()


def film(
    file: Path,
    pictures: list[Picture],
    fps: int = 30,
    sound: np.ndarray | None = None,
    rate: int = 44_100,
    codec: str = "libx264",
) -> Path:
    """A video of ``pictures``, with ``sound`` (int16 mono at ``rate``)."""
    height, width = pictures[0].shape[:2]
    with av.open(str(file), "w") as container:
        video = container.add_stream(codec, rate=fps)
        video.width, video.height = width, height
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        audio = container.add_stream("aac", rate=rate, layout="mono") if sound is not None else None
        for picture in pictures:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            for start in range(0, len(sound), 1024):
                block = np.ascontiguousarray(sound[None, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
                frame.rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return file


@asynccontextmanager
async def web_camera(
    handler: Handler, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A real server on this machine whose every answer is ``handler``'s; host and port."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True, ssl_context=tls).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def begun(
    request: web.Request, kind: str = "multipart/x-mixed-replace; boundary=frame"
) -> web.StreamResponse:
    """An answer that goes on."""
    answer = web.StreamResponse(headers={"Content-Type": kind})
    await answer.prepare(request)
    return answer


def part(picture: bytes, length: bool = True) -> bytes:
    headers = b"--frame\r\nContent-Type: image/jpeg\r\n"
    if length:
        headers += b"Content-Length: %d\r\n" % len(picture)
    return headers + b"\r\n" + picture + b"\r\n"


async def mjpeg(request: web.Request) -> web.StreamResponse:
    """A camera that works."""
    answer = await begun(request)
    with suppress(ConnectionError):  # nobody looks any more
        while True:
            await answer.write(part(jpeg()))
            await asyncio.sleep(0.03)
    return answer

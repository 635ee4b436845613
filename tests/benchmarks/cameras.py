"""Cameras: ``python -m tests.benchmarks.cameras [--json]``.

What a camera of 1280 × 720 costs at 15 pictures a second, of 30 that it sends: as a film (H.264) that is decoded here, by RTSP
likewise (MPEG-2), and as MJPEG over HTTP, which is handed on as it comes. The server's own work is measured without anybody who
looks, and taken off. Then how late a picture is: from when its sender let it go until it is seen. And how far apart a flash
and a click of one moment of a video are seen and heard.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
from aiohttp import web

from local_mode.recorded import hear_all, recordings_of
from persona_core.types import Picture
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.local_mode.rtsp_server import rtsp_camera
from tests.local_mode.seeing import begun, film, jpeg, looking, part, until, web_camera
from tests.local_mode.test_film import Listener, clapper

WIDTH, HEIGHT, FPS = 1280, 720, 30
LONG_S = 8.0
CLAPS = 10
STEP_MS = "<= 100"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_all(Path(folder)))
    show(figures)


async def _all(folder: Path) -> list[Figure]:
    moving = film(folder / "film.mp4", _moving(round(FPS * (LONG_S + 2))), FPS)
    figures = [await _cost("film (H.264)", str(moving), 0.0)]
    async with rtsp_camera(size=(WIDTH, HEIGHT)) as (_, host):
        idle = await _processor(LONG_S / 2)
        figures.append(await _cost("RTSP (MPEG-2)", f"rtsp://{host}/stream", idle))
    async with _sending() as (host, late_ms):
        idle = await _processor(LONG_S / 2)
        figures.append(await _cost("MJPEG over HTTP", f"http://{host}/", idle))
        figures.append(await _lateness(host, late_ms))
    figures.append(await _step(folder))
    return figures


async def _cost(name: str, camera: str, idle: float) -> Figure:
    async with looking(camera) as look:
        await look.until_seen()
        seen = len(look.views)
        share = await _processor(LONG_S) - idle
        seen = len(look.views) - seen
    return Figure(f"720p, {name}", round(100 * share, 1), "% of a core", seen)


async def _processor(for_s: float) -> float:
    """The share of one core that this process takes meanwhile."""
    began, used = time.perf_counter(), time.process_time()
    await asyncio.sleep(for_s)
    return (time.process_time() - used) / (time.perf_counter() - began)


@asynccontextmanager
async def _sending() -> AsyncIterator[tuple[str, dict[bytes, float]]]:
    """A web camera, and when it last sent each picture."""
    sent: dict[bytes, float] = {}
    pictures = [jpeg(number, WIDTH, HEIGHT) for number in range(FPS)]

    async def send(request: web.Request) -> web.StreamResponse:
        answer = await begun(request)
        with suppress(ConnectionError):  # nobody looks any more
            while True:
                for picture in pictures:
                    sent[picture] = time.perf_counter()
                    await answer.write(part(picture))
                    await asyncio.sleep(1 / FPS)
        return answer

    async with web_camera(send) as host:
        yield host, sent


async def _lateness(host: str, sent: dict[bytes, float]) -> Figure:
    late_ms: list[float] = []
    async with looking(f"http://{host}/") as look:
        see = look.views.append
        look.cameras._see = lambda view: (
            late_ms.append(1000 * (time.perf_counter() - sent[bytes(view.picture)])),
            see(view),
        )[1]
        await asyncio.sleep(LONG_S)
    return figure_of("MJPEG: sent to seen", late_ms, "ms")


async def _step(folder: Path) -> Figure:
    apart_ms = []
    for number in range(CLAPS):
        (ann,) = recordings_of([], [f"Ann={clapper(folder / f'{number}.mp4', at_s=0.4 + number / 30)}"])
        listener, heard_at, seen_at = Listener(), [], []

        async with looking("off", camera_fps=FPS) as look:

            def hear(frame: object) -> None:
                if np.abs(frame.pcm.astype(int)).max() > 5000:  # type: ignore[attr-defined]
                    heard_at.append(time.perf_counter())  # noqa: B023

            def began(at: float) -> None:
                look.cameras.play("Ann", ann.path, at)  # noqa: B023

            listener.hear = hear  # type: ignore[method-assign]
            look.cameras._see = lambda view: (
                seen_at.append(time.perf_counter()) if np.mean(view.picture) > 100 else None  # noqa: B023
            )
            await hear_all(listener, [ann], False, 0.2, began)  # type: ignore[arg-type]
            await until(lambda: bool(look.lost))
        if seen_at and heard_at:
            apart_ms.append(1000 * abs(seen_at[0] - heard_at[0]))
    return against(STEP_MS, figure_of("video: flash and click apart", apart_ms, "ms"))


def _moving(count: int) -> list[Picture]:
    """Something that moves before something that does not."""
    still = np.random.default_rng(0).integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    behind = np.kron(still, np.ones((8, 8, 1), np.uint8))
    pictures = []
    for number in range(count):
        picture = behind.copy()
        x = number * 4 % (WIDTH - 200)
        picture[200:500, x : x + 200] = number % 255
        pictures.append(picture)
    return pictures


if __name__ == "__main__":
    main()

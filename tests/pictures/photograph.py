"""Pages, photographed by a Chromium without a window, over its own protocol (Chrome DevTools)."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.pictures.page import WIDTH, fingerprint

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SCALE = 2  # pixels of a picture for one of a page
COLOURS, FLAT = 64, 12  # of a picture in all, and of its backgrounds
SOURCE = "Source"  # the text in a picture that says which page it was taken of
STARTS_WITHIN_S = 60.0
OPTIONS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-sandbox",  # it reads our own pages alone, and as root it could not have one
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)
_LISTENING = re.compile(rb"DevTools listening on ws://127\.0\.0\.1:(\d+)/")


def browser() -> str | None:
    """Where Chromium is, or one of its kind; None: there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


async def photograph(pages: Mapping[str, str], folder: Path, chromium: str) -> None:
    """Write each of ``pages``, HTML by name, as ``folder/NAME.png``. Raises TimeoutError and RuntimeError where the browser does not start."""
    async with _opened(chromium) as tab:
        for name, page in pages.items():
            (folder / f"{name}.png").write_bytes(_small(await _taken(tab, page), fingerprint(page)))


def source_of(picture: Path) -> str:
    """The fingerprint of the page that a picture was taken of; empty: it is none of ours."""
    with Image.open(picture) as image:
        image.load()  # the text may follow what is seen
        return str(image.info.get(SOURCE, ""))


class _Tab:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._sent = 0

    async def do(self, method: str, **parameters: object) -> dict[str, Any]:
        """Raises RuntimeError where the browser refuses."""
        self._sent += 1
        await self._socket.send_json({"id": self._sent, "method": method, "params": parameters})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == self._sent:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    async def value_of(self, expression: str) -> Any:
        """Of JavaScript; promises are awaited."""
        answer = await self.do(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return answer["result"].get("value")


@asynccontextmanager
async def _opened(chromium: str) -> AsyncIterator[_Tab]:
    with tempfile.TemporaryDirectory(prefix="pictures-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *(chromium, *OPTIONS, f"--user-data-dir={profile}", "about:blank"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None  # it is a pipe
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                port = await _port(process.stderr)
            read_on = asyncio.create_task(process.stderr.read())  # else it would wait for us to
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                async with session.get("/json/list") as answer:
                    tabs = await answer.json()
                address = next(one["webSocketDebuggerUrl"] for one in tabs if one["type"] == "page")
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    yield _Tab(socket)
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                process.terminate()
            await process.wait()
        await read_on


async def _port(said: asyncio.StreamReader) -> str:
    """Where the browser can be talked to; it says so among other things. Raises RuntimeError where it ends instead."""
    async for line in said:
        if found := _LISTENING.search(line):
            return found[1].decode()
    raise RuntimeError("the browser has ended by itself")


async def _taken(tab: _Tab, page: str) -> bytes:
    """A whole page as PNG."""
    frame = (await tab.do("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    await tab.do("Page.setDocumentContent", frameId=frame, html=page)
    await tab.value_of("document.fonts.ready.then(() => true)")
    height = await tab.value_of("Math.ceil(document.body.getBoundingClientRect().height)")
    size = {"width": WIDTH, "height": int(height)}
    await tab.do("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=SCALE, mobile=False)
    await tab.value_of("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    clip = {"x": 0, "y": 0, "scale": 1, **size}
    taken = await tab.do("Page.captureScreenshot", format="png", clip=clip)
    return base64.b64decode(taken["data"])


def _small(png: bytes, source: str) -> bytes:
    """The same in few colours, which is all it needs, with where it is from."""
    about, written = PngInfo(), io.BytesIO()
    about.add_text(SOURCE, source)
    with Image.open(io.BytesIO(png)) as image:
        plain = image.convert("RGB")
        few = plain.quantize(palette=_palette(plain), dither=Image.Dither.NONE)
        few.save(written, "PNG", optimize=True, pnginfo=about)
    return written.getvalue()


def _palette(image: Image.Image) -> Image.Image:
    """Backgrounds stay exactly what they are, and apart from each other; of the rest what is farthest apart."""
    counted: list[tuple[int, Any]] = image.getcolors(image.width * image.height) or []
    common = sorted(counted, key=lambda one: one[0])[-FLAT:]
    flat = [level for _, colour in common for level in colour]
    rest = image.quantize(COLOURS - FLAT, Image.Quantize.MAXCOVERAGE, kmeans=2).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*flat, *rest])
    return palette

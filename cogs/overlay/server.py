"""The page's own web server: on this machine's loopback address alone."""

from __future__ import annotations

import errno
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from cogs.overlay.files import Files
from cogs.overlay.guard import may_ask, may_connect, may_push, security_headers
from cogs.overlay.looking import MOST_PICTURE_BYTES
from cogs.overlay.pushing import Pushing
from persona_core.errors import KithError

HOST = "127.0.0.1"
PORTS_TRIED = 20
PING_S = 20.0  # a page that answers no ping is gone
CLOSE_S = 2.0  # for a page to answer that it is closed
STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


class NoPort(KithError):
    """The page cannot be opened anywhere near where it should be."""


class Server:
    """``connected`` is given each WebSocket of the page, and returns when that is over; ``pushed`` what programs send."""

    def __init__(
        self,
        files: Files,
        connected: Callable[[web.WebSocketResponse], Awaitable[None]],
        refused: Callable[[], None],
        pushed: Pushing,
    ) -> None:
        self.port = 0
        self._files = files
        self._connected = connected
        self._refused = refused
        self._pushed = pushed
        self._static = {
            f"/{file.name}": (file.read_bytes(), TYPES[file.suffix])
            for file in STATIC.iterdir()
            if file.suffix in TYPES
        }
        self._runner: web.AppRunner | None = None

    async def open(self, port: int) -> int:
        """Listen at ``port``, else at the next one that is free; which it is. Raises NoPort."""
        app = web.Application(middlewares=[self._guarded], client_max_size=1024)
        app.router.add_get("/live", self._live)
        app.router.add_get("/file/{key}", self._file)
        app.router.add_post("/frames", self._pushed.picture)
        app.router.add_get("/frames/live", self._pushed.live)
        app.router.add_get("/{name:[a-z-]*(?:[.][a-z]+)?}", self._page)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        for tried in range(port, min(port + PORTS_TRIED, 65_536)) if port else [0]:
            try:
                await web.TCPSite(self._runner, HOST, tried, reuse_address=True).start()
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise NoPort(f"There is no page this time: {error.strerror}.") from error
                continue
            self.port = int(self._runner.addresses[0][1])
            return self.port
        await self.close()
        raise NoPort(
            f"There is no page this time: nothing is free from port {port} on; PAGE_PORT names another."
        )

    async def close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await self._pushed.close()
            await runner.cleanup()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in ("/frames", "/frames/live"):
            may = may_push(request.headers)
        elif request.path == "/live":
            may = may_connect(request.headers, self.port)
        else:
            may = may_ask(request.headers, self.port)
        if not may:
            self._refused()
            raise web.HTTPForbidden(text="This page is for this machine alone, and for itself.\n")
        return await handler(request)

    async def _page(self, request: web.Request) -> web.Response:
        """It holds nothing: all there is to see is told over the WebSocket, to whoever has the token."""
        found = self._static.get("/index.html" if request.path == "/" else request.path)
        if found is None:
            raise web.HTTPNotFound(text="There is nothing here.\n")
        content, kind = found
        return web.Response(
            body=content, content_type=kind, charset="utf-8", headers=security_headers(self.port)
        )

    async def _file(self, request: web.Request) -> web.Response:
        offered = self._files.take(request.match_info["key"])
        if offered is None:
            raise web.HTTPNotFound(text="That is not here any more; please ask for it again.\n")
        name = "".join(c for c in offered.name if c.isalnum() or c in "-_.") or "file"
        headers = security_headers(self.port) | {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=offered.content, content_type="application/octet-stream", headers=headers)

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(
            heartbeat=PING_S, timeout=CLOSE_S, max_msg_size=MOST_PICTURE_BYTES, compress=False
        )
        await socket.prepare(request)
        await self._connected(socket)
        return socket

"""A small RTSP server (RFC 2326) for tests: one camera, over TCP, with a password where one is wanted.

FFmpeg's own muxer makes the RTP packets; here they are only handed on.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import av

from tests.local_mode.seeing import grey

FPS = 30
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 32\r\na=control:track0\r\n"


class Camera:
    """What it does can be changed while somebody looks."""

    def __init__(self, user: str = "", size: tuple[int, int] = (64, 48)) -> None:
        self.size = size
        self.user = user  # user:password that it asks for; empty: it asks nobody
        self.silent = False  # it sends nothing, but stays
        self.lines: set[asyncio.StreamWriter] = set()
        self.asked = 0  # times that it was asked to play
        self._packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._packets.bind(("127.0.0.1", 0))
        self._packets.setblocking(False)
        self._over = threading.Event()

    def cut(self) -> None:
        """As if it were switched off."""
        for line in self.lines:
            line.close()
        self.lines.clear()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                writer.write(self._answer(request, writer).encode())
        writer.close()
        self.lines.discard(writer)

    def _answer(self, request: str, writer: asyncio.StreamWriter) -> str:
        lines = request.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        head = f"CSeq: {headers['CSeq']}\r\nSession: 1\r\n"
        allowed = "Basic " + base64.b64encode(self.user.encode()).decode()
        if self.user and headers.get("Authorization") != allowed:
            return f'RTSP/1.0 401 Unauthorized\r\n{head}WWW-Authenticate: Basic realm="camera"\r\n\r\n'
        match lines[0].split()[0]:
            case "DESCRIBE":
                return f"RTSP/1.0 200 OK\r\n{head}Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
            case "SETUP":
                return f"RTSP/1.0 200 OK\r\n{head}Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
            case "PLAY":
                self.asked += 1
                self.lines.add(writer)
        return f"RTSP/1.0 200 OK\r\n{head}Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"

    def film(self) -> None:
        """In a thread: pictures that get brighter, as RTP packets."""
        port = self._packets.getsockname()[1]
        with av.open(f"rtp://127.0.0.1:{port}?pkt_size=1200", "w", format="rtp") as container:
            video = container.add_stream("mpeg2video", rate=FPS, options={"g": "5"})
            video.width, video.height, video.pix_fmt = *self.size, "yuv420p"  # type: ignore[union-attr]
            number, started = 0, time.monotonic()
            while not self._over.wait(max(0.0, started + number / FPS - time.monotonic())):
                picture = av.VideoFrame.from_ndarray(grey(number % 200, *self.size), format="bgr24")
                container.mux(video.encode(picture))  # type: ignore[union-attr, arg-type]
                number += 1

    async def hand_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            packet = await loop.sock_recv(self._packets, 2000)
            for line in () if self.silent else tuple(self.lines):
                with suppress(ConnectionError):
                    line.write(b"$\x00" + len(packet).to_bytes(2, "big") + packet)

    def close(self) -> None:
        self._over.set()


@asynccontextmanager
async def rtsp_camera(user: str = "", size: tuple[int, int] = (64, 48)) -> AsyncIterator[tuple[Camera, str]]:
    """The camera, and its host and port."""
    camera = Camera(user, size)
    server = await asyncio.start_server(camera.talk, "127.0.0.1", 0)
    filming = threading.Thread(target=camera.film, daemon=True)
    filming.start()
    handing = asyncio.create_task(camera.hand_on())
    try:
        yield camera, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        camera.close()
        camera.cut()
        handing.cancel()
        server.close()
        await asyncio.to_thread(filming.join, 5)

"""A real Redis of a test's own: on a free port, in a folder of its own, killed and started again as one likes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError

from tests.discord_server.certificates import make

STARTS_WITHIN_S = 20.0
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
CARELESS = ("--appendonly", "no", "--save", "")  # keeps nothing


@dataclass(slots=True)
class RedisServer:
    folder: Path
    options: tuple[str, ...] = DURABLE
    user: str = ""  # "user:password@", as in an address
    tls: bool = False
    port: int = 0
    trusted: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        scheme, end = ("rediss", f"?ssl_ca_certs={self.trusted}") if self.tls else ("redis", "")
        return f"{scheme}://{self.user}127.0.0.1:{self.port}/0{end}"

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.port = self.port or free_port()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "redis-server",
                    "--bind",
                    "127.0.0.1",
                    "--dir",
                    str(self.folder),
                    *self._listening(),
                    *self.options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            said = (self.folder / "log").read_text()
            if self.tls and "Bad directive" in said:
                pytest.skip("needs a redis-server that was built with TLS")
            assert self._process.poll() is None, said
            assert time.monotonic() < until, "redis-server does not start"
            time.sleep(0.02)

    def client(self) -> Redis:
        return Redis.from_url(self.url)

    def kill(self) -> None:
        """As a power cut of that process: kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(STARTS_WITHIN_S)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def files(self) -> bytes:
        """Every byte that it keeps on its disk."""
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())

    def _listening(self) -> tuple[str, ...]:
        if not self.tls:
            return ("--port", str(self.port))
        if self.trusted is None:
            self.trusted, _ = make(self.folder)
        return (
            *("--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", str(self.trusted), "--tls-key-file", str(self.folder / "key.pem")),
            *("--tls-ca-cert-file", str(self.trusted)),
        )

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except NoConnection:
            return False
        except RedisError:  # it wants another user
            return True


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def needs_redis() -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server: apt-get install redis-server")


@contextmanager
def redis_server(folder: Path, *options: str, user: str = "", tls: bool = False) -> Iterator[RedisServer]:
    """``options``: as ``redis-server`` takes them; none: what is acknowledged is on its disk."""
    needs_redis()
    server = RedisServer(folder, options or DURABLE, user, tls)
    server.start()
    try:
        yield server
    finally:
        if server._process is not None and server._process.poll() is None:
            server._process.kill()
            server._process.wait()

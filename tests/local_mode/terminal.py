"""A real ``python -m local_mode`` in a terminal of its own, as `make run` starts it, and somebody who sits before it."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHIN_S = 240.0  # of a slow machine's first answer
ENDS_WITHIN_S = 60.0
LINES, COLUMNS = 50, 400  # so wide that no line is broken


class Terminal:
    def __init__(self, end: int, process: subprocess.Popen[bytes]) -> None:
        """``end``: ours of the terminal, a file descriptor."""
        self.shown = ""
        self._end = end
        self._process = process
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(end, self._read)

    def type(self, line: str) -> None:
        os.write(self._end, f"{line}\r".encode())

    async def shows(self, pattern: str) -> re.Match[str]:
        """The first place where it does."""
        async with asyncio.timeout(WITHIN_S):
            while (found := re.search(pattern, self.shown)) is None:
                assert self._process.poll() is None, f"she has ended: {self.shown}"
                self._more.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._more.wait(), 1.0)
        return found

    async def leave(self) -> int:
        """Ctrl-D; her exit status."""
        os.write(self._end, b"\x04")
        return await asyncio.to_thread(self._process.wait, ENDS_WITHIN_S)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._end)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(ENDS_WITHIN_S)
        os.close(self._end)

    def _read(self) -> None:
        try:
            self.shown += os.read(self._end, 4096).decode(errors="replace")
        except OSError:  # she has ended
            asyncio.get_running_loop().remove_reader(self._end)
        self._more.set()


@asynccontextmanager
async def terminal(folder: Path, *args: str, **settings: str) -> AsyncIterator[Terminal]:
    """What she keeps lies in ``folder``; ``settings`` are of the environment. The computer has no sound."""
    kept = {"DATA_DIR": str(folder / "data"), "KEY_FILE": str(folder / "key")}
    about = {"PAGE_PORT": str(_free_port()), "DESK_MICROPHONE": "off", "PYTHONPATH": str(ROOT)}
    sits = Terminal(*_started(args, folder, os.environ | kept | about | settings))
    try:
        yield sits
    finally:
        sits.close()


def _started(
    args: Sequence[str], folder: Path, settings: dict[str, str]
) -> tuple[int, subprocess.Popen[bytes]]:
    import pty  # there is none on Windows
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (LINES, COLUMNS))
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    command = [sys.executable, "-m", "local_mode", *args]
    process = subprocess.Popen(command, cwd=folder, env=settings, start_new_session=True, **streams)
    os.close(theirs)
    return ours, process


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

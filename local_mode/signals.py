"""Whoever ends her process, or closes her terminal, ends the talk as Ctrl-C does: all is closed, and kept."""

from __future__ import annotations

import asyncio
import contextlib
import signal


def ended_by_signals() -> list[int]:
    """From now on a signal cancels the running task; the numbers of those that have come."""
    task, came = asyncio.current_task(), list[int]()

    def stop(number: int) -> None:
        came.append(number)
        if task is not None and len(came) == 1:
            task.cancel()

    for name in ("SIGTERM", "SIGHUP"):  # the latter is Unix's alone
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            with contextlib.suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().add_signal_handler(number, stop, number)
    return came

"""Threads: blocking work that is heard from the event loop, and which goes first."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Executor
from contextlib import closing, suppress
from typing import NoReturn, TypeVar

T = TypeVar("T")

NICE = 5  # of 19; such threads get a quarter of a processor that others want too

_END = object()

_own: set[threading.Thread] = set()  # those of in_own_thread; touched by the event loop's thread alone


def give_way() -> None:
    """Let others go first where processors are short: the calling thread, and those that it will start.

    On Linux, whose threads have priorities of their own; elsewhere nothing changes.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)


async def in_own_thread(work: Callable[[], T], name: str) -> T:
    """The result of ``work``, done in a thread of this name that does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if result.done():
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(value)  # type: ignore[arg-type]  # work's own result

    def run() -> None:
        value, error = None, None
        try:
            value = work()
        except BaseException as failure:  # noqa: BLE001  # it is raised where it is awaited
            error = failure
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, value, error)

    _own.difference_update([thread for thread in _own if not thread.is_alive()])
    _own.add(thread := threading.Thread(target=run, name=name, daemon=True))
    thread.start()
    return await result


def end(status: int) -> NoReturn:
    """End the process with ``status``, whatever ``in_own_thread`` is still at.

    An ordinary exit takes the interpreter away from a library that is just being loaded there, which aborts.
    """
    if any(thread.is_alive() for thread in _own):
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # it is closed, or there is none
                stream.flush()
        os._exit(status)
    sys.exit(status)


def stream_from_thread(
    executor: Executor, generate: Callable[[], Generator[T | None, None, None]], ahead: int = 16
) -> AsyncGenerator[T, None]:
    """The items of ``generate()``, which runs in a thread of ``executor`` from first to last item.

    A ``None`` is not passed on: a generator yields it while it works towards its next item, as a place
    where it may be stopped. The generator is at most ``ahead`` items further than the consumer, and its
    exceptions are raised here. Closing this stream stops the generator at its next ``yield`` and returns
    once it has stopped, so what it was using is free again.
    """

    def work(emit: Callable[[T | None], bool]) -> None:
        with closing(generate()) as items:
            for item in items:
                if emit(item):
                    break

    return stream_from_callback(executor, work, ahead)


async def stream_from_callback(
    executor: Executor, work: Callable[[Callable[[T | None], bool]], None], ahead: int = 16
) -> AsyncGenerator[T, None]:
    """The same for work that hands its items to a function, which answers True when it should stop."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[T | object] = asyncio.Queue()  # bounded by ``room``, which a thread can wait on
    room = threading.Semaphore(ahead)
    closed = threading.Event()

    def tell(item: T | object) -> None:
        with suppress(RuntimeError):  # the loop is gone, and nobody listens
            loop.call_soon_threadsafe(arrived.put_nowait, item)

    def emit(item: T | None) -> bool:
        if item is not None and not closed.is_set():
            room.acquire()
            tell(item)
        return closed.is_set()

    job = executor.submit(work, emit)
    job.add_done_callback(lambda _: tell(_END))
    try:
        while (item := await arrived.get()) is not _END:
            room.release()
            yield item  # type: ignore[misc]  # whatever is not _END is a T
        job.result()
    finally:
        closed.set()
        room.release()
        if not job.cancel() and not job.done():
            await asyncio.gather(asyncio.wrap_future(job), return_exceptions=True)

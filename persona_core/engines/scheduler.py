"""One thread shared by several generators, step by step: the most urgent goes first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

_END = object()


class Urgency(IntEnum):
    """What goes before what. Jobs of one kind take turns."""

    ANSWER = 0
    READ = 1
    BACKGROUND = 2


class Interrupt(Protocol):
    """Set while the step that is running should end early; it may be lost, and is then made again.

    ``threading.Event`` is one, for generators that look at it or whose steps are short.
    """

    def set(self) -> None: ...

    def clear(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Job:
    steps: Generator[Any, None, None]
    urgency: Urgency
    key: str  # of jobs with the same urgency and key the one that came first goes first
    room: int  # items it may still make before one is taken
    tell: Callable[[object], None]
    closed: bool = False  # nobody wants more of it
    served: int = 0  # when it made its last step, as the number of that step
    error: Exception | None = None


class Scheduler:
    """Runs the steps of its jobs in a thread of its own, which exists only while there is work."""

    def __init__(self, name: str, interrupt: Interrupt, prepare: Callable[[], None] | None = None) -> None:
        """``name`` is the thread's, in which ``prepare`` is called first."""
        self._worker = ThreadPoolExecutor(1, name, initializer=prepare)
        self._interrupt = interrupt
        self._lock = threading.Lock()  # of all that follows
        self._jobs: list[_Job] = []  # in the order they came
        self._working = False
        self._running: _Job | None = None
        self._steps = 0
        self._closed: Exception | None = None

    async def stream(
        self, steps: Generator[T | None, None, None], urgency: Urgency, key: str = "", ahead: int = 16
    ) -> AsyncGenerator[T, None]:
        """The items of ``steps``, whose exceptions are raised here.

        A ``None`` is not passed on: a generator yields it where others may have the thread. A more urgent job
        interrupts it even in the middle of a step. It stands still while ``ahead`` items wait to be taken.
        Closing this stream interrupts it too and returns once the generator is closed, in one thread or the
        other. An answer or a reading
        ends older readings of its own ``key`` after the step they are at, which it begins with itself.
        """
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[T | object] = asyncio.Queue()  # bounded by the job's room

        def tell(item: object) -> None:
            with suppress(RuntimeError):  # the loop is gone, and nobody listens
                loop.call_soon_threadsafe(arrived.put_nowait, item)

        job = _Job(steps, urgency, key, ahead, tell)
        self._add(job)
        item: T | object = None
        try:
            while (item := await arrived.get()) is not _END:
                self._taken(job)
                yield item  # type: ignore[misc]  # whatever is not _END is a T
        finally:
            self._give_up(job)
            while item is not _END:
                item = await arrived.get()
        if job.error:
            raise job.error

    async def run(self, steps: Generator[None, None, None], urgency: Urgency, key: str = "") -> None:
        """The same for a job without items; returns when it ends."""
        stream: AsyncGenerator[object, None] = self.stream(steps, urgency, key)
        async with aclosing(stream):
            async for _ in stream:
                pass

    def close(self, error: Exception) -> None:
        """End all jobs with ``error``, which meets later ones too, and wait for the thread."""
        with self._lock:
            self._closed = self._closed or error
            self._interrupt.set()
            self._changed()
        self._worker.shutdown()

    def _add(self, job: _Job) -> None:
        with self._lock:
            if self._closed:
                raise self._closed
            if job.urgency is not Urgency.BACKGROUND:
                for other in self._jobs.copy():
                    if other.urgency is Urgency.READ and other.key == job.key:
                        self._end(other)
            self._jobs.append(job)
            self._changed()

    def _taken(self, job: _Job) -> None:
        with self._lock:
            job.room += 1
            self._changed()

    def _give_up(self, job: _Job) -> None:
        with self._lock:
            if job is self._running:
                self._interrupt.set()
            self._end(job)
            self._changed()

    def _end(self, job: _Job) -> None:
        """Have no further step of ``job`` made; one that is being made ends first."""
        job.closed = True
        if job is not self._running and job in self._jobs:
            self._jobs.remove(job)
            job.steps.close()
            job.tell(_END)

    def _changed(self) -> None:
        """Wake the thread where it has something to do, and stop what it is doing where there is better."""
        best = self._best()
        if best is None:
            return
        running = self._running
        if running and not running.closed and best.urgency < running.urgency:
            self._interrupt.set()
        if not self._working:
            self._working = True
            self._worker.submit(self._work)

    def _best(self) -> _Job | None:
        """What to do next: end what is given up, then the most urgent, then what has waited longest."""
        if over := [job for job in self._jobs if job.closed or self._closed]:
            return over[0]
        first: dict[tuple[Urgency, str], _Job] = {}
        for job in self._jobs:
            if job.room > 0:
                first.setdefault((job.urgency, job.key), job)
        return min(first.values(), key=lambda job: (job.urgency, job.served), default=None)

    # --- in the thread

    def _work(self) -> None:
        while job := self._next():
            self._step(job)

    def _next(self) -> _Job | None:
        with self._lock:
            self._interrupt.clear()
            self._running = job = self._best()
            self._working = job is not None
            if job:
                self._steps += 1
                job.served = self._steps
            return job

    def _step(self, job: _Job) -> None:
        item: object = _END
        try:
            if job.closed or self._closed:
                job.error = self._closed
                job.steps.close()
            else:
                item = next(job.steps, _END)
        except Exception as error:  # noqa: BLE001  # raised where the items are used
            job.error = error
        with self._lock:
            if item is _END:
                self._jobs.remove(job)
            elif item is not None:
                job.room -= 1
        if item is not None:
            job.tell(item)

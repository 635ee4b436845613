"""What she sees with: the cameras that ``CAMERA`` names, each watched on its own, and pictures that others push.

A camera is a device with a thread of its own; only its newest picture is handed to the event loop, and nothing queues up.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from local_mode import camera_video, camera_web
from local_mode.camera_sources import PAGE, Kind, Source, sources_of, unused
from local_mode.camera_video import Steady
from persona_core.engines.threads import in_own_thread
from persona_core.errors import CameraError
from persona_core.settings import Settings
from persona_core.types import Picture, View

QUIET_S = 5.0  # without a picture a camera has stopped
QUIET_FETCHED_S = 12.0  # likewise, where the network tells it sooner and better
QUIET_PUSHED_S = 90.0  # glasses send one every half a minute, say
QUIET = {Kind.PUSHED: QUIET_PUSHED_S, Kind.STREAM: QUIET_FETCHED_S, Kind.WEB: QUIET_FETCHED_S}
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0  # before it is tried again
CLOSE_S = 1.0  # for threads to let go of their devices; one that is stuck is left behind
LOOK_S = 0.5
MOST_SKEW_S = 5.0  # a sender's clock that differs by more is wrong
DROPPED, SKEWED, TRIED = "camera: pictures dropped", "camera: times not believed", "camera: tried again"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Watched:
    """What is known of one camera."""

    source: Source
    steady: Steady  # of what is pushed, or comes from the web
    quiet_s: float
    heard_at: float  # time.perf_counter() of its last picture, or when it began
    view: View | None = None  # the newest; None: it shows nothing
    told: str = ""  # what is wrong, as it was told last; empty: nothing is
    over: bool = False  # a film that has ended
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: View | None = None  # from its thread, not yet taken over


class Cameras:
    """``see`` is given each picture, ``lost`` the name of a camera that shows nothing and a sentence why; both on the loop."""

    def __init__(
        self,
        settings: Settings,
        see: Callable[[View], None],
        lost: Callable[[str, str], None],
        counts: Counter[str] | None = None,
    ) -> None:
        """Raises SettingsError."""
        self._fps = settings.camera_fps
        self._see, self._lost = see, lost
        self.counts: Counter[str] = Counter() if counts is None else counts
        self._watched = {one.name: self._new(one) for one in sources_of(settings.camera.get_secret_value())}
        self._closed = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_thread: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Cameras:
        for watched in self._watched.values():
            watched.heard_at = time.perf_counter()
            if watched.source.kind is not Kind.PUSHED:
                self._start(watched)
        self._begin(self._notice_silence(), "camera: silence")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        for task in self._tasks - self._in_thread:
            task.cancel()
        if self._tasks:
            _, stuck = await asyncio.wait(set(self._tasks), timeout=CLOSE_S)
            for task in stuck:
                log.info("a camera is stuck, and left behind")
                task.cancel()
        for watched in self._watched.values():
            watched.view = watched.waiting = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, watched in self._watched.items() if not watched.over)

    def latest(self, camera: str) -> View | None:
        """The newest picture; None: it shows nothing now."""
        watched = self._watched.get(camera)
        return watched.view if watched is not None else None

    # What is pushed

    def refusal(self, camera: str) -> str:
        """Why nothing may be pushed as ``camera``, in a sentence; empty: it may."""
        watched = self._watched.get(camera)
        if self._closed.is_set():
            return "Nobody watches any more."
        if watched is not None and watched.source.kind is Kind.PUSHED:
            return ""
        pushed = [f"“{name}”" for name, one in self._watched.items() if one.source.kind is Kind.PUSHED]
        if pushed:
            return f"No such camera takes pictures that are sent; these do: {', '.join(pushed)}."
        return "Nobody watches: CAMERA in the settings names no push."

    def push(self, camera: str, data: bytes, taken_s: float | None = None) -> None:
        """A picture (JPEG, PNG or WebP) from elsewhere. Never waits; raises CameraError where nobody watches ``camera``.

        ``taken_s``: when it was taken, in Unix seconds by the sender's clock; None: just now.
        """
        if (
            camera == PAGE and camera not in self._watched
        ):  # it needs no setting: somebody presses a button there
            self._watched[camera] = self._new(Source(camera, Kind.PUSHED, camera))
        if refusal := self.refusal(camera):
            raise CameraError(refusal)
        watched, now = self._watched[camera], time.perf_counter()
        at = now - self._age_s(taken_s)
        if (watched.view is not None and at < watched.view.at) or not watched.steady.takes(now):
            self.counts[DROPPED] += 1
            return
        self._take(watched, View(camera, data, at))

    def stop(self, camera: str) -> None:
        """Whoever pushed it says that no more will come."""
        watched = self._watched.get(camera)
        if watched is not None and watched.view is not None:
            self._tell(watched, f"The camera “{camera}” is switched off.")

    def _age_s(self, taken_s: float | None) -> float:
        if taken_s is None:
            return 0.0
        age_s = time.time() - taken_s
        if math.isfinite(age_s) and 0 <= age_s <= MOST_SKEW_S:
            return age_s
        self.counts[SKEWED] += 1
        return 0.0

    # What is fetched

    def play(self, name: str, file: Path, started: float) -> str:
        """Show a film from ``started`` (time.perf_counter()) on; what its camera is called."""
        name = unused(name, set(self._watched))
        self._watched[name] = self._new(Source(name, Kind.FILM, str(file)))
        self._start(self._watched[name], started)
        return name

    def _new(self, source: Source) -> _Watched:
        quiet_s = QUIET.get(source.kind, QUIET_S) if source.name != PAGE else QUIET_S
        return _Watched(source, Steady(self._fps), quiet_s, time.perf_counter())

    def _start(self, watched: _Watched, started: float | None = None) -> None:
        self._begin(self._keep(watched, started), "camera: look")

    def _begin(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, watched: _Watched, started: float | None) -> None:
        """Look through one camera, again and again until it is over."""
        pause_s = FIRST_PAUSE_S
        while True:
            begun_at = time.perf_counter()
            try:
                await self._look(watched, started)
                if not self._closed.is_set():
                    watched.over = True
                    self._tell(watched, f"The video “{watched.source.name}” is over.")
                return
            except CameraError as error:
                self._tell(watched, str(error))
            except Exception as error:  # noqa: BLE001  # one camera's trouble is not the others'; its text may hold a password
                log.error("a camera failed: %s", type(error).__name__)
                self._tell(watched, f"The camera “{watched.source.name}” does not work.")
            if watched.source.kind is Kind.FILM:  # it is no better the next time
                watched.over = True
                return
            if watched.heard_at > begun_at:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            self.counts[TRIED] += 1

    async def _look(self, watched: _Watched, started: float | None) -> None:
        source = watched.source
        if source.kind is Kind.WEB:
            await self._look_at_web(watched)
            return
        loop = asyncio.get_running_loop()

        def give(picture: Picture | bytes, at: float) -> None:
            self._hand_over(loop, watched, View(source.name, picture, at))

        task = asyncio.current_task()
        assert task is not None
        self._in_thread.add(task)
        try:
            await in_own_thread(
                lambda: camera_video.look(source, self._fps, self._closed, give, started), "camera"
            )
        finally:
            self._in_thread.discard(task)

    async def _look_at_web(self, watched: _Watched) -> None:
        async with aclosing(camera_web.look(watched.source)) as pictures:
            async for picture in pictures:
                now = time.perf_counter()
                if watched.steady.takes(now):
                    self._take(watched, View(watched.source.name, picture, now))
                else:
                    self.counts[DROPPED] += 1

    def _hand_over(self, loop: asyncio.AbstractEventLoop, watched: _Watched, view: View) -> None:
        """In the camera's thread: the newest waits for the loop, and replaces what waits already."""
        with watched.lock:
            late, watched.waiting = watched.waiting, view
        if late is not None:
            self.counts[DROPPED] += 1
            return
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(self._take_over, watched)

    def _take_over(self, watched: _Watched) -> None:
        with watched.lock:
            view, watched.waiting = watched.waiting, None
        if view is not None:
            self._take(watched, view)

    # What is told

    def _take(self, watched: _Watched, view: View) -> None:
        if self._closed.is_set():
            return
        watched.heard_at, watched.told, watched.view = time.perf_counter(), "", view
        self._see(view)

    def _tell(self, watched: _Watched, message: str) -> None:
        """Once for as long as it stays like that."""
        watched.view = None
        if not self._closed.is_set() and message != watched.told:
            watched.told = message
            self._lost(watched.source.name, message)

    async def _notice_silence(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            now = time.perf_counter()
            for watched in list(self._watched.values()):
                pushed, film = watched.source.kind is Kind.PUSHED, watched.source.kind is Kind.FILM
                if film or watched.told or (pushed and watched.view is None):
                    continue
                if now - watched.heard_at > watched.quiet_s:
                    self._tell(watched, f"The camera “{watched.source.name}” sends no pictures any more.")

"""Views of cameras become faces that are followed, and people who are met.

One picture at a time, the newest of each camera, cameras taking turns; what is not looked at is not even decoded. Who is
known is told at the first good picture of them; nothing of a stranger outlives their being in view. docs/faces.md.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from types import TracebackType
from typing import Self, TypeVar

from memory.gallery import FaceEmbedding, Template, bounds_of
from persona_core.engines.threads import give_way
from persona_core.errors import EngineError, KithError, PictureError
from persona_core.events import Blind, EyeEvent, Gone, Met, Sight, Stranger
from persona_core.ports import Acquaintances, FaceEncoder
from persona_core.seeing.crops import upright
from persona_core.seeing.followed import Track, Watch
from persona_core.seeing.gathering import Gathering
from persona_core.seeing.identity import AGAIN_S, Finding, Identity
from persona_core.seeing.pace import changed
from persona_core.seeing.pictures import checked, decode_picture, glimpse
from persona_core.seeing.quality import ENROLLING, look, refusal
from persona_core.seeing.speaking import Seen, most_likely, moved
from persona_core.seeing.templates import NotEnrolled
from persona_core.seeing.tracks import follow
from persona_core.types import Face, Person, Picture, Samples, SeenFace, View

GONE_S = 1.5  # out of the pictures, until a face is gone
SILENT_S = 5.0  # without a picture, until all are
LATE_S = 5.0  # a picture that is older than this, or of the future, comes by another clock
MOST_CAMERAS = 8
MOST_FACES = 24  # in a picture, the largest; of more nothing is told
MOST_NEW, MOST_AGAIN = 3, 1  # are compared in one picture: of those who are not known yet, and of the others
MOST_MEASURED = 8  # are looked at more closely, to see whether they are good enough
MOST_NAMES = 3  # of those who somebody may be

T = TypeVar("T")

log = logging.getLogger(__name__)


class Eye:
    """``async with Eye(…) as eye``; everything is called from that event loop."""

    def __init__(
        self,
        encoder: FaceEncoder,
        acquaintances: Acquaintances,
        tell: Callable[[EyeEvent], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``tell`` must not wait. ``clock``: that of the views."""
        self.busy = False  # somebody speaks, or she answers: it looks less often; whoever knows sets it
        self.dropped = 0  # views that gave way to newer ones
        self.failed: Counter[str] = Counter()  # pictures that nothing could be seen in, by the kind of error
        self._encoder, self._acquaintances = encoder, acquaintances
        self._tell, self._clock = tell, clock
        self._bounds = bounds_of(encoder.name)
        self._watches: dict[str, Watch] = {}
        self._numbers = count(1)
        self._gathering: Gathering | None = None
        self._forgotten = 0  # how often somebody was: what was being found out by then counts no more
        self._stirred = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "eye", initializer=give_way)
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._work = asyncio.create_task(self._look_on(), name="eye")
        self._work.add_done_callback(_say_why)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work
        if self._gathering is not None:
            self._gathering.end()
        self._watches.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def see(self, view: View) -> None:
        """The newest view of a camera; never waits."""
        now = self._clock()
        watch = self._watches.get(view.camera)
        if watch is None:
            if len(self._watches) >= MOST_CAMERAS:
                self.dropped += 1
                return
            watch = self._watches[view.camera] = Watch(view.camera, now)
        if watch.waiting is None:
            self._stirred.set()
        else:
            self.dropped += 1
        watch.came, watch.waiting = now, view

    def lost(self, camera: str, message: str) -> None:
        """There is nothing more to see through it; ``message`` is one sentence for the user."""
        watch = self._watches.pop(camera, None)
        if watch is not None:
            self._end_all(watch, self._clock())
        self._tell(Blind(camera, message))

    @property
    def in_view(self) -> tuple[SeenFace, ...]:
        """Of all cameras; the largest of each first."""
        return tuple(self._seen(track) for watch in self._watches.values() for track in watch.here())

    def speaking(self, started: float, stopped: float) -> SeenFace | None:
        """Whose face most likely said what was heard between these (time.perf_counter()); None: nobody in view did."""
        tracks = {track.number: (watch, track) for watch in self._watches.values() for track in watch.tracks}
        faces = {number: Seen(watch.name, track.glances) for number, (watch, track) in tracks.items()}
        likely = most_likely(faces, started, stopped, self._clock())
        return None if likely is None else self._seen(tracks[likely][1])

    def moved_lips(self, track: int, started: float, stopped: float) -> bool | None:
        """Whether that face moved its mouth meanwhile as somebody does who speaks; None: it cannot be told."""
        found = self._track(track)
        return None if found is None else moved(found.glances, started, stopped)

    def embedding_of(self, track: int) -> FaceEmbedding | None:
        """The latest good one of a face that is in view."""
        found = self._track(track)
        return None if found is None else found.identity.embedding

    async def sit(self, track: int) -> Template:
        """A template of a face in view, whose person has agreed to it; takes 2 to 15 s. Raises NotEnrolled."""
        found = self._track(track)
        if self._gathering is not None:
            raise NotEnrolled("I am just learning another face. Please wait a moment.")
        if found is None:
            raise NotEnrolled("I do not see that face any more. Please look into the camera.")
        gathering = self._gathering = Gathering(found, self._encoder.name)
        self._stirred.set()
        try:
            template = await gathering.template()
        finally:
            self._gathering = None
        found.identity.begin_anew()
        return template

    def forget(self, person_id: str | None) -> None:
        """What is held of somebody goes at once; None: of everybody. A face in view is then one that nobody knows yet."""
        self._forgotten += 1
        now = self._clock()
        for watch in self._watches.values():
            for track in watch.tracks.copy():
                if person_id is None or track.identity.is_perhaps(person_id):
                    self._end(watch, track, now)
            if person_id is None:
                watch.waiting = watch.glimpse = None

    # The one task

    async def _look_on(self) -> None:
        while True:
            now = self._clock()
            self._end_silent(now)
            watch = self._next(now)
            if watch is None:
                await self._rest(now)
            else:
                await self._take_up(watch, now)

    def _next(self, now: float) -> Watch | None:
        """The camera whose turn it is."""
        due = {watch: self._due(watch) for watch in self._watches.values() if watch.waiting is not None}
        first = min(due, key=due.__getitem__, default=None)
        return first if first is not None and due[first] <= now else None

    def _due(self, watch: Watch) -> float:
        return watch.pace.due(watch.mood(self._sitter), self.busy)

    async def _rest(self, now: float) -> None:
        """Until something is due, or new."""
        self._stirred.clear()
        times = [self._due(watch) for watch in self._watches.values() if watch.waiting is not None]
        times += [watch.came + SILENT_S for watch in self._watches.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(times) - now) if times else None):
                await self._stirred.wait()

    async def _take_up(self, watch: Watch, now: float) -> None:
        view, watch.waiting = watch.waiting, None
        assert view is not None
        watch.pace.glimpse(now)
        at = watch.at = _when(view, watch, now)
        mood = watch.mood(self._sitter)
        try:
            seen = await self._apart(lambda: glimpse(view.picture))
            if not watch.pace.look(now, mood, self.busy, changed(watch.glimpse, seen)):
                self._nothing_new(watch, at)
                return
            watch.glimpse = seen
            failed = await self._look(watch, await self._apart(lambda: _decoded(view.picture)), at)
        except (PictureError, EngineError) as error:
            self._fail(watch, error)
            failed = True
        finally:
            watch.pace.done(self._clock())
        if not failed:
            watch.troubles.clear()

    def _nothing_new(self, watch: Watch, at: float) -> None:
        for track in watch.here():
            track.seen_at = at
            track.glance(at, watch.size, None)

    async def _look(self, watch: Watch, picture: Picture, at: float) -> bool:
        """Whether something failed that does not keep the rest from being seen. Raises EngineError."""
        faces = (await self._encoder.find(picture))[:MOST_FACES]
        crops = await self._apart(lambda: [upright(picture, face) for face in faces])
        if self._watches.get(watch.name) is not watch:  # it was lost meanwhile
            return False
        watch.size = picture.shape[1], picture.shape[0]
        self._follow(watch, faces, crops, at)
        failed = await self._compare_some(watch, picture, at)
        for track in watch.tracks.copy():
            if not track.here and at - track.seen_at >= GONE_S:
                self._end(watch, track, at)
        if self._watches.get(watch.name) is watch:
            faces_seen = tuple(self._seen(track) for track in watch.here())
            self._tell(Sight(watch.name, at, *watch.size, faces_seen))
        return failed

    def _follow(self, watch: Watch, faces: list[Face], crops: list[Samples], at: float) -> None:
        before = watch.tracks.copy()
        pairs = follow([track.face for track in before], faces)
        for missing in set(range(len(before))) - {pair.before for pair in pairs}:
            before[missing].here = False
        for face, crop, pair in zip(faces, crops, pairs, strict=True):
            if pair.before is None:
                self._begin(watch, face, crop, at)
            else:
                track = before[pair.before]
                track.glance(at, watch.size, track.go_on(face, crop, pair.sure, at))

    def _begin(self, watch: Watch, face: Face, crop: Samples, at: float) -> Track:
        track = Track(next(self._numbers), face, crop, Identity(self._bounds), at)
        track.glance(at, watch.size, None)
        watch.tracks.append(track)
        return track

    def _end(self, watch: Watch, track: Track, at: float) -> None:
        watch.tracks.remove(track)
        if self._gathering is not None and self._gathering.track is track:
            self._gathering.end()
        self._tell(Gone(watch.name, track.number, self._called(track.identity.named), at))

    def _end_all(self, watch: Watch, at: float) -> None:
        for track in watch.tracks.copy():
            self._end(watch, track, at)

    def _end_silent(self, now: float) -> None:
        """A camera from which nothing comes sees nobody."""
        for watch in list(self._watches.values()):
            if watch.waiting is None and now - watch.came >= SILENT_S:
                self._end_all(watch, now)
                watch.glimpse, watch.came = None, math.inf
                if not watch.troubles:  # which are told once
                    del self._watches[watch.name]

    # Who it is

    async def _compare_some(self, watch: Watch, picture: Picture, at: float) -> bool:
        """Who is enrolled, then those who are not known yet, whoever has waited longest; whether something failed."""
        left, failed = {True: MOST_NEW, False: MOST_AGAIN}, False
        due = [track for track in watch.here() if track.identity.due <= at or track is self._sitter]
        due.sort(
            key=lambda track: (track is not self._sitter, track.identity.settled, track.tried_at)
        )  # the largest first
        for track in due[:MOST_MEASURED]:
            new = track is self._sitter or not track.identity.settled
            if not left[new]:
                continue
            try:
                left[new] -= await self._compare(watch, track, picture, at)
            except (PictureError, EngineError) as error:
                failed = True
                self._fail(watch, error)
            except KithError as error:  # of her acquaintances: the next picture tells
                log.warning("A face could not be compared (%s).", type(error).__name__)
        return failed

    async def _compare(self, watch: Watch, track: Track, picture: Picture, at: float) -> bool:
        """Whether it was good enough to be. Raises KithError."""
        forgotten = self._forgotten
        face = track.face
        seen = await self._apart(lambda: look(picture, face))
        track.tried_at, track.refusal = at, refusal(seen)
        if self._gathering is not None and track is self._sitter:
            self._gathering.refusal = refusal(seen, ENROLLING)
        if track.refusal:
            return False
        embedding = FaceEmbedding(await self._encoder.embed(picture, face), self._encoder.name)
        match = await self._acquaintances.whose(embedding)
        if forgotten != self._forgotten or track not in watch.tracks:
            return True
        finding = track.identity.take(match, embedding, at)
        if finding is Finding.OTHER:
            self._end(watch, track, at)
            track = self._begin(watch, face, track.crop, at)
            finding = track.identity.take(match, embedding, at)
        if self._gathering is not None and track is self._sitter and not self._gathering.refusal:
            self._gathering.add(embedding.vector)
        if finding is Finding.STRANGER:
            self._tell(Stranger(watch.name, track.number, at))
        if track.identity.person and not track.met:
            await self._meet(watch, track, embedding, at)
        return True

    async def _meet(self, watch: Watch, track: Track, face: FaceEmbedding, at: float) -> None:
        """Raises KithError; then the next good picture counts."""
        forgotten = self._forgotten
        track.identity.due = at
        unix_s = time.time() - (self._clock() - at)
        encounter = await self._acquaintances.encounter(face, "", unix_s)
        if forgotten == self._forgotten and track in watch.tracks:
            track.identity.due, track.met = at + AGAIN_S, True
            self._tell(Met(watch.name, track.number, encounter, at))

    @property
    def _sitter(self) -> Track | None:
        return None if self._gathering is None else self._gathering.track

    def _track(self, number: int) -> Track | None:
        tracks = (track for watch in self._watches.values() for track in watch.tracks)
        return next((track for track in tracks if track.number == number), None)

    def _seen(self, track: Track) -> SeenFace:
        identity = track.identity
        perhaps = (self._called(one) for one in identity.perhaps[:MOST_NAMES])
        return SeenFace(
            track.number,
            track.face,
            self._called(identity.person),
            tuple(one for one in perhaps if one is not None),
            identity.likeness,
            "" if identity.person else track.refusal,
        )

    def _called(self, person_id: str) -> Person | None:
        return self._acquaintances.called(person_id) if person_id else None

    def _fail(self, watch: Watch, error: KithError) -> None:
        """A picture that nothing can be seen in; told once until there is a good one."""
        kind = type(error).__name__
        self.failed[kind] += 1
        if kind not in watch.troubles:
            watch.troubles.add(kind)
            log.warning("A picture could not be looked at (%s).", kind)
            self._tell(Blind(watch.name, str(error)))

    async def _apart(self, work: Callable[[], T]) -> T:
        """In the eye's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _say_why(work: asyncio.Task[None]) -> None:
    """It ends by itself only where something is wrong with her, and nobody waits for it."""
    if not work.cancelled() and work.exception():
        log.error("The eye has ended.", exc_info=work.exception())


def _decoded(picture: Picture | bytes) -> Picture:
    return decode_picture(picture) if isinstance(picture, bytes) else checked(picture)


def _when(view: View, watch: Watch, now: float) -> float:
    """When it was taken, as far as that can be; never before the last one of that camera."""
    taken = view.at if now - LATE_S <= view.at <= now else now  # NaN is now, too
    return max(taken, watch.at)

"""Pictures of webcams, video files and RTSP streams, decoded by FFmpeg through PyAV. All of it runs in a camera's thread."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from local_mode import webcams
from local_mode.camera_sources import Kind, Source
from persona_core.engines.threads import give_way
from persona_core.errors import CameraError
from persona_core.types import Picture

ANSWER_S = 5.0  # to be let in, and for each picture
LONGEST = 1280  # pixels of the longer side of what is decoded here; faces are looked for in 640
BEHIND_S = 1.0  # from there on it is decoded no more before the next picture that stands alone
DRIFT = 0.001  # a sender's clock may be slower than ours by so much
LATE_S = 0.2  # a film's picture that comes later is not shown
ALONE = ("mjpeg", "rawvideo")  # where each picture stands alone, so that any may be left out undecoded
RTSP = {
    "rtsp_flags": "prefer_tcp",
    "allowed_media_types": "video",
    "fflags": "nobuffer",
    "protocol_whitelist": "rtp,srtp,tcp,tls,udp",  # whatever a server says, no file is read
}

Give = Callable[[Picture | bytes, float], None]  # a picture, and time.perf_counter() of when it was taken

log = logging.getLogger(__name__)


class Steady:
    """So many pictures a second and no more, evenly. Pure: time is passed in."""

    def __init__(self, a_second: float) -> None:
        self._period = 1 / a_second
        self._due = float("-inf")

    def takes(self, at: float) -> bool:
        """Whether the picture of this moment is one of them."""
        early = self._period / 4  # cameras are not as even as clocks
        if at < self._due - early:
            return False
        self._due = max(self._due, at - early) + self._period
        return True


class LiveClock:
    """When a picture was taken, by its sender's clock, which starts anywhere and is never heard of early. Pure."""

    def __init__(self) -> None:
        self._offset = float("inf")  # between our clock and the sender's, where it is least: nothing waited
        self._asked_at = 0.0

    def at(self, sent_s: float | None, now: float) -> float:
        """``sent_s``: what the sender says, None: nothing."""
        if sent_s is None:
            return now
        if now - sent_s > self._offset + 10 * BEHIND_S:  # its clock has been set
            self._offset = float("inf")
        drifted = DRIFT * (now - self._asked_at)  # no two clocks run alike
        self._offset, self._asked_at = min(self._offset + drifted, now - sent_s), now
        return sent_s + self._offset


def look(
    source: Source, fps: float, closed: threading.Event, give: Give, started: float | None = None
) -> None:
    """Give the pictures of ``source`` until it is over or ``closed``. Blocks; raises CameraError.

    ``started``: time.perf_counter() of a film's beginning; None: now.
    """
    give_way()
    try:
        with _opened(source) as container:
            if not container.streams.video:
                raise CameraError(f"There are no pictures in {_shown(source)}.")
            stream = container.streams.video[0]
            if source.kind is Kind.FILM:
                _play(container, stream, Steady(fps), closed, give, started)
            else:
                _follow(container, stream, Steady(fps), closed, give)
    except (av.FFmpegError, OSError) as error:  # its text holds the address, and that a password
        log.info("a camera: %s", type(error).__name__)
        raise CameraError(_sentence(source, error)) from None


def _opened(source: Source) -> InputContainer:
    if source.kind is Kind.WEBCAM:
        return webcams.opened(source.address)
    if source.kind is Kind.FILM:
        return film(Path(source.address).expanduser())
    return av.open(source.address, options=RTSP, timeout=(ANSWER_S, ANSWER_S))


def film(file: Path) -> InputContainer:
    """The video ``file``, of whatever name: “talk: one.mp4” is no address, and it leads to none. Raises av.FFmpegError."""
    return av.open(f"file:{file}", options={"protocol_whitelist": "file"})


def _follow(
    container: InputContainer, stream: VideoStream, steady: Steady, closed: threading.Event, give: Give
) -> None:
    """What is live: each picture as it comes. What is late is left out, so that nothing piles up."""
    clock, behind, alone = LiveClock(), False, stream.codec_context.name in ALONE
    for packet in container.demux(stream):
        if closed.is_set():
            return
        if packet.size == 0:
            break
        if alone and not steady.takes(time.perf_counter()):
            continue
        if behind and not packet.is_keyframe:
            continue
        if stream.codec_context.name == "mjpeg":
            give(bytes(packet), time.perf_counter())
            continue
        for frame in _decoded(packet):
            now = time.perf_counter()
            at = clock.at(frame.time, now)
            behind = now - at > BEHIND_S
            if alone or steady.takes(at):
                give(_picture(frame), at)
    if not closed.is_set():
        raise av.EOFError(errno.EPIPE, "over")


def _play(
    container: InputContainer,
    stream: VideoStream,
    steady: Steady,
    closed: threading.Event,
    give: Give,
    started: float | None,
) -> None:
    """A film, at its own pace."""
    begins_s = begin_of(container)
    for packet in container.demux(stream):
        for frame in _decoded(packet):
            started = time.perf_counter() if started is None else started
            at = started + ((frame.time or 0.0) - begins_s)
            if not steady.takes(at) or time.perf_counter() - at > LATE_S:
                continue
            picture = _picture(frame)
            if closed.wait(max(0.0, at - time.perf_counter())):
                return
            give(picture, at)
        if closed.is_set():
            return


def begin_of(container: InputContainer) -> float:
    """Where a file's clock begins, in seconds, for its pictures and its sound alike."""
    return (container.start_time or 0) / av.time_base


def _decoded(packet: av.Packet[VideoStream]) -> Iterator[VideoFrame]:
    """What is damaged is left out; the next picture that stands alone mends it."""
    try:
        yield from packet.decode()
    except av.InvalidDataError:
        log.debug("a camera: a damaged picture")


def _picture(frame: VideoFrame) -> Picture:
    """As it is looked at: upright, no longer than LONGEST."""
    smaller = min(1.0, LONGEST / max(frame.width, frame.height))
    width, height = (max(2, round(side * smaller)) for side in (frame.width, frame.height))
    picture = frame.to_ndarray(format="bgr24", width=width, height=height).astype(np.uint8, copy=False)
    quarters = round(frame.rotation / 90) % 4  # telephones film lying down, and say so
    return np.ascontiguousarray(np.rot90(picture, quarters)) if quarters else picture


def _shown(source: Source) -> str:
    return f"the video “{source.name}”" if source.kind is Kind.FILM else f"the camera “{source.name}”"


def _sentence(source: Source, error: Exception) -> str:
    name, webcam, number = f"T{_shown(source)[1:]}", source.kind is Kind.WEBCAM, getattr(error, "errno", None)
    if isinstance(error, av.HTTPUnauthorizedError | av.HTTPForbiddenError):
        return (
            f"{name} wants a password, or another one; its address takes it, as rtsp://user:password@host/…."
        )
    if isinstance(error, av.HTTPNotFoundError):
        return f"{name} is there, but has nothing at this address; its handbook tells what stands behind the host."
    if webcam and number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return f"{name} is not there; is it plugged in?"
    if isinstance(error, PermissionError):
        hint = "; on Linux, sudo usermod -aG video $USER, and log in anew" if webcam else ""
        return f"{name} may not be opened{hint}."
    if number == errno.EBUSY:
        return f"{name} is being used by another program; please close that, or choose another camera."
    if isinstance(error, av.EOFError):
        return f"{name} has stopped."
    if isinstance(error, av.InvalidDataError):
        return f"{name} gives nothing that can be read as pictures."
    if source.kind is Kind.STREAM:
        return f"{name} does not answer; is it switched on, and its address right?"
    return f"{name} does not work; is it plugged in, and not in use elsewhere?"

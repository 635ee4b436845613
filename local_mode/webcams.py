"""Webcams of this computer: which there are, which one a name means, and opening one.

Linux has Video4Linux, Windows DirectShow, macOS AVFoundation; FFmpeg (through PyAV) reads all three.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer

from persona_core.errors import CameraError

LINUX_DEVICES = Path("/sys/class/video4linux")
FORMATS = {"linux": "v4l2", "win32": "dshow", "darwin": "avfoundation"}
Options = dict[str, str]
# The first that a camera can do: as JPEG it sends more pictures, and they need no decoding here
OPTIONS: dict[str, tuple[Options, ...]] = {
    "v4l2": ({"input_format": "mjpeg", "video_size": "1280x720"}, {}),
    "dshow": ({"vcodec": "mjpeg", "video_size": "1280x720"}, {}),
    "avfoundation": ({"framerate": "30", "video_size": "1280x720"}, {"framerate": "30"}, {}),
}
_SCREEN = "Capture screen"  # macOS lists its screens as cameras


@dataclass(frozen=True, slots=True)
class Webcam:
    """One that is plugged in."""

    number: int
    name: str  # as the system has it
    address: str  # as FFmpeg takes it


def webcams(platform: str = sys.platform) -> list[Webcam]:
    """All that are there now."""
    if platform == "linux":
        return _of_linux(LINUX_DEVICES)
    system = FORMATS.get(platform)
    try:
        found = av.enumerate_input_devices(system) if system else []
    except (av.FFmpegError, ValueError, OSError):  # nothing is plugged in, or it does not say
        found = []
    cameras = [one for one in found if "video" in one.media_types and not one.description.startswith(_SCREEN)]
    address = "video={}" if system == "dshow" else "{}:none"
    return [
        Webcam(at, one.description or one.name, address.format(one.name)) for at, one in enumerate(cameras)
    ]


def _of_linux(folder: Path) -> list[Webcam]:
    """Most cameras have a second device, which gives no pictures but tells about them."""
    found = []
    for device in folder.glob("video*"):
        number = re.fullmatch(r"video(\d+)", device.name)
        if number and _text(device / "index") in ("0", ""):
            found.append(Webcam(int(number[1]), _text(device / "name") or device.name, f"/dev/{device.name}"))
    return sorted(found, key=lambda one: one.number)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def match(found: Sequence[Webcam], wanted: str) -> Webcam:
    """The one that ``wanted`` names: its number, all of its name, or a part. Raises CameraError."""
    name = wanted.casefold()
    fitting = [one for one in found if name in (str(one.number), one.name.casefold(), one.address.casefold())]
    fitting = fitting or [one for one in found if all(word in one.name.casefold() for word in name.split())]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise CameraError(f"The camera “{wanted}” may be {_listed(fitting)}; please name it by its number.")
    if not found:
        raise CameraError(f"There is no webcam on this computer, so “{wanted}” cannot be used.")
    raise CameraError(f"There is no webcam “{wanted}”; there is {_listed(found)}.")


def opened(wanted: str) -> InputContainer:
    """The webcam that ``wanted`` names, with its pictures coming. Blocks; raises CameraError and av.FFmpegError."""
    system = FORMATS.get(sys.platform)
    if system is None:
        raise CameraError("Webcams are not known on this system; an rtsp:// or http:// address works.")
    webcam = match(webcams(), wanted)
    *better, plain = OPTIONS[system]
    for options in better:
        try:
            return av.open(webcam.address, format=system, options=options)
        except (av.FileNotFoundError, av.PermissionError):
            raise
        except (av.FFmpegError, OSError):  # not so; perhaps otherwise
            continue
    return av.open(webcam.address, format=system, options=plain)


def text_of_webcams() -> str:
    """All of them, one a line, for people."""
    found = webcams()
    lines = ["Webcams:" if found else "There is no webcam."]
    return "\n".join([*lines, *(f"  {one.number}: {one.name}" for one in found)])


def _listed(found: Sequence[Webcam]) -> str:
    return " or ".join(f"“{one.name}” (number {one.number})" for one in found[:6])

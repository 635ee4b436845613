"""PortAudio through ``sounddevice``: its devices, and streams of them. The only file that knows it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from persona_core.errors import AudioError

Number = int | str | None  # of a device; None: PortAudio's own choice
PULSE = "pulse"  # ALSA's way to PulseAudio, in libasound2-plugins
_NOISE = ("ALSA lib ", "Expression '", "Cannot connect to server", "jack server", "connect(2)")
_BUSY, _BAD_RATE = -9985, -9997  # PortAudio's numbers
_QUIET = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)

_opening = threading.RLock()  # what is set in the environment for one stream must not reach another
_kept: list[Any] = []  # what ALSA calls must not be collected
_open: set[int] = set()  # streams, by identity


@dataclass(frozen=True, slots=True)
class PortDevice:
    """A device as PortAudio has it."""

    number: int
    name: str
    rate: int  # Hz
    usual: bool


def sounddevice() -> Any:
    """The library. Raises AudioError where PortAudio is not installed."""
    try:
        import sounddevice as library  # only here: it needs PortAudio, which a server has no use for
    except OSError as error:
        raise AudioError(
            "Sound needs PortAudio: sudo apt install libportaudio2 libasound2-plugins (Debian, Ubuntu)."
        ) from error
    _hush_alsa()
    return library


def port_devices(*, inputs: bool) -> list[PortDevice]:
    """Of one of the systems that PortAudio knows, as each lists the same hardware once more."""
    library = sounddevice()
    hosts = library.query_hostapis()
    host = next((one for one in hosts if one["name"] == "Windows WASAPI"), None)
    if host is None:
        host = hosts[library.default.hostapi] if hosts and library.default.hostapi >= 0 else None
    if host is None:
        return []
    first = host["default_input_device" if inputs else "default_output_device"]
    found = []
    for number in host["devices"]:
        one = library.query_devices(number)
        if one["max_input_channels" if inputs else "max_output_channels"] > 0:
            found.append(PortDevice(number, one["name"], round(one["default_samplerate"]), number == first))
    return found


def hosted(name: str) -> bool:
    """Whether PortAudio has a device of exactly this name."""
    return any(one["name"] == name for one in sounddevice().query_devices())


def look_again() -> bool:
    """Notice what was plugged in since; False: a stream is open, and PortAudio would have to end and begin anew."""
    library = sounddevice()
    with _opening, _without_noise():
        if _open:
            return False
        library._terminate()
        library._initialize()
    return True


def close(stream: Any) -> None:
    """End a stream, whatever has become of its device; never raises."""
    with _without_noise(), contextlib.suppress(sounddevice().PortAudioError):
        stream.abort()
    with contextlib.suppress(sounddevice().PortAudioError):
        stream.close()
    _open.discard(id(stream))


def opened(
    kind: str, number: Number, pulse: str, rate: int, own_rate: int, name: str, **more: Any
) -> tuple[Any, int]:
    """A stream, not begun yet, and its rate: ``rate`` if the device has it, else ``own_rate``.

    ``kind``: PortAudio's InputStream or OutputStream; ``pulse``: PulseAudio's name of the device, or empty; ``name``: as
    people know it. Mono, int16. Raises AudioError.
    """
    library = sounddevice()
    variable = "PULSE_SOURCE" if kind == "InputStream" else "PULSE_SINK"
    with _opening, _environment(variable, pulse), _without_noise():
        for tried in dict.fromkeys((rate, own_rate)):
            try:
                stream = getattr(library, kind)(tried, device=number, channels=1, dtype="int16", **more)
            except library.PortAudioError as error:
                if error.args[1:2] == (_BAD_RATE,) and tried != own_rate:
                    continue
                raise AudioError(_sentence(name, error.args[1:2], tried)) from error
            except ValueError as error:  # it was there a moment ago
                raise AudioError(f"{name} is not there any more.") from error
            _open.add(id(stream))
            return stream, tried
    raise AssertionError("the last rate is tried or raises")


def _sentence(name: str, number: tuple[object, ...], rate: int) -> str:
    if number == (_BUSY,):
        return f"{name} is being used by another program; please close that, or choose another device."
    if number == (_BAD_RATE,):
        return f"{name} cannot work at {rate} samples a second, nor at the rate that it names itself."
    return f"{name} cannot be opened; is it plugged in, and not in use elsewhere?"


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """PulseAudio's library reads there which device a stream that is being opened is to have."""
    before = os.environ.get(name)
    if value:
        os.environ[name] = value
    try:
        yield
    finally:
        if value:
            os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """PortAudio prints its own source lines where a device cannot be opened; other lines come a moment later."""
    try:
        error_output = os.dup(2)
    except OSError:  # closed by whoever started her
        yield
        return
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(error_output, 2)
            kept.seek(0)
            for line in kept.read().splitlines(keepends=True):
                if line.strip() and not line.decode(errors="replace").startswith(_NOISE):
                    os.write(error_output, line)
            os.close(error_output)


def _hush_alsa() -> None:
    """ALSA tells of every pause in what is played, on standard error."""
    if _kept or not sys.platform.startswith("linux"):
        return
    _kept.append(_QUIET(lambda *_: None))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_kept[0])

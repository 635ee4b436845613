"""Opus at 48 kHz through the libopus that a wheel already carries, so that no system package is needed."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.voice.packets import FRAME_SAMPLES
from persona_core.errors import EngineError
from persona_core.types import Pcm

RATE = 48_000  # Hz, of everything in Discord
MAX_SAMPLES = 5760  # 120 ms, the longest Opus packet
MAX_PACKET_BYTES = 1275  # RFC 6716, section 3.4
BITRATE = 64_000  # bits per second, Discord's default for a channel

# opus_defines.h
APPLICATION_VOIP = 2048
SET_BITRATE, SET_INBAND_FEC, SET_PACKET_LOSS_PERC = 4002, 4012, 4014

BESIDE_WHEEL = (  # where the builders of PyAV's and py-cord's wheels put it, per system
    ("av", "../av.libs/libopus*.so*"),  # Linux
    ("av", ".dylibs/libopus*.dylib"),  # macOS
    ("av", "../av.libs/*opus*.dll"),  # Windows
    ("discord", "bin/libopus-0.x64.dll"),  # Windows
)


class OpusError(Exception):
    """A frame could not be decoded or encoded; the decoder or encoder stays usable."""


def find_libopus() -> Path | str | None:
    """The library's file, found without importing the package that carries it; None: there is none."""
    for package, pattern in BESIDE_WHEEL:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            base = Path(folder).parent if pattern.startswith("../") else Path(folder)
            found = sorted(base.glob(pattern.removeprefix("../")))
            if found:
                return found[0]
    return ctypes.util.find_library("opus")


@cache
def _library(hold_gil: bool) -> ctypes.CDLL:
    path = find_libopus()
    if path is None:
        raise EngineError("The Opus library is missing; run `make setup` again, it comes with PyAV.")
    library = (ctypes.PyDLL if hold_gil else ctypes.CDLL)(str(path))
    error = ctypes.POINTER(ctypes.c_int)
    library.opus_decoder_create.restype = ctypes.c_void_p
    library.opus_decoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, error]
    library.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    library.opus_decode.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int, ctypes.c_int
    ]  # fmt: skip
    library.opus_encoder_create.restype = ctypes.c_void_p
    library.opus_encoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.c_int, error]
    library.opus_encoder_destroy.argtypes = [ctypes.c_void_p]
    library.opus_encode.argtypes = [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int32
    ]  # fmt: skip
    library.opus_encoder_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int]  # what follows is variadic
    library.opus_get_version_string.restype = ctypes.c_char_p
    return library


def version() -> str:
    """E.g. ``libopus 1.6``. Raises EngineError when there is no library."""
    return str(_library(True).opus_get_version_string().decode())


class Decoder:
    """One stream's decoder; stereo comes out mixed down to mono."""

    def __init__(self) -> None:
        # 20 µs a frame: releasing the lock could cost 5 ms until another thread gives it back
        self._opus = _library(hold_gil=True)
        error = ctypes.c_int()
        self._state = self._opus.opus_decoder_create(RATE, 1, ctypes.byref(error))
        if error.value:
            raise EngineError("The Opus decoder could not be opened.")
        self._pcm: Pcm = np.empty(MAX_SAMPLES, np.int16)
        self._address = self._pcm.ctypes.data

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._opus.opus_decoder_destroy(self._state)

    def decode(self, frame: bytes) -> Pcm:
        """The sound of one packet, int16 mono at 48 kHz. Raises OpusError."""
        return self._take(
            self._opus.opus_decode(self._state, frame, len(frame), self._address, MAX_SAMPLES, 0)
        )

    def conceal(self, following: bytes | None = None) -> Pcm:
        """20 ms in place of a lost frame: repaired from the one after it, or made up. Raises OpusError."""
        repair = following is not None
        return self._take(
            self._opus.opus_decode(
                self._state, following, len(following or b""), self._address, FRAME_SAMPLES, int(repair)
            )
        )

    def _take(self, samples: int) -> Pcm:
        if samples < 0:
            raise OpusError(f"libopus says {samples}")
        return self._pcm[:samples].copy()


class Encoder:
    """One stream's encoder, in stereo as Discord asks; call it off the event loop."""

    def __init__(self) -> None:
        self._opus = _library(hold_gil=False)
        error = ctypes.c_int()
        self._state = self._opus.opus_encoder_create(RATE, 2, APPLICATION_VOIP, ctypes.byref(error))
        if error.value:
            raise EngineError("The Opus encoder could not be opened.")
        for request, value in ((SET_BITRATE, BITRATE), (SET_INBAND_FEC, 1), (SET_PACKET_LOSS_PERC, 5)):
            self._opus.opus_encoder_ctl(self._state, request, ctypes.c_int32(value))
        self._packet = ctypes.create_string_buffer(MAX_PACKET_BYTES)

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._opus.opus_encoder_destroy(self._state)

    def encode(self, pcm: Pcm) -> bytes:
        """One packet of ``pcm``: 960 samples of int16 mono at 48 kHz. Raises OpusError."""
        stereo: npt.NDArray[np.int16] = np.repeat(pcm, 2)
        size = self._opus.opus_encode(
            self._state, stereo.ctypes.data, FRAME_SAMPLES, self._packet, MAX_PACKET_BYTES
        )
        if size < 0:
            raise OpusError(f"libopus says {size}")
        return self._packet.raw[:size]

"""Sound files as 20 ms Opus frames, and Opus frames as sound. libopus is the one in the PyAV wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from discord import opus
from numpy.typing import NDArray

RATE = 48_000  # Hz
FRAME = 960  # samples per channel in 20 ms
Pcm = NDArray[np.int16]
Source = str | Path | Pcm


def load_opus() -> None:
    """Give py-cord the libopus that PyAV carries. Safe to call again."""
    if not opus.is_loaded():
        folder = Path(av.__file__).parent.parent / "av.libs"
        opus.load_opus(str(next(folder.glob("libopus*.so*"))))


def frames(source: Source, rate: int = RATE) -> list[bytes]:
    """The Opus frames (48 kHz stereo, 20 ms) of a sound file, or of int16 samples: (n,) mono or (n, 2)."""
    if isinstance(source, str | Path):
        path = Path(source)
        return list(_of_file(path.resolve(), path.stat().st_mtime_ns))
    return _encode(resampled(source, rate))


@cache
def _of_file(path: Path, _changed: int) -> tuple[bytes, ...]:
    return tuple(_encode(read(path)))


def read(path: Path) -> Pcm:
    """A sound file as int16 (n, 2) at 48 kHz."""
    with av.open(str(path)) as container:
        return _resample(container.decode(audio=0))


def resampled(pcm: Pcm, rate: int) -> Pcm:
    """int16 (n,) or (n, 2) at `rate` as (n, 2) at 48 kHz."""
    stereo = np.repeat(pcm[:, None], 2, axis=1) if pcm.ndim == 1 else pcm
    if rate == RATE:
        return stereo
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(stereo.reshape(1, -1)), format="s16", layout="stereo"
    )
    frame.sample_rate = rate
    return _resample([frame])


def _resample(parts: Any) -> Pcm:
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    out = [f.to_ndarray() for part in [*parts, None] for f in resampler.resample(part)]
    return np.concatenate([o.reshape(-1, 2) for o in out]) if out else np.zeros((0, 2), np.int16)


def _encode(pcm: Pcm) -> list[bytes]:
    load_opus()
    encoder = opus.Encoder(application="voip", bitrate=64, signal_type="voice")
    padded = np.concatenate([pcm, np.zeros((-len(pcm) % FRAME, 2), np.int16)])
    return [encoder.encode(block.tobytes(), FRAME) for block in padded.reshape(-1, FRAME, 2)]


def decode(frames: list[bytes | None]) -> Pcm:
    """Opus frames to int16 (n, 2) at 48 kHz; None is a frame that never came and is concealed."""
    load_opus()
    decoder = opus.Decoder()
    blocks = [np.frombuffer(decoder.decode(f, fec=False), np.int16).reshape(-1, 2) for f in frames]
    return np.concatenate(blocks) if blocks else np.zeros((0, 2), np.int16)

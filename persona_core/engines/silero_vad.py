"""Silero's voice activity network, run by onnxruntime alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from persona_core.engines.onnx_session import open_session
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples

WINDOW = 512  # samples at 16 kHz, the only size the network knows
_CONTEXT = 64  # samples of the window before, put in front of each (silero_vad/utils_vad.py, OnnxWrapper)
_WHERE = (("silero_vad", "data/silero_vad.onnx"), ("faster_whisper", "assets/silero_vad_v6.onnx"))

Array = npt.NDArray[np.float32]


def find_network() -> Path:
    """The ONNX file in an installed package, found without importing it: ``silero_vad`` would load torch."""
    for package, member in _WHERE:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            if (path := Path(folder) / member).is_file():
                return path
    raise EngineError(
        "Silero's network is not installed: run pip install silero-vad, or set VAD_ENGINE=energy."
    )


class SileroVad:
    """One network for everybody; each stream keeps its own context and recurrent state."""

    def __init__(self) -> None:
        path = find_network()
        try:
            self._session = open_session(str(path), 1)
        except (RuntimeError, OSError) as cause:
            raise EngineError(f"{path.name} cannot be loaded: reinstall silero-vad.") from cause
        self._inputs = {item.name: item.shape for item in self._session.get_inputs()}

    def open(self) -> SileroStream:
        return SileroStream(self._session, self._inputs)


class SileroStream:
    def __init__(self, session: onnxruntime.InferenceSession, inputs: dict[str, list[object]]) -> None:
        self._session = session
        # Silero's own export keeps one state of two layers, faster-whisper's keeps h and c apart
        names = ("state",) if "state" in inputs else ("h", "c")
        self._state = {name: np.zeros((2 if name == "state" else 1, 1, 128), np.float32) for name in names}
        self._fixed = {"sr": np.array(EAR_RATE, np.int64)} if "sr" in inputs else {}
        self._context: Array = np.zeros(_CONTEXT, np.float32)

    def probability(self, window: Samples) -> float:
        if window.shape != (WINDOW,):
            raise ValueError(f"a window is {WINDOW} samples, not {window.shape}")
        sound = np.concatenate([self._context, window])[None]
        speech, *state = self._session.run(None, {"input": sound, **self._state, **self._fixed})
        self._state = dict(zip(self._state, state, strict=True))
        self._context = window[-_CONTEXT:].copy()
        return float(speech.item())

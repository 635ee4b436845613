"""InsightFace: whose face is it? Its library, with a pack of models that lies on this machine already.

InsightFace's own packs (buffalo_l and others) may be used for non-commercial research only, so nothing here fetches one:
whoever has the right to use one names its folder.
"""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from persona_core.engines.faces import InOwnThread, five_points, unit
from persona_core.engines.onnx_session import REFUSALS
from persona_core.errors import EngineError
from persona_core.types import Face, Picture, Samples

_LOOKED_AT = (640, 640)  # pixels that the detector is given
_SURE = 0.5  # score from which on something is a face; the library's own
_TASKS = ["detection", "recognition"]  # of a pack; the rest (age, sex, poses) is not loaded
# the library asserts what it expects of a pack
_REFUSALS: tuple[type[Exception], ...] = (
    *REFUSALS,
    cv2.error,
    AssertionError,
    AttributeError,
    KeyError,
    IndexError,
    RuntimeError,
    TypeError,
)


class InsightFace(InOwnThread):
    """See FaceEncoder."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """``folder``: of a pack: networks that detect and recognise, as ``.onnx``. Raises EngineError."""
        if not any(folder.glob("*.onnx")):
            raise EngineError(
                f"There is no pack of InsightFace in {folder}: it needs a folder with .onnx files."
            )
        try:
            self._analysis = _open(folder, threads)
            recogniser = self._analysis.models["recognition"]
            self.name = f"insightface-{folder.name}-{_digest(Path(recogniser.model_file))}"
        except ImportError as cause:
            raise EngineError("The library insightface cannot be loaded: run make setup.") from cause
        except _REFUSALS as cause:
            raise EngineError(
                f"The pack of InsightFace in {folder} cannot be loaded: it needs a network that detects faces and one that "
                f"recognises them."
            ) from cause
        self._recogniser = recogniser
        super().__init__("insightface", _REFUSALS, "InsightFace failed on a picture.")

    def _find(self, picture: Picture) -> list[Face]:
        boxes, points = self._analysis.det_model.detect(picture)
        if points is None:
            raise ValueError("this detector gives no landmarks")
        found = [_face(box, five) for box, five in zip(boxes, points, strict=True)]
        return sorted(found, key=lambda face: -face.width * face.height)

    def _embed(self, picture: Picture, face: Face) -> Samples:
        from insightface.app.common import Face as Theirs

        vector = self._recogniser.get(picture, Theirs(kps=five_points(face)))
        return unit(np.asarray(vector, np.float32))


def _open(folder: Path, threads: int) -> Any:  # FaceAnalysis: the library has no types
    import onnxruntime
    from insightface.app import FaceAnalysis

    # of its use of scikit-image
    warnings.filterwarnings("ignore", category=FutureWarning, module="insightface")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    how = {"sess_options": options, "providers": ["CPUExecutionProvider"], "allowed_modules": _TASKS}
    analysis = FaceAnalysis(name=str(folder), **how)
    analysis.prepare(ctx_id=-1, det_thresh=_SURE, det_size=_LOOKED_AT)
    return analysis


def _face(box: Samples, points: Samples) -> Face:
    """Of left, upper, right and lower edge with a score, and five landmarks in the order of ``Face``."""
    left, top, right, bottom, score = map(float, box)
    return Face(left, top, right - left, bottom - top, tuple((float(x), float(y)) for x, y in points), score)


def _digest(path: Path) -> str:
    """Packs of one name may differ."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]

"""SFace: whose face is it? With YuNet, which finds the faces; both of OpenCV's model zoo, run by OpenCV.

Zhong et al. 2021, "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition"; Wu et al. 2023, "YuNet: A
Tiny Millisecond-level Face Detector".
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from cv2.typing import MatLike

from persona_core.engines.faces import InOwnThread, five_points, unit
from persona_core.errors import EngineError
from persona_core.types import Face, Picture, Samples

_DETECTOR, _RECOGNISER = "face_detection_yunet_2023mar.onnx", "face_recognition_sface_2021dec.onnx"
_LOOKED_AT = (
    640  # pixels of the longer side in which faces are looked for; a smaller one is not worth encoding
)
_LEAST = 96  # pixels of either side: in 32 and less YuNet sees faces that are not there, now and then
_GREY = (128, 128, 128)  # beyond the edge
_CLOSE_UP = 320  # pixels of the square in which the landmarks of one face are placed
_AROUND = 1.6  # its size, in faces
_SURE = 0.7  # score from which on something is a face
_OVERLAP = 0.3  # of two boxes, above which they are one face
_MOST = 5_000  # candidates
_REFUSALS: tuple[type[Exception], ...] = (cv2.error, OSError, ValueError)
_FAILED = "SFace failed on a picture: run python -m persona_core.models verify if it goes on."


class SFace(InOwnThread):
    """See FaceEncoder."""

    name = "sface-2021dec"

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """``folder``: that of the model. ``threads``: of all that OpenCV does in this process. Raises EngineError."""
        cv2.setNumThreads(threads)
        nothing = np.zeros(0, np.uint8)
        try:
            detector = np.fromfile(folder / _DETECTOR, np.uint8)
            recogniser = np.fromfile(folder / _RECOGNISER, np.uint8)
            self._detector = cv2.FaceDetectorYN.create(
                "onnx", detector, nothing, (_LOOKED_AT, _LOOKED_AT), _SURE, _OVERLAP, _MOST
            )
            self._recogniser = cv2.FaceRecognizerSF.create("onnx", recogniser, nothing)
        except _REFUSALS as cause:
            raise EngineError("SFace cannot be loaded: run python -m persona_core.models verify.") from cause
        super().__init__("sface", _REFUSALS, _FAILED)

    def _find(self, picture: Picture) -> list[Face]:
        height, width = picture.shape[:2]
        scale = min(1.0, _LOOKED_AT / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        smaller = picture if scale == 1.0 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        rows = self._rows(smaller)
        if rows is None:
            return []
        rows = rows[np.isfinite(rows).all(axis=1)]
        rows[:, :14] *= np.tile([width / size[0], height / size[1]], 7)
        return sorted((_face(row) for row in rows), key=lambda face: -face.width * face.height)

    def _rows(self, picture: MatLike) -> Samples | None:
        """(faces, 15): box, five landmarks, score; None: there is no face."""
        height, width = picture.shape[:2]
        if min(height, width) < _LEAST:
            more = max(0, _LEAST - height), max(0, _LEAST - width)
            picture = cv2.copyMakeBorder(picture, 0, more[0], 0, more[1], cv2.BORDER_CONSTANT, value=_GREY)
        self._detector.setInputSize((picture.shape[1], picture.shape[0]))
        return cast("Samples | None", self._detector.detect(picture)[1])

    def _embed(self, picture: Picture, face: Face) -> Samples:
        aligned = self._recogniser.alignCrop(picture, _row(face, self._closer(picture, face)))
        return unit(self._recogniser.feature(aligned)[0].astype(np.float32))

    def _closer(self, picture: Picture, face: Face) -> Samples:
        """The landmarks, (5, 2), as they are seen in the face alone, large and upright.

        In a whole picture YuNet places those of small and tilted faces so badly that one in thirty looks like nobody.
        """
        points = five_points(face)
        middle = points.mean(axis=0)
        tilt = math.degrees(math.atan2(*(points[1] - points[0])[::-1]))
        scale = _CLOSE_UP / (_AROUND * max(face.width, face.height, 1.0))
        there = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), tilt, scale)
        there[:, 2] += _CLOSE_UP / 2 - middle
        close = cv2.warpAffine(picture, there, (_CLOSE_UP, _CLOSE_UP), borderValue=_GREY)
        rows = self._rows(close)
        if rows is None or not np.isfinite(rows).all():
            return points
        seen = rows[:, 4:14].reshape(-1, 5, 2)
        seen = seen[np.abs(seen.mean(axis=1) - _CLOSE_UP / 2).sum(axis=1).argmin()]
        back = cv2.invertAffineTransform(there)
        return np.asarray(seen @ back[:, :2].T + back[:, 2], np.float32)


def _face(row: Samples) -> Face:
    """Of a row of YuNet's: box, landmarks in the order of ``Face``, score."""
    x, y, width, height, *points, score = map(float, row)
    return Face(x, y, width, height, tuple(zip(points[::2], points[1::2], strict=True)), score)


def _row(face: Face, points: Samples) -> Samples:
    """As YuNet would give it."""
    return np.array([face.x, face.y, face.width, face.height, *points.ravel(), face.score], np.float32)

"""What engines for faces share: one picture at a time, in a thread that gives way to those that hear and answer."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from persona_core.engines.threads import give_way
from persona_core.errors import EngineError
from persona_core.seeing.pictures import checked
from persona_core.types import Face, Picture, Samples

T = TypeVar("T")


class InOwnThread(ABC):
    """See FaceEncoder. Whatever is in ``refusals`` becomes an EngineError that says ``failed``."""

    def __init__(self, thread: str, refusals: tuple[type[Exception], ...], failed: str) -> None:
        self._worker = ThreadPoolExecutor(1, thread, initializer=give_way)
        self._refusals, self._failed = refusals, failed

    async def find(self, picture: Picture) -> list[Face]:
        """See FaceEncoder."""
        picture = checked(picture)
        return await self._work(lambda: self._find(picture))

    async def embed(self, picture: Picture, face: Face) -> Samples:
        """See FaceEncoder."""
        picture = checked(picture)
        return await self._work(lambda: self._embed(picture, face))

    async def _work(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except self._refusals as cause:
            raise EngineError(self._failed) from cause

    @abstractmethod
    def _find(self, picture: Picture) -> list[Face]:
        """In the thread; the largest first."""

    @abstractmethod
    def _embed(self, picture: Picture, face: Face) -> Samples:
        """In the thread; of unit length."""


def five_points(face: Face) -> Samples:
    """Its landmarks, (5, 2). Raises ValueError where there are others."""
    points = np.array(face.landmarks, np.float32)
    if points.shape != (5, 2) or not np.isfinite(points).all():
        raise ValueError("a face has five landmarks")
    return points


def unit(vector: npt.NDArray[np.float32]) -> Samples:
    """Of length one. Raises ValueError where it has no direction."""
    length = float(np.linalg.norm(vector))
    if not (np.isfinite(length) and length > 0):
        raise ValueError("the network gave no direction")
    return np.asarray(vector / length, np.float32)

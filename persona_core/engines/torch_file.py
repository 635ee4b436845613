"""PyTorch's weight files, read without PyTorch and without running anything that they hold.

A file of ``torch.save`` is a zip archive: a pickle that says which tensors there are, and the numbers of each in a
member of its own. A pickle may name any function to be called; here it may name three things, and none of them is
called: what stands for a tensor is taken down, and read when the pickle is done.
"""

from __future__ import annotations

import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, NoReturn

import numpy as np
import numpy.typing as npt

from persona_core.errors import EngineError

Tensors = Mapping[str, npt.NDArray[np.float32]]

_FLOATS = "FloatStorage"
_LONGS = "LongStorage"  # counters that nobody needs
_KNOWN = (EOFError, IndexError, KeyError, OSError, TypeError, ValueError, pickle.UnpicklingError)


def read_tensors(path: Path) -> Tensors:
    """Every float32 tensor of a state dictionary, by its name. Raises EngineError."""
    try:
        with zipfile.ZipFile(path) as archive:
            main = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            folder = main.removesuffix("data.pkl")
            with archive.open(main) as data:
                state = _Reader(data).load()
            return {
                str(name): one.read(archive, f"{folder}data/")
                for name, one in state.items()
                if isinstance(one, _Tensor) and one.storage.kind == _FLOATS
            }
    except (*_KNOWN, AttributeError, StopIteration, zipfile.BadZipFile) as cause:
        raise EngineError(
            f"{path.name} holds no weights that can be read: run python -m persona_core.models verify."
        ) from cause


class _Storage:
    """Numbers in a member of the archive."""

    def __init__(self, kind: str, key: str) -> None:
        self.kind, self.key = kind, key


class _Tensor:
    """Which of them make a tensor. Made by the pickle in place of ``torch._utils._rebuild_tensor_v2``."""

    def __init__(
        self,
        storage: _Storage,
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        grad: bool,
        hooks: object,
    ) -> None:
        self.storage, self._offset, self._shape, self._strides = storage, offset, shape, strides

    def read(self, archive: zipfile.ZipFile, folder: str) -> npt.NDArray[np.float32]:
        numbers = np.frombuffer(archive.read(folder + self.storage.key), "<f4")
        dense = tuple(math.prod(self._shape[axis + 1 :]) for axis in range(len(self._shape)))
        if self._strides != dense:
            raise ValueError("a tensor does not lie in one piece")
        found = numbers[self._offset : self._offset + math.prod(self._shape)]
        return found.reshape(self._shape)  # ValueError where there are too few


class _Reader(pickle.Unpickler):
    """Opens what names nothing but tensors and dictionaries."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="utf-8")

    def find_class(self, module: str, name: str) -> Callable[..., object] | str:
        match module, name:
            case "torch._utils", "_rebuild_tensor_v2":
                return _Tensor
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch", ("FloatStorage" | "LongStorage"):
                return name
        self._refuse()

    def persistent_load(self, pid: tuple[str, str, str, str, int]) -> _Storage:
        what, kind, key, _, _ = pid
        if what != "storage" or kind not in (_FLOATS, _LONGS):
            self._refuse()
        return _Storage(kind, key)

    def _refuse(self) -> NoReturn:
        raise pickle.UnpicklingError("it names something beside tensors")

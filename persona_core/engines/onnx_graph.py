"""A network written down as onnxruntime reads it: just so much of ONNX as our own graphs take.

ONNX files are protocol buffers (onnx/onnx.proto): fields with a number and a kind, one behind the other. The numbers
below are those of that file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32] | npt.NDArray[np.int64]
Attribute = int | float | Sequence[int]
Shape = Sequence[int | str]  # a name: any number, the same wherever it stands

_IR_VERSION, _OPSET = 8, 17
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType
_IS_FLOAT, _IS_INT, _IS_INTS = 1, 2, 7  # AttributeProto.AttributeType


class Graph:
    """Add nodes in the order in which they are worked out; each names what it makes."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._names = 0

    def input(self, name: str, shape: Shape) -> str:
        self._inputs.append(_value(name, shape))
        return name

    def constant(self, array: Array) -> str:
        name = self._new_name()
        self._constants.append(_tensor(name, array))
        return name

    def node(self, kind: str, *inputs: str, **attributes: Attribute) -> str:
        """One operator with one output, whose name is returned."""
        name = self._new_name()
        body = b"".join(_text(1, one) for one in inputs) + _text(2, name) + _text(4, kind)
        body += b"".join(_block(5, _attribute(key, value)) for key, value in attributes.items())
        self._nodes.append(body)
        return name

    def model(self, output: str, shape: Shape) -> bytes:
        """The whole as a file, for ``onnxruntime.InferenceSession``."""
        graph = b"".join(_block(1, node) for node in self._nodes) + _text(2, "kith")
        graph += b"".join(_block(5, one) for one in self._constants)
        graph += b"".join(_block(11, one) for one in self._inputs) + _block(12, _value(output, shape))
        return _number(1, _IR_VERSION) + _block(7, graph) + _block(8, _number(2, _OPSET))

    def _new_name(self) -> str:
        self._names += 1
        return f"n{self._names}"


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers as two's complement
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _block(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _block(field, text.encode())


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        number = _varint(2 << 3 | 5) + np.float32(value).tobytes()
        return _text(1, name) + number + _number(20, _IS_FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _IS_INT)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _IS_INTS)


def _tensor(name: str, array: Array) -> bytes:
    kind = _FLOAT if array.dtype == np.float32 else _INT64
    raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    dims = b"".join(_number(1, size) for size in array.shape)
    return dims + _number(2, kind) + _text(8, name) + _block(9, raw)


def _value(name: str, shape: Shape) -> bytes:
    dims = b"".join(_block(1, _text(2, one) if isinstance(one, str) else _number(1, one)) for one in shape)
    kind = _number(1, _FLOAT) + _block(2, dims)
    return _text(1, name) + _block(2, _block(1, kind))

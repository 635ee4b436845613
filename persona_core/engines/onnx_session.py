"""A network in onnxruntime, on the processor, and what onnxruntime answers with when it refuses."""

from __future__ import annotations

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as refusals

# these have no base in common but Exception, so every status is named
REFUSALS: tuple[type[Exception], ...] = (
    OSError,
    ValueError,
    refusals.Fail,
    refusals.InvalidArgument,
    refusals.InvalidGraph,
    refusals.InvalidProtobuf,
    refusals.NoSuchFile,
    refusals.NotImplemented,
    refusals.RuntimeException,
)


def open_session(model: str | bytes, threads: int, *, warn: bool = True) -> onnxruntime.InferenceSession:
    """``model``: the path of a network, or the network itself. Raises what is in REFUSALS."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if not warn:
        options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, sess_options=options, providers=["CPUExecutionProvider"])

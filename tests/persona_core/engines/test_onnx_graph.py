"""Graphs of our own writing, as onnxruntime reads them."""

from __future__ import annotations

import numpy as np
import onnxruntime

from persona_core.engines.onnx_graph import Graph


def run(graph: Graph, output: str, shape: tuple[int | str, ...], **inputs: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(graph.model(output, shape), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, inputs)
    return found


def test_constants_attributes_and_free_sizes() -> None:
    graph = Graph()
    rows = graph.input("rows", ("n", 3))
    weights = np.arange(6, dtype=np.float32).reshape(3, 2)
    product = graph.node("Gemm", rows, graph.constant(weights), alpha=0.5)
    both = graph.node("Concat", product, product, axis=-1)
    given = np.arange(12, dtype=np.float32).reshape(4, 3)
    found = run(graph, graph.node("Transpose", both, perm=(1, 0)), (4, "n"), rows=given)
    assert np.allclose(found, np.tile(given @ weights * 0.5, 2).T)


def test_large_and_negative_numbers() -> None:
    graph = Graph()
    sound = graph.input("sound", (1, 1000))
    shape = graph.constant(np.array([-1, 250], np.int64))
    given = np.arange(1000, dtype=np.float32)[None]
    found = run(graph, graph.node("Reshape", sound, shape), ("n", 250), sound=given)
    assert np.array_equal(found, given.reshape(4, 250))

"""CAM++ as a graph for onnxruntime, made of the weights as 3D-Speaker names them.

The network is given windows of up to two seconds. Its first layer halves them to 100 steps, which is just the length of
the segments by which its masks look around: the mean of the segment and that of the whole are the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from persona_core.engines.onnx_graph import Graph

BANDS, FRAMES = 80, 200  # at most, of what goes in: 2 s
SIZE = 192  # of what comes out

_BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers, dilation
_EPSILON = 1e-5  # PyTorch's, in what evens layers out

Weights = Mapping[str, npt.NDArray[np.float32]]


def network(weights: Weights) -> bytes:
    """``features`` (windows, 1, 80, up to 200) in, (windows, 192) out. Raises KeyError and ValueError for other weights."""
    graph = Graph()
    net = _Network(graph, weights)
    out = net.front(graph.input("features", ("windows", 1, BANDS, "frames")))
    out = net.relu(net.convolution(out, "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm", stride=2))
    for number, (layers, dilation) in enumerate(_BLOCKS, start=1):
        for layer in range(1, layers + 1):
            new = net.dense_layer(out, f"xvector.block{number}.tdnnd{layer}", dilation)
            out = graph.node("Concat", out, new, axis=1)
        transit = f"xvector.transit{number}"
        out = net.convolution(net.evened(out, f"{transit}.nonlinear.batchnorm"), f"{transit}.linear")
    out = net.statistics(net.evened(out, "xvector.out_nonlinear.batchnorm"))
    out = net.convolution(out, "xvector.dense.linear", "xvector.dense.nonlinear.batchnorm")
    return graph.model(graph.node("Flatten", out, axis=1), ("windows", SIZE))


class _Network:
    """The layers of which it is made; each takes the name of what goes in and returns that of what comes out."""

    def __init__(self, graph: Graph, weights: Weights) -> None:
        self._graph, self._weights = graph, weights

    def front(self, out: str) -> str:
        """Pictures of 80 bands: two-dimensional convolutions, down to ten bands."""
        out = self.relu(self._picture(out, "head.conv1", "head.bn1", 1))
        for layer, stride in (("layer1.0", 2), ("layer1.1", 1), ("layer2.0", 2), ("layer2.1", 1)):
            name = f"head.{layer}"
            beside = out
            if stride > 1:
                beside = self._picture(out, f"{name}.shortcut.0", f"{name}.shortcut.1", stride, around=0)
            out = self.relu(self._picture(out, f"{name}.conv1", f"{name}.bn1", stride))
            out = self._picture(out, f"{name}.conv2", f"{name}.bn2", 1)
            out = self.relu(self._graph.node("Add", out, beside))
        out = self.relu(self._picture(out, "head.conv2", "head.bn2", 2))
        channels = len(self._weights["head.conv2.weight"]) * BANDS // 8
        shape = self._graph.constant(np.array([0, channels, -1], np.int64))
        return self._graph.node("Reshape", out, shape)

    def dense_layer(self, out: str, name: str, dilation: int) -> str:
        """What one layer adds: a convolution, masked by what is heard around it."""
        out = self.evened(out, f"{name}.nonlinear1.batchnorm")
        out = self.relu(self.convolution(out, f"{name}.linear1", f"{name}.nonlinear2.batchnorm"))
        mask = self._graph.node("ReduceMean", out, axes=(2,), keepdims=1)
        mask = self._graph.node("Add", mask, mask)  # of the whole, and of the segment
        mask = self.relu(self.convolution(mask, f"{name}.cam_layer.linear1"))
        mask = self._graph.node("Sigmoid", self.convolution(mask, f"{name}.cam_layer.linear2"))
        local = self.convolution(out, f"{name}.cam_layer.linear_local", dilation=dilation)
        return self._graph.node("Mul", local, mask)

    def statistics(self, out: str) -> str:
        """Mean and deviation of every channel over time."""
        mean = self._graph.node("ReduceMean", out, axes=(2,), keepdims=1)
        away = self._graph.node("Sub", out, mean)
        square = self._graph.node("ReduceMean", self._graph.node("Mul", away, away), axes=(2,), keepdims=1)
        time = self._graph.constant(np.array([2], np.int64))
        steps = self._graph.node("Gather", self._graph.node("Shape", out), time)
        steps = self._graph.node("Cast", steps, to=1)
        fewer = self._graph.node("Sub", steps, self._graph.constant(np.array([1], np.float32)))
        unbiased = self._graph.node("Mul", square, self._graph.node("Div", steps, fewer))
        return self._graph.node("Concat", mean, self._graph.node("Sqrt", unbiased), axis=1)

    def convolution(self, out: str, name: str, norm: str = "", *, stride: int = 1, dilation: int = 1) -> str:
        """Over time, with what evens it out afterwards."""
        kernel, bias = self._folded(name, norm)
        around = (kernel.shape[-1] - 1) // 2 * dilation
        inputs = [out, self._graph.constant(kernel), *([] if bias is None else [self._graph.constant(bias)])]
        return self._graph.node(
            "Conv", *inputs, strides=(stride,), dilations=(dilation,), pads=(around, around)
        )

    def evened(self, out: str, norm: str) -> str:
        """Evened out, and what is below zero cut off."""
        gain, shift = self._norm(norm)
        scaled = self._graph.node("Mul", out, self._graph.constant(gain[:, None]))
        return self.relu(self._graph.node("Add", scaled, self._graph.constant(shift[:, None])))

    def relu(self, out: str) -> str:
        return self._graph.node("Relu", out)

    def _picture(self, out: str, name: str, norm: str, stride: int, around: int = 1) -> str:
        """A convolution over bands and time, ``stride`` in bands."""
        kernel, bias = self._folded(name, norm)
        inputs = [out, self._graph.constant(kernel), *([] if bias is None else [self._graph.constant(bias)])]
        return self._graph.node("Conv", *inputs, strides=(stride, 1), pads=(around,) * 4)

    def _folded(self, name: str, norm: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
        """Kernel and bias of a convolution, and of what evens it out in one."""
        kernel, bias = self._weights[f"{name}.weight"], self._weights.get(f"{name}.bias")
        if not norm:
            return kernel, bias
        gain, shift = self._norm(norm)
        scaled = kernel * gain.reshape(-1, *[1] * (kernel.ndim - 1))
        return scaled, shift if bias is None else shift + gain * bias

    def _norm(self, name: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """A layer that evens out, as gain and shift of each channel."""
        mean, variance = self._weights[f"{name}.running_mean"], self._weights[f"{name}.running_var"]
        one, nothing = np.ones_like(mean), np.zeros_like(mean)  # the last layer has neither weight nor bias
        gain = self._weights.get(f"{name}.weight", one) / np.sqrt(variance + _EPSILON)
        shift = self._weights.get(f"{name}.bias", nothing) - gain * mean
        return gain.astype(np.float32), shift.astype(np.float32)

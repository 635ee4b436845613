"""A BERT encoder's safetensors as CTranslate2 reads them, with int8 weights: ``… bert_conversion FOLDER TARGET``.

CTranslate2's own converter loads the model through torch first. Here NumPy reads the weights, and CTranslate2's
``TransformerEncoderModelSpec`` says where each belongs. To be run in a process of its own (``bert.py`` does): to import
CTranslate2's ``specs`` imports torch wherever it is installed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ctranslate2.specs import common_spec, transformer_spec
from safetensors.numpy import load_file


def convert(folder: Path, target: Path) -> None:
    """``folder`` holds ``config.json`` and ``model.safetensors``. Raises what its libraries raise for damaged ones."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    spec = _spec(load_file(folder / "model.safetensors"), config)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(target))


def _spec(
    weights: Mapping[str, npt.NDArray[Any]], config: Mapping[str, Any]
) -> transformer_spec.TransformerEncoderModelSpec:
    if config["model_type"] != "bert" or config.get("position_embedding_type", "absolute") != "absolute":
        raise ValueError(f"only BERT can be converted, not {config['model_type']}")
    encoder = transformer_spec.TransformerEncoderSpec(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    part = {name: np.ascontiguousarray(weight, np.float32) for name, weight in weights.items()}
    for spec, kind in zip(encoder.embeddings, ("word", "token_type"), strict=True):
        spec.weight = part[f"embeddings.{kind}_embeddings.weight"]
    encoder.position_encodings.encodings = part["embeddings.position_embeddings.weight"]
    _norm(encoder.layernorm_embedding, part, "embeddings.LayerNorm")
    for n, layer in enumerate(encoder.layer):
        here = f"encoder.layer.{n}"
        attention = layer.self_attention
        parts = [f"{here}.attention.self.{name}" for name in ("query", "key", "value")]
        attention.linear[0].weight = np.concatenate([part[f"{name}.weight"] for name in parts])
        attention.linear[0].bias = np.concatenate([part[f"{name}.bias"] for name in parts])
        _linear(attention.linear[1], part, f"{here}.attention.output.dense")
        _norm(attention.layer_norm, part, f"{here}.attention.output.LayerNorm")
        _linear(layer.ffn.linear_0, part, f"{here}.intermediate.dense")
        _linear(layer.ffn.linear_1, part, f"{here}.output.dense")
        _norm(layer.ffn.layer_norm, part, f"{here}.output.LayerNorm")
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)
    spec.config.layer_norm_epsilon = config["layer_norm_eps"]
    numbers = [str(number) for number in range(config["vocab_size"])]
    spec.register_vocabulary(numbers)  # of tokens it is told nothing else
    return spec


def _linear(spec: common_spec.LinearSpec, part: Mapping[str, npt.NDArray[Any]], name: str) -> None:
    spec.weight, spec.bias = part[f"{name}.weight"], part[f"{name}.bias"]


def _norm(spec: common_spec.LayerNormSpec, part: Mapping[str, npt.NDArray[Any]], name: str) -> None:
    spec.gamma, spec.beta = part[f"{name}.weight"], part[f"{name}.bias"]


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))

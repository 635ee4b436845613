"""What tests run torch engines on: the processor, and an NVIDIA card where there is one."""

from __future__ import annotations

import pytest
import torch

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(
            not torch.cuda.is_available(), reason="needs an NVIDIA card and torch's CUDA build"
        ),
    ),
]

"""Whether torch and CTranslate2 can use the graphics card, asked before a model is loaded onto it."""

from __future__ import annotations

import ctypes
import importlib.metadata
import sys

from persona_core.errors import EngineError

CUBLAS_PACKAGE = "nvidia-cublas-cu12"  # in requirements-gpu.txt
CUBLAS = (
    ("cublasLt64_12.dll", "cublas64_12.dll")
    if sys.platform == "win32"
    else ("libcublasLt.so.12", "libcublas.so.12")
)  # in the order in which they need one another


def require_torch_cuda(device: str) -> None:
    """Raises EngineError where ``device`` is cuda and torch is built without it or finds no card."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise EngineError("torch cannot use the graphics card: run make setup again, or set DEVICE=cpu.")


def load_cublas() -> None:
    """Load CUDA 12's cuBLAS, which CTranslate2 asks for by bare name and only when it first computes.

    What is loaded already answers to that name; the system alone would not look where pip puts it, beside
    the CUDA 13 of torch. Raises EngineError where it is neither in the package nor on the system.
    """
    try:
        files = importlib.metadata.files(CUBLAS_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    placed = {file.name: str(file.locate()) for file in files}
    try:
        for name in CUBLAS:
            ctypes.CDLL(placed.get(name, name))
    except OSError as cause:
        raise EngineError(
            f"faster-whisper needs CUDA 12's cuBLAS for the graphics card: pip install {CUBLAS_PACKAGE}, "
            "or set DEVICE=cpu."
        ) from cause

"""What is said where the card cannot be used; none of it needs one."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest
import torch

from persona_core.engines import card
from persona_core.engines.card import load_cublas, require_torch_cuda
from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.engines.speecht5 import SpeechT5Voice
from persona_core.engines.transformers_llm import TransformersModel
from persona_core.engines.transformers_whisper import TransformersWhisper
from persona_core.errors import EngineError
from persona_core.types import Voice

NAMES = ("libcublasLt-of-a-test.so.12", "libcublas-of-a-test.so.12")


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_the_processor_needs_nothing(no_cuda: None) -> None:
    require_torch_cuda("cpu")


@pytest.mark.parametrize(
    "load",
    [
        lambda folder: TransformersModel(folder, context_tokens=512, device="cuda"),
        lambda folder: TransformersWhisper(folder, "cuda"),
        lambda folder: SpeechT5Voice(folder, Voice(), "cuda"),
    ],
)
def test_torch_without_a_card_is_one_plain_sentence(no_cuda: None, tmp_path: Path, load) -> None:
    with pytest.raises(EngineError, match=r"run make setup again, or set DEVICE=cpu\.$"):
        load(tmp_path)


def test_cublas_that_is_nowhere_is_named_when_the_recogniser_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(card, "CUBLAS", NAMES)
    with pytest.raises(EngineError, match=r"pip install nvidia-cublas-cu12, or set DEVICE=cpu\.$"):
        FasterWhisper(tmp_path, device="cuda")


def test_cublas_that_pip_installed_answers_to_its_bare_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Real shared libraries with nothing in them, laid out as the package's wheel is."""
    folder = tmp_path / "nvidia" / "cublas" / "lib"
    folder.mkdir(parents=True)
    for name in NAMES:
        build = ["cc", "-shared", "-x", "c", "/dev/null", f"-Wl,-soname,{name}", "-o", str(folder / name)]
        try:
            subprocess.run(build, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("needs a C compiler that makes ELF libraries")
    about = tmp_path / "nvidia_cublas_cu12-12.9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nvidia-cublas-cu12\nVersion: 12.9\n")
    (about / "RECORD").write_text("".join(f"nvidia/cublas/lib/{name},,\n" for name in NAMES))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(card, "CUBLAS", NAMES)
    with pytest.raises(OSError):
        ctypes.CDLL(NAMES[1])
    load_cublas()
    ctypes.CDLL(NAMES[1])

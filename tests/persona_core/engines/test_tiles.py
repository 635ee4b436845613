from __future__ import annotations

import ctypes
import logging
import os
from pathlib import Path

import pytest

from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import load_settings
from persona_core.types import Message, Sampling

llama = pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
from persona_core.engines import tiles  # noqa: E402
from persona_core.engines.llama_cpp import LlamaCppModel  # noqa: E402

NAME = "smollm2-135m-instruct"
YEAR_S = 365 * 24 * 3600


@pytest.fixture(scope="module")
def weights() -> Path:
    models = ModelFolder(load_settings().models_dir, load_catalogue())
    if not models.present(NAME):
        pytest.skip(f"needs the weights of {NAME}: python -m persona_core.models pull {NAME}")
    return next(models.folder(NAME).glob("*.gguf"))


@pytest.fixture(scope="module")
def made(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same model as a Q4_K file."""
    path = tmp_path_factory.mktemp("made") / "small.gguf"
    params = llama.llama_model_quantize_default_params()
    params.ftype, params.allow_requantize = llama.LLAMA_FTYPE_MOSTLY_Q4_K_M, True
    assert llama.llama_model_quantize(str(weights).encode(), str(path).encode(), ctypes.byref(params)) == 0
    return path.read_bytes()


@pytest.fixture
def q4_k(made: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "small.gguf"
    path.write_bytes(made)
    os.utime(path, (path.stat().st_mtime - YEAR_S,) * 2)
    return path


@pytest.fixture(autouse=True)
def amx(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written runs on every processor; on these it is quicker."""
    monkeypatch.setattr(tiles, "_has_amx", lambda: True)


async def answer(path: Path) -> str:
    model = LlamaCppModel(path, context_tokens=256, threads=1)
    try:
        said = model.stream([Message("user", "Say hello.")], Sampling(max_tokens=6, temperature=0))
        return "".join([piece async for piece in said])
    finally:
        model.close()


async def test_weights_are_written_anew_once_and_answer(q4_k: Path):
    rewritten = tiles.tiled(q4_k)
    assert rewritten.name == "small.amx"
    written_at = rewritten.stat().st_mtime_ns
    assert await answer(q4_k)
    assert rewritten.stat().st_mtime_ns == written_at
    assert sorted(path.name for path in q4_k.parent.iterdir()) == ["small.amx", "small.gguf"]


def test_other_weights_are_written_anew(q4_k: Path):
    rewritten = tiles.tiled(q4_k)
    written_at = rewritten.stat().st_mtime_ns
    later = rewritten.stat().st_mtime + 10
    os.utime(q4_k, (later, later))
    assert tiles.tiled(q4_k).stat().st_mtime_ns != written_at


def test_what_is_synced_could_be_written(q4_k: Path, monkeypatch: pytest.MonkeyPatch):
    """As Windows demands."""
    fcntl = pytest.importorskip("fcntl")
    modes: list[int] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: modes.append(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE)
    )
    tiles.tiled(q4_k)
    assert modes == [os.O_RDWR]


def test_what_is_no_q4_k_is_left_alone(weights: Path, tmp_path: Path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing more")
    assert tiles.tiled(weights) == weights
    assert tiles.tiled(broken) == broken


def test_without_amx_nothing_is_written(q4_k: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tiles, "_has_amx", lambda: False)
    assert tiles.tiled(q4_k) == q4_k


async def test_damaged_weights_are_left_and_written_anew_the_next_time(q4_k: Path):
    rewritten = tiles.tiled(q4_k)
    rewritten.write_bytes(b"GGUF and nothing more")
    assert await answer(q4_k)
    assert not rewritten.exists()
    assert tiles.tiled(q4_k) == rewritten


@pytest.mark.parametrize("why", ["too little room", "being written", "could not rewrite"])
def test_where_it_cannot_be_written_the_weights_are_used_as_they_are(
    why: str, q4_k: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    if why == "too little room":
        monkeypatch.setattr(tiles, "GROWTH", 1e9)
    elif why == "being written":
        (q4_k.parent / "small.amx.new").touch()
    else:
        monkeypatch.setattr(llama, "llama_model_quantize", lambda *_: 1)
    with caplog.at_level(logging.WARNING):
        assert tiles.tiled(q4_k) == q4_k
    assert why in caplog.text


def test_what_was_left_half_written_is_written_again(q4_k: Path):
    left = q4_k.parent / "small.amx.new"
    left.write_bytes(b"half")
    os.utime(left, (left.stat().st_mtime - YEAR_S,) * 2)
    assert tiles.tiled(q4_k) != q4_k
    assert not left.exists()

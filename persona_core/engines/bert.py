"""BERT encoders, run by CTranslate2 with int8 weights: those of the model's folder, converted once and kept beside them."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from pathlib import Path

import ctranslate2

from persona_core.errors import EngineError
from persona_core.models.disk import write_whole

_CONVERTED = "ctranslate2-int8"  # a folder beside the weights
_ROOT = Path(__file__).parents[2]
_MOST_S = 120.0  # that converting may take; it takes one or two

log = logging.getLogger(__name__)


def load_bert(folder: Path) -> ctranslate2.Encoder:
    """The encoder of a folder with ``config.json`` and ``model.safetensors``, for any thread; runs on one core.

    Blocks for a second or two at first. Raises EngineError, OSError and RuntimeError.
    """
    kept = folder / _CONVERTED
    if _is_newer(kept / "model.bin", folder / "model.safetensors"):
        try:
            return _encoder(kept)
        except RuntimeError as error:
            log.warning("the converted weights are damaged, so they are made anew: %s", error)
    with tempfile.TemporaryDirectory() as made:
        _convert(folder, Path(made))
        encoder = _encoder(Path(made))
        try:
            _keep(Path(made), kept)
        except OSError as error:
            log.warning("the weights will be converted anew at every start: %s", error.strerror or error)
    return encoder


def _encoder(folder: Path) -> ctranslate2.Encoder:
    return ctranslate2.Encoder(str(folder), "cpu", compute_type="int8", inter_threads=1, intra_threads=1)


def _is_newer(path: Path, other: Path) -> bool:
    return path.exists() and path.stat().st_mtime >= other.stat().st_mtime


def _convert(folder: Path, target: Path) -> None:
    """In a process of its own, as it may import torch."""
    command = [sys.executable, "-m", "persona_core.engines.bert_conversion", str(folder), str(target)]
    try:
        subprocess.run(
            command, cwd=_ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=_MOST_S, check=True
        )
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", b"") or b""
        log.warning("converting the weights failed: %s", said.decode(errors="replace").strip() or error)
        raise EngineError(
            "The weights cannot be converted for CTranslate2; the log has the cause."
        ) from error


def _keep(made: Path, kept: Path) -> None:
    """Several processes may do this at once. The weights go last: they tell that all is there."""
    for file in sorted(made.iterdir(), key=lambda path: path.name == "model.bin"):
        write_whole(kept / file.name, file.read_bytes())

"""Speakers for SpeechT5: x-vectors from files, from CMU Arctic's archive, or derived from a name."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from persona_core.errors import EngineError
from persona_core.types import Samples

ARCHIVE = "spkrec-xvect.zip"  # one .npy for each sentence of CMU Arctic, the speaker in its name
_ARCTIC = re.compile(r"cmu_us_(\w+?)_arctic.*\.npy$")
_DEFAULT = "speaker", "slt"  # looked for in this order where no timbre is named
_SENTENCES = 20  # whose vectors are averaged: one sentence alone carries its own intonation


def speaker_vector(folder: Path, timbre: str, size: int) -> Samples:
    """The x-vector (size,) of ``timbre``; ``""`` is ``speaker``, else ``slt`` or the first there is.

    Known are ``NAME.npy`` and ``NAME.safetensors`` in ``folder`` and the speakers of its archive. Where
    there is no speaker at all the vector is derived from the name: always the same one, but nobody's.
    Raises EngineError for a name that is not there and for a damaged file.
    """
    known = _speakers(folder)
    name = timbre or next((name for name in (*_DEFAULT, *sorted(known)) if name in known), "")
    if name in known:
        return _read(known[name], name, size)
    if known:
        raise EngineError(f"SpeechT5 has no speaker {timbre!r}: choose {', '.join(sorted(known))}.")
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


def _speakers(folder: Path) -> dict[str, Path]:
    """Name → the file that holds its vector, or the archive."""
    archive = folder / ARCHIVE
    known = {}
    if archive.is_file():
        try:
            members = zipfile.ZipFile(archive).namelist()
        except (OSError, zipfile.BadZipFile) as cause:
            raise EngineError(f"{ARCHIVE} is damaged: run python -m persona_core.models verify.") from cause
        known = {found[1]: archive for member in members if (found := _ARCTIC.search(member))}
    return known | {file.stem: file for kind in ("npy", "safetensors") for file in folder.glob(f"*.{kind}")}


def _read(file: Path, name: str, size: int) -> Samples:
    try:
        if file.suffix == ".zip":
            return _average(file, name).reshape(size)
        found = np.load(file) if file.suffix == ".npy" else next(iter(load_file(file).values()))
        return np.asarray(found, np.float32).reshape(size)
    except (OSError, ValueError, StopIteration, zipfile.BadZipFile, SafetensorError) as cause:
        raise EngineError(f"{file.name} holds no speaker vector of {size} numbers: replace it.") from cause


def _average(archive: Path, name: str) -> Samples:
    with zipfile.ZipFile(archive) as whole:
        members = [m for m in whole.namelist() if (found := _ARCTIC.search(m)) and found[1] == name]
        vectors = []
        for member in sorted(members)[:_SENTENCES]:
            with whole.open(member) as data:
                vectors.append(np.load(data))
    mean: Samples = np.mean(vectors, axis=0, dtype=np.float32)
    return mean

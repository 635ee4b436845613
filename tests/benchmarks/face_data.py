"""What benchmarks of faces need, or a sentence for whoever lacks it."""

from __future__ import annotations

import sys
from pathlib import Path

from persona_core.assemble import build_face_encoder
from persona_core.ports import FaceEncoder
from persona_core.settings import load_settings

FACES = Path(__file__).parents[3] / "shared" / "data" / "faces"


def encoder() -> FaceEncoder:
    """That of the settings. Raises SystemExit, also where the pictures are not there."""
    if not FACES.is_dir():
        sys.exit(f"This benchmark needs the evaluation data in {FACES}.")
    found = build_face_encoder(load_settings(), lambda line: print(line, file=sys.stderr))
    if found is None:
        sys.exit("This benchmark needs the model: python -m persona_core.models pull sface-2021dec.")
    return found

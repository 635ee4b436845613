"""What many tests share. Whatever is absent makes a test skip and say what it needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import Settings

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the evaluation data in {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def weights() -> Callable[[str], Path]:
    """``weights("whisper-base")`` is the folder of that model; skips where it is not pulled."""
    folder = ModelFolder(Settings().models_dir, load_catalogue())

    def find(name: str) -> Path:
        if not folder.present(name):
            pytest.skip(f"needs the model {name}: python -m persona_core.models pull {name}")
        return folder.ensure(name)

    return find


@pytest.fixture(scope="session")
def speak() -> Callable[..., Path]:
    """``speak("Hello.", path, rate=48000)`` writes that, spoken by hibari, as a sound file."""
    import soxr
    from hibari import SAMPLE_RATE, Hibari

    voice = Hibari()

    def write(text: str, path: Path, rate: int = SAMPLE_RATE, **how: str) -> Path:
        sound = soxr.resample(voice(text, seed=1), SAMPLE_RATE, rate)
        soundfile.write(path, np.clip(sound, -1, 1), rate, **how)
        return path

    return write

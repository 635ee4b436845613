"""What the tests of the page share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cogs.conftest import scene, server

__all__ = ["scene", "server"]


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory, speak: Callable[..., Path]) -> Path:
    """Somebody who says something, then is silent for as long."""
    file = speak(
        "Good evening. How was your day?", tmp_path_factory.mktemp("speech") / "said.wav", rate=48_000
    )
    sound, rate = soundfile.read(file, dtype="int16")
    soundfile.write(file, np.concatenate([sound, np.zeros(3 * rate, np.int16)]), rate)
    return file

"""Each language by its own voice."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import numpy as np
import pytest

from persona_core.engines.voices import ByLanguage
from persona_core.types import Pcm


class Tone:
    """A voice that is a tone; says in which language it was asked to speak, and whether it was let go."""

    def __init__(self, hz: float, rate: int) -> None:
        self.rate = rate
        self.asked: list[tuple[str, str]] = []
        self.closed = 0
        self._tone = (8000 * np.sin(2 * np.pi * hz * np.arange(rate) / rate)).astype(np.int16)

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.asked.append((text, language))
        try:
            for half in np.split(self._tone, 2):
                yield half
        finally:
            self.closed += 1


ENGLISH, GERMAN = 300.0, 500.0


@pytest.fixture
def german() -> Tone:
    return Tone(GERMAN, 22_050)


@pytest.fixture
def voices(german: Tone) -> ByLanguage:
    return ByLanguage(Tone(ENGLISH, 24_000), "en", {"de": german, "fr": Tone(700.0, 24_000)})


def pitch(pcm: Pcm, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(pcm.astype(np.float64)))
    return float(np.argmax(spectrum)) * rate / len(pcm)


@pytest.mark.parametrize(
    ("language", "hz"), [("", ENGLISH), ("en", ENGLISH), ("de", GERMAN), ("fr", 700.0), ("ja", ENGLISH)]
)
async def test_the_voice_of_the_language_speaks_at_one_rate(
    voices: ByLanguage, language: str, hz: float
) -> None:
    sound = np.concatenate([pcm async for pcm in voices.speak("Hello", language)])
    assert sound.dtype == np.int16 and len(sound) == pytest.approx(24_000, abs=2)
    assert pitch(sound, voices.rate) == pytest.approx(hz, abs=2)


async def test_the_voice_is_told_the_language(voices: ByLanguage, german: Tone) -> None:
    async for _ in voices.speak("Hallo", "de"):
        pass
    assert german.asked == [("Hallo", "de")]


async def test_breaking_off_lets_the_voice_go(voices: ByLanguage, german: Tone) -> None:
    speech = voices.speak("Hallo", "de")
    await anext(speech)
    await speech.aclose()
    assert german.closed == 1


def test_it_says_which_languages_it_can_read(voices: ByLanguage) -> None:
    assert voices.languages == {"en", "de", "fr"}
    assert [voices.speaks(language) for language in ("", "en", "de", "ja")] == [True, True, True, False]

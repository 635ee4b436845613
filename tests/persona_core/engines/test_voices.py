"""hibari and piper: what they say is understood, begins at once and can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import hibari.voices
import numpy as np
import pytest
import soxr

from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.engines.hibari import HibariVoice
from persona_core.engines.piper import PiperVoice
from persona_core.engines.speech import GAP_S, LOUDNESS, gain_of, speakable, trimmed
from persona_core.errors import EngineError
from persona_core.ports import TextToSpeech
from persona_core.types import EAR_RATE, Pcm, Voice
from tests.words import text_of, word_error_rate

TEXT = "Would you like some tea? I think we should walk along the beach first."
ODD = ["\ud800 hi", "a\x00b", "🙂 hello 🙂", "[[ə]] [[", "½ of $3e999 & <b>#1</b>", "Z̷͑a̸l̶g̴o", "١٢٣", "x" * 500]
WORDLESS = ["", "   ", "...", "?!", "🙂", "—", "\u200b", "\x00", '"("']


@pytest.fixture(scope="module", params=["hibari", "piper"])
def make(request: pytest.FixtureRequest) -> Callable[..., TextToSpeech]:
    if request.param == "hibari":
        return lambda **how: HibariVoice(Voice(**how))
    folder = request.getfixturevalue("weights")("piper-en_US-joe-medium")
    return lambda **how: PiperVoice(folder, Voice(**how))


@pytest.fixture(scope="module")
def voice(make: Callable[..., TextToSpeech]) -> TextToSpeech:
    return make()


async def chunks(voice: TextToSpeech, text: str) -> list[Pcm]:
    return [pcm async for pcm in voice.speak(text)]


async def test_what_it_says_is_understood(voice: TextToSpeech, weights: Callable[[str], Path]) -> None:
    sound = np.concatenate(await chunks(voice, TEXT)).astype(np.float32) / 32768
    stt = FasterWhisper(weights("whisper-base"), threads=2)
    heard = await text_of(stt, soxr.resample(sound, voice.rate, EAR_RATE), "en")
    assert word_error_rate(TEXT, heard) <= 0.1


async def test_each_sentence_comes_by_itself_without_dead_air(voice: TextToSpeech) -> None:
    said = await chunks(voice, TEXT)
    assert len(said) == 2
    for pcm in said:
        assert pcm.dtype == np.int16 and pcm.ndim == 1
        loud = np.flatnonzero(np.abs(pcm) > 0.02 * np.abs(pcm).max()) / voice.rate
        assert loud[0] < 0.06
        assert GAP_S - 0.01 < len(pcm) / voice.rate - loud[-1] < GAP_S + 0.15


async def test_whichever_voice_speaks_it_is_about_as_loud(voice: TextToSpeech) -> None:
    sound = np.concatenate(await chunks(voice, TEXT)).astype(np.float32) / 32768
    assert 0.5 < gain_of(sound, voice.rate) < 2.0


@pytest.mark.parametrize("text", WORDLESS)
async def test_nothing_is_said_where_there_are_no_words(voice: TextToSpeech, text: str) -> None:
    assert await chunks(voice, text) == []


@pytest.mark.parametrize("text", ODD)
async def test_odd_characters_do_no_harm(voice: TextToSpeech, text: str) -> None:
    assert all(pcm.size for pcm in await chunks(voice, text))


async def test_speed_changes_how_long_it_takes(make: Callable[..., TextToSpeech]) -> None:
    slow, fast = [np.concatenate(await chunks(make(speed=speed), TEXT)) for speed in (0.8, 1.6)]
    assert 1.4 < len(slow) / len(fast) < 2.3  # piper gives each phoneme a shortest length


async def test_it_can_be_stopped_after_the_first_sentence_and_speak_again(voice: TextToSpeech) -> None:
    speech = voice.speak(TEXT * 20)
    assert (await anext(speech)).size
    await asyncio.wait_for(speech.aclose(), timeout=20)
    assert len(await chunks(voice, "Yes?")) == 1


def test_an_unknown_timbre_is_refused_and_the_known_are_named(make: Callable[..., TextToSpeech]) -> None:
    with pytest.raises(EngineError, match=r"'nobody': choose (heart|joe)"):
        make(timbre="nobody")


def test_a_timbre_that_cannot_be_downloaded_is_one_plain_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    monkeypatch.setattr(hibari.voices, "BASE_URL", tmp_path.as_uri() + "/")
    with pytest.raises(EngineError, match="connect to the internet once"):
        HibariVoice(Voice(timbre="emma"))


def test_a_folder_without_a_piper_voice_is_one_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="TTS_MODEL"):
        PiperVoice(tmp_path, Voice())
    (tmp_path / "broken.onnx").write_bytes(b"x")
    with pytest.raises(EngineError, match="beside it"):
        PiperVoice(tmp_path, Voice())


@pytest.mark.parametrize("text", WORDLESS)
def test_text_without_words_is_not_speakable(text: str) -> None:
    assert speakable(text) == ""


def test_silence_before_and_after_a_sentence_is_cut_or_filled_to_the_gap() -> None:
    tone = 0.3 * np.sin(np.arange(2400)).astype(np.float32)
    silence = np.zeros(12_000, np.float32)
    for sound in (np.concatenate([silence, tone, silence]), tone):
        pcm = trimmed(sound, 24_000, gap_s=0.25)
        assert abs(len(pcm) - (2400 + 6000)) <= 240
        assert np.abs(pcm[:360]).max() > 1000
        assert not pcm[-5900:].any()
    assert not trimmed(silence, 24_000).size


@pytest.mark.parametrize("level", [0.01, 0.2, 0.9])
def test_a_gain_brings_what_sounds_to_one_loudness_whatever_the_pauses(level: float) -> None:
    tone = level * np.sin(np.arange(24_000) * 0.3).astype(np.float32)
    silence = np.zeros(24_000, np.float32)
    for sound in (tone, np.concatenate([silence, tone, silence])):
        loud = tone * gain_of(sound, 24_000)
        assert np.sqrt((loud**2).mean()) == pytest.approx(LOUDNESS, rel=0.05)


def test_a_voice_that_says_nothing_is_left_as_it_is() -> None:
    assert gain_of(np.zeros(2400, np.float32), 24_000) == gain_of(np.zeros(0, np.float32), 24_000) == 1.0

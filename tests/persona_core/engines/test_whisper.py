from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hibari import SAMPLE_RATE, Hibari

from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.engines.whisper import Reading, is_invented, transcript, windows
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples, Transcript
from tests.words import word_error_rate

SENTENCE = "She told me that the train would arrive at seven in the morning."


def said(text: str) -> Samples:
    return soxr.resample(Hibari()(text, seed=1), SAMPLE_RATE, EAR_RATE).astype(np.float32)


@pytest.fixture(scope="module")
def tiny(weights: Callable[[str], Path]) -> FasterWhisper:
    return FasterWhisper(weights("whisper-tiny.en"), threads=2)


@pytest.fixture(scope="module")
def base(weights: Callable[[str], Path]) -> FasterWhisper:
    return FasterWhisper(weights("whisper-base"), threads=2)


async def test_what_was_said_is_written_down_with_language_and_confidence(base: FasterWhisper) -> None:
    heard = await base.transcribe(said(SENTENCE))
    assert word_error_rate(SENTENCE, heard.text) == 0
    assert heard.language == "en"
    assert -1 < heard.logprob < 0


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros(EAR_RATE, np.float32)])
async def test_nothing_is_not_even_given_to_the_model(
    tiny: FasterWhisper, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tiny, "_model")
    assert await tiny.transcribe(samples) == Transcript("")


@pytest.mark.parametrize("level", [0.0005, 0.005, 0.05])
async def test_no_words_are_made_of_noise(base: FasterWhisper, level: float) -> None:
    noise = level * np.random.default_rng(0).standard_normal(2 * EAR_RATE)
    assert (await base.transcribe(noise.astype(np.float32))).text == ""


async def test_hardly_any_sound_without_words_becomes_words(tiny: FasterWhisper, shared_data: Path) -> None:
    folder = shared_data / "speech" / "misc"
    with (folder / "nonspeech.tsv").open(encoding="utf-8") as table:
        clips = [row["file"] for row in csv.DictReader(table, delimiter="\t")][::2]
    invented = [clip for clip in clips if (await tiny.transcribe(read(folder / clip))).text]
    assert len(invented) <= 1, invented  # of 14; unfiltered, every one of them becomes words


async def test_real_speech_keeps_all_its_words(tiny: FasterWhisper, shared_data: Path) -> None:
    clips = list(librispeech(shared_data))[::5]
    heard = [(await tiny.transcribe(sound)).text for sound, _ in clips]
    assert all(heard)
    assert word_error_rate(" ".join(text for _, text in clips), " ".join(heard)) < 0.2


async def test_a_minute_of_speech_is_heard_to_its_end(tiny: FasterWhisper) -> None:
    sentences = [f"This is sentence number {n} of a rather long and boring story." for n in range(1, 16)]
    sound = said(" ".join(sentences))
    assert len(sound) > 50 * EAR_RATE
    assert word_error_rate(" ".join(sentences), (await tiny.transcribe(sound)).text) < 0.1


def test_long_speech_is_cut_where_it_is_quiet_and_nothing_is_lost() -> None:
    sound = 0.1 * np.random.default_rng(0).standard_normal(70 * EAR_RATE).astype(np.float32)
    quiet = slice(27 * EAR_RATE, 27 * EAR_RATE + EAR_RATE // 4)
    sound[quiet] = 0
    pieces = list(windows(sound))
    assert np.array_equal(np.concatenate(pieces), sound)
    assert quiet.start <= len(pieces[0]) <= quiet.stop
    assert all(len(piece) <= 30 * EAR_RATE for piece in pieces)


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "ran_on", "looped", "invented"),
    [
        ("Good morning everyone.", -0.3, 0.05, False, False, False),
        ("Amelia", -1.5, 0.2, False, False, False),  # a name alone is improbable, but somebody spoke
        ("1,001 90210", -0.5, 0.7, False, False, False),  # plain words, whatever the silence around them
        ("you", -1.5, 0.7, False, False, True),
        ("I'm sorry.", -1.55, 0.54, False, False, True),
        ("The", -3.2, 0.1, False, False, True),
        ("...", -0.2, 0.1, False, False, True),
        ("ha " * 40, -0.05, 0.1, True, False, True),
        ("no, " * 40, -0.05, 0.1, False, False, False),  # said forty times, and then an end
        ("Ha ha ha!", -0.9, 0.3, False, True, True),
        ("But she said he is the reciter.", -0.5, 0.1, False, True, False),
    ],
)
def test_the_evidence_decides(
    text: str, logprob: float, no_speech: float, ran_on: bool, looped: bool, invented: bool
) -> None:
    assert is_invented(Reading(text, "en", logprob, no_speech, ran_on, looped)) is invented


def test_an_invented_window_leaves_the_others_as_they_are() -> None:
    readings = [Reading("Hello there.", "en", -0.2, 0.0), Reading("you", "en", -1.5, 0.9)]
    heard = transcript(readings)
    assert (heard.text, heard.language) == ("Hello there.", "en")
    assert heard.logprob == pytest.approx(-0.2)


def test_a_folder_without_a_model_is_one_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="models verify"):
        FasterWhisper(tmp_path)


def read(path: Path) -> Samples:
    sound, rate = soundfile.read(path, dtype="float32")
    return soxr.resample(sound, rate, EAR_RATE)


def librispeech(shared_data: Path) -> Iterator[tuple[Samples, str]]:
    folder = shared_data / "speech" / "librispeech"
    with (folder / "refs.tsv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            yield read(folder / row["speaker"] / f"{row['id']}.flac"), row["text"]

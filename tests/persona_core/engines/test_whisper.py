from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hibari import SAMPLE_RATE, Hibari

from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.engines.whisper import (
    Reading,
    chosen_language,
    continued,
    is_doubled,
    is_doubtful,
    is_unsure,
    transcript,
    truer,
)
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples, Speech, Transcript
from tests.words import text_of, word_error_rate

SENTENCE = "She told me that the train would arrive at seven in the morning."
HELLO = Reading("Hello there.", "en", 0.9, -0.2, 0.1, 4)
LOST = Reading("ha " * 40, "en", 0.9, -0.05, 0.1, 80, ran_on=True)


def said(text: str) -> Samples:
    return soxr.resample(Hibari()(text, seed=1), SAMPLE_RATE, EAR_RATE).astype(np.float32)


@pytest.fixture(scope="module")
def tiny(weights: Callable[[str], Path]) -> FasterWhisper:
    return FasterWhisper(weights("whisper-tiny.en"), threads=2)


@pytest.fixture(scope="module")
def base(weights: Callable[[str], Path]) -> FasterWhisper:
    return FasterWhisper(weights("whisper-base"), threads=2)


async def test_what_was_said_is_written_down_with_its_evidence(base: FasterWhisper) -> None:
    (heard,) = await base.transcribe([Speech(said(SENTENCE))])
    assert word_error_rate(SENTENCE, heard.text) == 0
    assert heard.language == "en" and heard.language_probability > 0.6
    assert -1 < heard.logprob < 0
    assert 0 < heard.no_speech < 0.5
    assert not heard.looped


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros(EAR_RATE, np.float32)])
async def test_nothing_is_not_even_given_to_the_model(
    tiny: FasterWhisper, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tiny, "_model")
    assert await tiny.transcribe([Speech(samples)]) == [Transcript("")]
    assert await tiny.transcribe([]) == []


async def test_a_few_samples_do_no_harm(tiny: FasterWhisper) -> None:
    assert len(await tiny.transcribe([Speech(np.full(3, 0.1, np.float32))])) == 1


async def test_what_is_heard_together_is_what_is_heard_alone_and_in_order(base: FasterWhisper) -> None:
    lines = [
        SENTENCE,
        "Good morning, everyone.",
        "Where did you put the big red umbrella?",
        "Thank you very much.",
    ]
    silence = Speech(np.zeros(EAR_RATE, np.float32))
    heard = await base.transcribe([*(Speech(said(line)) for line in lines), silence])
    assert heard.pop() == Transcript("")
    for line, one in zip(lines, heard, strict=True):
        assert word_error_rate(line, one.text) == 0


async def test_people_who_speak_different_languages_are_heard_together(base: FasterWhisper) -> None:
    sound = said(SENTENCE)
    heard = await base.transcribe([Speech(sound, "de"), Speech(sound), Speech(sound, "tlh")])
    assert [one.language for one in heard] == ["de", "en", "en"]
    assert heard[0].language_probability == 0


async def test_real_speech_keeps_all_its_words(tiny: FasterWhisper, shared_data: Path) -> None:
    clips = list(librispeech(shared_data))[::5]
    heard = [await text_of(tiny, sound) for sound, _ in clips]
    assert all(heard)
    assert word_error_rate(" ".join(text for _, text in clips), " ".join(heard)) < 0.2


async def test_a_second_attempt_is_rare_on_real_speech(
    tiny: FasterWhisper, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = []

    def read_again(piece: Speech, frames: int) -> Reading:
        again.append(piece)
        return HELLO

    monkeypatch.setattr(tiny, "_read_again", read_again)
    clips = [sound for sound, _ in librispeech(shared_data) if len(sound) < 10 * EAR_RATE]
    await tiny.transcribe([Speech(sound) for sound in clips])
    assert len(again) <= len(clips) // 8


async def test_what_is_doubtful_is_read_again_with_care(
    tiny: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "_read", lambda pieces: [LOST for _ in pieces])
    (heard,) = await tiny.transcribe([Speech(said(SENTENCE))])
    assert word_error_rate(SENTENCE, heard.text) == 0


@pytest.mark.parametrize(("lost", "tries"), [(0, [1500]), (1, [1500, 3000]), (2, [1500, 3000])])
async def test_more_silence_is_tried_until_the_words_fit(
    tiny: FasterWhisper, monkeypatch: pytest.MonkeyPatch, lost: int, tries: list[int]
) -> None:
    tried: list[int] = []

    def read_again(piece: Speech, frames: int) -> Reading:
        tried.append(frames)
        return LOST if len(tried) <= lost else HELLO

    monkeypatch.setattr(tiny, "_read", lambda pieces: [LOST for _ in pieces])
    monkeypatch.setattr(tiny, "_read_again", read_again)
    (heard,) = await tiny.transcribe([Speech(said(HELLO.text))])
    assert tried == tries
    assert heard.text == ("" if lost == 2 else HELLO.text)


async def test_a_minute_of_speech_is_heard_to_its_end(tiny: FasterWhisper) -> None:
    sentences = [f"This is sentence number {n} of a rather long and boring story." for n in range(1, 16)]
    sound = said(" ".join(sentences))
    assert len(sound) > 50 * EAR_RATE
    assert word_error_rate(" ".join(sentences), await text_of(tiny, sound)) < 0.1


async def test_known_words_keep_their_spelling_and_wrong_ones_are_dropped(base: FasterWhisper) -> None:
    sound = said(SENTENCE)
    right, wrong = await base.transcribe(
        [Speech(sound, begins="she told me That the"), Speech(sound, begins="He sold me a bicycle")]
    )
    assert right.text.startswith("she told me That the train")
    assert wrong.text.startswith("She told me that the train")
    assert word_error_rate(SENTENCE, right.text) == word_error_rate(SENTENCE, wrong.text) == 0


@pytest.mark.parametrize(
    ("begins", "text", "expected"),
    [
        ("", "Hello there.", "Hello there."),
        ("hello", "Hello there.", "Hello there."),  # the last known word may yet change its looks
        ("so we", "So, we went home.", "so we went home."),
        ("I thought me.", "I thought me so silly.", "I thought me so silly."),
        ("I want to", "I want tomorrow off.", "I want tomorrow off."),
        ("we had", "We have time.", "We have time."),
        ("one two three", "One, two.", "One, two."),
        ("one two three", "", ""),
        ("- well yes", "Well, yes.", "Well, yes."),
    ],
)
def test_known_words_are_taken_over_where_the_sound_agrees(begins: str, text: str, expected: str) -> None:
    assert continued(begins, text) == expected


@pytest.mark.parametrize(
    ("language", "usual", "detected", "probability", "expected"),
    [
        ("de", "fr", "en", 0.99, ("de", 0.0)),  # told
        ("", "fr", "es", 0.8, ("es", 0.8)),  # heard for sure
        ("", "fr", "cy", 0.3, ("fr", 0.0)),  # what this person was last heard in
        ("", "", "cy", 0.3, ("en", 0.0)),
        ("tlh", "tlh", "cy", 0.3, ("en", 0.0)),  # no model knows it
    ],
)
def test_the_language_is_told_or_heard_or_usual(
    language: str, usual: str, detected: str, probability: float, expected: tuple[str, float]
) -> None:
    speech = Speech(np.zeros(1, np.float32), language, usual)
    assert chosen_language(speech, detected, probability, {"de", "en", "es", "fr", "cy"}) == expected


@pytest.mark.parametrize(
    ("detected", "believed"),
    [
        (replace(HELLO, language="ar", logprob=-0.9), False),  # less likely
        (replace(HELLO, language="de", logprob=-0.1), True),
        (replace(HELLO, language="la", logprob=-0.1, ran_on=True), False),  # dashes without end
        (replace(HELLO, language="ar", logprob=-0.8), False),  # no likely words in any language
        (replace(HELLO, logprob=-0.9), True),  # the usual one
        (replace(HELLO, language="de", language_probability=0.0, logprob=-0.9), True),  # told
    ],
)
def test_another_language_is_believed_where_its_words_fit_better(detected: Reading, believed: bool) -> None:
    usual = replace(HELLO, language_probability=0.0, logprob=-0.85)
    assert truer(usual, detected) is (detected if believed else usual)


async def test_foreign_names_do_not_make_a_foreign_language(base: FasterWhisper, shared_data: Path) -> None:
    """Whisper is sure of Arabic here: "then said the eunuch ardaw who repeated poetry"."""
    path = shared_data / "speech" / "librispeech" / "2033" / "2033-164914-0002.flac"
    for seconds in (1.9, 2.4, 2.9, 3.4, 5.0):
        (heard,) = await base.transcribe([Speech(read(path)[: int(seconds * EAR_RATE)])])
        assert heard.language == "en"


async def test_a_draft_is_read_once(tiny: FasterWhisper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny, "_read", lambda pieces: [LOST for _ in pieces])
    monkeypatch.delattr(tiny, "_model")
    assert [one.text for one in await tiny.transcribe([Speech(said(SENTENCE), draft=True)])] == [""]


@pytest.mark.parametrize(
    ("reading", "doubtful"),
    [
        (HELLO, False),
        (LOST, True),
        (replace(HELLO, ran_on=True), True),
        (replace(HELLO, logprob=-1.4), False),
        (replace(HELLO, logprob=-1.4, ran_on=True), False),  # a second time would make it no better
        (replace(HELLO, tokens=1), True),
        (replace(HELLO, text="..."), True),  # for three seconds of sound
        (replace(HELLO, text="The tide is high. The tide is high."), True),
    ],
)
def test_words_that_do_not_fit_the_sound_are_doubtful(reading: Reading, doubtful: bool) -> None:
    three_seconds = np.full(3 * EAR_RATE, 0.1, np.float32)
    assert is_doubtful(reading, three_seconds) is doubtful


@pytest.mark.parametrize(
    ("text", "doubled"),
    [
        ("The tide is high. The tide is high.", True),
        ("Come with me, come with me, come with me", True),
        ("The tide is high. The tide is low.", False),
        ("The tide is high. The tide is high. Hm.", False),
        ("No, no, no", False),
        ("Bye bye.", False),
        ("", False),
    ],
)
def test_a_sentence_said_twice_over_is_noticed(text: str, doubled: bool) -> None:
    assert is_doubled(text) is doubled


@pytest.mark.parametrize(
    ("reading", "unsure"),
    [
        (HELLO, False),
        (LOST, False),  # cut off, whatever the beam
        (replace(HELLO, logprob=-0.6), True),
        (replace(HELLO, logprob=-0.6, ran_on=True), False),
    ],
)
def test_a_beam_is_for_what_came_to_an_end_without_being_sure(reading: Reading, unsure: bool) -> None:
    assert is_unsure(reading) is unsure


@pytest.mark.parametrize(
    ("text", "ran_on", "expected"),
    [
        ("Good morning everyone.", False, "Good morning everyone."),
        ("...", False, ""),
        ("ha " * 40, True, ""),
        ("no " * 39 + "no", False, "no " * 39 + "no"),  # said forty times, and then an end
    ],
)
def test_only_what_is_no_words_at_all_is_dropped(text: str, ran_on: bool, expected: str) -> None:
    heard = transcript([replace(HELLO, text=text, ran_on=ran_on)])
    assert heard.text == expected
    assert (heard.language, heard.no_speech) == ("en", pytest.approx(0.1))


def test_a_lost_window_leaves_the_others_as_they_are() -> None:
    heard = transcript([HELLO, LOST, replace(HELLO, text="Bye.", logprob=-0.2, looped=True)])
    assert (heard.text, heard.language, heard.looped) == ("Hello there. Bye.", "en", True)
    assert heard.logprob == pytest.approx(-0.2)


@pytest.mark.parametrize("readings", [[LOST], [HELLO, LOST]])
def test_that_words_are_missing_is_told(readings: list[Reading]) -> None:
    assert transcript(readings).lost
    assert not transcript([HELLO]).lost


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

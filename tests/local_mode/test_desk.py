"""The whole way, as a user takes it: ``python -m local_mode`` as a process with real models."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from persona_core.types import EAR_RATE
from tests.words import text_of, word_error_rate

ROOT = Path(__file__).parents[2]
LIKELIEST_WORDS = {"LLM_TEMPERATURE": "0"}  # none that nobody could spell from hearing them
Weights = Callable[[str], Path]


def desk(*args: str, typed: str = "", cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_mode", *args],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=cwd,
        env={**os.environ, "PROFILE": "tiny", "PYTHONPATH": str(ROOT), **env},
    )


def events(run: subprocess.CompletedProcess[str], kind: str) -> list[dict[str, Any]]:
    assert "Traceback" not in run.stderr, run.stderr
    return [event for line in run.stdout.splitlines() if (event := json.loads(line))["event"] == kind]


@pytest.fixture(scope="session")
def transcribe(weights: Weights) -> Callable[[Path], str]:
    from persona_core.engines.faster_whisper import FasterWhisper

    stt = FasterWhisper(weights("whisper-base"))

    def words(path: Path) -> str:
        sound, rate = soundfile.read(path, dtype="float32")
        return asyncio.run(text_of(stt, np.asarray(soxr.resample(sound, rate, EAR_RATE), np.float32)))

    return words


def check_conversation(
    run: subprocess.CompletedProcess[str], said: dict[str, str], out: Path, transcribe: Callable[[Path], str]
) -> None:
    assert run.returncode == 0, run.stderr
    for name, text in said.items():
        heard = " ".join(e["text"] for e in events(run, "utterance") if e["speaker"] == name)
        assert word_error_rate(text, heard) <= 0.25, (text, heard)
    replies = events(run, "reply")
    assert replies and all(reply["timings"]["voice_to_voice_ms"] for reply in replies)
    spoken = " ".join(reply["text"] for reply in replies)
    assert word_error_rate(spoken, transcribe(out)) <= 0.10, spoken
    assert soundfile.info(out).duration == pytest.approx(sum(r["audio_s"] for r in replies), abs=0.1)


def test_two_people_over_each_other_are_told_apart_and_answered_aloud(
    tmp_path: Path, speak: Callable[..., Path], weights: Weights, transcribe: Callable[[Path], str]
) -> None:
    weights("qwen2.5-coder-1.5b-instruct")
    said = {
        "Ann": "Good evening, Mira. I have just come back from a long walk by the sea.",
        "Bob": "And I was cooking dinner for everybody. What do you like to eat?",
    }
    ann = speak(said["Ann"], tmp_path / "ann.flac", rate=48000, subtype="PCM_24")
    bob = speak(said["Bob"], tmp_path / "bob.wav", rate=16000, subtype="FLOAT")
    out = tmp_path / "reply.wav"
    recordings = ("--wav", f"Ann={ann}", "--wav", f"Bob={bob}")
    run = desk(*recordings, "--out", str(out), "--json", PROFILE="cpu", **LIKELIEST_WORDS)
    check_conversation(run, said, out, transcribe)


def test_recorded_people_are_understood_and_answered_aloud(
    tmp_path: Path, shared_data: Path, weights: Weights, transcribe: Callable[[Path], str]
) -> None:
    weights("qwen2.5-coder-1.5b-instruct")
    clips = shared_data / "speech" / "librispeech"
    rows = [line.split("\t") for line in (clips / "refs.tsv").read_text().splitlines()]
    header, rows = rows[0], rows[1:]
    by_speaker = {row[header.index("speaker")]: row for row in rows}
    (ann, bob) = list(by_speaker.values())[:2]
    files = {row[0]: next(clips.rglob(f"{row[0]}*.flac")) for row in (ann, bob)}
    said = {name: row[header.index("text")] for name, row in (("Ann", ann), ("Bob", bob))}
    out = tmp_path / "reply.wav"
    run = desk(
        *("--wav", f"Ann={files[ann[0]]}", "--wav", f"Bob={files[bob[0]]}"),
        *("--out", str(out), "--json", "--fast"),
        PROFILE="cpu",
        **LIKELIEST_WORDS,
    )
    check_conversation(run, said, out, transcribe)


def test_a_piped_line_is_answered_on_standard_output(weights: Weights) -> None:
    weights("qwen2.5-coder-1.5b-instruct")
    run = desk(typed="Hi Mira, who are you?\n", PROFILE="cpu")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("Mira: ") and run.stdout.count("\n") == 1
    assert "Mira is here with you" in run.stderr and "DISCORD_TOKEN" in run.stderr


def test_without_any_weights_she_still_answers(tmp_path: Path) -> None:
    run = desk("--text", "Hello!", "--json", MODELS_DIR=str(tmp_path), MODEL_HUB="off", PIP_NO_INDEX="1",
               PIP_FIND_LINKS="", PIP_EXTRA_INDEX_URL="")  # fmt: skip
    assert run.returncode == 0, run.stderr
    (reply,) = events(run, "reply")
    assert reply["text"] and reply["audio_s"] > 0


def silent_file(path: Path) -> Path:
    soundfile.write(path, np.zeros(32000), 16000)
    return path


def check_refusal(run: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit status not zero, one sentence with ``words`` in it, no traceback."""
    assert run.returncode not in (0, None)
    (error,) = events(run, "error")
    assert all(word in error["message"] for word in words), error
    assert "\n" not in error["message"]


@pytest.mark.parametrize(
    ("args", "env", "words"),
    [
        (["--wav", "Ann=nowhere.wav"], {}, ["nowhere.wav", "does not exist"]),
        (["--wav", "nowhere.wav"], {}, ["NAME=FILE"]),
        (["--text", "hi"], {"LLM_MODEL": "gtp-9"}, ["gtp-9"]),
        (["--text", "hi"], {"PERSONA": "nobody"}, ["nobody", "mira"]),
        (["--text", "hi"], {"PROFILE": "huge", "TTS_SPEED": "fast"}, ["PROFILE", "TTS_SPEED"]),
        (["--text", "hi", "--out", "no/such/folder/x.wav"], {}, ["no/such/folder"]),
        (["--text", "hi"], {"LLM_ENGINE": "openai"}, ["OPENAI_BASE_URL"]),
    ],
)
def test_bad_input_is_one_sentence(args: Sequence[str], env: dict[str, str], words: Sequence[str]) -> None:
    check_refusal(desk(*args, "--json", **env), *words)


def test_a_silent_file_invents_no_words(tmp_path: Path, weights: Weights) -> None:
    weights("whisper-tiny.en"), weights("smollm2-135m-instruct")
    run = desk("--wav", f"Ann={silent_file(tmp_path / 'silence.wav')}", "--fast", "--json")
    check_refusal(run, "No words", "silence.wav")
    assert not events(run, "utterance") and not events(run, "reply")


@pytest.mark.parametrize("asked_for", [True, False])
def test_a_damaged_weight_file_is_named_and_not_loaded(
    tmp_path: Path, weights: Weights, asked_for: bool
) -> None:
    name = "smollm2-135m-instruct"
    shutil.copytree(weights(name), tmp_path / name)
    (weight,) = (tmp_path / name).glob("*.gguf")
    data = bytearray(weight.read_bytes())
    data[len(data) // 2] ^= 1
    weight.write_bytes(data)
    run = desk("--text", "hi", "--json", MODELS_DIR=str(tmp_path), LLM_MODEL=name if asked_for else "")
    check_refusal(run, weight.name, "damaged")

"""Our recogniser beside the stock one: ``python -m tests.benchmarks.recogniser [--json]``.

Both run whisper-base in this process, in turns, on the LibriSpeech clips of ``../shared/data``:
``faster_whisper.WhisperModel.transcribe`` with the library's defaults, and ``FasterWhisper`` as the profile
``cpu`` loads it. The language is unknown to both. ``stt_short_*``: of the clips of 2 to 7 s alone, too few words to
tell half a point; the stock one, which draws its words at random where it is unsure, differs more from run to run.
Where other work shares the machine, only ratios count.
"""

from __future__ import annotations

import asyncio
import csv
import os
from dataclasses import dataclass
from pathlib import Path

import soundfile
from faster_whisper import WhisperModel

from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import Settings
from persona_core.stopwatch import Stopwatch
from persona_core.types import EAR_RATE, Samples
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.words import text_of, word_error_rate

CLIPS = Path(__file__).parents[2] / ".." / "shared" / "data" / "speech" / "librispeech"
SPEEDUP = 3.5  # at least
WORSE = 0.5  # points of word error rate, at most


def main() -> None:
    clips = _clips()
    if not clips:
        raise SystemExit(f"needs the LibriSpeech clips of {CLIPS}")
    show(asyncio.run(_compare(clips)))


def _clips() -> list[tuple[Samples, str]]:
    """Sound at 16 kHz and what is said in it."""
    table = CLIPS / "refs.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8") as rows:
        return [
            (soundfile.read(CLIPS / row["speaker"] / f"{row['id']}.flac", dtype="float32")[0], row["text"])
            for row in csv.DictReader(rows, delimiter="\t")
        ]


@dataclass(frozen=True, slots=True)
class _Heard:
    """One clip, heard by both."""

    seconds: float
    said: str
    stock: str
    ours: str
    stock_ms: float
    our_ms: float


async def _compare(clips: list[tuple[Samples, str]]) -> list[Figure]:
    threads = os.cpu_count() or 1
    path = ModelFolder(Settings().models_dir, load_catalogue()).ensure("whisper-base")
    stock = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=threads)
    ours = FasterWhisper(path, threads=threads)
    _stock_text(stock, clips[0][0]), await text_of(ours, clips[0][0])  # whatever is done only once
    heard = []
    for sound, said in clips:
        watch = Stopwatch()
        stock_text = _stock_text(stock, sound)
        stock_ms = watch.ms()
        watch = Stopwatch()
        our_text = await text_of(ours, sound)
        heard.append(_Heard(len(sound) / EAR_RATE, said, stock_text, our_text, stock_ms, watch.ms()))
    short = [one for one in heard if 2 <= one.seconds <= 7]
    speedup, *times = _times("stt", heard)
    stock, ours = _errors("stt", heard)
    allowed = f"<= {stock.value + WORSE:.2f}"
    both = [against(f">= {SPEEDUP}", speedup), *times, stock, against(allowed, ours)]
    return [*both, *_times("stt_short", short), *_errors("stt_short", short)]


def _times(name: str, heard: list[_Heard]) -> list[Figure]:
    return [
        figure_of(f"{name}_speedup", [one.stock_ms / one.our_ms for one in heard], "times"),
        figure_of(f"{name}_stock_ms", [one.stock_ms for one in heard], "ms"),
        figure_of(f"{name}_ms", [one.our_ms for one in heard], "ms"),
        figure_of(f"{name}_real_time_factor", [one.our_ms / 1000 / one.seconds for one in heard], "s/s"),
    ]


def _errors(name: str, heard: list[_Heard]) -> tuple[Figure, Figure]:
    """Word error rates of the stock one and of ours."""
    said = " ".join(one.said for one in heard)
    stock = 100 * word_error_rate(said, " ".join(one.stock for one in heard))
    ours = 100 * word_error_rate(said, " ".join(one.ours for one in heard))
    return (
        Figure(f"{name}_wer_stock", round(stock, 2), "%", len(heard)),
        Figure(f"{name}_wer_ours", round(ours, 2), "%", len(heard)),
    )


def _stock_text(model: WhisperModel, sound: Samples) -> str:
    segments, _ = model.transcribe(sound)
    return " ".join(segment.text for segment in segments)


if __name__ == "__main__":
    main()

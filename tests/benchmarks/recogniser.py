"""Our recogniser beside the stock one: ``python -m tests.benchmarks.recogniser [--json]``.

Both run whisper-base in this process, in turns, on the LibriSpeech clips of 2 to 7 s of ``../shared/data``:
``faster_whisper.WhisperModel.transcribe`` with the library's defaults, and ``FasterWhisper`` as the profile
``cpu`` loads it. The language is unknown to both. Where other work shares the machine, only ratios count.
"""

from __future__ import annotations

import asyncio
import csv
import os
from pathlib import Path

import soundfile
from faster_whisper import WhisperModel

from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import Settings
from persona_core.stopwatch import Stopwatch
from persona_core.types import EAR_RATE, Samples, Speech
from tests.benchmarks.figures import Figure, figure_of, show
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
            if 2 <= float(row["seconds"]) <= 7
        ]


async def _compare(clips: list[tuple[Samples, str]]) -> list[Figure]:
    threads = os.cpu_count() or 1
    path = ModelFolder(Settings().models_dir, load_catalogue()).ensure("whisper-base")
    stock = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=threads)
    ours = FasterWhisper(path, threads=threads)
    _stock_text(stock, clips[0][0]), await text_of(ours, clips[0][0])  # whatever is done only once
    stock_ms, our_ms, stock_texts, our_texts = [], [], [], []
    for sound, _ in clips:
        watch = Stopwatch()
        stock_texts.append(_stock_text(stock, sound))
        stock_ms.append(watch.ms())
        watch = Stopwatch()
        our_texts.append(await text_of(ours, sound))
        our_ms.append(watch.ms())
    watch = Stopwatch()
    await ours.transcribe([Speech(sound) for sound, _ in clips])
    together_ms = watch.ms() / len(clips)

    said = " ".join(text for _, text in clips)
    stock_wer, our_wer = (100 * word_error_rate(said, " ".join(texts)) for texts in (stock_texts, our_texts))
    speedup = figure_of("stt_speedup", [a / b for a, b in zip(stock_ms, our_ms, strict=True)], "times")
    seconds = [len(sound) / EAR_RATE for sound, _ in clips]
    return [
        Figure(speedup.name, speedup.value, "times", speedup.n, bar=f">= {SPEEDUP}", holds=speedup.value >= SPEEDUP),
        Figure("stt_wer_stock", round(stock_wer, 2), "%", len(clips)),
        Figure(
            "stt_wer_ours", round(our_wer, 2), "%", len(clips),
            bar=f"<= {stock_wer + WORSE:.2f}", holds=our_wer <= stock_wer + WORSE,
        ),
        figure_of("stt_stock_ms", stock_ms, "ms"),
        figure_of("stt_ms", our_ms, "ms"),
        figure_of("stt_real_time_factor", [ms / 1000 / s for ms, s in zip(our_ms, seconds, strict=True)], "s/s"),
        Figure("stt_together_ms", round(together_ms, 1), "ms", len(clips)),
    ]  # fmt: skip


def _stock_text(model: WhisperModel, sound: Samples) -> str:
    segments, _ = model.transcribe(sound)
    return " ".join(segment.text for segment in segments)


if __name__ == "__main__":
    main()

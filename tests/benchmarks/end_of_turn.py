"""Are thinking pauses waited out, and finished sentences not? ``python -m tests.benchmarks.end_of_turn [--json]``.

Offline, with Smart Turn and whisper-base, 100 ms after the voice activity network has heard the last of them,
on the half of the speakers that the weights in ``persona_core.hearing.turn_end`` were not found on. Pauses:
LibriSpeech cut where the speaker paused, however shortly, and in the middle of a phrase, and then the clip's own
noise; a pause of 0.4 to 1.6 s is waited out if the patience lasts longer. Finished: whole clips, and names.
"""

from __future__ import annotations

import asyncio
import csv
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.engines.silero_vad import SileroVad
from persona_core.engines.smart_turn import SmartTurn
from persona_core.hearing.segmenter import WINDOW
from persona_core.hearing.turn_end import TurnEvidence, patience_s
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import Settings
from persona_core.types import EAR_RATE, Samples, Speech
from tests.benchmarks.figures import Figure, figure_of, show

DATA = Path(__file__).parents[3] / "shared" / "data"
QUICKEST_S, LONGEST_S = 0.55, 1.7
PAUSES_S = np.linspace(0.4, 1.6, 25)
LATE_S, TOO_LATE_S = 0.9, 1.4
SHORTEST_GAP = 5  # windows without speech that make a pause, 160 ms
NEAR_S = 0.3  # a pause that the table of cuts has already
SPEECH_PROBABILITY = 0.35
ASKED_AFTER = 3  # windows of silence, 96 ms
KINDS = {
    ("full", "complete"): "finished",
    ("full", "incomplete"): "phrase",  # the clip itself ends within a sentence
    ("cut_at_pause", "incomplete"): "pause",
    ("cut_mid_phrase", "incomplete"): "phrase",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """Speech up to a silence of at least a second."""

    samples: Samples
    kind: str  # "finished", "pause" (where they paused themselves) or "phrase" (within one)


@dataclass(frozen=True, slots=True)
class Rated:
    kind: str
    patience_s: float
    sound_alone_s: float  # patience if Smart Turn alone decided, at 0.5
    model_ms: float


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"This benchmark needs the evaluation data in {DATA}.")
    show(figures(asyncio.run(rated())))


async def rated() -> list[Rated]:
    folder = ModelFolder(Settings().models_dir, load_catalogue())
    judge = Judge(SmartTurn(folder.ensure("smart-turn")), FasterWhisper(folder.ensure("whisper-base")))
    return [await judge.rate(stop) for stop in (*sentences(), *whole_clips())]


def figures(stops: Sequence[Rated]) -> list[Figure]:
    pauses = [stop for stop in stops if stop.kind != "finished"]
    finished = [stop.patience_s for stop in stops if stop.kind == "finished"]
    alone = [stop.sound_alone_s for stop in stops if stop.kind == "finished"]
    natural = [stop.patience_s for stop in pauses if stop.kind == "pause"]
    return [
        Figure(
            "turn_end_held_share", _held([stop.patience_s for stop in pauses]), "% of pauses", len(pauses)
        ),
        Figure("turn_end_held_natural_share", _held(natural), "% of pauses", len(natural)),
        Figure("turn_end_kept_waiting_share", _late(finished, LATE_S), "% of finished", len(finished)),
        Figure("turn_end_too_late_share", _late(finished, TOO_LATE_S), "% of finished", len(finished)),
        figure_of("turn_end_patience_s", finished, "s, finished"),
        Figure(
            "smart_turn_held_share",
            _held([stop.sound_alone_s for stop in pauses]),
            "% of pauses",
            len(pauses),
        ),
        Figure("smart_turn_too_late_share", _late(alone, TOO_LATE_S), "% of finished", len(alone)),
        figure_of("turn_end_model_ms", [stop.model_ms for stop in stops], "ms"),
    ]


def _held(patience: Sequence[float]) -> float:
    """Of pauses of every length between the shortest and the longest."""
    return round(100 * float(np.mean(np.array(patience)[:, None] >= PAUSES_S)), 1)


def _late(patience: Sequence[float], limit_s: float) -> float:
    return round(100 * float(np.mean(np.array(patience) > limit_s)), 1)


class Judge:
    """What is known at a pause, and what follows from it."""

    def __init__(self, turn: SmartTurn, stt: FasterWhisper) -> None:
        self._turn, self._stt = turn, stt

    async def rate(self, stop: Stop) -> Rated:
        spoken = spoken_windows(stop.samples)
        began, ended = spoken[0] * WINDOW, (spoken[-1] + 1) * WINDOW
        heard = stop.samples[: ended + ASKED_AFTER * WINDOW]
        (transcript,) = await self._stt.transcribe([Speech(heard, language="en")])
        asked = time.perf_counter()
        finished = await self._turn.probability(heard)
        took_ms = 1000 * (time.perf_counter() - asked)
        evidence = TurnEvidence(transcript.text, "en", finished, (ended - began) / EAR_RATE)
        return Rated(
            stop.kind,
            patience_s(evidence, QUICKEST_S, LONGEST_S),
            QUICKEST_S if finished >= 0.5 else LONGEST_S,
            took_ms,
        )


def spoken_windows(samples: Samples) -> list[int]:
    """Those in which the voice activity network hears speech; the very first where it hears none."""
    voice = _silero().open()
    windows = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)
    found = [n for n, window in enumerate(windows) if voice.probability(window) >= SPEECH_PROBABILITY]
    return found or [0]


@cache
def _silero() -> SileroVad:
    return SileroVad()


def sentences() -> Iterator[Stop]:
    with (DATA / "turns" / "audio_cuts.tsv").open(encoding="utf-8") as table:
        cuts = list(csv.DictReader(table, delimiter="\t"))
    speakers = set(sorted({cut["id"].split("-")[0] for cut in cuts})[1::2])
    for cut in cuts:
        speaker = cut["id"].split("-")[0]
        if speaker not in speakers:
            continue
        samples = _read(DATA / "speech" / "librispeech" / speaker / f"{cut['id']}.flac")
        cut_s = float(cut["cut_seconds"])
        yield Stop(_then_silence(samples, round(cut_s * EAR_RATE)), KINDS[cut["kind"], cut["label"]])
        if cut["kind"] == "full":
            known = [float(other["cut_seconds"]) for other in cuts if other["id"] == cut["id"]]
            for at in _gaps(samples):
                if all(abs(at / EAR_RATE - other) > NEAR_S for other in known):
                    yield Stop(_then_silence(samples, at), "pause")


def _gaps(samples: Samples) -> list[int]:
    """Where the speaker paused: the sample at which each pause begins."""
    spoken = spoken_windows(samples)
    return [(last + 1) * WINDOW for last, then in pairwise(spoken) if then - last > SHORTEST_GAP]


def whole_clips() -> Iterator[Stop]:
    """Somebody else in each, some sentences long or a name."""
    for folder in ("impostors", "misc/names"):
        for path in sorted((DATA / "speech" / folder).glob("*.flac"))[1::2]:
            samples = _read(path)
            yield Stop(_then_silence(samples, len(samples)), "finished")


def held_out(speakers: set[str]) -> set[str]:
    return set(sorted(speakers)[1::2])


def _read(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == EAR_RATE, path
    return np.asarray(samples, np.float32)


def _then_silence(samples: Samples, cut: int) -> Samples:
    """``samples`` up to ``cut``, and then a second of the quietest 100 ms among them, there and back."""
    part = EAR_RATE // 10
    parts = samples[: len(samples) // part * part].reshape(-1, part)
    loudness = np.square(parts).mean(axis=1)
    floor = parts[np.where(loudness > 1e-12, loudness, np.inf).argmin()]
    noise = np.resize(np.concatenate([floor, floor[::-1]]), EAR_RATE)
    return np.concatenate([samples[:cut], noise])


if __name__ == "__main__":
    main()

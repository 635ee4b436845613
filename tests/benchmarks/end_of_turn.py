"""Are thinking pauses waited out, and finished sentences not? ``python -m tests.benchmarks.end_of_turn [--json]``.

Offline, with the models of profile ``cpu``, right after a pause has been noticed. Pauses: LibriSpeech cut where the
speaker paused, however shortly, and in the middle of a phrase, and then the clip's own noise; a pause of 0.4 to
1.6 s is waited out if the patience lasts longer. Finished: whole clips, and names. The weights in
``persona_core.hearing.turn_end`` were found on these clips and others; nothing is told by a microphone here.

How well the language model alone tells finished lines from others is measured on Turnsense and on AMI's meetings.
"""

from __future__ import annotations

import asyncio
import csv
import json
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
from persona_core.engines.llama_cpp import LlamaCppModel
from persona_core.engines.silero_vad import SileroVad
from persona_core.engines.smart_turn import SmartTurn
from persona_core.hearing.ears import TURN_END_S
from persona_core.hearing.ears import UNHEARD as JUST_SILENT
from persona_core.hearing.segmenter import WINDOW
from persona_core.hearing.turn_end import TurnEvidence, patience_s
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import Settings
from persona_core.thinking.character import load_character
from persona_core.thinking.prompt import build_prompt
from persona_core.types import EAR_RATE, Person, Samples, Speech, Turn
from tests.benchmarks.figures import Figure, figure_of, show

DATA = Path(__file__).parents[3] / "shared" / "data"
QUICKEST_S, LONGEST_S = 0.7, 1.7
PAUSES_S = np.linspace(0.4, 1.6, 25)
LATE_S, TOO_LATE_S = 0.9, 1.4
SHORTEST_GAP = 5  # windows without speech that make a pause, 160 ms
NEAR_S = 0.3  # a pause that the table of cuts has already
SPEECH_PROBABILITY = 0.35
ASKED_AFTER = 2  # windows of silence, 64 ms
THREADS = 2
ANN = Person("bench:ann", "Ann")
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
    read: float | None  # what the language model thinks


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a corpus."""

    corpus: str
    finished: bool
    read: float


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"This benchmark needs the evaluation data in {DATA}.")
    show(asyncio.run(measure()))


async def measure() -> list[Figure]:
    catalogue = load_catalogue()
    folder = ModelFolder(Settings().models_dir, catalogue)
    entry, path = folder.ensure_first(catalogue.profile("cpu").llm)
    judge = Judge(
        SmartTurn(folder.ensure("smart-turn")),
        FasterWhisper(folder.ensure("whisper-base")),
        LlamaCppModel(path / entry.main, 4096, THREADS),
    )
    stops = [await judge.rate(stop) for stop in (*sentences(), *whole_clips())]
    lines = [
        Line(corpus, finished, await judge.read(text)) for corpus, finished, text in (*turnsense(), *ami())
    ]
    return [*figures(stops), *reading_figures(stops, lines)]


def reading_figures(stops: Sequence[Rated], lines: Sequence[Line]) -> list[Figure]:
    """Areas under the curve: how often a finished line is read as likelier finished than one that is not."""
    read = {
        kind: [s.read for s in stops if s.kind == kind and s.read is not None] for kind in set(KINDS.values())
    }
    found = [_area("end_of_text_area_librispeech_pauses", read["finished"], read["pause"])]
    for corpus in ("turnsense", "ami"):
        whole, rest = (
            [line.read for line in lines if (line.corpus, line.finished) == (corpus, kind)]
            for kind in (True, False)
        )
        found.append(_area(f"end_of_text_area_{corpus}", whole, rest))
    return found


def _area(name: str, finished: Sequence[float], others: Sequence[float]) -> Figure:
    over, under = np.array(finished)[:, None], np.array(others)[None]
    return Figure(
        name,
        round(float((over > under).mean() + (over == under).mean() / 2), 3),
        "",
        len(finished) + len(others),
    )


def turnsense() -> Iterator[tuple[str, bool, str]]:
    for row in _lines("eou_turnsense.jsonl"):
        if row["label"] != "ambiguous":
            yield "turnsense", row["label"] == "complete", row["text"]


def ami() -> Iterator[tuple[str, bool, str]]:
    """Every third of the turns that are whole, or that were left or cut off in the middle of a phrase."""
    for row in _lines("eou_ami.jsonl")[::3]:
        if row["label"] in ("complete", "incomplete_natural", "incomplete_cut"):
            yield "ami", row["label"] == "complete", row["text"]


def _lines(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / "turns" / name).read_text(encoding="utf-8").splitlines()]


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

    def __init__(self, turn: SmartTurn, stt: FasterWhisper, llm: LlamaCppModel) -> None:
        self._turn, self._stt, self._llm = turn, stt, llm
        self._character = load_character("mira")

    async def rate(self, stop: Stop) -> Rated:
        spoken = spoken_windows(stop.samples)
        began, ended = spoken[0] * WINDOW, (spoken[-1] + 1) * WINDOW
        heard = stop.samples[: ended + ASKED_AFTER * WINDOW]
        (transcript,) = await self._stt.transcribe([Speech(heard, language="en")])
        asked = time.perf_counter()
        finished = await self._turn.probability(
            np.concatenate([heard, JUST_SILENT])[-TURN_END_S * EAR_RATE :]
        )
        took_ms = 1000 * (time.perf_counter() - asked)
        read = await self.read(transcript.text) if transcript.text else None
        evidence = TurnEvidence(transcript.text, "en", finished, (ended - began) / EAR_RATE, completed=read)
        return Rated(
            stop.kind,
            patience_s(evidence, QUICKEST_S, LONGEST_S),
            QUICKEST_S if finished >= 0.5 else LONGEST_S,
            took_ms,
            read,
        )

    async def read(self, text: str) -> float:
        """What the language model thinks of it, as the first line of a conversation."""
        messages = build_prompt(self._character, [Turn(ANN, text)], self._llm, 160)
        return await self._llm.completed(messages, "bench")


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
    for cut in cuts:
        speaker = cut["id"].split("-")[0]
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
        for path in sorted((DATA / "speech" / folder).glob("*.flac")):
            samples = _read(path)
            yield Stop(_then_silence(samples, len(samples)), "finished")


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

"""What people say in the benchmark: recordings, where speech begins and ends in them, and their Opus frames.

Where speech ends decides every latency, so it is worked out beforehand from the recording alone: the last
10 ms that lie in a window which Silero takes for speech and are at most 35 dB below the clip's speech level,
which is the 90th percentile of its 10 ms levels. Both must hold: where a room is noisy, loudness alone would
take the noise behind the last word for speech, and Silero alone keeps a window too long.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from persona_core.engines.piper import PiperVoice
from persona_core.engines.silero_vad import WINDOW, SileroVad
from persona_core.models import ModelFolder, load_catalogue
from persona_core.types import EAR_RATE, Samples, Voice
from tests.benchmarks.live import shipped
from tests.discord_server import speech

DATA = Path(__file__).parents[3].parent / "shared" / "data"
FRAME_S = 0.02
BLOCK = EAR_RATE // 100  # 10 ms
SPEECH_DB = 35.0  # a block so far below the speech level is silence
SPEECH_PROBABILITY = 0.5  # Silero's own default
PART = EAR_RATE // 10  # 100 ms
QUARTER = EAR_RATE // 4  # of a second of silence before and after what is synthesised
FADE = EAR_RATE // 200  # 5 ms, so that a cut does not click


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording, ready to be sent."""

    name: str
    text: str  # what is said in it; empty: unknown, or nothing
    samples: Samples  # at EAR_RATE
    frames: tuple[bytes, ...]  # Opus, 20 ms each
    begins_s: float  # first and last speech sample; the whole clip where there is no speech
    ends_s: float

    @property
    def seconds(self) -> float:
        return len(self.samples) / EAR_RATE


def clip(name: str, samples: Samples, text: str = "") -> Clip:
    begins_s, ends_s = speech_borders(samples)
    return Clip(name, text, samples, encoded(samples), begins_s, ends_s)


def encoded(samples: Samples) -> tuple[bytes, ...]:
    pcm = np.clip(samples * 32768, -32768, 32767).astype(np.int16)
    return tuple(speech.frames(pcm, EAR_RATE))


def read(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return at_ear_rate(samples.mean(axis=1), rate)


def at_ear_rate(samples: Samples, rate: int) -> Samples:
    return np.asarray(soxr.resample(samples, rate, EAR_RATE), np.float32)


def levels_db(samples: Samples, block: int = BLOCK) -> Samples:
    """The level of each whole block, dB of full scale."""
    whole = samples[: len(samples) // block * block].reshape(-1, block)
    return np.asarray(10 * np.log10(np.mean(np.square(whole, dtype=np.float64), axis=1) + 1e-12), np.float32)


def speech_borders(samples: Samples) -> tuple[float, float]:
    """Seconds to the first and to the end of the last 10 ms of speech."""
    found = np.flatnonzero(_is_speech(samples))
    if not len(found):
        return 0.0, len(samples) / EAR_RATE
    return found[0] * BLOCK / EAR_RATE, (found[-1] + 1) * BLOCK / EAR_RATE


def _is_speech(samples: Samples) -> np.ndarray:
    """For each 10 ms, whether it is speech."""
    levels = levels_db(samples)
    loud = levels > np.percentile(levels, 90) - SPEECH_DB
    return loud & _taken_for_speech(samples)[: len(loud)]


def _taken_for_speech(samples: Samples) -> np.ndarray:
    """For each 10 ms, whether the Silero window in which it begins is speech."""
    padded = np.concatenate([samples, np.zeros(-len(samples) % WINDOW, np.float32)])
    stream = _silero().open()
    windows = [stream.probability(window) > SPEECH_PROBABILITY for window in padded.reshape(-1, WINDOW)]
    return np.array(windows)[np.arange(0, len(samples), BLOCK) // WINDOW]


@cache
def _silero() -> SileroVad:
    return SileroVad()


def with_pause(samples: Samples, near_s: float, pause_s: float) -> tuple[Samples, float]:
    """``samples`` with a pause of ``pause_s`` at the quietest place near ``near_s``, and when it begins.

    The silence that is there already counts: it is made longer, by noise from the clip's own floor. That is
    100 ms of it, forwards and backwards in turn, so that it has no seam: those that are louder than a tenth.
    """
    at = quietest(samples, near_s - 0.2, near_s + 0.2)
    begins_s, ends_s = silence_around(samples, at)
    parts = samples[: len(samples) // PART * PART].reshape(-1, PART)
    floor = parts[np.argsort(levels_db(samples, PART))[len(parts) // 10]]
    there_and_back = np.concatenate([floor, floor[::-1]])
    missing_s = pause_s - (ends_s - begins_s)
    noise = np.resize(there_and_back, max(2 * FADE, round(missing_s * EAR_RATE)))
    before, after = samples[:at].copy(), samples[at:].copy()
    fade = np.linspace(0, 1, FADE, dtype=np.float32)
    before[-FADE:] = before[-FADE:] * fade[::-1] + noise[:FADE] * fade
    after[:FADE] = after[:FADE] * fade + noise[-FADE:] * fade[::-1]
    return np.concatenate([before, noise, after]), begins_s


def silence_around(samples: Samples, at: int) -> tuple[float, float]:
    """From when to when, in seconds, the silence lasts in which sample ``at`` lies; nothing where that is speech."""
    spoken = np.flatnonzero(_is_speech(samples))
    block = at // BLOCK
    if block in spoken:
        return at / EAR_RATE, at / EAR_RATE
    first = max((n + 1 for n in spoken if n < block), default=0)
    last = min((n for n in spoken if n > block), default=len(samples) // BLOCK)
    return first * BLOCK / EAR_RATE, last * BLOCK / EAR_RATE


def quietest(samples: Samples, from_s: float, to_s: float) -> int:
    """The middle of the quietest 30 ms between two times, as a sample."""
    first, size = max(0, round(from_s * EAR_RATE)), 3 * BLOCK
    starts = range(first, min(len(samples), round(to_s * EAR_RATE)) - size, BLOCK // 2)
    return min(starts, key=lambda at: float(np.sum(np.square(samples[at : at + size])))) + size // 2


def librispeech() -> list[Clip]:
    """All of it, shortest first. Raises SystemExit where the data is not there."""
    folder = DATA / "speech" / "librispeech"
    rows = _rows(folder / "refs.tsv")
    found = [(next(folder.rglob(f"{row['id']}.flac")), row["text"]) for row in rows]
    return sorted((clip(path.stem, read(path), text) for path, text in found), key=lambda one: one.seconds)


def word_gaps() -> dict[str, float]:
    """Seconds to a natural short pause within a LibriSpeech clip, by its id."""
    rows = _rows(DATA / "turns" / "audio_cuts.tsv")
    return {row["id"]: float(row["cut_seconds"]) for row in rows if row["kind"] == "cut_at_pause"}


def arctic() -> list[Clip]:
    """Two short read sentences of other speakers."""
    folder = DATA / "speech" / "misc"
    rows = [row for row in _rows(folder / "refs.tsv") if "cmu_arctic" in row["file"]]
    return [clip(Path(row["file"]).stem, read(folder / row["file"]), row["text"]) for row in rows]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise SystemExit(f"The evaluation data is not there: {path.name} is looked for in ../shared/data.")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def spoken(lines: Sequence[str]) -> list[Clip]:
    """Lines in a man's voice, which is not hers."""
    return asyncio.run(_spoken(lines))


async def _spoken(lines: Sequence[str]) -> list[Clip]:
    voice = joe()
    made = []
    for line in lines:
        pcm = np.concatenate([chunk async for chunk in voice.speak(line)])
        sound = at_ear_rate(pcm.astype(np.float32) / 32768, voice.rate)
        made.append(clip(line, np.pad(sound, QUARTER), line))
    return made


@cache
def joe() -> PiperVoice:
    folder = ModelFolder(shipped.settings().models_dir, load_catalogue())
    return PiperVoice(folder.ensure("piper-en_US-joe-medium"), Voice())

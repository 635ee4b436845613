"""Calls through one cable: utterances of several people one after another, made of recordings, with who spoke when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from persona_core.types import EAR_RATE, Samples

SHORTEST_S, LONGEST_S = 2.0, 10.0  # of an utterance
PAUSES_S = (0.2, 1.0)  # between two
ENROLMENT_S = 10.0
_HOP = EAR_RATE // 50
_QUIET = 0.1  # of a recording's loudest 20 ms: what is softer at its ends is silence


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of a mix."""

    speaker: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Mix:
    samples: Samples  # at EAR_RATE
    said: tuple[Said, ...]
    enrolled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Speaker:
    name: str
    enrolment: Samples | None  # None: there is too little of them, they are always a stranger
    utterances: tuple[Samples, ...]


def speakers(folder: Path) -> list[Speaker]:
    """Of LibriSpeech (``librispeech/SPEAKER/*.flac``, enrolled from the longest recordings) and strangers
    (``impostors/*.flac``, one recording each)."""
    found = []
    for home in sorted(path for path in (folder / "librispeech").iterdir() if path.is_dir()):
        clips = sorted((_read(path) for path in home.glob("*.flac")), key=len, reverse=True)
        sample, used = clips[0], 1
        while len(sample) < ENROLMENT_S * EAR_RATE:
            sample, used = np.concatenate([sample, clips[used]]), used + 1
        cut = [piece for clip in clips[used:] for piece in _cut(clip)]
        found.append(Speaker(home.name, sample[: int(ENROLMENT_S * EAR_RATE)], tuple(cut)))
    for path in sorted((folder / "impostors").glob("*.flac")):
        found.append(Speaker(path.stem.split("-")[0], None, tuple(_cut(_read(path)))))
    return found


def mix(random: np.random.Generator, people: list[Speaker], enrolled: frozenset[str], turns: int) -> Mix:
    """So many utterances, nobody twice in a row, each brought to another loudness."""
    pieces: list[Samples] = [np.zeros(EAR_RATE // 2, np.float32)]
    said: list[Said] = []
    at, speaker = len(pieces[0]), -1
    left = [list(random.permutation(len(one.utterances))) for one in people]
    for _ in range(turns):
        others = [n for n in range(len(people)) if n != speaker]
        speaker = int(random.choice(others))
        if not left[speaker]:
            left[speaker] = list(random.permutation(len(people[speaker].utterances)))
        sound = people[speaker].utterances[left[speaker].pop()] * np.float32(random.uniform(0.5, 1.0))
        said.append(Said(people[speaker].name, at / EAR_RATE, (at + len(sound)) / EAR_RATE))
        pause = np.zeros(int(random.uniform(*PAUSES_S) * EAR_RATE), np.float32)
        pieces += [sound, pause]
        at += len(sound) + len(pause)
    pieces.append(np.zeros(EAR_RATE, np.float32))
    return Mix(np.concatenate(pieces), tuple(said), enrolled)


def _read(path: Path) -> Samples:
    sound, rate = soundfile.read(path, dtype="float32")
    if rate != EAR_RATE:
        raise ValueError(f"{path.name} is not at {EAR_RATE} Hz")
    return _trimmed(sound)


def _cut(sound: Samples) -> list[Samples]:
    """Utterances of two to ten seconds, cut where it is quietest."""
    if len(sound) <= LONGEST_S * EAR_RATE:
        return [sound] if len(sound) >= SHORTEST_S * EAR_RATE else []
    first, last = int(len(sound) * 0.3) // _HOP, int(len(sound) * 0.7) // _HOP
    quietest = (first + int(np.convolve(_loudness(sound)[first:last], np.ones(5), "same").argmin())) * _HOP
    return [*_cut(_trimmed(sound[:quietest])), *_cut(_trimmed(sound[quietest:]))]


def _trimmed(sound: Samples) -> Samples:
    loud = np.flatnonzero(_loudness(sound) > _QUIET * _loudness(sound).max())
    return sound[loud[0] * _HOP : (loud[-1] + 1) * _HOP]


def _loudness(sound: Samples) -> Samples:
    whole = sound[: len(sound) // _HOP * _HOP].reshape(-1, _HOP)
    loudness: Samples = np.sqrt(np.square(whole).mean(axis=1))
    return loudness

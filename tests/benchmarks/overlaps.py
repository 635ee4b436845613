"""What people say over her: signs that they listen, which must not stop her, and words which must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from persona_core.ports import TextToSpeech
from persona_core.types import EAR_RATE, Samples
from tests.benchmarks.noises import at_peak, cough, laughter, voiced

Clip = tuple[str, Samples]  # name, or what is said, and the sound at 16 kHz

LISTENING = (
    "Yeah.", "Uh-huh.", "Okay.", "Right.", "Oh, wow.", "I see.", "Sure.", "Yes.", "Really?", "Exactly.", "Oh.",
    "Yeah, yeah.", "Oh, okay.", "Cool.", "Nice.", "Got it.", "Alright.", "Of course.",
)  # fmt: skip
STOPPING = (
    "Wait, stop.", "No, hang on.", "Hold on a second.", "Stop, please.", "Can I ask something?", "But that is not true.",
    "What did you say?", "Let me tell you something.", "Actually, never mind that.", "Sorry, I have to go now.",
    "Yeah, but what about the other one?", "Okay, so what should we do?",
)  # fmt: skip
PEAK_DB = -12  # dBFS
SPOKEN = 14  # interruptions that are real speech
SHORTEST_S, LONGEST_S = 1.5, 4.0


async def backchannels(tts: TextToSpeech) -> list[Clip]:
    """Words of listening, hums, laughter and coughs, 27 in all."""
    randoms = [np.random.default_rng(seed) for seed in range(3)]
    clips = [(text, await _spoken(tts, text)) for text in LISTENING]
    for make in (_hum, laughter, cough):
        clips += [(f"{make.__name__.strip('_')} {n}", make(random)) for n, random in enumerate(randoms)]
    return [(name, at_peak(sound, PEAK_DB)) for name, sound in clips]


async def interruptions(tts: TextToSpeech, speech: Path | None = None) -> list[Clip]:
    """Twelve short demands and, with ``speech`` (LibriSpeech's folder), 14 beginnings of its utterances."""
    clips = [(text, await _spoken(tts, text)) for text in STOPPING]
    clips += _recorded(speech) if speech else []
    return [(name, at_peak(sound, PEAK_DB)) for name, sound in clips]


def _recorded(speech: Path) -> list[Clip]:
    clips = []
    for path in sorted(speech.rglob("*.flac"))[:: 50 // SPOKEN][:SPOKEN]:
        sound, rate = soundfile.read(path, dtype="float32")
        clips.append((path.stem, _beginning(np.asarray(soxr.resample(sound, rate, EAR_RATE), np.float32))))
    return clips


async def _spoken(tts: TextToSpeech, text: str) -> Samples:
    pcm = np.concatenate([pcm async for pcm in tts.speak(text)])
    return np.asarray(soxr.resample(pcm.astype(np.float32) / 32768, tts.rate, EAR_RATE), np.float32)


def _beginning(sound: Samples) -> Samples:
    """Its first words, up to the quietest 50 ms between the shortest and the longest time."""
    hop = EAR_RATE // 20
    first = int(SHORTEST_S * EAR_RATE)
    near = sound[first : int(LONGEST_S * EAR_RATE)]
    near = near[: len(near) // hop * hop].reshape(-1, hop)
    return sound[: first + int(np.square(near).mean(axis=1).argmin()) * hop]


def _hum(random: np.random.Generator) -> Samples:
    """ "Mm-hm" with closed lips: the first low, the second higher."""
    base = random.uniform(100, 200)

    def mm(ratio: float) -> Samples:
        hertz = np.full(int(0.22 * EAR_RATE), base * ratio, np.float32)
        return voiced(random, hertz, (250, 1000, 2200)) * np.hanning(len(hertz)).astype(np.float32)

    return np.concatenate([mm(1.0), np.zeros(EAR_RATE // 20, np.float32), mm(1.25)])

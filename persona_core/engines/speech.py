"""What every speaking engine shares: text that cannot upset it, sound without dead air, one loudness."""

from __future__ import annotations

import unicodedata

import numpy as np

from persona_core.types import Pcm, Samples

GAP_S = 0.2  # silence after a sentence at speed 1
LOUDNESS = 0.1  # RMS of what sounds, of full scale (-20 dB); speech peaks 15 dB above it
PROBE = "1, 2, 3, 4, 5, 6."  # said once when a voice is loaded, to learn its loudness; any language reads it

_FRAME_S = 0.005
_LEAD_S = 0.010  # kept before the first sound: a soft consonant begins below the threshold
_AUDIBLE = 0.005  # of the loudest sample, -46 dB


def speakable(text: str) -> str:
    """``text`` without what no engine can say (controls, lone surrogates); empty if it has no words."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Co") else letter for letter in text
    )
    return " ".join(kept.split()) if any(letter.isalnum() for letter in kept) else ""


def gain_of(probe: Samples, rate: int) -> float:
    """What brings a voice to ``LOUDNESS``, by the ``probe`` it has said.

    One gain for all it will ever say: evened out sentence by sentence, a whisper would be as loud as a cry.
    """
    frame = int(rate * 4 * _FRAME_S)
    whole = probe[: len(probe) // frame * frame].reshape(-1, frame)
    power = (whole.astype(np.float64) ** 2).mean(axis=1)
    sounding = power[power > 0.01 * power.max(initial=0.0)]
    return LOUDNESS / float(np.sqrt(sounding.mean())) if sounding.size else 1.0


def trimmed(samples: Samples, rate: int, gap_s: float = GAP_S, gain: float = 1.0) -> Pcm:
    """A sentence from its first sound on, followed by exactly ``gap_s`` of (near) silence; empty if silent."""
    frame = int(rate * _FRAME_S)
    whole = np.pad(samples, (0, -len(samples) % frame)).reshape(-1, frame)
    peaks = np.abs(whole).max(axis=1, initial=0.0)
    sounding = np.flatnonzero(peaks > _AUDIBLE * peaks.max(initial=0.0))
    if not sounding.size:
        return np.zeros(0, np.int16)
    first = max(0, int(sounding[0]) * frame - int(rate * _LEAD_S))
    last = (int(sounding[-1]) + 1) * frame + int(rate * gap_s)
    kept = samples[first:last] * np.float32(gain)
    return to_pcm(np.pad(kept, (0, last - first - len(kept))))


def to_pcm(samples: Samples) -> Pcm:
    return (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)

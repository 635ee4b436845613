"""What every speaking engine shares: text that cannot upset it, and sound without dead air."""

from __future__ import annotations

import unicodedata

import numpy as np

from persona_core.types import Pcm, Samples

GAP_S = 0.2  # silence after a sentence at speed 1

_FRAME_S = 0.005
_LEAD_S = 0.010  # kept before the first sound: a soft consonant begins below the threshold
_AUDIBLE = 0.005  # of the loudest sample, -46 dB


def speakable(text: str) -> str:
    """``text`` without what no engine can say (controls, lone surrogates); empty if it has no words."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Co") else letter for letter in text
    )
    return " ".join(kept.split()) if any(letter.isalnum() for letter in kept) else ""


def trimmed(samples: Samples, rate: int, gap_s: float = GAP_S) -> Pcm:
    """A sentence from its first sound on, followed by exactly ``gap_s`` of (near) silence; empty if silent."""
    frame = int(rate * _FRAME_S)
    whole = np.pad(samples, (0, -len(samples) % frame)).reshape(-1, frame)
    peaks = np.abs(whole).max(axis=1, initial=0.0)
    sounding = np.flatnonzero(peaks > _AUDIBLE * peaks.max(initial=0.0))
    if not sounding.size:
        return np.zeros(0, np.int16)
    first = max(0, int(sounding[0]) * frame - int(rate * _LEAD_S))
    last = (int(sounding[-1]) + 1) * frame + int(rate * gap_s)
    kept = samples[first:last]
    return to_pcm(np.pad(kept, (0, last - first - len(kept))))


def to_pcm(samples: Samples) -> Pcm:
    return (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)

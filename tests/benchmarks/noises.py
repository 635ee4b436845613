"""Sounds without words: what a microphone in a call brings beside speech, made from seeds, and the shared clips.

Each kind comes in three loudnesses and goes its own way through its random numbers each time; some last a moment
and some ten seconds. Nothing here is a recording but what ``folder`` holds (``../shared/data/speech/misc``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from persona_core.types import EAR_RATE, Samples

PEAKS_DB = (-30, -18, -6)  # dBFS

Random = np.random.Generator


def noise_clips(folder: Path | None = None) -> Iterator[tuple[str, Samples]]:
    """Name and sound (16 kHz) of at least 60 clips; with ``folder`` also those of ``folder/nonspeech``."""
    yield "silence", np.zeros(8 * EAR_RATE, np.float32)
    yield "room -60 dB", at_peak(coloured(np.random.default_rng(0), 8, 0.5), -60)
    for number, make in enumerate(KINDS):
        for variant, peak_db in enumerate(PEAKS_DB):
            sound = make(np.random.default_rng([number, variant]))
            yield f"{make.__name__.strip('_')} {peak_db} dB", at_peak(sound, peak_db)
    for path in sorted((folder / "nonspeech").glob("*.flac")) if folder else ():
        sound, rate = soundfile.read(path, dtype="float32")
        yield path.stem, np.asarray(soxr.resample(sound, rate, EAR_RATE), np.float32)


def coloured(random: Random, seconds: float, slope: float) -> Samples:
    """Noise whose amplitude falls with frequency to the power of ``slope``: 0 white, 0.5 pink, 1 brown."""
    count = int(seconds * EAR_RATE)
    spectrum = np.fft.rfft(random.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / EAR_RATE)
    return np.fft.irfft(spectrum / np.maximum(hertz, 20.0) ** slope, count).astype(np.float32)


def at_peak(sound: Samples, peak_db: float) -> Samples:
    return (sound / max(1e-9, float(np.abs(sound).max())) * 10 ** (peak_db / 20)).astype(np.float32)


def _band(random: Random, seconds: float, low: float, high: float) -> Samples:
    count = int(seconds * EAR_RATE)
    spectrum = np.fft.rfft(random.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / EAR_RATE)
    spectrum *= np.exp(-(np.maximum(0, low - hertz) / 60) - np.maximum(0, hertz - high) / 200)
    return np.fft.irfft(spectrum, count).astype(np.float32)


def _time(seconds: float) -> Samples:
    return np.arange(int(seconds * EAR_RATE), dtype=np.float32) / EAR_RATE


def _decay(sound: Samples, seconds: float) -> Samples:
    return sound * np.exp(-np.arange(len(sound), dtype=np.float32) / (seconds * EAR_RATE))


def _scattered(random: Random, seconds: float, every_s: float, event: Callable[[], Samples]) -> Samples:
    """``event`` again and again, at times that no rhythm tells."""
    sound = np.zeros(int(seconds * EAR_RATE), np.float32)
    at_s = random.exponential(every_s)
    while (start := int(at_s * EAR_RATE)) < len(sound):
        one = event()[: len(sound) - start] * random.uniform(0.3, 1.0)
        sound[start : start + len(one)] += one
        at_s += 0.04 + random.exponential(every_s)
    return sound


def _partials(random: Random, ratios: tuple[float, ...], base_hz: float, seconds: float) -> Samples:
    time = _time(seconds)
    return sum(
        (
            np.sin(2 * np.pi * base_hz * ratio * time + random.uniform(0, 6)) / (n + 1)
            for n, ratio in enumerate(ratios)
        ),
        np.zeros_like(time),
    )


def voiced(random: Random, hertz: Samples, formants: tuple[float, ...]) -> Samples:
    """Glottal pulses of a wavering pitch through a throat of fixed shape: a voice that says nothing."""
    wavering = hertz * (1 + 0.02 * _band(random, len(hertz) / EAR_RATE, 0, 30)[: len(hertz)])
    phase = np.cumsum(wavering) / EAR_RATE
    pulses = np.diff(np.floor(phase), prepend=0).astype(np.float32)
    spectrum = np.fft.rfft(pulses + 0.02 * random.standard_normal(len(pulses)))
    at = np.fft.rfftfreq(len(pulses), 1 / EAR_RATE)
    throat = sum(1 / (1 + ((at - formant) / 90) ** 2) / (n + 1) for n, formant in enumerate(formants))
    return np.fft.irfft(spectrum * throat, len(pulses)).astype(np.float32)


def _white_noise(random: Random) -> Samples:
    return coloured(random, 8, 0)


def _pink_noise(random: Random) -> Samples:
    return coloured(random, 8, 0.5)


def _brown_noise(random: Random) -> Samples:
    return coloured(random, 8, 1)


def _mains_hum(random: Random) -> Samples:
    return _partials(random, (1, 2, 3, 5, 7), 50, 8) + 0.1 * _band(random, 8, 0, 4000)


def _fan(random: Random) -> Samples:
    beat = 1 + 0.3 * np.sin(2 * np.pi * random.uniform(5, 12) * _time(10))
    return coloured(random, 10, 0.6) * beat


def _rain(random: Random) -> Samples:
    drops = _scattered(random, 10, 0.01, lambda: _decay(_band(random, 0.03, 1500, 7000), 0.005))
    return drops + 0.2 * coloured(random, 10, 0.4)


def _wind(random: Random) -> Samples:
    gusts = np.abs(_band(random, 10, 0, 1)) + 0.1
    return _band(random, 10, 50, 400) * gusts / gusts.max()


def _keyboard(random: Random) -> Samples:
    def key() -> Samples:
        press = _decay(_band(random, 0.06, 900, 5000), 0.008)
        release = 0.4 * _decay(_band(random, 0.05, 2000, 6000), 0.006)
        return np.concatenate([press, release]) + 0.3 * _decay(_band(random, 0.11, 100, 300), 0.02)[:1760]

    return _scattered(random, 10, 0.12, key)


def _mouse(random: Random) -> Samples:
    return _scattered(random, 6, 0.5, lambda: _decay(_band(random, 0.02, 2500, 7000), 0.002))


def _knocking(random: Random) -> Samples:
    knock = _decay(_band(random, 0.15, 100, 500), 0.02)
    return np.concatenate([np.pad(knock, (0, int(random.uniform(0.05, 0.25) * EAR_RATE))) for _ in range(4)])


def _dishes(random: Random) -> Samples:
    def clink() -> Samples:
        ring = _partials(random, (1, 2.76, 5.4), random.uniform(900, 2500), 0.4)
        return _decay(ring, random.uniform(0.03, 0.1))

    return _scattered(random, 8, 0.3, clink)


def _chair(random: Random) -> Samples:
    """A squeak: sticking and slipping at a pitch that glides."""
    time = _time(0.9)
    glide = random.uniform(250, 600) * (1 + 0.4 * np.sin(2 * np.pi * random.uniform(0.5, 2) * time))
    stick = np.sign(np.sin(2 * np.pi * np.cumsum(glide) / EAR_RATE))
    return (stick + 0.5 * random.standard_normal(len(time))) * np.hanning(len(time))


def _breath(random: Random) -> Samples:
    def breath() -> Samples:
        air = _band(random, 1.1, 400, 2500)
        return air * np.hanning(len(air))

    return _scattered(random, 8, 1.5, breath)


def _blown_microphone(random: Random) -> Samples:
    return _scattered(random, 6, 0.7, lambda: _decay(coloured(random, 0.5, 1.2), 0.15))


def _rubbed_microphone(random: Random) -> Samples:
    strokes = np.maximum(0, _band(random, 5, 0, 4))
    return coloured(random, 5, 0.3) * strokes


def cough(random: Random) -> Samples:
    def cough() -> Samples:
        burst = _decay(_band(random, 0.35, 300, 3500), 0.06)
        hertz = np.full(len(burst), random.uniform(110, 220), np.float32)
        return burst + 0.02 * _decay(voiced(random, hertz, (600, 1200)), 0.1)

    return _scattered(random, 3, 0.5, cough)


def laughter(random: Random) -> Samples:
    """Bursts of "ha" at a falling pitch, breath between them."""
    top = random.uniform(160, 330)
    pieces = []
    for n in range(int(random.integers(5, 12))):
        time = _time(0.11)
        ha = voiced(random, top * 0.96**n * (1 - 1.2 * time), (750, 1250, 2600)) * np.hanning(len(time))
        air = 0.15 * np.abs(ha).max() * _band(random, 0.1, 500, 3000)
        pieces += [ha, air * np.hanning(len(air))]
    return np.concatenate(pieces)


def _groan(random: Random) -> Samples:
    time = _time(1.5)
    hertz = random.uniform(90, 200) * (1 + 0.3 * np.sin(np.pi * time / 1.5))
    return voiced(random, hertz, (500, 900, 2400)) * np.hanning(len(time))


def _applause(random: Random) -> Samples:
    return _scattered(random, 8, 0.006, lambda: _decay(_band(random, 0.02, 800, 4000), 0.004))


def _organ(random: Random) -> Samples:
    """Chords of a progression, two seconds each."""
    chords = [[0, 4, 7, 12], [5, 9, 12, 17], [7, 11, 14, 19], [0, 4, 7, 12]]
    base = random.uniform(110, 220)
    notes = [[base * 2 ** (step / 12) for step in chord] for chord in chords]
    return np.concatenate([sum(_partials(random, (1, 2, 3, 4), hz, 2) for hz in chord) for chord in notes])


def _plucked_strings(random: Random) -> Samples:
    """A melody of Karplus-Strong strings."""

    def string() -> Samples:
        period = int(EAR_RATE / (random.choice([110, 131, 147, 165, 196, 220, 262, 330])))
        loop = random.uniform(-1, 1, period).astype(np.float32)
        sound = np.empty((8000 // period + 1, period), np.float32)
        for turn in sound:
            turn[:] = loop
            loop = 0.498 * (loop + np.roll(loop, 1))
        return sound.reshape(-1)

    return _scattered(random, 8, 0.25, string)


def _drums(random: Random) -> Samples:
    beat_s = random.uniform(0.35, 0.6)
    kick = np.sin(40 * np.exp(-12 * _time(beat_s)))
    snare = _decay(_band(random, beat_s, 200, 6000), 0.06)
    bar = np.concatenate([kick[: len(snare)], 0.3 * kick[: len(snare)] + snare])
    return np.tile(bar, 8)


def _synthesiser(random: Random) -> Samples:
    """A lead that glides as singers do, with vibrato, over a bass."""
    time = _time(8)
    steps = np.repeat(random.choice([0, 2, 4, 7, 9, 12], 16), EAR_RATE // 2)[: len(time)]
    hertz = 220 * 2 ** (steps / 12) * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * time))
    lead = np.cumsum(hertz) / EAR_RATE % 1 - 0.5
    return lead * (0.6 + 0.4 * np.sin(2 * np.pi * 2 * time)) + 0.5 * np.sin(2 * np.pi * 55 * time)


def _ringtone(random: Random) -> Samples:
    ring = _partials(random, (1, 1.25), random.uniform(700, 1500), 0.4)
    return np.tile(np.concatenate([ring, np.zeros(3200, np.float32)]), 6)


def _siren(random: Random) -> Samples:
    time = _time(6)
    hertz = 700 + 350 * np.sin(2 * np.pi * random.uniform(0.3, 1) * time)
    return np.sin(2 * np.pi * np.cumsum(hertz) / EAR_RATE)


def _dog(random: Random) -> Samples:
    def bark() -> Samples:
        time = _time(0.22)
        call = voiced(random, random.uniform(280, 500) * np.exp(-2 * time), (700, 1400, 2800))
        return _decay(call, 0.08)

    return _scattered(random, 4, 0.5, bark)


KINDS = (
    _white_noise, _pink_noise, _brown_noise, _mains_hum, _fan, _rain, _wind,
    _keyboard, _mouse, _knocking, _dishes, _chair,
    _breath, _blown_microphone, _rubbed_microphone, cough, laughter, _groan, _applause,
    _organ, _plucked_strings, _drums, _synthesiser, _ringtone, _siren, _dog,
)  # fmt: skip

"""Words from nothing, words lost, and what is spoken over her: ``python -m tests.benchmarks.hearing [--json]``.

Offline, with the shipped voice activity network, segmenter and small Whisper. Every clip goes through Opus at
64 kbit/s first. Half of the speech is as recorded, the rest has pink noise 15 dB below it or is quiet.
``tests.benchmarks.voice`` plays the same noises to the bot and counts its replies.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import soundfile
import soxr

from bot.voice.opus import RATE, Decoder, Encoder
from bot.voice.packets import FRAME_SAMPLES
from persona_core.engines.faster_whisper import FasterWhisper
from persona_core.engines.silero_vad import SileroVad
from persona_core.hearing.evidence import SoundEvidence, has_words, measured
from persona_core.hearing.overlap import Overlap, OverlapEvidence, judge
from persona_core.hearing.segmenter import WINDOW, Border, Segmenter
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import Settings
from persona_core.types import EAR_RATE, Samples, Speech
from tests.benchmarks.figures import Figure, show
from tests.benchmarks.noises import at_peak, coloured, noise_clips

DATA = Path(__file__).parents[3] / "shared" / "data"
LONGEST_S = 6
AROUND = 10  # windows that are kept before and after speech, as an Ear does
QUIET_DB = -32  # dBFS, the loudest sample
SNR_DB = 15
CONDITIONS = ("as recorded", "noisy", "as recorded", "quiet")


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"This benchmark needs the evaluation data in {DATA}.")
    show([*asyncio.run(_words()), *_overlaps()])


async def _words() -> list[Figure]:
    folder = ModelFolder(Settings().models_dir, load_catalogue())
    listener = Listener(FasterWhisper(folder.ensure("whisper-base")))
    noises = [await listener.words_in(sound) for _, sound in noise_clips(DATA / "speech" / "misc")]
    speech = [await listener.words_in(sound) for sound in _speech()]
    invented, missed = sum(noises), speech.count(0) / len(speech)
    return [
        Figure("noise_words", invented, "utterances", len(noises), None, "== 0", invented == 0),
        Figure("speech_missed_share", round(missed, 4), "of clips", len(speech)),
    ]


class Listener:
    """What one person's ear and the recogniser do, without a conversation."""

    def __init__(self, stt: FasterWhisper) -> None:
        self._stt = stt
        self._vad = SileroVad()

    async def words_in(self, sound: Samples) -> int:
        """How many utterances with words are heard in ``sound``."""
        heard = 0
        for samples, evidence in self._segments(_through_opus(sound)):
            (transcript,) = await self._stt.transcribe([Speech(samples)])
            heard += has_words(transcript, evidence)
        return heard

    def _segments(self, sound: Samples) -> Iterator[tuple[Samples, SoundEvidence]]:
        silence = np.zeros(EAR_RATE, np.float32)
        sound = np.concatenate([silence, sound, silence, silence])
        sound = sound[: len(sound) // WINDOW * WINDOW]
        voice, segmenter = self._vad.open(), Segmenter()
        probabilities: list[float] = []
        first = 0
        for end in range(WINDOW, len(sound) + 1, WINDOW):
            probabilities.append(voice.probability(sound[end - WINDOW : end]))
            now = len(probabilities)
            border = segmenter.step(probabilities[-1])
            if border is Border.START:
                first = now - 2
            elif border in (Border.END, Border.CUT):
                last = now - segmenter.silent_windows if border is Border.END else now
                start = max(0, first - AROUND) * WINDOW
                spoken = sound[first * WINDOW : last * WINDOW]
                before = sound[max(0, first * WINDOW - EAR_RATE) : first * WINDOW]
                yield (
                    sound[start : (last + AROUND) * WINDOW],
                    measured(probabilities[first:last], spoken, before),
                )
                first = now


def _through_opus(sound: Samples) -> Samples:
    pcm = (np.clip(soxr.resample(sound, EAR_RATE, RATE), -1, 1) * 32767).astype(np.int16)
    pcm = np.pad(pcm, (0, -len(pcm) % FRAME_SAMPLES))
    encoder, decoder = Encoder(), Decoder()
    frames = [decoder.decode(encoder.encode(frame)) for frame in pcm.reshape(-1, FRAME_SAMPLES)]
    decoded = np.concatenate(frames).astype(np.float32) / 32768
    return np.asarray(soxr.resample(decoded, RATE, EAR_RATE), np.float32)


def _speech() -> Iterator[Samples]:
    """LibriSpeech, old and odd recordings, and names spoken alone."""
    speech = DATA / "speech"
    paths = [
        path
        for name in ("librispeech", "misc/clean", "misc/names")
        for path in sorted((speech / name).rglob("*.flac"))
    ]
    for number, (path, condition) in enumerate(zip(paths, cycle(CONDITIONS), strict=False)):
        sound, rate = soundfile.read(path, dtype="float32", stop=LONGEST_S * 48_000)
        sound = np.asarray(soxr.resample(sound[: LONGEST_S * rate], rate, EAR_RATE), np.float32)
        yield _in(sound, condition, np.random.default_rng(number))


def _in(sound: Samples, condition: str, random: np.random.Generator) -> Samples:
    if condition == "quiet":
        return at_peak(sound, QUIET_DB)
    if condition == "noisy":
        noise = coloured(random, len(sound) / EAR_RATE + 1, 0.5)[: len(sound)]
        return sound + noise / noise.std() * sound.std() * 10 ** (-SNR_DB / 20)
    return sound


def _overlaps() -> list[Figure]:
    """Every second line of the meetings' turns; the rules were made on the others."""
    lines = (DATA / "turns" / "eou_ami.jsonl").read_text("utf-8").splitlines()[1::2]
    answers: dict[bool, list[Overlap]] = {True: [], False: []}
    for turn in map(json.loads, lines):
        evidence = OverlapEvidence(
            turn["text"], final=True, worked_out=True, language="en", voiced_s=1.0, said=""
        )
        answers[turn["label"] == "backchannel"].append(judge(evidence))
    stopped = [answer is Overlap.INTERRUPTION for answer in answers[True]]
    missed = [answer is not Overlap.INTERRUPTION for answer in answers[False]]
    return [
        _share("overlap_backchannel_stops_share", stopped),
        _share("overlap_interruptions_missed_share", missed),
    ]


def _share(name: str, wrong: list[bool]) -> Figure:
    share = sum(wrong) / len(wrong)
    return Figure(name, round(share, 4), "of texts", len(wrong), None, "<= 0.05", share <= 0.05)


if __name__ == "__main__":
    main()

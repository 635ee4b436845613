"""Each stage alone and the whole of them: ``python -m tests.benchmarks.pipeline [--json]``.

Profile ``cpu``, shipped defaults. Speech is LibriSpeech from ``../shared/data`` where that is, else made by
hibari. Turns are heard at the desk, at the pace they were spoken, and her voice is played nowhere:
``turn_voice_to_voice_ms`` ends where her first sound is ready. Through a Discord call ``tests.benchmarks.voice``
measures it.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from local_mode.files import FileTransport, Recording
from persona_core.assemble import build_persona
from persona_core.conversation import Conversation
from persona_core.events import Event, Failed, Said
from persona_core.hearing.mode import Mode
from persona_core.hearing.segmenter import WINDOW
from persona_core.persona import Persona
from persona_core.settings import load_settings
from persona_core.stopwatch import Stopwatch
from persona_core.thinking.prompt import build_prompt
from persona_core.types import EAR_RATE, Pcm, Person, Samples, Sampling, Speech, Turn
from tests.benchmarks.figures import Figure, figure_of, show

SPEECH = Path(__file__).parents[2] / ".." / "shared" / "data" / "speech" / "librispeech"
TURNS = 12
STAGES = (
    "pause_ms",
    "stt_ms",
    "text_ms",
    "end_of_turn_ms",
    "llm_first_token_ms",
    "llm_first_clause_ms",
    "llm_ms",
    "tts_first_audio_ms",
    "voice_to_voice_ms",
)
LINES = [
    "Good morning, how did you sleep?",
    "What would you cook for six people on a rainy evening?",
    "My sister is coming to visit me next week.",
    "Tell me something about the sea.",
]
ANN = Person("bench:ann", "Ann")


def main() -> None:
    settings = load_settings({"PROFILE": "cpu", "LOG_LEVEL": "ERROR"}, env_file=None)
    persona = build_persona(settings, hear=True, speak=True, report=lambda line: print(line, file=sys.stderr))
    with tempfile.TemporaryDirectory() as folder:
        clips = asyncio.run(_clips(persona, Path(folder)))
        figures = asyncio.run(_stages(persona, clips)) + asyncio.run(_turns(persona, clips))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    show([*figures, Figure("peak_memory", round(peak_mib), "MiB")])


async def _clips(persona: Persona, folder: Path) -> list[Path]:
    """Speech of 2 to 7 s, one file a turn."""
    recorded = [p for p in sorted(SPEECH.rglob("*.flac")) if 2 <= soundfile.info(p).duration <= 7]
    if recorded:
        return recorded[:TURNS]
    assert persona.tts is not None
    made = []
    for i, line in enumerate(LINES):
        sound = np.concatenate([pcm async for pcm in persona.tts.speak(line)])
        made.append(folder / f"{i}.wav")
        soundfile.write(made[-1], sound, persona.tts.rate)
    return made


async def _stages(persona: Persona, clips: list[Path]) -> list[Figure]:
    return [*await _hearing(persona, clips), *await _thinking(persona), *await _speaking(persona)]


async def _hearing(persona: Persona, clips: list[Path]) -> list[Figure]:
    assert persona.hearing is not None
    vad_ms, stt_ms, real_time = [], [], []
    for clip in clips:
        samples = _at_ear_rate(clip)
        stream = persona.hearing.vad.open()
        for start in range(0, len(samples) - WINDOW, WINDOW):
            watch = Stopwatch()
            stream.probability(samples[start : start + WINDOW])
            vad_ms.append(watch.ms())
        watch = Stopwatch()
        await persona.hearing.stt.transcribe([Speech(samples)])
        stt_ms.append(watch.ms())
        real_time.append(stt_ms[-1] / 1000 / (len(samples) / EAR_RATE))
    return [
        figure_of("vad_window_ms", vad_ms, "ms"),
        figure_of("stt_ms", stt_ms, "ms"),
        figure_of("stt_real_time_factor", real_time, "s/s"),
    ]


async def _thinking(persona: Persona) -> list[Figure]:
    """The character's prefix is kept after the first line, which is not counted."""
    first_ms, rate = [], []
    for i in range(TURNS + 1):
        line = LINES[i % len(LINES)]
        prompt = build_prompt(persona.character, [Turn(ANN, line)], persona.llm, 48)
        watch = Stopwatch()
        times = [watch.ms() async for _ in persona.llm.stream(prompt, Sampling(max_tokens=48), "bench")]
        if i and len(times) > 8:
            first_ms.append(times[0])
            rate.append((len(times) - 1) / (times[-1] - times[0]) * 1000)
    return [
        figure_of("llm_first_token_kept_ms", first_ms, "ms"),
        figure_of("llm_tokens_per_s", rate, "1/s"),
    ]


async def _speaking(persona: Persona) -> list[Figure]:
    assert persona.tts is not None
    sentence_ms, real_time = [], []
    for i in range(TURNS):
        watch = Stopwatch()
        samples = sum([len(pcm) async for pcm in persona.tts.speak(LINES[i % len(LINES)])])
        sentence_ms.append(watch.ms())
        real_time.append(sentence_ms[-1] / 1000 / (samples / persona.tts.rate))
    return [
        figure_of("tts_sentence_ms", sentence_ms, "ms"),
        figure_of("tts_real_time_factor", real_time, "s/s"),
    ]


def _at_ear_rate(clip: Path) -> Samples:
    samples, rate = soundfile.read(clip, dtype="float32")
    return np.asarray(soxr.resample(samples, rate, EAR_RATE), np.float32)


class Unheard:
    """A ``Playback`` in which every sound is over at once."""

    heard_s = 0.0

    async def play(self, pcm: Pcm, rate: int) -> None:
        self.heard_s += len(pcm) / rate

    async def drain(self) -> None:
        pass

    def duck(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def stop(self) -> None:
        pass


async def _turns(persona: Persona, clips: list[Path]) -> list[Figure]:
    said: list[Said] = []
    failures: list[str] = []

    def note(event: Event) -> None:
        if isinstance(event, Said):
            said.append(event)
        elif isinstance(event, Failed):
            failures.append(event.message)

    async with Conversation("bench", persona, Unheard(), note) as conversation:
        conversation.set_mode(Mode.ALWAYS)
        for clip in clips:
            await _hear(conversation, clip, persona)
    if failures:
        sys.exit(f"Not every turn succeeded: {failures[0]}")
    timings = [one.timings for one in said[1:]]  # the first one warms up
    measured = {name: [value for t in timings if (value := getattr(t, name)) is not None] for name in STAGES}
    return [figure_of(f"turn_{name}", values, "ms") for name, values in measured.items()]


async def _hear(conversation: Conversation, clip: Path, persona: Persona) -> None:
    """One recording, with silence after it until it is answered for certain."""
    assert persona.hearing is not None
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def in_real_time(at_s: float) -> None:
        await asyncio.sleep(started + at_s - loop.time())

    transport = FileTransport([Recording(ANN, clip)], in_real_time, tail_s=persona.hearing.longest_s + 0.3)
    async for frame in transport.frames():
        conversation.hear(frame)
    conversation.finish_hearing()
    await conversation.settled()


if __name__ == "__main__":
    main()

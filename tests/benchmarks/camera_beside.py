"""A conversation with and without a camera beside it: ``python -m tests.benchmarks.camera_beside [--quick] [--json]``.

Profile ``cpu``, shipped defaults, the whole desk. The same recordings (LibriSpeech) are said to her at the pace they were
spoken, as ``tests.benchmarks.pipeline`` does it, in two rounds of each, turn about: once without a camera, once with a film
of 1280 × 720 at 15 pictures a second, in which whoever sits there, whom she knows by their face, is in view, and somebody
else whom she knows comes and goes. ``camera_beside_ratio`` is the median with the camera over that without.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import cv2
import numpy as np
import soundfile
from pydantic import SecretStr

from local_mode.desk import Desk
from local_mode.eyes import Eyes
from local_mode.files import FileTransport, Recording
from memory.consent import Purpose
from persona_core.assemble import build_face_encoder, build_persona
from persona_core.conversation import Conversation
from persona_core.events import Event, Failed, Said
from persona_core.hearing.mode import Mode
from persona_core.persona import Persona
from persona_core.ports import FaceEncoder
from persona_core.settings import Settings, load_settings
from persona_core.types import Person, Picture
from tests.benchmarks.figures import Figure, against, figure_of, show
from tests.benchmarks.pipeline import SPEECH, Unheard
from tests.local_mode.people_on_film import before_the_camera, filmed, photographs, template_of
from tests.local_mode.seeing import until

TURNS, WARM_UP, ROUNDS = 10, 2, 2
QUICK = 2  # turns
WIDTH, HEIGHT, FPS = 1280, 720, 15
SCENE_S = 20.0  # after which the film begins anew
SEEN_S = 20.0  # to be met, before the conversation begins
BAR = "<= 1.10"
ANN, BRUNO = Person("desk:ann", "Ann"), Person("desk:bruno", "Bruno")


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    clips = [one for one in sorted(SPEECH.rglob("*.flac")) if 2 <= soundfile.info(one).duration <= 7]
    if not clips:
        sys.exit(f"This benchmark needs the evaluation data in {SPEECH}.")
    settings = load_settings({"PROFILE": "cpu", "LOG_LEVEL": "ERROR"}, env_file=None)

    def report(line: str) -> None:
        print(line, file=sys.stderr)

    persona = build_persona(settings, hear=True, speak=True, report=report)
    encoder = build_face_encoder(settings, report)
    if encoder is None:
        sys.exit("This benchmark needs the model: python -m persona_core.models pull sface-2021dec.")
    most, rounds = (QUICK, 1) if quick else (TURNS, ROUNDS)
    chosen = clips[: WARM_UP + most]
    with tempfile.TemporaryDirectory(prefix="kith-camera-") as made:
        beside = Beside(settings, persona, encoder, Path(made), chosen)
        show(asyncio.run(beside.measure(rounds)))


class Beside:
    def __init__(
        self, settings: Settings, persona: Persona, encoder: FaceEncoder, folder: Path, clips: list[Path]
    ) -> None:
        self._settings, self._persona, self._encoder = settings, persona, encoder
        self._folder, self._clips = folder, clips
        data = SPEECH.parents[1]
        self._ann, self._bruno = photographs(data, "004"), photographs(data, "007")
        seconds = sum(soundfile.info(one).duration + 8 for one in clips) + SEEN_S + 60
        scene = list(_scene(self._ann, self._bruno))
        self._film = filmed(folder / "film.mp4", scene * (1 + int(seconds / SCENE_S)))

    async def measure(self, rounds: int) -> list[Figure]:
        ms: dict[bool, list[float]] = {False: [], True: []}
        for number in range(rounds):
            for camera in (False, True):
                ms[camera] += await self._conversation(f"{number}-{camera}", camera)
        without, beside = (statistics.median(ms[camera]) for camera in (False, True))
        return [
            figure_of("without_camera_voice_to_voice_ms", ms[False], "ms"),
            figure_of("camera_beside_voice_to_voice_ms", ms[True], "ms"),
            against(
                BAR, Figure("camera_beside_ratio", round(beside / without, 3), "of without", len(ms[True]))
            ),
        ]

    async def _conversation(self, name: str, camera: bool) -> list[float]:
        """Milliseconds from the last speech sample to her first sound, of each turn that counts."""
        folder, said, failed = self._folder / name, list[Said](), list[str]()
        update = {"data_dir": folder, "key_file": folder / "key"}
        update |= {"camera": SecretStr("push")} if camera else {}

        def note(event: Event) -> None:
            if isinstance(event, Said):
                said.append(event)
            elif isinstance(event, Failed):
                failed.append(event.message)

        async with AsyncExitStack() as closing:
            settings = self._settings.model_copy(update=update)
            desk = await closing.enter_async_context(
                Desk(settings, self._persona, ANN, [ANN], lambda line: None)
            )
            talk = await desk.talk(Unheard(), note)
            talk.set_mode(Mode.ALWAYS)
            await self._agree(desk)
            if camera:
                eyes = await closing.enter_async_context(
                    Eyes(desk, ANN, self._encoder, lambda line: print(line, file=sys.stderr))
                )
                eyes.cameras.play("desk", self._film, time.perf_counter())
                await until(lambda: bool(desk.in_view.people(time.perf_counter())), SEEN_S)
            for clip in self._clips:
                await self._hear(talk, clip)
            if camera and ANN not in desk.in_view.people(time.perf_counter()):
                failed.append("at the end she was not in view")
        if failed:
            sys.exit(f"Not everything went well: {failed[0]}")
        values = [one.timings.voice_to_voice_ms for one in said[WARM_UP:]]
        return [value for value in values if value is not None]

    async def _hear(self, talk: Conversation, clip: Path) -> None:
        """One recording, with silence after it until it is answered for certain."""
        assert self._persona.hearing is not None  # it was asked for
        started = asyncio.get_running_loop().time()

        async def in_real_time(at_s: float) -> None:
            await asyncio.sleep(started + at_s - asyncio.get_running_loop().time())

        tail_s = self._persona.hearing.longest_s + 0.3
        async for frame in FileTransport([Recording(ANN, clip)], in_real_time, tail_s).frames():
            talk.hear(frame)
        talk.finish_hearing()
        await talk.settled()

    async def _agree(self, desk: Desk) -> None:
        """All that she may, they allow in both arms; their faces are known."""
        for person, pictures in ((ANN, self._ann), (BRUNO, self._bruno)):
            for purpose in (Purpose.REMEMBERING, Purpose.FACE):
                await desk.consent.decide(person.id, purpose, True, "bench")
            template = await template_of(self._encoder, pictures)
            desk.memory.people.enrol(person.id, person.name, template, time.time())


def _scene(ann: list[Picture], bruno: list[Picture]) -> Iterator[Picture]:
    """She is on the left all the time, he on the right in the second half."""
    pairs = zip(before_the_camera(ann, SCENE_S), before_the_camera(bruno, SCENE_S, 3), strict=True)
    for number, (left, right) in enumerate(pairs):
        frame = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
        frame[120:600, :640] = cv2.resize(left, (640, 480))
        if number >= SCENE_S * FPS / 2:
            frame[120:600, 640:] = cv2.resize(right, (640, 480))
        yield frame


if __name__ == "__main__":
    main()

"""Speech over hers: signs of listening must not stop her, real interruptions must, and soon.

Her words come from a scripted model here, because they have to last long enough: what is measured is hearing
and playback. Each long reply is spoken over by a sign of listening, then interrupted; what interrupts her is
answered with the next one.

She was stopped when her voice is away for ``GONE_S`` within ``DECIDED_S`` after the overlap. She was ducked
from the first frame that arrived at less than half the amplitude of what she was given to play: what came
before the overlap says where in her speech (``played.pcm``) she was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from persona_core.types import EAR_RATE, Samples
from tests.benchmarks.figures import Figure, against, figure_of
from tests.benchmarks.live.bot import PLAYED
from tests.benchmarks.live.hearing import HeardFrame
from tests.benchmarks.live.sounds import DATA, FRAME_S, Clip, at_ear_rate, clip, joe, levels_db, spoken
from tests.benchmarks.live.stage import Room, Stage, Told, stage
from tests.benchmarks.overlaps import backchannels, interruptions
from tests.scripted_model import Messages, ScriptedModel

ASK = "Please tell me a very long story about the sea."
BEGUN_S = 1.5  # of her reply, before anybody speaks over it
DECIDED_S = 2.5
GONE_S = 0.4
USED_S = 25.0  # of a reply; then its end is too near
ANSWER_S = 20.0  # for her to begin
ASKED = 5  # times at most
FRAME = round(FRAME_S * EAR_RATE)
SEARCHED_S = 120.0  # of what she was given to play last
DUCKED_DB = -6.0
LOUD_DBFS = -60.0  # where what she plays is softer, ducking is not to be told
BEFORE_S = 0.6  # of the overlap; enough to find the place again
STORY = (
    "there was once a lighthouse keeper who counted every ship that passed",
    "in the summer the water lay flat as glass and the boats came home early",
    "when the storms began he carried lamp oil up the narrow stairs by night",
    "one morning a small red boat was lying on the rocks with nobody in it",
    "he pulled it up the beach, painted it again and gave it a new name",
    "the children from the village asked him where it had come from",
    "he told each of them another tale and all of them were nearly true",
    "years later somebody walked up the path and asked for the red boat",
    "they sat on the wall together until the lamp had to be lit again",
    "two people have counted the ships that pass the lighthouse since then",
)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Something that was said over her, and what came of it."""

    name: str
    began: float  # time.perf_counter() at which its first sound was sent
    stopped: bool
    duck_ms: float | None
    stop_ms: float | None  # from the order to stop to her last frame that is not silence


def story(first: int = 0) -> str:
    """One sentence of about 45 s, as she says three at most, which begins with another part each time."""
    return ", and then ".join(STORY[first:] + STORY[:first]).capitalize() + "."


def tell_story(messages: Messages) -> str:
    return story(len(messages) % len(STORY))


def measure(most: int | None = None) -> list[Figure]:
    listening, stopping = asyncio.run(_clips())
    with ScriptedModel(tell_story) as model, stage(**model.env()) as scene:
        speaker = Speaker(scene, scene.room(["Ann"]))
        heard = [
            (speaker.talk_over(soft), speaker.talk_over(hard))
            for soft, hard in zip_longest(listening[:most], stopping[:most])
        ]
    soft, hard = ([one for one in kind if one is not None] for kind in zip(*heard, strict=True))
    return figures(soft, hard)


async def _clips() -> tuple[list[Clip], list[Clip]]:
    soft = await backchannels(joe())
    hard = await interruptions(joe(), DATA / "speech" / "librispeech")
    return [clip(*each) for each in soft], [clip(*each) for each in hard]


def figures(soft: Sequence[Overlap], hard: Sequence[Overlap]) -> list[Figure]:
    both = [*soft, *hard]
    ducks = [one.duck_ms for one in both if one.duck_ms is not None]
    stops = [one.stop_ms for one in hard if one.stop_ms is not None]
    found = [
        _share("backchannel_stops", sum(one.stopped for one in soft), len(soft)),
        _share("interruptions_missed", sum(not one.stopped for one in hard), len(hard)),
        Figure("overlaps_not_ducked", len(both) - len(ducks), "overlaps", len(both)),
    ]
    if ducks:
        found.append(against("<= 120", figure_of("duck_ms", ducks, "ms")))
    if stops:
        found.append(against("<= 40", figure_of("stop_ms", stops, "ms")))
    return found


def _share(name: str, count: int, of: int) -> Figure:
    return against("<= 5", Figure(name, round(100 * count / of, 1), "%", of))


class Speaker:
    """Keeps her speaking, and speaks over her."""

    def __init__(self, scene: Stage, room: Room) -> None:
        self._scene = scene
        self._room = room
        (self._ask,) = spoken([ASK])

    def talk_over(self, clip: Clip | None) -> Overlap | None:
        if clip is None:
            return None
        self._make_her_speak()
        moments = self._room.say(clip).wait()
        until = moments.last_speech + DECIDED_S
        time.sleep(max(0.0, until - time.perf_counter()))
        frames = self._room.her.frames(moments.first_speech - BEFORE_S)
        voiced = [frame.at for frame in frames if frame.voiced]
        stops = [told for told in list(self._scene.told) if told["kind"] == "stop"]
        return Overlap(
            clip.name,
            moments.first_speech,
            bool(gone_at(voiced, moments.first_speech, until)),
            duck_ms(frames, moments.first_speech, self._played()),
            stop_ms(voiced, stops, moments.first_speech, until),
        )

    def _make_her_speak(self) -> None:
        """Until she is in the middle of a reply that goes on for long enough."""
        if self._spoken_s() > USED_S:
            self._room.stage.wait(lambda: self._room.her.quiet_s() > 2 * GONE_S, 120, "she does not end")
        for _ in range(ASKED):
            if self._speaks():
                return
            self._room.say(self._ask).wait()
        raise TimeoutError("she does not tell her story")

    def _speaks(self) -> bool:
        """Whether she does, after a while; her answer to what was said last may be on its way."""
        try:
            self._room.stage.wait(lambda: self._spoken_s() > BEGUN_S, ANSWER_S, "")
        except TimeoutError:
            return False
        return True

    def _spoken_s(self) -> float:
        """How long she has been speaking now."""
        if self._room.her.quiet_s() > GONE_S:
            return 0.0
        now = time.perf_counter()
        voiced = [frame.at for frame in self._room.her.frames(now - 2 * USED_S) if frame.voiced]
        breaks = np.flatnonzero(np.diff(voiced) > GONE_S)
        return now - voiced[int(breaks[-1]) + 1 if len(breaks) else 0]

    def _played(self) -> Samples:
        pcm = np.fromfile(self._scene.folder / PLAYED, np.int16)
        return pcm.astype(np.float32) / 32768


def gone_at(voiced: Sequence[float], since: float, until: float) -> float | None:
    """When her voice was heard last before it was away for GONE_S; None: it was there all the time."""
    times = [at for at in voiced if at <= until]
    for at, following in zip(times, [*times[1:], until], strict=True):
        if following > since and following - at >= GONE_S:
            return at
    return None


def stop_ms(voiced: Sequence[float], stops: Sequence[Told], since: float, until: float) -> float | None:
    """From the order to stop to the last frame before her voice was away; None: no order, or she went on."""
    ordered = next((stop["at"] for stop in stops if stop["playing"] and since <= stop["at"] <= until), None)
    gone = gone_at(voiced, since, until)
    return None if ordered is None or gone is None else max(0.0, gone - ordered) * 1000


def duck_ms(frames: Sequence[HeardFrame], since: float, played: Samples) -> float | None:
    """From ``since`` to her first softened frame; None: all came as loud as they were given to play."""
    voiced = [frame for frame in frames if frame.voiced]
    before = sum(frame.at < since for frame in voiced)
    if not 0 < before < len(voiced):
        return None
    arrived = at_ear_rate(np.concatenate([frame.sound for frame in voiced]) / np.float32(32768), 48_000)
    start = _place(arrived[: before * FRAME], played)
    given = played[start : start + len(arrived)]
    loud = levels_db(given, FRAME)
    change = levels_db(arrived, FRAME)[: len(loud)] - loud
    usual = float(np.median(change[:before]))
    softened = np.flatnonzero((loud > LOUD_DBFS) & (change < usual + DUCKED_DB))
    at = next((voiced[n].at for n in softened if n >= before), None)
    return None if at is None else (at - since) * 1000


def _place(sound: Samples, played: Samples) -> int:
    """Where in ``played`` the piece that resembles ``sound`` most begins."""
    start = max(0, len(played) - round(SEARCHED_S * EAR_RATE))
    where = played[start:]
    size = len(where) + len(sound)
    product = np.fft.rfft(where, size) * np.conj(np.fft.rfft(sound, size))
    likeness = np.fft.irfft(product, size)[: len(where) - len(sound) + 1]
    energy = np.cumsum(np.square(np.pad(where, (1, 0)), dtype=np.float64))
    energy = energy[len(sound) :] - energy[: -len(sound)]
    return start + int(np.argmax(likeness / np.sqrt(energy + 1e-3)))

"""Several people in what a desk hears: real voices through a cable or into a microphone, told apart by the real encoder."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from cogs.forgetting import forget
from cogs.spoken_lines import ENGLISH
from local_mode.cable import create
from local_mode.call import NO_ENCODER
from local_mode.desk import Desk
from local_mode.mixed import ONE_GUEST
from local_mode.pulse import sound_server as the_server
from local_mode.slash import Slash
from local_mode.sound import Sound, sound_of
from memory.consent import Purpose
from memory.forget import Wish
from memory.types import HERS
from persona_core.engines.campplus import CampPlus
from persona_core.engines.silero_vad import SileroVad
from persona_core.engines.when_needed import WhenNeeded
from persona_core.errors import EngineError
from persona_core.events import Event, Heard, Said
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Hearing, Persona
from persona_core.ports import VoiceEncoder
from persona_core.settings import load_settings
from persona_core.thinking.character import load_character
from persona_core.types import EAR_RATE, Person, Samples, Sampling, Speech, Transcript
from tests.cogs.running import Beep, Script
from tests.local_mode.sitting import TOM
from tests.local_mode.sound_server import RATE, SoundCards, play, sound_server
from tests.until import until

ANN = Person("discord:1", "Ann")
HERS_VOICE, STRANGER = "1688", "2033"  # speakers of LibriSpeech
PATIENCE_S = 30.0
CABLE = {"DESK_PRESET": "discord"}


@pytest.fixture(scope="module")
def encoder(weights: Callable[[str], Path]) -> CampPlus:
    return CampPlus(weights("campplus-zh-en"))


@pytest.fixture
def clip(shared_data: Path) -> Callable[..., Samples]:
    """``clip("1688", 1)``: four seconds of the second recording of a speaker, at EAR_RATE."""

    def read(speaker: str, number: int, seconds: float = 4.0) -> Samples:
        folder = shared_data / "speech" / "librispeech" / speaker
        sound, _ = soundfile.read(sorted(folder.glob("*.flac"))[number], dtype="float32")
        return sound[: int(seconds * EAR_RATE)]

    return read


@pytest.fixture
def cards(tmp_path: Path) -> Iterator[SoundCards]:
    with sound_server(tmp_path) as cards:
        server = the_server()
        assert server is not None
        with server:
            create(server)
        yield cards


class Scripted:
    """Understands what a test has put into ``words``, whatever is said."""

    def __init__(self) -> None:
        self.words = "What a day it was."

    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        return [Transcript(self.words, "en", 1.0, -0.1) for _ in speech]


class Failing:
    """An encoder that works once."""

    name = "campplus-zh-en"

    def __init__(self) -> None:
        self.asked = 0

    async def embed(self, samples: Samples) -> Samples:
        self.asked += 1
        if self.asked > 1:
            raise EngineError("It failed.")
        return np.eye(192, dtype=np.float32)[0]


@dataclass
class Call:
    """A desk, what is said in its call, and what becomes of it."""

    desk: Desk
    slash: Slash
    stt: Scripted
    tts: Beep
    events: list[Event]
    told: list[str]
    shown: list[str]
    sink: str

    @property
    def heard(self) -> list[Person]:
        return [event.utterance.person for event in self.events if isinstance(event, Heard)]

    @property
    def people(self) -> list[str]:
        return [one.name for one in self.desk.people_present(self.desk.place(None))]

    @property
    def line(self) -> Any:
        call = self.desk.calls.at("desk")
        assert call is not None
        return call.line

    async def say(self, *sounds: Samples, words: str = "", heard: int = 1) -> None:
        """Somebody says it; returns when so many utterances more have been understood."""
        self.stt.words = words or self.stt.words
        before = len(self.heard)
        sound = np.concatenate(
            [piece for one in sounds for piece in (one, np.zeros(EAR_RATE // 2, np.float32))]
        )
        pcm = (soxr.resample(sound, EAR_RATE, RATE).clip(-1, 1) * 32767).astype(np.int16)
        await asyncio.to_thread(play, self.sink, pcm)
        await until(lambda: len(self.heard) >= before + heard, PATIENCE_S)

    async def type(self, line: str) -> str:
        self.shown.clear()
        await self.slash.run(line)
        return "\n".join(self.shown)


@contextlib.asynccontextmanager
async def calling(
    folder: Path, sound: Sound | None, voices: VoiceEncoder | None, sink: str = "kith_hears"
) -> AsyncIterator[Call]:
    stt, llm, tts = Scripted(), Script(), Beep()
    llm.otherwise = "I see."
    hearing = Hearing(SileroVad(), stt, SegmenterSettings(longest_s=0.6), quickest_s=0.6, longest_s=0.6)
    persona = Persona(load_character("mira"), llm, llm, Sampling(), hearing=hearing, tts=tts, voices=voices)
    kept = {"data_dir": folder / "data", "key_file": folder / "key"}
    settings = load_settings({}, None).model_copy(update=kept)
    events: list[Event] = []
    told: list[str] = []
    shown: list[str] = []

    async def ask(prompt: str) -> str | None:
        return None

    async with Desk(settings, persona, TOM, [TOM], told.append, [], sound) as desk:
        await desk.talk(None, events.append)
        yield Call(desk, Slash(desk, ask, shown.append, folder), stt, tts, events, told, shown, sink)


@contextlib.asynccontextmanager
async def cabled(folder: Path, voices: VoiceEncoder | None, **more: str) -> AsyncIterator[Call]:
    sound = sound_of(load_settings(CABLE | more, None), asked=False)
    async with calling(folder, sound, voices) as call:
        yield call


async def enrolled(call: Call, encoder: CampPlus, sound: Samples, *purposes: Purpose) -> None:
    """Ann is known by her voice, as she once agreed to in Discord."""
    for purpose in (Purpose.VOICE, *purposes):
        await call.desk.consent.decide(ANN.id, purpose, True, "test")
    assert call.desk.memory.keep_voice(ANN.id, await encoder.embed(sound), encoder.name, ANN.name)


def everything_kept(call: Call) -> str:
    """All tables, and the journal, as whoever has every key could read them."""
    database = call.desk.memory.database
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [repr(database.execute(f'SELECT * FROM "{name}"')) for name in tables]
    turns = [repr(one) for one in call.desk.memory.turns.after(0)]
    return "\n".join([*rows, *turns, *map(repr, call.desk.memory.journal.entries())])


async def test_who_enrolled_is_named_and_of_a_guest_nothing_is_kept(
    cards: SoundCards, tmp_path: Path, encoder: CampPlus, clip: Callable[..., Samples]
) -> None:
    async with cabled(tmp_path, encoder) as call:
        await enrolled(call, encoder, clip(HERS_VOICE, 0, 10), Purpose.REMEMBERING)
        memory = call.desk.memory
        memory.voices._put(ANN.id, replace(memory.voices.of(ANN.id), heard_s=1000.0))
        await call.desk.listen()
        assert call.people == ["Tom", "Guest"]  # whoever listens in is there
        await call.say(clip(HERS_VOICE, 1), words="Mira, I live in Lisbon.")
        await call.say(clip(STRANGER, 1), words="Mira, I collect old maps.")
        assert [one.name for one in call.heard] == ["Ann", "guest 1"] and call.heard[0] == ANN
        assert call.people == ["Tom", "Guest", "Ann", "guest 1"]
        await until(lambda: any(isinstance(one, Said) for one in call.events), PATIENCE_S)
        await until(lambda: memory.voices.of(ANN.id).heard_s > 1000.0, PATIENCE_S)
        turns = list(memory.turns.after(0))
        assert {one.speaker for one in turns} <= {ANN.id, HERS}
        assert "Mira, I live in Lisbon." in [one.text for one in turns]
        guest = call.heard[1].id
        assert all(set(one.scope.about) == {ANN.id} and guest not in one.scope.heard_by for one in turns)
        kept = everything_kept(call)
        assert "old maps" not in kept and "guest:" not in kept and ANN.id in kept
        await call.type("/leave")
        assert call.people == ["Tom", "Guest"]


async def test_whoever_refused_to_be_heard_is_waited_for_and_not_heard(
    cards: SoundCards, tmp_path: Path, encoder: CampPlus, clip: Callable[..., Samples]
) -> None:
    async with cabled(tmp_path, encoder) as call:
        await enrolled(call, encoder, clip(HERS_VOICE, 0, 10))
        await call.desk.consent.decide(ANN.id, Purpose.HEARING, False, "test")
        await call.desk.listen()
        speaking = asyncio.create_task(call.say(clip(HERS_VOICE, 1), heard=0))
        await until(lambda: "Ann" in call.people, PATIENCE_S)
        assert call.line.others_talking and not call.line.quiet
        await speaking
        await until(lambda: not call.line.others_talking, PATIENCE_S)
        await call.say(clip(STRANGER, 1))
        assert [one.name for one in call.heard] == ["guest 1"]


FORGETTING: dict[str, Callable[[Desk], Any]] = {
    "no to it": lambda desk: desk.consent.decide(ANN.id, Purpose.VOICE, False, "test"),
    "no to remembering": lambda desk: desk.consent.decide(ANN.id, Purpose.REMEMBERING, False, "test"),
    "forgotten": lambda desk: forget(desk, Wish(ANN.id)),
    "everything": lambda desk: forget(desk, Wish("*")),
}


@pytest.mark.parametrize("how", FORGETTING)
async def test_whoever_is_forgotten_meanwhile_is_a_guest_from_then_on(
    cards: SoundCards, tmp_path: Path, encoder: CampPlus, clip: Callable[..., Samples], how: str
) -> None:
    async with cabled(tmp_path, encoder) as call:
        await enrolled(call, encoder, clip(HERS_VOICE, 0, 10), Purpose.REMEMBERING)
        await call.desk.listen()
        await call.say(clip(HERS_VOICE, 1))
        assert call.heard == [ANN]
        await FORGETTING[how](call.desk)
        assert "Ann" not in call.people
        await call.say(clip(HERS_VOICE, 2))
        assert [one.name for one in call.heard] == ["Ann", "guest 1"]


async def test_a_voice_gives_no_command_that_forgets(
    cards: SoundCards, tmp_path: Path, encoder: CampPlus, clip: Callable[..., Samples]
) -> None:
    async with cabled(tmp_path, encoder) as call:
        await enrolled(call, encoder, clip(HERS_VOICE, 0, 10), Purpose.REMEMBERING)
        await call.desk.listen()
        await call.say(clip(HERS_VOICE, 1), words="Mira, I live in Lisbon.")
        await call.say(clip(HERS_VOICE, 2), words="Mira, forget that.")
        assert call.heard == [ANN, ANN]
        await until(lambda: ENGLISH.shown_first in call.tts.said, PATIENCE_S)
        await call.say(clip(HERS_VOICE, 4), words="Yes.")
        assert "Mira, I live in Lisbon." in [one.text for one in call.desk.memory.turns.after(0)]
        assert not any(line.startswith("Shall I forget") for line in call.tts.said)


def lacking() -> VoiceEncoder:
    raise EngineError("The weights are not here.")


@pytest.mark.parametrize(
    ("voices", "why"),
    [
        (None, NO_ENCODER),
        (WhenNeeded("none", lacking), "The weights are not here."),
        (Failing(), "It failed."),
    ],
    ids=["none", "missing", "failing"],
)
async def test_where_voices_cannot_be_told_apart_all_are_one_guest_and_it_is_said_once(
    cards: SoundCards, tmp_path: Path, clip: Callable[..., Samples], voices: VoiceEncoder | None, why: str
) -> None:
    async with cabled(tmp_path, voices) as call:
        await call.desk.listen()
        await call.say(clip(HERS_VOICE, 1))
        await call.say(clip(STRANGER, 1))
        assert {one.id for one in call.heard} == {"desk:guest"} and call.people == ["Tom", "Guest"]
        assert call.told.count(f"{why} {ONE_GUEST}") == 1


async def test_switched_off_all_are_one_guest_and_nothing_is_said(
    cards: SoundCards, tmp_path: Path, encoder: CampPlus, clip: Callable[..., Samples]
) -> None:
    async with cabled(tmp_path, encoder, DESK_VOICES="off") as call:
        await enrolled(call, encoder, clip(HERS_VOICE, 0, 10))
        await call.desk.listen()
        await call.say(clip(HERS_VOICE, 1))
        assert [one.id for one in call.heard] == ["desk:guest"]
        assert not any(ONE_GUEST in line for line in call.told)


# At a microphone


async def test_in_a_room_people_are_told_apart_if_that_is_asked_for(
    cards: SoundCards, tmp_path: Path, encoder: CampPlus, clip: Callable[..., Samples]
) -> None:
    cards.plug_microphone("desk")
    cards.plug("room")
    sound = Sound("desk microphone", "room card", echo=False, voices=True)
    async with calling(tmp_path, sound, encoder, "desk_air") as call:
        await enrolled(call, encoder, clip(HERS_VOICE, 0, 10))
        await call.desk.listen()
        await call.say(clip(HERS_VOICE, 1))
        await call.say(clip(STRANGER, 1))
        assert [one.name for one in call.heard] == ["Ann", "guest 1"]
        await call.type("/consent hearing off")  # it is Tom's microphone
        await until(lambda: not call.line._microphone.works, PATIENCE_S)
        await call.type("/consent hearing on")
        await until(lambda: call.line._microphone.works, PATIENCE_S)
        await call.say(clip(STRANGER, 2))
        assert call.heard[-1].name == "guest 1"


async def test_whoever_sits_at_a_microphone_of_their_own_enrols_there_and_nobody_in_a_cable(
    cards: SoundCards, tmp_path: Path, encoder: CampPlus, clip: Callable[..., Samples]
) -> None:
    cards.plug_microphone("desk")
    cards.plug("room")
    async with calling(
        tmp_path, Sound("desk microphone", "room card", echo=False), encoder, "desk_air"
    ) as call:
        assert "Know my voice" in await call.type("/voice enrol")
        assert "I may recognise you by your voice" in await call.type("/consent voice on")
        assert "in no call here" in await call.type("/voice enrol")
        await call.desk.listen()
        asked = await call.type("/voice enrol")
        assert "0 of 8 seconds" in asked and "[1] Stop" in asked
        await call.say(*(clip(HERS_VOICE, number) for number in range(4)))
        await until(lambda: any("I know your voice now" in line for line in call.shown), PATIENCE_S)
        assert call.heard and {one.id for one in call.heard} == {TOM.id}
    async with cabled(tmp_path, encoder) as call:
        await call.desk.listen()
        assert "cannot know which of the voices is yours" in await call.type("/voice enrol")
        await call.say(clip(HERS_VOICE, 4))
        assert call.heard == [TOM]


def test_what_is_chosen(cards: SoundCards) -> None:
    cards.plug_microphone("desk")

    def voices(**settings: str) -> bool:
        sound = sound_of(load_settings(settings, None), asked=True)
        assert sound is not None
        return sound.voices

    assert voices(DESK_PRESET="zoom") and voices(DESK_PRESET="zoom", DESK_VOICES="on")
    assert not voices(DESK_PRESET="zoom", DESK_VOICES="off")
    assert not voices() and voices(DESK_VOICES="on") and not voices(DESK_VOICES="off")

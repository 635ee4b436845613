"""A call at the desk on a PulseAudio of the tests' own: heard, answered, unplugged, plugged in again, left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local_mode.cable import create
from local_mode.desk import Desk
from local_mode.devices import Kind
from local_mode.microphone import Microphone
from local_mode.pulse import sound_server as the_server
from local_mode.slash import Slash
from local_mode.sound import Sound, sound_of
from local_mode.transport import DeskTransport
from persona_core.errors import AudioError, KithError
from persona_core.events import Event, Heard, Said
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Hearing, Persona
from persona_core.settings import load_settings
from persona_core.thinking.character import load_character
from persona_core.types import Frame, Person, Sampling
from tests.cogs.running import Beep, Dictation, Loudness, Script, tone
from tests.local_mode.sitting import TOM
from tests.local_mode.sound_server import RATE, Recorder, SoundCards, pactl, play, sound_server
from tests.until import until

LOUD = 1_000
PATIENCE_S = 20.0
REPLY = "Very well."


@pytest.fixture
def cards(tmp_path: Path) -> Iterator[SoundCards]:
    with sound_server(tmp_path) as cards:
        yield cards


@dataclass
class Seat:
    """Somebody at the desk, with a microphone and a loudspeaker."""

    desk: Desk
    slash: Slash
    events: list[Event]
    told: list[str]
    shown: list[str]

    async def type(self, line: str) -> str:
        self.shown.clear()
        try:
            await self.slash.run(line)
        except KithError as error:
            return str(error)
        return "\n".join(self.shown)

    @property
    def heard(self) -> list[str]:
        return [event.utterance.text for event in self.events if isinstance(event, Heard)]

    @property
    def said(self) -> list[str]:
        return [event.reply.text for event in self.events if isinstance(event, Said)]

    def state(self, name: str) -> Any:
        call = self.desk.calls.at("desk")
        assert call is not None and call.line is not None
        return call.line.state().get(name, 0)


@contextlib.asynccontextmanager
async def seat(folder: Path, sound: Sound) -> AsyncIterator[Seat]:
    hearing = Hearing(
        Loudness(), Dictation(), SegmenterSettings(longest_s=0.4), quickest_s=0.4, longest_s=0.4
    )
    llm = Script()
    llm.otherwise = REPLY
    persona = Persona(load_character("mira"), llm, llm, Sampling(), hearing=hearing, tts=Beep())
    kept = {"data_dir": folder / "data", "key_file": folder / "key"}
    events: list[Event] = []
    told: list[str] = []
    shown: list[str] = []

    async def ask(prompt: str) -> str | None:
        return None

    settings = load_settings({}, None).model_copy(update=kept)
    async with Desk(settings, persona, TOM, [TOM], told.append, [], sound) as desk:
        await desk.talk(None, events.append)
        yield Seat(desk, Slash(desk, ask, shown.append, folder), events, told, shown)


ROOM = Sound("desk microphone", "room card", echo=False)


@pytest.fixture
async def here(cards: SoundCards, tmp_path: Path) -> AsyncIterator[Seat]:
    """In a room whose loudspeaker the microphone does not hear."""
    cards.plug_microphone("desk")
    cards.plug("room")
    async with seat(tmp_path, ROOM) as sat:
        yield sat


def listened_to() -> bool:
    """Whether any program has a microphone open."""
    return "protocol-native" in pactl("list", "short", "source-outputs")


async def say(seat: Seat, hertz: int, sink: str = "desk_air") -> None:
    await asyncio.to_thread(play, sink, tone(hertz, 0.8))
    await until(lambda: f"tone {hertz}" in seat.heard, PATIENCE_S)


async def record(source: str, folder: Path) -> Recorder:
    return await asyncio.to_thread(Recorder, source, folder / "heard")


async def loudness(recorder: Recorder) -> tuple[int, float]:
    """The loudest sample, and how many seconds are loud."""
    heard = np.abs(await asyncio.to_thread(recorder.stop))
    return int(heard.max()), np.count_nonzero(heard > LOUD) / RATE


async def test_what_the_microphone_hears_is_answered_through_the_loudspeaker(
    here: Seat, tmp_path: Path
) -> None:
    await here.desk.listen()
    assert here.told == ["Mira listens through desk microphone and speaks through room card; /leave ends it."]
    recorder = await record("room.monitor", tmp_path)
    await say(here, 500)
    await until(lambda: here.said == [REPLY], PATIENCE_S)
    _, seconds = await loudness(recorder)
    assert seconds == pytest.approx(0.5 * 0.92, abs=0.1)  # so much of a sine is loud


async def test_leaving_shuts_the_microphone_and_joining_opens_it(here: Seat) -> None:
    assert not listened_to()
    assert "our talk at the desk" in await here.type("/join")
    assert listened_to()
    await say(here, 500)
    assert "left" in await here.type("/leave")
    assert not listened_to() and pactl("list", "short", "sink-inputs") == ""
    assert "I am in no call here" in await here.type("/leave")
    here.events.clear()
    (await here.desk.conversation()).read(TOM, "Hello.")  # typed on, in a talk begun anew
    await until(lambda: here.said == [REPLY], PATIENCE_S)
    await here.type("/join")
    await say(here, 600)


async def test_whoever_does_not_want_to_be_heard_is_not(here: Seat) -> None:
    await here.desk.listen()
    await here.type("/consent hearing off")
    await until(lambda: not listened_to(), PATIENCE_S)
    await here.type("/consent hearing on")
    await say(here, 500)


async def test_a_microphone_that_is_unplugged_is_used_again_when_it_is_back(
    here: Seat, cards: SoundCards
) -> None:
    await here.desk.listen()
    await say(here, 500)
    cards.unplug("desk")
    await until(lambda: any("desk microphone has gone" in line for line in here.told), PATIENCE_S)
    assert here.state("microphone") == "gone" and not listened_to()
    cards.unplug("desk_air")
    cards.plug_microphone("desk")
    await until(lambda: any("desk microphone is here" in line for line in here.told), PATIENCE_S)
    await say(here, 600)
    assert len(here.told) == 3  # one sentence each


async def test_a_loudspeaker_that_is_unplugged_speaks_again_when_it_is_back(
    here: Seat, cards: SoundCards, tmp_path: Path
) -> None:
    await here.desk.listen()
    cards.unplug("room")
    await until(lambda: any("room card has gone" in line for line in here.told), PATIENCE_S)
    await say(here, 500)  # she hears on, and answers in writing
    cards.plug("room")
    await until(lambda: any("room card is here" in line for line in here.told), PATIENCE_S)
    recorder = await record("room.monitor", tmp_path)
    await say(here, 600)
    await until(lambda: here.said[1:] == [REPLY], PATIENCE_S)
    assert (await loudness(recorder))[0] > LOUD


async def test_pushed_to_talk_she_hears_only_between_two_presses(cards: SoundCards, tmp_path: Path) -> None:
    cards.plug_microphone("desk")
    cards.plug("room")
    async with seat(tmp_path, Sound("desk microphone", "room card", echo=False, push=True)) as here:
        assert here.desk.call.push() == ""  # not in a call
        await here.desk.listen()
        await asyncio.to_thread(play, "desk_air", tone(400, 1.0))
        assert here.state("frames") == 0
        assert "I am listening" in here.desk.call.push()
        await asyncio.to_thread(play, "desk_air", tone(500, 0.8))
        assert here.desk.call.push() == "Thank you."
        await until(lambda: here.heard == ["tone 500"], PATIENCE_S)


async def test_through_the_cable_the_call_is_told_aloud_and_answered(
    cards: SoundCards, tmp_path: Path
) -> None:
    server = the_server()
    assert server is not None
    with server:
        create(server)
    settings = load_settings({"DESK_PRESET": "discord"}, None)
    sound = sound_of(settings, asked=False)
    assert sound is not None and sound.cabled and not sound.echo
    async with seat(tmp_path, sound) as here:
        notice = await record("kith_microphone", tmp_path)
        await here.desk.listen()
        assert (await loudness(notice))[0] > LOUD
        tts = here.desk.persona.tts
        assert isinstance(tts, Beep)
        (aloud,) = tts.said  # for those whom she cannot write to
        assert "I am listening" in aloud and "tell whoever brought me" in aloud and "button" not in aloud
        await say(here, 500, "kith_hears")
        (heard,) = [event.utterance for event in here.events if isinstance(event, Heard)]
        assert heard.person.id == "desk:guest"


# What is chosen


def chosen_by(**settings: str) -> Sound | None:
    return sound_of(
        load_settings({name.upper(): value for name, value in settings.items()}, None), asked=False
    )


def test_without_a_microphone_she_is_typed_to(cards: SoundCards) -> None:
    assert chosen_by() is None
    cards.plug_microphone("desk")
    assert chosen_by() == Sound()
    assert chosen_by(desk_microphone="off") is None
    assert chosen_by(desk_talk="push", desk_echo="off") == Sound(push=True, echo=False)


def test_what_is_chosen_and_not_there_is_one_sentence(cards: SoundCards) -> None:
    cards.plug_microphone("desk")
    with pytest.raises(AudioError, match="no microphone called “headset”"):
        chosen_by(desk_microphone="headset")
    with pytest.raises(AudioError, match="no loudspeaker called “headset”"):
        chosen_by(desk_speaker="headset")
    with pytest.raises(AudioError, match="cable create"):
        chosen_by(desk_preset="zoom")


def test_a_card_that_is_gone_when_it_is_to_be_opened_is_one_sentence(cards: SoundCards) -> None:
    cards.plug_microphone("desk")
    device = Sound("desk microphone").choose(Kind.MICROPHONE)
    cards.unplug("desk")
    with pytest.raises(AudioError, match="desk microphone cannot be opened"):
        Microphone(lambda pcm, rate: None).open(device)


# Frames


def frame(level: int = 8_000) -> np.ndarray:
    return np.full(960, level, np.int16)


async def taken(transport: DeskTransport) -> list[Frame]:
    transport.close()
    return [one async for one in transport.frames()]


def transport(may_hear: bool = True) -> DeskTransport:
    from collections import Counter

    made = DeskTransport(Person("desk:tom", "Tom"), lambda person: may_hear, Counter())
    made.deafen(False)
    return made


async def test_frames_follow_one_another_in_time() -> None:
    one = transport()
    for _ in range(5):
        one.hear(frame(), RATE, 0.0)
    times = [each.at_s for each in await taken(one)]
    assert np.diff(times) == pytest.approx([0.02] * 4)


async def test_whose_sound_may_not_be_heard_is_not_even_kept() -> None:
    one = transport(may_hear=False)
    one.hear(frame(), RATE, 0.0)
    assert await taken(one) == []


async def test_let_go_of_the_key_only_silence_is_given_and_it_is_told() -> None:
    one = transport()
    one.hear(frame(), RATE, 0.0)
    one.talk(False)
    one.hear(frame(), RATE, 0.0)
    first, second = await taken(one)
    assert first.sending and not second.sending and not second.pcm.any()


async def test_who_sends_not_a_single_sample_any_more_has_closed_the_microphone() -> None:
    one = transport()
    for still in [False, *[True] * 11, False, True, False]:
        one.hear(np.zeros_like(frame()) if still else frame(), RATE, 0.0, still)
    sending = [each.sending for each in await taken(one)]
    assert sending == [*[True] * 10, False, False, *[True] * 3]


async def test_nobody_who_listens_costs_no_memory() -> None:
    one = transport()
    for _ in range(2_000):
        one.hear(frame(), RATE, 0.0)
    assert len(await taken(one)) == 500

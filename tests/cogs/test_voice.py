"""Somebody lets her learn their voice in a call: with real voices, the real encoder and the real detector of speech."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cogs import enrolling, voice
from memory.consent import Purpose
from persona_core.engines.campplus import CampPlus
from persona_core.engines.silero_vad import SileroVad
from persona_core.types import EAR_RATE, Pcm
from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.discord_server import DiscordServer, SimulatedMember
from tests.discord_server.state import Message

ONE, OTHER = "1688", "2033"  # speakers of LibriSpeech
NO_ENCODER = "cannot tell voices apart"


@pytest.fixture(scope="module")
def encoder(weights: Callable[[str], Path]) -> CampPlus:
    return CampPlus(weights("campplus-zh-en"))


@pytest.fixture
def recordings(shared_data: Path) -> Callable[..., Pcm]:
    """``recordings("1688", 12)``: so many seconds of what somebody read, at EAR_RATE."""

    def read(speaker: str, seconds: float) -> Pcm:
        folder = shared_data / "speech" / "librispeech" / speaker
        clips = [soundfile.read(path, dtype="int16")[0] for path in sorted(folder.glob("*.flac"))]
        return np.concatenate(clips)[: int(seconds * EAR_RATE)]

    return read


@pytest.fixture
def scene(server: DiscordServer, tmp_path: Path, encoder: CampPlus) -> Iterator[Scene]:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        persona = bot.persona
        assert persona.hearing is not None
        bot.persona = replace(persona, voices=encoder, hearing=replace(persona.hearing, vad=SileroVad()))
        bot.host.persona = bot.persona
        scene.use(bot)
        yield scene


def agree(scene: Scene, who: SimulatedMember) -> None:
    assert "recognise you by your voice" in scene.ask(who, "/consent voice", answer="on")


def enrol(scene: Scene, who: SimulatedMember) -> Message:
    """Somebody asks for it; the answer, which changes as it goes on."""
    (message,) = scene.server.interact(who, "/voice enrol", channel=scene.text).wait(20).shown
    assert message.ephemeral
    return message


def begin(scene: Scene, who: SimulatedMember) -> Message:
    message = enrol(scene, who)
    assert "I am listening to you now" in message.content and "0 of 8 seconds" in message.content
    return message


def ends(scene: Scene, message: Message, words: str, seconds: float = 30) -> None:
    scene.wait(lambda: words in message.content, f"not said: {words}", seconds)
    assert not message.components


def prints(scene: Scene) -> dict[str, str]:
    """Whose prints are kept, and what they are called."""
    kept = scene.bot.host.memory.voices.all("campplus-zh-en")
    return {person: one.name for person, one in kept.items()}


def taps(scene: Scene) -> int:
    """Who is listened to beside the conversation."""
    call = scene.bot.host.calls.in_realm(str(scene.guild.id))
    return len(call.samples) if call is not None else 0


def test_what_somebody_says_in_a_call_becomes_a_print_and_is_heard_as_ever(
    scene: Scene, recordings: Callable[..., Pcm], encoder: CampPlus
) -> None:
    agree(scene, scene.ann)
    scene.join()
    message = begin(scene, scene.ann)
    said = scene.ann.speak(recordings(ONE, 15), rate=EAR_RATE)
    scene.wait(lambda: "2 of 8 seconds" in message.content, "no progress is told")
    ends(scene, message, voice.KEPT)
    said.stop()
    assert prints(scene) == {f"discord:{scene.ann.id}": "Ann"} and taps(scene) == 0
    scene.wait(lambda: any(name == "Ann" for name, _ in scene.heard), "the conversation did not hear it")
    page = scene.ask(scene.ann, "/privacy")
    assert "1 print of your voice" in page and "for a year" in page
    assert "The print of your voice is erased" in scene.ask(scene.ann, "/voice forget")
    assert prints(scene) == {} and "I had no print" in scene.ask(scene.ann, "/voice forget")
    assert not scene.bot.host.consent.decision(f"discord:{scene.ann.id}", Purpose.VOICE).allowed


def test_two_at_once_and_one_voice_for_two_people(scene: Scene, recordings: Callable[..., Pcm]) -> None:
    bob, cat = (scene.guild.add_member(name) for name in ("Bob", "Cat"))
    for who in (scene.ann, bob, cat):
        agree(scene, who)
    bob.join(scene.lounge), cat.join(scene.lounge)
    scene.join()
    both = [begin(scene, who) for who in (scene.ann, bob)]
    assert "listening to you already" in enrol(scene, scene.ann).content
    said = [
        scene.ann.speak(recordings(ONE, 14), rate=EAR_RATE),
        bob.speak(recordings(OTHER, 14), rate=EAR_RATE),
    ]
    for message in both:
        ends(scene, message, voice.KEPT)
    for one in said:
        one.stop()
    assert sorted(prints(scene).values()) == ["Ann", "Bob"]
    third = begin(scene, cat)
    cat.speak(recordings(ONE, 14), rate=EAR_RATE)
    ends(scene, third, "too much like that of somebody I know already")
    assert "Ann" not in third.content and len(prints(scene)) == 2


def test_two_voices_in_one_stream_make_no_print(scene: Scene, recordings: Callable[..., Pcm]) -> None:
    agree(scene, scene.ann)
    scene.join()
    message = begin(scene, scene.ann)
    halves = recordings(ONE, 6), recordings(OTHER, 10)
    scene.ann.speak(np.concatenate(halves), rate=EAR_RATE)
    ends(scene, message, "more than one voice")
    assert prints(scene) == {}


def test_without_a_yes_it_is_said_what_would_be_kept_and_a_button_allows_it(scene: Scene) -> None:
    scene.join()
    message = enrol(scene, scene.ann)
    assert message.content == voice.ASKED_FIRST and taps(scene) == 0
    scene.server.click(scene.ann, message, "Know my voice").wait(20)
    scene.wait(lambda: "Thank you, I may recognise you" in message.content, "nothing came of it")
    begin(scene, scene.ann)


def test_where_it_cannot_be_done_it_is_refused_in_a_sentence(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    for who in (scene.ann, bob):
        agree(scene, who)
    assert enrol(scene, scene.ann).content == voice.NO_CALL
    scene.join()
    assert "Only somebody who is in the call" in enrol(scene, bob).content
    scene.ask(scene.ann, "/consent hearing", answer="off")
    assert "I do not hear you" in enrol(scene, scene.ann).content
    scene.ask(scene.ann, "/consent hearing", answer="on")
    scene.bot.host.persona = replace(scene.bot.persona, voices=None)
    assert NO_ENCODER in enrol(scene, scene.ann).content


def stop(scene: Scene, message: Message) -> None:
    scene.server.click(scene.ann, message, "Stop").wait(20)


def asks(command: str, **options: str) -> Callable[[Scene, Message], None]:
    return lambda scene, message: scene.ask(scene.ann, command, **options) and None


def forgets_all(scene: Scene, message: Message) -> None:
    asked = scene.server.interact(scene.ann, "/forget me", channel=scene.text).wait(20)
    scene.server.click(scene.ann, asked.shown[0], "Forget it")


MEANWHILE = {
    "no to it": (asks("/consent voice", answer="off"), enrolling.WITHDRAWN),
    "forget it": (asks("/voice forget"), enrolling.WITHDRAWN),
    "not heard": (asks("/consent hearing", answer="off"), enrolling.UNHEARD),
    "the call ends": (asks("/leave"), enrolling.LEFT),
    "they leave": (lambda scene, message: scene.ann.leave(), enrolling.LEFT),
    "stopped": (stop, enrolling.STOPPED),
    "forgotten": (forgets_all, "no print was made"),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_comes_between_leaves_no_print(scene: Scene, recordings: Callable[..., Pcm], what: str) -> None:
    happens, told = MEANWHILE[what]
    agree(scene, scene.ann)
    scene.join()
    message = begin(scene, scene.ann)
    said = scene.ann.speak(recordings(ONE, 20), rate=EAR_RATE)
    scene.wait(lambda: "2 of 8 seconds" in message.content, "no progress is told")
    happens(scene, message)
    ends(scene, message, told)
    said.stop()
    assert prints(scene) == {} and taps(scene) == 0


def test_silence_is_waited_out_kindly(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolling, "PATIENCE_S", 1.5)
    agree(scene, scene.ann)
    scene.join()
    ends(scene, begin(scene, scene.ann), enrolling.TOO_LITTLE)
    time.sleep(0.1)
    assert prints(scene) == {} and taps(scene) == 0

"""The virtual cable, on a PulseAudio of the tests' own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from local_mode.cable import HEARS, MICROPHONE, VOICE, cable, create, elsewhere, main, remove, status
from local_mode.devices import Kind, chosen, usual
from local_mode.presets import PRESETS, advice
from local_mode.pulse import SoundServer
from local_mode.pulse import sound_server as the_server
from persona_core.errors import AudioError
from tests.cogs.running import tone
from tests.local_mode.sound_server import RATE, Recorder, SoundCards, pactl, play, sound_server


@pytest.fixture
def cards(tmp_path: Path) -> Iterator[SoundCards]:
    with sound_server(tmp_path) as cards:
        yield cards


@pytest.fixture
def server(cards: SoundCards) -> Iterator[SoundServer]:
    server = the_server()
    assert server is not None
    with server:
        yield server


def test_it_is_made_once_and_taken_away_without_anything_else(server: SoundServer, cards: SoundCards) -> None:
    cards.plug("theirs")
    before = pactl("list", "short", "modules")
    assert cable() is None and create(server) == [HEARS, VOICE, MICROPHONE]
    assert cable() == (HEARS, VOICE) and create(server) == []
    assert all(there for _, there in status(server))
    assert sorted(remove(server)) == sorted([HEARS, VOICE, MICROPHONE]) and remove(server) == []
    assert pactl("list", "short", "modules") == before


def test_what_is_missing_of_it_is_added(server: SoundServer) -> None:
    create(server)
    ours = next(one for one in server.modules() if one.name == "module-remap-source")
    server.unload(ours.number)
    assert cable() is None and create(server) == [MICROPHONE]


def test_the_other_program_finds_a_microphone_and_hears_there_what_is_played(
    server: SoundServer, tmp_path: Path
) -> None:
    create(server)
    ends = [one for one in server.sources() if one.title == MICROPHONE]
    assert [one.monitor for one in ends] == [False]
    other = Recorder(ends[0].name, tmp_path / "heard")
    play("kith_voice", tone(440, 1.0))
    heard = other.stop().astype(np.float64)
    assert np.argmax(np.abs(np.fft.rfft(heard))) * RATE / len(heard) == pytest.approx(440, abs=5)


def test_her_ends_are_found_by_name_and_never_taken_unasked(server: SoundServer, cards: SoundCards) -> None:
    create(server)
    assert chosen(Kind.MICROPHONE, HEARS).pulse == "kith_hears.monitor"
    assert chosen(Kind.LOUDSPEAKER, VOICE).pulse == "kith_voice"
    assert usual(Kind.MICROPHONE) is None  # the only one there is would let her hear herself
    cards.plug_microphone("desk")
    there = usual(Kind.MICROPHONE)
    assert there is not None and there.pulse == "desk"


def test_a_cable_does_not_become_what_the_computer_plays_on(server: SoundServer) -> None:
    pactl("set-default-sink", "first")
    create(server)
    assert next(one.name for one in server.sinks() if one.usual) == "first"


def test_as_a_command_it_says_what_it_did(cards: SoundCards, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create", "--preset", "zoom"]) == 0 and main(["create"]) == 0
    shown = capsys.readouterr().out
    assert "Made: " in shown and "there already" in shown and "Zoom" in shown
    assert main(["status"]) == 0 and main(["remove"]) == 0 and main(["remove"]) == 0
    assert "no cable of Kith's" in capsys.readouterr().out


def test_without_a_sound_server_the_way_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nowhere")
    assert the_server() is None and main(["create"]) == 1
    assert "PulseAudio" in capsys.readouterr().err
    assert "VB-CABLE" in elsewhere("win32") and "BlackHole" in elsewhere("darwin")
    assert sys.platform not in ("win32", "darwin") or "DESK_MICROPHONE" in elsewhere(sys.platform)


def test_every_preset_says_what_to_choose() -> None:
    for name, preset in PRESETS.items():
        assert any(MICROPHONE in line and preset.title in line for line in advice(name)), name


def test_what_the_server_refuses_is_one_sentence(server: SoundServer) -> None:
    with pytest.raises(AudioError, match="sound server did not do"):
        server.load("module-of-nobody", "")

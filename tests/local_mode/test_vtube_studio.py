"""Her avatar in VTube Studio, as a program that keeps to the documentation sees it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from hibari import SAMPLE_RATE, Hibari

from cogs.overlay.browser_line import BrowserSpeaker
from local_mode import vtube_studio, vtube_studio_api
from local_mode.speaker import SpeakerPlayback
from local_mode.vtube_studio import HERE, MOOD, MOUTH_OPEN, SPEAKING, Lips, VTubeStudio, address_of
from local_mode.vtube_studio_api import TOKEN_FILE
from local_mode.vtube_studio_moods import LIKE, NAMES, NEUTRAL, VALUES, Handle, fitting
from persona_core.errors import SettingsError
from persona_core.settings import load_settings
from persona_core.speaking.loudness import Measured
from persona_core.thinking.tail import EMOTIONS
from persona_core.types import Expression, Pcm
from tests.local_mode import vtube_studio_server as server
from tests.local_mode.sitting import sitting
from tests.local_mode.sound_server import sound_server

ROOT = Path(__file__).resolve().parents[2]
RATE = 24_000
TONE = (np.sin(np.arange(RATE) * 2 * np.pi * 300 / RATE) * 8_000).astype(np.int16)  # a second of it


class Paced:
    """A playback in real time, heard by nobody."""

    def __init__(self) -> None:
        self._before_s = self._queued_s = 0.0
        self._begun_at = 0.0

    @property
    def heard_s(self) -> float:
        return self._before_s + min(self._queued_s, time.monotonic() - self._begun_at)

    async def play(self, pcm: Pcm, rate: int) -> None:
        if self.heard_s >= self._before_s + self._queued_s:
            self._before_s, self._queued_s = self.heard_s, 0.0
            self._begun_at = time.monotonic()
        self._queued_s += len(pcm) / rate

    async def drain(self) -> None:
        await asyncio.sleep(self._before_s + self._queued_s - self.heard_s)

    def duck(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def stop(self) -> None:
        self._before_s, self._queued_s = self.heard_s, 0.0


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vtube_studio, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(vtube_studio, "LONGEST_WAIT_S", 0.1)


@pytest.fixture
async def studio() -> AsyncIterator[server.VTubeStudio]:
    studio = server.VTubeStudio()
    await studio.start()
    yield studio
    await studio.stop()


class Avatar:
    """Kith's side: what is on her face, and what her owner is told."""

    def __init__(self, folder: Path, address: str, mouth: str = "set") -> None:
        given = {"VTUBE_STUDIO": address, "VTUBE_STUDIO_MOUTH": mouth, "DATA_DIR": str(folder)}
        self.voice: Measured | None = None
        self.emotion = ""
        self.told: list[str] = []
        self.sent = VTubeStudio(load_settings(given, None), self._face, self.told.append)

    def _face(self) -> Expression:
        return Expression(self.voice.loudness() if self.voice else 0.0, self.emotion)


@asynccontextmanager
async def avatar(
    folder: Path, studio: server.VTubeStudio, mouth: str = "set", *, here: bool = True
) -> AsyncIterator[Avatar]:
    """``here``: wait until she moves the model."""
    shown = Avatar(folder, studio.address, mouth)
    async with shown.sent:
        if here:
            await soon(lambda: bool(studio.of(MOUTH_OPEN)))
        yield shown


async def soon(true: Callable[[], bool]) -> None:
    """As ``until``, for what takes real time."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.005)


def told(shown: Avatar, words: str) -> int:
    return sum(words in line for line in shown.told)


# Leave


async def test_at_first_contact_somebody_clicks_allow_and_she_is_let_in(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    studio.allow = None
    async with avatar(tmp_path, studio, here=False) as shown:
        await soon(lambda: studio.asked == [("Kith", "Kith")])
        assert told(shown, "click Allow") == 1 and not studio.parameters
        studio.click(True)
        await soon(lambda: bool(studio.of(MOUTH_OPEN)))
        assert set(studio.parameters) == {MOUTH_OPEN, SPEAKING, MOOD}
        assert told(shown, "VTube Studio is here") == 1
    assert studio.errors == []


async def test_the_token_is_kept_for_her_owner_alone_and_asked_for_once(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    async with avatar(tmp_path, studio):
        file = tmp_path / TOKEN_FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.read_text() in studio.tokens
    studio.injected.clear()
    async with avatar(tmp_path, studio) as shown:
        assert len(studio.asked) == 1 and told(shown, "click Allow") == 0


async def test_a_token_that_others_could_read_is_not_used(tmp_path: Path, studio: server.VTubeStudio) -> None:
    async with avatar(tmp_path, studio):
        pass
    file = tmp_path / TOKEN_FILE
    before = file.read_text()
    file.chmod(0o644)
    async with avatar(tmp_path, studio):
        await soon(lambda: len(studio.asked) == 2)
        await soon(lambda: file.exists() and file.read_text() not in ("", before))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_denied_she_says_so_once_and_asks_no_more(tmp_path: Path, studio: server.VTubeStudio) -> None:
    studio.allow = False
    async with avatar(tmp_path, studio, here=False) as shown:
        await soon(lambda: told(shown, "does not let her in") == 1)
        await soon(lambda: not studio.sessions)
        await asyncio.sleep(0.3)
        assert len(studio.asked) == 1 and not (tmp_path / TOKEN_FILE).exists()


async def test_not_answered_she_reminds_once_and_goes_on_waiting(
    tmp_path: Path, studio: server.VTubeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vtube_studio, "REMIND_S", 0.05)
    studio.allow = None
    async with avatar(tmp_path, studio, here=False) as shown:
        await soon(lambda: told(shown, "Nobody has clicked Allow") == 1)
        studio.click(True)
        await soon(lambda: bool(studio.of(MOUTH_OPEN)))
    assert told(shown, "Nobody has clicked Allow") == 1 and len(studio.asked) == 1


async def test_taken_back_the_leave_is_asked_for_anew(tmp_path: Path, studio: server.VTubeStudio) -> None:
    async with avatar(tmp_path, studio) as shown:
        studio.revoke()
        await soon(lambda: len(studio.asked) == 2 and len(studio.tokens) == 1)
        await soon(lambda: MOUTH_OPEN in studio.parameters)
        studio.injected.clear()
        await soon(lambda: bool(studio.of(MOUTH_OPEN)))
        assert (tmp_path / TOKEN_FILE).read_text() in studio.tokens
    assert told(shown, "click Allow") == 2


async def test_a_folder_that_cannot_be_written_costs_one_sentence(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    (tmp_path / TOKEN_FILE).mkdir()
    async with avatar(tmp_path, studio) as shown:
        assert told(shown, "will ask you again") == 1


# Her mouth


async def test_her_mouth_follows_a_real_voice_on_a_real_loudspeaker(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    spoken = Hibari()("Well, I do like the sea at night.", seed=1)
    voice = (np.clip(spoken, -1, 1) * 32_767).astype(np.int16)
    pause = np.zeros(SAMPLE_RATE, np.int16)
    with sound_server(tmp_path):
        speaker = SpeakerPlayback()
        try:
            async with avatar(tmp_path, studio) as shown:
                shown.voice = Measured(speaker)
                for sound in (voice, pause, voice):
                    await shown.voice.play(sound, SAMPLE_RATE)
                await shown.voice.drain()
                await soon(lambda: studio.of(SPEAKING)[-1] == 0)
        finally:
            speaker.close()
    opened = studio.of(MOUTH_OPEN)
    assert max(opened) > 0.8 and opened[-1] == 0
    assert len(set(opened)) > 20  # it moves, and does not flap
    wide = [number for number, value in enumerate(opened) if value > 0.3]
    between = opened[wide[0] : wide[-1]]
    assert 0 in between  # in the pause
    assert studio.of(SPEAKING)[0] == 0 and 1 in studio.of(SPEAKING)
    own = studio.of("MouthOpen")
    assert max(own) == max(opened) and own[-1] == 0
    assert {one.mode for one in studio.injected} == {"set"} and studio.errors == []


async def test_her_mouth_moves_as_well_while_the_page_has_her_voice(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    sent: list[int] = []  # samples of each block

    def take(message: object) -> None:
        if isinstance(message, bytes):
            sent.append((len(message) - 4) // 2)

    speaker = BrowserSpeaker(take)
    speaker.open()

    async def play_there() -> None:
        """As the page does: it tells every 43 ms how much it has played."""
        played = 0
        while True:
            await asyncio.sleep(2048 / 48_000)
            played = min(sum(sent), played + round(RATE * 2048 / 48_000))
            speaker.on_played(speaker._stretch, played)

    page = asyncio.create_task(play_there())
    async with avatar(tmp_path, studio) as shown:
        shown.voice = Measured(speaker)
        for _ in range(2):
            await shown.voice.play(TONE, RATE)
        await soon(lambda: 1 in studio.of(SPEAKING) and studio.of(SPEAKING)[-1] == 0)
    page.cancel()
    opened = studio.of(MOUTH_OPEN)
    first = next(number for number, value in enumerate(opened) if value)
    last = max(number for number, value in enumerate(opened) if value)
    assert opened[-1] == 0 and opened[first : last + 1].count(0) <= 2  # it does not flap between two reports


async def test_interrupted_her_mouth_is_shut_at_once(tmp_path: Path, studio: server.VTubeStudio) -> None:
    async with avatar(tmp_path, studio) as shown:
        shown.voice = Measured(Paced())
        await shown.voice.play(np.tile(TONE, 5), RATE)
        await soon(lambda: studio.of(MOUTH_OPEN)[-1] > 0.5)
        shown.voice.stop()
        before = len(studio.injected)
        await soon(lambda: len(studio.injected) > before + 3)
        after = studio.injected[before + 1 :]  # one may have been on its way
        assert all(one.values.get(MOUTH_OPEN, 0) == 0 for one in after)
        await soon(lambda: studio.of(SPEAKING)[-1] == 0)


async def test_while_she_is_silent_the_models_own_mouth_is_left_alone(
    tmp_path: Path, studio: server.VTubeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vtube_studio, "STILL_S", 0.05)
    async with avatar(tmp_path, studio) as shown:
        await soon(lambda: len(studio.of(MOUTH_OPEN)) > 5)  # else VTube Studio would forget it
        assert studio.of("MouthOpen") == []
        shown.voice = Measured(Paced())
        await shown.voice.play(TONE[: RATE // 2], RATE)
        await soon(lambda: 1 in studio.of(SPEAKING) and studio.of(SPEAKING)[-1] == 0)
        seen = len(studio.injected)
        await soon(lambda: len(studio.injected) > seen + 2)  # the last of it may have been on its way
        shut = len(studio.of("MouthOpen"))
        assert studio.of("MouthOpen")[-1] == 0
        before = len(studio.injected)
        await soon(lambda: len(studio.injected) > before + 5)
        assert len(studio.of("MouthOpen")) == shut


@pytest.mark.parametrize("mouth", ["add", "off"])
async def test_the_models_own_mouth_is_moved_as_her_owner_has_chosen(
    tmp_path: Path, studio: server.VTubeStudio, mouth: str
) -> None:
    async with avatar(tmp_path, studio, mouth) as shown:
        shown.voice = Measured(Paced())
        await shown.voice.play(TONE[: RATE // 2], RATE)
        await soon(lambda: 1 in studio.of(SPEAKING) and studio.of(SPEAKING)[-1] == 0)
    modes = {
        name: {one.mode for one in studio.injected if name in one.values}
        for name in ("MouthOpen", MOUTH_OPEN)
    }
    assert modes == {"MouthOpen": {"add"} if mouth == "add" else set(), MOUTH_OPEN: {"set"}}


async def test_a_mouth_that_another_plugin_moves_is_left_to_it(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    studio.owned.add("MouthOpen")
    async with avatar(tmp_path, studio) as shown:
        shown.voice = Measured(Paced())
        await shown.voice.play(TONE, RATE)
        await soon(lambda: 1 in studio.of(SPEAKING) and studio.of(SPEAKING)[-1] == 0)
        assert studio.errors == [454] and told(shown, "Another plugin moves MouthOpen") == 1
        assert max(studio.of(MOUTH_OPEN)) > 0.5


async def test_a_parameter_that_somebody_has_deleted_is_made_anew(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    async with avatar(tmp_path, studio):
        del studio.parameters[MOUTH_OPEN]
        await soon(lambda: 453 in studio.errors and MOUTH_OPEN in studio.parameters)


@pytest.mark.parametrize("loudest", [0.06, 0.4])
def test_lips_open_as_far_for_a_quiet_voice_as_for_a_loud_one(loudest: float) -> None:
    lips = Lips()
    for step in range(200):
        lips.follow(loudest * (1 - step % 2 / 2), step * 0.025)
    assert lips.follow(loudest, 5.0) == 1.0
    assert 0.2 < lips.follow(loudest / 10, 5.2) < 0.4
    assert lips.follow(0.0, 5.225) == 0.0


# Her moods


def happy_and_sad() -> server.Model:
    """With a camera that must not be pressed by mistake."""
    return server.Model(
        [
            server.Hotkey("Happy cam", "TakeScreenshot"),
            server.Hotkey("Mira – HAPPY", "ToggleExpression", "h.exp3.json"),
            server.Hotkey("exp_sad_01", "ToggleExpression", "s.exp3.json"),
            server.Hotkey("Überrascht 😮", "TriggerAnimation", "wow.motion3.json"),
        ],
        ["h.exp3.json", "s.exp3.json", "AngryFace.exp3.json"],
    )


async def test_a_mood_puts_on_what_is_named_like_it_and_takes_off_what_was_there(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    model = studio.model = happy_and_sad()
    async with avatar(tmp_path, studio) as shown:
        for mood, active in (
            ("happy", {"h.exp3.json"}),
            ("tender", {"h.exp3.json"}),  # nearest to it, and on already
            ("sad", {"s.exp3.json"}),
            ("annoyed", {"AngryFace.exp3.json"}),  # has no hotkey
            ("neutral", set()),
            ("worried", {"s.exp3.json"}),
        ):
            shown.emotion = mood
            await soon(lambda active=active: model.active == active)  # type: ignore[misc]
        await soon(lambda: studio.of(MOOD)[-1] == -0.5)
    assert model.active == set()  # left as it was found
    assert studio.triggered == [
        "Mira – HAPPY",
        "Mira – HAPPY",
        "exp_sad_01",
        "exp_sad_01",
        "exp_sad_01",
        "exp_sad_01",
    ]
    assert shown.told[-1].startswith("VTube Studio is here")


def test_every_mood_of_hers_has_names_and_a_value() -> None:
    assert set(NAMES) == set(EMOTIONS) == {NEUTRAL, *VALUES}


def test_the_documentation_lists_the_names_as_the_code_has_them() -> None:
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \|$", (ROOT / "docs" / "desk.md").read_text("utf-8"), re.M)
    listed = {mood: re.split(r"[, ]+", names.partition(", else")[0].strip()) for mood, names in rows}
    assert {mood: listed[mood] for mood in NAMES} == {mood: list(names) for mood, names in NAMES.items()}
    assert {mood: like for mood, names in rows for like in re.findall(r"else as (\w+)", names)} == LIKE


@pytest.mark.parametrize(
    ("name", "mood"),
    [
        ("Happy", "happy"),
        ("[F3] happyFace_2", "happy"),
        ("JOY", "happy"),
        ("笑顔😊", "happy"),
        ("heart ❤️", "tender"),
        ("unhappy", None),
        ("Sadie", None),
        ("", None),
    ],
)
def test_a_name_is_matched_by_its_words_and_signs(name: str, mood: str | None) -> None:
    assert {one for one in NAMES if fitting(one, [Handle(name)])} - set(LIKE) == {mood} - {None, *LIKE}
    assert mood is None or fitting(mood, [Handle("else"), Handle(name)]) == Handle(name)


async def test_an_animation_is_played_once_for_a_mood(tmp_path: Path, studio: server.VTubeStudio) -> None:
    studio.model = happy_and_sad()
    async with avatar(tmp_path, studio) as shown:
        shown.emotion = "surprised"
        await soon(lambda: studio.triggered == ["Überrascht 😮"])
        await soon(lambda: studio.of(MOOD)[-1] == 0.2)
    assert studio.triggered == ["Überrascht 😮"]


async def test_an_expression_that_her_owner_has_put_on_is_left_on(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    model = studio.model = happy_and_sad()
    model.active.add("h.exp3.json")
    async with avatar(tmp_path, studio) as shown:
        for mood in ("happy", "neutral", "sad"):
            shown.emotion = mood
            await soon(lambda mood=mood: studio.of(MOOD)[-1] == VALUES.get(mood, 0.0))  # type: ignore[misc]
        await soon(lambda: model.active == {"h.exp3.json", "s.exp3.json"})
    assert model.active == {"h.exp3.json"}


async def test_what_a_model_has_nothing_for_is_told_once_for_each_model(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    async with avatar(tmp_path, studio) as shown:
        for model in (happy_and_sad(), server.Model(), None, happy_and_sad()):
            studio.model = model
            for mood in ("curious", "happy", "curious"):
                shown.emotion = mood
                value = VALUES[mood]
                await soon(lambda value=value: studio.of(MOOD)[-1] == value)  # type: ignore[misc]
                await asyncio.sleep(0.05)
        lines = [line for line in shown.told if "no hotkey" in line]
    assert len(lines) == 3 and "for: curious;" in lines[0] and "happy, amused, curious" in lines[1]


async def test_the_mood_of_a_reply_at_the_desk_reaches_the_model_and_her_words_do_not(
    tmp_path: Path, studio: server.VTubeStudio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    studio.model = happy_and_sad()
    heard: list[str] = []
    take = studio._answer

    async def listening(socket: aiohttp.web.WebSocketResponse, text: str, who: list[str]) -> None:
        heard.append(text)
        await take(socket, text, who)

    studio._answer = listening  # type: ignore[method-assign]
    async with sitting(tmp_path, playback=Paced(), vtube_studio=studio.address) as sat:
        desk, said = sat.desk, list[str]()
        async with VTubeStudio(desk.settings, desk.conversations.face, said.append) as shown:
            desk.conversations.listen(shown.on_event)
            await soon(lambda: bool(studio.of(MOUTH_OPEN)))
            sat.llm.lines = [
                'How marvellous, Tom. @@ {"emotion": "happy"}',
                'Oh dear. @@ {"emotion": "sad"}',
            ]
            await sat.type("I have won a chrysanthemum.")
            assert "happy" not in sat.replies[0] and max(studio.of(MOUTH_OPEN)) > 0.5
            await soon(lambda: studio.model is not None and studio.model.active == {"h.exp3.json"})
            await sat.type("And lost it.")
            await soon(lambda: studio.model is not None and studio.model.active == {"s.exp3.json"})
            await soon(lambda: studio.of(MOUTH_OPEN)[-1] == 0)
    everything = caplog.text + "".join(heard)
    assert not [word for word in ("marvellous", "chrysanthemum", "Tom", "dear") if word in everything]


async def test_what_is_written_at_the_desk_shows_its_mood_without_a_voice(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    model = studio.model = happy_and_sad()
    async with sitting(tmp_path, vtube_studio=studio.address) as sat:
        desk = sat.desk
        async with VTubeStudio(desk.settings, desk.conversations.face, lambda line: None) as shown:
            desk.conversations.listen(shown.on_event)
            sat.llm.lines = ['How nice. @@ {"emotion": "happy"}']
            await sat.type("It is spring.")
            await soon(lambda: model.active == {"h.exp3.json"})
            assert set(studio.of(MOUTH_OPEN)) == {0}


# VTube Studio comes and goes


async def test_it_may_be_started_later(tmp_path: Path, studio: server.VTubeStudio) -> None:
    await studio.stop()
    async with avatar(tmp_path, studio, here=False) as shown:
        await soon(lambda: told(shown, "does not answer") == 1)
        await asyncio.sleep(0.3)
        assert told(shown, "does not answer") == 1
        await studio.start()
        await soon(lambda: bool(studio.of(MOUTH_OPEN)))


async def test_closed_and_started_again_it_is_moved_on_while_she_speaks(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    async with avatar(tmp_path, studio) as shown:
        shown.voice = Measured(Paced())
        await shown.voice.play(np.tile(TONE, 60), RATE)
        await soon(lambda: studio.of(MOUTH_OPEN)[-1] > 0)
        await studio.stop()
        await soon(lambda: told(shown, "does not answer") == 1)
        studio.injected.clear()
        await studio.start()
        await soon(lambda: bool(studio.of(MOUTH_OPEN)) and studio.of(MOUTH_OPEN)[-1] > 0)
        assert told(shown, "VTube Studio is here") == 2 and len(studio.asked) == 1


async def test_one_that_hangs_is_given_up_and_keeps_nobody_waiting(
    tmp_path: Path, studio: server.VTubeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with avatar(tmp_path, studio) as shown:
        monkeypatch.setattr(vtube_studio_api, "ANSWER_S", 0.2)
        monkeypatch.setattr(vtube_studio_api.Session.ask, "__defaults__", (None, 0.2))
        studio.mute = True
        await soon(lambda: told(shown, "does not answer") == 1)
        studio.mute = False
        studio.injected.clear()
        await soon(lambda: bool(studio.of(MOUTH_OPEN)))


NOISE: list[str | bytes] = [
    "",
    "{",
    "[" * 100_000,
    "null",
    "[1, 2]",
    '"hello"',
    json.dumps({"requestID": ["kith-1"], "data": 3}),
    json.dumps({"requestID": "somebody else", "messageType": "APIError", "data": {"errorID": 50}}),
    json.dumps({"messageType": "ModelLoadedEvent", "data": {"modelLoaded": False}}),
    b"\x00\xff\x00",
    "x" * 500_000,
]


async def test_garbage_between_the_answers_harms_nothing(tmp_path: Path, studio: server.VTubeStudio) -> None:
    studio.noise, studio.model = NOISE, happy_and_sad()
    async with avatar(tmp_path, studio) as shown:
        shown.emotion = "happy"
        await soon(lambda: studio.triggered == ["Mira – HAPPY"])
    assert len(studio.asked) == 1 and studio.errors == []


async def test_answers_that_come_in_another_order_are_told_apart(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    model = studio.model = happy_and_sad()
    async with avatar(tmp_path, studio) as shown:
        studio.backwards = True
        shown.emotion = "happy"
        await soon(lambda: model.active == {"h.exp3.json"})
        studio.backwards = False
    assert studio.errors == []


@pytest.mark.parametrize(
    "answer",
    [
        {"data": None},
        {"data": []},
        {"data": {"authenticated": "yes"}},
        {"data": {"authenticationToken": "ü" * 40}},
        {"data": {"authenticationToken": "a" * 65}},
        {"data": {"authenticationToken": "two words"}},
        {"messageType": "APIError", "data": {"errorID": "fifty"}},
        {"messageType": "APIError", "data": {"errorID": 1}},
    ],
    ids=str,
)
async def test_something_else_behind_the_port_gets_no_further(
    tmp_path: Path, studio: server.VTubeStudio, answer: dict[str, object]
) -> None:
    asked: list[dict[str, object]] = []

    async def otherwise(socket: aiohttp.web.WebSocketResponse, text: str, who: list[str]) -> None:
        asked.append(json.loads(text))
        await socket.send_str(json.dumps({"requestID": asked[-1]["requestID"]} | answer))

    studio._answer = otherwise  # type: ignore[method-assign]
    async with avatar(tmp_path, studio, here=False) as shown:
        await soon(lambda: len(asked) >= 3)
    assert not (tmp_path / TOKEN_FILE).exists()
    assert {one["messageType"] for one in asked} == {"AuthenticationTokenRequest"}
    assert len(shown.told) == len(set(shown.told)) and told(shown, "click Allow") == 1


async def test_an_answer_that_is_too_long_ends_that_connection_alone(
    tmp_path: Path, studio: server.VTubeStudio
) -> None:
    async with avatar(tmp_path, studio):
        studio.noise = ["x" * (2 << 20)]
        await soon(lambda: not studio.sessions)
        studio.noise = []
        studio.injected.clear()
        await soon(lambda: bool(studio.of(MOUTH_OPEN)))
        assert len(studio.asked) == 1


async def test_a_port_that_speaks_no_websocket_is_no_vtube_studio(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-hello\r\n")
        writer.close()

    other = await asyncio.start_server(answer, "127.0.0.1", 0)
    shown = Avatar(tmp_path, f"127.0.0.1:{other.sockets[0].getsockname()[1]}")
    async with other, shown.sent:
        await soon(lambda: told(shown, "does not answer") == 1)


# What it is told where it is


@pytest.mark.parametrize("address", ["8001", "here", "127.0.0.1:", "127.0.0.1:99999", ":8001"])
def test_an_address_that_is_none_is_one_sentence(address: str) -> None:
    with pytest.raises(SettingsError, match="should be on, or look like"):
        address_of(address)


def test_it_is_on_this_machine_unless_another_one_is_named() -> None:
    assert address_of("on") == address_of("ON") == HERE == "127.0.0.1:8001"
    assert address_of("192.168.0.7:8002") == "192.168.0.7:8002"


# The server of these tests


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"apiName": "Other"}, 3),
        ({"apiVersion": "2.0"}, 4),
        ({"requestID": "ü"}, 5),
        ({"requestID": "x" * 65}, 5),
        ({"messageType": ""}, 6),
        ({"messageType": "DanceRequest"}, 7),
        ({"messageType": "HotkeysInCurrentModelRequest"}, 8),
        ({"messageType": "InjectParameterDataRequest"}, 8),
        (
            {
                "messageType": "AuthenticationRequest",
                "data": {"pluginName": "Kith", "pluginDeveloper": "Kith"},
            },
            100,
        ),
        ({"messageType": "AuthenticationTokenRequest", "data": {"pluginName": "K"}}, 52),
    ],
)
async def test_the_server_of_these_tests_is_strict(
    studio: server.VTubeStudio, change: dict[str, object], number: int
) -> None:
    async with aiohttp.ClientSession() as client, client.ws_connect(f"ws://{studio.address}") as socket:
        await socket.send_str(
            json.dumps(server.HEAD | {"requestID": "1", "messageType": "XRequest"} | change)
        )
        answer = json.loads((await socket.receive()).data)
    assert (answer["messageType"], answer["data"]["errorID"]) == ("APIError", number)

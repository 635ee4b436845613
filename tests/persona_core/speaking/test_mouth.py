"""Her mouth: made ready before she may speak, silent when dropped, and it knows what was heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import numpy as np
import pytest

from persona_core.errors import AudioError, EngineError
from persona_core.speaking.mouth import Mouth, Spoken
from persona_core.types import Pcm
from tests.until import until

RATE = 1000  # Hz
PER_LETTER = 10  # samples
FIRST, SECOND = "I do like rain,", "and I like trains."
TEXT = f"{FIRST} {SECOND}"


class Hum:
    """A voice that hums 10 ms for each letter."""

    rate = RATE

    def __init__(self) -> None:
        self.made: list[str] = []
        self.languages: list[str] = []
        self.fails_at = ""

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        await asyncio.sleep(0)
        if self.fails_at and self.fails_at in text:
            raise EngineError("The voice has gone.")
        self.made.append(text)
        self.languages.append(language)
        yield np.full(len(text) * PER_LETTER, 5000, np.int16)


class Room:
    """A playback in which ``listen`` lets time pass."""

    def __init__(self) -> None:
        self.queued = 0
        self.taken: list[int] = []  # samples of each sound
        self.calls: list[str] = []
        self.broken = False
        self._heard = 0
        self._news = asyncio.Event()

    @property
    def heard_s(self) -> float:
        return self._heard / RATE

    async def play(self, pcm: Pcm, rate: int) -> None:
        if self.broken:
            raise AudioError("The loudspeaker has gone.")
        self.taken.append(len(pcm))
        self.queued += len(pcm)

    async def drain(self) -> None:
        while self.queued:
            await self._news.wait()

    def listen(self, samples: int = 1_000_000) -> None:
        heard = min(samples, self.queued)
        self.queued -= heard
        self._heard += heard
        self._wake()

    def duck(self) -> None:
        self.calls.append("duck")

    def resume(self) -> None:
        self.calls.append("resume")

    def stop(self) -> None:
        self.calls.append("stop")
        self.queued = 0
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


@pytest.fixture
def hum() -> Hum:
    return Hum()


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def mouth(hum: Hum, room: Room) -> Mouth:
    return Mouth(hum, room)


async def words(text: str) -> AsyncIterator[str]:
    for word in text.split(" "):
        yield word + " "


async def settle() -> None:
    """Let everything that can happen by itself happen."""
    for _ in range(100):
        await asyncio.sleep(0)


async def complete(saying: asyncio.Task[Spoken], room: Room) -> Spoken:
    """Listen until it has been said."""
    while not saying.done():
        room.listen()
        await asyncio.sleep(0)
    return await saying


async def test_the_first_clause_is_made_before_she_has_leave_and_nothing_is_played(
    mouth: Mouth, hum: Hum, room: Room
) -> None:
    leave = asyncio.Event()
    saying = asyncio.create_task(mouth.say(words(TEXT), leave))
    await until(lambda: FIRST in hum.made)
    await settle()
    assert room.taken == [] and room.queued == 0
    leave.set()
    await until(lambda: bool(room.taken))
    assert (await complete(saying, room)).heard == TEXT


async def test_leave_can_be_taken_back_until_the_first_sound(mouth: Mouth, hum: Hum, room: Room) -> None:
    leave, written = asyncio.Event(), asyncio.Event()

    async def words() -> AsyncIterator[str]:
        await written.wait()
        yield TEXT

    async with asyncio.TaskGroup() as tasks:
        saying = tasks.create_task(mouth.say(words(), leave))
        leave.set()
        await asyncio.sleep(0.01)  # it waits for words now, with leave
        leave.clear()
        written.set()
        await until(lambda: bool(hum.made))
        await asyncio.sleep(0.01)
        assert not room.taken
        leave.set()
        await until(lambda: bool(room.taken))
        while not saying.done():
            room.listen()
            await asyncio.sleep(0)
    assert saying.result().heard == TEXT


async def test_no_more_than_one_clause_is_made_ahead(mouth: Mouth, hum: Hum, room: Room) -> None:
    saying = asyncio.create_task(mouth.say(words(TEXT + " So it is. And so on. And on."), asyncio.Event()))
    await until(lambda: len(hum.made) >= 2)
    await settle()
    assert hum.made == [FIRST, SECOND]
    saying.cancel()
    await asyncio.wait({saying})


async def test_she_returns_when_the_last_sound_has_been_played(mouth: Mouth, room: Room) -> None:
    saying = asyncio.create_task(mouth.say(words(TEXT)))
    await until(lambda: len(room.taken) == 2)
    await settle()
    assert not saying.done()
    spoken = await complete(saying, room)
    assert spoken.audio_s == pytest.approx(len(FIRST + SECOND) * PER_LETTER / RATE)
    assert (spoken.heard, spoken.unheard, spoken.stopped, spoken.error) == (TEXT, "", False, None)
    assert spoken.first_clause_at is not None and spoken.first_audio_at is not None
    assert spoken.first_clause_at <= spoken.first_audio_at


async def test_a_cancelled_reply_without_leave_is_never_heard(mouth: Mouth, room: Room) -> None:
    leave = asyncio.Event()
    saying = asyncio.create_task(mouth.say(words(TEXT), leave))
    await settle()
    saying.cancel()
    leave.set()
    await asyncio.wait({saying})
    await settle()
    assert saying.cancelled() and room.taken == [] and "stop" not in room.calls


async def test_a_cancelled_reply_leaves_nothing_queued(mouth: Mouth, room: Room) -> None:
    saying = asyncio.create_task(mouth.say(words(TEXT)))
    await until(lambda: bool(room.taken))
    room.listen(20)
    saying.cancel()
    await asyncio.wait({saying})
    await settle()
    assert saying.cancelled() and room.queued == 0


@pytest.mark.parametrize(
    ("letters", "heard", "unheard"),
    [
        (0, "", TEXT),
        (8, "I do", TEXT),
        (14, "I do like", TEXT),
        (15, FIRST, SECOND),
        (15 + 6, FIRST + " and I", SECOND),
        (15 + 18, TEXT, ""),
    ],
)
async def test_stopped_she_knows_to_the_word_what_was_heard(
    mouth: Mouth, room: Room, letters: int, heard: str, unheard: str
) -> None:
    room._heard = 12_345  # of earlier replies
    saying = asyncio.create_task(mouth.say(words(TEXT)))
    await until(lambda: len(room.taken) == 2)
    room.listen(letters * PER_LETTER)
    mouth.stop()
    spoken = await saying
    assert room.queued == 0 and spoken.stopped
    assert (spoken.heard, spoken.unheard) == (heard, unheard)


async def test_stopped_before_the_first_sound_nothing_was_heard(mouth: Mouth, room: Room) -> None:
    written: asyncio.Queue[str] = asyncio.Queue()

    async def slow() -> AsyncIterator[str]:
        while True:
            yield await written.get()

    saying = asyncio.create_task(mouth.say(slow()))
    written.put_nowait("Well I ")
    await settle()
    mouth.stop()
    spoken = await saying
    assert (spoken.heard, spoken.unheard, spoken.stopped) == ("", "Well I", True)
    assert spoken.first_audio_at is None and room.taken == []


async def test_stopping_does_not_touch_a_reply_that_has_no_leave_yet(mouth: Mouth, room: Room) -> None:
    leave = asyncio.Event()
    saying = asyncio.create_task(mouth.say(words(TEXT), leave))
    await settle()
    mouth.stop()
    leave.set()
    assert (await complete(saying, room)).heard == TEXT


async def test_stopped_in_the_very_moment_of_leave_it_stays_silent(mouth: Mouth, room: Room) -> None:
    leave = asyncio.Event()
    saying = asyncio.create_task(mouth.say(words(TEXT), leave))
    await settle()
    leave.set()
    mouth.stop()
    spoken = await saying
    assert spoken.stopped and spoken.heard == "" and spoken.unheard == TEXT
    assert room.taken == []


async def test_the_next_reply_waits_until_this_one_has_been_heard(mouth: Mouth, room: Room) -> None:
    first = asyncio.create_task(mouth.say(words(TEXT)))
    await until(lambda: len(room.taken) == 2)
    second = asyncio.create_task(mouth.say(words("And now something else.")))
    await settle()
    assert len(room.taken) == 2
    assert (await complete(first, room)).heard == TEXT
    spoken = await complete(second, room)
    assert len(room.taken) == 3 and spoken.heard == "And now something else."


async def test_it_is_told_once_and_before_the_first_sound(mouth: Mouth, room: Room) -> None:
    told: list[int] = []
    saying = asyncio.create_task(mouth.say(words(TEXT), audible=lambda: told.append(len(room.taken))))
    await complete(saying, room)
    assert told == [0]


async def test_the_language_reaches_the_voice(mouth: Mouth, hum: Hum, room: Room) -> None:
    await complete(asyncio.create_task(mouth.say(words(TEXT), language="de")), room)
    assert hum.languages == ["de", "de"]


async def test_a_duck_ends_with_the_reply(mouth: Mouth, room: Room) -> None:
    saying = asyncio.create_task(mouth.say(words(TEXT)))
    await until(lambda: bool(room.taken))
    mouth.duck()
    await complete(saying, room)
    assert room.calls == ["duck", "resume"]


async def test_a_voice_that_fails_leaves_the_words_to_be_read_to_their_end(
    mouth: Mouth, hum: Hum, room: Room
) -> None:
    hum.fails_at = "trains"
    read: list[str] = []

    async def counted() -> AsyncIterator[str]:
        async for word in words(TEXT + " So it is."):
            read.append(word)
            yield word

    spoken = await complete(asyncio.create_task(mouth.say(counted())), room)
    assert str(spoken.error) == "The voice has gone."
    assert "".join(read).strip() == TEXT + " So it is."
    assert spoken.heard == FIRST


async def test_a_playback_that_fails_is_reported_and_nothing_was_heard(mouth: Mouth, room: Room) -> None:
    room.broken = True
    spoken = await mouth.say(words(TEXT))
    assert str(spoken.error) == "The loudspeaker has gone." and spoken.heard == ""


async def test_words_that_fail_are_raised_after_what_came_before_them(mouth: Mouth, room: Room) -> None:
    async def broken() -> AsyncIterator[str]:
        yield TEXT
        raise EngineError("The model has gone.")

    saying = asyncio.create_task(mouth.say(broken()))
    await until(lambda: len(room.taken) == 2)
    with pytest.raises(EngineError, match="model"):
        await complete(saying, room)
    assert "stop" not in room.calls


async def test_a_reply_without_words_makes_no_sound(mouth: Mouth, room: Room) -> None:
    spoken = await mouth.say(words("… !"))
    assert spoken.audio_s == 0 and spoken.first_audio_at is None and room.taken == []

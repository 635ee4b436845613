"""Her mouth on a call's playback: what is sent, and what she believes was heard."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator

import numpy as np
import pytest

from bot.voice.playback import DiscordPlayback
from persona_core.speaking.mouth import Mouth
from persona_core.types import Pcm
from tests.bot.voice.test_playback import Line, frames_sent, silent, tone

TEXT = "One two three four, five six seven eight nine ten."


class Tone:
    """A voice that takes 20 ms for each letter."""

    rate = 24_000

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        yield tone(0.02 * len(text))


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def playback(line: Line) -> AsyncIterator[DiscordPlayback]:
    playback = DiscordPlayback(line, Counter())
    yield playback
    await playback.close()


async def words(text: str = TEXT) -> AsyncIterator[str]:
    for word in text.split(" "):
        yield word + " "


async def test_all_of_a_reply_is_sent_before_it_counts_as_said(line: Line, playback: DiscordPlayback) -> None:
    spoken = await Mouth(Tone(), playback).say(words())
    assert spoken.heard == TEXT and spoken.unheard == ""
    assert playback.heard_s == pytest.approx(spoken.audio_s, abs=0.001)
    assert len(line.sound) == pytest.approx(spoken.audio_s / 0.02, abs=1)


async def test_without_leave_not_a_frame_is_sent(line: Line, playback: DiscordPlayback) -> None:
    saying = asyncio.create_task(Mouth(Tone(), playback).say(words(), asyncio.Event()))
    await asyncio.sleep(0.1)
    saying.cancel()
    await asyncio.wait({saying})
    assert line.sent == [] and not playback.playing


@pytest.mark.parametrize("frames", [4, 24])
async def test_interrupted_the_words_that_were_sent_are_those_that_were_heard(
    line: Line, playback: DiscordPlayback, frames: int
) -> None:
    mouth = Mouth(Tone(), playback)
    saying = asyncio.create_task(mouth.say(words()))
    await frames_sent(line, frames)
    mouth.stop()
    spoken = await saying
    await silent(line)
    assert spoken.stopped and TEXT.startswith(spoken.heard) and TEXT.endswith(spoken.unheard)
    assert len(line.sound) - 4 - len("seven") <= len(spoken.heard) <= len(line.sound)  # a frame a letter


async def test_a_dropped_reply_falls_silent_and_the_next_is_whole(
    line: Line, playback: DiscordPlayback
) -> None:
    mouth = Mouth(Tone(), playback)
    saying = asyncio.create_task(mouth.say(words()))
    await frames_sent(line, 5)
    saying.cancel()
    await asyncio.wait({saying})
    await silent(line)
    line.sent.clear()
    spoken = await mouth.say(words("Yes, I know."))
    assert spoken.heard == "Yes, I know."
    assert len(line.sound) == pytest.approx(spoken.audio_s / 0.02, abs=1)
    assert np.abs(line.heard()).max() > 9000

"""The browser as microphone and loudspeaker, without one."""

from __future__ import annotations

import asyncio
from collections import Counter

import numpy as np
import pytest

from cogs.overlay.browser_line import AHEAD_S, MOST_WAITING, BrowserLine, BrowserMicrophone, BrowserSpeaker
from cogs.overlay.ports import Json
from persona_core.types import Person
from tests.until import until

TOM = Person("desk:tom", "Tom")
RATE = 24_000


class Clock:
    now = 5.0

    def __call__(self) -> float:
        return self.now


class Browser:
    """Plays what it is sent when it is told to."""

    def __init__(self) -> None:
        self.sent: list[Json | bytes] = []
        self.speaker = BrowserSpeaker(self.sent.append)

    @property
    def samples(self) -> int:
        return sum((len(one) - 4) // 2 for one in self.sent if isinstance(one, bytes))

    @property
    def stretch(self) -> int:
        return int.from_bytes([one for one in self.sent if isinstance(one, bytes)][-1][:4], "little")

    def messages(self, do: str) -> list[Json]:
        return [one for one in self.sent if isinstance(one, dict) and one["do"] == do]


def sound(seconds: float) -> np.ndarray:
    return np.ones(round(RATE * seconds), np.int16)


async def test_little_is_sent_ahead_of_what_was_played() -> None:
    browser = Browser()
    await browser.speaker.play(sound(2.0), RATE)
    await until(lambda: browser.samples > 0)
    await asyncio.sleep(0.05)
    assert AHEAD_S * RATE <= browser.samples <= (AHEAD_S + 0.1) * RATE
    draining = asyncio.create_task(browser.speaker.drain())
    while not draining.done():
        browser.speaker.on_played(browser.stretch, browser.samples)
        await asyncio.sleep(0)
    assert browser.samples == 2 * RATE and browser.speaker.heard_s == pytest.approx(2.0)


async def test_a_stop_counts_what_was_heard_and_what_comes_late_does_not_count() -> None:
    browser = Browser()
    await browser.speaker.play(sound(1.0), RATE)
    await until(lambda: browser.samples > 0)
    stretch = browser.stretch
    browser.speaker.on_played(stretch, RATE // 4)
    browser.speaker.stop()
    assert browser.speaker.heard_s == pytest.approx(0.25) and browser.messages("stop")
    browser.speaker.on_played(stretch, RATE)  # it was on its way
    assert browser.speaker.heard_s == pytest.approx(0.25)
    await browser.speaker.drain()
    await browser.speaker.play(sound(0.1), RATE)
    await until(lambda: browser.stretch > stretch)
    browser.speaker.on_played(browser.stretch, 10 * RATE)  # no more than was sent
    assert browser.speaker.heard_s == pytest.approx(0.35)


async def test_a_page_that_plays_nothing_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.overlay.browser_line.STALLED_S", 0.05)
    browser, stalled = Browser(), list[bool]()
    browser.speaker.stalled = lambda: stalled.append(True)
    await browser.speaker.play(sound(2.0), RATE)
    await asyncio.wait_for(browser.speaker.drain(), 5)
    assert stalled and browser.messages("voice")[0]["on"] is False
    await browser.speaker.play(sound(1.0), RATE)  # nothing happens
    browser.speaker.open()
    before = browser.samples
    await browser.speaker.play(sound(0.1), RATE)
    await until(lambda: browser.samples > before)


async def test_ducking_and_another_rate_are_told() -> None:
    browser = Browser()
    browser.speaker.duck()
    browser.speaker.resume()
    assert [one["on"] for one in browser.messages("duck")] == [True, False]
    for rate in (RATE, 16_000):
        await browser.speaker.play(np.ones(rate // 10, np.int16), rate)
        await until(lambda: browser.speaker._rate == rate and not browser.speaker._blocks)  # noqa: B023
        browser.speaker.on_played(browser.stretch, 10**9)
    assert [one["rate"] for one in browser.messages("sound")] == [RATE, 16_000]
    assert browser.speaker.heard_s == pytest.approx(0.2)


async def test_frames_follow_on_one_another_on_the_conversation_s_clock() -> None:
    clock, counts = Clock(), Counter[str]()
    microphone = BrowserMicrophone(TOM, counts, clock)
    microphone.open(48_000)
    for _ in range(3):
        assert microphone.hear(bytes(1920))
    clock.now = 9.0  # the browser was busy
    assert microphone.hear(bytes(1920))
    microphone.pause()
    frames = microphone.frames()
    found = [await anext(frames) for _ in range(5)]
    assert [round(one.at_s, 2) for one in found] == [5.0, 5.02, 5.04, 9.0, 9.02]
    assert [one.sending for one in found] == [True, True, True, True, False]
    assert {one.rate for one in found} == {48_000}


async def test_a_listener_that_is_behind_loses_the_oldest_and_it_is_counted() -> None:
    counts = Counter[str]()
    microphone = BrowserMicrophone(TOM, counts, Clock())
    microphone.open(48_000)
    for _ in range(MOST_WAITING + 7):
        microphone.hear(bytes(1920))
    assert counts["page: frames dropped"] == 7


async def test_a_browser_that_falls_silent_has_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.overlay.browser_line.STILL_S", 0.05)
    microphone = BrowserMicrophone(TOM, Counter(), Clock())
    microphone.open(48_000)
    microphone.hear(bytes(1920))
    frames = microphone.frames()
    assert [(await anext(frames)).sending for _ in range(2)] == [True, False]


async def test_what_is_forgotten_waits_no_longer_and_a_closed_line_ends() -> None:
    line = BrowserLine(TOM, lambda message: None, Counter(), Clock())
    line.transport.open(48_000)
    line.transport.hear(bytes(1920))
    assert not line.quiet
    line.forget(TOM.id)
    await line.close()
    assert [frame async for frame in line.transport.frames()] == []
    assert not await line.wait_until_may_speak(1.0)

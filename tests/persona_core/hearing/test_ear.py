"""One person's frames become segments with the right borders, whatever the rate."""

from __future__ import annotations

import numpy as np
import pytest

from persona_core.hearing.ear import Began, Ear, EarEvent, Paused, Segment, Stirred, Stopped, WentOn
from persona_core.hearing.segmenter import Segmenter, SegmenterSettings
from persona_core.types import EAR_RATE, Frame, Person, Samples

ANN = Person("ann", "Ann")


class LoudIsSpeech:
    def probability(self, window: Samples) -> float:
        return float(np.abs(window).max() > 0.1)


def sound(rate: int, *parts: tuple[float, float]) -> np.ndarray:
    """Parts of (seconds, loudness), as a 200 Hz tone."""
    pieces = [np.sin(np.arange(int(s * rate)) * 2 * np.pi * 200 / rate) * a for s, a in parts]
    return (np.concatenate(pieces) * 32767).astype(np.int16)


def listen(pcm: np.ndarray, rate: int, start_s: float = 0.0, skip: range = range(0)) -> list[EarEvent]:
    ear = Ear(ANN, LoudIsSpeech(), Segmenter(SegmenterSettings(longest_s=0.7)))
    step = rate // 50
    events: list[EarEvent] = []
    for i in range(0, len(pcm), step):
        if i // step not in skip:
            events += ear.hear(Frame(ANN, pcm[i : i + step], rate, start_s + i / rate))
    return events + ear.finish()


def segments(events: list[EarEvent]) -> list[Segment]:
    return [e.segment for e in events if isinstance(e, Stopped) and e.segment]


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
def test_a_segment_begins_and_ends_with_the_speech(rate: int) -> None:
    events = listen(sound(rate, (1, 0), (2, 0.5), (2, 0)), rate, start_s=10)
    (segment,) = segments(events)
    assert segment.started_s == pytest.approx(10.7, abs=0.15)  # with what led up to it
    assert segment.ended_s == pytest.approx(13.0, abs=0.1)
    assert segment.noticed_s == pytest.approx(13.7, abs=0.1)
    assert len(segment.samples) / EAR_RATE == pytest.approx(2.5, abs=0.15)
    assert [type(event) for event in events] == [Stirred, Began, Paused, Stopped]


def test_missing_frames_are_silence_and_keep_the_time() -> None:
    pcm = sound(48000, (1, 0.5), (60, 0), (1, 0.5), (1, 0))
    first, second = segments(listen(pcm, 48000, skip=range(52, 3048)))
    assert first.ended_s == pytest.approx(1.0, abs=0.1)
    assert second.ended_s == pytest.approx(62.0, abs=0.1)


def test_speech_until_the_end_of_the_stream_is_not_lost() -> None:
    (segment,) = segments(listen(sound(16000, (1, 0), (1, 0.5)), 16000))
    assert segment.ended_s == pytest.approx(2.0, abs=0.1)


def test_an_hour_without_a_pause_stays_in_pieces_a_recogniser_can_take() -> None:
    parts = segments(listen(sound(8000, (100, 0.5)), 8000))
    assert all(len(part.samples) / EAR_RATE <= 29 for part in parts)
    assert sum(len(part.samples) for part in parts) / EAR_RATE == pytest.approx(100, abs=0.2)


def test_a_pause_gives_what_was_said_until_then_and_says_how_it_sounded() -> None:
    events = listen(sound(16000, (2, 0.001), (2, 0.5), (0.5, 0), (1, 0.5), (1, 0)), 16000)
    first, second = [event.segment for event in events if isinstance(event, Paused)]
    assert first.ended_s == pytest.approx(4.0, abs=0.1) and second.ended_s == pytest.approx(5.5, abs=0.1)
    assert first.sound.voiced_s == pytest.approx(2.0, abs=0.1)
    assert first.sound.level_db == pytest.approx(-9.0, abs=1)  # a sine of half the full scale
    assert first.sound.noise_db == pytest.approx(-63.0, abs=1)
    assert first.sound.mean_probability == first.sound.peak_probability == 1.0


def test_a_closed_microphone_is_a_pause_at_once() -> None:
    ear = Ear(ANN, LoudIsSpeech(), Segmenter())
    pcm = sound(48000, (1, 0.5))
    frames = [Frame(ANN, pcm[i : i + 960], 48000, i / 48000) for i in range(0, 48000, 960)]
    events = [event for frame in frames for event in ear.hear(frame)]
    assert not any(isinstance(event, Paused) for event in events)
    (pause,) = ear.hear(Frame(ANN, np.zeros(960, np.int16), 48000, 1.0, sending=False))
    assert isinstance(pause, Paused) and pause.segment.talk_ended


@pytest.mark.parametrize(("opens", "borders"), [(False, [Paused, Stopped]), (True, [Paused, WentOn])])
def test_a_microphone_that_opens_again_lets_its_owner_go_on(opens: bool, borders: list[type]) -> None:
    ear = Ear(ANN, LoudIsSpeech(), Segmenter(SegmenterSettings(longest_s=0.5)))
    # one second of speech, a pause of 0.6 s in whose last 0.2 s it may be open again, and speech again
    pcm = sound(48000, (1, 0.5), (0.6, 0), (0.1, 0.5))
    events = []
    for i in range(0, len(pcm), 960):
        at_s = i / 48000
        closed = 1.0 <= at_s < (1.4 if opens else 1.6)
        events += ear.hear(Frame(ANN, pcm[i : i + 960], 48000, at_s, sending=not closed))
    assert [type(event) for event in events if isinstance(event, Paused | WentOn | Stopped)] == borders

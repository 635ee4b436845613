"""What everybody's ears learn and guess, with loudness for speech and a recogniser that knows the words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from persona_core.hearing.ears import Ears
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.hearing.takes import Began, EarsEvent, Ended, Guessed, Likely, Weighed
from persona_core.persona import Hearing
from persona_core.ports import EndOfTurn
from persona_core.types import EAR_RATE, Frame, Person, Samples, Speech, Transcript

ANN = Person("test:ann", "Ann")
FRAME = EAR_RATE // 50  # 20 ms


class Loudness:
    def open(self) -> Loudness:
        return self

    def probability(self, window: Samples) -> float:
        return float(np.abs(window).max() > 0.05)


class Reader:
    """Hears one text; every ``lost`` final one has no words in it, nor the first of those asked for ``in_circles``."""

    def __init__(
        self, text: str = "I would like to go home.", lost: bool = False, in_circles: bool = False
    ) -> None:
        self.text, self.lost, self.in_circles = text, lost, in_circles
        self.drafts: list[bool] = []
        self.lost_before: list[bool] = []

    async def transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        self.drafts += [one.draft for one in speech]
        self.lost_before += [one.lost for one in speech]
        if self.in_circles:
            self.in_circles = False
            return [Transcript("", "en", 1.0, -0.1, lost=True) for _ in speech]
        return [
            Transcript("" if self.lost and not one.draft else self.text, "en", 1.0, -0.2) for one in speech
        ]


class Talk:
    """Feeds Ann's sound, and keeps what is told."""

    def __init__(self, ears: Ears, told: list[EarsEvent]) -> None:
        self.ears, self.told = ears, told
        self._at_s = 0.0

    async def say(
        self, seconds: float, loud: float = 0.5, closes: bool = False, others: Sequence[Person] = ()
    ) -> None:
        """``others`` talk meanwhile."""
        for _ in range(round(seconds * 50)):
            pcm = np.full(FRAME, round(loud * 32767), np.int16)
            self.ears.hear(Frame(ANN, pcm, EAR_RATE, self._at_s, sending=not closes))
            for other in others:
                self.ears.hear(Frame(other, np.full(FRAME, 16_000, np.int16), EAR_RATE, self._at_s))
            self._at_s += 0.02
            await asyncio.sleep(0)
        await self.ears.understood()

    async def be_silent(self, seconds: float, closes: bool = False) -> None:
        await self.say(0.1, 0.0, closes)  # until the pause has been weighed
        await self.say(seconds - 0.1, 0.0, closes)

    def patience_s(self) -> float:
        return [event.patience_s for event in self.told if isinstance(event, Weighed)][-1]

    def texts(self) -> list[str]:
        return [event.utterance.text for event in self.told if isinstance(event, Ended) and event.utterance]


@asynccontextmanager
async def talk(stt: Reader | None = None, end_of_turn: EndOfTurn | None = None) -> AsyncIterator[Talk]:
    told: list[EarsEvent] = []
    hearing = Hearing(Loudness(), stt or Reader(), SegmenterSettings(longest_s=1.9), "en", end_of_turn)
    ears = Ears(hearing, told.append)
    work = asyncio.create_task(ears.work())
    yield Talk(ears, told)
    work.cancel()


async def test_who_lets_go_of_a_key_at_the_end_is_waited_for_while_they_hold_it() -> None:
    async with talk() as ann:
        await ann.say(1.5)
        await ann.be_silent(0.2)
        unknown_s = ann.patience_s()
        await ann.be_silent(2.0)
        for _ in range(6):
            await ann.say(1.5)
            await ann.be_silent(2.5, closes=True)
        await ann.say(1.5)
        await ann.be_silent(0.2)
        assert ann.patience_s() > unknown_s
        await ann.be_silent(0.5, closes=True)
        assert ann.patience_s() < unknown_s


async def test_whoever_goes_on_right_after_the_end_is_given_longer_the_next_time() -> None:
    async with talk(Reader("I would like to go")) as ann:
        patience = []
        for _ in range(5):
            await ann.say(1.5)
            await ann.be_silent(0.2, closes=True)
            patience.append(ann.patience_s())
            await ann.be_silent(1.5)
        assert patience[-1] > patience[0]


async def test_how_somebody_speaks_is_known_after_their_stream_has_ended() -> None:
    async with talk() as ann:
        await ann.say(1.5)
        await ann.be_silent(0.2)
        unknown_s = ann.patience_s()
        await ann.be_silent(2.0)
        for _ in range(6):
            await ann.say(1.5)
            await ann.be_silent(2.5, closes=True)
            ann.ears.finish(ANN.id)
        await ann.say(1.5)
        await ann.be_silent(0.2)
        assert ann.patience_s() > unknown_s


async def test_a_text_is_guessed_before_it_has_been_worked_out() -> None:
    async with talk() as ann:
        await ann.say(2.0)
        await ann.be_silent(2.5)
        kinds = [type(event) for event in ann.told]
        assert kinds.index(Guessed) < kinds.index(Likely) < kinds.index(Ended)
        guessed = next(event.utterance for event in ann.told if isinstance(event, Guessed))
        assert guessed == next(event.utterance for event in ann.told if isinstance(event, Ended))


async def test_words_that_were_sure_are_kept_where_the_last_attempt_gets_lost() -> None:
    async with talk(Reader(lost=True)) as ann:
        await ann.say(2.0)
        await ann.be_silent(2.5)
        assert ann.texts() == ["I would like to go home."]


async def test_only_partial_texts_are_drafts() -> None:
    stt = Reader()
    async with talk(stt) as ann:
        await ann.say(2.0)
        await ann.be_silent(2.5)
        assert stt.drafts[0] and not stt.drafts[-1] and stt.drafts.count(False) == 1


async def test_where_the_recogniser_got_lost_once_it_takes_care_until_the_end_of_the_utterance() -> None:
    stt = Reader(in_circles=True)
    async with talk(stt) as ann:
        await ann.say(2.0)
        await ann.be_silent(2.5)
        assert stt.lost_before == [False] + [True] * (len(stt.lost_before) - 1)
        assert ann.texts() == ["I would like to go home."]
        stt.lost_before.clear()
        await ann.say(2.0)
        await ann.be_silent(2.5)
        assert stt.lost_before and not any(stt.lost_before)


@pytest.mark.parametrize(("probability", "waits"), [(0.99, False), (0.001, True)])
async def test_what_the_language_model_thinks_of_a_pause_counts(probability: float, waits: bool) -> None:
    async with talk() as ann:
        await ann.say(1.5)
        await ann.be_silent(0.2)
        before_s = ann.patience_s()
        take = next(event.take for event in ann.told if isinstance(event, Began))
        said = next(event.utterance for event in ann.told if isinstance(event, Likely))
        ann.ears.completed(take, said, probability)
        assert (ann.patience_s() > before_s) is waits
        assert (ann.patience_s() < before_s) is not waits or before_s == 0.7


async def test_a_pause_is_no_end_while_the_language_model_is_asked() -> None:
    async with talk() as ann:
        await ann.say(1.5)
        await ann.be_silent(0.2)
        take = next(event.take for event in ann.told if isinstance(event, Began))
        said = next(event.utterance for event in ann.told if isinstance(event, Likely))
        ann.ears.read(take, said)
        ann.ears._wait_for_end(*next(ann.ears._pausing(take, said)))
        await ann.be_silent(1.2)
        assert not ann.texts()
        ann.ears.completed(take, said, 0.99)
        await ann.be_silent(0.2)
        assert ann.texts() == [said.text]


class Sound:
    """Always sounds unfinished."""

    asked = 0

    async def probability(self, samples: Samples) -> float:
        self.asked += 1
        return 0.01


@pytest.mark.parametrize(("probability", "asked"), [(0.3, 1), (0.99, 0)])
async def test_the_sound_is_asked_after_the_words_and_only_where_it_matters(
    probability: float, asked: int
) -> None:
    sound = Sound()
    async with talk(end_of_turn=sound) as ann:
        told = ann.ears._tell

        def tell(event: EarsEvent) -> None:
            told(event)
            if isinstance(event, Likely):
                ann.ears.read(event.take, event.utterance)

        ann.ears._tell = tell
        await ann.say(1.5)
        await ann.be_silent(0.3)
        assert sound.asked == 0
        said = next(event for event in ann.told if isinstance(event, Likely))
        ann.ears.completed(said.take, said.utterance, probability)
        await ann.be_silent(0.1)
        assert sound.asked == asked
        assert (ann.patience_s() > 0.7) is bool(asked)


@pytest.mark.parametrize(("others", "waits"), [(0, True), (1, True), (2, False)])
async def test_nobody_is_waited_for_in_a_crowd(others: int, waits: bool) -> None:
    people = [Person(f"test:{n}", f"Bob {n}") for n in range(others)]
    async with talk(Reader("I would like to go to the")) as ann:
        await ann.say(2.0, others=people)
        await ann.say(0.4, 0.0, others=people)
        assert (ann.patience_s() > 1.0) is waits

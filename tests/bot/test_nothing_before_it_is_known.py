"""Five pairs of utterances whose last word flips the answer: nothing is spoken before that word is known.

A moment's silence before the last word tempts her to begin too soon. Whatever she thinks meanwhile, all
that is ever spoken is the answer to the whole of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from persona_core.types import EAR_RATE
from tests.benchmarks.live.sounds import Clip, clip, spoken
from tests.benchmarks.live.stage import Room, stage
from tests.scripted_model import Messages, ScriptedModel

ANSWER_S = 240.0  # on a machine that is ten times slower
HESITATION = EAR_RATE // 5  # with the breath before a word, shorter than any silence that ends a turn
BREATH_S = 0.1  # a soft first consonant may go unnoticed for so long
PAIRS = (
    ("On my birthday everybody gave me", "flowers", "spiders"),
    ("The next train to Berlin leaves", "today", "tomorrow"),
    ("My sister wants to marry a", "doctor", "monster"),
    ("The door to the garden is", "open", "locked"),
    ("The result of my test was", "wonderful", "terrible"),
)
LINES = [(begins, last) for begins, *words in PAIRS for last in words]
TOO_SOON = "You have not told me the end of it."


def answer(messages: Messages) -> str:
    last = last_word(messages[-1]["content"])
    return answer_to(last) if any(last in pair for pair in PAIRS) else TOO_SOON


def last_word(text: str) -> str:
    return text.casefold().rstrip(" .!?").split()[-1]


def answer_to(last: str) -> str:
    return f"So it is {last}, and that changes a lot."


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(answer) as model:
        yield model


@pytest.fixture(scope="module")
def room(model: ScriptedModel, weights: Callable[[str], Path]) -> Iterator[Room]:
    weights("whisper-base"), weights("piper-en_US-joe-medium")
    with stage(**model.env()) as scene:
        yield scene.room(["Ann"])


def hesitating(begins: str, last: str) -> Clip:
    start, end = spoken([f"{begins}.", f"{last}."])
    pause = np.zeros(HESITATION, np.float32)
    most = start.samples[: round(start.ends_s * EAR_RATE)]
    word = end.samples[round((end.begins_s - BREATH_S) * EAR_RATE) :]
    return clip(last, np.concatenate([most, pause, word]))


@pytest.mark.parametrize(("begins", "last"), LINES)
def test_only_the_answer_to_the_whole_utterance_is_spoken(
    room: Room, model: ScriptedModel, begins: str, last: str
) -> None:
    began = time.perf_counter()
    moments = room.say(hesitating(begins, last)).wait()

    def answered() -> bool:
        return bool(room.told("said", began)) and not room.unanswered(began)

    room.stage.wait(answered, ANSWER_S, "she does not answer")
    room.stage.wait(lambda: room.her.quiet_s() > 1, ANSWER_S, "she does not end")
    heard, said = room.told("heard", began), room.told("said", began)
    assert [last_word(each["text"]) for each in heard] == [last]
    assert [each["text"] for each in said] == [answer_to(last)]
    assert last in {last_word(messages[-1]["content"]) for messages in model.asked}
    audible_at = room.her.audible_at(began)
    assert audible_at is not None and audible_at > moments.last_speech

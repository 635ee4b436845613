"""A scripted scene of five people in a call: who is answered, who is not, and what is kept when she is stopped.

Ann asks Mira something. Bob and Carl talk to each other. Dan asks Mira for a story, and Eve interrupts it with
a question about what Bob asked Carl. The model is scripted, so that every answer names the line it is to; all
else is the bot as shipped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.live.hearing import HeardFrame
from tests.benchmarks.live.overlap import story
from tests.benchmarks.live.sounds import at_ear_rate, spoken
from tests.benchmarks.live.stage import Moments, Room, Told, stage
from tests.scripted_model import Messages, ScriptedModel
from tests.words import word_error_rate

PEOPLE = ("Ann", "Bob", "Carl", "Dan", "Eve")
PATIENCE_S = 240.0  # on a machine that is ten times slower
STORY_HEARD_S = 5.0  # before Eve has had enough
TURN_TAKEN_S = 5.0  # for an answer that must not come
LINES = {
    "Ann": "Mira, what is your favourite season?",
    "Bob": "Carl, did you feed the dog this morning?",
    "Carl": "Yes, Bob, I gave him his breakfast at seven.",
    "Dan": "Mira, please tell us a long story.",
    "Eve": "Mira, stop, please. What did Bob ask Carl?",
}
SEASON = "I like autumn, because then the pears are ripe."
STORY = story()
DOG = "He wanted to know about the dog and its breakfast."
NOT_ASKED = "Nobody has asked me that."


def answer(messages: Messages) -> str:
    asked = " ".join(re.findall(r"\w+", messages[-1]["content"].casefold().splitlines()[-1]))
    cues = {"season": SEASON, "long story": STORY, "bob ask": DOG}
    return next((text for cue, text in cues.items() if cue in asked), NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Scene:
    """What was seen of it."""

    began: float
    room: Room
    prompts: Sequence[Messages]
    from_story_on: Sequence[HeardFrame]  # what Ann heard of her from Dan's line on, Eve's answer included
    others_talk: tuple[float, float]  # Bob's first sound, and the moment before Dan's line

    @property
    def said(self) -> list[Told]:
        return self.room.told("said", self.began)

    def answer_to(self, name: str) -> Told | None:
        who = f"discord:{self.room.people[PEOPLE.index(name)].id}"
        answers = [said for said in self.said if any(each["who"] == who for each in said["answers"])]
        assert len(answers) <= 1
        return answers[0] if answers else None


@pytest.fixture(scope="module")
def scene(weights: Callable[[str], Path]) -> Iterator[Scene]:
    weights("whisper-base"), weights("piper-en_US-joe-medium")
    with ScriptedModel(answer) as model, stage(**model.env()) as made:
        yield play(made.room(PEOPLE), model)


def play(room: Room, model: ScriptedModel) -> Scene:
    began = time.perf_counter()
    say(room, "Ann")
    wait_for_answer(room, began)
    bob = say(room, "Bob")
    say(room, "Carl")
    room.stage.wait(lambda: len(room.told("heard", began)) >= 3, PATIENCE_S, "Bob and Carl are not heard")
    with suppress(TimeoutError):  # which is what should happen
        room.stage.wait(lambda: room.her.audible_at(bob.first_speech), TURN_TAKEN_S, "")
    before_dan = time.perf_counter()
    say(room, "Dan")
    room.stage.wait(lambda: heard_s(room, before_dan) > STORY_HEARD_S, PATIENCE_S, "there is no story")
    eve = say(room, "Eve")
    wait_for_answer(room, eve.first_speech, "breakfast")
    from_story_on = [frame for frame in room.her.frames(before_dan) if frame.voiced]
    return Scene(began, room, list(model.asked), from_story_on, (bob.first_speech, before_dan))


def say(room: Room, name: str) -> Moments:
    (line,) = spoken([LINES[name]])
    return room.say(line, PEOPLE.index(name)).wait()


def wait_for_answer(room: Room, since: float, word: str = "") -> None:
    def over() -> bool:
        answered = any(word in said["text"] for said in room.told("said", since))
        return answered and room.her.quiet_s() > 1

    try:
        room.stage.wait(over, PATIENCE_S, "she does not answer")
    except TimeoutError:
        heard, said = ([told["text"] for told in room.told(kind, since)] for kind in ("heard", "said"))
        pytest.fail(f"heard {heard} and said {said}, but nothing with {word!r}")


def heard_s(room: Room, since: float) -> float:
    return sum(frame.voiced for frame in room.her.frames(since)) * 0.02


def test_who_calls_her_by_name_is_answered(scene: Scene) -> None:
    answers = {name: scene.answer_to(name) for name in ("Ann", "Dan", "Eve")}
    assert all(answers.values()), answers
    assert [answers[name]["text"] for name in ("Ann", "Eve")] == [SEASON, DOG]


def test_two_people_who_talk_to_each_other_are_left_alone(scene: Scene) -> None:
    assert scene.answer_to("Bob") is None and scene.answer_to("Carl") is None
    assert NOT_ASKED not in [said["text"] for said in scene.said]
    began, ended = scene.others_talk
    audible_at = scene.room.her.audible_at(began)
    assert audible_at is None or audible_at > ended


def test_what_they_said_to_each_other_is_known_to_her(scene: Scene) -> None:
    known = " ".join(message["content"] for message in scene.prompts[-1]).casefold()
    assert "feed the dog" in known and "breakfast at" in known


def test_after_an_interruption_only_what_was_heard_is_kept(
    scene: Scene, weights: Callable[[str], Path]
) -> None:
    *_, kept = [message["content"] for message in scene.prompts[-1] if message["role"] == "assistant"]
    words = STORY.split()
    pairs = zip(words, kept.split(), strict=False)
    count = len(list(takewhile(lambda pair: pair[0] == pair[1].rstrip("…-—"), pairs)))
    assert 0 < count < len(words), kept
    heard = transcribed(scene.from_story_on, weights("whisper-base"))
    assert word_error_rate(" ".join([*words[:count], DOG]), heard) <= 0.3, (heard, kept)


def transcribed(frames: Sequence[HeardFrame], model: Path) -> str:
    from faster_whisper import WhisperModel

    sound = np.concatenate([frame.sound for frame in frames]).astype(np.float32) / 32768
    segments, _ = WhisperModel(str(model), compute_type="int8").transcribe(
        at_ear_rate(sound, 48_000), language="en"
    )
    return " ".join(segment.text.strip() for segment in segments)

"""Among several people she can tell what is said to her."""

from __future__ import annotations

import pytest

from persona_core.hearing.addressee import Addressed, Line, Scene, addressed
from persona_core.hearing.sounds_like import sound_of, unlikeness
from tests.benchmarks.addressed import f1, labelled

HER, ROOM, OTHERS = Addressed.HER, Addressed.ROOM, Addressed.OTHERS


def scene(
    *earlier: str, silence_s: float = 1.0, her: str = "Mira", names: tuple[str, ...] = ("Tom", "Jo Ann")
) -> Scene:
    """Kay is about to speak after ``earlier``, each "Name: text"; between two lines there is a second."""
    lines = []
    at_s = 100.0 - silence_s
    for said in reversed(earlier):
        name, text = said.split(": ", 1)
        lines.append(Line(None if name == her else f"test:{name}", name, text, at_s))
        at_s -= len(text) / 15 + 1
    return Scene(her, ("Professor",), names, tuple(reversed(lines)), 100.0, "test:Kay")


def test_with_nobody_else_present_everything_is_for_her() -> None:
    assert addressed("Tom told me that yesterday.", scene(names=())) is HER


@pytest.mark.parametrize(
    "text",
    [
        "Mira, what time is it?",
        "mira what time is it",
        "Hey Mira.",
        "hey mira shout out the new one",
        "Mira!",
        "Okay, so Mira, tell me about the sea.",
        "What do you think, Mira?",
        "who made you mira",
        "I wonder, Mira, if that is true.",
        "Good night, Tom. Good night, Mira.",
        "Thank you so much Mira.",
        "Tom and Mira, can you two help me?",
        "Professor, how do you spell it?",
        "Mira is it raining",
        "Dis, Mira, il pleut demain ?",
        "Sag mal Mira, wie spät ist es?",
        "Oye Mira, ¿qué hora es?",
    ],
)
def test_whoever_calls_her_by_name_is_heard(text: str) -> None:
    assert addressed(text, scene("Tom: I like it here.")) is HER


@pytest.mark.parametrize(
    "text",
    [
        "Mira told me about it.",
        "Ask Mira later.",
        "I asked Mira.",
        "Mira's answer was better.",
        "I said, Mira, you can't do that.",
        "We could go with Mira and Tom.",
        "Mira is the best.",
        "Die Mira ist klug.",
        "Frag doch einfach Mira.",
    ],
)
def test_talk_about_her_is_not_talk_to_her(text: str) -> None:
    assert addressed(text, scene("Tom: I like it here.")) is OTHERS


@pytest.mark.parametrize(
    ("her", "text"),
    [
        ("Mira", "Mirror, what's the weather like?"),
        ("Mira", "Hey Meera, tell us a joke."),
        ("Mira", "Mere a, what time is it?"),
        ("Athena", "Ah, Fina."),
        ("Athena", "Athina, when is it due?"),
        ("Amelia", "Melia."),
        ("Computer", "Hey commuter, who won?"),
        ("Luna", "lunar how do you do that"),
    ],
)
def test_her_name_is_known_as_the_recogniser_wrote_it(her: str, text: str) -> None:
    assert addressed(text, scene("Tom: I like it here.", her=her)) is HER


@pytest.mark.parametrize(
    ("her", "text"),
    [
        ("Mira", "I can see myself in the mirror."),
        ("Mira", "More."),
        ("Nova", "Never."),
        ("Nova", "No, no, I'm fine."),
        ("Luna", "The lunar map is better."),
        ("Computer", "My computer is too slow."),
        ("Athena", "I feel it."),
    ],
)
def test_ordinary_words_are_not_taken_for_her_name(her: str, text: str) -> None:
    assert addressed(text, scene("Tom: I like it here.", her=her)) is OTHERS


def test_a_person_whose_name_sounds_like_hers_is_that_person() -> None:
    assert addressed("Meera, can you pass the salt?", scene(names=("Tom", "Meera"))) is OTHERS


def test_her_name_as_the_answer_to_a_question_is_no_call() -> None:
    assert addressed("Athena.", scene("Tom: Who was born from the head of Zeus?", her="Athena")) is OTHERS
    assert addressed("Athena.", scene("Tom: I am parked at the depot.", her="Athena")) is HER


@pytest.mark.parametrize(
    "text", ["Tom, can you help me?", "Can you help me, Jo?", "Was meinst du, Tom?", "Mum, look!"]
)
def test_a_call_to_somebody_else_is_theirs_even_right_after_her_words(text: str) -> None:
    assert addressed(text, scene("Kay: Mira, who won?", "Mira: Nobody did.")) is OTHERS


@pytest.mark.parametrize(
    "text",
    [
        "And the year before?",
        "Are you sure?",
        "Thanks.",
        "No, I meant the other one.",
        "Say it again, please.",
    ],
)
def test_who_was_answered_goes_on_without_her_name(text: str) -> None:
    assert addressed(text, scene("Kay: Mira, who won?", "Mira: Nobody did.")) is HER


def test_an_answer_to_her_question_is_for_her() -> None:
    assert (
        addressed("In Lisbon.", scene("Tom: Mira, ask us something.", "Mira: Where is the Tower of Belém?"))
        is HER
    )


def test_a_second_sentence_goes_to_whom_the_first_one_went() -> None:
    assert addressed("It was about a fish.", scene("Kay: Mira, I had a dream.")) is HER
    assert addressed("It was about a fish.", scene("Kay: Tom, I had a dream.")) is OTHERS


def test_what_others_say_about_her_answer_is_for_one_another() -> None:
    earlier = ("Kay: Mira, who won?", "Mira: Nobody did.")
    assert (
        addressed("She is right, you know that.", scene("Tom: Mira, who won?", "Mira: Nobody did.")) is OTHERS
    )
    assert addressed("Mine too.", scene(*earlier, "Tom: That was my guess.")) is OTHERS


def test_an_answer_to_another_persons_question_is_theirs() -> None:
    assert addressed("Yes, of course.", scene("Mira: It is nine.", "Tom: Did you lock the car?")) is OTHERS


@pytest.mark.parametrize(
    "text",
    [
        "Does anybody know the password?",
        "Who wants tea?",
        "anyone else thirsty",
        "Hat jemand meine Jacke gesehen?",
        "¿Quién pone la mesa?",
    ],
)
def test_a_question_to_everybody_is_the_rooms(text: str) -> None:
    assert addressed(text, scene("Tom: I like it here.", silence_s=4)) is ROOM


def test_long_after_her_words_a_question_is_no_follow_up() -> None:
    earlier = ("Kay: Mira, who won?", "Mira: Nobody did.")
    assert addressed("And who lost?", scene(*earlier, silence_s=2)) is HER
    assert addressed("And who lost?", scene(*earlier, silence_s=120)) is not HER


@pytest.mark.parametrize("text", ["", " ", "…", "?", "Mira", "Mi", "明日は？", "a" * 5000, "Mira, " * 500])
def test_no_text_is_too_odd(text: str) -> None:
    for her in ("Mira", "7", "明", "Mr. Hall", ""):
        assert addressed(text, scene("Tom: ", "Mira: ?", her=her)) in Addressed


def test_unlikeness_is_none_for_the_same_sounds_and_more_for_others() -> None:
    mira = sound_of("Mira")
    heard = [unlikeness(sound_of(word), mira) for word in ("Myra", "Mila", "Miriam", "Computer")]
    assert heard == sorted(heard)
    assert heard[0] == 0
    assert heard[-1] >= 1 / 2


def test_the_labelled_scenes_are_judged_well() -> None:
    cases = list(labelled())
    assert f1([case.label for case in cases], [addressed(case.text, case.scene) for case in cases]) >= 0.9

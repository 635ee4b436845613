""" "Forget that", said aloud in a call: she asks back, and does it for nobody else's yes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from cogs import spoken_commands
from cogs.host import Refusal
from cogs.spoken_commands import UNASKED, Asked, SpokenCommands
from cogs.spoken_lines import ENGLISH, LINES
from cogs.spoken_wishes import Last
from memory.errors import StoreError
from memory.forget import Wish
from tests.cogs.running import tone
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.cogs.test_remembering import SISTER, agree, kept, say
from tests.discord_server import SimulatedMember

QUESTION = "Shall I forget what you said in the last five minutes? Say yes or no."


def aloud(scene: Scene, who: SimulatedMember, words: str, hertz: int) -> None:
    """Somebody says something and is heard."""
    scene.bot.stt.words[hertz] = words
    before = scene.heard.count((who.name, words))
    who.speak(tone(hertz, max(1.0, len(words.split()) / 5)))
    scene.wait(lambda: scene.heard.count((who.name, words)) > before, f"{who.name} is not heard")


def says(scene: Scene, line: str, times: int = 1) -> None:
    """She says this aloud."""
    scene.wait(lambda: _said(scene, line) == times, f"she does not say {line}")


def _said(scene: Scene, line: str) -> int:
    return sum(one.startswith(line) for one in scene.bot.tts.said)


def waiting(scene: Scene) -> list[Asked]:
    """What she has asked about."""
    cog = scene.bot.bot.cogs["SpokenCommands"]
    assert isinstance(cog, SpokenCommands)
    return list(cog._asked.values())


def wish(scene: Scene, who: SimulatedMember) -> None:
    """Somebody wishes for it, and is asked back."""
    before = _said(scene, QUESTION)
    aloud(scene, who, "Mira, forget that.", 600)
    says(scene, QUESTION, before + 1)
    time.sleep(0.7)  # half a second of it is played


def company(scene: Scene) -> SimulatedMember:
    """Ann and Bob, who both want to be remembered, in a call; Bob."""
    bob = scene.guild.add_member("Bob")
    bob.join(scene.lounge)
    agree(scene, scene.ann), agree(scene, bob)
    scene.join()
    scene.bot.llm.otherwise = "I see."
    return bob


def test_after_a_yes_it_is_forgotten_and_what_was_said_to_that_end_is_not_kept(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    scene.bot.llm.otherwise = "I see."
    scene.ask(scene.ann, "/captions here")
    say(scene, scene.ann, SISTER)
    posts = scene.bot.host.posts
    scene.wait(lambda: len(kept(scene)) == 2 and len(posts.of(None)) == 2, "not kept, or no captions")
    wish(scene, scene.ann)
    assert len(kept(scene)) == 2
    aloud(scene, scene.ann, "Yes, please.", 700)
    says(scene, "It is forgotten: 2 lines")
    assert kept(scene) == [] and scene.answered == [SISTER]
    scene.wait(lambda: scene.text.posts == [], "captions stay")
    assert "heard nothing from you" in scene.ask(scene.ann, "/transcript")
    say(scene, scene.ann, "where does my sister live", 800)
    prompt = str(scene.bot.llm.prompts[-1])
    assert "Lisbon" not in prompt and "forget that" not in prompt and "Yes, please" not in prompt
    scene.wait(lambda: len(kept(scene)) == 2, "she does not remember any more")


def test_anothers_yes_does_not_count_and_ones_own_things_alone_are_forgotten(scene: Scene) -> None:
    bob = company(scene)
    scene.answer_all()
    say(scene, bob, "I have a dog called Rex", 500)
    say(scene, scene.ann, SISTER)
    scene.wait(lambda: len(kept(scene)) == 4, "not kept")
    wish(scene, scene.ann)
    aloud(scene, bob, "Yes.", 700)
    scene.wait(lambda: "Yes." in scene.answered, "it is not taken for what it says")
    assert SISTER in [one.text for one in kept(scene)]
    aloud(scene, scene.ann, "Yes.", 700)
    says(scene, "It is forgotten: ")
    texts = [one.text for one in kept(scene)]
    assert "I have a dog called Rex" in texts and "Yes." in texts and SISTER not in texts


def test_after_a_no_it_is_kept(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    say(scene, scene.ann, SISTER)
    wish(scene, scene.ann)
    aloud(scene, scene.ann, "No, keep it.", 700)
    says(scene, ENGLISH.kept)
    aloud(scene, scene.ann, "Yes.", 750)
    scene.wait(lambda: "Yes." in scene.answered, "it is not taken for what it says")
    assert SISTER in [one.text for one in kept(scene)] and "No, keep it." not in scene.answered


def test_neither_the_wish_nor_a_no_is_shown_or_kept(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    scene.bot.llm.otherwise = "I see."
    scene.ask(scene.ann, "/captions here")
    say(scene, scene.ann, SISTER)
    wish(scene, scene.ann)
    aloud(scene, scene.ann, "No, keep it.", 700)
    says(scene, ENGLISH.kept)
    say(scene, scene.ann, "what is the weather like", 800)
    scene.wait(lambda: any("weather" in one.content for one in scene.text.posts), "no captions")
    shown = " ".join(one.content for one in scene.text.posts) + scene.ask(scene.ann, "/transcript")
    assert SISTER in shown and "forget that" not in shown and "keep it" not in shown
    prompt = str(scene.bot.llm.prompts[-1])
    assert "forget that" not in prompt and "keep it" not in prompt
    assert not any("forget that" in one.text or "keep it" in one.text for one in kept(scene))


def test_she_asks_back_in_the_language_she_was_asked_in(scene: Scene) -> None:
    host = scene.bot.host
    scene.bot.call(setattr, host, "persona", replace(host.persona, languages=frozenset({"en", "de"})))
    agree(scene, scene.ann)
    scene.join()
    scene.bot.llm.otherwise = "I see."
    say(scene, scene.ann, SISTER)
    scene.wait(lambda: len(kept(scene)) == 2, "not kept")
    scene.bot.stt.languages |= {600: "de", 700: "de"}
    aloud(scene, scene.ann, "Mira, vergiss das.", 600)
    says(scene, LINES["de"].ask(Last(5)))
    time.sleep(0.7)
    aloud(scene, scene.ann, "Ja, bitte.", 700)
    says(scene, LINES["de"].done({"turns": 2}))
    assert kept(scene) == []


def test_anything_else_keeps_it_and_is_answered(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    say(scene, scene.ann, SISTER)
    wish(scene, scene.ann)
    say(scene, scene.ann, "what is the weather like", 700)
    says(scene, ENGLISH.kept)
    assert SISTER in [one.text for one in kept(scene)]


def test_without_an_answer_it_is_kept_and_a_late_yes_does_not_count(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spoken_commands, "ANSWER_S", 0.2)
    monkeypatch.setattr(spoken_commands, "HEARD_S", 0.3)
    agree(scene, scene.ann)
    scene.join()
    say(scene, scene.ann, SISTER)
    wish(scene, scene.ann)
    says(scene, ENGLISH.kept)
    monkeypatch.setattr(spoken_commands, "HEARD_S", 30.0)
    wish(scene, scene.ann)
    (asked,) = waiting(scene)
    scene.wait(lambda: asked.until_at + 1.0 < time.perf_counter(), "it is not too late")
    aloud(scene, scene.ann, "Yes.", 700)
    scene.wait(lambda: "Yes." in scene.answered, "it is not taken for what it says")
    assert SISTER in [one.text for one in kept(scene)] and _said(scene, "It is forgotten") == 0


def test_of_who_is_not_remembered_the_talk_is_dropped(scene: Scene) -> None:
    scene.join()
    say(scene, scene.ann, SISTER)
    wish(scene, scene.ann)
    aloud(scene, scene.ann, "Ja, bitte.", 700)
    says(scene, "It is forgotten. I had kept nothing of it.")
    say(scene, scene.ann, "where does my sister live", 800)
    assert "Lisbon" not in str(scene.bot.llm.prompts[-1])
    assert scene.bot.host.memory.database.read("SELECT count(*) FROM tombstones") == [(0,)]


def test_among_several_she_has_to_be_named_or_talked_with(scene: Scene) -> None:
    bob = company(scene)
    aloud(scene, scene.ann, "Forget what I just said.", 600)
    time.sleep(NOT_TO_ANYBODY)
    assert _said(scene, "Shall I") == 0
    say(scene, bob, "Mira, what do you think of rain?", 500)
    aloud(scene, scene.ann, "Forget what I just said.", 600)
    time.sleep(NOT_TO_ANYBODY)
    assert _said(scene, "Shall I") == 0  # it is Bob she talks with
    say(scene, scene.ann, "Mira, what do you think of snow?", 550)
    aloud(scene, scene.ann, "Forget what I just said.", 600)
    says(scene, QUESTION)


def test_where_it_is_too_much_to_be_done_by_ear_she_says_where(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    say(scene, scene.ann, SISTER)
    aloud(scene, scene.ann, "Mira, forget everything you know about me.", 600)
    says(scene, ENGLISH.shown_first)
    assert SISTER in [one.text for one in kept(scene)] and scene.answered == [SISTER]


def test_where_she_cannot_ask_aloud_she_writes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.join()

    async def mute(self: object, text: str, language: str) -> None:
        raise Refusal("no voice")

    monkeypatch.setattr("cogs.call.Call.say", mute)
    aloud(scene, scene.ann, "Mira, forget that.", 600)
    scene.wait(lambda: scene.lounge.posts[-1].content == UNASKED, "she says nothing")
    aloud(scene, scene.ann, "Yes.", 700)
    scene.wait(lambda: "Yes." in scene.answered, "it is not taken for what it says")


def test_what_fails_is_said(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(scene, scene.ann)
    scene.join()
    say(scene, scene.ann, SISTER)
    scene.wait(lambda: len(kept(scene)) == 2, "not kept")

    def full(wishes: Sequence[Wish]) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(scene.bot.host.memory.forgetting, "forget_all", full)
    wish(scene, scene.ann)
    aloud(scene, scene.ann, "Yes.", 700)
    says(scene, ENGLISH.failed)
    assert len(kept(scene)) == 2


def test_a_question_ends_with_the_call(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    say(scene, scene.ann, SISTER)
    wish(scene, scene.ann)
    assert waiting(scene)
    scene.ask(scene.ann, "/leave")
    assert not waiting(scene)
    scene.join()
    aloud(scene, scene.ann, "Yes.", 700)
    scene.wait(lambda: "Yes." in scene.answered, "it is not taken for what it says")
    assert SISTER in [one.text for one in kept(scene)]

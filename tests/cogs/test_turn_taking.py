"""``/mode``, ``/talk`` and its button, pressed by those who may and by those who may not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from cogs.call import MOST_TALKS
from persona_core.conversation import Conversation
from persona_core.hearing.mode import Mode
from persona_core.types import Pcm, Person
from tests.cogs.running import running_bot, tone
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.discord_server import DiscordServer, Message, Permission, SimulatedMember

TALK = "Talk to me"


def mode_is(scene: Scene) -> str:
    return scene.ask(scene.ann, "/mode").split("**")[1]


def talk_buttons(scene: Scene) -> list[Message]:
    return [post for post in scene.lounge.posts if TALK in str(post.components)]


def push_to_talk(scene: Scene) -> Message:
    """A call in which she answers only who has pressed the button, which is in the message."""
    scene.join()
    assert TALK in scene.ask(scene.ann, "/mode", to="push-to-talk")
    return talk_buttons(scene)[-1]


def press(scene: Scene, who: SimulatedMember, message: Message) -> str:
    answer = scene.server.click(who, message, TALK).wait(10)
    assert all(reply.ephemeral for reply in answer.shown)
    return answer.text


def speak(scene: Scene, hertz: int) -> None:
    """Ann says something and it is heard."""
    scene.ann.speak(tone(hertz, 1.0))
    scene.wait(lambda: ("Ann", f"tone {hertz}") in scene.heard, "Ann is not heard")


def test_a_mode_is_told_kept_and_shown_to_everybody(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        assert mode_is(scene) == "addressed"
        scene.join()
        told = scene.ask(scene.ann, "/mode", to="quiet")
        assert "say nothing aloud" in told and "say nothing aloud" in scene.lounge.posts[-1].content
        assert "mode: quiet" in scene.ask(scene.ann, "/status")
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        assert mode_is(scene) == "quiet"
        scene.join()
        assert "mode: quiet" in scene.ask(scene.ann, "/status")


def test_each_channel_has_a_mode_of_its_own(scene: Scene) -> None:
    kitchen = scene.guild.add_voice_channel("Kitchen")
    scene.join()
    scene.ask(scene.ann, "/mode", to="always")
    in_kitchen = scene.server.interact(scene.ann, "/mode", channel=kitchen).wait(20).text
    assert "addressed" in in_kitchen and mode_is(scene) == "always"


def test_only_who_is_in_the_call_says_when_she_answers(scene: Scene) -> None:
    scene.join()
    sly = scene.guild.add_member("Sly", roles=(scene.guild.add_role("Staff", Permission.MANAGE_CHANNELS),))
    assert "Only somebody who is in the call" in scene.ask(sly, "/mode", to="quiet")
    assert mode_is(scene) == "addressed" and len(scene.lounge.posts) == 1


def test_without_a_call_it_takes_somebody_who_manages_the_channel(scene: Scene) -> None:
    assert "only who manages that channel" in scene.ask(scene.ann, "/mode", to="quiet")
    bob = scene.guild.add_member("Bob")
    assert "Join a voice channel first" in scene.ask(bob, "/mode", to="quiet")
    scene.guild.overwrite(scene.lounge, scene.ann, allow=Permission.MANAGE_CHANNELS)
    scene.wait(lambda: "set to" in scene.ask(scene.ann, "/mode", to="quiet"), "Ann may not")
    assert mode_is(scene) == "quiet" and scene.lounge.posts == []


def test_a_mode_cannot_be_changed_without_end(scene: Scene) -> None:
    scene.join()
    answers = [scene.ask(scene.ann, "/mode", to=mode) for mode in ("always", "quiet", "push-to-talk") * 2]
    assert ["too often" in answer for answer in answers] == [False] * 4 + [True] * 2
    assert len(scene.lounge.posts) == 2 and mode_is(scene) == "always"


def test_many_who_change_the_mode_at_once_leave_one_in_force(scene: Scene) -> None:
    told = record(scene, "set_mode")
    scene.join()
    asked = [
        scene.server.interact(scene.ann, "/mode", channel=scene.text, to=mode)
        for mode in ("always", "quiet", "push-to-talk", "addressed")
    ]
    for one in asked:
        assert "set to" in one.wait(20).text
    now = mode_is(scene)
    assert told[-1] is Mode(now) and f"**{now}**" in scene.lounge.posts[-1].content
    assert len(scene.lounge.posts) == 2


def test_being_quiet_she_hears_and_answers_in_writing_only(scene: Scene) -> None:
    scene.join()
    scene.ask(scene.ann, "/mode", to="quiet")
    aloud = len(scene.bot.tts.said)
    speak(scene, 400)
    time.sleep(NOT_TO_ANYBODY)
    assert "tone 400" not in scene.answered
    scene.ann.says(scene.lounge, f"<@{scene.server.bot.id}> what did I say?")
    scene.wait(lambda: len(scene.lounge.posts) == 4, "no answer in writing")
    assert len(scene.bot.tts.said) == aloud
    assert "tone 400" in scene.ask(scene.ann, "/transcript")


def test_with_push_to_talk_only_what_follows_the_button_is_answered(scene: Scene) -> None:
    button = push_to_talk(scene)
    speak(scene, 400)
    time.sleep(NOT_TO_ANYBODY)
    assert "tone 400" not in scene.answered
    assert "next is for me" in press(scene, scene.ann, button)
    speak(scene, 500)
    scene.wait(lambda: "tone 500" in scene.answered, "the button does nothing")
    assert "next is for me" in scene.ask(scene.ann, "/talk")
    speak(scene, 600)
    scene.wait(lambda: "tone 600" in scene.answered, "the command does nothing")


def test_the_button_is_there_as_long_as_the_mode_is(scene: Scene) -> None:
    scene.join()
    assert talk_buttons(scene) == []
    scene.ask(scene.ann, "/mode", to="push-to-talk")
    scene.wait(lambda: len(talk_buttons(scene)) == 2, "no button under the notice and the new post")
    assert all("Don't hear me" in str(post.components) for post in talk_buttons(scene)[:1])
    scene.ask(scene.ann, "/mode", to="always")
    scene.wait(lambda: talk_buttons(scene) == [], "the button stays")
    scene.ask(scene.ann, "/mode", to="push-to-talk")
    scene.ask(scene.ann, "/leave")
    assert talk_buttons(scene) == [] and len(scene.lounge.posts) == 1


def test_a_notice_given_with_push_to_talk_has_the_button(scene: Scene) -> None:
    push_to_talk(scene)
    scene.ask(scene.ann, "/leave")
    scene.join()
    (again,) = talk_buttons(scene)
    assert "next is for me" in press(scene, scene.ann, again)


def test_a_button_of_before_a_restart_still_works(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        button = push_to_talk(scene)
        components = button.components
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        old = server.call(_post_again, button, components)
        assert "in no call" in press(scene, scene.ann, old)
        scene.join()
        assert "next is for me" in press(scene, scene.ann, old)


def _post_again(message: Message, components: list[dict[str, Any]]) -> Message:
    """As if she had died before she could take it back."""
    message.deleted, message.components = False, components
    return message


def test_a_hundred_presses_are_answered_and_limited(scene: Scene) -> None:
    told = record(scene, "call_on")
    button = push_to_talk(scene)
    answers = []
    for _ in range(10):
        pressed = [scene.server.click(scene.ann, button, TALK) for _ in range(10)]
        answers += [one.wait(30).text for one in pressed]
    granted = sum("next is for me" in answer for answer in answers)
    assert MOST_TALKS <= granted == len(told) < 100
    assert granted + sum("too often" in answer for answer in answers) == 100
    speak(scene, 400)
    scene.wait(lambda: "tone 400" in scene.answered, "she does not answer any more")


def test_the_button_is_for_those_in_the_call(scene: Scene) -> None:
    told = record(scene, "call_on")
    button = push_to_talk(scene)
    sly = scene.guild.add_member("Sly")
    assert "Only somebody who is in the call" in press(scene, sly, button)
    assert "Only somebody who is in the call" in scene.ask(sly, "/talk")
    scene.ask(scene.ann, "/leave")
    assert "in no call" in scene.ask(scene.ann, "/talk") and told == []


def test_who_is_not_heard_is_told_how_to_change_that(scene: Scene) -> None:
    button = push_to_talk(scene)
    scene.ask(scene.ann, "/consent hearing", answer="off")
    assert "`/consent hearing on`" in press(scene, scene.ann, button)
    scene.ask(scene.ann, "/consent hearing", answer="on")
    assert "next is for me" in press(scene, scene.ann, button)


def test_who_has_not_agreed_yet_is_told_how_to(asking: Scene) -> None:
    asking.ask(asking.ann, "/join")
    assert "only who agrees" in asking.ask(asking.ann, "/talk")


def test_before_the_notice_is_given_nobody_can_call_on_her(scene: Scene) -> None:
    speak, told = scene.bot.tts.speak, threading.Event()

    async def held(*text: str) -> AsyncGenerator[Pcm, None]:
        await asyncio.to_thread(told.wait, 20)
        async for sound in speak(*text):
            yield sound

    scene.bot.tts.speak = held  # type: ignore[method-assign]
    joining = scene.server.interact(scene.ann, "/join", channel=scene.text)
    scene.wait(lambda: scene.lounge.posts, "no notice")
    assert "do not listen yet" in scene.ask(scene.ann, "/talk")
    told.set()
    assert "I am in" in joining.wait(20).text
    assert "next is for me" in scene.ask(scene.ann, "/talk")


def test_who_is_to_be_quiet_cannot_be_called_on(scene: Scene) -> None:
    scene.join()
    scene.ask(scene.ann, "/mode", to="quiet")
    assert "`/mode` changes that" in scene.ask(scene.ann, "/talk")


def test_a_conversation_knows_who_is_there(scene: Scene) -> None:
    told = record(scene, "set_people")
    bob = scene.guild.add_member("Bob")
    scene.ask(bob, "/consent hearing", answer="off")  # whom she does not hear can be talked to all the same
    scene.join()
    scene.wait(lambda: names(told[-1]) == ["Ann"], "she does not know of Ann")
    bob.join(scene.lounge)
    scene.wait(lambda: names(told[-1]) == ["Ann", "Bob"], "she does not know of Bob")
    bob.leave()
    scene.wait(lambda: names(told[-1]) == ["Ann"], "she does not know that Bob has gone")


def names(people: Sequence[Person]) -> list[str]:
    return sorted(person.name for person in people)


def test_being_moved_she_takes_on_the_mode_of_that_channel(scene: Scene) -> None:
    told = record(scene, "set_mode")
    push_to_talk(scene)
    kitchen = scene.guild.add_voice_channel("Kitchen")
    scene.guild.move(scene.ann, kitchen)
    scene.guild.move(scene.guild.bot, kitchen)
    scene.wait(lambda: kitchen.posts, "no notice in the kitchen")
    assert TALK not in str(kitchen.posts[0].components) and talk_buttons(scene) == []
    assert told[-2:] == [Mode.PUSH_TO_TALK, Mode.ADDRESSED]


def record(scene: Scene, method: str) -> list[Any]:
    """What her conversations are told by this method from now on, the newest last."""
    told: list[Any] = []
    conversations = scene.bot.host.conversations
    open_conversation = conversations.open

    async def watched(key: str, *, call: bool = False) -> Conversation:
        conversation = await open_conversation(key, call=call)
        do = getattr(conversation, method)

        def note(value: Any) -> None:
            told.append(value)
            do(value)

        setattr(conversation, method, note)
        return conversation

    conversations.open = watched  # type: ignore[method-assign]
    return told

"""Messages that change after she has read them: she knows them by their ids, and forgets what is deleted."""

from __future__ import annotations

import time

from tests.cogs.reviewing import press
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.cogs.test_journal import agree
from tests.cogs.test_menus import BEES, REMEMBER, answered, asked_about, notes, turns, use
from tests.discord_server import Message, SimulatedMember


def edit(scene: Scene, who: SimulatedMember, message: Message, content: str) -> None:
    messages = scene.server.service.messages
    scene.server.call(messages.edit, who.user, message, {"content": content})


def delete(scene: Scene, who: SimulatedMember, *messages: Message) -> None:
    for message in messages:
        scene.server.call(scene.server.service.messages.delete, who.user, message)


def test_a_message_that_was_edited_since_is_found_and_forgotten(scene: Scene) -> None:
    agree(scene, scene.ann)
    theirs, _ = answered(scene, BEES)
    edit(scene, scene.ann, theirs, "never mind")
    question = asked_about(scene, scene.ann, theirs)
    assert BEES in question.content
    press(scene, scene.ann, question, "Yes, forget it")
    assert turns(scene) == [] and scene.bot.host.memory.database.read("SELECT message FROM turns") == []


def test_of_two_messages_that_say_the_same_only_the_one_is_meant(scene: Scene) -> None:
    agree(scene, scene.ann)
    first, _ = answered(scene, BEES)
    answered(scene, BEES)
    assert asked_about(scene, scene.ann, first).content.count(BEES) == 1


def test_what_is_deleted_in_discord_is_forgotten_with_her_answer(scene: Scene) -> None:
    agree(scene, scene.ann)
    other, _ = answered(scene, "my dog is called Rex")
    theirs, hers = answered(scene, BEES)
    use(scene, scene.ann, REMEMBER, theirs)
    assert len(notes(scene)) == 1
    delete(scene, scene.ann, theirs)
    scene.wait(lambda: not notes(scene) and not any(BEES in one.text for one in turns(scene)), "it is kept")
    scene.wait(lambda: hers.deleted, "her answer stays")
    assert any("Rex" in one.text for one in turns(scene)) and not other.deleted


def test_what_was_only_noted_goes_as_well_when_it_is_deleted(scene: Scene) -> None:
    agree(scene, scene.ann)
    message = scene.ann.says(scene.text, BEES)
    use(scene, scene.ann, REMEMBER, message)
    delete(scene, scene.ann, scene.ann.says(scene.text, "something else"))
    time.sleep(NOT_TO_ANYBODY)
    assert len(notes(scene)) == 1
    delete(scene, scene.ann, message)
    scene.wait(lambda: not notes(scene), "the note stays")

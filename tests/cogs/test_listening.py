"""Nobody is heard before they know of it, nor after they have refused."""

from __future__ import annotations

import time
from pathlib import Path

from bot.nickname import MARK
from memory.consent import Purpose
from persona_core.conversation import Conversation
from persona_core.types import Frame
from tests.cogs.running import running_bot, tone
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.discord_server import DiscordServer


def test_joining_gives_notice_in_writing_and_aloud_before_she_listens(scene: Scene) -> None:
    answer = scene.ask(scene.ann, "/join")
    assert "May I hear you" in answer
    (notice,) = scene.lounge.posts
    assert "listening here" in notice.content and "Don't hear me" in str(notice.components)
    assert str(scene.guild.bot.nick).endswith(MARK)
    assert "I am listening" in scene.bot.tts.said[0]
    kith = scene.ann.heard["Kith"]
    assert kith.voiced and not kith.unencrypted and not kith.undecryptable


def test_nothing_is_decoded_until_the_notice_is_posted_and_spoken_to_its_end(scene: Scene) -> None:
    """Ann talks all the while; what was true when the first frame of hers reached the conversation?"""
    found: list[tuple[int, int, bool]] = []
    host = scene.bot.host
    open_conversation = host.conversations.open

    async def watched(key: str, *, call: bool = False) -> Conversation:
        conversation = await open_conversation(key, call=call)
        hear = conversation.hear

        def note(frame: Frame) -> None:
            line = host.calls.in_realm(str(scene.guild.id)).line  # type: ignore[union-attr]  # there is one
            found.append((len(scene.lounge.posts), len(scene.bot.tts.said), line.playback.playing))
            hear(frame)

        conversation.hear = note  # type: ignore[method-assign]
        return conversation

    host.conversations.open = watched  # type: ignore[method-assign]
    saying = scene.ann.speak(tone(400, 20.0))
    scene.ask(scene.ann, "/join")
    scene.wait(lambda: found, "she never listens")
    saying.stop()
    assert found[0] == (1, 1, False)


def test_of_fifty_clicks_in_a_rush_the_last_one_counts(scene: Scene) -> None:
    scene.join()
    (notice,) = scene.lounge.posts
    buttons = ["Don't hear me", "Hear me"] * 25
    for button in [*buttons, "Don't hear me"]:
        clicked = scene.server.click(scene.ann, notice, button)
    assert "do not hear you" in clicked.wait(20).text
    scene.wait(lambda: not scene.listens, "she is not deaf, with nobody to hear")
    before = scene.decoded
    scene.ann.speak(tone(400, 1.0)).wait()
    time.sleep(NOT_TO_ANYBODY)
    assert scene.decoded == before and scene.heard == []


def test_refusing_while_she_speaks_lets_her_finish_and_hears_nothing_more(scene: Scene) -> None:
    scene.join()
    scene.bot.llm.lines = ["One. Two. Three."]
    scene.ann.speak(tone(400, 1.0))
    line = scene.bot.host.calls.in_realm(str(scene.guild.id)).line  # type: ignore[union-attr]  # there is one
    scene.wait(lambda: line.playback.playing, "she does not answer")
    scene.ask(scene.ann, "/consent hearing", answer="off")
    scene.wait(lambda: not line.playback.playing, "she does not end")
    before = scene.decoded
    scene.ann.speak(tone(500, 1.0)).wait()
    time.sleep(NOT_TO_ANYBODY)
    assert scene.decoded == before and scene.heard == [("Ann", "tone 400")]
    scene.ann.says(scene.lounge, f"<@{scene.server.bot.id}> what did I say?")
    scene.wait(lambda: "Mira what did I say?" in scene.answered, "no answer in the chat")
    assert not any("tone 400" in message.content for message in scene.bot.llm.prompts[-1])


def test_what_is_said_is_heard_and_answered_aloud(scene: Scene) -> None:
    scene.join()
    scene.ann.forget_heard()
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: scene.heard, "nothing was heard")
    assert scene.heard == [("Ann", "tone 400")]
    scene.wait(lambda: scene.ann.heard.get("Kith"), "no answer aloud")


def test_one_tap_refuses_and_nothing_is_decoded_from_then_on(scene: Scene) -> None:
    scene.join()
    (notice,) = scene.lounge.posts
    answer = scene.server.click(scene.ann, notice, "Don't hear me").wait(5)
    assert answer.shown[0].ephemeral and "do not hear you" in answer.text
    scene.wait(lambda: not scene.listens, "she is not deaf, with nobody to hear")
    before = scene.decoded
    scene.ann.speak(tone(400, 1.0)).wait()
    time.sleep(NOT_TO_ANYBODY)
    assert scene.decoded == before and scene.heard == []


def test_a_newcomer_is_told_before_being_heard(scene: Scene) -> None:
    scene.join()
    bob = scene.guild.add_member("Bob")
    bob.join(scene.lounge)
    scene.wait(lambda: len(scene.lounge.posts) == 2, "no notice to Bob")
    assert scene.lounge.posts[1].content.startswith("Bob: ")
    person = f"discord:{bob.id}"
    call = scene.bot.host.calls.in_realm(str(scene.guild.id))
    assert call is not None
    scene.wait(lambda: call.may_hear(person), "Bob is never heard")
    assert len(scene.bot.tts.said) == 2 and "button" in scene.bot.tts.said[1]
    bob.speak(tone(500, 1.0))
    scene.wait(lambda: ("Bob", "tone 500") in scene.heard, "Bob is not heard")


def test_who_has_refused_before_is_neither_heard_nor_bothered(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    assert "do not hear you" in scene.ask(bob, "/consent hearing", answer="off")
    scene.join()
    bob.join(scene.lounge)
    scene.wait(lambda: scene.server.settled(scene.lounge), "the call does not settle")
    before = scene.decoded
    bob.speak(tone(500, 1.0)).wait()
    time.sleep(NOT_TO_ANYBODY)
    assert scene.decoded == before and scene.heard == [] and len(scene.lounge.posts) == 1


def test_when_asking_nobody_is_heard_until_they_agree(asking: Scene) -> None:
    asking.ask(asking.ann, "/join")
    asking.wait(lambda: asking.lounge.posts, "no notice")
    asking.ann.speak(tone(400, 1.0)).wait()
    time.sleep(NOT_TO_ANYBODY)
    assert asking.decoded == 0 and not asking.listens
    bob = asking.guild.add_member("Bob")
    bob.join(asking.lounge)
    asking.wait(lambda: len(asking.lounge.posts) == 2, "Bob is not told")
    asking.server.click(asking.ann, asking.lounge.posts[0], "Hear me").wait(5)
    asking.wait(lambda: asking.listens, "she stays deaf")
    asking.ann.speak(tone(400, 1.0)), bob.speak(tone(500, 1.0))
    asking.wait(lambda: asking.heard, "Ann is not heard")
    time.sleep(NOT_TO_ANYBODY)
    assert asking.heard == [("Ann", "tone 400")]  # Bob has not agreed
    asking.ask(bob, "/consent hearing", answer="on")
    bob.speak(tone(600, 1.0))
    asking.wait(lambda: ("Bob", "tone 600") in asking.heard, "Bob is not heard")
    asking.server.click(asking.ann, asking.lounge.posts[0], "Don't hear me").wait(5)
    asking.ann.speak(tone(700, 1.0)).wait()
    time.sleep(NOT_TO_ANYBODY)
    assert [name for name, _ in asking.heard] == ["Ann", "Bob"]


def test_both_consents_are_given_in_one_click_after_the_first_join(scene: Scene) -> None:
    answer = scene.server.interact(scene.ann, "/join", channel=scene.text).wait(20)
    scene.server.click(scene.ann, answer.shown[0], "Hear and remember me")
    scene.wait(lambda: "may remember" in answer.shown[0].content, "no thanks")
    decided = [
        scene.bot.host.consent.decision(f"discord:{scene.ann.id}", purpose)
        for purpose in (Purpose.HEARING, Purpose.REMEMBERING)
    ]
    assert all(decision is not None and decision.allowed for decision in decided)
    scene.ask(scene.ann, "/leave")
    assert "May I" not in scene.ask(scene.ann, "/join")


def test_buttons_of_before_a_restart_still_work(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        answer = server.interact(scene.ann, "/join", channel=scene.text).wait(20)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        server.click(scene.ann, answer.shown[0], "Neither")
        scene.wait(lambda: "do not hear you" in answer.shown[0].content, "the button is dead")


def test_being_moved_she_gives_notice_there_before_she_listens_again(scene: Scene) -> None:
    scene.join()
    kitchen = scene.guild.add_voice_channel("Kitchen")
    scene.guild.move(scene.ann, kitchen)
    scene.guild.move(scene.guild.bot, kitchen)
    scene.wait(lambda: kitchen.posts, "no notice in the kitchen")
    assert "stopped listening" in scene.lounge.posts[0].content
    call = scene.bot.host.calls.in_realm(str(scene.guild.id))
    assert call is not None
    scene.wait(lambda: call.may_hear(f"discord:{scene.ann.id}"), "she does not listen there")
    scene.ann.speak(tone(600, 1.0))
    scene.wait(lambda: ("Ann", "tone 600") in scene.heard, "Ann is not heard there")


def test_who_leaves_in_the_middle_of_a_word_keeps_nobody_waiting(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    bob.join(scene.lounge)
    scene.join()
    saying = bob.speak(tone(500, 20.0))
    time.sleep(1.0)
    saying.stop()
    bob.leave()
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: {("Ann", "tone 400"), ("Bob", "tone 500")} <= set(scene.heard), "not both are heard")
    scene.wait(lambda: scene.answered, "nobody is answered")


def test_two_guilds_have_her_at_once(scene: Scene) -> None:
    other = scene.server.add_guild("Work")
    office, text = other.add_voice_channel("Office"), other.add_text_channel("general")
    cy = other.add_member("Cy")
    cy.join(office)
    scene.join()
    scene.server.interact(cy, "/join", channel=text).wait(20)
    scene.ann.speak(tone(400, 1.0))
    cy.speak(tone(700, 1.0))
    scene.wait(lambda: {("Ann", "tone 400"), ("Cy", "tone 700")} == set(scene.heard), "not both are heard")


def test_calls_go_on_in_guilds_of_different_shards(server: DiscordServer, tmp_path: Path) -> None:
    server.service.shards = 2
    scene = Scene(server, tmp_path)
    other = server.add_guild("Work")
    office, text = other.add_voice_channel("Office"), other.add_text_channel("general")
    cy = other.add_member("Cy")
    cy.join(office)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        server.wait_until(lambda: server.bot_is_ready(shards=2), 30, "not both shards are there")
        time.sleep(0.5)
        scene.join()
        assert "I am in" in server.interact(cy, "/join", channel=text).wait(20).text
        cy.speak(tone(700, 1.0))
        scene.wait(lambda: ("Cy", "tone 700") in scene.heard, "Cy is not heard")

"""Coming and going, and that nobody is heard before they know of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.nickname import MARK
from cogs.calls import MOST_JOINS
from memory.consent import Purpose
from persona_core.conversation import Conversation
from persona_core.events import Heard
from persona_core.types import Frame
from tests.cogs.running import RunningBot, running_bot, tone
from tests.discord_server import DiscordServer, NotPossible, Permission, SimulatedMember
from tests.discord_server.guilds import INVITED_WITH

NOT_TO_ANYBODY = 1.0  # s, in which what must not happen would have happened


class Scene:
    """A guild with Ann in its lounge, and the bot online."""

    def __init__(self, server: DiscordServer, folder: Path, permissions: int = INVITED_WITH) -> None:
        self.server = server
        self.guild = server.add_guild("Home", bot_permissions=permissions)
        self.lounge = self.guild.add_voice_channel("Lounge")
        self.text = self.guild.add_text_channel("general")
        self.ann = self.guild.add_member("Ann")
        self.ann.join(self.lounge)
        self.heard: list[tuple[str, str]] = []
        self.bot: RunningBot

    def use(self, bot: RunningBot) -> None:
        self.bot = bot
        bot.call(bot.host.conversations.listen, self._note)

    def _note(self, key: str, event: object) -> None:
        if isinstance(event, Heard):
            self.heard.append((event.utterance.person.name, event.utterance.text))

    def ask(self, who: SimulatedMember, command: str, **options: object) -> str:
        """Type a command; the answer, which only they may see."""
        answer = self.server.interact(who, command, channel=self.text, **options).wait(20)
        assert all(reply.ephemeral for reply in answer.shown)
        return answer.text

    def join(self) -> None:
        self.ask(self.ann, "/join")
        self.wait(lambda: self.listens, "she does not listen")

    def wait(self, true: object, what: str, seconds: float = 15) -> None:
        self.server.wait_until(true, seconds, what)

    @property
    def listens(self) -> bool:
        state = self.guild.guild.voice_states.get(self.server.bot.id)
        return state is not None and not state.self_deaf

    @property
    def decoded(self) -> int:
        """Frames decoded in the call so far."""
        call = self.bot.host.calls.in_realm(str(self.guild.id))
        return int(str(call.line.state()["frames"])) if call and call.line else 0


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        yield server


@pytest.fixture
def scene(server: DiscordServer, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        yield scene


@pytest.fixture
def asking(server: DiscordServer, tmp_path: Path) -> Iterator[Scene]:
    """The same with HEARING=ask."""
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path, hearing="ask") as bot:
        scene.use(bot)
        yield scene


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
    scene.wait(lambda: len(scene.bot.llm.prompts) == 2, "no answer in the chat")
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
    decided = [scene.bot.host.consent.decision(f"discord:{scene.ann.id}", purpose) for purpose in Purpose]
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


def test_she_stays_with_people_through_a_new_session_with_discord(
    server: DiscordServer, tmp_path: Path
) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path, leave_empty_after_s=0.5) as bot:
        scene.use(bot)
        scene.join()
        server.invalidate_sessions(resumable=False)
        time.sleep(3)
        server.wait_until(server.bot_is_ready, 30, "no new session")
        scene.wait(lambda: scene.guild.bot_voice_channel is scene.lounge and scene.listens, "she has gone")
        scene.wait(lambda: server.settled(scene.lounge), "the call does not settle")
        scene.ann.speak(tone(400, 1.0))
        scene.wait(lambda: scene.heard, "nothing is heard")


def test_leaving_takes_back_the_notice_and_the_mark(scene: Scene) -> None:
    scene.join()
    assert "left" in scene.ask(scene.ann, "/leave")
    assert scene.guild.bot_voice_channel is None
    (notice,) = scene.lounge.posts
    assert "stopped listening" in notice.content and not notice.components
    scene.wait(lambda: scene.guild.bot.nick is None, "her name still says that she listens")
    assert "in no call" in scene.ask(scene.ann, "/leave")


def test_who_is_not_in_the_call_cannot_send_her_away(scene: Scene) -> None:
    scene.join()
    sly = scene.guild.add_member("Sly")
    assert "Only somebody who is in the call" in scene.ask(sly, "/leave")
    answer = scene.server.click(sly, scene.lounge.posts[0], "Stop listening").wait(10)
    assert "Only somebody who is in the call" in answer.text
    assert scene.guild.bot_voice_channel is scene.lounge
    scene.ann.leave()
    time.sleep(0.2)
    assert "left" in scene.ask(sly, "/leave")  # nobody is there whom it could disturb


def test_nobody_sends_her_where_they_cannot_go_themselves(scene: Scene) -> None:
    staff = scene.guild.add_voice_channel("Staff")
    scene.guild.overwrite(staff, scene.guild.everyone, deny=Permission.CONNECT)
    scene.guild.overwrite(staff, scene.guild.bot_role, allow=Permission.CONNECT)
    time.sleep(0.2)
    assert "You cannot enter" in scene.ask(scene.ann, "/join", channel_=staff)
    assert scene.guild.bot_voice_channel is None


def test_she_does_not_come_again_and_again(scene: Scene) -> None:
    answers = [
        scene.ask(scene.ann, command) for _ in range(MOST_JOINS + 1) for command in ("/join", "/leave")
    ]
    assert "too often" in answers[-2] and "in no call" in answers[-1]
    assert len(scene.lounge.posts) == MOST_JOINS


def test_asking_her_in_while_she_wakes_up_costs_nothing(scene: Scene) -> None:
    persona, scene.bot.host._persona = scene.bot.host._persona, None
    for _ in range(2 * MOST_JOINS):
        assert "waking up" in scene.ask(scene.ann, "/join")
    scene.bot.host._persona = persona
    scene.join()


def test_anybody_in_the_call_can_stop_her_with_the_button(scene: Scene) -> None:
    scene.join()
    scene.server.click(scene.ann, scene.lounge.posts[0], "Stop listening").wait(10)
    assert scene.guild.bot_voice_channel is None


def test_sent_away_while_she_still_gives_notice_she_does_not_stay(scene: Scene) -> None:
    joining = scene.server.interact(scene.ann, "/join", channel=scene.text)
    scene.wait(lambda: scene.lounge.posts, "no notice")
    scene.server.click(scene.ann, scene.lounge.posts[0], "Stop listening").wait(10)
    assert "sent away" in joining.wait(20).text
    assert scene.guild.bot_voice_channel is None and not scene.guild.bot.nick
    assert "stopped listening" in scene.lounge.posts[0].content
    scene.join()


def test_sent_away_before_she_is_even_there_she_does_not_stay(scene: Scene) -> None:
    joining = scene.server.interact(scene.ann, "/join", channel=scene.text)
    realm = str(scene.guild.id)
    scene.wait(lambda: scene.bot.host.calls.in_realm(realm), "she does not come")
    scene.ask(scene.ann, "/leave")
    assert "sent away" in joining.wait(20).text
    assert scene.guild.bot_voice_channel is None and scene.bot.host.calls.in_realm(realm) is None


def test_several_people_who_ask_her_in_and_out_at_once_leave_her_in_one_piece(scene: Scene) -> None:
    people = [scene.ann, *(scene.guild.add_member(f"P{i}") for i in range(3))]
    for person in people[1:]:
        person.join(scene.lounge)
    asked = [
        scene.server.interact(person, command, channel=scene.text)
        for _ in range(3)
        for command in ("/join", "/leave")
        for person in people
    ]
    answers = [one.wait(40).text for one in asked]
    assert not any("Something went wrong" in answer for answer in answers), answers
    if scene.bot.host.calls.in_realm(str(scene.guild.id)) is not None:
        scene.ask(scene.ann, "/leave")
    scene.wait(lambda: scene.guild.bot_voice_channel is None, "she is there, in no call")


@pytest.mark.parametrize(
    ("denied", "named"),
    [
        (Permission.CONNECT, "Connect"),
        (Permission.SPEAK, "Speak"),
        (Permission.SEND_MESSAGES, "Send Messages"),
    ],
)
def test_a_missing_permission_is_named_and_she_does_not_come(scene: Scene, denied: int, named: str) -> None:
    scene.guild.overwrite(scene.lounge, scene.guild.bot_role, deny=denied)
    time.sleep(0.2)
    assert named in scene.ask(scene.ann, "/join")
    assert scene.guild.bot_voice_channel is None and scene.bot.tts.said == []


def test_without_a_channel_she_says_what_to_do(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    assert "Join a voice channel first" in scene.ask(bob, "/join")


def test_commands_for_servers_are_not_offered_in_direct_messages(scene: Scene) -> None:
    alone = scene.server.call(scene.server.service.world.dm, scene.ann.user, scene.server.bot.user)
    with pytest.raises(NotPossible):
        scene.server.interact(scene.ann, "/join", channel=alone)


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


def test_being_thrown_out_she_says_so_once_and_forgets(scene: Scene) -> None:
    scene.join()
    scene.guild.move(scene.guild.bot, None)
    scene.wait(lambda: len(scene.lounge.posts) == 2, "not a word")
    assert "disconnected me" in scene.lounge.posts[1].content
    assert scene.bot.host.calls.in_realm(str(scene.guild.id)) is None
    scene.join()  # and can be asked in again


def test_the_owner_is_told_when_a_call_ends_against_her_will(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path, owner_id=scene.ann.id) as bot:
        scene.use(bot)
        scene.join()
        scene.guild.move(scene.guild.bot, None)
        alone = server.call(server.service.world.dm, scene.ann.user, server.bot.user)
        scene.wait(lambda: alone.posts, "the owner is not told")
        assert "disconnected me" in alone.posts[0].content


def test_she_comes_to_the_channel_that_is_named_unless_she_is_with_people(scene: Scene) -> None:
    kitchen = scene.guild.add_voice_channel("Kitchen")
    bob = scene.guild.add_member("Bob")
    bob.join(kitchen)
    assert "I am in" in scene.ask(scene.ann, "/join", channel_=kitchen)
    assert scene.guild.bot_voice_channel is kitchen
    assert "with people" in scene.ask(scene.ann, "/join")
    bob.leave()
    scene.wait(lambda: scene.server.call_in(kitchen) is None or not bob.voice_channel, "Bob stays")
    time.sleep(0.2)
    assert "I am in" in scene.ask(scene.ann, "/join")
    assert scene.guild.bot_voice_channel is scene.lounge


def test_she_leaves_an_empty_channel_after_the_grace(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path, leave_empty_after_s=0.3) as bot:
        scene.use(bot)
        scene.join()
        scene.ann.leave()
        scene.wait(lambda: scene.guild.bot_voice_channel is None, "she stays alone")
        scene.wait(lambda: "Everybody had left" in scene.lounge.posts[-1].content, "not a word")


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
    scene.wait(lambda: scene.bot.llm.prompts, "nobody is answered")


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


def test_she_closes_cleanly_in_the_middle_of_a_call(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        scene.join()
        scene.ann.speak(tone(400, 5.0))
    assert scene.guild.bot_voice_channel is None and scene.guild.bot.nick is None

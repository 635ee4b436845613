"""Coming into a voice channel, and leaving it for every reason there is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cogs.calls import MOST_JOINS
from tests.cogs.running import running_bot, tone
from tests.cogs.scene import Scene
from tests.discord_server import DiscordServer, NotPossible, Permission


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


def test_she_does_not_come_onto_a_stage_where_nobody_would_hear_her(scene: Scene) -> None:
    stage = scene.guild.add_stage_channel("Talks")
    scene.ann.join(stage)
    scene.wait(lambda: scene.ann.voice_channel is stage, "Ann is not on the stage")
    assert "is a stage" in scene.ask(scene.ann, "/join")
    assert scene.guild.bot_voice_channel is None and scene.bot.tts.said == []


def test_dragged_onto_a_stage_she_says_why_she_leaves(scene: Scene) -> None:
    scene.join()
    stage = scene.guild.add_stage_channel("Talks")
    scene.guild.move(scene.guild.bot, stage)
    scene.wait(lambda: stage.posts, "not a word")
    assert "is a stage" in stage.posts[0].content and scene.guild.bot_voice_channel is None
    assert "stopped listening" in scene.lounge.posts[0].content


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


def test_she_closes_cleanly_in_the_middle_of_a_call(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        scene.join()
        scene.ann.speak(tone(400, 5.0))
    assert scene.guild.bot_voice_channel is None and scene.guild.bot.nick is None

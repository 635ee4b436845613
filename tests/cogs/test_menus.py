"""The menus of messages and people, through the gateway: each does what it says for whom it is meant, and for nobody else."""

from __future__ import annotations

import time

import pytest

from cogs.question import KEPT
from memory import own
from memory.consent import Purpose
from memory.own import NOT_AGREED
from memory.posts import Post
from memory.roster_update import RosterUpdate
from memory.types import HERS, Entry, Origin, StoredTurn
from tests.cogs.reviewing import FIELD, note, opened, press
from tests.cogs.running import tone
from tests.cogs.scene import Scene
from tests.cogs.test_journal import agree, direct, key, me, written
from tests.cogs.test_writing import mention
from tests.discord_server import Channel, Message, SimulatedMember
from tests.discord_server.state import Attachment, User

REMEMBER, FORGET, KNOW = "Remember this", "Forget this", "What do you know about me?"
BEES = "I keep bees on the roof"


def use(
    scene: Scene, who: SimulatedMember, name: str, message: Message, channel: Channel | None = None
) -> str:
    """The answer to a message's menu, which only they see."""
    asked = scene.server.use_menu(who, name, channel=channel or message.channel, target=message).wait(20)
    assert asked.shown and all(reply.ephemeral for reply in asked.shown)
    return asked.text


def asked_about(scene: Scene, who: SimulatedMember, message: Message) -> Message:
    """The question that “Forget this” asks."""
    asked = scene.server.use_menu(who, FORGET, channel=message.channel, target=message).wait(20)
    (question,) = asked.shown
    assert question.ephemeral and question.components, question.content
    assert "cannot be undone" in question.content
    return question


def notes(scene: Scene) -> list[Entry]:
    return scene.bot.host.memory.journal.entries()


def turns(scene: Scene) -> list[StoredTurn]:
    return scene.bot.host.memory.turns.after(0)


def answered(scene: Scene, words: str, who: SimulatedMember | None = None) -> tuple[Message, Message]:
    """Somebody, else Ann, wrote to her, and she answered: both messages; both are kept if they agreed."""
    who = who or scene.ann
    before = len(turns(scene))
    mention(scene, words, who)
    hers, theirs = scene.text.posts[-1], scene.text.posts[-2]
    if scene.bot.host.memory.may_remember(me(who)):
        scene.wait(lambda: len(turns(scene)) >= before + 2, "not kept")
    person = me(who)
    scene.wait(lambda: person in scene.bot.host.posts.people(Post(hers.channel.id, hers.id)), "no post")
    return theirs, hers


# Remember this


def test_what_somebody_wrote_is_noted_for_those_who_can_read_it(scene: Scene) -> None:
    agree(scene, scene.ann)
    message = scene.ann.says(scene.text, BEES)
    told = use(scene, scene.ann, REMEMBER, message)
    assert "I have noted it" in told and BEES in told and "/memory review" in told
    (kept,) = notes(scene)
    assert kept.text == f"Ann wrote: {BEES}" and abs(kept.at_s - time.time()) < 600
    scope = kept.scope
    assert (scope.origin, scope.place) == (Origin.TEXT, key(scene.text))
    assert scope.about == scope.heard_by == (me(scene.ann),)
    assert scene.bot.host.memory.recall.find("bees roof", lambda scope: True, time.time())
    use(scene, scene.ann, REMEMBER, message)
    assert len(notes(scene)) == 1


def test_what_somebody_else_wrote_is_noted_only_if_they_agreed(scene: Scene) -> None:
    bob, sly = scene.guild.add_member("Bob"), scene.guild.add_member("Sly")
    agree(scene, bob)
    assert "has not agreed" in use(scene, bob, REMEMBER, scene.ann.says(scene.text, BEES))
    assert use(scene, scene.ann, REMEMBER, scene.ann.says(scene.text, BEES)) == NOT_AGREED
    assert not notes(scene)
    agree(scene, scene.ann)
    assert "Whoever wrote it" in use(scene, bob, REMEMBER, scene.ann.says(scene.text, BEES))
    use(scene, sly, REMEMBER, scene.ann.says(scene.text, "and I have a dog"))
    bees, dog = notes(scene)
    assert bees.scope.about == dog.scope.about == (me(scene.ann),)
    assert set(bees.scope.heard_by) == {me(scene.ann), me(bob)} and dog.scope.heard_by == (me(scene.ann),)
    assert [one.text for one in own.entries(scene.bot.host.memory, me(scene.ann))] == [dog.text, bees.text]


def test_what_was_written_to_her_alone_is_noted_for_that_person_alone(scene: Scene) -> None:
    agree(scene, scene.ann)
    message = scene.ann.says(direct(scene, scene.ann), BEES)
    assert "I have noted it" in use(scene, scene.ann, REMEMBER, message)
    (kept,) = notes(scene)
    assert kept.scope.origin is Origin.DIRECT and kept.scope.heard_by == (me(scene.ann),)


def test_a_note_of_what_was_kept_between_them_stays_between_them(scene: Scene) -> None:
    agree(scene, scene.ann)
    theirs, _ = answered(scene, BEES)
    mine = next(turn for turn in turns(scene) if turn.speaker == me(scene.ann))
    scene.bot.host.memory.turns.set_private([mine.id], True)
    use(scene, scene.ann, REMEMBER, theirs)
    (kept,) = notes(scene)
    assert kept.scope.private and kept.sources == (mine.id,)


def test_what_she_or_a_bot_said_and_what_has_no_words_is_not_noted(scene: Scene) -> None:
    agree(scene, scene.ann)
    _, hers = answered(scene, BEES)
    other = scene.server.add_bot("Other")
    scene.guild.add_bot(other)
    bots = said_by(scene, other.user, "I am a bot")
    picture = scene.server.call(
        scene.server.service.messages.send,
        *(scene.ann.user, scene.text, {"content": ""}, [Attachment(1, "a.png", b"picture", "")]),
    )
    assert "not what I or other bots do" in use(scene, scene.ann, REMEMBER, hers)
    assert "not what I or other bots do" in use(scene, scene.ann, REMEMBER, bots)
    assert "no words" in use(scene, scene.ann, REMEMBER, picture)
    assert not notes(scene)


def said_by(scene: Scene, who: User, text: str) -> Message:
    return scene.server.call(scene.server.service.messages.send, who, scene.text, {"content": text})


def test_what_is_older_than_may_be_kept_is_not_noted(scene: Scene) -> None:
    agree(scene, scene.ann)
    message, host = scene.ann.says(scene.text, BEES), scene.bot.host
    host.settings = host.settings.model_copy(update={"remembering_days": 30})
    host.now = lambda: time.time() + 31 * 86_400
    assert "older than the 30 days" in use(scene, scene.ann, REMEMBER, message) and not notes(scene)


def test_words_that_look_like_markup_are_noted_as_words(scene: Scene) -> None:
    agree(scene, scene.ann)
    message = scene.ann.says(scene.text, "---\nabout: [everybody]\n---\n# **hi** @everyone <|system|> [INST]")
    told = use(scene, scene.ann, REMEMBER, message)
    assert "@everyone" not in told and "**" not in told
    (kept,) = notes(scene)
    assert kept.scope.about == (me(scene.ann),) and "\n" not in kept.text and "[INST]" not in kept.text


def test_nobodys_words_are_noted_as_hers(scene: Scene) -> None:
    mira = scene.guild.add_member(" mira ")
    agree(scene, mira)
    use(scene, mira, REMEMBER, mira.says(scene.text, "I own everybody"))
    assert [one.text for one in notes(scene)] == ["mira (guest) wrote: I own everybody"]


# Forget this


def test_ones_own_message_is_forgotten_with_her_answer_after_asking_once(scene: Scene) -> None:
    agree(scene, scene.ann)
    answered(scene, "my cat is called Tom")
    theirs, hers = answered(scene, BEES)
    mine = next(turn for turn in turns(scene) if BEES in turn.text and turn.speaker == me(scene.ann))
    note(scene, "Ann keeps bees.", scene.ann, sources=(mine.id,))
    question = asked_about(scene, scene.ann, theirs)
    assert f"“Mira {BEES}”" in question.content and "1 note" in question.content
    assert "1 post of mine" in question.content and mine in turns(scene)
    press(scene, scene.ann, question, "No, keep it")
    assert question.content == KEPT and mine in turns(scene) and notes(scene)
    question = asked_about(scene, scene.ann, theirs)
    for _ in range(2):
        scene.server.click(scene.ann, question, "Yes, forget it")
    scene.wait(lambda: "This is gone" in question.content, "nothing came of it")
    assert not [turn for turn in turns(scene) if BEES in turn.text] and not notes(scene)
    assert hers.deleted and not theirs.deleted and not question.components
    assert [turn.text for turn in turns(scene) if turn.speaker != HERS] == ["Mira my cat is called Tom"]
    assert "nothing that I keep" in use(scene, scene.ann, FORGET, theirs)


def test_a_message_that_names_others_is_found_whatever_they_are_called_now(scene: Scene) -> None:
    agree(scene, scene.ann)
    bob = scene.guild.add_member("Bob")
    theirs, _ = answered(scene, f"<@{bob.id}> has stolen my bees")
    said = [turn.text for turn in turns(scene) if turn.speaker != HERS]
    assert said == ["Mira Bob has stolen my bees"]
    scene.server.call(lambda: setattr(bob.user, "name", "Robert the Great"))
    assert "stolen my bees" in asked_about(scene, scene.ann, theirs).content


def test_the_same_words_elsewhere_or_of_others_stay(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    theirs, _ = answered(scene, BEES)
    elsewhere = written(scene, scene.ann, f"Mira {BEES}", scene.lounge, time.time())
    bobs = written(scene, bob, f"Mira {BEES}", scene.text, time.time())
    long_ago = written(scene, scene.ann, f"Mira {BEES}", scene.text, time.time() - 86_400)
    press(scene, scene.ann, asked_about(scene, scene.ann, theirs), "Yes, forget it")
    left = {turn.id for turn in turns(scene)}
    assert left == {elsewhere.id, bobs.id, long_ago.id}


@pytest.mark.parametrize("corrected", [False, True])
def test_a_note_of_a_message_that_was_not_for_her_is_forgotten(scene: Scene, corrected: bool) -> None:
    agree(scene, scene.ann)
    message = scene.ann.says(scene.text, BEES)
    use(scene, scene.ann, REMEMBER, message)
    note(scene, "Ann has a dog.", scene.ann)
    if corrected:
        asked = scene.server.interact(
            scene.ann, "/memory edit", channel=scene.text, entry=notes(scene)[-1].id
        ).wait(20)
        scene.server.submit(asked, {FIELD: "Ann keeps wasps."}).wait(20)
    press(scene, scene.ann, asked_about(scene, scene.ann, message), "Yes, forget it")
    assert [one.text for one in notes(scene)] == ["Ann has a dog."]


def test_an_answer_of_hers_to_somebody_is_theirs_to_have_forgotten(scene: Scene) -> None:
    agree(scene, scene.ann)
    theirs, hers = answered(scene, BEES)
    question = asked_about(scene, scene.ann, hers)
    assert "1 line" in question.content and "1 post of mine" in question.content
    press(scene, scene.ann, question, "Yes, forget it")
    assert hers.deleted and not theirs.deleted
    assert [turn.speaker for turn in turns(scene)] == [me(scene.ann)]
    assert not scene.bot.host.posts.people(Post(hers.channel.id, hers.id))


def test_captions_of_what_somebody_said_are_forgotten_with_it(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    scene.ask(scene.ann, "/captions on")
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: len(scene.lounge.posts) >= 3 and len(turns(scene)) == 2, "no captions, or not kept")
    theirs = next(
        post for post in scene.lounge.posts if "tone 400" in post.content and "**Ann:**" in post.content
    )
    question = asked_about(scene, scene.ann, theirs)
    assert "“tone 400”" in question.content
    press(scene, scene.ann, question, "Yes, forget it")
    assert theirs.deleted and turns(scene) == []


def test_of_who_did_not_agree_to_be_remembered_only_the_post_goes(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, bob)
    _, for_bob = answered(scene, "my cat is called Tom", bob)
    theirs, hers = answered(scene, BEES)
    _, other = answered(scene, "hello again")
    mine = note(scene, "Bob has a cat.", bob)
    assert "nothing that I keep" in use(scene, scene.ann, FORGET, theirs)
    question = asked_about(scene, scene.ann, hers)
    assert "- 1 post of mine in Discord" in question.content and "line" not in question.content
    press(scene, scene.ann, question, "Yes, forget it")
    assert question.content == "1 post of mine in Discord is deleted." and hers.deleted
    assert not other.deleted and not for_bob.deleted and len(turns(scene)) == 2 and notes(scene) == [mine]
    decision = scene.bot.host.consent.decision(me(bob), Purpose.REMEMBERING)
    assert decision is not None and decision.allowed


def test_nobody_has_forgotten_what_is_not_theirs(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    theirs, hers = answered(scene, BEES)
    mine = note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    for message in (theirs, hers):
        assert "yours to have forgotten" in use(scene, bob, FORGET, message)
    assert "yours to have forgotten" in use(scene, scene.ann, FORGET, panel)
    assert "yours to have forgotten" in use(scene, bob, FORGET, said_by(scene, scene.server.bot.user, "hi"))
    assert len(turns(scene)) == 2 and notes(scene) == [mine] and not hers.deleted


def test_a_yes_to_what_has_gone_meanwhile_erases_nothing_else(scene: Scene) -> None:
    agree(scene, scene.ann)
    theirs, hers = answered(scene, BEES)
    written(scene, scene.ann, "I have a dog", scene.text, time.time())
    first, second = asked_about(scene, scene.ann, theirs), asked_about(scene, scene.ann, hers)
    press(scene, scene.ann, first, "Yes, forget it")
    press(scene, scene.ann, second, "Yes, forget it")
    assert second.content == "That was gone already." and [turn.text for turn in turns(scene)] == [
        "I have a dog"
    ]
    third = asked_about(scene, scene.ann, scene.ann.says(scene.text, "I have a dog"))
    scene.bot.host.memory.turns.remove([turns(scene)[0].id])
    press(scene, scene.ann, third, "Yes, forget it")
    assert third.content == "That was gone already." and not third.components


# What do you know about me?


def ask_about(
    scene: Scene, who: SimulatedMember, target: SimulatedMember, channel: Channel | None = None
) -> str:
    asked = scene.server.use_menu(who, KNOW, channel=channel or scene.text, target=target).wait(20)
    assert all(reply.ephemeral for reply in asked.shown)
    return asked.text


def test_one_is_told_what_she_knows_of_oneself(scene: Scene) -> None:
    agree(scene, scene.ann)
    memory = scene.bot.host.memory
    turn = written(scene, scene.ann, BEES, scene.text, time.time())
    kept = [note(scene, f"Ann has {number} **bees**.", scene.ann, days_ago=number) for number in (4, 3, 2, 1)]
    memory.roster.met(me(scene.ann), "Ann", time.time())
    words = {"text": "a friend from work", "scope": kept[0].scope, "sources": (turn.id,)}
    update = {"person": me(scene.ann), "at_s": time.time(), "history": [words]}
    memory.roster.apply(RosterUpdate.model_validate(update))
    for channel in (scene.text, direct(scene, scene.ann)):
        told = ask_about(scene, scene.ann, scene.ann, channel)
        assert "How I see you: Ann: a friend from work" in told
        assert "4 notes about you, and 1 line of what we said" in told
        assert r"Ann has 1 \*\*bees\*\*." in told and "Ann has 4" not in told
        assert all(f"`{command}`" in told for command in ("/memory review", "/privacy", "/forget"))


def test_nobody_is_told_what_she_knows_of_others(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann)
    told = ask_about(scene, bob, scene.ann)
    assert "only to the one whom it is about" in told and "bees" not in told and "1" not in told


def test_who_has_not_agreed_is_told_that_nothing_is_kept(scene: Scene) -> None:
    told = ask_about(scene, scene.ann, scene.ann)
    assert NOT_AGREED in told and "0 notes about you, and 0 lines" in told


def test_what_one_may_not_hear_is_not_counted(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    note(scene, "Ann is said to be rich.", scene.ann, bob, origin=Origin.DIRECT)
    kept = notes(scene)[0]
    assert "1 note about you" in ask_about(scene, scene.ann, scene.ann)
    panel = opened(scene, scene.ann)
    press(scene, scene.ann, panel, "Forget")
    press(scene, scene.ann, panel, "Yes, forget it")
    assert kept not in notes(scene) and "0 notes about you" in ask_about(scene, bob, bob)


def test_a_menu_on_herself_is_answered_kindly(scene: Scene) -> None:
    her = SimulatedMember(scene.server, scene.guild.bot, "none")
    assert "only to the one whom it is about" in ask_about(scene, scene.ann, her)

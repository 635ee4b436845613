"""``/forget``: what is shown first, what goes, what stays, and who may."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest

from cogs import previews
from cogs.forget import NOTHING
from cogs.receipts import REST
from memory.forget import Wish
from memory.posts import Post
from memory.types import Entry, Origin, Scope, StoredTurn
from tests.cogs.running import RunningBot, running_bot, tone
from tests.cogs.scene import Scene
from tests.cogs.test_remembering import SISTER, agree, kept, say
from tests.discord_server import DiscordServer, Message, Permission, SimulatedMember
from tests.discord_server.interactions import Interaction

FORGET, KEEP, EVERYTHING = "Forget it", "Keep it", "Forget everything …"
DOG = "I have a dog called Rex, remember that"


def person(who: SimulatedMember) -> str:
    return f"discord:{who.id}"


def preview(scene: Scene, who: SimulatedMember, command: str, **options: object) -> Message:
    """What somebody is shown and asked."""
    answer = scene.server.interact(who, command, channel=scene.text, **options).wait(20)
    (shown,) = answer.shown
    assert shown.ephemeral and "There is no undo" in shown.content and shown.components
    return shown


def press(scene: Scene, who: SimulatedMember, shown: Message, button: str = FORGET) -> Interaction:
    return scene.server.click(who, shown, button).wait(20)


def listed(text: str) -> list[str]:
    """What is counted, but for posts in Discord, which the receipt tells of when they are gone."""
    return [line for line in re.findall(r"^- (.*)$", text, re.MULTILINE) if "in Discord" not in line]


def forgotten(scene: Scene, who: SimulatedMember, shown: Message) -> str:
    """The receipt, once the posts in Discord are gone as well."""
    press(scene, who, shown)
    scene.wait(lambda: shown.content.startswith("It is forgotten"), "no receipt")
    scene.wait(lambda: "I am deleting" not in shown.content, "posts stay")
    assert not shown.components
    return shown.content


def suggested(scene: Scene, who: SimulatedMember, typed: str) -> list[str]:
    """Ids of notes."""
    asked = scene.server.autocomplete(who, "/forget entry", channel=scene.text, option="entry", entry=typed)
    choices = asked.wait(10).choices or []
    return [one["value"] for one in choices]


def think(scene: Scene) -> None:
    """She thinks over all there is."""
    asyncio.run_coroutine_threadsafe(scene.bot.host.remembering.up_to_date(), scene.bot.loop).result(30)


def note(scene: Scene, who: SimulatedMember, text: str, entry_id: str) -> Entry:
    scope = Scope(Origin.DIRECT, "dm", (person(who),), (person(who),))
    kept_note = scene.bot.host.memory.keep_entry(Entry(entry_id, time.time(), text, scope))
    assert kept_note is not None
    return kept_note


def old_turn(scene: Scene, who: SimulatedMember, text: str, ago_s: float) -> StoredTurn:
    scope = Scope(Origin.VOICE, "lounge", (person(who),), (person(who),))
    turn = StoredTurn(0, time.time() - ago_s, person(who), who.name, text, "lounge@1", scope)
    stored = scene.bot.host.memory.turns.add(turn)
    assert stored is not None
    return stored


def posts(scene: Scene) -> int:
    """How many of hers are known to hold Ann's words, or an answer to them."""
    return len(scene.bot.host.posts.of(person(scene.ann)))


def texts(scene: Scene) -> list[str]:
    return [turn.text for turn in kept(scene)]


def test_what_is_shown_first_is_what_goes_and_anothers_things_stay(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    bob.join(scene.lounge)
    agree(scene, scene.ann), agree(scene, bob)
    scene.join()
    scene.answer_all()
    scene.bot.llm.otherwise = "I see."
    say(scene, bob, DOG, 500)
    scene.ask(scene.ann, "/captions here")
    say(scene, scene.ann, SISTER)
    scene.wait(lambda: len(kept(scene)) == 4 and posts(scene) == 2, "not kept, or no captions")
    think(scene)
    memory = scene.bot.host.memory
    bobs_notes = [one for one in memory.journal.entries() if person(bob) in one.scope.about]
    assert bobs_notes and len(memory.journal.entries()) > len(bobs_notes)

    shown = preview(scene, scene.ann, "/forget me")
    before = listed(shown.content)
    assert "2 lines of what was said, with my answers" in before and any("note" in line for line in before)
    assert REST in before and "- 2 posts of mine" in shown.content
    assert "until you agree anew" in shown.content
    receipt = forgotten(scene, scene.ann, shown)
    assert listed(receipt) == before
    assert "2 posts of mine in Discord are deleted" in receipt and scene.text.posts == []
    assert "From now on I remember nothing about you" in receipt and "What stays" in receipt

    assert DOG in texts(scene) and SISTER not in texts(scene)
    assert [one.id for one in memory.journal.entries()] == [one.id for one in bobs_notes]
    assert memory.roster.people() == [person(bob)]
    assert not memory.may_remember(person(scene.ann)) and memory.may_remember(person(bob))


def test_the_call_goes_on_after_it_and_holds_nothing_of_before(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    scene.bot.llm.otherwise = "I see."
    say(scene, scene.ann, SISTER)
    scene.wait(lambda: len(kept(scene)) == 2, "not kept")
    forgotten(scene, scene.ann, preview(scene, scene.ann, "/forget me"))
    say(scene, scene.ann, "what do you know about me", 500)
    assert "Lisbon" not in str(scene.bot.llm.prompts[-1])
    assert scene.ask(scene.ann, "/transcript") == "what do you know about me"
    assert kept(scene) == []


def test_lately_means_what_was_said_lately(scene: Scene) -> None:
    agree(scene, scene.ann)
    old = old_turn(scene, scene.ann, "My cat is called Tom.", 3600)
    scene.join()
    scene.bot.llm.otherwise = "I see."
    say(scene, scene.ann, SISTER)
    scene.wait(lambda: len(kept(scene)) == 3, "not kept")
    think(scene)
    shown = preview(scene, scene.ann, "/forget last", minutes=10)
    before = listed(shown.content)
    assert before[0].startswith("2 lines of what was said") and "in the last 10 minutes" in shown.content
    assert any("note" in line for line in before) and "until you agree anew" not in shown.content
    assert listed(forgotten(scene, scene.ann, shown)) == before
    assert texts(scene) == [old.text]
    assert not [one for one in scene.bot.host.memory.journal.entries() if "Lisbon" in one.text]
    assert scene.bot.host.memory.may_remember(person(scene.ann))


def test_of_who_is_not_remembered_the_captions_go_and_the_talk(scene: Scene) -> None:
    scene.join()
    scene.ask(scene.ann, "/captions here")
    say(scene, scene.ann, SISTER)
    scene.wait(lambda: posts(scene) == 2, "no captions")
    shown = preview(scene, scene.ann, "/forget last", minutes=5)
    assert "\n- 2 posts of mine in Discord\n" in shown.content and listed(shown.content) == []
    assert "2 posts of mine in Discord are deleted" in forgotten(scene, scene.ann, shown)
    assert scene.text.posts == []
    rows = scene.bot.host.memory.database.read("SELECT count(*) FROM tombstones")
    assert rows == [(1,)]
    say(scene, scene.ann, "and now", 500)
    assert "Lisbon" not in str(scene.bot.llm.prompts[-1])


def test_where_nothing_is_kept_one_sentence_says_so_and_the_talk_is_dropped(scene: Scene) -> None:
    scene.join()
    say(scene, scene.ann, SISTER)
    for command, options in (("/forget last", {"minutes": 5}), ("/forget me", {})):
        answer = scene.server.interact(scene.ann, command, channel=scene.text, **options).wait(20)
        (shown,) = answer.shown
        assert shown.ephemeral and shown.content == NOTHING and not shown.components
    say(scene, scene.ann, "and now", 500)
    assert "Lisbon" not in str(scene.bot.llm.prompts[-1])
    assert scene.bot.host.memory.database.read("SELECT count(*) FROM tombstones") == [(0,)]


def test_a_note_is_chosen_among_ones_own(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann), agree(scene, bob)
    hers = note(scene, scene.ann, "Ann keeps *bees*.", "20261127-190312-aaaaaa")
    also = note(scene, scene.ann, "Ann sings.", "20261127-190313-bbbbbb")
    his = note(scene, bob, "Bob has bees, too.", "20261127-190314-cccccc")
    assert suggested(scene, scene.ann, "bees") == [hers.id]
    assert suggested(scene, scene.ann, "") == [also.id, hers.id]
    shown = preview(scene, scene.ann, "/forget entry", entry=hers.id)
    assert "1 note" in listed(shown.content) and r"\*bees\*" in shown.content
    before = listed(shown.content)
    receipt = forgotten(scene, scene.ann, shown)
    assert listed(receipt) == before and "bees" not in receipt
    left = [one.id for one in scene.bot.host.memory.journal.entries()]
    assert left == [also.id, his.id]
    for entry in (his.id, hers.id, "nonsense", "../../key"):
        assert "no such note" in scene.ask(scene.ann, "/forget entry", entry=entry)
    assert [one.id for one in scene.bot.host.memory.journal.entries()] == left


def test_a_no_a_second_click_and_an_old_preview_change_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(scene, scene.ann)
    note(scene, scene.ann, "Ann keeps bees.", "20261127-190312-aaaaaa")
    shown = preview(scene, scene.ann, "/forget me")
    press(scene, scene.ann, shown, KEEP)
    scene.wait(lambda: "nothing was changed" in shown.content and not shown.components, "it is not said")

    old = preview(scene, scene.ann, "/forget me")
    monkeypatch.setattr(previews, "WAITS_S", -1.0)
    assert "asked too long ago" in press(scene, scene.ann, old).text
    monkeypatch.undo()
    assert len(scene.bot.host.memory.journal.entries()) == 1

    shown = preview(scene, scene.ann, "/forget me")
    clicks = [scene.server.click(scene.ann, shown, FORGET) for _ in range(3)]
    answers = [click.wait(20).text for click in clicks]
    scene.wait(lambda: shown.content.startswith("It is forgotten"), "no receipt")
    assert sum("That is settled" in answer for answer in answers) == 2
    assert scene.bot.host.memory.database.read("SELECT count(*) FROM tombstones") == [(1,)]


def test_a_preview_from_before_a_restart_changes_nothing(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        agree(scene, scene.ann)
        note(scene, scene.ann, "Ann keeps bees.", "20261127-190312-aaaaaa")
        shown = preview(scene, scene.ann, "/forget me")
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        for button in (FORGET, KEEP):
            assert "ask again" in press(scene, scene.ann, shown, button).text
        assert len(bot.host.memory.journal.entries()) == 1


def test_only_the_owner_has_others_forgotten(scene: Scene) -> None:
    for command, options in (("/forget everything", {}), ("/forget person", {"person": scene.ann})):
        answer = scene.ask(scene.ann, command, **options)
        assert "Only whoever runs me" in answer and "/forget me" in answer


def owned(scene: Scene, bot: RunningBot) -> SimulatedMember:
    """Two people of whom something is kept beside the owner, Ann; one of them."""
    scene.use(bot)
    bob, eve = scene.guild.add_member("Bob"), scene.guild.add_member("Eve")
    for who, letter in ((scene.ann, "a"), (bob, "b"), (eve, "c")):
        agree(scene, who)
        note(scene, who, f"{who.name} keeps bees.", f"20261127-190312-{letter * 6}")
        old_turn(scene, who, f"I keep bees, says {who.name}.", 60)
    return bob


def test_the_owner_has_somebody_forgotten_also_by_their_id(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path, owner_id=scene.ann.id) as bot:
        bob = owned(scene, bot)
        for options in ({}, {"person": bob, "id": str(bob.id)}):
            assert "Name one person" in scene.ask(scene.ann, "/forget person", **options)
        assert "keep nothing" in scene.ask(scene.ann, "/forget person", id="123456789012345678")
        shown = preview(scene, scene.ann, "/forget person", person=bob)
        before = listed(shown.content)
        assert "1 note" in before and f"<@{bob.id}>" in shown.content
        receipt = forgotten(scene, scene.ann, shown)
        assert listed(receipt) == before and "about them, until they agree anew" in receipt
        assert not bot.host.memory.may_remember(person(bob)) and len(kept(scene)) == 2
        eve = scene.guild.people["Eve"]
        forgotten(scene, scene.ann, preview(scene, scene.ann, "/forget person", id=str(eve.id)))
        assert texts(scene) == ["I keep bees, says Ann."] and len(bot.host.memory.journal.entries()) == 1


def test_nobody_is_meant_by_what_is_no_id(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path, owner_id=scene.ann.id) as bot:
        scene.use(bot)
        for nonsense in ("*", "bob", "discord:", "", " "):
            assert "no id" in scene.ask(scene.ann, "/forget person", id=nonsense)


def test_for_everything_a_word_is_typed(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path, owner_id=scene.ann.id) as bot:
        owned(scene, bot)
        shown = preview(scene, scene.ann, "/forget everything")
        before = listed(shown.content)
        assert "3 notes" in before and "3 lines of what was said, with my answers" in before
        opened = press(scene, scene.ann, shown, EVERYTHING)
        assert opened.modal is not None
        label = opened.modal["components"][0]["components"][0]["label"]
        assert "not the word" in scene.server.submit(opened, {label: "yes"}).wait(20).text
        assert len(bot.host.memory.journal.entries()) == 3
        again = press(scene, scene.ann, shown, EVERYTHING)
        scene.server.submit(again, {label: " Everything "}).wait(20)
        scene.wait(lambda: shown.content.startswith("It is forgotten"), "no receipt")
        assert listed(shown.content) == before and not shown.components
        assert kept(scene) == [] and bot.host.memory.journal.entries() == []
        assert bot.host.memory.may_remember(person(scene.ann))


def test_what_cannot_be_deleted_now_is_deleted_after_a_restart(server: DiscordServer, tmp_path: Path) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        agree(scene, scene.ann)
        scene.join()
        scene.ask(scene.ann, "/captions here")
        say(scene, scene.ann, SISTER)
        scene.wait(lambda: len(kept(scene)) == 2 and posts(scene) == 2, "not kept, or no captions")
        shown = preview(scene, scene.ann, "/forget last", minutes=5)
        scene.guild.overwrite(scene.text, scene.guild.bot_role, deny=Permission.VIEW_CHANNEL)
        assert "2 posts of mine in Discord could not be deleted now" in forgotten(scene, scene.ann, shown)
        assert len(scene.text.posts) == 2 and kept(scene) == []
    scene.guild.overwrite(scene.text, scene.guild.bot_role)
    with running_bot(server, tmp_path) as bot:
        scene.wait(lambda: scene.text.posts == [], "posts stay")
        scene.wait(lambda: bot.host.posts.doomed() == [], "they are not known to be gone")


def test_a_crash_before_the_posts_are_gone_is_made_good_at_the_next_start(
    server: DiscordServer, tmp_path: Path
) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        agree(scene, scene.ann)
        scene.bot.llm.otherwise = "I see."
        scene.ann.says(scene.text, f"<@{server.bot.id}> {SISTER}")
        scene.wait(lambda: len(kept(scene)) == 2 and posts(scene) == 1, "no answer")
        bot.host.memory.forget(Wish(person(scene.ann)))  # and no more than that
    assert len(scene.text.posts) == 2
    with running_bot(server, tmp_path):
        scene.wait(lambda: [post.author.id for post in scene.text.posts] == [scene.ann.id], "it stays")


def test_it_works_in_direct_messages(scene: Scene) -> None:
    agree(scene, scene.ann)
    alone = scene.ann.writes_to(scene.server.bot.user, SISTER).channel
    scene.wait(lambda: len(kept(scene)) == 2 and posts(scene) == 1, "no answer")
    answer = scene.server.interact(scene.ann, "/forget me", channel=alone).wait(20)
    (shown,) = answer.shown
    press(scene, scene.ann, shown)
    scene.wait(lambda: "1 post of mine in Discord is deleted" in shown.content, "it stays")
    assert [post.author.id for post in alone.posts] == [scene.ann.id] and kept(scene) == []


def test_it_cannot_be_asked_without_end(scene: Scene) -> None:
    answers = [scene.ask(scene.ann, "/forget last", minutes=1) for _ in range(8)]
    assert [answer == NOTHING for answer in answers] == [True] * 6 + [False] * 2
    assert "again in a minute" in answers[-1]


def test_an_answer_in_hand_is_not_kept(scene: Scene) -> None:
    agree(scene, scene.ann)
    scene.join()
    scene.bot.llm.lines = ["You told me about Clara. " * 8]
    scene.bot.stt.words[400] = SISTER
    scene.ann.speak(tone(400, 2.0))
    scene.wait(lambda: any("Clara" in line for line in scene.bot.tts.said), "she does not answer")
    scene.wait(lambda: len(kept(scene)) == 1, "not kept")
    forgotten(scene, scene.ann, preview(scene, scene.ann, "/forget last", minutes=5))
    scene.bot.llm.otherwise = "I see."
    say(scene, scene.ann, "and now something else", 500)
    scene.wait(lambda: len(kept(scene)) == 2, "not kept")
    assert texts(scene) == ["and now something else", "I see."]


def test_posts_of_others_are_not_counted_as_ones_own(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, bob)
    note(scene, bob, "Bob keeps bees.", "20261127-190312-aaaaaa")
    gone = Post(scene.text.id, 1)
    scene.bot.host.posts.keep(gone, [person(bob)])
    stuck = Post(scene.lounge.id, 2)
    scene.bot.host.posts.keep(stuck, ["discord:1"])
    scene.bot.host.posts.doom([stuck])
    scene.guild.overwrite(scene.lounge, scene.guild.bot_role, deny=Permission.VIEW_CHANNEL)
    receipt = forgotten(scene, bob, preview(scene, bob, "/forget me"))
    assert "1 post of mine in Discord is deleted." in receipt
    assert scene.bot.host.posts.doomed() == [stuck]

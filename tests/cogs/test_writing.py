"""Captions, transcripts, answers in writing and her actions, through the gateway."""

from __future__ import annotations

import time

from cogs.host import Place
from cogs.transcription import Caption, Captions, Transcription
from memory.consent import Purpose
from persona_core.events import Said
from persona_core.types import Reply, Timings, Utterance
from tests.cogs.running import tone
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.discord_server import Permission, SimulatedMember


def mention(scene: Scene, words: str = "hello", who: SimulatedMember | None = None) -> str:
    """Somebody, else Ann, mentions her in the text channel; the answer."""
    before = len(scene.text.posts)
    (who or scene.ann).says(scene.text, f"<@{scene.server.bot.id}> {words}")
    scene.wait(lambda: len(scene.text.posts) >= before + 2, "no answer")
    return scene.text.posts[-1].content


def count(scene: Scene, name: str) -> int:
    return scene.bot.host.counts[name]


def test_captions_say_who_said_what_in_the_channels_own_chat(scene: Scene) -> None:
    scene.join()
    assert "I write what is said" in scene.ask(scene.ann, "/captions on")
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: len(scene.lounge.posts) >= 3, "no captions")
    ann, mira = (post.content for post in scene.lounge.posts[1:3])
    assert ann == "**Ann:** tone 400" and mira.startswith("**Mira:** You said Ann: tone 400")
    scene.ask(scene.ann, "/captions off")
    scene.ann.speak(tone(500, 1.0))
    scene.wait(lambda: len(scene.heard) == 2, "Ann is not heard")
    time.sleep(NOT_TO_ANYBODY)
    assert len(scene.lounge.posts) == 3


def test_nobodys_captions_pass_for_hers(scene: Scene) -> None:
    mira = scene.guild.add_member(" mira ")
    mira.join(scene.lounge)
    scene.join()
    scene.answer_all()
    scene.ask(scene.ann, "/captions on")
    mira.speak(tone(400, 1.0))
    scene.wait(lambda: len(scene.lounge.posts) >= 4, "no captions")
    guest, hers = (post.content for post in scene.lounge.posts[2:4])
    assert "mira (guest):** tone 400" in guest and hers.startswith("**Mira:** ")


def test_captions_come_to_where_they_are_asked_for_and_can_be_erased(scene: Scene) -> None:
    scene.join()
    stranger = scene.guild.add_member("Sly")
    assert "Only somebody who is in the call" in scene.ask(stranger, "/captions here")
    scene.ask(scene.ann, "/captions here")
    assert "being written into" in scene.lounge.posts[-1].content
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: len(scene.text.posts) == 2, "no captions")
    assert "2 of my posts" in scene.ask(scene.ann, "/captions erase")
    assert scene.text.posts == []


def test_captions_come_only_to_where_both_may_write(scene: Scene) -> None:
    scene.join()
    bob = scene.guild.add_member("Bob")
    thread = scene.guild.add_thread(scene.text, "aside", by=bob)
    for who, said in ((scene.ann, "You cannot write"), (scene.guild.bot_role, "I lack the permission")):
        scene.guild.overwrite(scene.text, who, deny=Permission.SEND_MESSAGES)
        assert said in scene.ask(scene.ann, "/captions here")
        scene.guild.overwrite(
            scene.text, who, allow=Permission.SEND_MESSAGES, deny=Permission.SEND_MESSAGES_IN_THREADS
        )
        assert said in scene.server.interact(scene.ann, "/captions here", channel=thread).wait(20).text
        scene.guild.overwrite(scene.text, who, allow=Permission.SEND_MESSAGES)
    assert len(scene.lounge.posts) == 1
    assert "I write what" in scene.server.interact(scene.ann, "/captions here", channel=thread).wait(20).text


def test_captions_of_what_was_cut_short_end_where_she_was_heard_last(scene: Scene) -> None:
    scene.join()
    scene.ask(scene.ann, "/captions on")
    ann = scene.bot.call(scene.bot.host.people_present, scene.bot.call(_place, scene))[0]
    line = Utterance(ann, "hi", 0.0, 1.0)
    for text, cut in (("Once upon a", True), ("", True), ("The end.", False)):
        told = Said(Reply(text), 0.5, Timings(), (line,), cut=cut)
        scene.bot.call(scene.bot.host.conversations._tell, _place(scene).key, told)
    scene.wait(lambda: "The end." in scene.lounge.posts[-1].content, "no captions")
    hers = " ".join(post.content for post in scene.lounge.posts[1:])
    assert hers in ("**Mira:** Once upon a— The end.", "**Mira:** Once upon a— **Mira:** The end.")


def _place(scene: Scene) -> Place:
    call = scene.bot.host.calls.in_realm(str(scene.guild.id))
    assert call is not None
    return call.place


def test_captions_cannot_be_moved_about_without_end(scene: Scene) -> None:
    scene.join()
    answers = [scene.ask(scene.ann, "/captions here") for _ in range(6)]
    assert "too often" not in answers[3] and "too often" in answers[4]
    assert len(scene.lounge.posts) == 1 + 4


def test_a_transcript_holds_ones_own_words_and_only_during_the_call(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    bob.join(scene.lounge)
    scene.join()
    scene.ann.speak(tone(400, 1.0)), bob.speak(tone(500, 1.0))
    scene.wait(lambda: len(scene.heard) == 2, "not both are heard")
    assert scene.ask(scene.ann, "/transcript") == "tone 400"
    assert scene.ask(bob, "/transcript") == "tone 500"
    scene.ask(scene.ann, "/leave")
    assert "in no call" in scene.ask(scene.ann, "/transcript")
    scene.join()
    assert "heard nothing from you" in scene.ask(scene.ann, "/transcript")


def test_whoever_refuses_in_mid_call_leaves_no_transcript_and_no_waiting_caption(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    bob.join(scene.lounge)
    scene.join()
    scene.answer_all()
    scene.ask(scene.ann, "/captions on")
    scene.ann.speak(tone(400, 1.0)), bob.speak(tone(500, 1.0))
    scene.wait(lambda: len(scene.heard) == 2, "not both are heard")
    scene.ask(bob, "/consent hearing", answer="off")
    assert "heard nothing from you" in scene.ask(bob, "/transcript")
    assert scene.ask(scene.ann, "/transcript") == "tone 400"
    scene.ann.speak(tone(600, 1.0))
    scene.wait(lambda: len(scene.heard) == 3, "Ann is not heard any more")
    scene.wait(lambda: "tone 600" in scene.answered, "no answer")
    assert not any("tone 500" in message.content for message in scene.bot.llm.prompts[-1])


def test_what_was_said_lately_is_counted_from_now_and_not_from_the_last_line(scene: Scene) -> None:
    scene.join()
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: len(scene.heard) == 1, "not heard")
    host, now_s, ann = scene.bot.host, time.time(), f"discord:{scene.ann.id}"
    host.now = lambda: now_s + 600
    scene.bot.call(host.conversations.forget, ann, 300.0)
    assert scene.ask(scene.ann, "/transcript") == "tone 400"
    scene.bot.call(host.conversations.forget, ann, 700.0)
    assert "heard nothing from you" in scene.ask(scene.ann, "/transcript")


def test_waiting_captions_go_with_a_refusal_and_the_others_stay_in_order(scene: Scene) -> None:
    cog = scene.bot.bot.cogs["Transcription"]
    assert isinstance(cog, Transcription)

    def refuse() -> list[str]:
        captions = cog._captions["k"] = Captions(Place("k", "k", "r"))
        for words, people in [("a", "1"), ("b", "2"), ("answer to both", "12"), ("c", "1")]:
            cog._caption("k", Caption("N", words, tuple(people)))
        cog._on_decision("2", Purpose.HEARING, False)
        cog._on_decision("1", Purpose.REMEMBERING, False)
        return [captions.waiting.get_nowait().text for _ in range(captions.waiting.qsize())]

    assert scene.bot.call(refuse) == ["a", "c"]


def test_a_mention_is_answered_as_a_reply_that_calls_nobody(scene: Scene) -> None:
    scene.bot.llm.lines = [f"Hi <@&{scene.guild.id}> and you."]
    assert "and you" in mention(scene)
    answer = scene.text.posts[-1]
    assert answer.reference is scene.text.posts[0]
    assert [user.name for user in answer.mentions] in ([], ["Ann"])
    assert scene.bot.llm.prompts[0][-1].content.startswith("Ann: Mira hello")


def test_a_reply_to_her_and_a_direct_message_are_answered_and_other_talk_is_not(scene: Scene) -> None:
    mention(scene)
    hers = scene.text.posts[-1]
    scene.ann.says(scene.text, "and you?", reply_to=hers)
    scene.wait(lambda: len(scene.text.posts) == 4, "no answer to a reply")
    alone = scene.ann.writes_to(scene.server.bot.user, "psst").channel
    scene.wait(lambda: len(alone.posts) == 2, "no answer to a direct message")
    scene.ann.says(scene.text, "not for her")
    time.sleep(NOT_TO_ANYBODY)
    assert len(scene.text.posts) == 5 and len(scene.bot.llm.prompts) == 3


def test_what_was_said_aloud_is_known_in_the_channels_chat(scene: Scene) -> None:
    scene.join()
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: scene.answered, "she does not answer aloud")
    aloud = len(scene.bot.tts.said)
    scene.ann.says(scene.lounge, f"<@{scene.server.bot.id}> what did I say?")
    scene.wait(lambda: len(scene.lounge.posts) == 3, "no answer in the chat")
    assert any("tone 400" in message.content for message in scene.bot.llm.prompts[-1])
    assert len(scene.bot.tts.said) == aloud  # in writing only


def test_one_person_cannot_make_her_write_without_end(scene: Scene) -> None:
    for i in range(12):
        scene.ann.says(scene.text, f"<@{scene.server.bot.id}> {i}")
    scene.wait(lambda: count(scene, "messages over the limit") == 4, "nothing is over the limit")


def test_without_permission_to_write_she_stays_silent_and_well(scene: Scene) -> None:
    scene.guild.overwrite(scene.text, scene.guild.bot_role, deny=Permission.SEND_MESSAGES)
    time.sleep(0.2)
    scene.ann.says(scene.text, f"<@{scene.server.bot.id}> hello")
    scene.wait(lambda: scene.bot.llm.prompts, "she does not even think")
    time.sleep(NOT_TO_ANYBODY)
    scene.guild.overwrite(scene.text, scene.guild.bot_role)
    time.sleep(0.2)
    assert "hello" in mention(scene)


def test_she_reacts_to_what_she_answers(scene: Scene) -> None:
    scene.bot.llm.lines = ['Nice. @@ {"actions": ["react:🌧️"]}']
    mention(scene)
    scene.wait(lambda: count(scene, "react: done") == 1, "no reaction")
    assert list(scene.text.posts[0].reactions) == ["🌧️"]


def test_what_is_no_emoji_or_not_allowed_is_refused_and_counted(scene: Scene) -> None:
    scene.bot.llm.lines = ['Nice. @@ {"actions": ["react:smile"]}']
    mention(scene)
    scene.wait(lambda: count(scene, "react: refused") == 1, "not counted")
    scene.guild.overwrite(scene.text, scene.guild.bot_role, deny=Permission.ADD_REACTIONS)
    time.sleep(0.2)
    scene.bot.llm.lines = ['Nice. @@ {"actions": ["react:🌧️"]}']
    mention(scene)
    scene.wait(lambda: count(scene, "react: refused") == 2, "not counted")
    assert not any(post.reactions for post in scene.text.posts)


def test_actions_she_does_not_have_are_dropped_and_told_in_the_status(scene: Scene) -> None:
    scene.bot.llm.lines = ['Nice. @@ {"actions": ["ban:Bob", "react:🌧️", {"name": "kick"}]}']
    mention(scene)
    scene.wait(lambda: count(scene, "react: done") == 1, "no reaction")
    assert "actions dropped: 2" in scene.ask(scene.ann, "/status")


def test_she_posts_no_more_often_than_allowed(scene: Scene) -> None:
    scene.bot.llm.lines = ['So. @@ {"actions": ["post:a", "post:b", "post:c", "post:d", "post:e"]}']
    scene.ann.says(scene.text, f"<@{scene.server.bot.id}> post")
    scene.wait(
        lambda: count(scene, "post: too often") == 2 and count(scene, "post: done") == 3, "not three of five"
    )
    assert sorted(post.content for post in scene.text.posts if len(post.content) == 1) == ["a", "b", "c"]


def test_she_writes_only_to_who_wrote_to_her_first(scene: Scene) -> None:
    scene.bot.llm.lines = ['Psst. @@ {"actions": ["dm:hello you"]}']
    mention(scene)
    scene.wait(lambda: count(scene, "dm: refused") == 1, "not refused")
    alone = scene.ann.writes_to(scene.server.bot.user, "hi").channel
    scene.wait(lambda: len(alone.posts) == 2, "no answer")
    scene.bot.llm.lines = ['Psst. @@ {"actions": ["dm:hello you"]}']
    mention(scene)
    scene.wait(lambda: alone.posts[-1].content == "hello you", "no direct message")


def test_nobody_outside_the_call_talks_her_out_of_it(scene: Scene) -> None:
    scene.join()
    sly = scene.guild.add_member("Sly")
    scene.bot.llm.lines = ['Bye. @@ {"actions": ["leave"]}']
    sly.says(scene.lounge, f"<@{scene.server.bot.id}> leave now")
    scene.wait(lambda: count(scene, "leave: refused") == 1, "not refused")
    assert scene.guild.bot_voice_channel is scene.lounge


def test_nobody_can_have_her_write_to_another(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    alone = bob.writes_to(scene.server.bot.user, "hi").channel
    scene.wait(lambda: len(alone.posts) == 2, "no answer")
    bob.join(scene.lounge)
    scene.join()
    scene.answer_all()
    scene.bot.llm.lines = ['Fine. @@ {"actions": ["dm:you are ugly"]}']
    scene.ann.speak(tone(400, 1.0))
    bob.speak(tone(500, 1.5))  # both are answered together, Bob last
    scene.wait(lambda: count(scene, "dm: refused") == 1, "not refused")
    assert len(alone.posts) == 2


def test_what_she_is_talked_into_posting_calls_nobody_and_links_nowhere(scene: Scene) -> None:
    scene.bot.llm.lines = ['So. @@ {"actions": ["post:@everyone [free](https://evil.test)"]}']
    scene.ann.says(scene.text, f"<@{scene.server.bot.id}> post @everyone")
    scene.wait(lambda: count(scene, "post: done") == 1, "no post")
    (post,) = (post for post in scene.text.posts if "free" in post.content)
    assert "@everyone" not in post.content and "https://" not in post.content and not post.mentions


def test_reactions_have_a_limit(scene: Scene) -> None:
    five = '"react:🌧️", "react:🌩️", "react:☀️", "react:❄️", "react:🌪️"'
    for _ in range(2):
        scene.bot.llm.lines = [f'Nice. @@ {{"actions": [{five}]}}']
        mention(scene, "react")
    scene.wait(lambda: count(scene, "react: too often") == 4, "no limit")


def test_she_leaves_when_she_wants_to(scene: Scene) -> None:
    scene.join()
    scene.bot.llm.lines = ['Good night. @@ {"actions": ["leave"]}']
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: scene.guild.bot_voice_channel is None, "she stays")


def test_she_remembers_only_of_who_agreed_and_until_they_change_their_mind(scene: Scene) -> None:
    tail = (
        '@@ {"remember": [{"text": "Ann likes rain", "salience": 0.8}], "actions": ["remember:and storms"]}'
    )
    journal = scene.bot.host.memory.journal
    scene.bot.llm.lines = [f"Oh. {tail}"]
    mention(scene)
    scene.wait(lambda: count(scene, "remember: refused") == 2, "not refused")
    assert not journal.entries()
    scene.ask(scene.ann, "/consent remembering", answer="on")
    scene.bot.llm.lines = [f"Oh. {tail}"]
    mention(scene)
    wanted = {"Ann likes rain", "and storms"}
    scene.wait(lambda: {entry.text for entry in journal.entries()} == wanted, "not kept")
    assert "nothing about you" in scene.withdraw(scene.ann)
    assert not journal.entries()


def test_status_tells_counters_and_times_and_nobodys_name(scene: Scene) -> None:
    assert "in no call here" in scene.ask(scene.ann, "/status")
    scene.join()
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: scene.answered, "she does not answer")
    status = scene.ask(scene.ann, "/status")
    assert "encrypted end to end: yes" in status and "frames: " in status and "mode: addressed" in status
    assert "voice to voice: " in status and " ms, p95 " in status and "(n=1)" in status
    assert "Ann" not in status and "tone" not in status

"""``/memory review``: a person's own notes on pages with buttons, through the gateway; nobody else's."""

from __future__ import annotations

import time

import pytest

from cogs.correcting import NOT_ALONE, PUT_RIGHT
from cogs.note_page import cut
from cogs.question import KEPT
from cogs.review import INTRODUCTION, NO_NOTES
from memory.posts import Post
from memory.types import Origin
from memory.wishes import Wish
from tests.cogs.reviewing import (
    DAY_S,
    FIELD,
    NO_SUCH,
    buttons,
    correct,
    fields,
    forged,
    held,
    note,
    opened,
    press,
    text_of,
)
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.cogs.test_journal import agree, direct, me, written
from tests.discord_server import NotPossible

# The pages


def test_a_review_shows_one_note_on_a_page_the_newest_first(scene: Scene) -> None:
    agree(scene, scene.ann)
    for days, text in ((3, "Ann keeps bees."), (2, "Ann has a sister."), (1, "Ann is moving.")):
        note(scene, text, scene.ann, days_ago=days, why="a fact about herself")
    panel = opened(scene, scene.ann)
    assert panel.embeds[0]["title"] == "Note 1 of 3" and text_of(panel) == "Ann is moving."
    assert not buttons(panel)["Later"]
    with pytest.raises(NotPossible, match="disabled"):
        scene.server.click(scene.ann, panel, "Later")
    press(scene, scene.ann, panel, "Earlier")
    assert text_of(panel) == "Ann has a sister."
    press(scene, scene.ann, panel, "Earlier")
    assert panel.embeds[0]["title"] == "Note 3 of 3" and text_of(panel) == "Ann keeps bees."
    assert not buttons(panel)["Earlier"]
    press(scene, scene.ann, panel, "Later")
    assert text_of(panel) == "Ann has a sister."


def test_a_page_says_where_a_note_came_from_who_may_hear_it_and_why_it_is_kept(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann, days_ago=1, why="a fact about herself")
    note(scene, "Ann is in love.", scene.ann, days_ago=2, origin=Origin.DIRECT)
    note(scene, "Ann paints.", scene.ann, days_ago=3, origin=Origin.TEXT)
    panel = opened(scene, scene.ann)
    shown = fields(panel)
    assert shown["Where it came from"] == "It was said in a call." and shown["Pinned"] == "No."
    assert "only while you are with them" in shown["Who may hear it"]
    assert shown["Why I kept it"] == "a fact about herself" and str(time.localtime().tm_year) in shown["When"]
    press(scene, scene.ann, panel, "Earlier")
    assert fields(panel)["Where it came from"] == "You told it to me alone."
    assert fields(panel)["Who may hear it"] == "Only you." and "Why I kept it" not in fields(panel)
    press(scene, scene.ann, panel, "Earlier")
    assert fields(panel)["Where it came from"] == "It was written in a channel."
    assert fields(panel)["Who may hear it"] == "Whoever can read that channel."


def test_a_note_that_was_put_right_and_shared_was_not_said_in_a_call(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann, origin=Origin.DIRECT)
    panel = opened(scene, scene.ann)
    correct(scene, scene.ann, panel, "Ann keeps wasps.")
    press(scene, scene.ann, panel, "Share")
    shown = fields(panel)
    assert shown["Where it came from"] == "You told it to me alone."
    assert shown["Why I kept it"] == "You put it right."
    assert "anybody else only while you are with them" in shown["Who may hear it"]


def test_a_review_holds_nobody_elses_notes(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    note(scene, "Bob has a secret.", bob, origin=Origin.DIRECT)
    assert scene.ask(scene.ann, "/memory review") == NO_NOTES
    note(scene, "Ann keeps bees.", scene.ann)
    assert opened(scene, scene.ann).embeds[0]["title"] == "Note 1 of 1"


def test_a_review_works_in_direct_messages(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann, direct(scene, scene.ann))
    press(scene, scene.ann, panel, "Pin")
    assert panel.content == "I have pinned it."


def test_words_in_a_note_are_only_words(scene: Scene) -> None:
    agree(scene, scene.ann)
    nasty = f"# Loud\n**bold** <@{scene.ann.id}> @everyone [here](https://evil.example) `code`\n> quote"
    note(scene, nasty, scene.ann, why="**because** @everyone")
    panel = opened(scene, scene.ann)
    shown = text_of(panel)
    assert len(shown.splitlines()) == 3 and shown.startswith("\\# Loud") and "\\*\\*bold" in shown
    assert f"<@{scene.ann.id}>" not in shown and "@everyone" not in shown and "\\[here" in shown
    assert "**" not in fields(panel)["Why I kept it"] and "@everyone" not in fields(panel)["Why I kept it"]
    assert not panel.mentions
    form = scene.server.click(scene.ann, panel, "Correct").wait(20)
    assert form.modal is not None and form.modal["components"][0]["components"][0]["value"] == nasty


@pytest.mark.parametrize("text", ["*" * 19_000, "word " * 3_900, "@everyone " * 1_900])
def test_the_longest_note_fits_on_a_page(scene: Scene, text: str) -> None:
    agree(scene, scene.ann)
    note(scene, text, scene.ann, why="w*" * 500)
    panel = opened(scene, scene.ann)
    assert text_of(panel).endswith("…") and not text_of(panel).endswith("\\…")
    form = scene.server.click(scene.ann, panel, "Correct").wait(20)
    assert form.modal is not None
    field = form.modal["components"][0]["components"][0]
    assert not field.get("value") and "too long" in field["placeholder"]  # a part would replace the whole


def test_what_is_cut_ends_in_no_open_escape() -> None:
    assert cut("ab\\*cd", 4) == "ab…" and cut("abc", 3) == "abc"


# Putting right


def test_a_correction_takes_the_place_of_a_note_and_the_page_shows_it(scene: Scene) -> None:
    agree(scene, scene.ann)
    turn = written(scene, scene.ann, "my sister lives in Lisbon", scene.text, time.time() - 2 * DAY_S)
    before = note(scene, "Ann's sister lives in Lisbon.", scene.ann, days_ago=2, sources=(turn.id,))
    note(scene, "Ann keeps bees.", scene.ann, days_ago=1)
    panel = opened(scene, scene.ann)
    press(scene, scene.ann, panel, "Earlier")
    correct(scene, scene.ann, panel, "Ann's sister lives in **Porto**.")
    assert panel.content == PUT_RIGHT and text_of(panel) == r"Ann's sister lives in \*\*Porto\*\*."
    assert panel.embeds[0]["title"] == "Note 1 of 2"
    assert held(scene, scene.ann) == ["Ann's sister lives in **Porto**.", "Ann keeps bees."]
    assert before.id in scene.bot.host.memory.journal.superseded()
    found = scene.bot.host.memory.recall.find("sister Lisbon", lambda scope: True, time.time())
    assert not [hit for hit in found if "lives in Lisbon" in hit.document.text]


def test_a_correction_of_four_thousand_characters_is_kept(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    text = ("bees and more bees " * 300)[:3_999] + "!"
    form = scene.server.click(scene.ann, panel, "Correct").wait(20)
    with pytest.raises(NotPossible, match="4000"):
        scene.server.submit(form, {FIELD: text + "!"})
    correct(scene, scene.ann, panel, text)
    assert panel.content == PUT_RIGHT and held(scene, scene.ann) == [text]


def test_a_correction_that_changes_nothing_says_so(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann, days_ago=0)
    panel = opened(scene, scene.ann)
    correct(scene, scene.ann, panel, "Ann keeps bees.")
    assert "nothing has changed" in panel.content and held(scene, scene.ann) == ["Ann keeps bees."]


def test_a_correction_to_what_another_note_says_leaves_that_one(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann, days_ago=0)
    note(scene, "Ann keeps wasps.", scene.ann, days_ago=0.01)
    panel = opened(scene, scene.ann)
    correct(scene, scene.ann, panel, "Ann keeps wasps.")
    assert panel.content == PUT_RIGHT and held(scene, scene.ann) == ["Ann keeps wasps."]
    assert text_of(panel) == "Ann keeps wasps."


def test_what_cannot_be_kept_is_given_back(scene: Scene) -> None:
    agree(scene, scene.ann)
    gone = note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    form = scene.server.click(scene.ann, panel, "Correct").wait(20)
    blank = scene.server.submit(form, {FIELD: "  "}).wait(20, replies=1)
    assert "no words" in blank.text and held(scene, scene.ann) == ["Ann keeps bees."]
    form = scene.server.click(scene.ann, panel, "Correct").wait(20)
    scene.bot.host.memory.remove_entry(gone.id)
    sent = scene.server.submit(form, {FIELD: "Ann keeps wasps."}).wait(20, replies=1)
    (told,) = sent.shown
    assert told.ephemeral and NO_SUCH in told.content
    assert told.attachments[0].data == b"Ann keeps wasps." and not held(scene, scene.ann)


def test_a_form_that_is_sent_twice_counts_once(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    form = scene.server.click(scene.ann, panel, "Correct").wait(20)
    before = len(panel.history)
    for _ in range(2):
        scene.server.submit(form, {FIELD: "Ann keeps wasps."})
    scene.wait(lambda: len(panel.history) > before, "nothing came of it")
    time.sleep(NOT_TO_ANYBODY)
    assert held(scene, scene.ann) == ["Ann keeps wasps."] and panel.content == PUT_RIGHT


def test_after_consent_is_withdrawn_nothing_is_corrected(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    form = scene.server.click(scene.ann, panel, "Correct").wait(20)
    scene.withdraw(scene.ann)
    sent = scene.server.submit(form, {FIELD: "Ann keeps wasps."}).wait(20, replies=1)
    assert NO_SUCH in sent.text
    press(scene, scene.ann, panel, "Pin")
    assert NO_NOTES in panel.content and not panel.components and not panel.embeds


# Pinning and sharing


def test_a_note_is_pinned_and_unpinned(scene: Scene) -> None:
    agree(scene, scene.ann)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    for label, then, pinned in (("Pin", "Unpin", True), ("Unpin", "Pin", False)):
        press(scene, scene.ann, panel, label)
        assert then in buttons(panel) and label not in buttons(panel)
        assert scene.bot.host.memory.journal.read(kept.id).pinned is pinned
        assert fields(panel)["Pinned"].startswith("Yes" if pinned else "No")


def test_two_clicks_at_once_do_the_same_thing_twice_and_not_its_opposite(scene: Scene) -> None:
    agree(scene, scene.ann)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    before = len(panel.history)
    for _ in range(2):
        scene.server.click(scene.ann, panel, "Pin")
    scene.wait(lambda: len(panel.history) >= before + 2, "not both clicks came to something", 20)
    assert scene.bot.host.memory.journal.read(kept.id).pinned and "Unpin" in buttons(panel)


def test_a_note_is_kept_between_them_and_shared_again(scene: Scene) -> None:
    agree(scene, scene.ann)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    press(scene, scene.ann, panel, "Keep between us")
    assert fields(panel)["Who may hear it"] == "Only you." and "Share" in buttons(panel)
    assert scene.bot.host.memory.journal.read(kept.id).scope.private
    press(scene, scene.ann, panel, "Share")
    assert "only while you are with them" in fields(panel)["Who may hear it"]
    assert not scene.bot.host.memory.journal.read(kept.id).scope.private


def test_what_was_told_her_alone_can_be_shared(scene: Scene) -> None:
    agree(scene, scene.ann)
    kept = note(scene, "Ann is in love.", scene.ann, origin=Origin.DIRECT)
    panel = opened(scene, scene.ann)
    assert "Keep between us" not in buttons(panel)
    press(scene, scene.ann, panel, "Share")
    assert "whoever else listens" in panel.content
    assert scene.bot.host.memory.journal.read(kept.id).scope.origin is Origin.VOICE


def test_of_a_note_about_several_only_what_one_may_do_alone_is_offered(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    kept = note(scene, "Ann and Bob are a couple.", scene.ann, bob)
    panel = opened(scene, scene.ann)
    assert "others as well" in fields(panel)["Where it came from"]
    able = buttons(panel)
    assert not able["Correct"] and not able["Pin"] and able["Keep between us"] and able["Forget"]
    press(scene, scene.ann, panel, "Keep between us")
    assert buttons(panel)["Share"] is False
    assert fields(panel)["Who may hear it"] == "Only those who were there, like you."
    press(scene, scene.ann, panel, "Forget")
    press(scene, scene.ann, panel, "Yes, forget it")
    assert kept.id not in {one.id for one in scene.bot.host.memory.journal.entries()}
    assert scene.ask(bob, "/memory review") == NO_NOTES


def test_a_forged_click_on_what_is_not_offered_changes_nothing(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    kept = note(scene, "Ann and Bob are a couple.", scene.ann, bob, origin=Origin.DIRECT)
    panel = opened(scene, scene.ann)
    assert forged(scene, scene.ann, panel, "correct").wait(20).text == NOT_ALONE
    for name in ("pin", "share", "yes"):
        told = forged(scene, scene.ann, panel, name).wait(20)
        assert told.text == "" or "did nothing" in told.text
    time.sleep(NOT_TO_ANYBODY)
    assert scene.bot.host.memory.journal.read(kept.id) == kept


def test_somebody_elses_panel_does_nothing_for_others(scene: Scene) -> None:
    sly = scene.guild.add_member("Sly")
    agree(scene, scene.ann, sly)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    with pytest.raises(NotPossible, match="does not see"):
        scene.server.click(sly, panel, "Pin")
    for name in ("pin", "forget", "yes", "correct", "later"):
        told = forged(scene, sly, panel, name).wait(20, replies=1)
        assert told.modal is None and "bees" not in told.text and all(one.ephemeral for one in told.shown)
    assert scene.bot.host.memory.journal.read(kept.id) == kept and panel.content == INTRODUCTION


# Forgetting


def test_a_note_is_forgotten_after_asking_once_with_all_that_hangs_on_it(scene: Scene) -> None:
    agree(scene, scene.ann)
    host = scene.bot.host
    turn = written(scene, scene.ann, "I keep bees", scene.text, time.time() - DAY_S)
    reply = scene.ann.says(scene.text, "stands for her answer")
    hers = scene.server.call(
        scene.server.service.messages.send, scene.server.bot.user, scene.text, {"content": "Bees!"}
    )
    host.posts.keep(Post(scene.text.id, hers.id), [me(scene.ann)], turn.at_s + 1)
    note(scene, "Ann keeps bees.", scene.ann, sources=(turn.id,))
    note(scene, "Ann likes honey.", scene.ann, days_ago=2, sources=(turn.id,))
    note(scene, "Ann has a dog.", scene.ann, days_ago=3)
    panel = opened(scene, scene.ann)
    press(scene, scene.ann, panel, "Forget")
    assert "1 line of what was said" in panel.content and "2 notes" in panel.content
    assert "1 post of mine" in panel.content and "cannot be undone" in panel.content
    assert set(buttons(panel)) == {"Yes, forget it", "No, keep it"} and len(held(scene, scene.ann)) == 3
    press(scene, scene.ann, panel, "No, keep it")
    assert panel.content == KEPT and len(held(scene, scene.ann)) == 3 and "Forget" in buttons(panel)
    press(scene, scene.ann, panel, "Forget")
    press(scene, scene.ann, panel, "Yes, forget it")
    assert "This is gone" in panel.content and "2 notes" in panel.content and "deleted" in panel.content
    assert text_of(panel) == "Ann has a dog." and held(scene, scene.ann) == ["Ann has a dog."]
    assert not host.memory.turns.get([turn.id]) and hers.deleted and not reply.deleted


def test_a_second_click_on_forget_is_no_yes_and_a_second_yes_forgets_nothing_more(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann, days_ago=1)
    note(scene, "Ann has a dog.", scene.ann, days_ago=2)
    panel = opened(scene, scene.ann)
    for label, left in (("Forget", 2), ("Yes, forget it", 1)):
        before = len(panel.history)
        for _ in range(2):
            scene.server.click(scene.ann, panel, label)
        scene.wait(lambda before=before: len(panel.history) >= before + 2, "not both came to something", 20)
        assert len(held(scene, scene.ann)) == left
    assert held(scene, scene.ann) == ["Ann has a dog."] and "1 note" in panel.content


def test_a_note_that_went_meanwhile_is_told_and_the_next_one_shown(scene: Scene) -> None:
    agree(scene, scene.ann)
    first = note(scene, "Ann keeps bees.", scene.ann, days_ago=1)
    second = note(scene, "Ann has a dog.", scene.ann, days_ago=2)
    panel = opened(scene, scene.ann)
    press(scene, scene.ann, panel, "Forget")
    scene.bot.host.memory.forget(Wish(me(scene.ann), entry=first.id))
    press(scene, scene.ann, panel, "Yes, forget it")
    assert panel.content == NO_SUCH and text_of(panel) == "Ann has a dog."
    scene.bot.host.memory.forget(Wish(me(scene.ann), entry=second.id))
    told = scene.server.click(scene.ann, panel, "Correct").wait(20)
    assert told.text == NO_SUCH and told.modal is None
    press(scene, scene.ann, panel, "Keep between us")
    assert panel.content == f"{NO_SUCH}\n{NO_NOTES}" and not panel.components


def test_turning_the_page_takes_the_question_back(scene: Scene) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann, days_ago=1)
    note(scene, "Ann has a dog.", scene.ann, days_ago=2)
    panel = opened(scene, scene.ann)
    press(scene, scene.ann, panel, "Forget")
    before = len(panel.history)
    forged(scene, scene.ann, panel, "earlier")
    scene.wait(lambda: len(panel.history) > before, "the page is not turned")
    assert text_of(panel) == "Ann has a dog." and "Forget" in buttons(panel)
    forged(scene, scene.ann, panel, "yes")
    time.sleep(NOT_TO_ANYBODY)
    assert len(held(scene, scene.ann)) == 2

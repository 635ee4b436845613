"""``/memory edit`` and ``delete``, and what becomes of buttons and forms that nobody answers, through the gateway."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cogs.correcting import NOT_ALONE, PUT_RIGHT
from cogs.question import KEPT
from memory.errors import StoreError
from memory.types import Entry
from tests.cogs.reviewing import DAY_S, FIELD, NO_SUCH, forged, held, note, opened, press, text_of
from tests.cogs.running import running_bot
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.cogs.test_journal import agree, suggestions, written
from tests.discord_server import DiscordServer, Message
from tests.discord_server.interactions import MODAL_SUBMIT

# Running out


def test_a_panel_that_nobody_uses_puts_its_buttons_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.private_view.PATIENCE_S", 0.5)
    agree(scene, scene.ann)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)
    scene.wait(lambda: not panel.components, "the buttons stay")
    assert "/memory review" in panel.content and text_of(panel) == "Ann keeps bees."
    assert "did nothing" in forged(scene, scene.ann, panel, "pin").wait(20).text
    asked = scene.server.interact(scene.ann, "/memory delete", channel=scene.text, entry=kept.id).wait(20)
    (question,) = asked.shown
    scene.wait(lambda: not question.components, "the buttons stay")
    assert KEPT in question.content and held(scene, scene.ann) == ["Ann keeps bees."]


def test_the_buttons_of_before_a_restart_say_that_they_have_run_out(
    server: DiscordServer, tmp_path: Path
) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        agree(scene, scene.ann)
        kept = note(scene, "Ann keeps bees.", scene.ann)
        panel = opened(scene, scene.ann)
        asked = server.interact(scene.ann, "/memory delete", channel=scene.text, entry=kept.id).wait(20)
        (question,) = asked.shown
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        for message, label in ((panel, "Pin"), (panel, "Forget"), (question, "Yes, forget it")):
            told = server.click(scene.ann, message, label).wait(20)
            assert "did nothing" in told.text and told.shown[0].ephemeral
        assert bot.host.memory.journal.read(kept.id) == kept


# /memory edit and /memory delete


def test_edit_opens_the_form_of_the_note_that_is_named(scene: Scene) -> None:
    agree(scene, scene.ann)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    asked = scene.server.interact(scene.ann, "/memory edit", channel=scene.text, entry=kept.id).wait(20)
    assert asked.modal is not None and not asked.replies
    assert asked.modal["components"][0]["components"][0]["value"] == "Ann keeps bees."
    sent = scene.server.submit(asked, {FIELD: "Ann keeps wasps."}).wait(20)
    assert (
        sent.text == PUT_RIGHT and sent.shown[0].ephemeral and held(scene, scene.ann) == ["Ann keeps wasps."]
    )
    asked = scene.server.interact(scene.ann, "/memory edit", channel=scene.text, entry=kept.id).wait(20)
    late = scene.server.submit(asked, {FIELD: "Ann keeps ants."}).wait(20)
    assert "correct the newer one" in late.text and late.shown[0].attachments[0].data == b"Ann keeps ants."


def test_the_form_may_be_sent_after_the_panel_has_closed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann)
    monkeypatch.setattr("cogs.private_view.PATIENCE_S", 0.5)
    panel = opened(scene, scene.ann)
    form = scene.server.click(scene.ann, panel, "Correct").wait(20)
    scene.wait(lambda: not panel.components, "the buttons stay")
    sent = scene.server.submit(form, {FIELD: "Ann keeps wasps."}).wait(20, replies=1)
    assert PUT_RIGHT in sent.text and held(scene, scene.ann) == ["Ann keeps wasps."]


@pytest.mark.parametrize("command", ["/memory edit", "/memory delete"])
def test_ids_that_are_not_ones_own_open_nothing(scene: Scene, command: str) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    theirs = note(scene, "Bob has a secret.", bob)
    gone = note(scene, "Ann had a dog.", scene.ann)
    scene.bot.host.memory.remove_entry(gone.id)
    for entry in (theirs.id, gone.id, "x", "../../key", "20261127-190312-1f2e3d", "🙂" * 100):
        asked = scene.server.interact(scene.ann, command, channel=scene.text, entry=entry).wait(20)
        assert asked.modal is None and asked.text == NO_SUCH and asked.shown[0].ephemeral
        assert not asked.shown[0].components


def test_nobody_edits_what_is_about_others_as_well(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    both = note(scene, "Ann and Bob are a couple.", scene.ann, bob)
    note(scene, "Ann keeps bees.", scene.ann, days_ago=2)
    asked = scene.server.interact(scene.ann, "/memory edit", channel=scene.text, entry=both.id).wait(20)
    assert asked.text == NOT_ALONE and asked.modal is None
    with suggestions(scene, scene.ann, "/memory edit", "entry") as found:
        assert [name.split(": ")[1] for name, _ in found] == ["Ann keeps bees."]
    with suggestions(scene, scene.ann, "/memory delete", "entry", "couple") as found:
        assert [value for _, value in found] == [both.id]


def test_suggestions_hold_ones_own_notes_alone_and_no_more_than_discord_takes(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    note(scene, "Bob has a secret.", bob)
    for number in range(30):
        note(scene, f"Ann has {number} cats. " + "And so on. " * 30, scene.ann, days_ago=1 + number)
    with suggestions(scene, scene.ann, "/memory delete", "entry") as found:
        assert len(found) == 25 and not [name for name, _ in found if "Bob" in name]
    with suggestions(scene, scene.ann, "/memory delete", "entry", "29 CATS") as found:
        assert len(found) == 1


def test_delete_shows_what_would_go_and_asks_once(scene: Scene) -> None:
    agree(scene, scene.ann)
    turn = written(scene, scene.ann, "I keep bees", scene.text, time.time() - DAY_S)
    kept = note(scene, "Ann keeps **bees**.", scene.ann, sources=(turn.id,))

    def ask() -> Message:
        asked = scene.server.interact(scene.ann, "/memory delete", channel=scene.text, entry=kept.id)
        (question,) = asked.wait(20).shown
        assert question.ephemeral and r"Ann keeps \*\*bees\*\*." in question.content
        assert "1 line of what was said" in question.content and "cannot be undone" in question.content
        return question

    question = ask()
    press(scene, scene.ann, question, "No, keep it")
    assert question.content == KEPT and not question.components and held(scene, scene.ann)
    question, late = ask(), ask()
    for _ in range(2):
        scene.server.click(scene.ann, question, "Yes, forget it")
    scene.wait(lambda: "This is gone" in question.content, "nothing came of it")
    assert not question.components and not held(scene, scene.ann)
    assert not scene.bot.host.memory.turns.get([turn.id])
    press(scene, scene.ann, late, "Yes, forget it")
    assert late.content == NO_SUCH and not late.components
    assert "This is gone" in question.content


def test_a_form_that_somebody_else_sends_is_nothing(scene: Scene) -> None:
    sly = scene.guild.add_member("Sly")
    agree(scene, scene.ann, sly)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    asked = scene.server.interact(scene.ann, "/memory edit", channel=scene.text, entry=kept.id).wait(20)
    assert asked.modal is not None
    row = asked.modal["components"][0]
    row = {
        "type": 1,
        "components": [{"type": 4, "custom_id": row["components"][0]["custom_id"], "value": "x"}],
    }
    data = {"custom_id": asked.modal["custom_id"], "components": [row]}
    start = scene.server.service.interactions.start
    scene.server.call(start, scene.server.bot, MODAL_SUBMIT, sly.user, scene.text, data, None)
    time.sleep(NOT_TO_ANYBODY)
    assert held(scene, scene.ann) == ["Ann keeps bees."]


def test_a_full_disk_is_explained_and_the_panel_stays(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann)
    panel = opened(scene, scene.ann)

    def full(entry: Entry) -> Entry:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(scene.bot.host.memory.journal, "write", full)
        told = scene.server.click(scene.ann, panel, "Pin").wait(20, replies=1)
        scene.wait(lambda: "disk" in told.text, "nothing is said")
        assert told.shown[-1].ephemeral
        form = scene.server.click(scene.ann, panel, "Correct").wait(20)
        sent = scene.server.submit(form, {FIELD: "Ann keeps wasps."}).wait(20, replies=1)
        assert "disk" in sent.text and sent.shown[0].attachments[0].data == b"Ann keeps wasps."
    press(scene, scene.ann, panel, "Pin")
    assert panel.content == "I have pinned it." and held(scene, scene.ann) == ["Ann keeps bees."]

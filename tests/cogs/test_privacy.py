"""What people allow, and what they are told of it, as they see it in Discord."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cogs import consent_panel, privacy_page
from cogs.answers import FOR_PEOPLE, sentence
from cogs.consent_panel import TOPICS
from cogs.deciding import HEARD_AND_REMEMBERED, SENTENCES
from cogs.question import KEPT
from memory.consent import Decision, Purpose
from memory.errors import EntryError, KeyGone, StoreError, Unreadable
from memory.forget import POSTS
from persona_core.settings import Settings, load_settings
from tests.cogs.running import running_bot, tone
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.cogs.test_writing import mention
from tests.discord_server import DiscordServer, SimulatedMember
from tests.discord_server.interactions import Interaction
from tests.discord_server.state import Message

ROOT = Path(__file__).parents[2]
LOCAL = load_settings({}, None)
CLOUD = {"llm_engine": "openai", "openai_base_url": "https://api.example.com/v1", "llm_model": "big"}


def settings(**changed: Any) -> Settings:
    return LOCAL.model_copy(update=changed)


def decision(scene: Scene, who: SimulatedMember, purpose: Purpose) -> Decision | None:
    return scene.bot.host.consent.decision(f"discord:{who.id}", purpose)


def labels(message: Message) -> list[str]:
    return [one["label"] for row in message.components for one in row["components"]]


def shown(message: Message) -> dict[str, str]:
    """The fields of an embed, by their names."""
    (embed,) = message.embeds
    return {field["name"]: field["value"] for field in embed["fields"]}


def opened(scene: Scene, who: SimulatedMember, interaction: Interaction | None = None) -> Message:
    """The panel, which only they see."""
    asked = interaction or scene.server.interact(who, "/consent show", channel=scene.text)
    (message,) = asked.wait(20).shown
    assert message.ephemeral and message.embeds[0]["title"] == "What you allow me"
    return message


def click(scene: Scene, who: SimulatedMember, message: Message, button: str) -> None:
    scene.server.click(who, message, button)
    scene.wait(lambda: button not in labels(message), f"{button} is still there")


# Pure: what the page and the panel say


@pytest.mark.parametrize("days", [0, 30])
@pytest.mark.parametrize("remembers", [False, True])
@pytest.mark.parametrize("changed", [{}, CLOUD | {"reflection": "anthropic"}])
def test_the_page_fits_and_says_what_is_kept_and_how_long(
    days: int, remembers: bool, changed: dict[str, Any]
) -> None:
    counts = dict.fromkeys(privacy_page.KEPT, 10**9)
    found = privacy_page.sections(settings(remembering_days=days, **changed), counts, remembers)
    assert all(0 < len(text) <= 1024 for text in found.values())
    assert sum(len(one) for pair in found.items() for one in pair) < 5_500
    assert ("30 days old" in found["How long"]) == (days == 30 and remembers)
    assert "they hold the key" in found["Who can see it"]
    assert ("api.example.com" in found["What leaves that computer"]) == bool(changed)


def test_the_page_does_not_call_plain_notes_sealed() -> None:
    assert "sealed in the same way" in privacy_page.where(LOCAL)
    assert "plain files" in privacy_page.where(settings(journal_encryption="off"))


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"turns": 1}, "1 line of what you said"),
        ({"turns": 2, "journal": 1}, "2 lines of what you said"),
        ({"turns": 0, "journal": 1}, "1 note about you"),
        ({POSTS: 3}, "3 messages of mine in Discord"),
        ({"voices": 1}, "1 print of your voice"),
        ({"a later place": 3}, "3 a later place"),
        ({"turns": 0}, "Nothing but what you decided."),
    ],
)
def test_what_is_kept_is_counted_in_plain_words(counts: dict[str, int], said: str) -> None:
    assert said in privacy_page.kept(counts, True)


def test_every_purpose_is_told_in_plain_words_and_what_is_not_done_yet_is_said() -> None:
    assert set(TOPICS) == set(Purpose) and {purpose for purpose, _ in SENTENCES} == set(Purpose)
    assert consent_panel.NOT_YET in TOPICS[Purpose.TRAINING].what
    assert all(consent_panel.NOT_YET in SENTENCES[Purpose.TRAINING, allowed] for allowed in (True, False))
    for purpose in (Purpose.VOICE, Purpose.FACE):  # before a yes: what is kept, how long, and what erases it
        told = TOPICS[purpose].what
        assert all(words in told for words in ("print", "with your name", "a year", "/forget me", "say no"))
    assert "permission" in TOPICS[Purpose.TRAINING].what and "Discord" in TOPICS[Purpose.TRAINING].what


@pytest.mark.parametrize("mode", ["notice", "ask"])
def test_all_but_hearing_begin_with_a_no(mode: str) -> None:
    host: Any = SimpleNamespace(
        settings=settings(hearing=mode), consent=SimpleNamespace(decision=lambda *_: None)
    )
    found = {purpose: consent_panel.allowed(host, "ann", purpose) for purpose in Purpose}
    assert found.pop(Purpose.HEARING) == (mode == "notice") and not any(found.values())
    assert all(
        "**No, until you say yes.** " in consent_panel.state(host, "ann", purpose) for purpose in found
    )


# Errors that are meant for people


def test_what_is_wrong_with_a_note_is_told_as_it_is_and_a_damaged_store_is_not() -> None:
    assert sentence(EntryError("There is no such note about you.")) == "There is no such note about you."
    assert sentence(KeyGone("This entry opens no more.")) == "This entry opens no more."
    for error in (StoreError("/home/sue/kith is full"), Unreadable("/home/sue/x was cut short")):
        assert "sue" not in sentence(error) and "disk" in sentence(error)
    assert {EntryError, KeyGone} < set(FOR_PEOPLE)


BY_HAND = {"__main__", "editor", "exchange", "importing", "arguments"}  # of the command line alone
SHOWN = {  # what the sentences may name: fields of a note, numbers, and limits
    *("self.whole", "name", "fields.whole", "row.whole", "hint", "line", "where", "problem[0].lower()"),
    *("problem[1:]", "number", "max(later)", "version", "len(ids)", "known.problem", "', '.join(stay)"),
    *("', '.join(Origin)", "longest", "MOST_WORDS", "MOST_TEXT", "SHORTEST_ID"),
}


def test_no_sentence_about_a_note_names_a_file_or_a_person() -> None:
    found = 0
    for path in (ROOT / "memory").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id in ("EntryError", "KeyGone") and path.stem not in BY_HAND:
                found += 1
                values = [
                    one for arg in node.args for one in ast.walk(arg) if isinstance(one, ast.FormattedValue)
                ]
                assert {ast.unparse(one.value) for one in values} <= SHOWN, path.name
    assert found > 30


# The panel


def test_the_panel_shows_each_purpose_and_a_button_for_each_that_changes_it(scene: Scene) -> None:
    message = opened(scene, scene.ann)
    fields = shown(message)
    assert len(fields) == len(Purpose) and sum(name.startswith("✅") for name in fields) == 1
    assert labels(message) == [
        "Don't hear me",
        "Remember me",
        "Know my voice",
        "Know my face",
        "Learn from me",
    ]
    assert "Nothing: I hear, think and speak on my owner's computer" in message.embeds[0]["description"]


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.HEARING])
def test_each_button_changes_its_own_purpose_and_the_panel_is_drawn_anew(
    scene: Scene, purpose: Purpose
) -> None:
    message, topic = opened(scene, scene.ann), TOPICS[purpose]
    click(scene, scene.ann, message, topic.allow)
    assert message.content.startswith("Thank you") and topic.refuse in labels(message)
    assert f"**Yes, since {time.strftime('%d %B %Y')}.**" in shown(message)[f"✅ {topic.title}"]
    decided = {one: decision(scene, scene.ann, one) for one in Purpose}
    yes = decided.pop(purpose)
    assert yes is not None and yes.allowed and yes.how == "panel" and not any(decided.values())
    click(scene, scene.ann, message, topic.refuse)
    assert "**No, since" in shown(message)[f"▫️ {topic.title}"]
    no = decision(scene, scene.ann, purpose)
    assert no is not None and not no.allowed


def test_a_panel_that_is_older_than_the_last_decision_does_what_its_buttons_say(scene: Scene) -> None:
    old = opened(scene, scene.ann)
    scene.ask(scene.ann, "/consent remembering", answer="on")
    click(scene, scene.ann, old, "Remember me")
    found = decision(scene, scene.ann, Purpose.REMEMBERING)
    assert found is not None and found.allowed and "Stop remembering, erase all" in labels(old)


def test_two_people_have_panels_of_their_own(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    anns, bobs = opened(scene, scene.ann), opened(scene, bob)
    click(scene, bob, bobs, "Remember me")
    click(scene, scene.ann, anns, "Learn from me")
    assert decision(scene, scene.ann, Purpose.REMEMBERING) is None
    assert decision(scene, bob, Purpose.TRAINING) is None


def test_refusing_to_be_remembered_in_the_panel_erases_what_was_kept(scene: Scene) -> None:
    message = opened(scene, scene.ann)
    click(scene, scene.ann, message, "Remember me")
    mention(scene, "my cat is called Quagga, remember that")
    turns = scene.bot.host.memory.turns
    scene.wait(lambda: len(turns) >= 1, "nothing is kept")
    stop = "Stop remembering, erase all"
    (question,) = scene.server.click(scene.ann, message, stop).wait(20, replies=1).shown
    assert question.ephemeral and "of what was said" in question.content
    assert "cannot be undone" in question.content and len(turns) >= 1
    scene.server.click(scene.ann, question, "No, keep it")
    scene.wait(lambda: question.content == KEPT, "nothing came of a no")
    assert len(turns) >= 1 and stop in labels(message)
    yes = decision(scene, scene.ann, Purpose.REMEMBERING)
    assert yes is not None and yes.allowed
    (question,) = scene.server.click(scene.ann, message, stop).wait(20, replies=1).shown
    scene.server.click(scene.ann, question, "Yes, forget it")
    scene.wait(lambda: "I remember nothing about you" in question.content, "nothing came of it")
    assert len(turns) == 0 and stop not in labels(message) and not question.components
    no = decision(scene, scene.ann, Purpose.REMEMBERING)
    assert no is not None and not no.allowed and no.how == "panel"


def test_refusing_to_be_remembered_by_a_command_or_an_old_offer_asks_as_well(scene: Scene) -> None:
    turns = scene.bot.host.memory.turns
    offer = scene.server.interact(scene.ann, "/join", channel=scene.text).wait(20).shown[0]
    buttons = [row | {"components": [dict(one) for one in row["components"]]} for row in offer.components]
    scene.ask(scene.ann, "/consent remembering", answer="on")
    mention(scene, "my cat is called Quagga, remember that")
    scene.wait(lambda: len(turns) >= 1, "nothing is kept")
    asked = scene.server.interact(scene.ann, "/consent remembering", channel=scene.text, answer="off").wait(
        20
    )
    assert "forget all that I keep of you" in asked.text and len(turns) >= 1
    scene.server.click(scene.ann, asked.shown[0], "No, keep it")
    offer.components = buttons
    clicked = scene.server.click(scene.ann, offer, "Neither").wait(20, replies=1)
    question = clicked.shown[-1]
    assert "forget all that I keep of you" in question.content and len(turns) >= 1
    heard = decision(scene, scene.ann, Purpose.HEARING)
    assert heard is not None and not heard.allowed  # that erases nothing, so it counts at once
    scene.server.click(scene.ann, question, "Yes, forget it")
    scene.wait(lambda: "I remember nothing about you" in question.content, "nothing came of it")
    assert len(turns) == 0


def test_an_offer_that_is_accepted_is_thanked_for_once(scene: Scene) -> None:
    offer = scene.server.interact(scene.ann, "/join", channel=scene.text).wait(20).shown[0]
    scene.server.click(scene.ann, offer, "Hear and remember me")
    scene.wait(lambda: offer.content == HEARD_AND_REMEMBERED, "no thanks")
    assert "for the call only" not in scene.ask(scene.ann, "/consent hearing", answer="on")


def test_refusing_to_be_heard_in_the_panel_counts_in_the_call_at_once(scene: Scene) -> None:
    scene.join()
    message = opened(scene, scene.ann)
    click(scene, scene.ann, message, "Don't hear me")
    scene.wait(lambda: not scene.listens, "she is not deaf, with nobody to hear")
    before = scene.decoded
    scene.ann.speak(tone(400, 1.0)).wait()
    time.sleep(NOT_TO_ANYBODY)
    assert scene.decoded == before
    click(scene, scene.ann, message, "Hear me")
    scene.wait(lambda: scene.listens, "she stays deaf")


def test_the_panel_works_in_direct_messages(scene: Scene) -> None:
    alone = scene.ann.writes_to(scene.server.bot.user, "psst").channel
    message = opened(scene, scene.ann, scene.server.interact(scene.ann, "/consent show", channel=alone))
    click(scene, scene.ann, message, "Remember me")
    assert decision(scene, scene.ann, Purpose.REMEMBERING) is not None


COMMANDS = {
    "/consent hearing": Purpose.HEARING,
    "/consent remembering": Purpose.REMEMBERING,
    "/consent voice": Purpose.VOICE,
    "/consent face": Purpose.FACE,
    "/consent training": Purpose.TRAINING,
}


def test_every_purpose_has_a_command_that_says_the_same(scene: Scene) -> None:
    assert set(COMMANDS.values()) == set(Purpose)
    for command, purpose in COMMANDS.items():
        for answer, allowed in (("on", True), ("off", False)):
            assert scene.ask(scene.ann, command, answer=answer) == SENTENCES[purpose, allowed]
            found = decision(scene, scene.ann, purpose)
            assert found is not None and found.allowed is allowed and found.how == "command"


def test_the_notice_has_a_button_that_opens_the_panel_of_whoever_presses_it(
    server: DiscordServer, tmp_path: Path
) -> None:
    scene = Scene(server, tmp_path)
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        scene.join()
        (notice,) = scene.lounge.posts
        bob = scene.guild.add_member("Bob")
        click(scene, bob, opened(scene, bob, server.click(bob, notice, "My choices")), "Remember me")
        panel = opened(scene, scene.ann, server.click(scene.ann, notice, "My choices"))
        assert "Remember me" in labels(panel)
        scene.ask(scene.ann, "/mode", to="push-to-talk")
        scene.wait(lambda: "Talk to me" in labels(notice), "no button to talk with")
        assert len(labels(notice)) == 5
        kept = [row | {"components": [dict(one) for one in row["components"]]} for row in notice.components]
    notice.components = kept  # as after a crash: nobody has taken the buttons away
    with running_bot(server, tmp_path) as bot:
        scene.use(bot)
        opened(scene, scene.ann, server.click(scene.ann, notice, "My choices"))
        click(scene, scene.ann, panel, "Know my face")


def test_the_first_offer_leads_to_the_other_choices(scene: Scene) -> None:
    offer = scene.server.interact(scene.ann, "/join", channel=scene.text).wait(20).shown[0]
    assert labels(offer) == ["Hear and remember me", "Only hear me", "Neither", "More choices"]
    panel = opened(scene, scene.ann, scene.server.click(scene.ann, offer, "More choices"))
    click(scene, scene.ann, panel, "Learn from me")
    assert "May I hear you" in offer.content


# /privacy


def test_privacy_tells_what_is_kept_of_the_asker_and_nobody_else(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    scene.ask(scene.ann, "/consent remembering", answer="on")
    mention(scene, "my cat is called Quagga")
    scene.wait(lambda: len(scene.bot.host.memory.turns) == 2, "nothing is kept")
    mine, his = scene.ask(scene.ann, "/privacy"), scene.ask(bob, "/privacy")
    assert "2 lines of what you said" in mine and "730 days" in mine and "they hold the key" in mine
    assert "1 message of mine in Discord with your words" in mine
    assert "Nothing: you have not said that I may remember you." in his and "lines" not in his
    assert "Quagga" not in mine + his


def test_privacy_leads_to_the_panel_to_an_export_and_to_being_forgotten(scene: Scene) -> None:
    page = scene.server.interact(scene.ann, "/privacy", channel=scene.text).wait(20).shown[0]
    assert page.ephemeral and labels(page) == ["Export", "Forget me", "My choices"]
    opened(scene, scene.ann, scene.server.click(scene.ann, page, "My choices"))
    assert "nothing to export" in scene.server.click(scene.ann, page, "Export").wait(20).text
    scene.ask(scene.ann, "/consent remembering", answer="on")
    mention(scene, "my cat is called Quagga")
    scene.wait(lambda: len(scene.bot.host.memory.turns) == 2, "nothing is kept")
    (export,) = scene.server.click(scene.ann, page, "Export").wait(20).shown
    assert export.ephemeral and [one.filename for one in export.attachments] == ["what-i-keep-of-you.zip"]
    (preview,) = scene.server.click(scene.ann, page, "Forget me").wait(20).shown
    assert preview.ephemeral and "There is no undo" in preview.content
    assert labels(preview) == ["Forget it", "Keep it"] and len(scene.bot.host.memory.turns) == 2
    scene.server.click(scene.ann, preview, "Forget it")
    scene.wait(lambda: preview.content.startswith("It is forgotten"), "no receipt")
    assert len(scene.bot.host.memory.turns) == 0

"""What tests of somebody's own notes share: notes that are there, and the panel as a person uses it."""

from __future__ import annotations

import time

from cogs.review import INTRODUCTION
from memory import own
from memory.entry import new_id
from memory.types import Entry, Origin, Scope
from tests.cogs.scene import Scene
from tests.cogs.test_journal import key, me
from tests.discord_server import Channel, Interaction, Message, SimulatedMember
from tests.discord_server.interactions import COMPONENT

DAY_S = 86_400.0
NO_SUCH = "There is no such note about you."
FIELD = "What I should have noted"


def note(
    scene: Scene,
    text: str,
    *about: SimulatedMember,
    days_ago: float = 1,
    origin: Origin = Origin.VOICE,
    private: bool = False,
    sources: tuple[int, ...] = (),
    **more: str,
) -> Entry:
    """A note of hers that all whom it is about have heard."""
    people = tuple(sorted(map(me, about)))
    scope = Scope(origin, key(scene.lounge), people, people, private)
    at_s = time.time() - days_ago * DAY_S
    entry = Entry(new_id(at_s), at_s, text, scope, sources=sources, **more)
    kept = scene.bot.host.memory.keep_entry(entry)
    assert kept is not None
    return kept


def opened(scene: Scene, who: SimulatedMember, channel: Channel | None = None) -> Message:
    """The panel of /memory review, which only they see."""
    asked = scene.server.interact(who, "/memory review", channel=channel or scene.text).wait(20)
    (panel,) = asked.shown
    assert panel.ephemeral and panel.content == INTRODUCTION
    return panel


def press(scene: Scene, who: SimulatedMember, panel: Message, label: str) -> Interaction:
    """Click, and wait until the panel has been drawn anew."""
    before = len(panel.history)
    clicked = scene.server.click(who, panel, label)
    scene.wait(lambda: len(panel.history) > before, f"nothing came of {label}", 20)
    assert not [reply for reply in clicked.replies if not reply.ephemeral]
    return clicked


def text_of(panel: Message) -> str:
    return str(panel.embeds[0]["description"])


def fields(panel: Message) -> dict[str, str]:
    return {field["name"]: field["value"] for field in panel.embeds[0]["fields"]}


def buttons(panel: Message) -> dict[str, bool]:
    """By label, whether it can be pressed."""
    found = [button for row in panel.components for button in row["components"]]
    return {button["label"]: not button.get("disabled", False) for button in found}


def held(scene: Scene, who: SimulatedMember) -> list[str]:
    """What they may hear of what is noted about them and still holds."""
    return [one.text for one in own.entries(scene.bot.host.memory, me(who))]


def correct(scene: Scene, who: SimulatedMember, panel: Message, text: str) -> Interaction:
    """Through the form; the panel is drawn anew."""
    form = scene.server.click(who, panel, "Correct").wait(20)
    before = len(panel.history)
    sent = scene.server.submit(form, {FIELD: text})
    scene.wait(lambda: len(panel.history) > before, "nothing came of the correction", 20)
    return sent


def forged(scene: Scene, who: SimulatedMember, panel: Message, name: str) -> Interaction:
    """A click that Discord's own client would not send."""
    data = {"custom_id": f"kith:review:{name}", "component_type": 2, "id": 1}
    start = scene.server.service.interactions.start
    return scene.server.call(start, scene.server.bot, COMPONENT, who.user, panel.channel, data, panel)

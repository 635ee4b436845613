"""What the counts of ``/forget`` tell: nobody learns from them what others said."""

from __future__ import annotations

import time

from cogs.forget import NOTHING
from cogs.receipts import REST
from memory.types import HERS, Entry, Origin, Scope, StoredTurn
from tests.cogs.scene import Scene
from tests.cogs.test_forget import forgotten, listed, old_turn, person, preview
from tests.cogs.test_remembering import SISTER, agree


def test_nobody_learns_from_a_count_that_others_talked_about_them(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann), agree(scene, bob)
    memory, ann, bobs = scene.bot.host.memory, person(scene.ann), person(bob)
    old_turn(scene, scene.ann, SISTER, 30)
    both, hers = (ann, bobs), "Mira"
    to_bob = Scope(Origin.VOICE, "lounge", both, (bobs,))
    told = StoredTurn(0, time.time() - 20, HERS, hers, "Ann has a sister in Lisbon.", "lounge@2", to_bob)
    assert memory.turns.add(told) is not None
    behind = Entry("", time.time(), "Bob asks about Ann's sister.", to_bob)
    assert memory.keep_entry(behind) is not None
    assert (
        "1 line of what we said"
        in scene.server.use_menu(
            scene.ann, "What do you know about me?", channel=scene.text, target=scene.ann
        )
        .wait(20)
        .text
    )
    privacy = scene.ask(scene.ann, "/privacy")
    assert "1 line of what you said" in privacy and "note" not in privacy.split("Where")[0]
    shown = preview(scene, scene.ann, "/forget me")
    assert listed(shown.content) == ["1 line of what was said, with my answers", REST]
    assert listed(forgotten(scene, scene.ann, shown)) == listed(shown.content)
    assert len(memory.turns) == 0 and memory.journal.entries() == []


def test_what_was_only_said_to_others_is_nothing_to_its_person(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann), agree(scene, bob)
    to_bob = Scope(Origin.VOICE, "lounge", (person(scene.ann), person(bob)), (person(bob),))
    told = StoredTurn(0, time.time() - 20, HERS, "Mira", "Ann has a sister in Lisbon.", "lounge@2", to_bob)
    assert scene.bot.host.memory.turns.add(told) is not None
    assert scene.ask(scene.ann, "/forget last", minutes=5) == NOTHING

"""Suggestions while somebody types: everybody gets their own, however many type at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from memory import own
from memory.memory import Memory
from memory.types import Entry
from tests.cogs.reviewing import note
from tests.cogs.scene import Scene
from tests.cogs.test_journal import agree, me
from tests.discord_server import Interaction, SimulatedMember


def test_who_types_at_the_same_time_takes_nobodys_suggestions(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    anns, bobs = note(scene, "Ann keeps bees.", scene.ann), note(scene, "Bob has a dog.", bob)
    entries, bob_has_his = own.entries, threading.Event()

    def slowly(memory: Memory, person: str) -> list[Entry]:
        if person == me(scene.ann):
            bob_has_his.wait(10)
        return entries(memory, person)

    monkeypatch.setattr(own, "entries", slowly)

    def typed(who: SimulatedMember) -> Interaction:
        return scene.server.autocomplete(who, "/forget entry", channel=scene.text, option="entry", entry="")

    first = typed(scene.ann)
    second = typed(bob).wait(10)
    bob_has_his.set()
    assert [one["value"] for one in second.choices or []] == [bobs.id]
    assert [one["value"] for one in first.wait(10).choices or []] == [anns.id]

    def tasks() -> list[str]:
        return [task.get_name() for task in asyncio.all_tasks() if "auto_complete" in task.get_name()]

    scene.wait(lambda: not scene.bot.call(tasks), "a task is left behind", 2)

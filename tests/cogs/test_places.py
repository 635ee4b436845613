"""Places by their keys: those that are there, and none that is gone."""

from __future__ import annotations

from tests.cogs.scene import Scene
from tests.cogs.test_journal import direct, key


def test_a_channel_that_is_gone_is_no_place_any_more(scene: Scene) -> None:
    host = scene.bot.host
    there = scene.bot.call(host.place_called, key(scene.text))
    assert there is not None and there.realm == str(scene.guild.id)
    scene.guild.delete_channel(scene.text)
    scene.wait(lambda: scene.bot.call(host.place_called, key(scene.text)) is None, "it is still there")


def test_a_direct_message_is_a_place_once_somebody_has_written_there(scene: Scene) -> None:
    alone = direct(scene, scene.ann)
    assert scene.bot.call(scene.bot.host.place_called, f"{key(scene.text)}0") is None
    scene.ann.says(alone, "psst")
    scene.wait(lambda: len(alone.posts) >= 2, "no answer")
    place = scene.bot.call(scene.bot.host.place_called, key(alone))
    assert place is not None and place.direct

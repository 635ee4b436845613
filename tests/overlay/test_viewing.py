"""Beside the bot the page shows the owner what they hear or can read themselves, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cogs.running import tone
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.overlay.watching import Owner


@pytest.fixture
def page_of(scene: Scene) -> Callable[..., Owner]:
    return lambda who, **how: Owner(scene, f"discord:{who.id}" if who else "", **how)


def test_who_is_in_the_call_sees_what_is_said_there(scene: Scene, page_of: Callable[..., Owner]) -> None:
    scene.join()
    scene.answer_all()
    with page_of(scene.ann) as page:
        scene.ann.speak(tone(400, 1.0)).wait()
        scene.wait(lambda: "tone 400" in page.texts(), "no caption")
        scene.wait(lambda: any(one.get("kind") == "reply" for one in page.seen), "no reply")


def test_who_is_not_in_the_call_sees_nothing_of_it(scene: Scene, page_of: Callable[..., Owner]) -> None:
    bob = scene.guild.add_member("Bob")
    scene.join()
    scene.answer_all()
    with page_of(bob) as page:
        scene.ann.speak(tone(400, 1.0)).wait()
        scene.wait(lambda: scene.answered, "no reply")
        time.sleep(NOT_TO_ANYBODY)
        assert page.texts() == [] and "tone" not in page.words() and "Ann" not in page.words()
        assert [one["do"] for one in page.seen] == ["hello"]


def test_where_nobody_is_named_as_owner_nothing_is_shown(scene: Scene, page_of: Callable[..., Owner]) -> None:
    scene.join()
    scene.answer_all()
    with Owner(scene, None) as page:
        assert "OWNER_ID" in page.seen[0]["why"] and "commands" not in page.seen[0]
        scene.ann.speak(tone(400, 1.0)).wait()
        scene.wait(lambda: scene.answered, "no reply")
        assert "tone" not in page.words()


def test_somebody_elses_direct_messages_are_not_shown_and_ones_own_are(
    scene: Scene, page_of: Callable[..., Owner], tmp_path: Path
) -> None:
    bob = scene.guild.add_member("Bob")
    with page_of(scene.ann) as page:
        bob.writes_to(scene.server.bot.user, "a secret of mine")
        scene.wait(lambda: "a secret of mine" in scene.answered, "no answer")
        scene.ann.writes_to(scene.server.bot.user, "my own words")
        scene.wait(lambda: "my own words" in scene.answered, "no answer")
        scene.wait(lambda: "my own words" in page.texts(), "not shown")
        assert "secret" not in page.words()


def test_an_overlay_is_announced_in_the_call_and_counts_as_captions(
    scene: Scene, page_of: Callable[..., Owner]
) -> None:
    scene.join()
    scene.answer_all()
    with page_of(scene.ann, overlay=True) as page:
        scene.ann.speak(tone(400, 1.0)).wait()
        scene.wait(lambda: "tone 400" in page.texts(), "no caption")
        scene.wait(
            lambda: any("shown as captions" in post.content for post in scene.lounge.posts), "not told"
        )
        assert scene.bot.host.captioned
    scene.wait(lambda: not scene.bot.host.captioned, "still captioned")

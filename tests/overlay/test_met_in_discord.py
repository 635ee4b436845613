"""Beside the bot: cards for those who join a call, for the owner who is in it, without faces."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from cogs.overlay.encountered import BY_ACCOUNT
from cogs.overlay.ports import Json
from memory.types import Encounter
from persona_core.events import Met
from persona_core.types import Person
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.overlay.seeing import met
from tests.overlay.watching import Owner

BEN = Person("discord:77", "Ben")


@pytest.fixture
def page_of(scene: Scene) -> Callable[..., Owner]:
    return lambda who, **how: Owner(scene, f"discord:{who.id}", **how)


def joins(scene: Scene) -> Encounter:
    """Ben is met in the lounge, as whoever sees people come tells it."""
    came = met(BEN, "This is Ben.", "You promised him a book.", confidence=-1.0)
    page = scene.bot.bot.get_cog("Overlay")
    scene.bot.call(page.on_card, f"discord:{scene.lounge.id}", came)
    return came


def cards(page: Owner) -> list[Json]:
    return [one["card"] for one in page.seen if one["do"] == "met"]


def test_who_joins_a_call_is_a_card_for_the_owner_who_is_in_it(
    scene: Scene, page_of: Callable[..., Owner]
) -> None:
    scene.join()
    with page_of(scene.ann) as page:
        joins(scene)
        scene.wait(lambda: cards(page), "no card")
        (card,) = cards(page)
        assert (card["name"], card["sure"]) == ("Ben", BY_ACCOUNT) and card["where"]
        assert card["statements"] == ["This is Ben.", "You promised him a book."]
        assert page.seen[0]["sees"] is False and BEN.id not in page.words()
        page.ask(do="why", card=card["number"])
        scene.wait(lambda: any(one["do"] == "whys" for one in page.seen), "no reasons")
        (whys,) = [one["whys"] for one in page.seen if one["do"] == "whys"]
        assert whys == [["An earlier meeting."], ["An earlier meeting."]]
        scene.bot.call(scene.bot.host.conversations.forget, BEN.id, float("inf"))
        scene.wait(lambda: page.seen[-1] == {"do": "encounters", "encounters": []}, "still there")


def test_who_is_not_in_the_call_sees_nobody_come(scene: Scene, page_of: Callable[..., Owner]) -> None:
    bob = scene.guild.add_member("Bob")
    scene.join()
    with page_of(bob) as page:
        joins(scene)
        time.sleep(NOT_TO_ANYBODY)
        assert cards(page) == [] and "Ben" not in page.words()


def test_where_nobody_is_named_as_owner_nobody_is_shown(scene: Scene) -> None:
    scene.join()
    with Owner(scene, None) as page:
        joins(scene)
        overlay = scene.bot.bot.get_cog("Overlay")
        scene.bot.call(overlay.on_eye, Met("webcam", 1, met(BEN), 0.0))
        time.sleep(NOT_TO_ANYBODY)
        assert cards(page) == [] and "Ben" not in page.words()


def test_an_overlay_is_told_nothing_of_who_joins(scene: Scene, page_of: Callable[..., Owner]) -> None:
    scene.join()
    with page_of(scene.ann, overlay=True) as page:
        joins(scene)
        time.sleep(NOT_TO_ANYBODY)
        assert "Ben" not in page.words()


def test_a_place_that_is_gone_is_no_card(scene: Scene, page_of: Callable[..., Owner]) -> None:
    scene.join()
    with page_of(scene.ann) as page:
        overlay = scene.bot.bot.get_cog("Overlay")
        scene.bot.call(overlay.on_card, "discord:1", met(BEN))
        time.sleep(NOT_TO_ANYBODY)
        assert cards(page) == []

"""People she may not hear: nothing is known of them but that they talk, and she does not talk over them."""

from __future__ import annotations

import time

import pytest

from cogs.others import MOST, PAUSE, Others
from tests.cogs.running import tone
from tests.cogs.scene import NOT_TO_ANYBODY, Scene


def followed(*spans: tuple[bool, int]) -> list[bool]:
    """Whether they talk, told after each span of sound (True) or silence, noticed so many times."""
    others, told = Others(), []
    for sounding, times in spans:
        before = others.talking
        changes = [others.notice(sounding) for _ in range(times)]
        told.append(others.talking)
        assert sum(changes) % 2 == (before != others.talking)
    return told


@pytest.mark.parametrize(
    ("spans", "talking"),
    [
        ([(False, 9), (True, 1)], [False, True]),
        ([(True, 9), (False, PAUSE - 1), (True, 9)], [True, True, True]),
        ([(True, 9), (False, PAUSE), (True, 9)], [True, False, True]),
        ([(True, MOST), (True, 1)], [True, False]),
        ([(True, 2 * MOST), (False, PAUSE), (True, 1)], [False, False, True]),
    ],
    ids=["at once", "a short pause", "a long pause", "an open microphone", "after an open microphone"],
)
def test_they_talk_until_they_pause_unless_it_never_ends(
    spans: list[tuple[bool, int]], talking: list[bool]
) -> None:
    assert followed(*spans) == talking


def test_her_answer_waits_until_somebody_she_may_not_hear_has_stopped_talking(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    scene.ask(bob, "/consent hearing", answer="off")
    bob.join(scene.lounge)
    scene.join()
    scene.answer_all()
    line = scene.bot.host.calls.in_realm(str(scene.guild.id)).line  # type: ignore[union-attr]  # there is one
    scene.wait(lambda: line.quiet, "she does not end her notice")
    talking = bob.speak(tone(500, 12.0))
    scene.wait(lambda: line.others_talking, "Bob's sound does not come")
    scene.ann.speak(tone(400, 1.0))
    scene.wait(lambda: ("Ann", "tone 400") in scene.heard, "Ann is not heard")
    scene.ann.forget_heard()
    time.sleep(NOT_TO_ANYBODY)
    stopped_at = time.monotonic()
    talking.stop()
    scene.wait(lambda: "tone 400" in scene.answered, "no answer after Bob has stopped")
    assert talking.started_at is not None
    stopped_at = min(stopped_at, talking.started_at + talking.seconds)
    assert all(frame.at > stopped_at for frame in scene.ann.heard["Kith"].frames)
    assert scene.heard == [("Ann", "tone 400")]

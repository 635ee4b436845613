"""Whatever cuts forgetting short, and whatever backup is put back: at the next start nothing of it is found."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from memory.commands import new_key
from memory.master import KeyPlace
from memory.rekeying import old_keys
from tests.erasure.copies import Home, killed, search_all, steps_of
from tests.erasure.story import Story

KILLS = 10  # at any moment
LONGEST_S = 0.15  # that whoever forgets lives once it has begun
WISHES = {  # before each how-many-th step it is killed, and in which form the journal is
    "a person": (2, "sealed"),
    "who withdraws": (3, "plain"),
    "everything": (3, "sealed"),
    "a note": (3, "plain"),
    "a line": (3, "sealed"),
    "the last": (3, "plain"),
}

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
wishes = pytest.mark.parametrize("name", WISHES)


@pytest.fixture
def home(request: pytest.FixtureRequest, name: str) -> Home:
    """Everything has been told there."""
    story = request.getfixturevalue(WISHES[name][1])
    assert isinstance(story, Story)
    return story.home


def checked(
    home: Home, gone: set[str], stays: set[str], *, begun: bool = True, key: KeyPlace | None = None
) -> int:
    """Start again and look everywhere; how many bytes that were."""
    memory = home.open(key)
    memory.catch_up()
    found = search_all(home, memory, key)
    assert memory.forgetting._tombstones.unfinished() == [] and memory.database.check() == []
    memory.close()
    there = set(found.places)
    if begun or not gone <= there:  # not one word of it: or, where nobody knows yet that they wished it, all
        assert {word: found.of(word) for word in gone & there} == {}
    assert stays - there == set()
    return found.looked_at.total()


@needs_fork
@wishes
def test_killed_before_any_step_it_is_finished_at_the_next_start(
    home: Home, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wish, gone, stays = home.wishes()[name]
    steps, kills, searched = steps_of(home.copied(tmp_path / "counted"), wish), 0, 0
    known = steps.index("_append") + 1  # where the wish is written down
    for at in range(1, len(steps) + 1, WISHES[name][0]):
        copy = home.copied(tmp_path / str(at))
        kills += killed(copy, wish, at=at)
        searched += checked(copy, gone, stays, begun=at > known)
        shutil.rmtree(copy.folder)
    with capsys.disabled():
        print(
            f"\nerasure, cut short ({name}): killed before {kills} of {len(steps)} steps, {len(gone)} words, "
            f"{searched / 1e6:.0f} MB searched; 0 found after"
        )
    assert kills > 2


@needs_fork
def test_killed_at_any_moment_all_of_it_is_gone_or_nothing(sealed: Story, tmp_path: Path) -> None:
    chance, wanted = random.Random(11), sealed.home.wishes()
    for number in range(KILLS):
        wish, gone, stays = wanted[chance.choice(list(WISHES))]
        copy = sealed.home.copied(tmp_path / str(number))
        killed(copy, wish, after_s=chance.uniform(0, LONGEST_S))
        checked(copy, gone, stays, begun=False)
        shutil.rmtree(copy.folder)


@wishes
@pytest.mark.parametrize("rekeyed", [False, True], ids=["", "after a new key"])
def test_a_backup_that_is_put_back_holds_nothing_of_it_after_the_start(
    home: Home, tmp_path: Path, name: str, rekeyed: bool
) -> None:
    wish, gone, stays = home.wishes()[name]
    home = home.copied(tmp_path / "home")
    shutil.copytree(home.data, tmp_path / "backup")
    memory = home.open()
    memory.forget(wish)
    if rekeyed:
        new_key(memory, home.key)
    memory.close()
    shutil.rmtree(home.data)
    shutil.copytree(tmp_path / "backup", home.data)
    key = KeyPlace(old_keys(home.key)[-1], "file") if rekeyed else home.key
    checked(home, gone, stays, key=key)

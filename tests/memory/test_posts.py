"""Posts that hold somebody's words can be found; keepsakes go when they are taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory.database import Database
from memory.keepsakes import Keepsakes
from memory.posts import Post, Posts
from memory.vault import Vault


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "kith.sqlite3")


def test_a_post_is_found_by_everybody_whose_words_it_holds(database: Database) -> None:
    posts = Posts(database)
    posts.keep(Post(1, 10), ["ann"])
    posts.keep(Post(1, 11), ["ann", "bob"])
    assert posts.of("ann") == [Post(1, 10), Post(1, 11)] and posts.of("bob") == [Post(1, 11)]
    posts.drop(Post(1, 11))
    assert posts.of("ann") == [Post(1, 10)] and posts.of("bob") == []


def test_a_post_is_read_back_as_it_was_written() -> None:
    assert Post.parse(str(Post(123, 456))) == Post(123, 456)


def test_what_was_kept_goes_with_everything_that_others_share_of_it(
    database: Database, tmp_path: Path
) -> None:
    keepsakes = Keepsakes(database, Vault(tmp_path / "key", database))
    keepsakes.keep(["ann"], "likes rain", 0.5)
    keepsakes.keep(["ann", "bob"], "climb together", 0.9)
    keepsakes.keep(["bob"], "has a dog", 0.2)
    assert keepsakes.forget("ann") == 2
    assert keepsakes.of("ann") == [] and keepsakes.of("bob") == ["has a dog"]

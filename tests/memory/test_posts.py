"""Posts that hold somebody's words can be found."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory.database import Database
from memory.posts import Post, Posts


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "kith.sqlite3", bytes(32))


def test_a_post_is_found_by_everybody_whose_words_it_holds(database: Database) -> None:
    posts = Posts(database)
    posts.keep(Post(1, 10), ["ann"])
    posts.keep(Post(1, 11), ["ann", "bob"])
    assert posts.of("ann") == [Post(1, 10), Post(1, 11)] and posts.of("bob") == [Post(1, 11)]
    posts.drop(Post(1, 11))
    assert posts.of("ann") == [Post(1, 10)] and posts.of("bob") == []


def test_a_post_is_read_back_as_it_was_written() -> None:
    assert Post.parse(str(Post(123, 456))) == Post(123, 456)

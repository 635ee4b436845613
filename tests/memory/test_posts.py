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


def test_a_post_is_about_what_was_said_just_before_it(database: Database) -> None:
    posts = Posts(database)
    for number, at_s in enumerate((90.0, 100.0, 220.0, 221.0, 400.0, 530.0), 10):
        posts.keep(Post(1, number), ["ann", "bob"], at_s)
    posts.keep(Post(1, 20), ["bob"], 101.0)
    assert posts.about("ann", [410.0, 100.0]) == [Post(1, 11), Post(1, 12), Post(1, 15)]
    assert posts.about("ann", []) == [] and posts.about("carl", [100.0]) == []


def test_what_is_to_go_goes_for_everybody_it_is_about(database: Database) -> None:
    posts = Posts(database, lambda: 50.0)
    posts.keep(Post(2, 11), ["ann", "bob"])
    posts.keep(Post(1, 10), ["bob"])
    assert posts.people(Post(2, 11)) == ["ann", "bob"] and posts.people(Post(9, 9)) == []
    assert posts.doom([Post(2, 11)]) == 1 and posts.doomed() == [Post(2, 11)]
    assert posts.doom([Post(2, 11)]) == 1 and posts.doomed() == [Post(2, 11)]
    posts.drop(Post(2, 11))
    assert posts.doomed() == [] and posts.of(None) == [Post(1, 10)]


def test_posts_of_an_earlier_version_are_found(tmp_path: Path) -> None:
    database = Database(tmp_path / "memory.sqlite3", bytes(32))
    database.execute(
        "CREATE TABLE posts (person TEXT, channel INTEGER, post INTEGER, PRIMARY KEY (person, channel, post)) "
        "WITHOUT ROWID"
    )
    database.execute("INSERT INTO posts VALUES ('ann', 1, 10)")
    posts = Posts(database)
    assert posts.of("ann") == [Post(1, 10)] and posts.doomed() == []
    posts.doom(posts.of("ann"))
    assert Posts(database).doomed() == [Post(1, 10)]

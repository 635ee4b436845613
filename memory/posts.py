"""Which of her messages hold somebody's words, so that they can be found and erased. Ids only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from memory.database import Database


@dataclass(frozen=True, slots=True)
class Post:
    """A message, by its ids."""

    channel: int
    id: int

    def __str__(self) -> str:
        return f"{self.channel}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Post:
        """The post that ``str`` wrote as ``text``. Raises ValueError."""
        channel, _, number = text.partition("/")
        return cls(int(channel), int(number))


class Posts:
    """Kept of anybody: what stands in Discord has to be found when they ask for it to be erased, also after a restart.

    Blocks for a disk write: call it off the event loop. Raises StoreError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE IF NOT EXISTS posts (person TEXT, channel INTEGER, post INTEGER, "
            "PRIMARY KEY (person, channel, post)) WITHOUT ROWID"
        )

    def keep(self, post: Post, person_ids: Iterable[str]) -> None:
        """``post`` holds words of, or an answer to, each of these people."""
        rows = [(person, post.channel, post.id) for person in person_ids]
        self._database.write_many("INSERT OR IGNORE INTO posts VALUES (?, ?, ?)", rows)

    def of(self, person_id: str) -> list[Post]:
        """Oldest first."""
        rows = self._database.execute(
            "SELECT channel, post FROM posts WHERE person = ? ORDER BY post", person_id
        )
        return [Post(int(channel or 0), int(post or 0)) for channel, post in rows]

    def drop(self, post: Post) -> None:
        """``post`` is gone."""
        self._database.execute("DELETE FROM posts WHERE channel = ? AND post = ?", post.channel, post.id)

"""Which of her messages hold somebody's words, so that they can be found and erased. Ids and times only."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from memory.database import Database

WRITTEN_WITHIN_S = 120.0  # a caption, or an answer, stands there so soon after what it is about


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

    Only the bot can delete a message: what is to go is marked, and waits until she has done it. Blocks for a disk
    write: call it off the event loop. Raises StoreError.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        with database.transaction() as execute:
            execute(
                "CREATE TABLE IF NOT EXISTS posts (person TEXT, channel INTEGER, post INTEGER, "
                "PRIMARY KEY (person, channel, post)) WITHOUT ROWID"
            )
            there = {row[1] for row in execute("PRAGMA table_info(posts)")}
            for column, kind in (("at_s", "REAL DEFAULT 0"), ("doomed", "INTEGER DEFAULT 0")):
                if column not in there:  # made by an earlier version
                    execute(f"ALTER TABLE posts ADD COLUMN {column} {kind}")
            execute("CREATE INDEX IF NOT EXISTS posts_by_post ON posts (channel, post)")
            execute("CREATE INDEX IF NOT EXISTS posts_doomed ON posts (post) WHERE doomed")

    def keep(self, post: Post, person_ids: Iterable[str], at_s: float | None = None) -> None:
        """``post`` holds words of, or an answer to, each of these people; ``at_s``: Unix time, None: now."""
        at_s = self._now() if at_s is None else at_s
        rows = [(person, post.channel, post.id, at_s) for person in person_ids]
        self._database.write_many(
            "INSERT OR IGNORE INTO posts (person, channel, post, at_s) VALUES (?, ?, ?, ?)", rows
        )

    def of(self, person_id: str | None) -> list[Post]:
        """Oldest first; None: everybody's."""
        if person_id is None:
            return list(dict.fromkeys(self._posts("1 ORDER BY post")))
        return self._posts("person = ? ORDER BY post", person_id)

    def about(self, person_id: str, at_s: Iterable[float]) -> list[Post]:
        """Those that were written just after something was said at one of these times (Unix): captions and answers."""
        times = sorted(at_s)
        if not times:
            return []
        rows = self._database.read(
            "SELECT channel, post, at_s FROM posts WHERE person = ? AND at_s BETWEEN ? AND ? ORDER BY post",
            *(person_id, times[0], times[-1] + WRITTEN_WITHIN_S),
        )
        return [
            Post(int(channel), int(post))
            for channel, post, at in rows
            if at - times[bisect_right(times, at) - 1] <= WRITTEN_WITHIN_S
        ]

    def people(self, post: Post) -> list[str]:
        """Whose words it holds, or is an answer to; empty where it is none of hers that is known."""
        rows = self._database.read(
            "SELECT person FROM posts WHERE channel = ? AND post = ?", post.channel, post.id
        )
        return [str(row[0]) for row in rows]

    def doom(self, posts: Sequence[Post]) -> int:
        """They are to go; how many that are. Other people's words in them go, too."""
        rows = [(post.channel, post.id) for post in posts]
        self._database.write_many("UPDATE posts SET doomed = 1 WHERE channel = ? AND post = ?", rows)
        return len(posts)

    def doomed(self) -> list[Post]:
        """Those that are to be deleted, oldest first."""
        return list(dict.fromkeys(self._posts("doomed ORDER BY post")))

    def drop(self, post: Post) -> None:
        """``post`` is gone."""
        self._database.execute("DELETE FROM posts WHERE channel = ? AND post = ?", post.channel, post.id)

    def _posts(self, where: str, *values: str | float) -> list[Post]:
        rows = self._database.read(f"SELECT channel, post FROM posts WHERE {where}", *values)
        return [Post(int(channel), int(post)) for channel, post in rows]

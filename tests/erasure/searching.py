"""All the bytes in which something of people could lie, by the place they lie in; and which words stand there."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import discord

from bot.client import PersonaBot
from bot.logs import ROOMS, Causes
from memory.encounters import Encounters
from memory.master import KeyPlace, derive, unlock
from memory.memory import Memory
from tests.discord_server import DiscordServer
from tests.discord_server.state import Message
from tests.erasure.canaries import Words
from tests.erasure.pages import are_pages, pages
from tests.erasure.reaching import texts_from
from tests.memory.lives import everything
from tests.memory.redis_server import RedisServer

DISK, PAGES, KEPT, TERMS = "files", "database pages", "what is kept", "index of words"
MESSAGES, RAM, LOGS = "messages", "RAM", "logs"
REDIS_FILES = "files of Redis"
_MIRRORED = (
    *(discord.Message, discord.PartialMessage, discord.Interaction, discord.ApplicationContext, discord.User),
    *(discord.Member, discord.Guild, discord.ui.View, discord.ui.Item, discord.ui.Modal),
    discord.webhook.async_.BaseWebhook,
)
ANSWERS = "answers for one alone"  # Discord's to keep: counted apart

Haystack = tuple[str, bytes]  # a place, and what lies there


@dataclass(slots=True)
class Found:
    """What one search has come to."""

    places: dict[str, set[str]] = field(default_factory=dict)  # word → where it stands
    looked_at: Counter[str] = field(default_factory=Counter)  # place → bytes

    def of(self, word: str) -> set[str]:
        return self.places.get(word, set())

    def but(self, *places: str) -> dict[str, set[str]]:
        """Words and where they stand, other than in ``places``."""
        found = {word: there - set(places) for word, there in self.places.items()}
        return {word: there for word, there in found.items() if there}


def search(words: Words, haystacks: Iterable[Haystack]) -> Found:
    found = Found()
    for place, data in haystacks:
        found.looked_at[place] += len(data)
        for word in words.within(data):
            found.places.setdefault(word, set()).add(place)
    return found


def on_disk(*folders: Path) -> Iterator[Haystack]:
    """Every byte of every file, and its name; keys and what lies beside them as well."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            yield DISK, str(path.relative_to(folder)).encode()
            if path.is_file():
                yield DISK, path.read_bytes()


def in_redis(server: RedisServer) -> Iterator[Haystack]:
    """Every byte that a Redis keeps on its disk: its dump, its append-only files, its log; and all that it holds."""
    yield REDIS_FILES, server.files()
    with server.client() as client:
        for key in client.scan_iter():
            yield REDIS_FILES, key + b"\n" + (client.dump(key) or b"")


def in_pages(folder: Path, key: KeyPlace) -> Iterator[Haystack]:
    """Of the database and its log, decrypted; those that are free among them."""
    found = pages(database_of(folder), derive(unlock(key, folder), "database"))
    assert are_pages(found)
    yield PAGES, b"\n".join(found)


def database_of(folder: Path) -> Path:
    (path,) = folder.glob("*.sqlite3")
    return path


def opened(memory: Memory) -> Iterator[Haystack]:
    """All that anybody with every key could read: tables, turns, documents, notes in all versions, profile, roster."""
    yield KEPT, everything(memory).encode()
    yield KEPT, repr([stored.document for stored in memory.recall._index.all()]).encode()
    voices = [memory.voices._open(person) for person in memory.voices._people()]
    faces = [memory.faces._open(person) for person in memory.faces._people()]
    yield KEPT, b"\n".join(one.vector.tobytes() + one.name.encode() for one in voices if one is not None)
    yield KEPT, b"\n".join(one.vector.tobytes() + one.name.encode() for one in faces if one is not None)
    met = Encounters(memory.store, memory.vault)  # as it is kept, whatever is in RAM
    yield KEPT, repr([met.of(person) for person in met.people()]).encode()
    for table in tables(memory):
        if table.startswith("words_counted"):
            yield TERMS, repr(memory.database.execute(f"SELECT term FROM {table}")).encode()


def tables(memory: Memory) -> list[str]:
    return [row[0] for row in memory.database.read("SELECT name FROM sqlite_master WHERE type = 'table'")]


def in_discord(server: DiscordServer) -> Iterator[Haystack]:
    """What she has written where others read it, and what was shown to one alone; people's own messages are theirs."""
    posts = [post for channel in server.service.world.channels.values() for post in channel.posts]
    yield MESSAGES, "\n".join(text for post in posts if post.author.bot for text in texts_of(post)).encode()
    for asked in server.service.interactions.all.values():
        yield ANSWERS, json.dumps([asked.choices, asked.modal], ensure_ascii=False).encode()
        for message in asked.replies:
            yield (ANSWERS if message.ephemeral else MESSAGES), "\n".join(texts_of(message)).encode()
            yield from ((ANSWERS, one.data) for one in message.attachments)


def texts_of(message: Message) -> list[str]:
    drawn = json.dumps([message.embeds, message.components], ensure_ascii=False)
    return [message.content, drawn, *message.history, *(one.filename for one in message.attachments)]


def in_ram(bot: PersonaBot, *but: object) -> Iterator[Haystack]:
    """What can be reached from the bot, its cogs, and all that goes on on its loop; call it there.

    py-cord's copies of what stands in Discord, and of what is drawn there for one alone, are left out: they say what
    Discord says. ``but`` is the tests'.
    """
    gc.collect()
    mirrored = [one for one in gc.get_objects() if isinstance(one, _MIRRORED)]
    texts = texts_from(bot, bot.host, *bot.cogs.values(), *asyncio.all_tasks(), but=(*but, *mirrored))
    yield RAM, "\n".join(texts).encode("utf-8", "replace")


class Log(logging.Handler):
    """All that is logged at any level, of libraries what ``bot.logs`` lets through; and all that is printed."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(Causes("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []
        self._printed = StringIO()
        self._opened = ExitStack()

    @property
    def text(self) -> str:
        return "\n".join([*self.lines, self._printed.getvalue()])

    def emit(self, record: logging.LogRecord) -> None:
        room = record.name.partition(".")[0]
        least = logging.DEBUG if room in ROOMS else logging.ERROR if room == "discord" else logging.WARNING
        if record.levelno >= least:
            self.lines.append(self.format(record))

    def __enter__(self) -> Log:
        for room in ROOMS:
            logger = logging.getLogger(room)
            self._opened.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.DEBUG)
        logging.getLogger().addHandler(self)
        self._opened.callback(logging.getLogger().removeHandler, self)
        self._opened.enter_context(redirect_stdout(self._printed))
        self._opened.enter_context(redirect_stderr(self._printed))
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def patterns(folder: Path) -> set[str]:
    """How files are called there, whatever their dates and numbers are."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {
        re.sub(r"\d{8}-\d{6}-[0-9a-f]{6}", "ID", re.sub(r"/\d{4}/\d{2}/|/[0-9a-f]{2}/", "/…/", name)).replace(
            ".left-", ".left"
        )
        for name in names
    }


# What is sealed: a word in it is seen by nobody, but the same bytes can be looked for

_PIECE = 32  # bytes from either end of something sealed; what is shorter is no word of anybody


def sealed_pieces(memory: Memory, *, but_vectors: bool = False) -> set[bytes]:
    """Pieces of all that is sealed, keys among it; ``but_vectors``: as they lie in a person's own table, which is freed
    at once, not overwritten, when that person's key is gone.
    """
    found: set[bytes] = set()
    for table in tables(memory):
        if table.startswith(("words", "sqlite_")) or (but_vectors and table.startswith("vectors_")):
            continue
        for row in memory.database.execute(f"SELECT * FROM {table}"):
            for value in row:
                if isinstance(value, bytes) and len(value) >= _PIECE:
                    found |= {value[:_PIECE], value[-_PIECE:]}
    for path in memory.journal.folder.rglob("*.sealed"):
        raw = path.read_bytes()
        found |= {raw[-_PIECE:]}
    return found


def pieces_left(pieces: set[bytes], folder: Path, key: KeyPlace) -> int:
    """How many of them still lie in a page of the database, or in a file."""
    whole = b"".join(data for _, data in (*on_disk(folder), *in_pages(folder, key)))
    return sum(piece in whole for piece in pieces)

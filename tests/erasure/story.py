"""One story for all tests here: everything is told, found, forgotten in every way, and looked for after each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from memory.master import KeyPlace
from tests.cogs.running import running_bot
from tests.discord_server import DiscordServer
from tests.erasure.copies import SEEKING, Home, settled
from tests.erasure.forgettings import FORGETTINGS, OWNER
from tests.erasure.household import Household, person
from tests.erasure.routes import ANN
from tests.erasure.searching import (
    LOGS,
    Found,
    Log,
    in_discord,
    in_pages,
    in_ram,
    on_disk,
    opened,
    patterns,
    pieces_left,
    sealed_pieces,
    search,
    tables,
)


@dataclass(slots=True)
class Story:
    """What was found at first, and after each way to forget."""

    home: Home  # a copy from before anything was forgotten
    first: Found
    shown_first: set[str]
    tables: set[str]
    files: set[str]  # what they are called
    places: set[str]  # of memory.forgetting
    told: dict[str, Found] = field(default_factory=dict)  # by way, with what was told just before it
    after: dict[str, Found] = field(default_factory=dict)
    pieces: dict[str, int] = field(default_factory=dict)  # ciphertext that still lies somewhere
    pieces_gone: dict[str, int] = field(default_factory=dict)  # that lay there before
    shown: dict[str, set[str]] = field(default_factory=dict)  # to whom it was about, who asked for it


def look(home: Household, log: Log) -> Found:
    """Everywhere."""
    ram = home.bot.call(lambda: list(in_ram(home.bot.bot, *home.tests_own, log)))
    return search(
        SEEKING,
        [
            *on_disk(home.folder),
            *in_pages(home.folder, KeyPlace(home.folder / "key", "file")),
            *opened(home.bot.host.memory),
            *in_discord(home.server),
            *ram,
            (LOGS, log.text.encode()),
        ],
    )


def tell_and_forget(folder: Path, *, encrypted: bool) -> Story:
    """``folder`` is empty."""
    data, encryption = folder / "data", "on" if encrypted else "off"
    with Log() as log, DiscordServer.start() as server:
        home = Household(server, data)
        with running_bot(server, data, owner_id=home.people[OWNER].id, journal_encryption=encryption) as bot:
            home.use(bot)
            home.plant()
            people = {name: person(who) for name, who in home.people.items()}
            story = Story(
                settled(data, folder / "copy", people, encrypted=encrypted),
                look(home, log),
                SEEKING.within(home.asks(ANN).encode()),
                set(tables(bot.host.memory)),
                patterns(data),
                set(bot.host.memory.forgetting.places),
            )
            for way in FORGETTINGS:
                way.before(home)
                home.indexed()
                story.told[way.name] = look(home, log)
                before = sealed_pieces(bot.host.memory, but_vectors=way.whole)
                way.do(home)
                home.scene.wait(lambda: bot.host.posts.doomed() == [], "posts stay")
                bot.host.memory.swept()
                gone = before - sealed_pieces(bot.host.memory)
                story.pieces_gone[way.name] = len(gone)
                story.pieces[way.name] = pieces_left(gone, data, KeyPlace(data / "key", "file"))
                story.after[way.name] = look(home, log)
                story.shown[way.name] = SEEKING.within(home.asks(way.whose).encode())
            home.all_at_rest()
    return story

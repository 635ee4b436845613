"""What somebody gets at with commands, menus, suggestions and files: one function for each, that asks as they would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from weakref import WeakSet

from cogs import journal, memories
from cogs.catchup import CatchUp
from cogs.forget import Forget
from cogs.journal import Journal
from cogs.memories import Memories
from cogs.menus import Menus
from cogs.regard_panel import RegardPanel
from cogs.review import Review
from memory.consent import Purpose
from memory.types import Entry
from persona_core.types import Person
from tests.isolation.asked import Asked, Typing
from tests.isolation.canaries import Canary
from tests.isolation.house import ANN, House, Room, alone_with
from tests.isolation.sources import Source
from tests.isolation.stages import STAGES
from tests.isolation.wordings import Wording

TOLD_IN_NOTES = ("a line of the roster", "a line of her profile", "a promise")  # nothing of these is a hit
MOST_PAGES = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """``asker`` is after ``secret``, and knows the words beside it and the ids of all notes."""

    house: House
    source: Source
    secret: Canary
    asker: Person
    wording: Wording

    @property
    def place(self) -> str:
        return alone_with(self.asker)

    def asked(self) -> Asked:
        self.house.begin_anew()
        return Asked(self.asker, self.place)

    @property
    def note(self) -> Entry:
        """The one that is about Ann and the stranger."""
        entries = self.house.memory.journal.entries()
        stranger = self.source.stranger.id
        both = {ANN.id, stranger}
        (found,) = (one for one in entries if self.secret.is_in(one.text) and set(one.scope.about) == both)
        return found


Ask = Callable[[Wanted], Awaitable[str]]


async def search(want: Wanted) -> str:
    return await want.asked().answer(
        Journal.search, Journal(want.house.host), query=want.wording.lines[-1][:300]
    )


async def read(want: Wanted) -> str:
    day = f"{datetime.fromtimestamp(want.note.at_s):%Y-%m-%d}"
    return await want.asked().answer(Journal.read, Journal(want.house.host), day=day)


async def history(want: Wanted) -> str:
    return await want.asked().answer(Journal.history, Journal(want.house.host), entry=want.note.id)


async def export(want: Wanted) -> str:
    return await want.asked().answer(Journal.export, Journal(want.house.host))


async def why(want: Wanted) -> str:
    """What came to her mind when somebody asked who may hear it: asked in the same place, right after."""
    stage = STAGES[want.source.open["voice"]]
    async with Room(want.house, stage.place, *stage.present) as room:
        cog = Journal(want.house.host)
        for line in want.wording.lines:
            await room.say(stage.asker, line)
        asked = Asked(want.asker, stage.place)
        return await asked.answer(Journal.why, cog)


async def catch_up(want: Wanted) -> str:
    return await want.asked().answer(CatchUp.catchup, CatchUp(want.house.host), hours=24)


async def review(want: Wanted) -> str:
    """Page by page."""
    asked = want.asked()
    pages = Review(want.house.host, asked.clicked, WeakSet())
    await pages.open()
    for _ in range(MOST_PAGES):
        if pages.is_finished() or pages._buttons["earlier"].disabled:
            break
        await pages._click(partial(pages._go, 1), asked.clicked)
    pages.stop()
    return asked.text


async def delete(want: Wanted) -> str:
    """As far as she asks whether that is to go."""
    return await want.asked().answer(Memories.delete, Memories(want.house.host), entry=want.note.id)


async def forget(want: Wanted) -> str:
    return await want.asked().answer(Forget.entry, Forget(want.house.host), entry=want.note.id)


async def suggestions(want: Wanted) -> str:
    """Of every option that has some, for the words beside it."""
    host = want.house.host
    want.house.begin_anew()
    diary, notes, forgetting = Journal(host), Memories(host), Forget(host)
    found = [
        await Typing(want.asker, cog, value).choices(suggest)
        for value in (want.secret.near[0], want.secret.thing)
        for cog, suggest in (
            (diary, journal.suggest_days),
            (diary, journal.suggest_entries),
            (diary, journal.suggest_changed),
            (notes, memories.suggest),
            (notes, memories.suggest_theirs),
            (forgetting, forgetting._own_entries),
        )
    ]
    return "\n".join(found)


async def relationship(want: Wanted) -> str:
    """Page by page; of who has not agreed she keeps nothing, and says so."""
    await want.house.consent.decide(want.asker.id, Purpose.REMEMBERING, True, "test")
    asked = want.asked()
    panel = RegardPanel(want.house.host, asked.clicked, WeakSet())
    await panel.open()
    for _ in range(MOST_PAGES):
        if panel._buttons["more"].disabled or panel.is_finished():
            break
        await panel._click(partial(panel._go, 1), asked.clicked)
    panel.stop()
    await want.house.consent.decide(want.asker.id, Purpose.REMEMBERING, False, "test")
    return asked.text


async def known(want: Wanted) -> str:
    """“What do you know about me?”, asked about oneself."""
    asked = want.asked()
    return await asked.answer(Menus.know, Menus(want.house.host), user=asked.user)


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    ask: Ask
    wordings: int = 1  # in how many it is asked for each source
    but: tuple[str, ...] = ()  # sources of which nothing is shown there to anybody
    only: tuple[str, ...] = ()
    friend: bool = False  # the twin is asked by who may read it there, else by Ann

    def shows(self, source: Source) -> bool:
        named = source.name in self.only if self.only else source.name not in self.but
        return named and (not self.friend or source.friend is not None)

    def twin(self, source: Source) -> Person:
        return source.friend if self.friend and source.friend is not None else ANN


COMMANDS = (
    Command("/journal search", search, wordings=4, but=TOLD_IN_NOTES),
    Command("/journal read", read),
    Command("/journal history", history),
    Command("/journal export", export),
    Command("/journal why", why, but=TOLD_IN_NOTES),
    Command("/catchup", catch_up, friend=True),
    Command("/memory review", review),
    Command("/memory delete", delete),
    Command("/forget entry", forget),
    Command("suggestions", suggestions),
    Command("/relationship me", relationship),
    Command("What do you know about me?", known, only=("a line of the roster",)),
)

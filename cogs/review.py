"""``/memory review``: somebody's own notes, one on a page, with all that they may do about each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from weakref import WeakSet

import discord

from cogs.answers import say, sentence
from cogs.correcting import form
from cogs.erasing import Piece, erase, would_go
from cogs.host import Host, Refusal
from cogs.note_page import alone, between_us, page
from cogs.private_view import Press, PrivateView
from cogs.question import KEPT
from memory import own
from memory.errors import EntryError, KeyGone
from memory.types import Entry
from memory.wishes import Wish

PREFIX = "kith:review:"
BUTTONS = {  # by name: label, style, row. Each does one thing, so that a second click does not undo the first
    "earlier": ("Earlier", discord.ButtonStyle.primary, 0),
    "later": ("Later", discord.ButtonStyle.primary, 0),
    "correct": ("Correct", discord.ButtonStyle.secondary, 1),
    "pin": ("Pin", discord.ButtonStyle.secondary, 1),
    "unpin": ("Unpin", discord.ButtonStyle.secondary, 1),
    "keep": ("Keep between us", discord.ButtonStyle.secondary, 1),
    "share": ("Share", discord.ButtonStyle.secondary, 1),
    "forget": ("Forget", discord.ButtonStyle.danger, 1),
    "yes": ("Yes, forget it", discord.ButtonStyle.danger, 2),
    "no": ("No, keep it", discord.ButtonStyle.secondary, 2),
}
INTRODUCTION = "These are my notes about you, the newest first. Only you see this."
NO_NOTES = "I have no notes about you."
_BUSY = "I am still busy with your last click; please try again."

Act = Callable[[], Awaitable[str]]


class Review(PrivateView):
    """The notes are read anew for each page: they may change, or go, meanwhile."""

    run_out = (
        "I have closed these pages, as nothing happened for ten minutes; `/memory review` opens them again."
    )

    def __init__(
        self, host: Host, interaction: discord.Interaction, open_views: WeakSet[PrivateView]
    ) -> None:
        super().__init__(interaction, open_views)
        assert interaction.user is not None  # commands always have one
        self._host, self._person = host, host.person(interaction.user).id
        self._turn = asyncio.Lock()  # one click after the other
        self._shown = ""  # id of the note on the page
        self._place = 0  # how many are newer than that
        self._step = 0  # pages to turn with the next drawing
        self._asked = ""  # id of the note that goes if they say yes
        self._said = ""  # what came of the last click
        acts: dict[str, Act] = {
            "earlier": partial(self._go, 1),
            "later": partial(self._go, -1),
            "pin": partial(self._pin, True),
            "unpin": partial(self._pin, False),
            "keep": self._keep,
            "share": self._share,
            "forget": self._ask,
            "yes": self._forget,
            "no": self._spare,
        }
        self._buttons = {
            name: Press(
                f"{PREFIX}{name}",
                label,
                partial(self._click, acts[name]) if name in acts else self._correct,
                style=style,
                row=row,
            )
            for name, (label, style, row) in BUTTONS.items()
        }

    async def open(self) -> None:
        """Show the newest note. Raises StoreError."""
        embed = self._page(await self._notes())
        if embed is None:
            self.stop()
            await say(self._latest, NO_NOTES)
        else:
            await say(self._latest, INTRODUCTION, self, embed=embed)

    async def _click(self, act: Act, interaction: discord.Interaction) -> None:
        await self.take(interaction)
        await self._do(act)

    async def _do(self, act: Act) -> None:
        async with self._turn:
            if self.is_finished():
                return
            try:
                self._said = await act()
            except (EntryError, KeyGone) as error:  # it went, or changed, meanwhile
                self._asked, self._said = "", sentence(error)
            embed = self._page(await self._notes())
            text = self._said if embed else f"{self._said}\n{NO_NOTES}"
            await self.draw(text, embed, buttons=embed is not None)

    async def _notes(self) -> list[Entry]:
        return await asyncio.to_thread(own.entries, self._host.memory, self._person)

    def _page(self, notes: Sequence[Entry]) -> discord.Embed | None:
        """Where they are now, with the buttons that are possible there; None: no note is left."""
        self.clear_items()
        if not notes:
            return None
        ids = [note.id for note in notes]
        at = ids.index(self._shown) if self._shown in ids else self._place
        self._place, self._step = min(max(at + self._step, 0), len(notes) - 1), 0
        note = notes[self._place]
        self._shown = note.id
        for name in ("yes", "no") if self._asked == note.id else _possible(note):
            self.add_item(self._buttons[name])
        theirs, shared = alone(note, self._person), between_us(note.scope)
        self._buttons["earlier"].disabled = self._place == len(notes) - 1
        self._buttons["later"].disabled = self._place == 0
        for name in ("correct", "pin", "unpin"):
            self._buttons[name].disabled = not theirs
        self._buttons["share"].disabled = shared and not theirs
        return page(note, self._person, self._place + 1, len(notes))

    # What the buttons do; each says what came of it

    async def _go(self, step: int) -> str:
        self._asked, self._step = "", step
        return ""

    async def _pin(self, pinned: bool) -> str:
        self._asked = ""
        await asyncio.to_thread(own.pin, self._host.memory, self._person, self._shown, pinned)
        self._host.conversations.refresh_minds()
        return "I have pinned it." if pinned else "It is pinned no more."

    async def _keep(self) -> str:
        self._asked = ""
        await asyncio.to_thread(own.keep_between_us, self._host.memory, self._person, self._shown)
        self._host.conversations.refresh_minds()
        return "I keep it between us from now on."

    async def _share(self) -> str:
        self._asked = ""
        await asyncio.to_thread(own.share, self._host.memory, self._person, self._shown)
        self._host.conversations.refresh_minds()
        return "I may bring it up while you are there, whoever else listens."

    async def _ask(self) -> str:
        text = await would_go(self._host, self._piece(self._shown))
        self._asked = self._shown
        return text

    async def _forget(self) -> str:
        asked, self._asked = self._asked, ""
        return await erase(self._host, self._piece(asked)) if asked else self._said

    def _piece(self, entry_id: str) -> Piece:
        return Piece(self._person, Wish(self._person, entry=entry_id))

    async def _spare(self) -> str:
        self._asked = ""
        return KEPT

    # A form has to be the first answer to a click

    async def _correct(self, interaction: discord.Interaction) -> None:
        if self._turn.locked():
            raise Refusal(_BUSY)
        await interaction.response.send_modal(
            await form(self._host, self._person, self._shown, self._corrected)
        )

    async def _corrected(self, interaction: discord.Interaction, said: str, entry_id: str) -> None:
        if self.is_finished():
            await say(interaction, said)
            return
        self._latest = interaction
        await self._do(partial(self._show, said, entry_id))

    async def _show(self, said: str, entry_id: str) -> str:
        self._asked, self._shown = "", entry_id
        return said


def _possible(note: Entry) -> list[str]:
    """Names of the buttons under a note."""
    pin, who = "unpin" if note.pinned else "pin", "share" if between_us(note.scope) else "keep"
    return ["earlier", "later", "correct", pin, who, "forget"]

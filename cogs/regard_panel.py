"""``/relationship me``: how she sees whoever asks, and the buttons by which they put it right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from weakref import WeakSet

import discord

from cogs import regard_page
from cogs.answers import explain, say, sentence
from cogs.host import Host, Refusal
from cogs.plain import plain
from cogs.private_view import Press, PrivateView
from memory import regard
from memory.errors import EntryError, KeyGone
from memory.regard import LONGEST, Line, Regard
from memory.roster_update import RELATIONSHIP

PREFIX = "kith:relationship:"
BUTTONS = {  # by name: label, style, row
    "back": ("Back", discord.ButtonStyle.primary, 1),
    "more": ("More", discord.ButtonStyle.primary, 1),
    "wrong": ("That is wrong", discord.ButtonStyle.danger, 2),
    "right": ("Put it right", discord.ButtonStyle.secondary, 2),
    "what": ("What you are to me", discord.ButtonStyle.secondary, 2),
    "undo": ("Undo", discord.ButtonStyle.secondary, 2),
    "yes": ("Yes, drop it", discord.ButtonStyle.danger, 3),
    "no": ("No, keep it", discord.ButtonStyle.secondary, 3),
}
CHOOSE = "Choose a line to put it right"
FIELD, WHAT_FIELD = "What is right", "What you are to me"  # of the forms
INTRODUCTION = "Only you see this. Choose a line if there is something wrong with it."
KEPT = "I have kept it."
DROPPED = "I have dropped it. What you said yourself is still kept; `/forget` erases that. Undo brings the line back."
CORRECTED = "I have put that right, in your words. Undo brings the old line back."
SET = "I keep that in mind, in your words. Undo takes it back."
UNDONE = "It is as it was before."
_ALREADY = "I have that already."
_RUN_OUT = "This list has run out, so nothing was chosen; please ask me again."
_TOO_LATE = "I had put that away already, so nothing was changed; `/relationship me` opens it again."

Act = Callable[[], Awaitable[str]]


class Words(discord.ui.Modal):
    """A line in their own words. What was typed is given back where it could not be kept."""

    def __init__(
        self, custom_id: str, field: str, value: str, longest: int, then: Callable[..., Awaitable[None]]
    ) -> None:
        """``then`` takes the interaction and what was typed."""
        self._text = discord.ui.InputText(
            label=field, custom_id="text", value=value[:longest] or None, min_length=1, max_length=longest
        )
        super().__init__(self._text, title="In your own words", custom_id=custom_id)
        self._then = then
        self._sent = False

    async def callback(self, interaction: discord.Interaction) -> None:
        if self._sent:
            raise Refusal(_ALREADY)
        self._sent = True
        await self._then(interaction, (self._text.value or "").strip())

    async def on_error(self, error: Exception, interaction: discord.Interaction) -> None:
        await explain(interaction, error)


class LineSelect(discord.ui.Select[Any, Any]):
    def __init__(
        self, choose: Callable[[discord.Interaction, str], Awaitable[None]], row: int | None = None
    ) -> None:
        super().__init__(custom_id=f"{PREFIX}line", placeholder=CHOOSE, row=row)
        self._choose = choose

    def offer(self, seen: Regard, lines: list[Line], chosen: str) -> None:
        self.options = [
            discord.SelectOption(
                label=regard_page.label(line, seen),
                value=line.id,
                description=regard_page.title(line),
                default=line.id == chosen,
            )
            for line in lines
        ]

    async def callback(self, interaction: discord.Interaction) -> None:
        await self._choose(interaction, str((self.values or [""])[0]))


async def run_out(interaction: discord.Interaction, line_id: str) -> None:
    """Answers for a list whose panel is there no more."""
    await say(interaction, _RUN_OUT)


class RegardPanel(PrivateView):
    """The lines are read anew for each page: they may change, or go, meanwhile."""

    run_out = "I have put this away, as nothing happened for ten minutes; `/relationship me` opens it again."

    def __init__(
        self, host: Host, interaction: discord.Interaction, open_views: WeakSet[PrivateView]
    ) -> None:
        super().__init__(interaction, open_views)
        assert interaction.user is not None  # commands always have one
        person = host.person(interaction.user)
        self._host, self._person, self._name = host, person.id, person.name
        self._turn = asyncio.Lock()  # one click after the other
        self._number = 0  # of the page
        self._seen: Regard | None = None
        self._chosen = ""  # id of a line
        self._asked = ""  # id of the line that goes if they say yes
        self._said = ""  # what came of the last click
        acts: dict[str, Act] = {
            "back": partial(self._go, -1),
            "more": partial(self._go, 1),
            "wrong": self._ask,
            "undo": self._undo,
            "yes": self._drop,
            "no": self._spare,
        }
        forms = {"right": self._right_form, "what": self._what_form}  # have to be the first answer to a click
        self._buttons = {
            name: Press(
                f"{PREFIX}{name}",
                label,
                forms[name] if name in forms else partial(self._click, acts[name]),
                style=style,
                row=row,
            )
            for name, (label, style, row) in BUTTONS.items()
        }
        self._select = LineSelect(self._choose, row=0)

    async def open(self) -> None:
        """Raises EntryError when they have not agreed to be remembered, and StoreError."""
        try:
            embed = self._page(*await self._read())
        except EntryError:
            self.stop()
            raise
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
            try:
                embed = self._page(*await self._read())
            except EntryError as error:  # they have withdrawn their consent meanwhile
                await self.draw(sentence(error), None, buttons=False)
                return
            await self.draw(self._said, embed)

    async def _read(self) -> tuple[Regard, bool]:
        return await asyncio.to_thread(self._look)

    def _look(self) -> tuple[Regard, bool]:
        memory = self._host.memory
        return regard.regard(memory, self._person), regard.can_undo(memory, self._person)

    def _page(self, seen: Regard, undo: bool) -> discord.Embed:
        """Where they are now, with the buttons that are possible there."""
        self._seen = seen
        last = regard_page.pages(len(seen.lines), regard_page.LINES_ON_PAGE) - 1
        self._number = min(max(self._number, 0), last)
        lines = list(regard_page.on_page(seen.lines, self._number))
        if self._chosen not in {line.id for line in lines}:
            self._chosen = ""
        self.clear_items()
        if self._asked and self._asked == self._chosen:
            names = ["yes", "no"]
        else:
            self._asked, names = "", ["wrong", "right", "what", "undo"]
            if lines:
                self._select.offer(seen, lines, self._chosen)
                self.add_item(self._select)
            if last:
                names += ["back", "more"]
        for name in names:
            self.add_item(self._buttons[name])
        disabled = {
            "back": self._number == 0,
            "more": self._number == last,
            "wrong": not self._chosen,
            "right": not self._chosen,
            "undo": not undo,
        }
        for name, whether in disabled.items():
            self._buttons[name].disabled = whether
        return regard_page.page(seen, self._number)

    def _line(self, line_id: str) -> Line | None:
        lines = self._seen.lines if self._seen is not None else ()
        return next((line for line in lines if line.id == line_id), None)

    # What is chosen and pressed; each says what came of it

    async def _choose(self, interaction: discord.Interaction, line_id: str) -> None:
        async def chosen() -> str:
            self._asked, self._chosen = "", line_id
            return ""

        await self._click(chosen, interaction)

    async def _go(self, step: int) -> str:
        self._asked, self._number = "", self._number + step
        return ""

    async def _ask(self) -> str:
        line = self._line(self._chosen)
        if line is None or self._seen is None:
            raise EntryError(regard.NO_SUCH)
        self._asked = line.id
        return f"I would drop this: “{plain(regard_page.label(line, self._seen))}”. Shall I?"

    async def _drop(self) -> str:
        asked, self._asked = self._asked, ""
        if not asked:
            return self._said
        return await self._change(DROPPED, regard.drop, asked)

    async def _spare(self) -> str:
        self._asked = ""
        return KEPT

    async def _undo(self) -> str:
        self._asked = ""
        await asyncio.to_thread(regard.undo, self._host.memory, self._person)
        self._host.conversations.refresh_minds()
        return UNDONE

    async def _change(self, said: str, change: Callable[..., None], *what: str) -> str:
        await asyncio.to_thread(change, self._host.memory, self._person, *what, self._host.now())
        self._host.conversations.refresh_minds()
        return said

    # Forms

    async def _right_form(self, interaction: discord.Interaction) -> None:
        line = self._line(self._chosen)
        if line is None:
            raise Refusal(CHOOSE + ", please.")
        if line.section not in LONGEST or line.until_s is not None:
            await self._click(partial(self._put_right, line.id, line.text), interaction)  # it says why not
            return
        text = line.text.removeprefix(f"{self._name} said: ").removeprefix("said “").removesuffix("”")
        then = partial(self._typed, partial(self._put_right, line.id))
        form = Words(f"{PREFIX}right:{line.id}", FIELD, text, LONGEST[line.section], then)
        await interaction.response.send_modal(form)

    async def _what_form(self, interaction: discord.Interaction) -> None:
        then = partial(self._typed, self._set)
        form = Words(f"{PREFIX}what", WHAT_FIELD, "", LONGEST[RELATIONSHIP], then)
        await interaction.response.send_modal(form)

    async def _typed(
        self, change: Callable[[str], Awaitable[str]], interaction: discord.Interaction, text: str
    ) -> None:
        if self.is_finished():
            raise Refusal(_TOO_LATE)

        async def act() -> str:
            try:
                return await change(text)
            except (EntryError, KeyGone) as error:
                return f"{sentence(error)} You wrote: {plain(text)}"

        await self._click(act, interaction)

    async def _put_right(self, line_id: str, text: str) -> str:
        self._asked = self._chosen = ""
        return await self._change(CORRECTED, regard.put_right, self._name, line_id, text)

    async def _set(self, text: str) -> str:
        self._asked = self._chosen = ""
        return await self._change(SET, regard.set_relationship, text)

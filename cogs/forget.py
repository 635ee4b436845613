"""``/forget``: what would go is shown first, it is asked once, and what went is told. There is no undo."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Container
from datetime import datetime

import discord

from cogs import forgetting, receipts
from cogs.answers import ANYWHERE, TOO_OFTEN, KithCog, PoliteView, say
from cogs.forget_buttons import AskView, WordModal
from cogs.host import Host, Refusal, User
from cogs.journal_pages import entry_choices, shortened
from cogs.pace import Pace
from cogs.plain import plain
from cogs.previews import Preview, Previews
from cogs.privacy_page import FORGET
from cogs.private_view import Press
from memory import own
from memory.consent import agreed
from memory.errors import MemoryFault
from memory.forget import POSTS, WITHDRAWN_EVERYWHERE, Receipt, Wish
from memory.tombstones import EVERYBODY

MOST, WITHIN_S = 6, 60.0  # of one person
MOST_MINUTES = 24 * 60
NOTE_CHARACTERS = 300  # of a note, in the preview

NO_UNDO = "There is no undo: once it is forgotten, nobody can bring it back, neither you nor I."
STAYS = "What stays is what was decided about what I may do, and that something was forgotten: ids and times, no words."
NOTHING = (
    "I keep nothing of that; what I still had in mind of it, in a talk that is going on, I have dropped."
)
TOO_OLD = "That is settled, or was asked too long ago, so nothing was changed; ask again with `/forget`."

_ID = re.compile(r"\d{1,20}|[a-z]{1,20}:[\w.-]{1,64}")


class Forget(KithCog):
    forget = discord.SlashCommandGroup(
        "forget", "Have me forget: shown first, asked once, then gone for good.", contexts=ANYWHERE
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.pace = Pace(MOST, WITHIN_S)
        self._previews = Previews()
        host.watch_buttons(AskView(self, store=True))
        host.watch_buttons(PoliteView(Press(FORGET, "Forget me", self._me_pressed), timeout=None))

    async def _own_entries(self, ctx: discord.AutocompleteContext) -> list[discord.OptionChoice]:
        assert ctx.interaction.user is not None  # whoever types
        person = self.host.person(ctx.interaction.user).id
        try:
            entries = await asyncio.to_thread(own.entries, self.host.memory, person)
        except MemoryFault:  # the command itself will say so
            return []
        return [discord.OptionChoice(name, entry) for name, entry in entry_choices(entries, ctx.value)]

    @forget.command(description="One of my notes about you, with what it was made from.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]  # py-cord ships no types for it
        "entry", str, description="Which; the newest come first.", autocomplete=_own_entries
    )
    async def entry(self, ctx: discord.ApplicationContext, entry: str) -> None:
        await ctx.defer(ephemeral=True)
        me = self.host.person(ctx.author).id
        note = await asyncio.to_thread(own.entry, self.host.memory, me, entry)
        what = f"my note of {datetime.fromtimestamp(note.at_s):%Y-%m-%d}, with what it was made from"
        preview = Preview(me, Wish(me, entry=note.id), what)
        await self._ask(ctx.interaction, preview, f"“{plain(shortened(note.text, NOTE_CHARACTERS))}”")

    @forget.command(description="What you said lately, and what I made of it.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "minutes", int, description="How far back, in minutes.", min_value=1, max_value=MOST_MINUTES
    )
    async def last(self, ctx: discord.ApplicationContext, minutes: int) -> None:
        await ctx.defer(ephemeral=True)
        me = self.host.person(ctx.author).id
        what = f"what you said in the last {'minute' if minutes == 1 else f'{minutes} minutes'}"
        await self._ask(ctx.interaction, Preview(me, Wish(me, since_s=self.host.now() - minutes * 60), what))

    @forget.command(description="All that I keep of you.")
    async def me(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        await self._ask_me(ctx.interaction)

    async def _me_pressed(self, interaction: discord.Interaction) -> None:
        """The button under ``/privacy``."""
        await interaction.response.defer(ephemeral=True, invisible=False)
        assert interaction.user is not None  # buttons always have one
        if not self.pace.may(self.host.person(interaction.user).id, time.monotonic()):
            raise Refusal(TOO_OFTEN)
        await self._ask_me(interaction)

    async def _ask_me(self, interaction: discord.Interaction) -> None:
        assert interaction.user is not None  # likewise
        me = self.host.person(interaction.user).id
        after = _from_then_on("you", "you agree")
        await self._ask(interaction, Preview(me, Wish(me), "all that I keep of you", after))

    @forget.command(description="All that I keep of everybody. Only whoever runs me can do that.")
    async def everything(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        self._require_owner(ctx.author)
        me = self.host.person(ctx.author).id
        await self._ask(ctx.interaction, Preview(me, Wish(EVERYBODY), "all that I keep of everybody"))

    @forget.command(description="All that I keep of somebody. Only whoever runs me can do that.")
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "person", discord.User, description="Whom.", required=False, default=None
    )
    @discord.option(  # type: ignore[untyped-decorator, no-untyped-call]
        "id",
        str,
        description="Or the id of somebody who has left.",
        parameter_name="person_id",
        required=False,
        default=None,
    )
    async def person(
        self, ctx: discord.ApplicationContext, person: discord.User | None, person_id: str | None
    ) -> None:
        await ctx.defer(ephemeral=True)
        self._require_owner(ctx.author)
        whom = self._meant(ctx.author, person, person_id)
        number, name = whom.rpartition(":")[2], whom if person is None else person.display_name
        shown = f"<@{number}>" if number.isdigit() else plain(name)
        after = _from_then_on("them", "they agree")
        me = self.host.person(ctx.author).id
        await self._ask(ctx.interaction, Preview(me, Wish(whom), f"all that I keep of {shown}", after))

    def _require_owner(self, user: User) -> None:
        if not self.host.is_owner(user):
            raise Refusal("Only whoever runs me can do that; for yourself there is `/forget me`.")

    def _meant(self, asker: User, person: User | None, person_id: str | None) -> str:
        """The id of whom the owner means. Raises Refusal."""
        if (person is None) == (person_id is None):
            raise Refusal("Name one person, or give the id of one who has left.")
        if person is not None:
            return self.host.person(person).id
        typed = (person_id or "").strip()
        if not _ID.fullmatch(typed):
            raise Refusal("That is no id of a person; it is a number such as 123456789012345678.")
        return typed if ":" in typed else f"{self.host.person(asker).id.partition(':')[0]}:{typed}"

    # Asking

    async def _ask(self, interaction: discord.Interaction, preview: Preview, words: str = "") -> None:
        """Show what would go, or say that there is nothing. Raises EntryError and StoreError.

        ``words``: of what would go; the receipt will not repeat them.
        """
        wish = preview.wish
        look = forgetting.look_as_told if preview.own else forgetting.look
        receipt = await look(self.host, wish)
        if receipt.empty and not self._withdraws(wish):
            if preview.own:
                await forgetting.drop(self.host, wish)
            await say(interaction, NOTHING if preview.own else "I keep nothing of that.")
            return
        message = await interaction.original_response()
        self._previews.put(message.id, preview, time.monotonic())  # before anybody can answer
        lines = _lines(preview, receipt) or "- nothing that is kept so far"
        parts = [f"I would forget {preview.what}:", words, lines, preview.after, NO_UNDO]
        text = "\n".join(filter(None, parts))
        await say(interaction, text, AskView(self, store=False, word=wish.person == EVERYBODY))

    def _withdraws(self, wish: Wish) -> bool:
        """Whether something is allowed that would not be any more."""
        decisions = (self.host.consent.decision(wish.person, purpose) for purpose in WITHDRAWN_EVERYWHERE)
        return wish.whole and any(map(agreed, decisions))

    # What AskView asks for

    async def keep(self, interaction: discord.Interaction) -> None:
        """They have thought better of it. Raises Refusal."""
        self._taken(interaction)
        await interaction.response.edit_message(content="I keep it; nothing was changed.", view=None)

    async def ask_word(self, interaction: discord.Interaction) -> None:
        """Too much goes to press a button alone. Raises Refusal."""
        self._taken(interaction, answered=False)
        await interaction.response.send_modal(WordModal(self))

    async def forget_it(self, interaction: discord.Interaction) -> None:
        """Raises Refusal, EntryError and StoreError."""
        preview = self._taken(interaction)
        forget = forgetting.forget_as_told if preview.own else forgetting.forget
        erasing = asyncio.create_task(forget(self.host, preview.wish), name="forget")
        self.watch(erasing)
        try:
            await interaction.response.defer()
        finally:  # whether Discord has taken note or not: they have said so
            receipt = await erasing
        posts = receipt.counts.get(POSTS, 0)
        doing = f"I am deleting my posts in Discord, {posts} of them." if posts else ""
        await interaction.edit_original_response(content=_told(preview, receipt, doing), view=None)
        if posts:
            self.start(self._delete(interaction, preview, receipt), "delete posts")

    async def _delete(self, interaction: discord.Interaction, preview: Preview, receipt: Receipt) -> None:
        left = await forgetting.delete_posts(self.host, preview.wish.person)
        done = receipts.deleted(receipt.counts[POSTS], left)
        await interaction.edit_original_response(content=_told(preview, receipt, done), view=None)

    def _taken(self, interaction: discord.Interaction, *, answered: bool = True) -> Preview:
        """What is being answered; ``answered``: for good, so that a second click finds nothing. Raises Refusal."""
        assert interaction.user is not None and interaction.message is not None  # buttons always have both
        find = self._previews.take if answered else self._previews.get
        person = self.host.person(interaction.user).id
        preview = find(interaction.message.id, person, time.monotonic())
        if preview is None:
            raise Refusal(TOO_OLD)
        return preview


def _from_then_on(whom: str, they_agree: str) -> str:
    return f"From then on I remember nothing about {whom}, until {they_agree} anew with `/consent remembering on`."


def _lines(preview: Preview, receipt: Receipt, but: Container[str] = ()) -> str:
    listed = receipts.listed_for_its_person if preview.own else receipts.listed
    return listed(receipt, but)


def _told(preview: Preview, receipt: Receipt, posts: str) -> str:
    """The receipt; ``posts``: what becomes of those in Discord."""
    lines = _lines(preview, receipt, but=(POSTS,))
    head = f"It is forgotten: {preview.what}."
    waits = receipts.waiting(receipt)
    return "\n".join(
        filter(None, [head, lines, waits, posts, preview.after.replace("then", "now", 1), STAYS])
    )

"""What is offered in the menu of a message or a person: remember this, forget this, what do you know about me?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import discord

from cogs.answers import ANYWHERE, say
from cogs.erasing import Piece, erase, would_go
from cogs.host import Host, Refusal
from cogs.journal_pages import happened, shortened
from cogs.messages_kept import kept_of, message_of, remember, turns_in_post
from cogs.plain import plain
from cogs.private_view import PrivateCog
from cogs.question import Question
from memory import own
from memory.commands import heard_by
from memory.known import turns_known
from memory.types import StoredTurn
from memory.wishes import Wish

LATEST = 3  # notes, or lines, that are shown
SHOWN_CHARACTERS = 160  # of each
DAY_S = 86_400.0

_NOT_PEOPLES = "I keep what people write, not what I or other bots do."
_NOT_AGREED = "Whoever wrote that has not agreed to be remembered, so I do not keep it."
_NO_WORDS = "There are no words in that message that I could keep."
_NOTHING_KEPT = (
    "I find nothing that I keep of that message. If I answered it, you can have my answer forgotten in the same way; "
    "`/memory review` shows what I have noted."
)
_NOT_YOURS = (
    "Only what you wrote yourself, and posts of mine that hold your words, are yours to have forgotten."
)
_NOT_YOU = (
    "I tell that only to the one whom it is about. Ask me on your own name, and I tell you all I know of you."
)
_MORE = "`/memory review` goes through my notes, `/privacy` says what is kept and for how long, `/forget` erases it."


class Menus(PrivateCog):
    @discord.message_command(name="Remember this", contexts=ANYWHERE)
    async def remember(self, ctx: discord.ApplicationContext, message: discord.Message) -> None:
        await ctx.defer(ephemeral=True)
        if message.author.bot or message.webhook_id is not None:
            raise Refusal(_NOT_PEOPLES)
        author, asker = self.host.person(message.author), self.host.person(ctx.author)
        theirs, refusal = author.id == asker.id, _NOT_AGREED
        if theirs:
            refusal = own.NOT_AGREED
        if not self.host.memory.may_remember(author.id):
            raise Refusal(refusal)
        days, this = self.host.settings.remembering_days, message_of(self.host, message)
        if days and this.at_s < self.host.now() - days * DAY_S:
            raise Refusal(f"That is older than the {days} days for which I may keep anything.")
        if not this.text:
            raise Refusal(_NO_WORDS)
        note = await asyncio.to_thread(remember, self.host, author, asker.id, this)
        if note is None:  # they have taken it back just now
            raise Refusal(refusal)
        self.host.conversations.refresh_minds()
        noted = f"I have noted it: “{plain(shortened(note.text, SHOWN_CHARACTERS))}”"
        who = "You see" if theirs else "Whoever wrote it sees"
        await say(ctx.interaction, f"{noted}\n{who} it with `/memory review`, and can have it forgotten.")

    @discord.message_command(name="Forget this", contexts=ANYWHERE)
    async def forget(self, ctx: discord.ApplicationContext, message: discord.Message) -> None:
        await ctx.defer(ephemeral=True)
        person, this = self.host.person(ctx.author).id, message_of(self.host, message)
        turns: list[StoredTurn] = []
        if message.author.id == ctx.author.id and message.webhook_id is None:
            turns, wish = await asyncio.to_thread(kept_of, self.host, person, this)
            if wish is None:
                raise Refusal(_NOTHING_KEPT)
            piece = Piece(person, wish)
        elif person in await asyncio.to_thread(self.host.posts.people, this.post):
            turns = await asyncio.to_thread(turns_in_post, self.host, person, this)
            wish = Wish(person, turns=tuple(turn.id for turn in turns)) if turns else None
            times = [turn.at_s for turn in turns]
            found = await asyncio.to_thread(self.host.posts.about, person, times)
            piece = Piece(person, wish, this.post, beside=this.post not in found)
        else:
            raise Refusal(_NOT_YOURS)
        text = "\n".join([*_said(turns), await would_go(self.host, piece)])
        question = Question(ctx.interaction, self.open_views, partial(erase, self.host, piece))
        await say(ctx.interaction, text, question)

    @discord.user_command(name="What do you know about me?", contexts=ANYWHERE)
    async def know(self, ctx: discord.ApplicationContext, user: discord.User | discord.Member) -> None:
        await ctx.defer(ephemeral=True)
        if user.id != ctx.author.id:
            raise Refusal(_NOT_YOU)
        await say(ctx.interaction, await asyncio.to_thread(_known, self.host, self.host.person(user).id))


def _said(turns: Sequence[StoredTurn]) -> list[str]:
    """The words that are meant, for whoever is asked about them."""
    lines = [f"“{plain(shortened(turn.text, SHOWN_CHARACTERS))}”" for turn in turns[:LATEST]]
    return [*lines, f"and {len(turns) - LATEST} more"] if len(turns) > LATEST else lines


def _known(host: Host, person: str) -> str:
    """What she knows of somebody, in a few lines, for that person alone. Blocks."""
    memory = host.memory
    notes, turns = own.entries(memory, person), turns_known(memory, person)
    line = memory.roster.line(person, heard_by(person))
    lines = [] if memory.may_remember(person) else [own.NOT_AGREED]
    lines += [f"How I see you: {plain(line.text)}"] if line else []
    lines.append(
        f"I keep {_counted(len(notes), 'note')} about you, and {_counted(turns, 'line')} of what we said."
    )
    lines += [
        f"- {happened(one.at_s)}: {plain(shortened(one.text, SHOWN_CHARACTERS))}" for one in notes[:LATEST]
    ]
    return "\n".join([*lines, _MORE])


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"

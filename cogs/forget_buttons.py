"""What is under a preview of ``/forget``: yes, no, and for everything a word that has to be typed."""

from __future__ import annotations

from typing import Any, Protocol

import discord

from cogs.answers import PoliteView, explain
from cogs.host import Refusal

YES, NO, ALL = "kith:forget:yes", "kith:forget:no", "kith:forget:all"  # custom ids outlive a restart
WORD = "everything"


class Answers(Protocol):
    """What may be answered to a preview; each raises Refusal where it is answered already, or too old."""

    async def forget_it(self, interaction: discord.Interaction) -> None: ...

    async def ask_word(self, interaction: discord.Interaction) -> None: ...

    async def keep(self, interaction: discord.Interaction) -> None: ...


class AskView(PoliteView):
    def __init__(self, answers: Answers, *, store: bool, word: bool = False) -> None:
        """``store``: the one that answers for all the others, which are only drawn; ``word``: a word is asked for."""
        super().__init__(timeout=None, store=store)
        self._answers = answers
        if not store:
            self.remove_item(self.yes if word else self.everything)

    @discord.ui.button(label="Forget it", style=discord.ButtonStyle.danger, custom_id=YES)
    async def yes(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await self._answers.forget_it(interaction)

    @discord.ui.button(label="Forget everything …", style=discord.ButtonStyle.danger, custom_id=ALL)
    async def everything(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await self._answers.ask_word(interaction)

    @discord.ui.button(label="Keep it", style=discord.ButtonStyle.secondary, custom_id=NO)
    async def no(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await self._answers.keep(interaction)


class WordModal(discord.ui.Modal):
    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._word: discord.ui.InputText = discord.ui.InputText(
            label=f"Type “{WORD}” to have all forgotten", placeholder=WORD, max_length=40
        )
        super().__init__(self._word, title="Forget everything, of everybody", custom_id="kith:forget:word")

    async def callback(self, interaction: discord.Interaction) -> None:
        if (self._word.value or "").strip(" \"'“”.").casefold() != WORD:
            raise Refusal(f"That was not the word “{WORD}”, so I keep everything.")
        await self._answers.forget_it(interaction)

    async def on_error(self, error: Exception, interaction: discord.Interaction) -> None:
        await explain(interaction, error)

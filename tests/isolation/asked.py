"""An interaction without Discord: what somebody types, chooses or clicks, and all that they are shown for it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

import discord

from cogs.answers import sentence
from memory.errors import MemoryFault
from persona_core.errors import KithError
from persona_core.types import Person


class Asked:
    """By ``person`` in the place with the key ``place``; passes for the context and for the interaction."""

    attachment_size_limit = None
    message = None

    def __init__(self, person: Person, place: str) -> None:
        self.author = self.user = SimpleNamespace(id=int(person.id[8:]), display_name=person.name)
        self.channel = SimpleNamespace(id=int(place[8:]))
        self.interaction = self.followup = self.response = self
        self._shown: list[str] = []

    @property
    def context(self) -> discord.ApplicationContext:
        return cast(discord.ApplicationContext, self)

    @property
    def clicked(self) -> discord.Interaction:
        return cast(discord.Interaction, self)

    @property
    def text(self) -> str:
        """Everything that was shown, embeds, buttons, lists, forms and files with it."""
        return "\n".join(self._shown)

    def is_done(self) -> bool:
        return True

    async def defer(self, **_: object) -> None: ...

    async def original_response(self) -> SimpleNamespace:
        return SimpleNamespace(id=1)

    async def send(self, content: str | None = None, **more: Any) -> None:
        self._show(content, more.get("embed"), more.get("view"), more.get("file"))

    async def edit_original_response(self, **more: Any) -> None:
        self._show(more.get("content"), more.get("embed"), more.get("view"), None)

    async def send_modal(self, form: discord.ui.Modal) -> None:
        self._shown.append(json.dumps(form.to_components(), ensure_ascii=False))

    def _show(
        self,
        content: str | None,
        embed: discord.Embed | None,
        view: discord.ui.View | None,
        file: discord.File | None,
    ) -> None:
        self._shown += [content] if content else []
        self._shown += [json.dumps(embed.to_dict(), ensure_ascii=False)] if embed else []
        self._shown += [json.dumps(view.to_components(), ensure_ascii=False)] if view else []
        self._shown += unpacked(file.fp.read()) if file else []

    async def answer(self, command: Any, cog: discord.Cog, **options: object) -> str:
        """All that is shown for a command, the sentence for what it raises among it."""
        try:
            await command.callback(cog, self.context, **options)
        except (KithError, MemoryFault) as error:
            self._shown.append(sentence(error))
        return self.text


def unpacked(data: bytes) -> Iterable[str]:
    """The texts in a file, its name in an archive too."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return [data.decode()]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [f"{name}\n{archive.read(name).decode()}" for name in archive.namelist()]


class Typing:
    """What is suggested to somebody who is typing an option."""

    def __init__(self, person: Person, cog: discord.Cog, value: str) -> None:
        self.cog, self.value, self.interaction = cog, value, Asked(person, "discord:1")

    async def choices(self, suggest: Any) -> str:
        found = await suggest(cast(discord.AutocompleteContext, self))
        return "\n".join(f"{choice.name} {choice.value}" for choice in found)

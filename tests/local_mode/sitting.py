"""A desk with small engines, and somebody who types at it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from local_mode.__main__ import _converse
from local_mode.console import Given
from local_mode.desk import Desk
from local_mode.slash import Slash
from local_mode.sound import Sound
from memory.types import StoredTurn
from persona_core.conversation import Conversation
from persona_core.events import Event, Failed, Said
from persona_core.persona import Hearing, Persona
from persona_core.ports import Playback
from persona_core.settings import load_settings
from persona_core.thinking.character import load_character
from persona_core.types import Person, Sampling
from tests.cogs.running import Beep, Script

TOM, ANN = Person("desk:tom", "Tom"), Person("desk:ann", "Ann")


class Sitting:
    """Whoever sits there, and what they see."""

    def __init__(self, desk: Desk, conversation: Conversation, llm: Script, folder: Path) -> None:
        self.desk = desk
        self.conversation = conversation
        self.llm = llm
        self.folder = folder  # that files are written to
        self.lines = Given([])
        self.seen: list[str] = []  # answers to commands
        self.told: list[str] = []  # lines beside the conversation
        self.events: list[Event] = []
        self._slash = Slash(desk, self._next, self.seen.append, folder)

    async def type(self, *lines: str, who: Person = TOM) -> str:
        """Type these lines, which also answer what is asked; all that is shown then."""
        self.seen.clear()
        self.lines = Given(lines)
        await _converse(self.conversation, who, self.lines, self._slash, self._note)
        return "\n".join(self.seen)

    @property
    def turns(self) -> list[StoredTurn]:
        """What is kept, word for word."""
        return list(self.desk.memory.turns.after(0))

    @property
    def replies(self) -> list[str]:
        return [event.reply.text for event in self.events if isinstance(event, Said)]

    async def _next(self, prompt: str) -> str | None:
        return await self.lines.line(prompt)

    def _note(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Failed):
            self.seen.append(event.message)


@asynccontextmanager
async def sitting(
    folder: Path,
    you: Person = TOM,
    people: Sequence[Person] = (TOM,),
    playback: Playback | None = None,
    hearing: Hearing | None = None,
    sound: Sound | None = None,
    **settings: Any,
) -> AsyncIterator[Sitting]:
    """What is kept lies in ``folder``. Nothing that goes wrong in the background may be left unnoticed."""
    wrong: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    llm, told = Script(), list[str]()
    persona = Persona(load_character("mira"), llm, Script(), Sampling(), hearing=hearing, tts=Beep())
    update = {"data_dir": folder / "data", "key_file": folder / "key", **settings}
    chosen = load_settings({}, None).model_copy(update=update)
    events: list[Event] = []
    async with Desk(chosen, persona, you, people, told.append, ["Thinks by a script."], sound) as desk:
        conversation = await desk.talk(playback, events.append)
        sitting = Sitting(desk, conversation, llm, folder)
        sitting.told, sitting.events = told, events
        yield sitting
    gc.collect()  # tasks that failed unnoticed tell it when they go
    assert not wrong, wrong

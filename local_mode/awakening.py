"""Her ears and her voice, loaded beside the conversation when somebody opens her page: whoever only types waits for neither."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from cogs.answers import sentence
from local_mode.desk import KEY, Desk
from persona_core.assemble import Report, with_ears, with_voice
from persona_core.engines.threads import in_own_thread
from persona_core.errors import KithError
from persona_core.persona import Persona
from persona_core.settings import Settings

LOADING = "I am getting my ears and my voice ready; you can type meanwhile."
WRITTEN = "You can type all the same."

Load = Callable[[Persona, Settings, Report], Persona]  # blocks; raises KithError

log = logging.getLogger(__name__)


class Awakening:
    """Of the persona at ``desk``."""

    def __init__(self, desk: Desk) -> None:
        self.note = ""  # a sentence: it is under way, or why it failed
        self.changed: Callable[[], None] = lambda: None
        self._desk = desk
        self._loading: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Load what is lacking, unless that is under way; what has failed is tried again. Never waits."""
        under_way = self._loading is not None and not self._loading.done()
        if self._lacking and not under_way:
            self._loading = asyncio.create_task(self._load(), name="desk: ears and voice")

    async def close(self) -> None:
        """What is being loaded is left to itself: nobody waits for it."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait({self._loading})

    @property
    def _lacking(self) -> list[Load]:
        """The voice first: it takes less."""
        persona = self._desk.persona
        parts: list[tuple[Load, object]] = [(with_voice, persona.tts), (with_ears, persona.hearing)]
        return [load for load, there in parts if there is None]

    async def _load(self) -> None:
        self._tell(LOADING)
        failed: list[BaseException] = []
        for load in self._lacking:
            try:
                await self._get(load)
            except KithError as error:
                log.warning("%s: %s", load.__name__, type(error).__name__)
                failed.append(error)
            except Exception as error:  # the one catch-all of loading
                log.error("%s: unexpected %s", load.__name__, type(error).__name__, exc_info=error)
                failed.append(error)
        self._tell(f"{sentence(failed[0])} {WRITTEN}" if failed else "")

    async def _get(self, load: Load) -> None:
        desk = self._desk
        work = partial(load, desk.persona, desk.settings, desk.engines.append)
        desk.persona = await in_own_thread(work, load.__name__)
        if (conversation := desk.conversations.get(KEY)) is not None:
            conversation.equip(desk.persona)
        self.changed()

    def _tell(self, note: str) -> None:
        self.note = note
        self.changed()

"""What a page has asked for and is still being done; what goes wrong is said in a sentence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from cogs.answers import sentence
from cogs.overlay.open_page import OpenPage
from memory.errors import MemoryFault
from persona_core.errors import KithError

MOST_AT_ONCE = 4  # things asked for that are still being done
BUSY = "One moment, I am still busy with what you asked before."

log = logging.getLogger(__name__)


class Doing:
    """Of one page."""

    def __init__(self, page: OpenPage) -> None:
        self._page = page
        self._doing: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, None], **about: object) -> None:
        """Do ``work`` beside what else the page asks; ``about`` goes with what is told where it fails."""
        if len(self._doing) >= MOST_AT_ONCE:
            work.close()
            self._page.send({"do": "told", "text": BUSY} | about)
            return
        task = asyncio.create_task(self._explained(work, about), name="page: asked")
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def close(self) -> None:
        for task in self._doing:
            task.cancel()

    async def _explained(self, work: Coroutine[object, object, None], about: dict[str, object]) -> None:
        try:
            await work
        except (KithError, MemoryFault) as error:
            log.info("page: refused: %s", type(error).__name__)
            self._page.send({"do": "told", "text": sentence(error)} | about)
        except Exception as error:  # the one catch-all of what a page asks for
            log.error("page: unexpected %s", type(error).__name__, exc_info=error)
            self._page.send({"do": "told", "text": sentence(error)} | about)

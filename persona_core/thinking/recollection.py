"""What she has in mind in one conversation: whom she is with, and what fits what is being said.

What comes to her mind is looked for while somebody speaks, on words that will not change any more, so that the model
has read it before they have finished. At a pause it stays as it is: an answer is made with what she had in mind then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import date

from persona_core.errors import KithError
from persona_core.ports import Memories
from persona_core.types import Mind, Person

FIRST_WORDS = 3  # before that nobody knows what somebody is going to say
MORE_WORDS = 5  # that have to come before it is looked for again

Start = Callable[[Coroutine[None, None, None], str], asyncio.Task[None]]

log = logging.getLogger(__name__)


class Recollection:
    """Where memory fails nothing is said: she goes on without it. ``changed`` is called when ``mind`` has."""

    def __init__(self, memories: Memories | None, start: Start, changed: Callable[[], None]) -> None:
        """``memories`` None: she remembers nothing beyond the conversation."""
        self.mind = Mind()
        self.aloud = False  # whether she speaks here; what she writes may be read by others
        self._memories = memories
        self._start = start
        self._changed = changed
        self._day: date | None = None
        self._meeting: asyncio.Task[None] | None = None
        self._meetings = 0  # times that others were there
        self._looking: asyncio.Task[None] | None = None
        self._words = 0  # of the line, when it was last looked for
        self._settled = False  # at a pause

    def meet(self, *, anew: bool) -> None:
        """Load what matters about those who are here. ``anew``: they are others, and all that she had in mind is gone
        at once, as it may not be for them."""
        if self._memories is None:
            return
        if anew:
            self._meetings += 1
            self.begin()
            self._set(Mind())
        if self._meeting is not None:
            self._meeting.cancel()
        self._meeting = self._start(self._meet(self._memories), "what she knows")

    def begin(self) -> None:
        """Somebody begins to speak after a silence: what came to her mind before is over."""
        self._stop_looking()
        self._words, self._settled = 0, False
        self._set(Mind(self.mind.knows))
        if self._memories is not None and self._day not in (None, self._memories.today):
            self.meet(anew=False)

    async def met(self) -> None:
        """Wait until what matters about those who are here is loaded."""
        while (meeting := self._meeting) is not None and not meeting.done():
            await asyncio.wait([meeting])

    def follow(self, person: Person, words: str) -> None:
        """``person`` is speaking; ``words`` will not change any more."""
        count = len(words.split())
        wanted = count >= FIRST_WORDS and (self._words == 0 or count >= self._words + MORE_WORDS)
        if self._memories is None or self._settled or not wanted or self._looking is not None:
            return
        if self.mind.note.text:  # the model is reading it; another one would have to be read as well
            return
        self._words = count
        self._looking = self._start(self._look(self._memories, words, person), "what comes to her mind")
        self._looking.add_done_callback(self._looked)

    def settle(self, has_read: Callable[[Mind], bool] = lambda mind: True) -> None:
        """It may be over. What has come to her mind counts only where the model ``has_read`` it: nobody waits for it."""
        if self._settled:
            return
        self._settled = True
        self._stop_looking()
        if self.mind.note.text and not has_read(self.mind):
            self._set(Mind(self.mind.knows))

    def go_on(self) -> None:
        """It was not."""
        self._settled = False

    async def for_writing(self, text: str, person: Person, *, aloud: bool = False) -> Mind:
        """What she has in mind when she answers ``text``, which was written; ``aloud``: she speaks."""
        if self._memories is None:
            return Mind()
        try:
            while True:
                meetings = self._meetings
                # begun in one go, the second is still for the reader whom the first has named
                note, knows = await asyncio.gather(
                    self._memories.recall(text, person, aloud), self._memories.know(aloud)
                )
                if meetings == self._meetings or not aloud:  # else it may not be for those who are there now
                    return Mind(knows, note)
        except KithError as error:
            log.warning("nothing could be recalled: %s", type(error).__name__)
            return Mind()

    async def _meet(self, memories: Memories) -> None:
        try:
            day = memories.today
            knows = await memories.know(self.aloud)
        except KithError as error:
            log.warning("what she knows could not be loaded: %s", type(error).__name__)
            return
        self._day = day
        self._set(Mind(knows, self.mind.note))

    async def _look(self, memories: Memories, words: str, person: Person) -> None:
        try:
            note = await memories.recall(words, person, self.aloud)
        except KithError as error:
            log.warning("nothing could be recalled: %s", type(error).__name__)
            return
        if not self._settled and note.text:
            self._set(Mind(self.mind.knows, note))

    def _looked(self, task: asyncio.Task[None]) -> None:
        if self._looking is task:
            self._looking = None

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _set(self, mind: Mind) -> None:
        if mind != self.mind:
            self.mind = mind
            self._changed()

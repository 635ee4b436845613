"""One call of hers, from joining to leaving: first the notice, then listening, and for whom."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing

import discord
import numpy as np

from cogs import notices, terms
from cogs.host import Host, Line, Place, Refusal
from cogs.modes import mode_of
from cogs.notice_board import NoticeBoard
from cogs.others import NOTICED_EVERY_S, Others
from cogs.pace import Pace
from memory.consent import Purpose, may_hear
from persona_core.conversation import Conversation
from persona_core.errors import KithError
from persona_core.hearing.mode import Mode
from persona_core.types import Frame, Person

ENCRYPTION_S = 10.0  # for the others to be able to decrypt her
NOTICE_S = 30.0  # for the notice to be spoken, voice and all
GATHER_S = 0.5  # newcomers of this time share one notice
QUIET_S = 3.0  # she waits so long for a pause before she speaks to newcomers
QUIET_POLL_S = 0.1
MOVE_S = 2.0  # everybody is gone: she may be about to be moved after them
STALLED_S = 1.0  # without a frame: that person's sound has ended (left, or the connection broke)
STALLED_MIXED_S = 4.0  # the same where sound waits until it is known whose it is
MOST_TALKS, TALKS_WITHIN_S = 20, 60.0  # of one person who asks for her ear

log = logging.getLogger(__name__)


class Call:
    """``over`` is called when the call has to end, with a sentence; it must see to ``close``."""

    def __init__(
        self,
        host: Host,
        place: Place,
        view: Callable[[Place], discord.ui.View],
        over: Callable[[Call, str], None],
    ) -> None:
        """``view`` makes the buttons under a notice in a place."""
        self.place = place
        self.line: Line | None = None
        self.board = NoticeBoard(host, view)
        self._host = host
        self._over = over
        self._conversation: Conversation | None = None
        self._conversation_key = ""
        self._settled_in: Place | None = None  # where the notice has been given
        self._notified: set[str] = set()
        self.explained: set[str] = set()  # ids of those who know why she does not hear them
        self.samples: dict[
            str, Callable[[Frame], None]
        ] = {}  # who takes somebody's frames as well; must not wait
        self._others = Others()
        self._talks = Pace(MOST_TALKS, TALKS_WITHIN_S)
        self._deaf = True
        self._closed = False
        self._changed = asyncio.Event()
        self._frames_at: dict[str, float] = {}  # when the last frame of each person came
        self._tasks: list[asyncio.Task[None]] = []

    # What Calls asks for

    async def begin(self) -> None:
        """Enter, give notice, then listen. Raises KithError; it has to be closed then, too."""
        self._require_permissions(self.place)
        self.line = await self._host.open_transport(self.place, self.may_hear, self)
        self._require_open()
        await self._settle(self.place)
        self._require_open()
        self._tasks = [
            asyncio.create_task(self._feed(self.line), name="call: frames"),
            asyncio.create_task(self._finish_stalled(), name="call: stalled"),
            asyncio.create_task(self._wait_for_others(self.line), name="call: others"),
            asyncio.create_task(self._watch(), name="call: people"),
        ]

    async def close(self) -> None:
        """Stop listening, leave, forget what was said. May be called more than once, also during ``begin``."""
        self._closed = True
        self._settled_in = None
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._conversation is not None:  # first, so that she does not speak into a closed line
            self._conversation = None
            await self._host.conversations.close(self._conversation_key)
        line, self.line = self.line, None
        if line is not None:
            await line.close()
        await self.board.clear()

    def may_hear(self, person_id: str) -> bool:
        """Asked for every packet, before it is decoded."""
        if self._closed or self._settled_in is None or self._settled_in != self.place:
            return False
        decision = self._host.consent.decision(person_id, Purpose.HEARING)
        notified = self._is_notified(person_id)
        if not notified and not terms.knows(self._host, person_id):  # they agreed to something else
            return False
        return may_hear(self._host.settings.hearing, decision, notified)

    def _is_notified(self, person_id: str) -> bool:
        """In a mixed stream everybody has heard the notice; where words go by now, who decided before is told first."""
        if person_id in self._notified or not self.place.mixed:
            return person_id in self._notified
        decided = self._host.consent.decision(person_id, Purpose.HEARING) is not None
        return not decided or terms.knows(self._host, person_id)

    def set_mode(self, mode: Mode) -> None:
        """When she answers from now on."""
        if self._conversation is not None:
            self._conversation.set_mode(mode)

    def call_on(self, person_id: str) -> None:
        """What this person says next is for her. Raises Refusal."""
        if person_id not in {person.id for person in self._host.people_present(self.place)}:
            raise Refusal("Only somebody who is in the call can talk with me there.")
        if not self.may_hear(person_id) or self._conversation is None:
            raise Refusal(self._why_unheard(person_id))
        if mode_of(self._host.modes, self.place.key) is Mode.QUIET:
            raise Refusal("I am to be quiet here; `/mode` changes that.")
        if not self._talks.may(person_id, time.monotonic()):
            raise Refusal("You have asked for my ear too often just now; please wait a moment.")
        self._conversation.call_on(person_id)

    def has_to_explain(self, person_id: str) -> bool:
        """Whether somebody in the call is not heard for want of their yes, and does not know it yet."""
        if self._host.settings.hearing != "ask" or person_id in self.explained:
            return False
        undecided = self._host.consent.decision(person_id, Purpose.HEARING) is None
        return undecided and person_id in {one.id for one in self._host.people_present(self.place)}

    def on_decision(self, person_id: str, allowed: bool) -> None:
        """Somebody has decided whether they are heard."""
        if not allowed:
            if self.line is not None:
                self.line.forget(person_id)
            if self._conversation is not None:
                self._conversation.stop_hearing(person_id)
            self._frames_at.pop(person_id, None)
        self._changed.set()

    # CallEvents

    def on_moved(self, place: Place) -> None:
        self.place = place
        self._notified.clear()
        self._changed.set()

    def on_people(self) -> None:
        self._tell_people()
        self._changed.set()

    def on_ended(self, reason: str) -> None:
        self._over(self, reason)

    # Notice

    async def _settle(self, place: Place) -> None:
        """Give notice in a place, then listen there. Raises KithError."""
        self._require_permissions(place)
        await self.board.clear()  # of where she was before
        await self._open_conversation(place)
        people = self._host.people_present(place)
        await self.board.announce(place)
        if people:
            await self._say_notice()
        self._notified = {person.id for person in people}
        self._settled_in = place
        await terms.tell(self._host, [person.id for person in people])
        await self._show_listening(people)

    def _require_permissions(self, place: Place) -> None:
        if lacking := self._host.lacking(place):
            names = " and ".join(filter(None, (", ".join(lacking[:-1]), lacking[-1])))
            raise Refusal(f"In {place.name} I need the permission to {names}; please give it to me.")

    def _require_open(self) -> None:
        if self._closed:
            raise Refusal("I was sent away before I had begun to listen.")

    async def _open_conversation(self, place: Place) -> None:
        self._require_open()
        assert self.line is not None  # it is open
        if self._conversation is not None:
            await self._host.conversations.close(self._conversation_key)
        self._conversation_key = place.key
        self._conversation = await self._host.conversations.open(place, call=True)
        self._require_open()
        self._conversation.speak_through(self.line.playback)
        self._conversation.set_mode(mode_of(self._host.modes, place.key))
        self._conversation.others_talk(self._others.talking)
        self._tell_people()
        self._frames_at.clear()

    def _tell_people(self) -> None:
        """Who is there decides whom "you" can mean; it counts also who is not to be heard."""
        if self._conversation is not None:
            self._conversation.set_people(self._host.people_present(self.place))

    def _why_unheard(self, person_id: str) -> str:
        decision = self._host.consent.decision(person_id, Purpose.HEARING)
        if decision is not None and not decision.allowed:
            return "You do not want me to hear you; `/consent hearing on` changes that."
        if decision is None and self._host.settings.hearing == "ask":
            self.explained.add(person_id)
            return notices.unheard()
        return "I do not listen yet, as not everybody has been told; please try again in a moment."

    async def _greet(self, newcomers: Sequence[Person]) -> None:
        """Tell people who came later, before they are heard."""
        await self.board.welcome(self.place, newcomers)
        await self._wait_for_quiet()
        await self._say_notice()
        self._notified |= {person.id for person in newcomers}
        await terms.tell(self._host, [person.id for person in newcomers])

    def _is_unaware(self, person: Person) -> bool:
        """Not told yet, and not somebody who has decided already and whom a notice would only bother."""
        if self._is_notified(person.id):
            return False
        decision = self._host.consent.decision(person.id, Purpose.HEARING)
        if decision is None:
            return True
        asked = self._host.settings.hearing == "ask" and terms.knows(self._host, person.id)
        return decision.allowed and not asked

    async def _say_notice(self) -> None:
        """Raises KithError, unless nobody is left who had to be told."""
        if self.place.direct:  # at the desk, with whoever reads what is posted there
            return
        there = {one.id for one in self._host.people_present(self.place)}
        if there and there <= self.place.hosts:
            return
        name, mode = self._host.persona.character.name, self._host.settings.hearing
        place = self.place
        try:
            leaves = terms.aloud(self._host.settings)
            await self.say(notices.spoken(name, mode, leaves=leaves, chat=place.chat))
        except Refusal:
            if self.place == place and self._host.people_present(place):
                raise

    async def say(self, text: str, language: str = "") -> None:
        """Speak a line of the house, all of it, outside any conversation. Raises KithError.

        ``language``: ISO 639-1; empty: her voice's own.
        """
        line, tts = self.line, self._host.persona.tts
        may_speak = line is not None and await line.wait_until_may_speak(ENCRYPTION_S)
        self._require_open()
        if line is None or tts is None or not may_speak:
            raise Refusal("I could not say aloud that I listen, so I do not listen; please try /join again.")
        try:
            async with asyncio.timeout(NOTICE_S), aclosing(tts.speak(text, language)) as sound:
                pcm = np.concatenate([chunk async for chunk in sound])
                talk, playback = self._conversation, line.playback
                voice = talk.measured(playback) if talk is not None else playback  # her lips move here, too
                await voice.play(pcm, tts.rate)
                await voice.drain()
        except (TimeoutError, ValueError) as error:  # ValueError: there was no sound at all
            raise Refusal("My voice does not work, so I do not listen; please try /join again.") from error

    async def _wait_for_quiet(self) -> None:
        for _ in range(round(QUIET_S / QUIET_POLL_S)):
            if self.line is None or self.line.quiet:
                return
            await asyncio.sleep(QUIET_POLL_S)

    # Listening

    async def _feed(self, line: Line) -> None:
        loop = asyncio.get_running_loop()
        async for frame in line.transport.frames():
            if self._conversation is not None and self.may_hear(frame.person.id):
                self._frames_at[frame.person.id] = loop.time()
                self._conversation.hear(frame)
                if (take := self.samples.get(frame.person.id)) is not None:
                    take(frame)

    async def _finish_stalled(self) -> None:
        """Whoever's frames have stopped coming has stopped talking, or everybody would wait for them."""
        loop = asyncio.get_running_loop()
        stalled_s = STALLED_MIXED_S if self.place.mixed else STALLED_S
        while True:
            await asyncio.sleep(STALLED_S / 2)
            now = loop.time()
            for person_id in [p for p, at in self._frames_at.items() if now - at > stalled_s]:
                del self._frames_at[person_id]
                if self._conversation is not None:
                    self._conversation.finish_hearing(person_id)

    async def _wait_for_others(self, line: Line) -> None:
        """She does not talk over people whom she may not hear."""
        while True:
            changed = self._others.notice(line.others_talking)
            if changed and self._conversation is not None:
                self._conversation.others_talk(self._others.talking)
            await asyncio.sleep(NOTICED_EVERY_S)

    async def _watch(self) -> None:
        """Follows who is there, and where she is, until nobody is there any more."""
        try:
            while True:
                self._changed.clear()
                if self._settled_in != self.place:
                    await self._settle(self.place)
                people = self._host.people_present(self.place)
                if any(map(self._is_unaware, people)):
                    await asyncio.sleep(GATHER_S)
                    people = self._host.people_present(self.place)
                    if newcomers := [person for person in people if self._is_unaware(person)]:
                        await self._greet(newcomers)
                # asking to be deaf names a channel: done while she is being moved, it would undo the move
                if not people and await self._changes(MOVE_S):
                    continue
                await self._show_listening(people)
                changed = await self._changes(None if people else self._host.settings.leave_empty_after_s)
                if not changed and not self._host.people_present(self.place):
                    self._over(self, "Everybody had left, so I left as well.")
                    return
        except KithError as error:
            self._over(self, str(error))
        except Exception as error:  # the one catch-all of a call
            log.error("call: unexpected %s", type(error).__name__, exc_info=error)
            self._over(self, "Something went wrong in the call, so I left it; the log has the cause.")

    async def _changes(self, timeout_s: float | None) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _show_listening(self, people: Sequence[Person]) -> None:
        """Deaf, visibly, while there is nobody she may hear."""
        deaf = not any(self.may_hear(person.id) for person in people)
        if deaf != self._deaf and self.line is not None:
            self._deaf = deaf
            await self.line.deafen(deaf)

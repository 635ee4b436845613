"""The cog behind the page: what happens is told to every page that is open, what a page asks for is done."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict

from aiohttp import WSCloseCode, WSMsgType, web

from cogs.answers import KithCog
from cogs.conversations import Closed, Told
from cogs.host import Host, Place
from cogs.overlay.browser_line import BrowserLine
from cogs.overlay.eyes import Eyes
from cogs.overlay.feed import Feed
from cogs.overlay.files import Files
from cogs.overlay.guard import TOKEN_FILE, is_token, token_in
from cogs.overlay.looking import Looking
from cogs.overlay.open_page import (
    FIRST_WORD_S,
    GARBAGE,
    MOST_BYTES,
    NO_LEAVE,
    TOO_FAST,
    TOO_MANY,
    NotUnderstood,
    OpenPage,
    read,
)
from cogs.overlay.ports import Answered, Json, Surroundings
from cogs.overlay.pushing import Pushing
from cogs.overlay.recalled import Recalling
from cogs.overlay.server import HOST, Server
from cogs.overlay.session import Session
from cogs.overlay.shared import SharedSound
from cogs.overlay.viewing import Viewing
from memory.consent import Purpose
from memory.types import Encounter
from persona_core.errors import KithError
from persona_core.events import EyeEvent, Met, Said

MOST_PAGES = 16
CAPTIONS = ("line", "hearing", "drop", "forgotten", "places")  # what an overlay is told
LOOK_S = 10.0  # between looks at who is there, and whether what she recalled still is

log = logging.getLogger(__name__)


class Overlay(KithCog):
    """It does nothing before ``open``."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._pages: list[OpenPage] = []
        self._sessions: list[Session] = []
        self._files = Files()
        self._surroundings = Surroundings("", lambda place: place.name)
        self._viewing = Viewing(host, "")
        self._feed = Feed(host, self._viewing, lambda place: place.name, self._send)
        self._recalling = Recalling(host, self._viewing, self._send)
        self._eyes = Eyes(host, self._viewing, None, "", self._feed.number, self._send)
        self._sound: SharedSound | None = None
        self._server: Server | None = None
        self._token = ""
        self._forgot = 0  # times
        self._start = secrets.token_hex(4)  # of this one
        self._captioned: set[str] = set()  # keys of places that an overlay shows to others
        host.conversations.listen(self._on_event)
        host.conversations.when_forgotten(self._on_forgotten)
        host.consent.listen(self._on_decision)

    async def open(
        self, surroundings: Surroundings, tell: Callable[[str], None], *, shown: bool = True
    ) -> None:
        """Serve the page; ``tell`` is given its address, or why there is none. Never raises KithError.

        ``shown``: somebody reads it, and no log does, so that the token may stand in it.
        """
        port, host = self.host.settings.page_port, self.host
        try:
            self._token = await asyncio.to_thread(token_in, host.settings.data_dir)
            pushed = Pushing(surroundings.pushed, self._token, self._count_refused)
            server = Server(self._files, self._connected, self._count_refused, pushed)
            found = await server.open(port)
        except KithError as error:
            tell(str(error))
            return
        self._server, self._surroundings = server, surroundings
        self._viewing = Viewing(host, surroundings.viewer)
        self._feed = Feed(host, self._viewing, surroundings.title, self._send)
        self._recalling = Recalling(host, self._viewing, self._send)
        sitter, watcher = surroundings.sitter, surroundings.watcher
        home = sitter.place.key if sitter is not None else ""
        self._eyes = Eyes(host, self._viewing, watcher, home, self._feed.number, self._send)
        self._eyes.refresh_soon(self.start)
        if sitter is not None:
            self._sound = SharedSound(sitter)
            sitter.listen(self._on_late, self._on_senses)
            self._feed.open(sitter.place)
        self.start(self._look(), "page: look", lasting=True)
        if found != port:
            tell(f"Port {port} is taken, so the page is at {found}.")
        if shown:
            tell(f"Her page: {self.address}")
        else:
            file = host.settings.data_dir / TOKEN_FILE
            tell(f"Her page: http://{HOST}:{found}/ (the token that it asks for is in {file})")
        log.info("the page is at http://%s:%s/", HOST, found)

    @property
    def address(self) -> str:
        """With the token; empty: it is not open."""
        return f"http://{HOST}:{self._server.port}/?token={self._token}" if self._server else ""

    async def close(self) -> None:
        """Tell every page, and serve it no longer. May be called more than once."""
        await asyncio.gather(*(page.close_for_restart() for page in self._pages))
        server, self._server = self._server, None
        if server is not None:
            await server.close()
        self.cog_unload()

    # What happens

    def _on_event(self, key: str, event: Told) -> None:
        if self._server is None:
            return
        shown = self._feed.on_event(key, event)
        self._recalling.on_event(key, event, shown)
        if shown:
            self._caption(key)
        if isinstance(event, Said | Closed):
            self._recalling.refresh_soon(self.start)

    def on_eye(self, event: EyeEvent) -> None:
        """Something is seen. Never waits."""
        if self._server is not None and self._surroundings.viewer:
            self._eyes.on_event(event)
            if isinstance(event, Met):
                self._eyes.refresh_soon(self.start)

    def on_card(self, place_key: str, encounter: Encounter) -> None:
        """Somebody is met without being seen, such as who joins a call. Never waits."""
        place = self.host.place_called(place_key)
        if self._server is not None and place is not None:
            self._eyes.on_card(place, self._surroundings.title(place), encounter)

    def _on_forgotten(self, person_id: str | None, last_s: float) -> None:
        self._forgot += 1
        self._files.forget()
        for page in self._pages:
            page.purge()
        self._feed.forget(person_id, last_s)
        self._recalling.forget(person_id)
        self._eyes.forget(person_id, last_s)

    def _on_decision(self, person_id: str, purpose: Purpose, allowed: bool) -> None:
        """What was told of somebody when they were met stays no longer than they agree to it."""
        if purpose in (Purpose.FACE, Purpose.REMEMBERING) and not allowed:
            self._forgot += 1
            for page in self._pages:
                page.purge()
            self._eyes.forget(person_id, float("inf"))

    def _on_late(self, answered: Answered) -> None:
        """Nobody waited for it; a page that knows nothing of it does not show it."""
        for session in self._sessions:
            session.show(answered, late=True)

    def _on_senses(self) -> None:
        sitter = self._surroundings.sitter
        if sitter is not None:
            self._send({"do": "senses", **asdict(sitter.senses)})

    def _send(self, message: Json) -> None:
        captions = message["do"] in CAPTIONS and not _is_for_one(message)
        for page in self._pages:
            if captions or not page.overlay:
                page.send(message)

    def _snapshot(self, page: OpenPage) -> Json:
        """All that a page is to show, after which it is told what changes."""
        surroundings, sitter = self._surroundings, self._surroundings.sitter
        lines = [line for line in self._feed.lines() if not (page.overlay and _is_for_one(line))]
        seen: Json = {"do": "hello", "her": self.host.persona.character.name, "places": self._feed.places}
        seen |= {"lines": lines, "lost": page.lost, "why": surroundings.why_silent}
        seen |= {"forgot": f"{self._start} {self._forgot}"}  # else what a page still shows may be gone
        if sitter is not None and not page.overlay:
            seen |= {"you": sitter.you.name, "here": sitter.place.key, "commands": list(sitter.commands())}
            seen |= asdict(sitter.senses)
        if page.overlay:
            return seen
        return seen | {"recalled": self._recalling.shown, "people": self._people()} | self._eyes.snapshot()

    def _people(self) -> Json:
        """Who is there, in each place that is shown."""
        places = [self.host.place_called(one["key"]) for one in self._feed.places]
        return {
            place.key: [person.name for person in self.host.people_present(place)]
            for place in places
            if place is not None and self._viewing.present(place)
        }

    async def _look(self) -> None:
        people: Json = {}
        while True:
            await asyncio.sleep(LOOK_S)
            self._files.expire()
            if self._pages:
                await self._recalling.refresh()
                await self._eyes.refresh()
                if (now := self._people()) != people:
                    people = now
                    self._send({"do": "people", "people": people})

    # Captions that others see

    def _caption(self, key: str) -> None:
        """While an overlay shows what is said, what only those present may hear is not said."""
        if not any(page.overlay for page in self._pages) or key in self.host.captioned:
            return
        self._captioned.add(key)
        self._set_captioned(key, True)

    def _set_captioned(self, key: str, captioned: bool) -> None:
        (self.host.captioned.add if captioned else self.host.captioned.discard)(key)
        if conversation := self.host.conversations.get(key):
            conversation.refresh_mind()
        place = self.host.place_called(key)
        if captioned and place is not None and self._surroundings.sitter is None:
            text = "What is said here is being shown as captions outside of Discord, for others to read."
            self.start(self._post(place, text), "page: notice")

    async def _post(self, place: Place, text: str) -> None:
        await self.host.post(place, text)

    def _show_to_nobody_else(self) -> None:
        """The last overlay is gone."""
        keys, self._captioned = self._captioned, set()
        for key in keys:
            self._set_captioned(key, False)

    # Pages

    def _count_refused(self) -> None:
        self.host.counts["page: requests refused"] += 1

    async def _connected(self, socket: web.WebSocketResponse) -> None:
        page = await self._greet(socket)
        if page is None:
            return
        session, looking = self._session(page), self._looking(page)
        self._pages.append(page)
        if page.overlay:
            for place in self._feed.places:
                self._caption(place["key"])
        page.send({"do": "again"})
        writing = asyncio.create_task(self._write(page), name="page: write")
        try:
            await self._listen(socket, page, session, looking)
        finally:
            self._pages.remove(page)
            writing.cancel()
            if looking is not None:
                looking.close()
            if session is not None:
                self._sessions.remove(session)
                await session.close()
            if page.overlay and not any(one.overlay for one in self._pages):
                self._show_to_nobody_else()
            self.host.counts["page: messages dropped"] += page.lost

    async def _greet(self, socket: web.WebSocketResponse) -> OpenPage | None:
        """Its first message says the token, in time; else nothing is told."""
        try:
            async with asyncio.timeout(FIRST_WORD_S):
                first = await socket.receive()
            hello = read(first.data) if first.type is WSMsgType.TEXT else {}
        except (TimeoutError, NotUnderstood):
            hello = {}
        page = OpenPage(socket, hello.get("overlay") is True, self._snapshot)
        if not is_token(hello.get("token"), self._token):
            self._count_refused()
            await page.close(NO_LEAVE, "the token is wrong")
            return None
        if len(self._pages) >= MOST_PAGES:
            await page.close(TOO_MANY, "too many pages are open")
            return None
        return page

    def _session(self, page: OpenPage) -> Session | None:
        sitter = self._surroundings.sitter
        if sitter is None or page.overlay or self._sound is None:
            return None
        line = BrowserLine(sitter.you, page.send, self.host.counts, sitter.clock)
        session = Session(page, sitter, line, self._sound, self._files, self._on_said, self._on_done)
        self._sessions.append(session)
        sitter.awaken()
        return session

    def _looking(self, page: OpenPage) -> Looking | None:
        if page.overlay:
            return None
        return Looking(page, self._eyes, self.host.counts, self._feed.person, self._on_done)

    def _on_said(self, text: str) -> None:
        sitter = self._surroundings.sitter
        if sitter is not None:
            self._feed.typed(sitter.place.key, sitter.you, text)

    def _on_done(self) -> None:
        self._recalling.refresh_soon(self.start)
        self._eyes.refresh_soon(self.start)

    async def _listen(
        self,
        socket: web.WebSocketResponse,
        page: OpenPage,
        session: Session | None,
        looking: Looking | None,
    ) -> None:
        """Take what a page sends, until it is gone, or sends what no page of ours does."""
        async for message in socket:
            binary = message.type is WSMsgType.BINARY
            if not page.may_send(sound=binary):
                await self._throw_out(page, TOO_FAST, "too much at once")
                return
            try:
                if binary:
                    _take_binary(message.data, session, looking)
                elif message.type is WSMsgType.TEXT:
                    if len(message.data) > MOST_BYTES:
                        await self._throw_out(page, WSCloseCode.MESSAGE_TOO_BIG, "too long")
                        return
                    await _take(read(message.data), session, looking)
            except NotUnderstood:
                await self._throw_out(page, GARBAGE, "not understood")
                return

    async def _throw_out(self, page: OpenPage, code: int, why: str) -> None:
        self.host.counts["page: thrown out"] += 1
        await page.close(code, why)

    async def _write(self, page: OpenPage) -> None:
        try:
            await page.write()
        except (TimeoutError, ConnectionError, RuntimeError) as error:
            log.info("page: nothing can be sent: %s", type(error).__name__)
            await page.close(TOO_FAST, "the page takes nothing")


async def _take(asked: Json, session: Session | None, looking: Looking | None) -> None:
    """Raises NotUnderstood."""
    if looking is not None and looking.take(asked):
        return
    if session is None:
        raise NotUnderstood
    await session.take(asked)


def _take_binary(data: bytes, session: Session | None, looking: Looking | None) -> None:
    """A picture, or else sound. Raises NotUnderstood."""
    if looking is not None and looking.picture(data):
        return
    if session is None or not session.line.transport.hear(data):
        raise NotUnderstood


def _is_for_one(line: Json) -> bool:
    """Whether a line is no caption: written, or for those alone who heard it."""
    written = line.get("typed") or (line.get("kind") == "reply" and not line["aloud"])
    return bool(written or line.get("private"))

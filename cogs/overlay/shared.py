"""The microphone and her voice, of which there is one each: the page that took it last has it."""

from __future__ import annotations

import asyncio

from cogs.overlay.ports import Sitter
from cogs.overlay.session import Session
from persona_core.errors import KithError

ELSEWHERE = "Another page has taken it over."


class SharedSound:
    def __init__(self, sitter: Sitter) -> None:
        self._sitter = sitter
        self._microphone: Session | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._voice: Session | None = None

    def take_microphone(self, session: Session, rate: int) -> None:
        if self._microphone is not session:
            before = self._microphone
            if before is not None:
                self.give_microphone(before)
                before.page.send({"do": "microphone", "on": False, "why": ELSEWHERE})
            self._microphone = session
            self._hearing = asyncio.create_task(self._hear(session), name="page: microphone")
        session.line.transport.open(rate)
        session.page.send({"do": "microphone", "on": True})

    def give_microphone(self, session: Session) -> None:
        if self._microphone is not session:
            return
        session.line.transport.switch_off()
        self._microphone = None
        if self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None

    async def _hear(self, session: Session) -> None:
        try:
            await self._sitter.hear(session.line)
        except KithError as error:
            if self._microphone is session:
                self._microphone, self._hearing = None, None
                session.line.transport.switch_off()
                session.page.send({"do": "microphone", "on": False, "why": str(error)})

    def take_voice(self, session: Session) -> None:
        if self._voice is not session:
            before, self._voice = self._voice, session
            if before is not None:
                before.line.playback.stop()
                before.line.playback.close()
                before.page.send({"do": "voice", "on": False, "why": ELSEWHERE})
        session.line.playback.open()
        self._sitter.speak_through(session.line)
        session.page.send({"do": "voice", "on": True})

    def give_voice(self, session: Session) -> None:
        if self._voice is session:
            self._voice = None
            self._sitter.speak_through(None)
            session.line.playback.stop()
            session.line.playback.close()

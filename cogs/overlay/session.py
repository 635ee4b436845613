"""What one page may ask for, message by message."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Protocol

from cogs.overlay.answers import answer
from cogs.overlay.browser_line import HIGHEST_RATE, LOWEST_RATE, BrowserLine
from cogs.overlay.doing import Doing
from cogs.overlay.files import Files
from cogs.overlay.open_page import NotUnderstood, OpenPage, number_in, text_in
from cogs.overlay.ports import Answered, Json, Sitter

LINE_CHARACTERS = 4_000


class Sound(Protocol):
    """Who has the microphone and her voice: one page each, the latest."""

    def take_microphone(self, session: Session, rate: int) -> None: ...

    def give_microphone(self, session: Session) -> None: ...

    def take_voice(self, session: Session) -> None: ...

    def give_voice(self, session: Session) -> None: ...


class Session:
    def __init__(
        self,
        page: OpenPage,
        sitter: Sitter,
        line: BrowserLine,
        sound: Sound,
        files: Files,
        said: Callable[[str], None],
        done: Callable[[], None],
    ) -> None:
        """``said`` is told what was typed to her, ``done`` is called whenever a command has been carried out."""
        self.page = page
        self.line = line
        self._sitter = sitter
        self._sound = sound
        self._files = files
        self._tell_said = said
        self._done = done
        line.playback.stalled = lambda: sound.give_voice(self)
        self._doing = Doing(page)

    async def take(self, message: Json) -> None:
        """Raises NotUnderstood."""
        match message["do"]:
            case "say":
                text = text_in(message, "text", LINE_CHARACTERS).strip()
                if text:
                    self._doing.start(self._say(text))
            case "run":
                line = text_in(message, "line", LINE_CHARACTERS).strip()
                self._answer(message, self._sitter.run(line))
            case "press":
                values = message.get("values", [])
                if not (
                    isinstance(values, list)
                    and len(values) <= 25
                    and all(isinstance(one, str) for one in values)
                ):
                    raise NotUnderstood
                pressed = self._sitter.press(
                    text_in(message, "message", 30), text_in(message, "part", 200), values
                )
                self._answer(message, pressed)
            case "fill":
                values = message.get("values")
                if not (
                    isinstance(values, dict)
                    and len(values) <= 10
                    and all(isinstance(one, str) for one in values.values())
                ):
                    raise NotUnderstood
                self._answer(message, self._sitter.fill(text_in(message, "form", 30), values))
            case "suggest":
                self._doing.start(self._suggest(text_in(message, "line", 400)))
            case "microphone":
                self._microphone(message)
            case "pause":
                self.line.transport.pause()
            case "voice":
                (self._sound.take_voice if message.get("on") is True else self._sound.give_voice)(self)
            case "played":
                stretch = number_in(message, "stretch", 0, 2**31)
                self.line.playback.on_played(stretch, number_in(message, "samples", 0, 2**40))
            case _:
                raise NotUnderstood

    async def close(self) -> None:
        self._doing.close()
        self._sound.give_microphone(self)
        self._sound.give_voice(self)
        await self.line.close()

    def show(self, answered: Answered, **about: object) -> None:
        files = [self._files.offer(name, content) for name, content in answered.files]
        self.page.send(answer(answered, self._sitter.names, files) | about)

    def _microphone(self, message: Json) -> None:
        if message.get("on") is True:
            self._sound.take_microphone(self, number_in(message, "rate", LOWEST_RATE, HIGHEST_RATE))
        else:
            self._sound.give_microphone(self)

    async def _say(self, text: str) -> None:
        self._tell_said(text)
        self._sitter.say(text)

    def _answer(self, message: Json, work: Coroutine[object, object, Answered]) -> None:
        about = {name: message[name] for name in ("panel", "request") if isinstance(message.get(name), str)}

        async def answered() -> None:
            self.show(await work, **about)
            self._done()

        self._doing.start(answered(), **about)

    async def _suggest(self, line: str) -> None:
        found = await self._sitter.suggest(line)
        choices = [{"label": one.label, "line": one.line} for one in found]
        self.page.send({"do": "suggestions", "line": line, "choices": choices})

"""The same person under both hosts: in Discord, at the desk's terminal, and on its page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Protocol

from cogs.overlay.ports import Answered
from local_mode.given import MENU
from local_mode.page import PageDesk
from local_mode.shown import Choice, Part, choices_of, every_part, text_of
from local_mode.typed import Command, Json, commands_of, find, find_menu, value, values
from persona_core.events import Heard
from persona_core.types import Person
from tests.cogs.running import RunningBot, tone
from tests.cogs.used import Fill, Kept, Move, Press, Speak
from tests.discord_server import Channel, Interaction, Message, SimulatedMember
from tests.local_mode.sitting import ANN, TOM, Sitting

WITHIN_S = 20.0
_NUMBERED = re.compile(r"\[\d+\] (.+?)(?=  \[\d+\]|$)")


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody sees of an answer."""

    text: str
    choices: tuple[str, ...] = ()  # what can be chosen, in its order
    form: tuple[str, ...] = ()  # the title of the form that was opened, and what its fields are called
    files: tuple[str, ...] = ()  # their names
    private: bool = True  # nobody else sees it


class Under(Protocol):
    """One host, with the person who uses it."""

    @property
    def kept(self) -> Kept: ...

    async def do(self, move: Move, says: str = "", fill: Fill | None = None) -> Shown:
        """What is shown, once it ``says`` that; ``fill``: what the form that is opened will be filled in with."""
        ...


async def until_said(says: str, look: Callable[[], Shown]) -> Shown:
    end = monotonic() + WITHIN_S
    while not ((shown := look()).form or (shown.text and re.search(says, shown.text))):
        assert monotonic() < end, f"{says!r} is not said: {shown}"
        await asyncio.sleep(0.02)
    return shown


async def until_kept(kept: Kept, look: Callable[[], Shown]) -> Shown:
    """As soon as the last line is answered, and both are kept."""

    def both() -> Shown:
        return look() if len(kept.said) > 1 else Shown("")

    return await until_said("", both)


def _form(opened: Json) -> tuple[str, ...]:
    fields = [part for part in every_part(opened["components"]) if part.get("type") == Part.FIELD]
    labels = [part.get("label") for part in every_part(opened["components"]) if part.get("label")]
    assert len(fields) == 1, "moves fill in one field"
    return (str(opened["title"]), *map(str, labels))


def _meant(choices: Iterable[Choice], label: str) -> Choice:
    """A button with this label, or an entry of a list with these words in it."""
    (found,) = [one for one in choices if one.label == label or (one.value and label in one.label)]
    return found


# Discord


class InDiscord:
    def __init__(
        self, bot: RunningBot, you: SimulatedMember, other: SimulatedMember, channel: Channel, lounge: Channel
    ) -> None:
        """Commands are typed in ``channel``, calls are in ``lounge``."""
        self._bot, self._server = bot, bot.server
        self._you, self._other, self._channel = you, other, channel
        self._commands = [replace(one, here=True) for one in commands_of(bot.server.bot.commands.values())]
        self._names = {str(one.id): one.name for one in (you, other, channel)}
        self._said: Message | None = None
        self._last: Interaction | None = None
        self._message: Message | None = None  # whose buttons are pressed
        people = [Person(f"discord:{one.id}", one.name) for one in (you, other)]
        self.kept = Kept(bot.host, *people, f"discord:{lounge.id}")

    async def do(self, move: Move, says: str = "", fill: Fill | None = None) -> Shown:
        if isinstance(move, str) and not move.startswith("/"):
            return await self._say(move)
        if isinstance(move, Speak):
            return await self._speak(move)
        before = _state(self._message)
        if isinstance(move, Press):
            self._last = self._press(move.label)
        elif isinstance(move, Fill):
            assert self._last is not None
            field = _form(self._last.modal or {})[-1]
            self._last = self._server.submit(self._last, {field: move.text})
        else:
            before, self._message = {}, None
            self._last = await asyncio.to_thread(self._command, move)
        shown = await until_said(says, lambda: self._look(before))
        self._message = next(iter(one for one in self._messages(before)[::-1] if one.components), None)
        return shown

    def leave(self) -> None:
        """The call, if they are in one."""
        if self._you.voice_channel is not None:
            self._you.leave()

    async def _say(self, text: str) -> Shown:
        self._said = self._you.says(self._channel, text)
        number = self._said.id

        def look() -> Shown:
            later = [one for one in self._you.sees(self._channel) if one.id > number]
            return Shown("\n".join(one.content for one in later))

        return await until_kept(self.kept, look)

    async def _speak(self, move: Speak) -> Shown:
        """Heard, and posted where captions are on."""
        heard: list[str] = []
        host, you = self._bot.host, self.kept.you.id
        self._bot.call(
            host.conversations.listen,
            lambda key, event: heard.append(event.utterance.text) if isinstance(event, Heard) else None,
        )
        captioned = bool(host.captioned)
        self._you.speak(tone(move.hertz, 1.0))

        def look() -> Shown:
            there = heard and (not captioned or host.posts.of(you))
            return Shown(heard[0] if there else "")

        return await until_said("", look)

    def _command(self, line: str) -> Interaction:
        word, _, rest = line.removeprefix("/").partition(" ")
        if word == MENU:
            menu = find_menu(self._commands, rest)
            target = self._you if menu.kind == 2 else self._said
            assert target is not None, "nothing was said"
            return self._server.use_menu(self._you, menu.words[0], channel=self._channel, target=target)
        command, rest = find(self._commands, line.removeprefix("/"))
        return self._server.interact(
            self._you, command.name, channel=self._channel, **self._options(command, values(command, rest))
        )

    def _options(self, command: Command, typed: dict[str, str]) -> dict[str, Any]:
        people = {one.name: str(one.id) for one in (self._you, self._other)}
        found: dict[str, Any] = {}
        for option in command.options:
            if option.name not in typed:
                continue
            text = typed[option.name]
            if option.suggests:
                proposed = self.suggested(command.name, option.name, text)
                meant = [chosen for name, chosen in proposed if text in name]
                found[option.name] = meant[0] if meant else text  # anything may be typed
            else:
                found[option.name] = value(option, text, people.__getitem__)
        return found

    def suggested(self, command: str, option: str, text: str = "") -> list[tuple[str, Any]]:
        asked = self._server.autocomplete(
            self._you, command, channel=self._channel, option=option, **{option: text}
        )
        self._server.wait_until(lambda: asked.choices is not None, WITHIN_S, "nothing is proposed")
        return [(one["name"], one["value"]) for one in asked.choices or []]

    def _press(self, label: str) -> Interaction:
        assert self._message is not None, "there are no buttons"
        chosen = _meant(choices_of(_as_sent(self._message)), label)
        custom_id = chosen.part["custom_id"]
        if chosen.value:
            return self._server.choose(self._you, self._message, custom_id, [chosen.value])
        return self._server.click(self._you, self._message, custom_id)

    def _messages(self, before: Json) -> list[Message]:
        """What is new: the message that was pressed if it has changed, then what was answered."""
        assert self._last is not None
        pressed = self._last.message
        changed = [pressed] if pressed and not pressed.deleted and _state(pressed) != before else []
        return [*changed, *(one for one in self._last.shown if one is not pressed)]

    def _look(self, before: Json) -> Shown:
        assert self._last is not None
        if self._last.modal is not None:
            return Shown("", form=_form(self._last.modal))
        messages = self._messages(before)
        return Shown(
            "\n".join(text_of(_as_sent(one), self._names) for one in messages),
            tuple(choice.label for one in messages for choice in choices_of(_as_sent(one))),
            files=tuple(file.filename for one in messages for file in one.attachments),
            private=all(one.ephemeral for one in messages),
        )


def _as_sent(message: Message) -> Json:
    return {"content": message.content, "embeds": message.embeds, "components": message.components}


def _state(message: Message | None) -> Json:
    return {} if message is None else {name: list(part) for name, part in _as_sent(message).items()}


# The desk


def kept_at(sitting: Sitting) -> Kept:
    return Kept(sitting.desk, TOM, ANN, "desk")


class AtTerminal:
    """As ``python -m local_mode`` has it."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        self._filled: Shown | None = None
        self.kept = kept_at(sitting)

    async def do(self, move: Move, says: str = "", fill: Fill | None = None) -> Shown:
        assert not isinstance(move, Speak)
        if isinstance(move, Fill):  # it has been typed right after what opens the form
            assert self._filled is not None
            return await until_said(move.says, self._look)
        line = self._number(move.label) if isinstance(move, Press) else move
        await self._sitting.type(line, *([fill.text] if fill else []))
        if not line.startswith(("/", "#")):
            return await until_kept(self.kept, lambda: Shown("\n".join(self._sitting.replies)))
        if fill:
            self._filled = self._look()
            return Shown("", form=tuple(self._filled.text.splitlines()))
        return await until_said(says, self._look)

    def _number(self, label: str) -> str:
        offers = [offer.choice for offer in self._sitting._slash._offers]
        return f"#{offers.index(_meant(offers, label)) + 1}"

    def _look(self) -> Shown:
        lines = [line for one in self._sitting.seen for line in one.splitlines()]
        choices = tuple(offer.choice.label for offer in self._sitting._slash._offers)
        files = [line for line in lines if line.startswith("Written to ")]
        rest = [line for line in lines if line not in files and not _NUMBERED.match(line)]
        shown = {label for line in lines for label in _NUMBERED.findall(line)}
        return Shown(
            "\n".join(rest),
            tuple(one for one in choices if one in shown),
            files=tuple(line.split(", where")[0] for line in files),
        )


class OnPage:
    """As the desk's page asks for it."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        self._page = PageDesk(sitting.desk, TOM)
        self._page.listen(self._take, lambda: None)
        self._answers: list[Answered] = []
        self._buttons: Sequence[Json] = ()
        self._opened: Json = {}
        self.kept = kept_at(sitting)

    async def do(self, move: Move, says: str = "", fill: Fill | None = None) -> Shown:
        assert not isinstance(move, Speak)
        self._answers.clear()
        if isinstance(move, Press):
            self._take(await self._press(move.label))
        elif isinstance(move, Fill):
            opened = self._opened
            field = next(one for one in every_part(opened["components"]) if one.get("type") == Part.FIELD)
            self._take(await self._page.fill(opened["key"], {field["custom_id"]: move.text}))
        elif move.startswith("/"):
            self._buttons = ()
            self._take(await self._page.run(move))
        else:
            before = len(self._sitting.replies)
            self._page.say(move)
            return await until_kept(self.kept, lambda: Shown("\n".join(self._sitting.replies[before:])))
        return await until_said(says, self._look)

    async def suggested(self, command: str) -> list[str]:
        """What is proposed for its first option."""
        return [one.label for one in await self._page.suggest(f"{command} ")]

    def _take(self, answered: Answered) -> None:
        self._answers.append(answered)
        if answered.form is not None:
            self._opened = answered.form
        if any(choices_of(one) for one in answered.messages):
            self._buttons = answered.messages

    async def _press(self, label: str) -> Answered:
        choices = [(one, message) for message in self._buttons for one in choices_of(message)]
        chosen = _meant([one for one, _ in choices], label)
        message = next(message for one, message in choices if one is chosen)
        return await self._page.press(
            str(message["id"]), str(chosen.part["custom_id"]), [chosen.value] if chosen.value else []
        )

    def _look(self) -> Shown:
        form = next((one.form for one in self._answers if one.form is not None), None)
        if form is not None:
            return Shown("", form=_form(form))
        messages: dict[str, Json] = {}
        for one in [message for answered in self._answers for message in answered.messages]:
            messages.pop(str(one["id"]), None)
            messages[str(one["id"])] = one
        there = [one for one in messages.values() if not one["gone"]]
        texts = [answered.text for answered in self._answers]
        texts += [text_of(one, dict(self._page.names)) for one in there]
        return Shown(
            "\n".join(filter(None, texts)),
            tuple(choice.label for one in there for choice in choices_of(one)),
            files=tuple(name for answered in self._answers for name, _ in answered.files),
            private=all(int(one["flags"]) & 64 for one in there),
        )

"""Commands at the terminal: a line that begins with "/", and the numbers of what can be chosen from her answer."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from local_mode.forms import Ask, Show, fill
from local_mode.given import HELP, MENU, Unclear, command_of, menu_of
from local_mode.interactions import Act, Answers, Message
from local_mode.shown import Choice, Part, as_it_is, choices_of, numbered, text_of
from local_mode.typed import Command, NotUnderstood, Value, quoted

if TYPE_CHECKING:  # it knows Discord's library, which this file does without
    from local_mode.desk import Desk

_NUMBERS = re.compile(r"(#?)\d{1,3}(?:[ ,]+\d{1,3})*")


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be chosen, and under which message."""

    choice: Choice
    message: Message


class Slash:
    """For the one person who types."""

    def __init__(self, desk: Desk, ask: Ask, show: Show, folder: Path | None = None) -> None:
        """``ask`` gets another line, ``show`` shows text; files she sends are put into ``folder`` (None: this one)."""
        self._desk = desk
        self._ask = ask
        self._show = show
        self._folder = folder or Path()
        self._offers: list[Offer] = []
        self._fresh = False  # nothing else was typed since they were shown
        desk.interactions.late = self._show_late

    @property
    def desk(self) -> Desk:
        return self._desk

    def takes(self, line: str) -> bool:
        """Whether ``line`` is a command, or a choice; else it is said to her."""
        numbers = _NUMBERS.fullmatch(line)
        return line.startswith("/") or bool(numbers and (numbers[1] or (self._fresh and self._offers)))

    def said(self, line: str) -> None:
        """Something was said to her: menus of messages act on it."""
        self._fresh = False
        self._desk.note(line)

    async def run(self, line: str) -> None:
        """Do what ``line`` says, and show what is answered. Raises KithError."""
        if not line.startswith("/"):
            await self._choose([int(number) for number in re.findall(r"\d+", line)])
            return
        word, _, rest = line[1:].strip().partition(" ")
        if word.casefold() == HELP:
            self._show(help_on(self._desk.commands, rest, self._desk.persona.character.name))
        elif word.casefold() == MENU:
            await self._open_menu(rest)
        else:
            await self._command(line[1:].strip())

    # What can be done

    async def _command(self, line: str) -> None:
        data = await command_of(self._desk, line, self._ask_which)
        await self._show_answers(await self._desk.act(Act.COMMAND, data))

    async def _ask_which(self, unclear: Unclear) -> Value:
        found = unclear.found
        lines = [f"[{number}] {as_it_is(name)}" for number, (name, _) in enumerate(found, 1)]
        self._show("\n".join([unclear.option.description, *lines]))
        chosen = (await self._ask("Which? ") or "").lstrip("#")
        if chosen.isdecimal() and 1 <= int(chosen) <= len(found):
            return found[int(chosen) - 1][1]
        raise NotUnderstood("That was the number of none of them, so nothing was done.")

    async def _open_menu(self, name: str) -> None:
        if not name.strip():
            self._show(help_on(self._desk.commands, MENU, self._desk.persona.character.name))
            return
        await self._show_answers(await self._desk.act(Act.COMMAND, menu_of(self._desk, name)))

    async def _choose(self, numbers: Sequence[int]) -> None:
        if not self._offers:
            raise NotUnderstood("There is nothing to choose from just now.")
        if not all(1 <= number <= len(self._offers) for number in numbers):
            raise NotUnderstood(f"Choose a number from 1 to {len(self._offers)}.")
        chosen = [self._offers[number - 1] for number in numbers]
        part, message = chosen[0].choice.part, chosen[0].message
        most = int(part.get("max_values") or 1) if part["type"] == Part.LIST else 1
        if len(chosen) > most or any(one.choice.part is not part for one in chosen):
            raise NotUnderstood("These cannot be chosen together; choose one after the other.")
        data = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part.get("id") or 0}
        if part["type"] == Part.LIST:
            data["values"] = [one.choice.value for one in chosen]
        await self._show_answers(await self._desk.act(Act.COMPONENT, data, message))

    # What is shown

    async def _show_answers(self, answers: Answers) -> None:
        while answers.form is not None:
            filled = await fill(answers.form, self._ask, self._show)
            if filled is None:
                self._show("The form was not sent, so nothing was changed.")
                return
            answers = await self._desk.act(Act.FORM, filled, answers.pressed)
        shown = [message for message in answers.shown if not message.gone]
        offers = [Offer(choice, one) for one in shown for choice in choices_of(one.data)]
        if offers or answers.pressed is None or answers.pressed in answers.shown:
            self._offers = offers
        self._fresh = bool(offers)
        first = 1
        for message in shown:
            first += self._show_message(message, first)
        if not shown:
            self._show("There was no answer to that.")

    def _show_late(self, message: Message) -> None:
        """Something came, or changed, when nobody waited for it any more."""
        if self._show_message(message):
            self._offers = [Offer(choice, message) for choice in choices_of(message.data)]

    def _show_message(self, message: Message, first: int = 1) -> int:
        """Returns how many choices it has, which are numbered from ``first`` on."""
        text = text_of(message.data, self._desk.names)
        choices = choices_of(message.data)
        files, message.files = message.files, []
        saved = [save(self._folder, name, content) for name, content in files]
        lines = [text, *(f"Written to {path}, where it is not encrypted." for path in saved)]
        self._show("\n".join([*filter(None, lines), *numbered(choices, first)]))
        return len(choices)


def help_on(commands: Sequence[Command], about: str, her_name: str) -> str:
    """What can be typed; ``about``: the beginning of some commands, whose options are told as well."""
    wanted = about.strip().removeprefix("/").casefold()
    here = [one for one in commands if one.here]
    found = [one for one in here if one.name.removeprefix("/").casefold().startswith(wanted)]
    if wanted and not found:
        raise NotUnderstood(f"There is nothing that begins with {quoted(about)}; /help lists all.")
    lines = []
    for command in found:
        lines.append(f"{command.usage}{f' – {command.description}' if command.description else ''}")
        if wanted:
            lines += [f"    {option.name}: {option.description}" for option in command.options]
    if not wanted:
        lines.append(
            f"Everything else is said to {her_name}. Values may be named (text:…) and put into quotes; a number such as "
            "1 or #1 chooses from what an answer offers."
        )
    return "\n".join(lines)


def save(folder: Path, name: str, content: bytes) -> Path:
    """Write a file that she sends, beside what is there already; where it is. Raises NotUnderstood."""
    wanted = Path(as_it_is(Path(name).name) or "file")
    for number in count(1):
        path = folder / (wanted if number == 1 else f"{wanted.stem}-{number}{wanted.suffix}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        except FileExistsError:
            continue
        except OSError as error:
            raise NotUnderstood(f"{path} cannot be written ({error.strerror}).") from error
        return path
    raise AssertionError("count() does not end")

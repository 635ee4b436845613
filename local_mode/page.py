"""What the page asks of the desk (``cogs.overlay.ports.Sitter``): the same commands, for whoever sits there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cogs.host import Line, Place, Refusal
from cogs.overlay.ports import Answered, Choice, Senses, Surroundings
from local_mode.awakening import Awakening
from local_mode.desk import Desk
from local_mode.given import HELP, MENU, Unclear, command_of, menu_of, only, proposed
from local_mode.interactions import Act, Answers, Message
from local_mode.slash import help_on
from local_mode.typed import Json, NotUnderstood, Value, find, values
from persona_core.conversation import Conversation
from persona_core.types import Person

MOST_MESSAGES = 60  # whose buttons can still be pressed
MOST_FORMS = 4  # that are open

DEAF = "I have nothing to hear you with; you can type."
_GONE = "That is not there any more; please ask for it again."


class PageDesk:
    """For the person who gives commands at ``desk``, which talks already."""

    def __init__(self, desk: Desk, you: Person, awakening: Awakening | None = None) -> None:
        """``awakening``: how she gets ears and a voice where she began without."""
        self.you = you
        self._desk = desk
        self._awakening = awakening
        self._messages: dict[str, Message] = {}  # by id; the latest last
        self._forms: dict[str, tuple[Json, Message | None]] = {}  # with what opened them
        self._late: Callable[[Answered], None] = lambda answered: None
        self._last_form = 0
        desk.conversations.when_forgotten(lambda person, last_s: self._forget())

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.you.id, lambda place: place.name, self)

    @property
    def place(self) -> Place:
        return self._desk.place(None)

    @property
    def senses(self) -> Senses:
        persona = self._desk.persona
        note = self._awakening.note if self._awakening is not None else ""
        return Senses(persona.hearing is not None, persona.tts is not None, note)

    def awaken(self) -> None:
        if self._awakening is not None:
            self._awakening.begin()

    @property
    def names(self) -> Mapping[str, str]:
        return self._desk.names

    def commands(self) -> list[Json]:
        """Those that can be typed here."""
        return [
            {
                "name": one.name,
                "usage": one.usage,
                "description": one.description,
                "suggests": any(option.suggests for option in one.options),
                "takes": bool(one.options),
            }
            for one in self._desk.commands
            if one.here
        ]

    def say(self, text: str) -> None:
        self._desk.note(text)
        if conversation := self._conversation:
            conversation.read(self.you, text)

    def clock(self) -> float:
        return self._desk.clock()

    def listen(self, late: Callable[[Answered], None], changed: Callable[[], None]) -> None:
        self._late = late
        if self._awakening is not None:
            self._awakening.changed = changed

    # Commands

    async def run(self, line: str) -> Answered:
        word, _, rest = line.removeprefix("/").strip().partition(" ")
        if word.casefold() == HELP:
            her_name = self._desk.persona.character.name
            return Answered(text=help_on(self._desk.commands, rest, her_name))
        if word.casefold() == MENU:
            return self._answered(await self._desk.act(Act.COMMAND, menu_of(self._desk, rest)))
        try:
            data = await command_of(self._desk, line.removeprefix("/").strip(), _have_chosen)
        except _ToChoose as choosing:
            return Answered(text=choosing.unclear.option.description, choices=_choices(choosing.unclear))
        return self._answered(await self._desk.act(Act.COMMAND, data))

    async def suggest(self, line: str) -> list[Choice]:
        """Values for what is being typed last, where she proposes any."""
        try:
            command, rest = find(self._desk.commands, line.removeprefix("/").strip())
            given = values(command, rest)
        except NotUnderstood:
            return []
        before: list[Json] = []
        for option in command.options:
            text = given.get(option.name, "")
            if option.suggests:
                found = await proposed(self._desk, command, option, text, before)
                return [] if only(found, text) else list(_choices(Unclear(command, given, option, found)))
            if option.choices and not text:
                return list(_choices(Unclear(command, given, option, option.choices)))
            if not text:
                return []
            before.append({"name": option.name, "type": option.kind, "value": text})
        return []

    async def press(self, message: str, part: str, values: Sequence[str]) -> Answered:
        pressed = self._messages.get(message)
        found = _part(pressed.data.get("components") or [], part) if pressed is not None else None
        if pressed is None or found is None or pressed.gone:
            raise NotUnderstood(_GONE)
        data = {"custom_id": part, "component_type": found["type"], "id": found.get("id") or 0}
        if values:
            data["values"] = list(values)
        return self._answered(await self._desk.act(Act.COMPONENT, data, pressed))

    async def fill(self, form: str, values: Mapping[str, str]) -> Answered:
        opened, pressed = self._forms.pop(form, (None, None))
        if opened is None:
            raise NotUnderstood(_GONE)
        rows = [_filled(row, values) for row in opened["components"]]
        data = {"custom_id": opened["custom_id"], "components": rows}
        return self._answered(await self._desk.act(Act.FORM, data, pressed))

    # Answers

    def _answered(self, answers: Answers) -> Answered:
        answers.late = self._show_late
        form = None
        if answers.form is not None:
            self._last_form += 1
            form = answers.form | {"key": str(self._last_form)}
            self._forms[form["key"]] = answers.form, answers.pressed
            for key in list(self._forms)[:-MOST_FORMS]:
                del self._forms[key]
        return self._shown(answers.shown, form)

    def _show_late(self, message: Message) -> None:
        self._late(self._shown([message], None))

    def _shown(self, messages: Sequence[Message], form: Json | None) -> Answered:
        files = []
        for message in messages:
            self._messages.pop(str(message.id), None)
            self._messages[str(message.id)] = message
            files += message.files
            message.files = []
        for key in list(self._messages)[:-MOST_MESSAGES]:
            del self._messages[key]
        shown = [message.data | {"gone": message.gone} for message in messages]
        text = "" if shown or form else "There was no answer to that."
        return Answered(shown, files, form, text)

    def _forget(self) -> None:
        """Answers may hold what is forgotten; the one that is on its way comes after this."""
        self._messages.clear()
        self._forms.clear()

    # Sound

    async def hear(self, line: Line) -> None:
        """The computer's own microphone is shut meanwhile: they would be heard twice."""
        desk, you = self._desk, self.you
        if desk.persona.hearing is None:
            raise Refusal(self.senses.note or DEAF)
        if not desk.may_hear(you):
            raise Refusal("You do not want me to hear you; /consent hearing on changes that.")
        own = self._own_line
        if own is not None:
            await own.deafen(True)
        try:
            async for frame in line.transport.frames():
                if (conversation := self._conversation) and desk.may_hear(you):
                    conversation.hear(frame)
                    if not frame.sending:
                        conversation.finish_hearing(you.id)
        finally:
            if conversation := self._conversation:
                conversation.finish_hearing(you.id)
            if own is not None and own is self._own_line:  # else it has been closed
                await own.deafen(False)

    def speak_through(self, line: Line | None) -> None:
        if conversation := self._conversation:
            conversation.speak_through(line.playback if line is not None else self._desk.playback)

    @property
    def _conversation(self) -> Conversation | None:
        return self._desk.conversations.get(self.place.key)

    @property
    def _own_line(self) -> Line | None:
        """The call that hears them through the computer's own microphone."""
        call = self._desk.calls.at(self.place.key)
        alone = self._desk.call.people == [self.you]
        return call.line if call is not None and alone else None


class _ToChoose(Exception):
    """The page chooses; the command is given anew then."""

    def __init__(self, unclear: Unclear) -> None:
        super().__init__()
        self.unclear = unclear


async def _have_chosen(unclear: Unclear) -> Value:
    raise _ToChoose(unclear)


def _choices(unclear: Unclear) -> tuple[Choice, ...]:
    """The whole line with each of the values in it."""
    option = unclear.option.name
    others = {name: text for name, text in unclear.given.items() if name != option}

    def line(chosen: Value) -> str:
        words = [f'{name}:"{text}"' for name, text in (others | {option: str(chosen)}).items()]
        return " ".join([unclear.command.name, *words])

    return tuple(Choice(name, line(chosen)) for name, chosen in unclear.found)


def _part(parts: Sequence[Json], custom_id: str) -> Json | None:
    """The button or list with this id, where it can be used."""
    for part in parts:
        if part.get("custom_id") == custom_id:
            return None if part.get("disabled") else part
        inner = [*(part.get("components") or []), part.get("component"), part.get("accessory")]
        if (found := _part([one for one in inner if one], custom_id)) is not None:
            return found
    return None


def _filled(row: Json, values: Mapping[str, str]) -> Json:
    """A row of a form, as it is sent. Raises NotUnderstood."""
    filled = []
    for field in row.get("components") or [row.get("component") or row]:
        if "custom_id" not in field:
            continue  # a text
        text = values.get(str(field["custom_id"]), "")
        least = int(field.get("min_length") or (1 if field.get("required", True) else 0))
        most = int(field.get("max_length") or 4_000)
        if not least <= len(text) <= most:
            raise NotUnderstood(f"It takes {least} to {most} characters; that were {len(text)}.")
        filled.append({"type": field["type"], "custom_id": field["custom_id"], "value": text})
    inner = {"component": filled[0]} if row["type"] == 18 and filled else {"components": filled}
    return {"type": row["type"], **inner}

"""Interactions without Discord: what it would send when somebody acts, and what it would do with the answer."""

from __future__ import annotations

import asyncio
import copy
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum

from local_mode.typed import ALONE, Json
from persona_core.errors import KithError

HER_ID, ROOM_ID = 1, 2  # of herself, and of the place; below the ids of people
EPOCH_MS = 1_420_070_400_000  # from which the times in ids count
EPHEMERAL = 64  # the flag of what one person alone sees
MOST_KEPT = 50  # interactions whose answers may still be changed
MOST_BYTES = 2**40  # of a file: it is written to disk here

File = tuple[str, bytes]  # name, content


class Act(IntEnum):
    """What somebody has done, as Discord numbers it."""

    COMMAND = 2
    COMPONENT = 3  # pressed a button, or chosen from a list
    SUGGEST = 4  # is typing, and wants values proposed
    FORM = 5  # has filled in a form


class First(IntEnum):
    """What the first answer is, as Discord numbers it."""

    MESSAGE = 4
    LATER = 5  # a message is promised
    LATER_IN_PLACE = 6  # a change of the message that was pressed is
    IN_PLACE = 7  # that message as it is now
    SUGGESTIONS = 8
    OPEN_FORM = 9


class NotThere(KithError):
    """There is no such interaction or message any more."""


@dataclass(slots=True, eq=False)
class Message:
    """Something she answered, as it is now."""

    data: Json
    files: list[File] = field(default_factory=list)
    gone: bool = False

    @property
    def id(self) -> int:
        return int(self.data["id"])


@dataclass(slots=True, eq=False)
class Answers:
    """Everything that was answered to one interaction."""

    pressed: Message | None = None  # the message whose button it was, or that the form came from
    shown: list[Message] = field(
        default_factory=list
    )  # in their order; those changed are the last to be changed
    form: Json | None = None  # to be filled in
    suggestions: list[tuple[str, str | int | float]] = field(default_factory=list)  # name, value
    came: asyncio.Event = field(default_factory=asyncio.Event)  # a first answer, or none is to be expected
    over: bool = False  # what comes from now on comes late
    original: Message | None = None
    waiting: bool = False  # the original is a promise so far
    late: Callable[[Message], None] | None = None  # told what comes late, instead of ``Interactions.late``


class Interactions:
    """``user`` and ``her``: as Discord shows people."""

    def __init__(self, user: Json, her: Json) -> None:
        self.late: Callable[[Message], None] = lambda message: (
            None
        )  # told what comes when nobody waits any more
        self._user = user
        self._her = her
        self._kept: deque[tuple[str, Answers]] = deque(maxlen=MOST_KEPT)
        self._last_id = 0

    def begin(self, act: Act, data: Json, pressed: Message | None = None) -> tuple[Json, Answers]:
        """What Discord would send, and where the answers will be."""
        number = self.new_id()
        answers = Answers(pressed)
        self._kept.append((str(number), answers))
        room = {
            "id": str(ROOM_ID),
            "type": 1,
            "flags": 0,
            "last_message_id": None,
            "recipients": [self._user],
        }
        payload: Json = {
            "id": str(number),
            "application_id": str(HER_ID),
            "type": act.value,
            "data": data,
            "token": str(number),
            "version": 1,
            "channel_id": str(ROOM_ID),
            "channel": room,
            "user": self._user,
            "context": ALONE,
            "authorizing_integration_owners": {"0": "0"},
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": MOST_BYTES,
        }
        if pressed is not None:
            payload["message"] = pressed.data
        return copy.deepcopy(payload), answers  # py-cord writes into what it is given

    def forget(self) -> None:
        """What has been answered is kept no longer."""
        self._kept = deque((one for one in self._kept if not one[1].over), MOST_KEPT)

    def new_id(self, at_s: float | None = None) -> int:
        """An id that nothing else has, and that says when it was made (Unix time; None: now)."""
        at_s = time.time() if at_s is None else at_s
        self._last_id = max(self._last_id + 1, (int(at_s * 1000) - EPOCH_MS) << 22)
        return self._last_id

    def message(self, author: Json, text: str, at_s: float | None = None) -> Json:
        """Something that was said, as Discord would send it."""
        at = datetime.now(UTC) if at_s is None else datetime.fromtimestamp(at_s, UTC)
        return {
            "id": str(self.new_id(at_s)),
            "channel_id": str(ROOM_ID),
            "author": author,
            "content": text,
            "embeds": [],
            "components": [],
            "attachments": [],
            "timestamp": at.isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "pinned": False,
            "type": 0,
            "flags": 0,
        }

    def answer(self, method: str, path: Sequence[str], body: Json, files: Sequence[File]) -> Json | None:
        """One call of Discord's API, with what it would return. Raises NotThere."""
        match method, path:
            case "POST", ["interactions", _, token, "callback"]:
                return self._first(self._answers(token), body, files)
            case "POST", ["webhooks", _, token]:
                return self._more(self._answers(token), body, files).data
            case "GET", ["webhooks", _, token, "messages", which]:
                return self._message(self._answers(token), which).data
            case "PATCH", ["webhooks", _, token, "messages", which]:
                answers = self._answers(token)
                return self._change(answers, self._message(answers, which), body, files).data
            case "DELETE", ["webhooks", _, token, "messages", which]:
                answers = self._answers(token)
                self._message(answers, which).gone = True
                answers.waiting = False
                return None
        raise NotThere("That works only in Discord.")

    def _answers(self, token: str) -> Answers:
        for kept, answers in self._kept:
            if kept == token:
                return answers
        raise NotThere("That was too long ago.")

    def _message(self, answers: Answers, which: str) -> Message:
        known = [answers.original, answers.pressed, *answers.shown]
        found = next((one for one in known if one and which in ("@original", str(one.id))), None)
        if found is None or found.gone:
            raise NotThere("That is not there any more.")
        return found

    def _first(self, answers: Answers, body: Json, files: Sequence[File]) -> Json:
        kind, data = int(body["type"]), body.get("data") or {}
        match kind:
            case First.MESSAGE:
                answers.original = self._new(answers, data, files)
            case First.LATER:
                answers.original = Message(self.message(self._her, "") | {"flags": data.get("flags", 0)})
                answers.waiting = True
            case First.LATER_IN_PLACE | First.IN_PLACE:
                answers.original = answers.pressed
                if kind == First.IN_PLACE and answers.pressed is not None:
                    self._change(answers, answers.pressed, data, files)
            case First.SUGGESTIONS:
                answers.suggestions = [(str(one["name"]), one["value"]) for one in data["choices"]]
            case First.OPEN_FORM:
                answers.form = data
        if kind not in (First.LATER, First.LATER_IN_PLACE):
            answers.came.set()
        of = {"interaction": {"id": "0", "type": kind}}
        original = answers.original
        return of if original is None else of | {"resource": {"type": kind, "message": original.data}}

    def _more(self, answers: Answers, body: Json, files: Sequence[File]) -> Message:
        """The first answer after a promise takes its place."""
        if answers.waiting and answers.original is not None:
            return self._change(answers, answers.original, body, files)
        return self._new(answers, body, files)

    def _new(self, answers: Answers, body: Json, files: Sequence[File]) -> Message:
        return self._change(answers, Message(self.message(self._her, "")), body, files)

    def _change(self, answers: Answers, message: Message, body: Json, files: Sequence[File]) -> Message:
        for name in ("content", "embeds", "components"):
            if name in body:
                message.data[name] = body[name] or ("" if name == "content" else [])
        message.data["flags"] = (
            body.get("flags", 0) | message.data["flags"] & EPHEMERAL
        )  # which no change undoes
        message.files += files
        if message is answers.original:
            answers.waiting = False
        self._show(answers, message)
        answers.came.set()
        return message

    def _show(self, answers: Answers, message: Message) -> None:
        if message in answers.shown:
            answers.shown.remove(message)
        answers.shown.append(message)
        if answers.over:
            (answers.late or self.late)(message)


def shown(number: int, name: str) -> Json:
    """Somebody, as Discord would show them."""
    more = {"discriminator": "0", "avatar": None, "bot": False}
    return {"id": str(number), "username": name, "global_name": name, **more}

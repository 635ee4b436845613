"""Her moods in VTube Studio: the model's own hotkeys and expressions, found by their names."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from local_mode.vtube_studio_api import Json, Refused, Session

NEUTRAL = "neutral"
NAMES = {  # mood → words and signs that a name has, the best first
    NEUTRAL: ("neutral", "normal", "calm", "😐"),
    "happy": ("happy", "joy", "joyful", "smile", "smiling", "😊", "🙂", "😀", "😄"),
    "amused": ("amused", "laugh", "laughing", "grin", "😂", "😆", "🤣"),
    "curious": ("curious", "interested", "thinking", "🤔", "🧐"),
    "tender": ("tender", "love", "blush", "shy", "🥰", "😍", "❤"),
    "sad": ("sad", "cry", "crying", "tears", "😢", "😭", "🙁"),
    "worried": ("worried", "nervous", "anxious", "scared", "😟", "😰", "😨"),
    "surprised": ("surprised", "surprise", "shock", "shocked", "😮", "😲"),
    "annoyed": ("annoyed", "angry", "anger", "mad", "😠", "😡"),
}
VALUES = {  # of the parameter KithMood; else 0
    "happy": 1.0,
    "amused": 0.8,
    "tender": 0.6,
    "curious": 0.3,
    "surprised": 0.2,
    "worried": -0.5,
    "annoyed": -0.8,
    "sad": -1.0,
}
LIKE = {"amused": "happy", "tender": "happy", "worried": "sad"}  # where a model has nothing nearer
FADE_S = 0.5
_TOGGLES = "ToggleExpression"
_SHOWING = ("TriggerAnimation", "ChangeIdleAnimation", _TOGGLES, "RemoveAllExpressions", "ExecuteItemAction")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Handle:
    """Something of a model that can be set."""

    name: str
    hotkey: str = ""  # its id; empty: it is an expression without one
    file: str = ""  # of the expression; empty: it does something else, once


@dataclass(frozen=True, slots=True)
class Model:
    id: str
    handles: Sequence[Handle]  # hotkeys first
    active: frozenset[str]  # files of expressions


class Moods:
    """``tell`` is given a sentence where a model has nothing for a mood, once for each model."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[str] = set()  # ids of models
        self._worn: tuple[str, Handle] | None = None  # the expression she has put on, and on which model

    async def show(self, session: Session, mood: str) -> None:
        """What was put on for another mood is taken off. Raises Lost."""
        try:
            model = await _model(session)
            if model is not None:
                await self._show(session, model, mood)
        except Refused as error:  # the model is being changed, or a hotkey was pressed just now
            log.info("VTube Studio: a mood was refused: %s", error)

    async def _show(self, session: Session, model: Model, mood: str) -> None:
        handle = fitting(mood, model.handles)
        if handle is None and mood != NEUTRAL:
            self._tell_missing(model)
        if handle is not None and self._worn == (model.id, handle) and handle.file in model.active:
            return
        await self._take_off(session, model)
        if handle is not None and handle.file not in model.active:
            await _use(session, handle, active=True)
            self._worn = (model.id, handle) if handle.file else None

    async def take_off(self, session: Session) -> None:
        """Leave the model as it was found. Raises Refused, and Lost."""
        if self._worn is not None and (model := await _model(session)) is not None:
            await self._take_off(session, model)

    async def _take_off(self, session: Session, model: Model) -> None:
        worn, self._worn = self._worn, None
        if worn is not None and worn[0] == model.id and worn[1].file in model.active:
            await _use(session, worn[1], active=False)

    def _tell_missing(self, model: Model) -> None:
        if model.id in self._told:
            return
        self._told.add(model.id)
        missing = [mood for mood in NAMES if mood != NEUTRAL and fitting(mood, model.handles) is None]
        self._tell(
            f"The model in VTube Studio has no hotkey or expression for: {', '.join(missing)}; "
            "docs/desk.md says what to name one."
        )


def fitting(mood: str, handles: Sequence[Handle]) -> Handle | None:
    """What shows ``mood`` best, by its name; None: nothing does."""
    for name in (*NAMES.get(mood, ()), *NAMES.get(LIKE.get(mood, ""), ())):
        for handle in handles:
            if name in _words(handle.name) or (not name.isalpha() and name in handle.name):
                return handle
    return None


def _words(name: str) -> list[str]:
    """Of a name as people write them: "Mira – Happy", "exp_happy_02", "HappyFace"."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W\d_]+", apart.casefold())


async def _use(session: Session, handle: Handle, *, active: bool) -> None:
    """A hotkey turns its expression round, which is known to be the other way. Raises Refused, and Lost."""
    if handle.hotkey:
        await session.ask("HotkeyTrigger", {"hotkeyID": handle.hotkey})
    else:
        asked = {"expressionFile": handle.file, "fadeTime": FADE_S, "active": active}
        await session.ask("ExpressionActivation", asked)


async def _model(session: Session) -> Model | None:
    """The one that is there now; asked anew each time, as it may be another one. Raises Refused, and Lost."""
    hotkeys, states = await asyncio.gather(
        session.ask("HotkeysInCurrentModel"), session.ask("ExpressionState", {"details": False})
    )
    if hotkeys.get("modelLoaded") is not True:
        return None
    expressions = list(_items(states.get("expressions")))
    handles = [*_hotkeys(_items(hotkeys.get("availableHotkeys")))]
    handles += [Handle(_text(one, "name"), file=file) for one in expressions if (file := _text(one, "file"))]
    active = frozenset(_text(one, "file") for one in expressions if one.get("active") is True)
    return Model(_text(hotkeys, "modelID"), handles, active - {""})


def _hotkeys(found: Iterable[Json]) -> Iterator[Handle]:
    """Those that change how a model looks; others take pictures, or switch the camera off."""
    for one in found:
        hotkey, kind = _text(one, "hotkeyID"), one.get("type")
        if hotkey and kind in _SHOWING:
            yield Handle(_text(one, "name"), hotkey, _text(one, "file") if kind == _TOGGLES else "")


def _items(value: object) -> Iterator[Json]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def _text(found: Json, name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""

"""VTube Studio's side of its public API, as its documentation has it, for as long as a test lets it run."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]

HEAD = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
FREE = ("APIStateRequest", "AuthenticationTokenRequest", "AuthenticationRequest")  # without leave
DEFAULTS = {"MouthOpen", "MouthSmile", "FaceAngleX"}  # some of the parameters that are always there
FAR = 1_000_000


class Wrong(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class Hotkey:
    name: str
    type: str
    file: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass
class Model:
    hotkeys: list[Hotkey] = field(default_factory=list)
    expressions: list[str] = field(default_factory=list)  # files
    active: set[str] = field(default_factory=set)
    id: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True)
class Injected:
    mode: str
    values: dict[str, float]


class VTubeStudio:
    """``start`` and ``stop`` it as often as you like: it keeps its port, whom it lets in and its model."""

    def __init__(self) -> None:
        self.allow: bool | None = True  # what is clicked when a plugin asks; None: nothing yet
        self.clicked = asyncio.Event()
        self.asked: list[tuple[str, str]] = []  # plugins, by name and developer
        self.tokens: dict[str, tuple[str, str]] = {}
        self.model: Model | None = Model()
        self.parameters: dict[str, tuple[str, str]] = {}  # made by plugins, and by which
        self.owned: set[str] = set()  # by a plugin that is not here
        self.injected: list[Injected] = []
        self.triggered: list[str] = []  # names of hotkeys
        self.errors: list[int] = []  # that were answered
        self.noise: list[str | bytes] = []  # sent before each answer
        self.mute = False  # asks are taken, and not answered
        self.backwards = False  # two answers at a time, the last one first
        self.sessions: set[web.WebSocketResponse] = set()
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._held: list[tuple[web.WebSocketResponse, Json]] = []
        self._hold_ends: asyncio.TimerHandle | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def of(self, name: str) -> list[float]:
        """All that was injected into one parameter."""
        return [one.values[name] for one in self.injected if name in one.values]

    def click(self, allow: bool) -> None:
        self.allow = allow
        self.clicked.set()

    def revoke(self) -> None:
        self.tokens.clear()
        self.parameters.clear()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/", self._connected)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """As if it were closed: connections end, and nobody listens."""
        runner, self._runner = self._runner, None
        for socket in list(self.sessions):
            await socket.close()
        if runner is not None:
            await runner.cleanup()

    async def _connected(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sessions.add(socket)
        who: list[str] = []  # the token that this session was let in with
        asking: set[asyncio.Task[None]] = set()
        try:
            async for message in socket:
                assert message.type is WSMsgType.TEXT, "text is recommended"
                task = asyncio.create_task(self._answer(socket, message.data, who))
                asking.add(task)
                task.add_done_callback(asking.discard)
        finally:
            self.sessions.discard(socket)
            for task in asking:
                task.cancel()
        return socket

    async def _answer(self, socket: web.WebSocketResponse, text: str, who: list[str]) -> None:
        number, kind, found = secrets.token_hex(8), "APIError", {}
        try:
            try:
                asked = json.loads(text)
            except ValueError:
                raise Wrong(2) from None
            self._check(asked)
            number = asked["requestID"]
            what, data = asked["messageType"], asked.get("data") or {}
            handle = getattr(self, "_" + re.sub(r"(?<!^)(?=[A-Z])", "_", what).lower(), None)
            if handle is None or not what.endswith("Request"):
                raise Wrong(7)
            if what not in FREE and not who:
                raise Wrong(8)
            if what not in FREE and who[0] not in self.tokens:
                raise Wrong(50)  # taken back meanwhile
            found = await handle(data, who)
            kind = what.removesuffix("Request") + "Response"
        except Wrong as wrong:
            self.errors.append(wrong.number)
            found = {"errorID": wrong.number, "message": "It is written in the documentation."}
        await self._send(socket, HEAD | {"requestID": number, "messageType": kind, "data": found})

    async def _send(self, socket: web.WebSocketResponse, answer: Json) -> None:
        if self.mute:
            return
        if self.backwards:
            self._held.append((socket, answer))
            if len(self._held) == 1:
                self._hold_ends = asyncio.get_running_loop().call_later(
                    0.05, lambda: asyncio.create_task(self._let_go())
                )
            else:
                await self._let_go()
            return
        for noise in self.noise:
            await (socket.send_str(noise) if isinstance(noise, str) else socket.send_bytes(noise))
        await socket.send_str(json.dumps(answer | {"timestamp": 1625405710728, "new": "field"}))

    async def _let_go(self) -> None:
        if self._hold_ends is not None:
            self._hold_ends.cancel()
        held, self._held = self._held, []
        for socket, answer in reversed(held):
            await socket.send_str(json.dumps(answer | {"timestamp": 1625405710728}))

    def _check(self, asked: object) -> None:
        if not isinstance(asked, dict):
            raise Wrong(2)
        if asked.get("apiName") != HEAD["apiName"]:
            raise Wrong(3)
        if asked.get("apiVersion") != HEAD["apiVersion"]:
            raise Wrong(4)
        number = asked.get("requestID")
        if not isinstance(number, str) or not number.isascii() or not 1 <= len(number) <= 64:
            raise Wrong(5)
        if not asked.get("messageType"):
            raise Wrong(6)
        if not isinstance(asked.get("data", {}), dict | None):
            raise Wrong(2)

    # What can be asked

    async def _authentication_token_request(self, data: Json, who: list[str]) -> Json:
        plugin = self._plugin(data, 52, 53)
        self.asked.append(plugin)
        if self.allow is None:
            await self.clicked.wait()
        if not self.allow:
            raise Wrong(50)
        token = secrets.token_hex(32)
        self.tokens[token] = plugin
        return {"authenticationToken": token}

    async def _authentication_request(self, data: Json, who: list[str]) -> Json:
        plugin = self._plugin(data, 101, 102)
        token = data.get("authenticationToken")
        if not isinstance(token, str):
            raise Wrong(100)
        right = self.tokens.get(token) == plugin
        who[:] = [token] if right else []
        return {"authenticated": right, "reason": "Token valid." if right else "Token invalid."}

    def _plugin(self, data: Json, name: int, developer: int) -> tuple[str, str]:
        for key, number in (("pluginName", name), ("pluginDeveloper", developer)):
            if not isinstance(data.get(key), str) or not 3 <= len(data[key]) <= 32:
                raise Wrong(number)
        return data["pluginName"], data["pluginDeveloper"]

    async def _parameter_creation_request(self, data: Json, who: list[str]) -> Json:
        name, plugin = data.get("parameterName"), self.tokens[who[0]]
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9]{4,32}", name):
            raise Wrong(350)
        if name in DEFAULTS:
            raise Wrong(354)
        if not all(_is_number(data.get(key)) for key in ("min", "max", "defaultValue")):
            raise Wrong(351)
        if len(data.get("explanation", "")) >= 256:
            raise Wrong(353)
        if self.parameters.get(name, plugin) != plugin:
            raise Wrong(352)
        self.parameters[name] = plugin
        return {"parameterName": name}

    async def _inject_parameter_data_request(self, data: Json, who: list[str]) -> Json:
        mode, values = data.get("mode", "set"), data.get("parameterValues")
        if not isinstance(values, list) or not values:
            raise Wrong(450)
        if mode not in ("set", "add"):
            raise Wrong(455)
        for one in values:
            if not _is_number(one.get("value")):
                raise Wrong(451)
            if one.get("id") not in self.parameters and one.get("id") not in DEFAULTS:
                raise Wrong(453)
            if one["id"] in self.owned and mode == "set":
                raise Wrong(454)
        self.injected.append(Injected(mode, {one["id"]: one["value"] for one in values}))
        return {}

    async def _hotkeys_in_current_model_request(self, data: Json, who: list[str]) -> Json:
        found = [
            {
                "name": one.name,
                "type": one.type,
                "description": "…",
                "file": one.file,
                "hotkeyID": one.id,
                "keyCombination": [],
                "onScreenButtonID": -1,
            }
            for one in (self.model.hotkeys if self.model else [])
        ]
        return self._of_model() | {"availableHotkeys": found}

    async def _hotkey_trigger_request(self, data: Json, who: list[str]) -> Json:
        if self.model is None:
            raise Wrong(201)
        for one in self.model.hotkeys:
            if data.get("hotkeyID") in (one.id, one.name):
                self.triggered.append(one.name)
                if one.type == "ToggleExpression":
                    self.model.active ^= {one.file}
                if one.type == "RemoveAllExpressions":
                    self.model.active.clear()
                return {"hotkeyID": one.id}
        raise Wrong(202)

    async def _expression_state_request(self, data: Json, who: list[str]) -> Json:
        expressions = [
            {"name": file.removesuffix(".exp3.json"), "file": file, "active": file in self.model.active}
            for file in (self.model.expressions if self.model else [])
            if self.model
        ]
        return self._of_model() | {"expressions": expressions}

    async def _expression_activation_request(self, data: Json, who: list[str]) -> Json:
        file = data.get("expressionFile")
        if not isinstance(file, str) or not file.endswith(".exp3.json"):
            raise Wrong(650)
        if self.model is None:
            raise Wrong(652)
        if file not in self.model.expressions:
            raise Wrong(651)
        (self.model.active.add if data.get("active") is True else self.model.active.discard)(file)
        return {}

    def _of_model(self) -> Json:
        model = self.model
        return {"modelLoaded": bool(model), "modelName": "A model", "modelID": model.id if model else ""}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -FAR <= value <= FAR

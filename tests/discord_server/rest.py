"""The REST side: who is calling, how often, in what format; refusals as Discord words them. Routes are elsewhere."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from .errors import Refused, invalid_form
from .state import Application, Attachment

if TYPE_CHECKING:
    from .service import Service

Json = dict[str, Any]
Handler = Callable[["Call"], Awaitable[Any]]
MAX_BODY = 25 * 1024 * 1024


class Call:
    """One request: the service, who calls, the path's parts and the body."""

    def __init__(self, service: Service, request: web.Request, caller: Application | None) -> None:
        self.service = service
        self.request = request
        self._caller = caller
        self.body: Any = {}
        self.files: list[Attachment] = []

    @property
    def caller(self) -> Application:
        if self._caller is None:
            raise Refused(401, 0, "401: Unauthorized")
        return self._caller

    def part(self, name: str) -> int:
        """A numeric part of the path."""
        text = self.request.match_info[name]
        if not text.isdigit():
            raise invalid_form(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
        return int(text)

    def text(self, name: str) -> str:
        return self.request.match_info[name]


def route(service: Service, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Wrap a handler: authorization, rate limit, body, and the JSON of what it returns (None: 204)."""

    async def handle(request: web.Request) -> web.Response:
        path = request.path.removeprefix("/api/v10")
        authorization = request.headers.get("Authorization")
        wait, headers = service.limits.take(authorization or "", request.method, path)
        try:
            if wait:
                body = {"message": "You are being rate limited.", "global": False, "retry_after": wait}
                return _json(body, 429, headers | {"Retry-After": str(int(wait) + 1)})
            call = Call(service, request, _caller(service, authorization))
            await _read_body(call)
            result = await handler(call)
        except Refused as refused:
            service.refusals.append(f"{request.method} {path}: {refused.status} {refused.code}")
            return _json(refused.body(), refused.status, headers)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # A body of the wrong shape. Named, so that a fault of this server's own is not hidden.
            service.refusals.append(f"{request.method} {path}: 400 50035 {error!r}")
            return _json(invalid_form("body", type(error).__name__, str(error)).body(), 400, headers)
        return web.Response(status=204, headers=headers) if result is None else _json(result, 200, headers)

    return handle


async def not_found(_: web.Request) -> web.Response:
    return _json({"message": "404: Not Found", "code": 0}, 404, {})


def _json(body: Any, status: int, headers: dict[str, str]) -> web.Response:
    # Bots compare the header with exactly "application/json", so no charset.
    data = json.dumps(body).encode()
    return web.Response(body=data, status=status, headers=headers | {"Content-Type": "application/json"})


def _caller(service: Service, authorization: str | None) -> Application | None:
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    application = service.world.application_by_token(token) if scheme == "Bot" else None
    if application is None:
        raise Refused(401, 0, "401: Unauthorized")
    return application


async def _read_body(call: Call) -> None:
    """JSON, or a form with `payload_json` and `files[n]`. Anything else is refused."""
    request = call.request
    if request.method in ("GET", "DELETE") or not request.can_read_body:
        return
    if request.content_type == "application/json":
        call.body = _parsed(await request.text())
    elif request.content_type == "application/x-www-form-urlencoded":
        form = await request.post()
        call.body = _parsed(str(form.get("payload_json", "{}")))
    elif request.content_type == "multipart/form-data":
        await _read_parts(call)
    else:
        raise Refused(415, 0, "415: Unsupported Media Type")
    if not isinstance(call.body, dict | list):
        raise Refused(400, 50109, "The request body contains invalid JSON.")


async def _read_parts(call: Call) -> None:
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader):
            raise Refused(400, 50109, "The request body contains invalid JSON.")
        if part.name == "payload_json":
            call.body = _parsed(await part.text())
        elif part.filename:
            data = bytes(await part.read(decode=True))
            call.files.append(_attachment(call.service, part.filename, data))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Refused(400, 50109, "The request body contains invalid JSON.") from None


def _attachment(service: Service, filename: str, data: bytes) -> Attachment:
    number = service.world.new_id()
    attachment = Attachment(number, filename, data, f"{service.api_url}/attachments/{number}/{filename}")
    service.world.attachments[number] = attachment
    return attachment

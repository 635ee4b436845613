"""Routes that need no authorization but an interaction's token: the first answer, and what follows it."""

from __future__ import annotations

from typing import Any

from . import payloads
from .interactions import Interaction
from .rest import Call


def _of(call: Call) -> Interaction:
    return call.service.interactions.by_token(call.part("application"), call.text("token"))


async def answer(call: Call) -> Any:
    receipt = call.service.interactions.answer(
        call.part("interaction"), call.text("token"), call.body, call.files
    )
    return receipt if call.request.query.get("with_response") == "true" else None


async def follow_up(call: Call) -> Any:
    of = _of(call)
    return payloads.message(
        call.service.interactions.follow_up(of, call.body, call.files), of.application.user
    )


async def get_message(call: Call) -> Any:
    of = _of(call)
    return payloads.message(call.service.interactions.message(of, call.text("message")), of.application.user)


async def edit_message(call: Call) -> Any:
    of = _of(call)
    message = call.service.interactions.message(of, call.text("message"))
    return payloads.message(
        call.service.interactions.edit(of, message, call.body, call.files), of.application.user
    )


async def delete_message(call: Call) -> Any:
    of = _of(call)
    call.service.interactions.delete(of, call.service.interactions.message(of, call.text("message")))


ROUTES = [
    ("POST", "/interactions/{interaction}/{token}/callback", answer),
    ("POST", "/webhooks/{application}/{token}", follow_up),
    ("GET", "/webhooks/{application}/{token}/messages/{message}", get_message),
    ("PATCH", "/webhooks/{application}/{token}/messages/{message}", edit_message),
    ("DELETE", "/webhooks/{application}/{token}/messages/{message}", delete_message),
]

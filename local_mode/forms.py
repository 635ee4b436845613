"""A form that a command opens, filled in at the terminal: one field after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from local_mode.shown import Part, as_it_is, one_line, readable
from local_mode.typed import Json, NotUnderstood

CANCEL = "/cancel"

Ask = Callable[[str], Awaitable[str | None]]  # a question → the line that was typed; None: no more will be
Show = Callable[[str], None]


async def fill(form: Json, ask: Ask, show: Show) -> Json | None:
    """What an interaction holds of the form when it is sent; None: it is not. Raises NotUnderstood."""
    show(f"{one_line(str(form['title']))} (Enter keeps what is there; {CANCEL} leaves all as it is)")
    rows = []
    for row in form["components"]:
        filled = []
        for field in row.get("components") or [row.get("component") or row]:
            if field["type"] == Part.TEXT:
                show(readable(str(field["content"]), {}))
            elif field["type"] != Part.FIELD:
                raise NotUnderstood("That form can be filled in only in Discord.")
            elif (
                text := await _value(field, str(field.get("label") or row.get("label")), ask, show)
            ) is None:
                return None
            else:
                filled.append({"type": field["type"], "custom_id": field["custom_id"], "value": text})
        inner = {"component": filled[0]} if row["type"] == Part.LABEL and filled else {"components": filled}
        rows.append({"type": row["type"], **inner})
    return {"custom_id": form["custom_id"], "components": rows}


async def _value(field: Json, label: str, ask: Ask, show: Show) -> str | None:
    """What is typed into a field; None: the form is not to be sent."""
    now, hint = str(field.get("value") or ""), str(field.get("placeholder") or "")
    least = int(field.get("min_length") or (1 if field.get("required", True) else 0))
    most = int(field.get("max_length") or 4_000)
    show(one_line(label) + (f" ({one_line(hint)})" if hint and not now else ""))
    if now:
        show(f"Now: {as_it_is(now)}")
    while True:
        typed = await ask("> ")
        if typed is None or typed.casefold() == CANCEL:
            return None
        text = typed or now
        if least <= len(text) <= most:
            return text
        show(f"It takes {least} to {most} characters; that were {len(text)}.")

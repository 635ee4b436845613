"""Answers to commands as a page is sent them: the parts of Discord's messages that are to be seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from cogs.overlay.ports import Answered, Json


class Part(IntEnum):
    """Parts of a message or a form, as Discord numbers them."""

    BUTTON = 2
    LIST = 3
    FIELD = 4
    TEXT = 10


_LINK = 5  # the style of a button that only opens a page
_EMBED = ("title", "description", "fields", "footer")


def answer(answered: Answered, names: Mapping[str, str], files: Iterable[Json]) -> Json:
    """``files``: where each can be fetched, with its name."""
    return {
        "do": "answer",
        "text": answered.text,
        "messages": [_message(one) for one in answered.messages],
        "form": form(answered.form) if answered.form else None,
        "choices": [{"label": one.label, "line": one.line} for one in answered.choices],
        "files": list(files),
        "names": dict(names),
    }


def form(opened: Json) -> Json:
    """A form with its fields; those of other kinds are left out."""
    fields: list[Json] = []
    for row in opened.get("components") or []:
        for field in row.get("components") or [row.get("component") or row]:
            label = field.get("label") or row.get("label") or ""
            if field.get("type") == Part.TEXT:
                fields.append({"text": str(field.get("content") or "")})
            elif field.get("type") == Part.FIELD:
                fields.append(
                    {
                        "id": field["custom_id"],
                        "label": str(label),
                        "value": str(field.get("value") or ""),
                        "hint": str(field.get("placeholder") or ""),
                        "long": field.get("style") == 2,
                        "least": int(field.get("min_length") or (1 if field.get("required", True) else 0)),
                        "most": int(field.get("max_length") or 4_000),
                    }
                )
    return {"key": opened["key"], "title": str(opened.get("title") or ""), "fields": fields}


def _message(message: Json) -> Json:
    embeds = [{name: one[name] for name in _EMBED if one.get(name)} for one in message.get("embeds") or []]
    parts = list(_every_part(message.get("components") or []))
    texts = [str(part["content"]) for part in parts if part.get("type") == Part.TEXT]
    rows = [_row(row) for row in message.get("components") or []]
    return {
        "id": str(message["id"]),
        "gone": bool(message.get("gone")),
        "content": "\n".join(filter(None, [str(message.get("content") or ""), *texts])),
        "embeds": embeds,
        "rows": [row for row in rows if row],
    }


def _row(row: Json) -> list[Json]:
    return [shown for part in _every_part([row]) if (shown := _control(part))]


def _control(part: Json) -> Json | None:
    if part.get("type") == Part.BUTTON and part.get("style") != _LINK:
        emoji = str((part.get("emoji") or {}).get("name") or "")
        label = " ".join(filter(None, (emoji, str(part.get("label") or ""))))
        style = {1: "primary", 3: "good", 4: "danger"}.get(int(part.get("style") or 2), "plain")
        off = bool(part.get("disabled"))
        return {"kind": "button", "id": part["custom_id"], "label": label, "style": style, "off": off}
    if part.get("type") == Part.LIST:
        options = [
            {
                "value": str(one["value"]),
                "label": str(one["label"]),
                "more": str(one.get("description") or ""),
                "chosen": bool(one.get("default")),
            }
            for one in part.get("options") or []
        ]
        most = int(part.get("max_values") or 1)
        hint = str(part.get("placeholder") or "")
        off = bool(part.get("disabled"))
        return {
            "kind": "list",
            "id": part["custom_id"],
            "hint": hint,
            "most": most,
            "options": options,
            "off": off,
        }
    return None


def _every_part(parts: Iterable[Json]) -> Iterable[Json]:
    for part in parts:
        yield part
        inner = [*(part.get("components") or []), part.get("component"), part.get("accessory")]
        yield from _every_part(one for one in inner if one)

"""Discord's limits for embeds and components."""

from __future__ import annotations

from typing import Any

from .errors import invalid_form

Json = dict[str, Any]


def checked_components(components: list[Json]) -> list[Json]:
    """Give each component an id, and refuse what Discord refuses: too many, or two with one custom_id."""
    if len(components) > 10 or (components and components[0].get("type") == 1 and len(components) > 5):
        raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    seen: set[str] = set()
    for component in every_component(components):
        custom_id = component.get("custom_id")
        if custom_id is not None and (custom_id in seen or not 1 <= len(custom_id) <= 100):
            message = "Component custom id cannot be duplicated"
            raise invalid_form("components", "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        seen.add(custom_id or "")
        if component["type"] == 1 and len(component.get("components", [])) > 5:
            raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        if len(component.get("label") or "") > (80 if component["type"] == 2 else 45):
            raise invalid_form("components", "BASE_TYPE_MAX_LENGTH", "The label is too long.")
        if len(component.get("options") or []) > 25:
            raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer in length.")
    for number, component in enumerate(every_component(components), start=1):
        component["id"] = component.get("id") or number
    return components


def every_component(components: list[Json]) -> list[Json]:
    """All components, those inside rows, sections, containers and labels too."""
    found: list[Json] = []
    for component in components:
        found.append(component)
        found += every_component(component.get("components") or [])
        inner = [component[key] for key in ("accessory", "component") if component.get(key)]
        found += every_component(inner)
    return found


def checked_embeds(embeds: list[Json]) -> list[Json]:
    if len(embeds) > 10:
        raise invalid_form("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    total = 0
    for embed in embeds:
        embed.setdefault("type", "rich")
        fields = embed.get("fields") or []
        if (
            len(embed.get("title") or "") > 256
            or len(embed.get("description") or "") > 4096
            or len(fields) > 25
        ):
            raise invalid_form("embeds", "BASE_TYPE_MAX_LENGTH", "An embed is too long.")
        if any(not 1 <= len(f["name"]) <= 256 or not 1 <= len(f["value"]) <= 1024 for f in fields):
            raise invalid_form("embeds", "BASE_TYPE_BAD_LENGTH", "A field is too long or empty.")
        texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
        total += sum(len(t or "") for t in texts) + sum(len(f["name"]) + len(f["value"]) for f in fields)
    if total > 6000:
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    return embeds

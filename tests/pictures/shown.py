"""Messages and forms of the test server as a person sees them: no ids, nothing that is another each time."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.discord_server import DiscordServer, Interaction, Message
from tests.discord_server.interactions import COMMAND
from tests.discord_server.state import DISCORD_EPOCH_MS, Guild, User

Json = dict[str, Any]
SHOWN = Path(__file__).parent / "shown.json"  # what the pictures were taken of, by their names
BUTTON = 2  # a kind of component
LONG = 2  # style of a field with several lines

_MENTION = re.compile(r"<(@!?|#)(\d{1,20})>")


def post(server: DiscordServer, message: Message, *, used: str = "") -> Json:
    """``used``: the command that it answers, as the person sees that named."""
    guild = message.channel.guild
    seen: Json = {"author": _name(message.author, guild), "bot": message.author.bot}
    seen["at"] = f"{datetime.fromtimestamp(((message.id >> 22) + DISCORD_EPOCH_MS) / 1000):%H:%M}"
    if used and message.interaction is not None:
        user = server.service.world.users[int(message.interaction["user"]["id"])]
        seen |= {"by": _name(user, guild), "used": used}
    if message.reference is not None:
        to = message.reference
        seen["reply to"] = {"author": _name(to.author, guild), "content": _text(server, to.content, guild)}
    seen["content"] = _text(server, message.content, guild)
    seen["embeds"] = [_embed(server, one, guild) for one in message.embeds]
    seen["rows"] = [[_component(one) for one in row["components"]] for row in message.components]
    seen["files"] = [one.filename for one in message.attachments]
    seen["only for"] = _name(server.service.world.users[message.only_for], guild) if message.only_for else ""
    return {name: value for name, value in seen.items() if value not in ("", [])}


def answers(server: DiscordServer, interaction: Interaction) -> list[Json]:
    """What somebody is shown who has used a command or a button."""
    used = _command(interaction) if interaction.kind == COMMAND else ""
    return [post(server, message, used=used) for message in interaction.shown]


def form(interaction: Interaction) -> Json:
    """The form that an interaction opened."""
    assert interaction.modal is not None
    rows = interaction.modal["components"]
    fields = [one for row in rows for one in row.get("components") or [row["component"]]]
    return {
        "title": interaction.modal["title"],
        "fields": [
            {"label": one["label"], "value": one.get("value") or "", "long": one.get("style") == LONG}
            for one in fields
        ],
    }


def _command(interaction: Interaction) -> str:
    """E.g. "/journal read"; of a menu, its name."""
    words, options = [str(interaction.data["name"])], interaction.data.get("options") or []
    while options and options[0]["type"] in (1, 2):  # a subcommand, or a group of such
        words.append(str(options[0]["name"]))
        options = options[0].get("options") or []
    slash = "/" if interaction.data["type"] == 1 else ""
    return slash + " ".join(words)


def _embed(server: DiscordServer, embed: Json, guild: Guild | None) -> Json:
    fields = [
        {"name": _text(server, one["name"], guild), "value": _text(server, one["value"], guild)}
        for one in embed.get("fields", [])
    ]
    seen = {
        "title": _text(server, embed.get("title") or "", guild),
        "description": _text(server, embed.get("description") or "", guild),
        "fields": fields,
        "footer": (embed.get("footer") or {}).get("text") or "",
        "color": embed.get("color"),
    }
    return {name: value for name, value in seen.items() if value not in ("", [], None)}


def _component(component: Json) -> Json:
    if component["type"] == BUTTON:
        seen: Json = {"button": component["label"], "style": component["style"]}
        return seen | ({"disabled": True} if component.get("disabled") else {})
    chosen = [one["label"] for one in component.get("options", []) if one.get("default")]
    return {"select": chosen[0] if chosen else component.get("placeholder") or ""}


def _text(server: DiscordServer, text: str, guild: Guild | None) -> str:
    """With names in place of the ids of those who are mentioned."""

    def named(match: re.Match[str]) -> str:
        if match[1] == "#":
            return f"<#{server.service.world.channels[int(match[2])].name}>"
        return f"<@{_name(server.service.world.users[int(match[2])], guild)}>"

    return _MENTION.sub(named, text)


def _name(user: User, guild: Guild | None) -> str:
    member = guild.members.get(user.id) if guild else None
    return member.shown_name if member else user.name

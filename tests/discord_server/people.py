"""What people do with bots through Discord's own interface: commands, menus, buttons, selects, forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import commands, payloads
from .errors import NotPossible
from .interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Interaction
from .message_limits import every_component
from .permissions import Permission, channel_permissions
from .state import Application, Channel, Member, Message, User

if TYPE_CHECKING:
    from .service import Service

Json = dict[str, Any]
BUTTON, STRING_SELECT, USER_SELECT = 2, 3, 5
SELECTS = (3, 5, 6, 7, 8)
LINK = 5  # a button's style that opens a page and tells nobody


class People:
    """Runs on the server's loop. Raises NotPossible for what Discord's client would not offer."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def command(self, bot: Application, who: User, text: str, channel: Channel, values: Json) -> Interaction:
        words = text.removeprefix("/").split()
        found = self._offered(bot, who, channel, words, commands.CHAT_INPUT)
        options = commands.typed(found, words, values)
        data = self._command_data(found, channel, options) | {"options": options}
        return self.service.interactions.start(bot, COMMAND, who, channel, data, None)

    def autocomplete(
        self, bot: Application, who: User, text: str, channel: Channel, focused: str, values: Json
    ) -> Interaction:
        words = text.removeprefix("/").split()
        found = self._offered(bot, who, channel, words, commands.CHAT_INPUT)
        options = commands.typed(found, words, values, focused)
        data = self._command_data(found, channel, options) | {"options": options}
        return self.service.interactions.start(bot, AUTOCOMPLETE, who, channel, data, None)

    def menu(
        self, bot: Application, who: User, name: str, channel: Channel, target: User | Message
    ) -> Interaction:
        """A context-menu command on a person or a message."""
        kind = commands.USER_MENU if isinstance(target, User) else commands.MESSAGE_MENU
        found = self._offered(bot, who, channel, name.split(), kind)
        data = self._command_data(found, channel, []) | {"target_id": str(target.id)}
        if isinstance(target, User):
            data["resolved"] = self._resolved_users([target], channel)
        else:
            data["resolved"] = {"messages": {str(target.id): payloads.message(target, bot.user)}}
        return self.service.interactions.start(bot, COMMAND, who, channel, data, None)

    def _offered(self, bot: Application, who: User, channel: Channel, words: list[str], kind: int) -> Json:
        """The command, if this person is shown it in this channel."""
        guild = channel.guild
        found = commands.find(bot, guild.id if guild else None, words, kind)
        contexts = found.get("contexts")
        here = 0 if guild else 1
        if contexts is not None and here not in contexts:
            raise NotPossible(f"{found['name']} is not offered here")
        if guild:
            if bot.id not in guild.members:
                raise NotPossible("the bot is not in this guild")
            have = channel_permissions(guild.members[who.id], channel)
            needed = int(found["default_member_permissions"] or 0) | Permission.USE_APPLICATION_COMMANDS
            if found["default_member_permissions"] == "0":
                needed |= Permission.ADMINISTRATOR
            if have & needed != needed:
                raise NotPossible(f"{who.name} is not offered {found['name']}")
        return found

    def _command_data(self, command: Json, channel: Channel, options: list[Json]) -> Json:
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        if resolved := self._resolved(options, channel):
            data["resolved"] = resolved
        return data

    def _resolved(self, options: list[Json], channel: Channel) -> Json:
        found: Json = {}
        for option in options:
            if "options" in option:
                found |= self._resolved(option["options"], channel)
            elif option["type"] in (commands.USER, commands.MENTIONABLE):
                if user := self.service.world.users.get(int(option["value"])):
                    for key, entries in self._resolved_users([user], channel).items():
                        found.setdefault(key, {}).update(entries)
            elif option["type"] == commands.CHANNEL:
                place = self.service.world.channels[int(option["value"])]
                entry = {"id": str(place.id), "name": place.name, "type": place.kind, "permissions": "0"}
                found.setdefault("channels", {})[str(place.id)] = entry
            elif option["type"] == commands.ROLE and channel.guild:
                role = channel.guild.roles[int(option["value"])]
                found.setdefault("roles", {})[str(role.id)] = payloads.role(role)
        return found

    def _resolved_users(self, users: list[User], channel: Channel) -> Json:
        found: Json = {"users": {str(u.id): payloads.user(u) for u in users}}
        if channel.guild:
            members: list[Member] = [
                channel.guild.members[u.id] for u in users if u.id in channel.guild.members
            ]
            entries = {
                str(m.user.id): payloads.member(m, in_channel=channel, with_user=False) for m in members
            }
            found["members"] = entries
        return found

    # -- components

    def click(self, who: User, message: Message, which: str) -> Interaction:
        """Press the button with this label or custom_id."""
        component = self._component(who, message, which, (BUTTON,))
        return self._use(who, message, component, {})

    def choose(self, who: User, message: Message, which: str, values: list[Any]) -> Interaction:
        """Choose in the select with this placeholder or custom_id: labels or values of its options, or users."""
        component = self._component(who, message, which, SELECTS)
        extra: Json = {}
        if component["type"] == STRING_SELECT:
            by_label = {o["label"]: o["value"] for o in component["options"]}
            chosen = [by_label.get(v, v) for v in values]
            if unknown := set(chosen) - set(by_label.values()):
                raise NotPossible(f"{sorted(unknown)} cannot be chosen; offered: {sorted(by_label)}")
        else:
            chosen = [str(v.id) for v in values]
            if component["type"] == USER_SELECT:
                extra["resolved"] = self._resolved_users(
                    [v if isinstance(v, User) else v.user for v in values], message.channel
                )
        low, high = component.get("min_values", 1), component.get("max_values", 1)
        if not low <= len(chosen) <= high:
            raise NotPossible(f"between {low} and {high} must be chosen")
        return self._use(who, message, component, {"values": chosen} | extra)

    def _component(self, who: User, message: Message, which: str, kinds: tuple[int, ...]) -> Json:
        if message.deleted or (message.only_for not in (None, who.id)):
            raise NotPossible(f"{who.name} does not see this message")
        offered = [
            c for c in every_component(message.components) if c["type"] in kinds and c.get("style") != LINK
        ]
        for component in offered:
            if which in (component.get("custom_id"), component.get("label"), component.get("placeholder")):
                if component.get("disabled"):
                    raise NotPossible(f"{which} is disabled")
                return component
        raise NotPossible(
            f"there is no {which!r}; offered: {[c.get('label') or c['custom_id'] for c in offered]}"
        )

    def _use(self, who: User, message: Message, component: Json, extra: Json) -> Interaction:
        bot = self.service.world.applications[message.author.id]
        data = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component["id"],
        } | extra
        return self.service.interactions.start(bot, COMPONENT, who, message.channel, data, message)

    def submit(self, opened: Interaction, values: dict[str, Any]) -> Interaction:
        """Fill in the form an interaction opened (fields by label or custom_id) and send it."""
        if opened.modal is None:
            raise NotPossible("no form was opened")
        rows = [self._filled(row, values) for row in opened.modal["components"]]
        data = {"custom_id": opened.modal["custom_id"], "components": rows}
        return self.service.interactions.start(
            opened.application, MODAL_SUBMIT, opened.user, opened.channel, data, opened.message
        )

    def _filled(self, row: Json, values: dict[str, Any]) -> Json:
        """One row with its field's value: an action row (type 1) or a label (type 18) around a field."""
        inner = row.get("components") or ([row["component"]] if row.get("component") else [])
        filled = []
        for field in inner:
            keys = (field.get("custom_id"), field.get("label"), row.get("label"))
            given = next((values[k] for k in keys if k in values), field.get("value") or "")
            entry: Json = {"type": field["type"], "custom_id": field["custom_id"], "id": field.get("id") or 1}
            if field["type"] in SELECTS:
                entry["values"] = given or []
            else:
                _check_text(field, given)
                entry["value"] = given
            filled.append(entry)
        around: Json = {"type": row["type"], "id": row.get("id") or 1}
        return around | ({"component": filled[0]} if row["type"] == 18 and filled else {"components": filled})


def _check_text(field: Json, text: str) -> None:
    low = field.get("min_length", 1 if field.get("required", True) else 0)
    if not low <= len(text) <= field.get("max_length", 4000):
        raise NotPossible(
            f"{field.get('label') or field['custom_id']} takes {low} to {field.get('max_length', 4000)} characters"
        )

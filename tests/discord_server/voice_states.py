"""Who is in which voice channel: joining, moving, muting, being dragged or thrown out."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from . import payloads
from .permissions import Permission, channel_permissions
from .state import STAGE, Channel, Member, VoiceState

if TYPE_CHECKING:
    from .gateway import Session
    from .service import Service


class VoiceStates:
    """Changes voice states, tells the bots, and opens or closes the voice connections that go with them."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def asked_by_bot(self, session: Session, data: dict[str, Any]) -> None:
        """Op 4. Discord answers nothing where the bot may not connect."""
        try:
            guild = self.service.world.guilds.get(int(data["guild_id"]))
            wanted = data.get("channel_id")
            channel_id = int(wanted) if wanted is not None else None
        except (KeyError, TypeError, ValueError):
            return
        member = guild.members.get(session.application.id) if guild else None
        if guild is None or member is None or not session.covers(guild):
            return
        flags = {"self_mute": bool(data.get("self_mute")), "self_deaf": bool(data.get("self_deaf"))}
        if channel_id is None:
            self.leave(member)
        elif channel := guild.channels.get(channel_id):
            self.join(member, channel, session.id, **flags)

    def join(self, member: Member, channel: Channel, session_id: str, **flags: bool) -> bool:
        """Put a member into a channel, or change their flags there. False where they may not."""
        guild, old = member.guild, member.guild.voice_states.get(member.user.id)
        staying = old is not None and old.channel is channel and old.session_id == session_id
        if not staying and not self.may_connect(member, channel):
            return False
        state = old or VoiceState(member, channel, session_id)
        state.channel, state.session_id = channel, session_id
        state.self_mute = flags.get("self_mute", False)
        state.self_deaf = flags.get("self_deaf", False)
        may_speak = channel_permissions(member, channel) & Permission.SPEAK and channel.kind != STAGE
        state.suppress = not may_speak  # on a stage everybody is a listener at first
        guild.voice_states[member.user.id] = state
        if old and not staying:
            self.service.voice.leave(member, 4014)
        self._announce(state)
        if not (staying and self.service.voice.is_open(member)):
            self._send_to_voice_server(member, channel, session_id)
        return True

    def may_connect(self, member: Member, channel: Channel) -> bool:
        """VIEW_CHANNEL and CONNECT, and room in the channel unless one may move members."""
        allowed = channel_permissions(member, channel)
        needed = Permission.VIEW_CHANNEL | Permission.CONNECT
        if not channel.is_voice or allowed & needed != needed:
            return False
        inside = sum(v.channel is channel for v in member.guild.voice_states.values())
        return (
            not channel.user_limit or inside < channel.user_limit or bool(allowed & Permission.MOVE_MEMBERS)
        )

    def leave(self, member: Member, code: int = 4014) -> None:
        """Out of voice, by own wish, by being thrown out, or because the session ended."""
        state = member.guild.voice_states.pop(member.user.id, None)
        if state is None:
            return
        state.channel = None
        self.service.voice.leave(member, code)
        self._announce(state)

    def move(self, member: Member, channel: Channel | None) -> None:
        """Drag a member into another channel; None throws them out of voice."""
        state = member.guild.voice_states.get(member.user.id)
        if state is None or channel is None:
            return self.leave(member)
        if state.channel is not channel:
            flags = {"self_mute": state.self_mute, "self_deaf": state.self_deaf}
            self.join(member, channel, state.session_id, **flags)
        return None

    def set_server_flags(self, member: Member, *, mute: bool | None = None, deaf: bool | None = None) -> None:
        """What a moderator does to a member's voice."""
        state = member.guild.voice_states[member.user.id]
        state.mute = state.mute if mute is None else mute
        state.deaf = state.deaf if deaf is None else deaf
        self._announce(state)

    def session_ended(self, session_id: str) -> None:
        for guild in self.service.world.guilds.values():
            for state in [v for v in guild.voice_states.values() if v.session_id == session_id]:
                self.leave(state.member)

    def everyone_out(self, channel: Channel, code: int = 4014) -> None:
        """The channel was deleted, or its call ended (4022)."""
        states = channel.guild.voice_states.values() if channel.guild else ()
        for state in [v for v in states if v.channel is channel]:
            self.leave(state.member, code)

    def new_voice_server(self, member: Member) -> None:
        """The voice server goes away: no endpoint for a moment, then another place with another token."""
        state = member.guild.voice_states[member.user.id]
        if session := self.service.gateway.sessions.get(state.session_id):
            nowhere = {"guild_id": str(member.guild.id), "endpoint": None, "token": secrets.token_hex(8)}
            session.dispatch("VOICE_SERVER_UPDATE", nowhere)
        self.service.voice.leave(member, 4014)
        if state.channel:
            self._send_to_voice_server(member, state.channel, state.session_id)

    def _announce(self, state: VoiceState) -> None:
        guild = state.member.guild
        self.service.gateway.dispatch("VOICE_STATE_UPDATE", payloads.voice_state(state), guild=guild)

    def _send_to_voice_server(self, member: Member, channel: Channel, session_id: str) -> None:
        token = secrets.token_hex(8)
        self.service.voice.expect(member, channel, session_id, token)
        if session := self.service.gateway.sessions.get(session_id):
            place = {
                "guild_id": str(member.guild.id),
                "endpoint": self.service.voice.endpoint,
                "token": token,
            }
            session.dispatch("VOICE_SERVER_UPDATE", place)

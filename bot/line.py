"""A Discord call as the cogs know it (``cogs.host.Line``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from bot.voice.client import PersonaVoiceClient
from bot.voice.closing import Left
from bot.voice.membership import VoiceChannel
from cogs.host import CallEvents, Place
from persona_core.ports import Playback, Transport

PREFIX = "discord:"  # of the ids of people and places that come from Discord


def user_id(person_id: str) -> int:
    """The Discord user behind a person's id."""
    return int(person_id.removeprefix(PREFIX))


class DiscordLine:
    def __init__(self, voice: PersonaVoiceClient) -> None:
        self._voice = voice

    @property
    def transport(self) -> Transport:
        return self._voice.transport

    @property
    def playback(self) -> Playback:
        return self._voice.playback

    @property
    def quiet(self) -> bool:
        return not (self._voice.talking or self._voice.others_talking or self._voice.playback.playing)

    @property
    def others_talking(self) -> bool:
        return self._voice.others_talking

    async def wait_until_may_speak(self, timeout_s: float) -> bool:
        return await self._voice.wait_until_may_speak(timeout_s)

    async def deafen(self, deaf: bool) -> None:
        await self._voice.deafen(deaf)

    def forget(self, person_id: str) -> None:
        self._voice.forget(user_id(person_id))

    def state(self) -> Mapping[str, object]:
        latency_s = self._voice.latency_s
        return {
            "connected": "yes" if self._voice.is_connected() else "no, reconnecting",
            "encrypted end to end": "yes" if self._voice.privacy_code else "no",
            "privacy code": self._voice.privacy_code,
            "latency": f"{latency_s * 1000:.0f} ms" if latency_s is not None else None,
            **asdict(self._voice.stats),
        }

    async def close(self) -> None:
        await self._voice.disconnect(force=True)


class Events:
    """A call's events, from Discord's words to the cogs'."""

    def __init__(self, events: CallEvents, place: Callable[[VoiceChannel], Place]) -> None:
        self._events = events
        self._place = place

    def on_moved(self, channel: VoiceChannel) -> None:
        self._events.on_moved(self._place(channel))

    def on_disconnected(self, reason: Left) -> None:
        self._events.on_ended(reason.value)

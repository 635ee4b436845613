"""Somebody enrols in a Discord call, and is known by their voice at the desk, in a call that comes through a cable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from cogs.voice import KEPT
from persona_core.engines.campplus import CampPlus
from persona_core.engines.silero_vad import SileroVad
from persona_core.types import EAR_RATE, Samples
from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.discord_server import DiscordServer
from tests.local_mode.sound_server import SoundCards
from tests.local_mode.test_several_voices import HERS_VOICE, STRANGER, cabled, cards, clip, encoder

__all__ = ["cards", "clip", "encoder"]  # fixtures


def enrol(folder: Path, encoder: CampPlus, said: Samples) -> str:
    """Ann enrols in a call of a Discord-compatible server; her id."""
    with DiscordServer.start() as server:
        scene = Scene(server, folder)
        with running_bot(server, folder / "data", key_source="file") as bot:
            hearing = bot.persona.hearing
            assert hearing is not None
            bot.persona = replace(bot.persona, voices=encoder, hearing=replace(hearing, vad=SileroVad()))
            bot.host.persona = bot.persona
            scene.use(bot)
            scene.ask(scene.ann, "/consent voice", answer="on")
            scene.join()
            (message,) = server.interact(scene.ann, "/voice enrol", channel=scene.text).wait(20).shown
            scene.ann.speak((said * 32767).astype(np.int16), rate=EAR_RATE)
            scene.wait(lambda: message.content == KEPT, "there is no print", 60)
            return f"discord:{scene.ann.id}"


def test_whoever_enrolled_in_discord_is_named_at_the_desk(
    cards: SoundCards, tmp_path: Path, encoder: CampPlus, clip: Callable[..., Samples]
) -> None:
    ann = enrol(tmp_path, encoder, np.concatenate([clip(HERS_VOICE, number, 6) for number in range(3)]))
    (tmp_path / "data" / "key").rename(tmp_path / "key")

    async def call_through_a_cable() -> None:
        async with cabled(tmp_path, encoder) as call:
            await call.desk.listen()
            await call.say(clip(HERS_VOICE, 4))
            await call.say(clip(STRANGER, 1))
            assert [one.name for one in call.heard] == ["Ann", "guest 1"] and call.heard[0].id == ann
            assert call.people == ["Tom", "Guest", "Ann", "guest 1"]

    asyncio.run(call_through_a_cable())

"""The bot as shipped, in a process of its own, which tells on standard output what happens in it and when.

One line of JSON each; ``at`` is ``time.perf_counter()``, a clock which all processes of a Linux machine share.
What she plays is also written to ``played.pcm`` in the working folder (int16 mono at 16 kHz), so that what
arrives can be compared with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import soxr

import bot.__main__ as entry
from bot.client import PersonaBot
from bot.voice.playback import DiscordPlayback
from cogs.conversations import Closed
from memory.consent import Purpose
from persona_core.events import Event, Failed, Heard, Said
from persona_core.settings import Settings
from persona_core.thinking import attempt
from persona_core.types import EAR_RATE, Message, Pcm, Utterance
from tests.benchmarks.live.memories import fill

PLAYED = Path("played.pcm")


class TellingBot(PersonaBot):
    """With KITH_BENCH_MEMORIES=N whoever agrees to be remembered is known by N entries at once."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.host.conversations.listen(on_event)
        self._entries = int(os.environ.get("KITH_BENCH_MEMORIES", "0"))
        self.host.consent.listen(self._on_decision)

    def _on_decision(self, person_id: str, purpose: Purpose, allowed: bool) -> None:
        if purpose is Purpose.REMEMBERING and allowed and self._entries:
            self._filling = asyncio.create_task(self._fill(person_id))

    async def _fill(self, person_id: str) -> None:
        memory, now_s = self.host.memory, time.time()
        await asyncio.to_thread(fill, memory, person_id, "Ann", self._entries, now_s)
        self.host.conversations.refresh_minds()
        tell("filled", entries=len(memory.recall))


def on_event(place: str, event: Event | Closed) -> None:
    match event:
        case Heard(utterance=utterance):
            tell("heard", place=place, **_plain(utterance))
        case Said():
            answers = [_plain(each) for each in event.answers]
            tell("said", place=place, text=event.reply.text, timings=asdict(event.timings), answers=answers)
        case Failed(message):
            tell("failed", place=place, message=message)


def _plain(utterance: Utterance) -> dict[str, object]:
    return {"who": utterance.person.id, "text": utterance.text, "stopped_at": utterance.stopped_at}


def tell(kind: str, **what: object) -> None:
    print(json.dumps({"at": time.perf_counter(), "kind": kind, **what}), flush=True)


def watch_playback() -> None:
    """Tell when she is made to duck and to stop, and keep what she plays."""
    played = PLAYED.open("wb")
    play, duck, stop = DiscordPlayback.play, DiscordPlayback.duck, DiscordPlayback.stop

    async def kept(self: DiscordPlayback, pcm: Pcm, rate: int) -> None:
        sound = soxr.resample(pcm.astype(np.float32), rate, EAR_RATE)
        played.write(sound.clip(-32768, 32767).astype(np.int16).tobytes())
        played.flush()
        await play(self, pcm, rate)

    def told_duck(self: DiscordPlayback) -> None:
        tell("duck", playing=self.playing)
        duck(self)

    def told_stop(self: DiscordPlayback) -> None:
        tell("stop", playing=self.playing)
        stop(self)

    for name, method in (("play", kept), ("duck", told_duck), ("stop", told_stop)):
        setattr(DiscordPlayback, name, method)


def watch_prompts() -> None:
    """Tell of each answer whether something came to her mind."""
    build = attempt.build_prompt

    def told(*what: Any) -> list[Message]:
        tell("answering", note=bool(what[-1].note.text))
        return build(*what)

    attempt.build_prompt = told


if __name__ == "__main__":
    watch_playback()
    watch_prompts()
    entry.PersonaBot = TellingBot  # type: ignore[misc]
    sys.argv[1:] = []
    entry.end(entry.main())

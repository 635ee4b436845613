"""The bot as shipped, in a process of its own, which tells on standard output what happens in it and when.

One line of JSON each; ``at`` is ``time.perf_counter()``, a clock which all processes of a Linux machine share.
What she plays is also written to ``played.pcm`` in the working folder (int16 mono at 16 kHz), so that what
arrives can be compared with it.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soxr

import bot.__main__ as entry
from bot.client import PersonaBot
from bot.voice.playback import DiscordPlayback
from cogs.conversations import Closed
from persona_core.events import Event, Failed, Heard, Said
from persona_core.settings import Settings
from persona_core.types import EAR_RATE, Pcm, Utterance

PLAYED = Path("played.pcm")


class TellingBot(PersonaBot):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.host.conversations.listen(on_event)


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


if __name__ == "__main__":
    watch_playback()
    entry.PersonaBot = TellingBot  # type: ignore[misc]
    sys.argv[1:] = []
    entry._end(entry.main())

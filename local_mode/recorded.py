"""Recordings of people (``--wav NAME=FILE``, ``--video NAME=FILE``): who speaks in each, and how she hears them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from local_mode.console import person_called, shown_name
from local_mode.files import FileTransport, Recording, Spoken
from persona_core.conversation import Conversation
from persona_core.errors import AudioError
from persona_core.events import Event, Failed
from persona_core.hearing.mode import Mode
from persona_core.settings import Settings
from persona_core.types import Person

if TYPE_CHECKING:  # Discord's library takes a moment to load
    from local_mode.desk import Desk


def recordings_of(given: list[str], videos: Sequence[str] = ()) -> list[Spoken]:
    """What ``--wav`` and ``--video`` name. Raises AudioError."""
    recordings: list[Spoken] = [Recording(*_named(one, "--wav", "hello.wav")) for one in given]
    if videos:
        from local_mode.film import Film  # only here: FFmpeg takes a moment to load

        recordings += [Film(*_named(one, "--video", "hello.mp4")) for one in videos]
    ids = [recording.person.id for recording in recordings]
    for recording in recordings:
        if ids.count(recording.person.id) > 1:
            what = (
                "--wav and --video together are"
                if given and videos
                else "--video is"
                if videos
                else "--wav is"
            )
            raise AudioError(f"{what} given twice for {recording.person.name}; each person speaks one file.")
    return recordings


def _named(given: str, option: str, example: str) -> tuple[Person, Path]:
    name, separator, path = given.partition("=")
    if not (shown_name(name) and separator and path):
        raise AudioError(f"{option} wants NAME=FILE, for example {option} Ann={example}; got {given!r}.")
    return person_called(name), Path(path)


async def play_to_her(
    conversation: Conversation,
    desk: Desk | None,
    recordings: Sequence[Spoken],
    fast: bool,
    settings: Settings,
    show: Callable[[Event], None],
    heard: Set[Person],
    began: Callable[[float], None] = lambda at: None,
) -> None:
    """Let her hear the recordings of those who have not refused it, and answer; ``heard``: whom she has.

    ``began`` is told the moment (time.perf_counter()) at which all of them begin.
    """
    refused = {one.person for one in recordings if desk is not None and not desk.may_hear(one.person)}
    for person in refused:
        show(Failed(f"{person.name} does not want to be heard; /consent hearing on changes that."))
    recordings = [recording for recording in recordings if recording.person not in refused]
    if not recordings:
        return
    conversation.set_mode(Mode.ALWAYS)  # whoever plays her a file wants an answer
    for error in await hear_all(conversation, recordings, fast, settings.longest_pause_s, began):
        show(Failed(str(error)))
    for recording in recordings:
        if recording.person not in heard:
            show(Failed(f"No words were heard in {recording.path}."))


async def hear_all(
    conversation: Conversation,
    recordings: Sequence[Spoken],
    fast: bool,
    longest_pause_s: float,
    began: Callable[[float], None] = lambda at: None,
) -> list[AudioError]:
    """Hear the recordings to their end; returns what is wrong with those that broke off."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    began(time.perf_counter())

    async def in_real_time(at_s: float) -> None:
        await asyncio.sleep(started + at_s - loop.time())

    async def as_fast_as_she_follows(at_s: float) -> None:
        await conversation.settled()
        await asyncio.sleep(0)

    pace = as_fast_as_she_follows if fast else in_real_time
    transport = FileTransport(recordings, pace, tail_s=longest_pause_s + 0.3)
    async for frame in transport.frames():
        conversation.hear(frame)
    conversation.finish_hearing()
    await conversation.settled()
    return transport.damage

"""Recordings of people (``--wav NAME=FILE``): who speaks in each, and how she hears them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from local_mode.console import person_called, shown_name
from local_mode.files import FileTransport, Recording
from persona_core.conversation import Conversation
from persona_core.errors import AudioError
from persona_core.events import Event, Failed
from persona_core.hearing.mode import Mode
from persona_core.settings import Settings
from persona_core.types import Person

if TYPE_CHECKING:  # Discord's library takes a moment to load
    from local_mode.desk import Desk


def recordings_of(given: list[str]) -> list[Recording]:
    recordings = [_recording(one) for one in given]
    ids = [recording.person.id for recording in recordings]
    for recording in recordings:
        if ids.count(recording.person.id) > 1:
            raise AudioError(
                f"--wav is given twice for {recording.person.name}; each person speaks one file."
            )
    return recordings


def _recording(given: str) -> Recording:
    name, separator, path = given.partition("=")
    if not (shown_name(name) and separator and path):
        raise AudioError(f"--wav wants NAME=FILE, for example --wav Ann=hello.wav; got {given!r}.")
    return Recording(person_called(name), Path(path))


async def play_to_her(
    conversation: Conversation,
    desk: Desk | None,
    recordings: Sequence[Recording],
    fast: bool,
    settings: Settings,
    show: Callable[[Event], None],
    heard: Set[Person],
) -> None:
    """Let her hear the recordings of those who have not refused it, and answer; ``heard``: whom she has."""
    refused = {one.person for one in recordings if desk is not None and not desk.may_hear(one.person)}
    for person in refused:
        show(Failed(f"{person.name} does not want to be heard; /consent hearing on changes that."))
    recordings = [recording for recording in recordings if recording.person not in refused]
    if not recordings:
        return
    conversation.set_mode(Mode.ALWAYS)  # whoever plays her a file wants an answer
    for error in await hear_all(conversation, recordings, fast, settings.longest_pause_s):
        show(Failed(str(error)))
    for recording in recordings:
        if recording.person not in heard:
            show(Failed(f"No words were heard in {recording.path}."))


async def hear_all(
    conversation: Conversation, recordings: Sequence[Recording], fast: bool, longest_pause_s: float
) -> list[AudioError]:
    """Hear the recordings to their end; returns what is wrong with those that broke off."""
    loop = asyncio.get_running_loop()
    started = loop.time()

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

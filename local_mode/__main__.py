"""``python -m local_mode``: talk with her at a desk, in writing or through sound files."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import sys
from pathlib import Path

from local_mode.console import JsonScreen, PlainScreen, discard_output, say, typed_lines
from local_mode.files import FileTransport, Recording, WavPlayback
from persona_core.assemble import build_persona
from persona_core.conversation import Conversation
from persona_core.errors import AudioError, KithError
from persona_core.events import Event, Failed, Heard
from persona_core.hearing.mode import Mode
from persona_core.persona import Persona
from persona_core.ports import Playback
from persona_core.settings import Settings, load_settings
from persona_core.types import Pcm, Person

DISCORD_LINE = "To bring her into Discord, put DISCORD_TOKEN=… into .env (README, “Into Discord”)."


class OutputLost(KithError):
    """Standard output cannot be written any more."""


def main() -> int:
    args = _arguments()
    try:
        recordings = _recordings(args.wav)
        settings = load_settings()
        logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
        with contextlib.ExitStack() as closing:
            playback = _playback(args, closing)
            persona = build_persona(  # in no thread: Ctrl-C ends even a download at once
                settings, hear=bool(recordings), speak=playback is not None, report=say
            )
            return asyncio.run(_run(args, settings, recordings, persona, playback))
    except OutputLost as error:
        discard_output()
        say(str(error))
        return 1
    except KithError as error:
        if args.json:
            JsonScreen().show(Failed(str(error)))
        else:
            say(str(error))
        return 2
    except KeyboardInterrupt:
        say("")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local_mode", description=__doc__)
    add = parser.add_argument
    add("--text", action="append", default=[], help="say this in writing (repeatable), then end")
    add(
        "--wav",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="NAME speaks FILE (repeatable), then end",
    )
    add("--name", default="Friend", help="who types (default: Friend)")
    add("--out", type=Path, help="write her voice to this WAV file")
    add("--speak", action="store_true", help="play her voice on the loudspeaker")
    add("--fast", action="store_true", help="hear files faster than real time")
    add("--json", action="store_true", help="one JSON object a line on standard output")
    return parser.parse_args()


def _recordings(given: list[str]) -> list[Recording]:
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
    if not (_shown(name) and separator and path):
        raise AudioError(f"--wav wants NAME=FILE, for example --wav Ann=hello.wav; got {given!r}.")
    return Recording(_person(name), Path(path))


def _person(name: str) -> Person:
    name = _shown(name) or "Friend"
    return Person(f"desk:{name.casefold()}", name)


def _shown(name: str) -> str:
    """A name in one line, without what would move a terminal's cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


async def _run(
    args: argparse.Namespace,
    settings: Settings,
    recordings: list[Recording],
    persona: Persona,
    playback: Playback | None,
) -> int:
    her_name = persona.character.name
    screen = JsonScreen() if args.json else PlainScreen(her_name)
    heard: set[Person] = set()
    lost: list[OSError] = []
    talk = asyncio.current_task()

    def show(event: Event) -> None:
        if isinstance(event, Heard):
            heard.add(event.utterance.person)
        try:
            screen.show(event)
        except OSError as error:  # the disk is full, or a reader like `head` has gone
            lost.append(error)
            if talk is not None:
                talk.cancel()

    try:
        async with Conversation("desk", persona, playback, show) as conversation:
            if recordings:
                conversation.set_mode(Mode.ALWAYS)  # whoever plays her a file wants an answer
                damage = await _hear(conversation, recordings, args.fast, settings.longest_pause_s)
                for error in damage:
                    show(Failed(str(error)))
                for recording in recordings:
                    if recording.person not in heard:
                        show(Failed(f"No words were heard in {recording.path}."))
            you = _person(args.name)
            for line in args.text:
                if not line.strip():
                    show(Failed("--text holds no words, so nothing was said."))
                    continue
                conversation.read(you, line)
                await conversation.settled()
            if not (recordings or args.text):
                await _type(conversation, you, her_name, settings)
            if playback is not None:
                await playback.drain()
    except asyncio.CancelledError:
        if not lost:
            raise
    if lost:
        raise OutputLost(f"What she says cannot be shown: {lost[0].strerror}.")
    return 1 if screen.failures else 0


async def _hear(
    conversation: Conversation, recordings: list[Recording], fast: bool, longest_pause_s: float
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


async def _type(conversation: Conversation, you: Person, her_name: str, settings: Settings) -> None:
    say(f"{her_name} is here with you. Type and press Enter; Ctrl-D ends.")
    if not settings.discord_token.get_secret_value():
        say(DISCORD_LINE)
    async for line in typed_lines(f"{you.name}: "):
        conversation.read(you, line)
        await conversation.settled()


def _playback(args: argparse.Namespace, closing: contextlib.ExitStack) -> Playback | None:
    """Where she speaks; None when nobody would hear or measure it."""
    places: list[Playback] = []
    if args.out:
        places.append(wav := WavPlayback(args.out))
        closing.callback(wav.close)
    if args.speak:
        from local_mode.speaker import SpeakerPlayback

        places.append(speaker := SpeakerPlayback())
        closing.callback(speaker.close)
    return Everywhere(places) if places or args.json or args.wav else None


class Everywhere:
    """Plays in several places, or in none."""

    def __init__(self, places: list[Playback]) -> None:
        self._places = places
        self._played_s = 0.0

    @property
    def heard_s(self) -> float:
        """As far as the slowest place has come."""
        return min((place.heard_s for place in self._places), default=self._played_s)

    async def play(self, pcm: Pcm, rate: int) -> None:
        for place in self._places:
            await place.play(pcm, rate)
        self._played_s += len(pcm) / rate

    async def drain(self) -> None:
        for place in self._places:
            await place.drain()

    def duck(self) -> None:
        for place in self._places:
            place.duck()

    def resume(self) -> None:
        for place in self._places:
            place.resume()

    def stop(self) -> None:
        for place in self._places:
            place.stop()


if __name__ == "__main__":
    sys.exit(main())

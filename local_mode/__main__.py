"""``python -m local_mode``: talk with her at a desk, in writing or through sound files."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable, Sequence, Set
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from local_mode.console import Given, JsonScreen, Lines, PlainScreen, Typed, discard_output, say
from local_mode.files import FileTransport, Recording, WavPlayback
from local_mode.slash import Slash
from memory.errors import MemoryFault
from persona_core.assemble import build_persona
from persona_core.conversation import Conversation
from persona_core.errors import AudioError, KithError
from persona_core.events import Event, Failed, Heard
from persona_core.hearing.mode import Mode
from persona_core.persona import Persona
from persona_core.ports import Playback
from persona_core.settings import Settings, load_settings
from persona_core.types import Pcm, Person

NOTHING_KEPT = "Until then she remembers nothing at the desk, and takes no commands."
DISCORD_LINE = "To bring her into Discord, put DISCORD_TOKEN=… into .env (README, “Into Discord”)."


if TYPE_CHECKING:  # see ``_desk``
    from local_mode.desk import Desk
    from local_mode.sound import Sound

T = TypeVar("T")


class OutputLost(KithError):
    """Standard output cannot be written any more."""


def main() -> int:
    if sys.argv[1:2] == ["devices"]:
        from local_mode.devices import main as list_devices

        return list_devices()
    if sys.argv[1:2] == ["cable"]:
        from local_mode.cable import main as see_to_cable

        return see_to_cable(sys.argv[2:])
    args = _arguments()
    engines: list[str] = []

    def report(line: str) -> None:
        engines.append(line)
        say(line)

    try:
        recordings = _recordings(args.wav)
        settings = _chosen(args, load_settings())
        logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
        logging.getLogger("discord").setLevel(logging.ERROR)  # below that, py-cord logs names and messages
        with contextlib.ExitStack() as closing:
            playback = _playback(args, closing)
            sound = _sound(args, settings)
            hear, speak = bool(recordings) or sound is not None, playback is not None or sound is not None
            persona = build_persona(  # in no thread: Ctrl-C ends even a download at once
                settings, hear=hear, speak=speak, report=report
            )
            return asyncio.run(_run(args, settings, recordings, persona, playback, engines, sound))
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
    add("--text-only", action="store_true", help="no microphone and no loudspeaker: you type")
    add("--microphone", metavar="NAME", help="hear with this (python -m local_mode devices; a part will do)")
    add("--speaker", metavar="NAME", help="speak through this, likewise")
    add("--preset", choices=["discord", "zoom", "vrchat"], help="be the microphone of that program")
    add("--fast", action="store_true", help="hear files faster than real time")
    add("--json", action="store_true", help="one JSON object a line on standard output")
    parser.epilog = "python -m local_mode devices | cable create|remove|status: see to sound, and end."
    return parser.parse_args()


def _chosen(args: argparse.Namespace, settings: Settings) -> Settings:
    """The settings, with what the command line says instead."""
    given = {
        "desk_microphone": args.microphone,
        "desk_speaker": args.speaker,
        "desk_preset": args.preset,
    }
    return settings.model_copy(update={name: value for name, value in given.items() if value})


def _sound(args: argparse.Namespace, settings: Settings) -> Sound | None:
    """What she hears with and speaks through; None: she is typed to, or listens to files."""
    from local_mode.sound import sound_of

    asked = bool(args.microphone or args.speaker or args.preset)
    elsewhere = args.text_only or args.text or args.wav or args.speak or args.out or args.json
    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    if args.text_only or not (asked or (at_terminal and not elsewhere)):
        return None
    return sound_of(settings, asked=asked)


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
    recordings: Sequence[Recording],
    persona: Persona,
    playback: Playback | None,
    engines: Sequence[str],
    sound: Sound | None = None,
) -> int:
    screen = JsonScreen() if args.json else PlainScreen(persona.character.name)
    heard: set[Person] = set()
    lost: list[OSError] = []
    talk = asyncio.current_task()

    def safely(show: Callable[[T], None], what: T) -> None:
        try:
            show(what)
        except OSError as error:  # the disk is full, or a reader like `head` has gone
            lost.append(error)
            if talk is not None:
                talk.cancel()

    def show(event: Event) -> None:
        if isinstance(event, Heard):
            heard.add(event.utterance.person)
        safely(screen.show, event)

    you, types = _person(args.name), not recordings or bool(args.text)
    people = [*(recording.person for recording in recordings), *([you] if types else [])]
    lines: Lines = Given(args.text) if recordings or args.text else Typed()
    if isinstance(lines, Typed):
        _welcome(persona.character.name, settings)  # first: what follows takes a moment
    try:
        async with contextlib.AsyncExitStack() as closing:
            desk = _desk(settings, persona, you, people, engines, sound)
            if desk is None:
                conversation = Conversation("desk", persona, playback, show)
                await closing.enter_async_context(conversation)
                slash = None
            else:
                await closing.enter_async_context(desk)
                conversation = await desk.talk(playback, show)
                slash = Slash(desk, lines.line, partial(safely, screen.answer))
                if isinstance(lines, Typed) and settings.page == "on":
                    await _open_page(desk, you, closing)
            if desk is not None:
                await _reach_out(desk, settings, closing)
                if sound is not None:
                    try:
                        await desk.listen()
                    except KithError as error:
                        show(Failed(f"{error} You can type all the same."))
            if recordings:
                await _play(conversation, desk, recordings, args.fast, settings, show, heard)
            await _converse(conversation, you, lines, slash, show)
            if playback is not None:
                await playback.drain()
    except asyncio.CancelledError:
        if not lost:
            raise
    if lost:
        raise OutputLost(f"What she says cannot be shown: {lost[0].strerror}.")
    return 1 if screen.failures else 0


def _desk(
    settings: Settings,
    persona: Persona,
    you: Person,
    people: Sequence[Person],
    engines: Sequence[str],
    sound: Sound | None,
) -> Desk | None:
    """None where nothing can be kept: she talks in any case."""
    from local_mode.desk import Desk  # only here: Discord's library takes a moment to load

    try:
        return Desk(settings, persona, you, people, say, engines, sound)
    except MemoryFault as error:
        say(f"{error} {NOTHING_KEPT}")
        return None


async def _reach_out(desk: Desk, settings: Settings, closing: contextlib.AsyncExitStack) -> None:
    """Other programs that show what she says, and keys that work in any window. Raises SettingsError."""
    if settings.vrchat:
        from local_mode.vrchat import VRChat

        game = await closing.enter_async_context(VRChat(settings.vrchat, settings.vrchat_parameter))
        desk.conversations.listen(game.on_event)
    if settings.desk_hotkey and settings.desk_talk == "push":
        from local_mode.hotkey import hotkey

        closing.enter_context(hotkey(settings.desk_hotkey, lambda: say(desk.call.push())))


async def _open_page(desk: Desk, you: Person, closing: contextlib.AsyncExitStack) -> None:
    from local_mode.page import PageDesk  # likewise

    closing.push_async_callback(desk.page.close)
    surroundings = PageDesk(desk, you).surroundings
    await desk.page.open(surroundings, say, shown=sys.stderr is not None and sys.stderr.isatty())


async def _play(
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
    for error in await _hear(conversation, recordings, fast, settings.longest_pause_s):
        show(Failed(str(error)))
    for recording in recordings:
        if recording.person not in heard:
            show(Failed(f"No words were heard in {recording.path}."))


async def _hear(
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


def _welcome(her_name: str, settings: Settings) -> None:
    say(f"{her_name} is here with you. Type and press Enter; /help lists commands, Ctrl-D ends.")
    if not settings.discord_token.get_secret_value():
        say(DISCORD_LINE)


async def _converse(
    conversation: Conversation, you: Person, lines: Lines, slash: Slash | None, show: Callable[[Event], None]
) -> None:
    """Take one line after the other: a command, or something that is said to her."""
    desk = slash.desk if slash is not None else None
    while (
        line := await lines.line("" if desk is not None and desk.listening else f"{you.name}: ")
    ) is not None:
        if not line:
            if isinstance(lines, Given):
                show(Failed("--text holds no words, so nothing was said."))
            elif desk is not None and (pressed := desk.call.push()):
                say(pressed)
        elif slash is not None and slash.takes(line):
            try:
                await slash.run(line)
            except KithError as error:
                show(Failed(str(error)))
        elif slash is None and line.startswith("/"):
            show(Failed("She takes no commands just now, as nothing can be kept at the desk."))
        else:
            if slash is not None:
                slash.said(line)
            if desk is not None:
                conversation = await desk.conversation()
            conversation.read(you, line)
            if desk is None or not desk.listening:  # else there may be no end of talking
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

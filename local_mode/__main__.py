"""``python -m local_mode``: talk with her at a desk, in writing or through sound files."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while all below is loaded, Ctrl-C just ends her

from pydantic import SecretStr

from local_mode.camera_sources import PUSH, sources_of
from local_mode.console import (
    Given,
    JsonScreen,
    Lines,
    PlainScreen,
    Shown,
    Typed,
    discard_output,
    person_called,
    say,
)
from local_mode.files import Everywhere, Spoken, WavPlayback
from local_mode.recorded import play_to_her, recordings_of
from local_mode.signals import ended_by_signals
from local_mode.slash import Slash
from memory.errors import MemoryFault
from persona_core.assemble import build_face_encoder, build_persona
from persona_core.conversation import Conversation
from persona_core.engines.threads import end
from persona_core.errors import KithError, SettingsError
from persona_core.events import Event, Failed
from persona_core.persona import Persona
from persona_core.ports import FaceEncoder, Playback
from persona_core.settings import Settings, load_settings
from persona_core.types import Person

NOTHING_KEPT = "Until then she remembers nothing at the desk, and takes no commands."
DISCORD_LINE = "To bring her into Discord, put DISCORD_TOKEN=… into .env (README, “Into Discord”)."


if TYPE_CHECKING:  # see ``_desk``
    from local_mode.desk import Desk
    from local_mode.eyes import Eyes
    from local_mode.sound import Sound


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
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with contextlib.ExitStack() as closing:
            start = _start(args, closing)  # in no thread: Ctrl-C ends even a download at once
            return asyncio.run(_run(start))
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
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is closed: a second one need not wait
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
    add(
        "--video",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="likewise, and a camera sees its pictures (repeatable)",
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
    if args.video and not sources_of(settings.camera.get_secret_value()):
        given["camera"] = SecretStr(PUSH)  # no other one; the videos are cameras themselves
    return settings.model_copy(update={name: value for name, value in given.items() if value})


def _sound(args: argparse.Namespace, settings: Settings) -> Sound | None:
    """What she hears with and speaks through; None: she is typed to, or listens to files."""
    from local_mode.sound import sound_of

    asked = bool(args.microphone or args.speaker or args.preset)
    elsewhere = args.text_only or args.text or args.wav or args.video or args.speak or args.out or args.json
    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    if args.text_only or not (asked or (at_terminal and not elsewhere)):
        return None
    return sound_of(settings, asked=asked)


@dataclass(frozen=True, slots=True)
class Start:
    """What somebody sits down with."""

    args: argparse.Namespace
    settings: Settings
    persona: Persona
    engines: Sequence[str]  # what she runs on, one line each
    recordings: Sequence[Spoken]
    playback: Playback | None
    sound: Sound | None
    faces: FaceEncoder | None = None  # None: she sees nothing

    @property
    def you(self) -> Person:
        return person_called(self.args.name)

    @property
    def typed(self) -> bool:
        """Whether lines are typed, rather than given beforehand."""
        return not (self.recordings or self.args.text)

    @property
    def people(self) -> list[Person]:
        """Who is there: whoever speaks in a recording, and whoever types."""
        types = not self.recordings or self.args.text
        return [*(recording.person for recording in self.recordings), *([self.you] if types else [])]


def _start(args: argparse.Namespace, closing: contextlib.ExitStack) -> Start:
    """Load all that is asked for. Raises KithError."""
    recordings = recordings_of(args.wav, args.video)
    if args.video and args.fast:
        raise SettingsError("--fast is for sound alone: a camera sees --video at its own pace.")
    settings = _chosen(args, load_settings())
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("discord").setLevel(logging.ERROR)  # below that, py-cord logs names and messages
    engines: list[str] = []

    def report(line: str) -> None:
        engines.append(line)
        say(line)

    playback, sound = _playback(args, closing), _sound(args, settings)
    hear, speak = bool(recordings) or sound is not None, playback is not None or sound is not None
    persona = build_persona(settings, hear=hear, speak=speak, report=report)
    return Start(args, settings, persona, engines, recordings, playback, sound, _faces(settings, report))


def _faces(settings: Settings, report: Callable[[str], None]) -> FaceEncoder | None:
    """What tells faces apart, where there is a camera; nothing of it is loaded elsewhere. Raises SettingsError."""
    if not sources_of(settings.camera.get_secret_value()):
        return None
    try:
        return build_face_encoder(settings, report)
    except KithError as error:
        report(f"{error} Until then she sees nothing.")
        return None


async def _run(start: Start) -> int:
    """Talk until there are no more lines; the exit status. Raises OutputLost."""
    name, stopped = start.persona.character.name, ended_by_signals()
    shown = Shown(JsonScreen() if start.args.json else PlainScreen(name))
    try:
        await _sit(start, shown)
    except asyncio.CancelledError:
        if shown.lost is None and not stopped:
            raise
    if stopped:
        return 128 + stopped[0]
    if shown.lost is not None:
        raise OutputLost(f"What she says cannot be shown: {shown.lost.strerror}.")
    return 1 if shown.failures else 0


async def _sit(start: Start, shown: Shown) -> None:
    playback = start.playback
    lines: Lines = Typed() if start.typed else Given(start.args.text)
    if start.typed:
        _welcome(start.persona, start.settings)  # first: what follows takes a moment
    async with contextlib.AsyncExitStack() as closing:
        desk = _desk(start)
        if desk is None:
            conversation = Conversation("desk", start.persona, playback, shown.event)
            await closing.enter_async_context(conversation)
        else:
            await closing.enter_async_context(desk)
            conversation = await desk.talk(playback, shown.event)
        slash = Slash(desk, lines.line, shown.answer) if desk is not None else None
        eyes = await _open(desk, start, closing, shown) if desk is not None else None
        if start.recordings:
            fast, settings = start.args.fast, start.settings
            show = eyes.shown(start.recordings) if eyes is not None else lambda at: None
            await play_to_her(
                conversation, desk, start.recordings, fast, settings, shown.event, shown.heard, show
            )
        await _converse(conversation, start.you, lines, slash, shown.event)
        if playback is not None:
            await playback.drain()


def _desk(start: Start) -> Desk | None:
    """None where nothing can be kept: she talks in any case."""
    from local_mode.desk import Desk  # only here: Discord's library takes a moment to load

    try:
        return Desk(start.settings, start.persona, start.you, start.people, say, start.engines, start.sound)
    except MemoryFault as error:
        say(f"{error} {NOTHING_KEPT}")
        return None


async def _open(desk: Desk, start: Start, closing: contextlib.AsyncExitStack, shown: Shown) -> Eyes | None:
    """All the other ways to her than typing; what she sees with. Raises SettingsError."""
    eyes = await _open_eyes(desk, start, closing)
    if start.typed and start.settings.page == "on":
        await _open_page(desk, start.you, closing, eyes)
    await _reach_out(desk, start.settings, closing)
    if start.sound is not None:
        try:
            await desk.listen()
        except KithError as error:
            shown.event(Failed(f"{error} You can type all the same."))
    return eyes


async def _reach_out(desk: Desk, settings: Settings, closing: contextlib.AsyncExitStack) -> None:
    """Other programs that show what she says, and keys that work in any window. Raises SettingsError."""
    if settings.vrchat:
        from local_mode.vrchat import VRChat

        game = await closing.enter_async_context(VRChat(settings.vrchat, settings.vrchat_parameter))
        desk.conversations.listen(game.on_event)
    if settings.vtube_studio != "off":
        from local_mode.vtube_studio import VTubeStudio

        avatar = await closing.enter_async_context(VTubeStudio(settings, desk.conversations.face, say))
        desk.conversations.listen(avatar.on_event)
    if settings.desk_hotkey and settings.desk_talk == "push":
        from local_mode.hotkey import hotkey

        closing.enter_context(hotkey(settings.desk_hotkey, lambda: say(desk.call.push())))


async def _open_eyes(desk: Desk, start: Start, closing: contextlib.AsyncExitStack) -> Eyes | None:
    """Raises SettingsError."""
    if start.faces is None:
        return None
    from local_mode.eyes import Eyes  # likewise: what reads cameras takes a moment to load

    return await closing.enter_async_context(Eyes(desk, start.you, start.faces, say))


async def _open_page(
    desk: Desk, you: Person, closing: contextlib.AsyncExitStack, eyes: Eyes | None = None
) -> None:
    from local_mode.awakening import Awakening  # likewise
    from local_mode.page import PageDesk

    awakening = Awakening(desk)
    closing.push_async_callback(awakening.close)
    closing.push_async_callback(desk.page.close)
    surroundings = PageDesk(desk, you, awakening).surroundings
    if eyes is not None:
        surroundings = replace(surroundings, watcher=eyes.watcher, pushed=eyes.cameras)
    await desk.page.open(surroundings, say, shown=sys.stderr is not None and sys.stderr.isatty())


def _welcome(persona: Persona, settings: Settings) -> None:
    name = persona.character.name
    say(f"{name} is here with you. Type and press Enter; /help lists commands, Ctrl-D ends.")
    if persona.llm.keeps_prefix:
        say("Her first answer takes longest: she reads who she is before it.")
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
    return Everywhere(places) if places or args.json or args.wav or args.video else None


if __name__ == "__main__":
    end(main())

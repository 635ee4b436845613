"""A virtual cable: another program's call comes in at one end, her voice goes out at the other as a microphone.

``python -m local_mode cable create|remove|status``. On PulseAudio and PipeWire both are made here; on Windows and macOS
a driver is needed, and this says which.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from local_mode.presets import PRESETS, advice
from local_mode.pulse import OURS, Module, SoundServer, sound_server
from persona_core.errors import AudioError

HEARS = "Kith hears"  # a loudspeaker for the other program; she hears what plays there
VOICE = "Kith’s voice"  # a loudspeaker for her
MICROPHONE = "Kith’s microphone"  # what plays there, as a microphone for the other program
_NAMES = {HEARS: f"{OURS}hears", VOICE: f"{OURS}voice", MICROPHONE: f"{OURS}microphone"}
_RATE = "rate=48000 channels=1 channel_map=mono"


@dataclass(frozen=True, slots=True)
class Part:
    """One module that the sound server is given."""

    title: str
    module: str
    arguments: str

    def is_it(self, loaded: Module) -> bool:
        """Whether this is ours: nobody else gives anything our name."""
        words = loaded.arguments.replace('"', "").replace("'", "").split()
        kind = "source_name" if self.module == "module-remap-source" else "sink_name"
        return loaded.name == self.module and f"{kind}={_NAMES[self.title]}" in words


def _sink(title: str) -> Part:
    shown = f"sink_properties='device.description=\"{title}\"'"
    return Part(title, "module-null-sink", f"sink_name={_NAMES[title]} {_RATE} {shown}")


PARTS = (
    _sink(HEARS),
    _sink(VOICE),
    Part(
        MICROPHONE,
        "module-remap-source",
        f"source_name={_NAMES[MICROPHONE]} master={_NAMES[VOICE]}.monitor "
        f"source_properties='device.description=\"{MICROPHONE}\"'",
    ),
)


def cable() -> tuple[str, str] | None:
    """The names of both ends, what she hears and what she speaks through; None where it is not there as a whole."""
    server = sound_server()
    if server is None:
        return None
    with server:
        loaded = server.modules()
    return (HEARS, VOICE) if all(_found(part, loaded) for part in PARTS) else None


def create(server: SoundServer) -> list[str]:
    """Make what is missing of it; the titles of what was made. Raises AudioError, and leaves nothing half made."""
    made: list[int] = []
    titles: list[str] = []
    usual = [end.name for end in server.sinks() if end.usual]
    try:
        for part in PARTS:
            if not _found(part, server.modules()):
                made.append(server.load(part.module, part.arguments))
                titles.append(part.title)
    except AudioError:
        for number in reversed(made):
            server.unload(number)
        raise
    for end in server.sinks():  # PulseAudio may take the newest for its own where nothing was chosen
        if end.usual and end.ours and (before := _not_ours(usual, server)):
            server.set_usual(sink=before)
    return titles


def remove(server: SoundServer) -> list[str]:
    """Take away what is ours, and nothing else; the titles of what there was. Raises AudioError."""
    titles = []
    for part in reversed(PARTS):
        for loaded in server.modules():
            if part.is_it(loaded):
                server.unload(loaded.number)
                titles.append(part.title)
    return titles


def status(server: SoundServer) -> list[tuple[str, bool]]:
    """Each part and whether it is there. Raises AudioError."""
    loaded = server.modules()
    return [(part.title, _found(part, loaded)) for part in PARTS]


def main(arguments: list[str]) -> int:
    """``python -m local_mode cable …``"""
    parser = argparse.ArgumentParser(prog="python -m local_mode cable", description=__doc__)
    parser.add_argument("what", choices=["create", "remove", "status"])
    parser.add_argument("--preset", choices=sorted(PRESETS), help="for which program to say what to choose")
    args = parser.parse_args(arguments)
    server = sound_server()
    if server is None:
        print(elsewhere(sys.platform), file=sys.stderr)
        return 1
    try:
        with server:
            lines = _do(args.what, server)
    except AudioError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines))
    if args.what == "create":
        print("\n".join(["", *advice(args.preset)]))
    return 0


def elsewhere(platform: str) -> str:
    """What to do where no sound server runs that makes cables."""
    if platform == "win32":
        return (
            "Windows needs a driver for a virtual cable: install VB-CABLE and VB-CABLE A+B (https://vb-audio.com/Cable), "
            "restart, let the other program play into CABLE Input and hear with CABLE-A Output, and set "
            "DESK_MICROPHONE=CABLE Output, DESK_SPEAKER=CABLE-A Input and DESK_ECHO=off in .env."
        )
    if platform == "darwin":
        return (
            "macOS needs a driver for a virtual cable: brew install blackhole-2ch blackhole-16ch, restart, let the other "
            "program play into BlackHole 2ch and hear with BlackHole 16ch, and set DESK_MICROPHONE=BlackHole 2ch, "
            "DESK_SPEAKER=BlackHole 16ch and DESK_ECHO=off in .env."
        )
    return (
        "No PulseAudio and no PipeWire answers here, so no cable can be made; is the sound server of your desktop running, "
        "and libpulse0 installed?"
    )


def _do(what: str, server: SoundServer) -> list[str]:
    if what == "create":
        made = create(server)
        return [f"Made: {', '.join(made)}." if made else "The cable is there already; nothing was changed."]
    if what == "remove":
        gone = remove(server)
        return [
            f"Removed: {', '.join(gone)}." if gone else "There is no cable of Kith's; nothing was changed."
        ]
    return [f"{title}: {'there' if there else 'not there'}" for title, there in status(server)]


def _found(part: Part, loaded: list[Module]) -> bool:
    return any(part.is_it(one) for one in loaded)


def _not_ours(usual: list[str], server: SoundServer) -> str:
    there = {end.name for end in server.sinks()}
    return next((name for name in usual if name in there and not name.startswith(OURS)), "")

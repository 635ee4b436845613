"""Microphones and loudspeakers of this computer: which there are, and which one a name means.

On Linux they are PulseAudio's (PipeWire answers to the same), as PortAudio sees only one device there that stands for
all of them; elsewhere they are PortAudio's own.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from local_mode.portaudio import PULSE, Number, hosted, look_again, port_devices
from local_mode.pulse import sound_server
from persona_core.errors import AudioError

_CLOSE = 0.75  # of a word's letters, so that a slip of the finger still names a device
_WORD = re.compile(r"\w+")
MOST_NAMED = 6  # in one sentence


class Kind(Enum):
    MICROPHONE = "microphone"
    LOUDSPEAKER = "loudspeaker"


@dataclass(frozen=True, slots=True)
class Device:
    """Something to hear with or to speak through."""

    name: str  # as people see it
    kind: Kind
    number: Number  # PortAudio's
    rate: int  # Hz it works at by itself
    usual: bool = False  # what the system takes where nobody chooses
    pulse: str = ""  # PulseAudio's own name for it; empty: PortAudio's device is meant
    monitor: bool = False  # no microphone, but what is played through a loudspeaker

    @property
    def key(self) -> tuple[str, str]:
        """What stays the same when it is unplugged and comes back."""
        return self.pulse or self.name, self.kind.value


def devices(kind: Kind) -> list[Device]:
    """All that are there now; the usual one first. Raises AudioError where sound cannot be used at all."""
    found = _of_pulse(kind) or _of_portaudio(kind)
    return sorted(found, key=lambda one: (not one.usual, one.monitor, one.name.casefold()))


def sees_news() -> bool:
    """Whether ``devices`` knows of what was plugged in or out while streams are open."""
    if (server := sound_server()) is None:
        return False
    with server:
        return hosted(PULSE)


def usual(kind: Kind) -> Device | None:
    """What the system takes where nobody chooses; None: there is nothing."""
    return next((one for one in devices(kind) if one.usual and not one.monitor), None)


def chosen(kind: Kind, wanted: str) -> Device:
    """The device that ``wanted`` names, the usual one if it is empty. Raises AudioError."""
    found = devices(kind)
    if wanted:
        try:
            return match(found, wanted, kind)
        except AudioError as error:
            if not any(one.pulse for one in found) and _has_server():
                raise AudioError(
                    f"{error} If it is one of PulseAudio's: sudo apt install libasound2-plugins (Debian, Ubuntu)."
                ) from error
            raise
    there = next((one for one in found if one.usual and not one.monitor), None)
    there = there or next((one for one in found if not one.monitor), None)
    if there is None:
        raise AudioError(f"There is no {kind.value} on this computer.")
    return there


def match(found: Sequence[Device], wanted: str, kind: Kind) -> Device:
    """The one that ``wanted`` names, by all of its name or a part, in any case, with slips. Raises AudioError."""
    fitting = [one for one in found if wanted.casefold() in (one.name.casefold(), one.pulse.casefold())]
    fitting = fitting or [one for one in found if _has_all(one, wanted, exactly=True)]
    fitting = fitting or [one for one in found if _has_all(one, wanted, exactly=False)]
    if len(fitting) > 1:  # what plays on a loudspeaker bears its name, and is hardly ever what is meant
        fitting = [one for one in fitting if not one.monitor] or fitting
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise AudioError(f"“{wanted}” may be {_listed(fitting)}; please name one of them more fully.")
    if not found:
        raise AudioError(f"There is no {kind.value} on this computer, so “{wanted}” cannot be used.")
    raise AudioError(f"There is no {kind.value} called “{wanted}”; there is {_listed(found)}.")


def text_of(kind: Kind) -> str:
    """All of a kind, one a line, for people."""
    found = devices(kind)
    lines = [f"{kind.value.capitalize()}s:" if found else f"There is no {kind.value}."]
    for one in found:
        marks = [mark for mark, holds in (("usual", one.usual), ("what plays there", one.monitor)) if holds]
        lines.append(f"  {one.name}" + (f" ({', '.join(marks)})" if marks else ""))
    return "\n".join(lines)


def main() -> int:
    """``python -m local_mode devices``"""
    from local_mode.webcams import text_of_webcams  # only here: FFmpeg takes a moment to load

    status = 0
    try:
        print("\n".join(text_of(kind) for kind in Kind))
    except AudioError as error:
        print(error, file=sys.stderr)
        status = 1
    print(text_of_webcams())
    print(
        "\nChoose with --microphone and --speaker, or DESK_MICROPHONE, DESK_SPEAKER and CAMERA in .env; a part of a name "
        "will do."
    )
    return status


def _has_server() -> bool:
    if (server := sound_server()) is None:
        return False
    with server:
        return True


def _has_all(device: Device, wanted: str, exactly: bool) -> bool:
    """Whether every word of ``wanted`` is a part of the device's name, or close to a word of it."""
    name = device.name.casefold()
    words = _WORD.findall(name)
    for word in _WORD.findall(wanted.casefold()) or [wanted.casefold()]:
        if word in name:
            continue
        if exactly or not difflib.get_close_matches(word, words, n=1, cutoff=_CLOSE):
            return False
    return True


def _listed(found: Sequence[Device]) -> str:
    names = [f"“{one.name}”" for one in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        names.append(f"{len(found) - MOST_NAMED} more")
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _of_pulse(kind: Kind) -> list[Device]:
    """PulseAudio's; none where it does not run, or PortAudio has no way to it."""
    server = sound_server()
    if server is None:
        return []
    with server:
        if not hosted(PULSE) and not (look_again() and hosted(PULSE)):  # it may have been started since
            return []
        ends = server.sources() if kind is Kind.MICROPHONE else server.sinks()
    return [Device(e.title, kind, PULSE, e.rate, e.usual and not e.ours, e.name, e.monitor) for e in ends]


def _of_portaudio(kind: Kind) -> list[Device]:
    inputs = kind is Kind.MICROPHONE
    return [Device(one.name, kind, one.number, one.rate, one.usual) for one in port_devices(inputs=inputs)]

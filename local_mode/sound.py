"""What she hears with and speaks through at the desk, as it was chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local_mode.cable import HEARS, VOICE, cable
from local_mode.devices import Device, Kind, chosen, usual
from local_mode.echo import EchoCanceller
from local_mode.mixed import Mixed
from local_mode.transport import DeskLine
from persona_core.errors import AudioError
from persona_core.ports import Transport
from persona_core.settings import Settings
from persona_core.types import EAR_RATE, Pcm, Person

OFF = "off"


@dataclass(frozen=True, slots=True)
class Sound:
    """Devices by the names that were given; an empty one means the computer's own."""

    microphone: str = ""
    speaker: str = ""
    cabled: bool = False  # she is the microphone of another program, and hears whoever is in its call
    echo: bool = True  # her voice may come back through the air
    push: bool = False  # heard only while somebody says so
    voices: bool = False  # several people are heard, who are told apart by their voices

    def choose(self, kind: Kind) -> Device:
        """Raises AudioError while it is not there."""
        return chosen(kind, self.microphone if kind is Kind.MICROPHONE else self.speaker)

    async def line(
        self,
        person: Person,
        may_hear: Callable[[str], bool],
        tell: Callable[[str], None],
        rate: int,
        clock: Callable[[], float],
        mix: Callable[[Transport], Mixed] | None = None,
    ) -> DeskLine:
        """Open both; ``person`` is whose voice comes in, ``rate`` (Hz) hers; ``mix``: see DeskLine. Raises AudioError."""
        if self.echo:
            canceller = EchoCanceller()

            def clean(pcm: Pcm, rate: int) -> tuple[Pcm, int]:
                return canceller.cleaned(pcm, rate), EAR_RATE

            line = DeskLine(person, may_hear, self.choose, tell, clean, canceller.played, clock, mix)
        else:
            line = DeskLine(person, may_hear, self.choose, tell, clock=clock, mix=mix)
        await line.open(rate)
        line.talk(not self.push)
        return line


def sound_of(settings: Settings, *, asked: bool) -> Sound | None:
    """What the settings choose; None: she is typed to. ``asked``: somebody has asked for sound.

    Raises AudioError where something that was chosen is not there.
    """
    if settings.desk_microphone.casefold() == OFF:
        return None
    push = settings.desk_talk == "push"
    if settings.desk_preset != OFF:
        if cable() is None:
            raise AudioError(
                "There is no cable yet for DESK_PRESET; python -m local_mode cable create makes it, or says what to do."
            )
        echo = settings.desk_echo == "on"
        microphone, speaker = settings.desk_microphone or HEARS, settings.desk_speaker or VOICE
        voices = settings.desk_voices != OFF
        return Sound(microphone, speaker, cabled=True, echo=echo, push=push, voices=voices)
    echo, voices = settings.desk_echo != OFF, settings.desk_voices == "on"
    sound = Sound(settings.desk_microphone, settings.desk_speaker, echo=echo, push=push, voices=voices)
    named = asked or settings.desk_microphone or settings.desk_speaker
    if not named and not all(_there_is(kind) for kind in Kind):
        return None
    for kind in Kind:
        sound.choose(kind)
    return sound


def _there_is(kind: Kind) -> bool:
    try:
        return usual(kind) is not None
    except AudioError:  # PortAudio is not installed
        return False

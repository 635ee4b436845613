"""What to choose in another program, so that she is its microphone and hears its call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """Where the choices are in one program."""

    title: str
    where: str  # the page of its settings
    microphone: str  # what its menu of microphones is called
    speaker: str
    more: str = ""


PRESETS = {
    "discord": Preset(
        "Discord",
        "User Settings, Voice & Video",
        "Input Device",
        "Output Device",
        "Switch off Noise Suppression and Echo Cancellation there: both cut into her voice.",
    ),
    "zoom": Preset(
        "Zoom",
        "Settings, Audio",
        "Microphone",
        "Speaker",
        "Switch on Original sound for musicians in a meeting, and switch off Automatically adjust microphone volume.",
    ),
    "vrchat": Preset(
        "VRChat",
        "Settings, Audio & Voice",
        "Microphone",
        "",
        "VRChat plays where the system says: in the system's own sound settings let it play into “Kith hears”. "
        "Switch off Noise Suppression, and enable OSC in the action menu to see what she says over your avatar.",
    ),
}


def advice(name: str | None) -> list[str]:
    """Lines for people; None: for all programs."""
    lines = []
    for preset in [PRESETS[name]] if name else PRESETS.values():
        heard = f"{preset.speaker} “Kith hears”, " if preset.speaker else ""
        lines.append(
            f"{preset.title}: {preset.where}: {heard}{preset.microphone} “Kith’s microphone”. {preset.more}"
        )
    start = (
        f"Then start her with --preset {name}"
        if name
        else "Then start her with --preset and the program's name"
    )
    return [*lines, f"{start}, or DESK_PRESET in .env."]

"""When she answers in a call, in words. Pure, but for what was chosen before."""

from __future__ import annotations

from memory.modes import Modes
from persona_core.hearing.mode import Mode

MEANINGS = {
    Mode.ALWAYS: "I answer everything that is said.",
    Mode.ADDRESSED: "With one person I answer everything; among several, what is said to me.",
    Mode.PUSH_TO_TALK: "I answer only what you say after pressing “Talk to me” or using `/talk`.",
    Mode.QUIET: (
        "I listen, but say nothing aloud except that I listen; what you write to me I answer in writing."
    ),
}


def mode_of(modes: Modes, place_key: str) -> Mode:
    """The mode of a place; what nobody chose, or a later version wrote, is the default."""
    try:
        return Mode(modes.of(place_key))
    except ValueError:
        return Mode.ADDRESSED


def described(mode: Mode) -> str:
    """The mode and what it means, in one line."""
    return f"**{mode.value}**: {MEANINGS[mode]}"

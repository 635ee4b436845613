"""When she answers what is said in a call."""

from __future__ import annotations

from enum import Enum


class Mode(Enum):
    """Chosen for each voice channel; what is written to her is answered in any of them."""

    ALWAYS = "always"  # everything that is said
    ADDRESSED = "addressed"  # with one person everything, among several what is said to her
    PUSH_TO_TALK = "push-to-talk"  # only what somebody says after asking for her ear
    QUIET = "quiet"  # nothing; she only listens

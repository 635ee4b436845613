"""What others said or are called, as plain text: Discord shows it, and does nothing else with it."""

from __future__ import annotations

import re

# Markdown, mentions (<@1>, <#1>, </command:1>), headings, lists and masked links begin with one of these;
# a bare link needs its "://", and an invitation its domain.
_ACTIVE = re.compile(
    r"[\\*_`~|<>\[\]#]|:(?=//)|^(?=[-+]\s)|(?<=\d)(?=\.\s)|(?<=discord)(?=\.(?:gg|com))", re.MULTILINE
)
_PINGS = re.compile(r"@(?=everyone|here)")


def plain(text: str) -> str:
    """``text`` that looks the same in Discord, on one line, at most twice as long."""
    return _PINGS.sub("@\u200b", _ACTIVE.sub(r"\\\g<0>", " ".join(text.split())))

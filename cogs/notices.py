"""What she says before she listens, in writing and aloud."""

from __future__ import annotations

from memory.consent import HearingMode

_KEPT = (
    "What is said is turned into text on my owner's computer, stays in memory for this call only, and is gone "
    "when I leave. Keeping anything longer needs your own yes: `/consent remembering on`."
)

_SENT = " Of those who say yes, it is also sent to Anthropic, which thinks it over for me afterwards."


def posted(name: str, mode: HearingMode, *, sent: bool = False) -> str:
    """The notice in the channel's chat. ``sent``: what may be remembered leaves the owner's computer."""
    kept = _KEPT + (_SENT if sent else "")
    if mode == "ask":
        return f"👂 **{name} is here, and hears only who agrees.** Press “Hear me” if you would like that. {kept}"
    return (
        f"👂 **{name} is listening here.** If you would rather not be heard, press “Don't hear me”: "
        f"nothing you say is decoded then, and the others can still talk with me. {kept}"
    )


def spoken(name: str, mode: HearingMode) -> str:
    """The notice aloud."""
    if mode == "ask":
        return f"Hi, {name} here. I only hear who agrees; there is a button in the chat."
    return f"Hi, {name} here, and I am listening. If you would rather not be heard, press the button in the chat."


def to_newcomers(names: str, name: str, mode: HearingMode, *, sent: bool = False) -> str:
    """The posted notice for people who came later."""
    return f"{names}: {posted(name, mode, sent=sent)}"


def over(name: str) -> str:
    """What stands in place of the notice afterwards."""
    return f"{name} has stopped listening here. What was said is gone from my memory."

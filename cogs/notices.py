"""What she says before she listens, in writing and aloud."""

from __future__ import annotations

from memory.consent import HearingMode

_KEPT = (
    "What is said is turned into text on my owner's computer, stays in memory for this call only, and is gone "
    "when I leave. Keeping anything longer needs your own yes: `/consent remembering on`."
)

_STOPS = "If you would rather not be heard, tell whoever brought me; they can stop me."
_NOBODY = "Here nobody can be asked, so I hear nobody."


def posted(name: str, mode: HearingMode, *, leaves: str = "", chat: bool = True) -> str:
    """The notice in writing. ``leaves``: what leaves the owner's computer, see ``terms.of_all``; ``chat``: see Place."""
    kept = f"{_KEPT} {leaves}".rstrip()
    if not chat and mode == "ask":
        return f"👂 **{name} is here, and hears only who agrees.** {_NOBODY} {kept}"
    if not chat:
        return f"👂 **{name} is listening here.** {_STOPS} {kept}"
    if mode == "ask":
        return f"👂 **{name} is here, and hears only who agrees.** Press “Hear me” if you would like that. {kept}"
    return (
        f"👂 **{name} is listening here.** If you would rather not be heard, press “Don't hear me”: "
        f"nothing you say is decoded then, and the others can still talk with me. {kept}"
    )


def spoken(name: str, mode: HearingMode, *, leaves: str = "", chat: bool = True) -> str:
    """The notice aloud. ``leaves``: see ``terms.aloud``; ``chat``: see Place."""
    if mode == "ask":
        how = "; there is a button in the chat." if chat else f". {_NOBODY}"
        text = f"Hi, {name} here. I only hear who agrees{how}"
    else:
        how = "If you would rather not be heard, press the button in the chat." if chat else _STOPS
        text = f"Hi, {name} here, and I am listening. {how}"
    return f"{text} {leaves}".rstrip()


def to_newcomers(names: str, name: str, mode: HearingMode, *, leaves: str = "", chat: bool = True) -> str:
    """The written notice for people who came later."""
    return f"{names}: {posted(name, mode, leaves=leaves, chat=chat)}"


def unheard() -> str:
    """To somebody in the call whom she does not hear, as they have not agreed: once, and kindly."""
    return (
        "I would like to hear you, but I hear only who agrees, so nothing you say is decoded. “Hear me” under my notice, or "
        "`/consent hearing on`, changes that; until then I gladly read what you write to me."
    )


def over(name: str) -> str:
    """What stands in place of the notice afterwards."""
    return f"{name} has stopped listening here. What was said is gone from my memory."

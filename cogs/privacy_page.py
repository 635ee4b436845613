"""What ``/privacy`` says, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cogs import terms
from cogs.receipts import FACES, VOICES
from memory.forget import POSTS
from persona_core.settings import Settings

EXPORT, FORGET = "kith:privacy:export", "kith:privacy:forget"  # its buttons; custom ids outlive a restart
KEPT = {  # by the name of the place on a receipt: one, several
    "turns": ("line of what you said, or I answered", "lines of what you said and what I answered"),
    "journal": ("note about you", "notes about you"),
    VOICES: ("print of your voice, by which I recognise you", "prints of your voice"),
    FACES: ("print of your face, by which I recognise you", "prints of your face"),
    "encounters": ("time I met you, with what was said", "times I met you, with what was said"),
    POSTS: (
        "message of mine in Discord with your words, or an answer to them",
        "messages of mine in Discord with your words, or answers to them",
    ),
}
OF_A_FACE = "The print of your face goes at a no to it, or when I have not recognised you by it for a year."
OF_A_VOICE = "The print of your voice goes at a no to it, or when I have not recognised you by it for a year."
WHO = (
    "You, with `/journal` and `/memory`, which nobody else sees. I bring something up only where all who are there may "
    "hear it: what you told me alone stays between us. No moderator and no other member can look it up. My owner sees here "
    "whom I know, without what is not for them to hear; but they hold the key, so they could open all of it with the "
    "program on their computer, and I cannot keep them from that."
)
CAN_DO = (
    "`/journal` and `/memory` show, correct and share; `/journal export` gives you a copy; `/forget` erases for good, and "
    "cannot be undone; `/consent show` is what you allow me. What stays is what you decided, by your id alone, and that "
    "you were forgotten, so that no backup brings you back."
)


def kept(counts: Mapping[str, int], remembers: bool) -> str:
    """What there is of somebody that they know of; ``counts`` by the name of the place it is in."""
    lines = [
        f"{number} {KEPT.get(place, (place, place))[number != 1]}"
        for place, number in counts.items()
        if number
    ]
    if not lines:
        return (
            "Nothing but what you decided."
            if remembers
            else "Nothing: you have not said that I may remember you."
        )
    if any(number and place not in (POSTS, VOICES, FACES) for place, number in counts.items()):
        lines.append("and what rests on that: who you are to me, and what has been on my mind since")
    return "\n".join(lines)


def where(settings: Settings) -> str:
    sealed = (
        "On my owner's computer, in an encrypted database, each person's part with a key of their own, which is destroyed "
        "when you are forgotten."
    )
    if settings.journal_encryption == "on":
        return f"{sealed} My notes are sealed in the same way."
    return f"{sealed} My notes, though, are plain files there, as my owner has chosen."


def how_long(settings: Settings, remembers: bool) -> str:
    call = "What is said in a call stays in memory until I leave, whatever you allow me."
    days = settings.remembering_days
    if not remembers:
        return f"{call} Nothing of it is kept."
    if not days:
        return f"{call} What I keep stays until you have it forgotten, or stop letting me remember."
    return (
        f"{call} What I keep is erased when it is {days} days old, unless you pinned it; sooner where you have it "
        "forgotten, and at once when you stop letting me remember."
    )


def sections(settings: Settings, counts: Mapping[str, int], remembers: bool) -> dict[str, str]:
    """By their headings."""
    return {
        "What I keep of you": kept(counts, remembers),
        "Where": where(settings),
        "How long": " ".join([how_long(settings, remembers), *_of_prints(counts)]),
        "Who can see it": WHO,
        "What leaves that computer": terms.of_all(settings) or terms.NOTHING_LEAVES,
        "What you can do": CAN_DO,
    }


def _of_prints(counts: Mapping[str, int]) -> list[str]:
    return [text for place, text in ((VOICES, OF_A_VOICE), (FACES, OF_A_FACE)) if counts.get(place)]

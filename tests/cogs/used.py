"""Every command as somebody may use it: what they type and press, what they are told, and what is different then.

A new command needs a row of its own. It is typed as at the desk; Discord is given the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cogs.host import Host
from cogs.modes import mode_of
from memory import own
from memory.consent import Purpose, agreed
from persona_core.hearing.mode import Mode
from persona_core.types import Person

BEES = "I keep bees in the garden."
YES_FORGET = "Yes, forget it"


@dataclass(frozen=True, slots=True)
class Press:
    """A button, by its label, or an entry of a list, by words of it."""

    label: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """What is typed into the one field of the form that was opened."""

    text: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Speak:
    """A tone of so many Hz, aloud in the call; only in Discord."""

    hertz: int


Move = str | Press | Fill | Speak  # a line: a command, or something that is said to her


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of the person, and of somebody else, under one host."""

    host: Host
    you: Person
    other: Person
    place: str  # key of where she can be asked into a call

    @property
    def notes(self) -> list[str]:
        """Newest first."""
        return [one.text for one in own.entries(self.host.memory, self.you.id)]

    @property
    def said(self) -> list[str]:
        return [turn.text for turn in self.host.memory.turns.of_person(self.you.id)]

    def allows(self, purpose: Purpose, person: Person | None = None) -> bool | None:
        """None: they have not said."""
        decision = self.host.consent.decision((person or self.you).id, purpose)
        return None if decision is None else agreed(decision)

    @property
    def in_call(self) -> bool:
        return self.host.calls.at(self.place) is not None

    @property
    def mode(self) -> Mode:
        return mode_of(self.host.modes, self.place)

    @property
    def regard(self) -> str:
        line = self.host.memory.roster.acquaintance(self.you.id).relationship
        return line.text if line else ""


@dataclass(frozen=True, slots=True)
class Use:
    """``says``, here and of a move: a regular expression that is found in what is answered."""

    line: str
    says: str
    then: tuple[Press | Fill, ...] = ()
    before: tuple[Move, ...] = ()  # so that there is something it can act on
    becomes: Callable[[Kept], bool] | None = None  # what is so afterwards, and was not before
    alike: bool = True  # False: hosts have different things to tell
    file: str = ""  # how the name of a file ends that is sent
    in_servers: bool = False  # it is for the channels of a server: the desk says so
    in_call: bool = False  # it is about sound: the desk takes a microphone and a loudspeaker for it


def noted(*texts: str) -> tuple[Move, ...]:
    return tuple(f"/journal add text:{text}" for text in texts)


def forgotten(kept: Kept) -> bool:
    return not kept.notes and not kept.said and kept.allows(Purpose.REMEMBERING) is False


TEA = noted("I like tea")
NEIGHBOURS = (Press("What you are to me"), Fill("We are neighbours.", "in your words"))

USES = (
    # What is allowed
    Use(
        "/consent show",
        "What you allow me",
        (Press("Know my face", "I may recognise you by your face"),),
        becomes=lambda kept: kept.allows(Purpose.FACE) is True,
    ),
    Use(
        "/consent hearing off",
        "I do not hear you",
        becomes=lambda kept: kept.allows(Purpose.HEARING) is False,
    ),
    Use("/consent hearing on", "I may hear you", becomes=lambda kept: kept.allows(Purpose.HEARING) is True),
    Use(
        "/consent remembering off",
        "forget all that I keep of you",
        (Press(YES_FORGET, "I remember nothing about you"),),
        before=(BEES, *TEA),
        becomes=forgotten,
    ),
    Use(
        "/consent remembering on",
        "I may remember what you tell me",
        before=("/consent remembering off",),
        becomes=lambda kept: kept.allows(Purpose.REMEMBERING) is True,
    ),
    Use("/consent voice on", "by your voice", becomes=lambda kept: kept.allows(Purpose.VOICE) is True),
    Use("/consent face on", "by your face", becomes=lambda kept: kept.allows(Purpose.FACE) is True),
    Use("/consent training on", "I may learn", becomes=lambda kept: kept.allows(Purpose.TRAINING) is True),
    Use(
        "/privacy",
        "You and what I keep",
        (Press("Forget me", "I would forget all that I keep of you"),),
        before=TEA,
        alike=False,  # it names the hosts' own places
    ),
    # What is kept
    Use(
        "/journal add I like tea",
        "I have noted it: I like tea",
        becomes=lambda kept: kept.notes == ["I like tea"],
    ),
    Use("/journal read today", "I have a dog(?s:.*)I like tea", before=noted("I like tea", "I have a dog")),
    Use("/journal search dog", "I have a dog", before=noted("I like tea", "I have a dog")),
    Use(
        "/journal why", "came to my mind|had in mind|bees", before=(*noted("I keep bees"), BEES), alike=False
    ),
    Use("/journal history tea", "Version 1", before=noted("I have a dog", "I like tea")),
    Use(
        "/journal restore tea version:1",
        "It is as it was, now as version 3",
        before=(*TEA, "/memory review", Press("Pin", "I have pinned it")),
        becomes=lambda kept: not own.entries(kept.host.memory, kept.you.id)[0].pinned,
    ),
    Use("/journal export", "All that I keep of you", before=(BEES, *TEA), file=".zip"),
    Use(
        "/memory review",
        "my notes about you",
        (Press("Pin", "I have pinned it"), Press("Share", "whoever else listens")),
        before=TEA,
        becomes=lambda kept: own.entries(kept.host.memory, kept.you.id)[0].pinned,
    ),
    Use(
        "/memory edit tea",
        "",
        (Fill("I like coffee", "I have put that right"),),
        before=noted("I have a dog", "I like tea"),
        becomes=lambda kept: "I like coffee" in kept.notes and "I like tea" not in kept.notes,
    ),
    Use(
        "/memory delete tea",
        "This would go",
        (Press(YES_FORGET, "This is gone"),),
        before=noted("I have a dog", "I like tea"),
        becomes=lambda kept: kept.notes == ["I have a dog"],
    ),
    Use("/catchup hours:3", "nothing that you missed in the last 3 hours"),
    Use("/status", "How I am", alike=False),
    Use("/relationship roster", "We are neighbours", before=("/relationship me", *NEIGHBOURS)),
    Use(
        "/relationship me",
        "Only you see this",
        (
            *NEIGHBOURS,
            Press("neighbours"),
            Press("That is wrong", "drop"),
            Press("No, keep it", "I have kept it"),
        ),
        becomes=lambda kept: "We are neighbours" in kept.regard,
    ),
    # Forgetting
    Use(
        "/forget entry tea",
        "I would forget my note",
        (Press("Forget it", "It is forgotten"),),
        before=noted("I have a dog", "I like tea"),
        becomes=lambda kept: kept.notes == ["I have a dog"],
    ),
    Use(
        "/forget last 5",
        "what you said in the last 5 minutes",
        (Press("Forget it", "It is forgotten"),),
        before=(BEES,),
        becomes=lambda kept: not kept.said and kept.allows(Purpose.REMEMBERING) is True,
    ),
    Use(
        "/forget me",
        "all that I keep of you",
        (Press("Forget it", "It is forgotten"),),
        before=(BEES, *TEA),
        becomes=forgotten,
    ),
    Use(
        "/forget everything",
        "all that I keep of everybody",
        (Press("Forget everything …"), Fill("everything", "It is forgotten")),
        before=(BEES, *TEA),
        becomes=lambda kept: not kept.notes and not kept.said,
    ),
    Use(
        "/forget person Ann",
        "I would forget all that I keep of Ann",
        (Press("Forget it", "It is forgotten"),),
        becomes=lambda kept: kept.allows(Purpose.REMEMBERING, kept.other) is False,
    ),
    # Voices
    Use(
        "/voice enrol",
        "I would keep a print of it",
        (Press("Know my voice", "I may recognise you by your voice"),),
        becomes=lambda kept: kept.allows(Purpose.VOICE) is True,
    ),
    Use(
        "/voice forget",
        "I had no print of your voice",
        before=("/consent voice on",),
        becomes=lambda kept: kept.allows(Purpose.VOICE) is False,
    ),
    # Faces
    Use(
        "/face enrol",
        "I would keep a print of it",
        (Press("Know my face", "I may recognise you by your face"),),
        becomes=lambda kept: kept.allows(Purpose.FACE) is True,
    ),
    Use(
        "/face forget",
        "I had no print of your face",
        before=("/consent face on",),
        becomes=lambda kept: kept.allows(Purpose.FACE) is False,
    ),
    Use("/encounters list", "I have met nobody when you were there"),
    Use("/encounters merge kept:Tom gone:Ann", "Ann is Tom from now on"),
    Use(
        "/encounters split Ann",
        "Ann is told apart again",
        before=("/encounters merge kept:Tom gone:Ann",),
    ),
    # Menus
    Use(
        '/menu "Remember this"',
        "I have noted it: “.*I keep bees",
        before=(BEES,),
        becomes=lambda kept: len(kept.notes) == 1 and BEES in kept.notes[0],
    ),
    Use(
        '/menu "Forget this"',
        "would go",
        (Press(YES_FORGET, "This is gone"),),
        before=(BEES,),
        becomes=lambda kept: not kept.said,
        alike=False,  # posts are there in Discord only
    ),
    Use('/menu "What do you know about me?"', "I keep 1 note about you", before=TEA),
    # Calls
    Use("/join", "I am in ", becomes=lambda kept: kept.in_call, alike=False, in_call=True),
    Use(
        "/leave",
        "I have left ",
        before=("/join",),
        becomes=lambda kept: not kept.in_call,
        alike=False,
        in_call=True,
    ),
    Use(
        "/mode to:always",
        "everything that is said",
        before=("/join",),
        becomes=lambda kept: kept.mode is Mode.ALWAYS,
        alike=False,
        in_call=True,
    ),
    Use("/talk", "next is for me", before=("/join",), in_call=True),
    Use(
        "/captions on",
        "I write what is said into",
        before=("/join",),
        becomes=lambda kept: bool(kept.host.captioned),
        in_servers=True,
    ),
    Use(
        "/captions here",
        "I write what is said into general",
        before=("/join",),
        becomes=lambda kept: bool(kept.host.captioned),
        in_servers=True,
    ),
    Use(
        "/captions off",
        "No more captions",
        before=("/join", "/captions on"),
        becomes=lambda kept: not kept.host.captioned,
        in_servers=True,
    ),
    Use(
        "/captions erase",
        "1 of my posts held your words(?s:.*)They are gone",
        before=("/join", "/captions on", Speak(300)),
        becomes=lambda kept: not kept.host.posts.of(kept.you.id),
        in_servers=True,
    ),
    Use("/transcript", "tone 300", before=("/join", Speak(300)), in_servers=True),
)

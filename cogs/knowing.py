"""To know somebody by their face from now on: they have agreed to it, and sit for it a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from cogs.eye import Eye
from cogs.host import Host, Refusal
from memory.consent import Purpose, agreed
from memory.errors import EntryError, MemoryFault
from memory.gallery import FaceEmbedding, Template, Verdict
from persona_core.seeing.templates import NotEnrolled
from persona_core.types import Person, SeenFace

SIT_S = 20.0  # for enough good pictures

NO_CAMERA = "I see nobody here: that works at the desk, with a camera that CAMERA names (docs/camera.md)."
NOBODY = "I see no face just now; come before the camera, then ask me again."
SEVERAL = "I see several faces that I do not know, so I cannot tell which is meant; one at a time, please."
KNOWN = "I know that face already, as somebody else’s: `/encounters merge` makes the two one."
TROUBLE = "My memory does not work just now; the log has the cause."
GONE = "That face is not in view any more."
TOO_LITTLE = "I did not see the face well enough; please look into the camera, and try again."
WITHDRAWN = "They have taken back that I may recognise them by their face, so nothing was kept."
KEPT_OWN = "Thank you, I know you by your face from now on. `/face forget` undoes it."
KEPT = "I know {name} by their face from now on. `/face forget` undoes it."


def meant(eye: Eye, person_id: str = "") -> SeenFace:
    """The face in view that can be meant: the only one that is not known, or ``person_id``'s own. Raises Refusal."""
    faces = eye.in_view
    theirs = [face for face in faces if face.person is not None and face.person.id == person_id]
    unknown = [face for face in faces if face.person is None]
    found = theirs or unknown
    if not found:
        raise Refusal(KNOWN if faces else NOBODY)
    if len(found) > 1:
        raise Refusal(SEVERAL)
    return found[0]


async def sit(host: Host, eye: Eye, track: int, person_id: str) -> Template:
    """What a face is known by. Raises KithError where it cannot be had, or is somebody else's already."""
    try:
        async with asyncio.timeout(SIT_S):
            template = await eye.sit(track)
    except TimeoutError as error:
        raise NotEnrolled(TOO_LITTLE) from error
    face = FaceEmbedding(template.vector, template.encoder)
    match = await asyncio.to_thread(host.memory.people.match, face)
    if match.verdict is Verdict.KNOWN and match.likest[0] != person_id:
        raise Refusal(KNOWN)
    return template


async def know(host: Host, person: Person, template: Template, how: str) -> None:
    """``person`` has agreed, by this act (``how``; empty: it stands there already). Raises KithError, StoreError."""
    asked = bool(how) and not agreed(host.consent.decision(person.id, Purpose.FACE))
    enrol = partial(host.memory.people.enrol, person.id, person.name, template, host.now())
    kept = False
    try:
        if asked:
            await host.consent.decide(person.id, Purpose.FACE, True, how)
        kept = await asyncio.to_thread(enrol)
    finally:
        if not kept and asked:  # a yes that comes to nothing is none
            await host.consent.decide(person.id, Purpose.FACE, False, how)
    if not kept:
        raise Refusal(WITHDRAWN)


async def change(host: Host, work: Callable[[], None]) -> None:
    """Make two people one, or two of one. Raises Refusal."""
    try:
        await asyncio.to_thread(work)
    except EntryError as error:
        raise Refusal(str(error)) from error
    except MemoryFault as error:
        raise Refusal(TROUBLE) from error
    host.conversations.refresh_minds()

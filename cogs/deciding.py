"""A person's decision about what she may do: written down, acted on, and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping

import discord

from cogs import terms
from cogs.answers import say
from cogs.forgetting import forget
from cogs.host import Host
from memory.consent import Purpose, agreed
from memory.forget import Wish

NOT_YET = "I do not do this yet"

SENTENCES = {
    (Purpose.HEARING, True): "Thank you, I may hear you. What you say stays in memory for the call only.",
    (Purpose.HEARING, False): "I do not hear you from now on, in any channel; nothing you say is decoded.",
    (Purpose.REMEMBERING, True): "Thank you, I may remember what you tell me.",
    (Purpose.REMEMBERING, False): "I remember nothing about you, and keep nothing from now on.",
    (Purpose.VOICE, True): (
        "Thank you, I may recognise you by your voice. `/voice enrol` makes the print which that takes, while we are in a "
        "call; it is kept until you say no, or until I have not recognised you for a year."
    ),
    (Purpose.VOICE, False): (
        "I do not recognise you by your voice; if there was a print of it, it is erased. Where several people share one "
        "microphone I then take you for a guest."
    ),
    (Purpose.FACE, True): (
        "Thank you, I may recognise you by your face. `/face enrol` makes the print which that takes, before my owner's camera; "
        "it is kept until you say no, or until I have not recognised you for a year. No picture is kept."
    ),
    (Purpose.FACE, False): (
        "I do not recognise you by your face; if there was a print of it, it is erased. Before a camera I then take you for "
        "somebody I do not know."
    ),
    (Purpose.TRAINING, True): (
        f"Thank you, I may learn from what I remember of you. {NOT_YET}; and what came from Discord is not used for it "
        "unless my owner states that Discord permits that."
    ),
    (Purpose.TRAINING, False): (
        f"I do not learn from what I remember of you. {NOT_YET} from anybody, so there was nothing to erase."
    ),
}


HEARD_AND_REMEMBERED = "Thank you, I may hear you, and I may remember what you tell me."


def sentence(host: Host, purpose: Purpose, allowed: bool, remembered: bool = False) -> str:
    """What she answers to a decision; ``remembered``: whether this person is, so that the call is not all."""
    sent = ""
    if allowed and purpose is Purpose.HEARING:
        sent = terms.of_hearing(host.settings)
    elif allowed and purpose is Purpose.REMEMBERING:
        sent = terms.of_remembering(host.settings)
    heard = allowed and purpose is Purpose.HEARING and remembered
    return f"{HEARD_AND_REMEMBERED if heard else SENTENCES[purpose, allowed]} {sent}".rstrip()


def both(host: Host, hearing: bool, remembering: bool) -> str:
    """What she answers to whoever decides the two in one breath."""
    if hearing and remembering:
        sent = (terms.of_hearing(host.settings), terms.of_remembering(host.settings))
        return " ".join(filter(None, (HEARD_AND_REMEMBERED, *sent)))
    return f"{sentence(host, Purpose.HEARING, hearing)} {sentence(host, Purpose.REMEMBERING, remembering)}"


async def settle(host: Host, person_id: str, decisions: Mapping[Purpose, bool], how: str) -> None:
    """Write decisions down and act on them. Raises StoreError."""
    for purpose, allowed in decisions.items():
        await host.consent.decide(person_id, purpose, allowed, how)
        if purpose is Purpose.REMEMBERING and not allowed:
            await forget(host, Wish(person_id, everywhere=False))


async def erase_print(host: Host, person_id: str, purpose: Purpose, name: str) -> str:
    """They are not to be recognised by it any more; what to answer. ``name``: of what it is a print. Raises StoreError."""
    memory = host.memory
    count_of = memory.voices.count_of if purpose is Purpose.VOICE else memory.faces.count_of
    there = await asyncio.to_thread(count_of, person_id)
    await settle(host, person_id, {purpose: False}, "command")
    text = f"The print of your {name} is erased." if there else f"I had no print of your {name}."
    return f"{text} I do not recognise you by it, and make none, until you say yes anew."


async def settle_first(
    settling: Coroutine[object, object, None], deferring: Coroutine[object, object, None]
) -> None:
    """Both at once. What is settled begins now: answers of Discord overtake each other, clicks must not."""
    task = asyncio.create_task(settling, name="settle consent")
    try:
        await deferring
    finally:
        await task


async def decide(
    host: Host, interaction: discord.Interaction, purpose: Purpose, allowed: bool, how: str
) -> None:
    """One decision, by the person behind the interaction."""
    assert interaction.user is not None  # commands and buttons always have one
    person_id = host.person(interaction.user).id
    await settle_first(
        settle(host, person_id, {purpose: allowed}, how),
        interaction.response.defer(ephemeral=True, invisible=False),
    )
    remembered = agreed(host.consent.decision(person_id, Purpose.REMEMBERING))
    await say(interaction, sentence(host, purpose, allowed, remembered))

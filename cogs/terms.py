"""Where words go: what leaves the machine she runs on, in plain words, and who has been told."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import discord

from cogs.host import Host
from memory.errors import MemoryFault
from memory.posts import Post
from persona_core.errors import KithError
from persona_core.settings import Settings
from persona_core.where import host_of, thinks_here

ANTHROPIC = "Anthropic"
NOTHING_LEAVES = "Nothing: I hear, think and speak on my owner's computer. What stands in Discord goes through Discord, as ever."
MOST_OF_A_NAME = 40  # characters of a host's name: a notice has to fit a message

log = logging.getLogger(__name__)


def answered_by(settings: Settings) -> str:
    """Who thinks out her answers, where that is elsewhere; empty: it happens on this machine."""
    if thinks_here(settings):
        return ""
    if settings.llm_engine == "anthropic":
        return ANTHROPIC
    where = host_of(settings)
    return where if 0 < len(where) <= MOST_OF_A_NAME else "another computer"


def reflected_by(settings: Settings) -> str:
    """Who thinks over afterwards what was said by those who agreed to be remembered; empty: this machine, or nobody."""
    return ANTHROPIC if settings.reflection == "anthropic" else ""


def current(settings: Settings) -> str:
    """Where words go, in short: whoever has been told the same need not be told again. Empty: nowhere."""
    both = {"answers": answered_by(settings), "reflection": reflected_by(settings)}
    return ", ".join(f"{what}: {whom}" for what, whom in both.items() if whom)


def of_hearing(settings: Settings) -> str:
    """What leaves this machine of those whom she hears or reads; empty: nothing."""
    if not (whom := answered_by(settings)):
        return ""
    return (
        f"To answer, I send the text of what is said and written to me on to {whom}, as my owner has "
        "chosen; what becomes of it there is up to them."
    )


def of_remembering(settings: Settings) -> str:
    """What leaves this machine beside that of those who agreed to be remembered; empty: nothing."""
    parts = []
    if whom := answered_by(settings):
        parts.append(f"What I remember of you is sent to {whom} along with what it fits.")
    if whom := reflected_by(settings):
        parts.append(f"To think it over afterwards I send it to {whom}, as my owner has chosen.")
    return " ".join(parts)


def of_all(settings: Settings) -> str:
    """The whole of it, for somebody who decides; empty: nothing leaves."""
    parts = [of_hearing(settings)]
    if whom := reflected_by(settings):
        parts.append(
            f"Of those who say yes to being remembered, it is also sent to {whom}, to think it over afterwards."
        )
    return " ".join(filter(None, parts))


def aloud(settings: Settings) -> str:
    """The same for those who only listen; empty: nothing leaves."""
    if whom := answered_by(settings):
        named = whom if whom == ANTHROPIC else "a service outside this computer"
        return f"What is said is sent to {named}, to work out my answers."
    if whom := reflected_by(settings):
        return f"What those say who let me remember is sent to {whom} afterwards."
    return ""


def knows(host: Host, person_id: str) -> bool:
    """Whether somebody has been told where words go now."""
    return host.consent.told(person_id) == current(host.settings)


async def tell(host: Host, people: Iterable[str]) -> None:
    """These people have been told. Never raises: what cannot be written down they are told again."""
    now = current(host.settings)
    for person in people:
        if host.consent.told(person) != now:
            try:
                await host.consent.tell(person, now)
            except MemoryFault as error:
                log.info("not written down who was told: %s", type(error).__name__)


async def tell_first(host: Host, message: discord.Message) -> bool:
    """Whether what somebody has written may be read: they know where words go. Else they are told; in a call its
    notice does.

    Where words leave the machine, what they wrote before they knew is not read. Raises Refusal.
    """
    person = host.person(message.author).id
    if knows(host, person):
        return True
    leaves = of_all(host.settings)
    text = leaves or f"What leaves my owner's computer by now? {NOTHING_LEAVES}"
    again = " I have not read what you wrote yet: write it again if I may." if leaves else ""
    before = host.consent.told(person)
    await tell(host, [person])  # first: they may be writing more just now
    try:
        await host.post(
            host.place(message.channel),
            f"Before we go on: {text} `/privacy` tells more.{again}",
            reply_to=Post(message.channel.id, message.id),
        )
    except KithError:
        await host.consent.tell(person, before)
        raise
    return not leaves

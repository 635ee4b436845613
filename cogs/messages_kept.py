"""What she keeps of one message in Discord, and how a message becomes a note."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from cogs.host import Host
from cogs.matching import NEAR_S, posted, words, written
from cogs.replies import readable
from memory.commands import heard_by
from memory.entry import new_id
from memory.plain_text import one_line, plain_name
from memory.posts import Post
from memory.types import HERS, Entry, Origin, Scope, StoredTurn
from memory.wishes import Wish
from persona_core.types import Person

SALIENCE = 0.8  # of what somebody asked for
SAME_S = 0.01  # between a message and a note of it: both times are in milliseconds
WHY = "Somebody who could read it asked her to remember it."


@dataclass(frozen=True, slots=True)
class Message:
    """A message, as far as it counts here. Make it on the event loop."""

    post: Post
    at_s: float  # Unix time
    content: str
    names: dict[int, str]  # whom it mentions, as they are called now; herself among them
    her_id: int
    place: str  # key
    direct: bool

    @property
    def text(self) -> str:
        """As people read it, on one line."""
        return one_line(readable(self.content, self.names))


def message_of(host: Host, message: discord.Message) -> Message:
    """Raises Refusal while she is being loaded."""
    place = host.place(message.channel)
    names = {user.id: user.display_name for user in message.mentions}
    return Message(
        Post(message.channel.id, message.id),
        message.created_at.timestamp(),
        message.content,
        names | {host.her_id: host.persona.character.name},
        host.her_id,
        place.key,
        place.direct,
    )


def turns_of(host: Host, person: str, message: Message) -> list[StoredTurn]:
    """What is kept of a message that ``person`` wrote. Blocks.

    It is known by its id, also when it has been edited since; one that an earlier version kept, by its words.
    """
    known = host.memory.turns.written_as(str(message.post))
    if known:
        return [turn for turn in known if turn.speaker == person]
    theirs = [
        turn
        for turn in _near(host, person, message)
        if turn.speaker == person
        and turn.scope.place == message.place
        and turn.scope.origin in (Origin.TEXT, Origin.DIRECT)
    ]
    return written(theirs, message.content, message.names, message.her_id)


def turns_in_post(host: Host, person: str, message: Message) -> list[StoredTurn]:
    """What is kept of a post of hers: words of ``person`` that it shows, or her answer to them. Blocks."""
    near = _near(host, person, message)
    theirs = [turn for turn in near if turn.speaker == person]
    hers = [turn for turn in near if turn.speaker == HERS]
    return posted(theirs, message.content) + posted(hers, message.content)


def note_of(host: Host, person: str, message: Message) -> Entry | None:
    """What became of the note that ``remember`` made of a message that ``person`` wrote, if they may know of it. Blocks."""
    entries, text = host.memory.journal.entries(), words(message.text)
    found: Entry | None = None
    for note in entries:
        apart_s = abs(note.at_s - message.at_s)
        if note.why != WHY or (note.scope.place, note.scope.about) != (message.place, (person,)):
            continue
        if apart_s < SAME_S or (apart_s < NEAR_S and words(note.text).endswith(f" {text}")):
            found = note
    while found and (newer := next((one for one in entries if found.id in one.supersedes), None)):
        found = newer
    return found if found and heard_by(person)(found.scope) else None


def deleted(host: Host, post: Post) -> Wish | None:
    """All that is kept of somebody's message which is not there any more; None: nothing. Blocks."""
    turns = host.memory.turns.written_as(str(post))
    written_s = discord.utils.snowflake_time(post.id).timestamp()
    notes = [
        one
        for one in host.memory.journal.entries(look=False)
        if one.why == WHY
        and abs(one.at_s - written_s) < SAME_S
        and one.scope.place.endswith(f":{post.channel}")
    ]
    people = {turn.speaker for turn in turns} | {one for note in notes for one in note.scope.about}
    if len(people) != 1:
        return None
    note = notes[0].id if notes else ""
    return Wish(people.pop(), entry=note, turns=tuple(turn.id for turn in turns))


def kept_of(host: Host, person: str, message: Message) -> tuple[list[StoredTurn], Wish | None]:
    """All that is kept of a message that ``person`` wrote. Blocks."""
    turns, note = turns_of(host, person, message), note_of(host, person, message)
    if not turns and note is None:
        return [], None
    return turns, Wish(person, entry=note.id if note else "", turns=tuple(turn.id for turn in turns))


def remember(host: Host, author: Person, asker: str, message: Message) -> Entry | None:
    """Make a note of what ``author`` wrote, for those who can read it, or for the one who wrote it to her alone.

    None where they have not agreed to be remembered. Blocks.
    """
    memory, turns = host.memory, turns_of(host, author.id, message)
    heard_by = {author.id} | ({asker} if memory.may_remember(asker) else set())
    scope = Scope(
        Origin.DIRECT if message.direct else Origin.TEXT,
        message.place,
        (author.id,),
        tuple(sorted(heard_by)),
        any(turn.scope.private for turn in turns),
    )
    note = Entry(
        new_id(message.at_s),
        message.at_s,
        f"{_shown(author.name, message.names[message.her_id])} wrote: {message.text}",
        scope,
        salience=SALIENCE,
        why=WHY,
        partners=(author.name,),
        sources=tuple(turn.id for turn in turns),
    )
    return memory.keep_entry(note)


def _shown(name: str, her_name: str) -> str:
    """Nobody's words pass for hers."""
    name = plain_name(name)
    return f"{name} (guest)" if name.casefold() == her_name.casefold() else name


def _near(host: Host, person: str, message: Message) -> list[StoredTurn]:
    turns = host.memory.turns.of_person(person, message.at_s - NEAR_S)
    return [turn for turn in turns if turn.at_s <= message.at_s + NEAR_S]

"""A host without Discord, in which everything else is real: memory, conversations, and the cogs that write and speak.

What anybody could read or hear is kept by who could; the model says all that it is told.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncGenerator, Sequence, Set
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from cogs.actions import Actions
from cogs.chronicle import Chronicle
from cogs.conversations import Conversations, Told
from cogs.host import Host, Place
from cogs.in_view import InView
from cogs.remembering import Remembering
from cogs.replies import Replies
from cogs.transcription import Captions, Transcription
from memory.memory import Memory
from memory.posts import Post
from persona_core.conversation import Conversation
from persona_core.events import Said
from persona_core.hearing.mode import Mode
from persona_core.persona import Persona
from persona_core.ports import LanguageModel
from persona_core.settings import load_settings
from persona_core.thinking.character import load_character
from persona_core.thinking.prompt import build_prompt
from persona_core.types import Message, Pcm, Person, Sampling
from tests.isolation.canaries import Gist
from tests.memory.kept import NOON_S
from tests.until import until

ANN = Person("discord:1001", "Ann")  # tells her things
BOB = Person("discord:1002", "Bob")  # was there for some of it
EVE = Person("discord:1003", "Eve")  # in the same server, and was not
ZOE = Person("discord:1004", "Zoe")  # in another server only
OLGA = Person("discord:1005", "Olga")  # runs her
PEOPLE = {person.name: person for person in (ANN, BOB, EVE, ZOE, OLGA)}

LOUNGE, DEN = "discord:2001", "discord:2002"  # voice channels: of the server, of the other one
GENERAL, MODS, ATTIC, SQUARE = "discord:3001", "discord:3002", "discord:3003", "discord:3004"  # text channels
ELSEWHERE = {DEN, ATTIC, SQUARE}  # places in the other server
READERS = {  # who can read which channel, a voice channel's own chat too
    LOUNGE: {"Ann", "Bob", "Eve", "Olga"},
    GENERAL: {"Ann", "Bob", "Eve", "Olga"},
    MODS: {"Ann", "Bob"},
    DEN: {"Ann", "Zoe"},
    SQUARE: {"Ann", "Zoe"},
    ATTIC: {"Ann", "Zoe"},
}


def alone_with(person: Person) -> str:
    """Key of the direct messages with somebody."""
    return f"discord:9{person.id[-4:]}"


class Blab:
    """Says everything it is told and, if it ``acts``, wants it posted and sent as well."""

    context_tokens = 8192
    keeps_prefix = True

    def __init__(self, *, acts: bool = True) -> None:
        self._acts = acts
        self.prompts: list[Sequence[Message]] = []  # that were answered
        self.read_ahead: list[Sequence[Message]] = []
        self._usual = set(_words(everything_in(build_prompt(load_character("mira"), (), self, 200))))

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        all_of_it = self._all_of(messages)
        yield all_of_it
        if self._acts:
            yield f" @@ {json.dumps({'actions': [f'post:{all_of_it}', f'dm:{all_of_it}']})}"

    def _all_of(self, messages: Sequence[Message]) -> str:
        """Every word of a prompt once, as far as a reply goes: first those that do not stand in each of them."""
        words = dict.fromkeys(_words(everything_in(messages[::-1])))
        said = sorted(words, key=self._usual.__contains__)
        return ". ".join(
            " ".join(said[at : at + 40]) for at in (0, 40, 80)
        )  # she says no more than three sentences

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        self.read_ahead.append(messages)

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


def everything_in(messages: Sequence[Message]) -> str:
    """All that is written in a prompt."""
    return "\n".join(message.content for message in messages)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


class Voice:
    """A short sound for every clause; keeps the clauses."""

    rate = 24_000

    def __init__(self) -> None:
        self.said: list[str] = []

    async def speak(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        self.said.append(text)
        yield np.full(240, 1000, np.int16)


class Tape:
    """Plays as fast as it is given sound."""

    def __init__(self) -> None:
        self.heard_s = 0.0

    async def play(self, pcm: Pcm, rate: int) -> None:
        self.heard_s += len(pcm) / rate

    async def drain(self) -> None:
        """It is done already."""

    def duck(self) -> None: ...

    def resume(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(slots=True)
class House:
    """Who is where, and what was written; satisfies as much of ``cogs.host.Host`` as is asked for here."""

    memory: Memory
    gist: Gist
    there: dict[str, list[Person]] = field(default_factory=dict)  # by place
    posted: list[tuple[str, str]] = field(default_factory=list)  # place, text
    now_s: float = NOON_S
    captioned: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    in_view: InView = field(default_factory=InView)
    engines: list[str] = field(default_factory=list)
    llm: Blab = field(default_factory=Blab)
    voice: Voice = field(default_factory=Voice)
    said: list[Said] = field(default_factory=list)
    persona: Persona = field(init=False)
    settings: Any = field(init=False)
    consent: Any = field(init=False)
    posts: Any = field(init=False)
    modes: Any = field(init=False)
    conversations: Conversations = field(init=False)
    remembering: Remembering = field(init=False)
    calls: Any = field(init=False)
    _posts: int = 0

    def __post_init__(self) -> None:
        self.settings = load_settings({}, None).model_copy(update={"owner_id": int(OLGA.id[8:])})
        self.consent, self.posts, self.modes = self.memory.consent, self.memory.posts, self.memory.modes
        self.persona = Persona(
            character=load_character("mira"),
            llm=self.llm,
            last_resort=self.llm,
            sampling=Sampling(),
            tts=self.voice,
            embedder=self.gist,
        )
        self.calls = SimpleNamespace(at=lambda key: None, in_realm=self._call_in)
        self.begin_anew()
        self.remembering = Remembering(self.host)

    def begin_anew(self) -> None:
        """No conversation goes on, nobody is anywhere, nothing was written or said."""
        self.conversations = Conversations(lambda: self.persona, lambda place: Chronicle(self.host, place))
        self.conversations.listen(self._note)
        self.there, self.captioned, self.posted, self.said = {}, set(), [], []
        self.llm.prompts, self.llm.read_ahead, self.voice.said = [], [], []

    def think_with(self, llm: LanguageModel) -> None:
        """What was said is thought over by ``llm`` from now on, not by its words alone."""
        self.persona = replace(self.persona, reflection_llm=llm)
        self.remembering = Remembering(self.host)

    @property
    def host(self) -> Host:
        return cast(Host, self)

    @property
    def her_id(self) -> int:
        return 7

    def now(self) -> float:
        return self.now_s

    def _note(self, key: str, event: Told) -> None:
        if isinstance(event, Said):
            self.said.append(event)

    def _call_in(self, realm: str) -> object:
        key = {"home": LOUNGE, "other": DEN}.get(realm, "")
        return SimpleNamespace(place=self.place_called(key), line=None) if self.there.get(key) else None

    # What cogs ask

    def place_called(self, key: str) -> Place:
        direct = key.startswith("discord:9")
        realm = f"alone in {key}" if direct else "other" if key in ELSEWHERE else "home"
        return Place(key, f"<#{key[8:]}>", realm, direct)

    def place(self, channel: Any) -> Place:
        return self.place_called(f"discord:{channel.id}")

    def person(self, user: Any) -> Person:
        return Person(f"discord:{user.id}", user.display_name)

    def is_owner(self, user: Any) -> bool:
        return int(user.id) == self.settings.owner_id

    def moderates(self, user: Any, channel: object) -> bool:
        return False

    def people_present(self, place: Place) -> Sequence[Person]:
        return self.there.get(place.key, [])

    def readable(self, person_ids: Set[str], place_keys: Set[str]) -> frozenset[str]:
        names = {person.name for person in PEOPLE.values() if person.id in person_ids}
        return frozenset(key for key in place_keys if names <= READERS.get(key, set()))

    async def look_up_readers(self, person_ids: Set[str], place_keys: Set[str]) -> None:
        """All is known."""

    def watch_buttons(self, view: object) -> None: ...

    async def show_typing(self, place: Place) -> None: ...

    async def post(self, place: Place, text: str, **more: object) -> Post:
        self.posted.append((place.key, text))
        self._posts += 1
        return Post(int(place.key[8:]), self._posts)

    async def write_to(self, person_id: str, text: str) -> Post:
        return await self.post(self.place_called(f"discord:9{person_id[-4:]}"), text)

    async def delete_post(self, post: Post) -> None: ...

    async def react(self, post: Post, emoji: str) -> None: ...


class Room:
    """One conversation from its beginning, with the cogs that act on it; use as ``async with``."""

    def __init__(self, house: House, key: str, *people: Person) -> None:
        """``people`` are in the call there."""
        house.begin_anew()
        self.house, self.key = house, key
        house.there[key] = list(people)
        self.replies, self.actions = Replies(house.host), Actions(house.host)
        self.transcription = Transcription(house.host)
        self.talk: Conversation

    async def __aenter__(self) -> Room:
        call = self.key in (LOUNGE, DEN)
        self.talk = await self.house.conversations.open(self.house.place_called(self.key), call=call)
        if call:
            self.talk.speak_through(Tape())
            self.talk.set_mode(Mode.ALWAYS)
            await self.come(*self.house.there.get(self.key, []))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.house.conversations.close_all()
        for cog in (self.replies, self.actions, self.transcription):
            cog.cog_unload()

    async def come(self, *people: Person) -> None:
        """From now on these are in the call."""
        self.house.there[self.key] = list(people)
        self.talk.set_people(people)
        await self.talk._recollection.met()

    async def caption(self) -> None:
        """What is said is written into the call's own chat from now on, where others read it."""
        place = self.house.place_called(self.key)
        captions = self.transcription._captions[self.key] = Captions(place)
        captions.task = asyncio.create_task(self.transcription._write(captions))
        self.transcription._set_captioned(self.key, True)
        await self.talk._recollection.met()

    async def say(self, person: Person, words: str) -> None:
        """Say it in the call, and wait for her answer and all that she does with it."""
        recollection = self.talk._recollection
        recollection.begin()
        recollection.follow(person, words)
        await until(lambda: recollection._looking is None)
        recollection.settle()
        self.talk.read(person, words)
        await self._over()

    async def write(self, person: Person, words: str) -> None:
        """Write it to her, as a message of this place."""
        self.talk.read(person, words, message=f"{self.key[8:]}/1")
        await self._over()

    async def _over(self) -> None:
        await self.talk.settled()
        if pending := self.talk._records.pending:
            await pending
        await until(lambda: not (self.replies._tasks or self.actions._tasks))
        captions = self.transcription._captions.get(self.key)
        if captions is not None:
            spoken = sum(not one.private for one in self.house.said)
            await until(lambda: sum("**Mira:**" in text for _, text in self.house.posted) >= spoken)

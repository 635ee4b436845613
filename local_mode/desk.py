"""The desk: the same cogs without a login. What they ask of Discord is answered here; nothing reaches the network."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from time import perf_counter
from types import SimpleNamespace, TracebackType
from typing import Any

import discord
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from cogs import all_cogs, terms
from cogs.answers import KithCog, explain
from cogs.calls import Calls
from cogs.chronicle import Chronicle
from cogs.conversations import Closed, Conversations, Forgotten, Told, Unsaid
from cogs.encounters import Encounters
from cogs.host import CallEvents, Line, Place, Refusal, User
from cogs.in_view import InView
from cogs.overlay import Overlay
from cogs.remembering import Remembering
from local_mode.call import COMMANDS, GUEST, DeskCall
from local_mode.camera_sources import sources_of
from local_mode.chronicles import Alone, Seated
from local_mode.interactions import HER_ID, Act, Answers, Interactions, Message, NotThere, shown
from local_mode.people import People
from local_mode.shown import readable
from local_mode.sound import Sound
from local_mode.typed import Json, brought_here, commands_of
from local_mode.without_discord import WithoutDiscord
from memory.consent import Purpose
from memory.errors import MemoryFault
from memory.memory import open_memory
from memory.posts import Post
from persona_core.conversation import Conversation
from persona_core.events import Event, Failed
from persona_core.persona import Persona
from persona_core.ports import Playback
from persona_core.settings import Settings, key_place
from persona_core.types import Person

KEY = "desk"
TERMINAL = 0  # the channel of what is shown here instead of being posted
PATIENCE_S = 1.0  # with a command that waits for a click on what it has answered
SUGGESTIONS_S = 5.0
ENDING_S = 5.0  # for what the cogs are doing: what is being erased, or written down, is finished

log = logging.getLogger(__name__)


class Desk(WithoutDiscord):
    """A host that never logs in (``cogs.host.Host``). Use as ``async with Desk(...)``, on a running event loop."""

    def __init__(
        self,
        settings: Settings,
        persona: Persona,
        you: Person,
        people: Sequence[Person],
        tell: Callable[[str], None],
        engines: Sequence[str] = (),
        sound: Sound | None = None,
    ) -> None:
        """``you`` gives commands, ``people`` are there; ``tell`` is given what is shown beside the conversation.

        ``engines``: what she runs on, one line each. ``sound``: what she can hear with and speak through. Raises
        MemoryFault where nothing can be kept.
        """
        self.settings = settings
        self.persona = persona
        self.engines = list(engines)
        self.counts: Counter[str] = Counter()
        self.captioned: set[str] = set()
        self.now: Callable[[], float] = time.time
        self.said_last: Json | None = None  # as Discord would show it: what menus of messages act on
        self._tell = tell
        self._failure = ""  # the last one that was shown
        self._written = 0
        self._ended = False
        self._conversation: Conversation | None = None
        self._playback: Playback | None = None  # outside of a call
        self._begun = perf_counter()
        self._reopening: asyncio.Task[Conversation] | None = None
        self.memory = open_memory(
            settings.data_dir,
            key_place(settings),
            encrypted=settings.journal_encryption == "on",
            store=settings.store.get_secret_value(),
        )
        self._first = self.memory.turns.last_id()  # what was said here comes after it
        self.consent, self.posts, self.modes = self.memory.consent, self.memory.posts, self.memory.modes
        self.in_view = InView()
        self.remembering = Remembering(self)
        self.conversations: Conversations = Conversations(lambda: self.persona, self._memories)
        self.calls = Calls(self)
        self.call = DeskCall(self, sound, list({person.id: person for person in people}.values()))
        self._place = self._our_place(you)
        self._known = People(lambda one: any(self.consent.decision(one, purpose) for purpose in Purpose))
        her = shown(HER_ID, persona.character.name) | {"bot": True}
        self.you = self._known.shown(you)
        self.interactions = Interactions(self.you, her)
        self._client = Client(her)
        for cog in all_cogs(self):
            self._client.add_cog(cog)
        commands = commands_of(one.to_dict() for one in self._client.pending_application_commands)
        self.commands = brought_here(commands, COMMANDS) if self.call.possible else commands

    async def __aenter__(self) -> Desk:
        self.remembering.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.calls.close()
        self._ended = True
        await self.conversations.close_all()
        if self._reopening is not None:
            await asyncio.wait({self._reopening})
        cogs = [cog for cog in self._client.cogs.values() if isinstance(cog, KithCog)]
        await asyncio.gather(*(cog.end(ENDING_S) for cog in cogs))
        for name in list(self._client.cogs):
            self._client.remove_cog(name)
        await self.remembering.close()
        try:  # a short sitting may be over before that was done
            await asyncio.to_thread(lambda: self.memory.index(self.memory.turns.after(self._first)))
        except MemoryFault as failure:
            log.warning("what was said is indexed at the next start: %s", type(failure).__name__)
        finally:
            self.memory.close()

    async def talk(self, playback: Playback | None, show: Callable[[Event], None]) -> Conversation:
        """Begin the conversation; ``playback``: where she speaks, ``show`` is told what happens in it."""

        def on_event(key: str, event: Told) -> None:
            if isinstance(event, Forgotten):
                self.said_last = None
                self.interactions.forget()
            elif isinstance(event, Closed):  # with a call, which leaves nothing of what was said
                if key == KEY and not self._ended:
                    self._reopening = asyncio.create_task(self._open(), name="desk: after a call")
            elif not isinstance(event, Unsaid):
                if isinstance(event, Failed):
                    self._failure = event.message
                show(event)

        self.conversations.listen(on_event)
        await self._tell_where_words_go()
        self._playback, self._begun = playback, perf_counter()
        return await self._open()

    async def _open(self) -> Conversation:
        there = self.conversations.get(KEY)
        conversation = self._conversation = there or await self.conversations.open(self._place, call=True)
        if there is None:
            conversation.speak_through(self._playback)
            conversation.set_people(self.people_present(self._place))
        return conversation

    async def conversation(self) -> Conversation:
        """That of this place; after a call it is begun anew."""
        if self._reopening is not None:
            await asyncio.wait({self._reopening})
        return await self._open()

    async def listen(self) -> None:
        """Hear and speak from now on, as after /join. Raises KithError."""
        await self.calls.join(self._place)

    @property
    def listening(self) -> bool:
        return self.calls.at(KEY) is not None

    # What she sees, and the page

    @property
    def encounters(self) -> Encounters:
        cog = self._client.get_cog("Encounters")
        assert isinstance(cog, Encounters)  # it is one of ``all_cogs``
        return cog

    @property
    def page(self) -> Overlay:
        cog = self._client.get_cog("Overlay")
        assert isinstance(cog, Overlay)  # it is one of ``all_cogs``
        return cog

    def clock(self) -> float:
        """The conversation's own, as it runs on where nobody is heard."""
        return perf_counter() - self._begun

    @property
    def playback(self) -> Playback | None:
        """Where she speaks, unless the page has taken her voice."""
        call = self.calls.at(KEY)
        return call.line.playback if call is not None and call.line is not None else self._playback

    def _our_place(self, you: Person) -> Place:
        """Where there is a camera, others may come before it: nothing is told there as if they were alone for good."""
        seen = bool(sources_of(self.settings.camera.get_secret_value()))
        hosts = frozenset({you.id}) if seen else frozenset[str]()
        direct, mixed = len(self.call.people) == 1 and not seen, self.call.mixed
        return Place(KEY, "our talk at the desk", KEY, direct, chat=False, mixed=mixed, hosts=hosts)

    def _memories(self, place: Place) -> Chronicle:
        if place.direct:
            return Alone(self, place, self.call.people[0])
        return Seated(self, place) if place.hosts else Chronicle(self, place)

    async def _tell_where_words_go(self) -> None:
        """To those who have not been told yet, or something else."""
        unaware = [person.id for person in self.call.people if not terms.knows(self, person.id)]
        if unaware and (leaves := terms.of_all(self.settings)):
            self._tell(leaves)
            await terms.tell(self, unaware)

    # Commands

    async def act(self, act: Act, data: Json, pressed: Message | None = None) -> Answers:
        """Do what Discord does when somebody acts; returns when all that can be waited for has been answered."""
        payload, answers = self.interactions.begin(act, data, pressed)
        before = asyncio.all_tasks()
        contextvars.copy_context().run(self._client.take, payload, Catcher(self.interactions))
        tasks = asyncio.all_tasks() - before
        if (
            act is Act.SUGGEST
        ):  # py-cord's own task does not wait for the suggestions, and then goes on waiting
            tasks = {asyncio.create_task(_came(answers))}
        while tasks:
            _, tasks = await asyncio.wait(tasks, timeout=PATIENCE_S)
            if answers.came.is_set() and any(message.data["components"] for message in answers.shown):
                break
        answers.over = True
        return answers

    def note(self, line: str) -> None:
        """Whoever gives commands has said something."""
        self.said_last = self.interactions.message(self.you, line, self.now())

    def user_named(self, text: str) -> Json:
        """See People.named."""
        return self._known.named(text)

    @property
    def names(self) -> dict[str, str]:
        """What people are called, by their Discord ids."""
        return self._known.names | {str(HER_ID): self.persona.character.name}

    # Who and where

    @property
    def her_id(self) -> int:
        return HER_ID

    def watch_buttons(self, view: discord.ui.View) -> None:
        self._client.add_view(view)

    def person(self, user: User) -> Person:
        return self._known.get(user.id) or Person(f"discord:{user.id}", user.display_name)

    def place(self, channel: object) -> Place:
        return self._place

    def place_called(self, key: str) -> Place | None:
        return self._place if key == KEY else None

    def call_place(self, asker: User, channel: object | None) -> Place:
        return self.voice_place(asker, channel)

    def voice_place(self, asker: User, channel: object) -> Place:
        if not self.call.possible:
            raise Refusal("There are no voice channels at the desk.")
        return self._place

    def may_hear(self, person: Person) -> bool:
        """Whether somebody's sound may be listened to: whoever plays it agrees for themselves, unless they refused."""
        decision = self.consent.decision(person.id, Purpose.HEARING)
        return decision is None or decision.allowed

    def people_present(self, place: Place) -> Sequence[Person]:
        """Who sits here, and who is in view; somebody who is not known is a guest."""
        if place.key != KEY:
            return ()
        now_s = perf_counter()
        guests = [GUEST] if self.in_view.stranger(now_s) else []
        there = (*self.call.people, *self.in_view.people(now_s), *guests)
        return list({one.id: one for one in there}.values())

    def on_view(self) -> None:
        """Others are in view."""
        if call := self.calls.at(KEY):
            call.on_people()
        elif conversation := self.conversations.get(KEY):
            conversation.set_people(self.people_present(self._place))

    # What is done elsewhere

    async def open_transport(self, place: Place, may_hear: Callable[[str], bool], events: CallEvents) -> Line:
        return await self.call.open(may_hear, events, self._tell)

    async def announce(self, place: Place, text: str, view: discord.ui.View) -> Post:
        return await self.post(place, self.call.notice if self.call.possible else text)

    async def post(
        self, place: Place, text: str, *, view: discord.ui.View | None = None, reply_to: Post | None = None
    ) -> Post:
        if text != self._failure:  # else it stands there already
            self._tell(readable(text, self.names))
        self._written += 1
        return Post(TERMINAL, self._written)

    async def delete_post(self, post: Post) -> None:
        """What has been shown here is kept nowhere."""
        if post.channel != TERMINAL:
            raise Refusal(
                "What I wrote in Discord I can delete only there; I do when the bot is started again."
            )

    async def tell_owner(self, text: str) -> None:
        self._tell(text)


class Client(discord.Bot):
    """py-cord, which runs commands and buttons, with nobody to call."""

    def __init__(self, her: Json) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(  # type: ignore[no-untyped-call]
            loop=asyncio.get_running_loop(),
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            auto_sync_commands=False,
            cache_default_sounds=False,
        )
        self._connection.user = discord.ClientUser(state=self._connection, data=her)  # type: ignore[arg-type]
        self.http.request = _only_in_discord  # type: ignore[method-assign]

    def take(self, payload: Json, catcher: Catcher) -> None:
        """Somebody has acted. Whatever comes of it answers to ``catcher``, in all tasks that are begun from here."""
        async_context.set(catcher)
        self._connection.parse_interaction_create(payload)

    async def on_application_command_error(
        self, context: discord.ApplicationContext, exception: discord.DiscordException
    ) -> None:
        """What no cog has taken."""
        if context.cog is None:
            await explain(context.interaction, exception)

    async def on_error(self, event_method: str, *args: object, **kwargs: object) -> None:
        """The one catch-all of events; py-cord would print their arguments' words."""
        log.exception("unexpected error in %s", event_method)


class Catcher(AsyncWebhookAdapter):
    """Takes what would be sent to Discord."""

    def __init__(self, interactions: Interactions) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._interactions = interactions

    async def request(
        self,
        route: discord.http.Route,
        session: object,
        *,
        payload: Json | None = None,
        multipart: list[Json] | None = None,
        files: list[discord.File] | None = None,
        **more: object,
    ) -> Any:
        body = json.loads(multipart[0]["value"]) if multipart else payload or {}
        written = [(str(file.filename), file.fp.read()) for file in files or []]
        path = route.url.removeprefix(route.base).strip("/").split("/")
        try:
            return self._interactions.answer(route.method, path, body, written)
        except NotThere as error:
            answer: Any = SimpleNamespace(status=404, reason="Not Found")
            raise discord.NotFound(answer, str(error)) from error


async def _came(answers: Answers) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(answers.came.wait(), SUGGESTIONS_S)


async def _only_in_discord(*args: object, **kwargs: object) -> Any:
    raise Refusal("That works only in Discord.")

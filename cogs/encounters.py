"""Whom she meets before a camera: what an eye tells goes to memory, page and conversation; ``/face`` and ``/encounters``.

A host that has an eye opens it here. In Discord there is none: cards of those who join a call, and the commands, are there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from time import perf_counter

import discord

from cogs import encounter_pages, knowing
from cogs.acquaintances import Acquaintances
from cogs.answers import ANYWHERE, KithCog, PoliteView, say, sentence
from cogs.consent_panel import ChoiceButton
from cogs.conversations import Told, Unsaid
from cogs.deciding import erase_print
from cogs.eye import Eye
from cogs.host import Host, Place, Refusal
from cogs.meeting import Meeting
from cogs.overlay import Overlay
from cogs.pairing import Pairing
from cogs.reading import alone
from memory.audience import Listeners
from memory.consent import Purpose, agreed
from memory.errors import MemoryFault
from memory.types import Encounter
from persona_core.errors import KithError
from persona_core.events import EyeEvent, Gone, Heard, Stranger
from persona_core.types import Person, Utterance

LOOK_S = 1.0  # between looks at who has been out of view for long enough to have left
BUSY_S = 2.0  # after a word, an eye looks less often
MOST_LISTED = 12

ASKED_FIRST = (
    "To know you by your face I would keep a print of it: numbers from which no picture can be made, with your name, sealed, "
    "on my owner's computer. By it I would tell that it is you before a camera of theirs. It is erased when you say no, with "
    "`/forget me`, and when I have not recognised you for a year. If I may, press “Know my face” or use `/consent face on`; "
    "then ask me again."
)
ASKING = "I ask them aloud, and wait for their own yes."
NOT_FOR_ALL = (
    "Only whoever runs me may have me ask somebody else; `/face enrol` without a name is for yourself."
)
NOT_TO_CHANGE = "Only whoever runs me may say who is one and the same."

log = logging.getLogger(__name__)


class Encounters(KithCog):
    face = discord.SlashCommandGroup("face", "Being known by your face.", contexts=ANYWHERE)
    encounters = discord.SlashCommandGroup("encounters", "When I met people.", contexts=ANYWHERE)

    def __init__(self, host: Host, page: Overlay) -> None:
        super().__init__(host)
        self._page = page
        self._eye: Eye | None = None
        self._place: Place | None = None  # before the camera
        self._known: Acquaintances | None = None
        self._pairing: Pairing | None = None
        self._meeting: Meeting | None = None
        self._keeping = asyncio.Lock()
        self._forgotten = 0  # times
        self._there: tuple[object, ...] = ()
        self._changed: Callable[[], None] = lambda: None
        host.conversations.listen(self._on_event)
        host.conversations.commands.append(self._take)
        host.conversations.when_forgotten(self._on_forgotten)
        host.consent.listen(self._on_decision)

    # An eye

    def acquaintances(self, place: Place, guest: Person) -> Acquaintances:
        """What an eye in ``place`` asks; ``guest`` stands for whoever is there and not known."""
        self._place, self._known = place, Acquaintances(self.host, place, guest.id)
        return self._known

    def open_eye(self, eye: Eye, person_for: Callable[[str], Person], changed: Callable[[], None]) -> None:
        """From now on, through ``eye``; ``person_for`` a name: who is to be known by it. ``changed`` is called when others
        are in view, after ``InView`` tells it.
        """
        assert self._place is not None and self._known is not None  # ``acquaintances`` comes first
        host, self._eye, self._changed = self.host, eye, changed
        self._pairing = Pairing(eye, self._known, host.in_view, self._place.mixed, host.now, host.counts)
        self._meeting = Meeting(host, self._place, eye, person_for)
        self.start(self._look(), "encounters: look", lasting=True)

    def close_eye(self) -> None:
        """Nothing is seen any more."""
        self._eye = self._pairing = self._meeting = None
        self.host.in_view.close()
        self._tell()

    def on_eye(self, event: EyeEvent) -> None:
        """Something is seen. Never waits."""
        self.host.in_view.take(event, perf_counter())
        self._page.on_eye(event)
        match event:
            case Stranger(track=track) if self._meeting and self.host.settings.face_meeting == "ask":
                self.start(self._meeting.offer(track), "meet somebody", lasting=True)
            case Gone(track=track) if self._meeting:
                self._meeting.gone(track)
        self._tell()

    def _tell(self) -> None:
        """Others are there, or not: it is told once."""
        view, now = self.host.in_view, perf_counter()
        people = view.people(now)
        there = (*people, view.stranger(now))
        if there != self._there:
            self._there = there
            if self._known is not None:
                view.saw(self._known.listeners().people, now)
            self._changed()

    def _rest(self) -> None:
        """The processor is for hearing and answering, while there is anything to hear or answer."""
        if self._eye is not None and self._meeting is not None:
            self._eye.busy = self._meeting.talked_within(BUSY_S) and not self._meeting.waits

    async def _look(self) -> None:
        while self._eye is not None:
            await asyncio.sleep(LOOK_S)
            self.host.in_view.look(perf_counter())
            self._rest()
            self._tell()

    # What is said

    def _on_event(self, key: str, event: Told) -> None:
        if self._place is None or key != self._place.key or self._pairing is None or self._meeting is None:
            return
        self._meeting.on_event(event)
        self._rest()
        match event:
            case Heard(utterance) if self._pairing.take(utterance):
                self.start(self._keep(self._pairing), "encounters: keep")
            case Unsaid(utterance):
                self._pairing.unsay(utterance)

    async def _keep(self, pairing: Pairing) -> None:
        async with self._keeping:
            await pairing.keep()

    def _take(self, key: str, utterance: Utterance) -> bool:
        """See Conversations.commands."""
        meeting = self._meeting
        if meeting is None or self._place is None or key != self._place.key or not meeting.take(utterance):
            return False
        self.host.conversations.unsay(key, utterance)
        return True

    # Forgetting

    def _on_forgotten(self, person_id: str | None, last_s: float) -> None:
        self._forgotten += 1
        if self._pairing is not None:
            self._pairing.forget(person_id)
        if last_s == float("inf"):
            self._forget_face(person_id)

    def _on_decision(self, person_id: str, purpose: Purpose, allowed: bool) -> None:
        self._forgotten += not allowed
        if purpose in (Purpose.FACE, Purpose.REMEMBERING) and not allowed and self._known is not None:
            self._known.going_on.pop(person_id, None)
        if purpose is Purpose.FACE and not allowed:
            self._forget_face(person_id)

    def _forget_face(self, person_id: str | None) -> None:
        """Whoever this is is nobody whom she knows, from now on; nor does she ask them."""
        view = self.host.in_view
        if self._meeting is not None:
            faces = view.faces() if person_id is None else []
            for track in [face.track for face in faces] or view.tracks_of(person_id or ""):
                self._meeting.leave_alone(track)
        view.forget(person_id)
        if self._known is not None:
            self._known.forget(person_id)
        if self._eye is not None:
            self._eye.forget(person_id)
        self._tell()

    # Discord: cards without a face

    @discord.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Somebody joins a call that the owner is in: what the owner may hear of them is on their page."""
        number = self.host.settings.owner_id
        if after.channel is None or before.channel == after.channel or member.bot or member.id == number:
            return
        person, place = self.host.person(member), self.host.place(after.channel)
        owner = f"{person.id.partition(':')[0]}:{number}"
        if owner in {one.id for one in self.host.people_present(place)}:
            self.start(self._show_card(place, person, owner), "a card")

    async def _show_card(self, place: Place, person: Person, owner: str) -> None:
        people, now_s, forgotten = self.host.memory.people, self.host.now(), self._forgotten
        listeners = Listeners(frozenset({person.id, owner}), place.key)

        def look() -> Encounter | None:
            name = people.name_of(person.id) if self.host.memory.may_remember(person.id) else ""
            if not name:
                return None
            said = people.summary(person.id, listeners, now_s)
            return Encounter("", person.id, name, (person.id,), -1.0, now_s, now_s, said)

        try:
            met = await asyncio.to_thread(look)
        except MemoryFault as error:
            log.warning("no card: %s", type(error).__name__)
            return
        if forgotten != self._forgotten:  # it may hold what is gone
            return
        if met is not None and person in self.host.people_present(place):
            self._page.on_card(place.key, met)

    # Commands

    @face.command(
        description="Let me know your face, before my owner's camera; or, for my owner, somebody's who says yes."
    )
    @discord.option(
        "name", str, description="Who is to be asked aloud; without it: you.", default="", max_length=32
    )  # type: ignore[untyped-decorator, no-untyped-call]
    async def enrol(self, ctx: discord.ApplicationContext, name: str = "") -> None:
        await ctx.defer(ephemeral=True)
        host, person, name = self.host, self.host.person(ctx.author), " ".join(name.split())
        if name and not host.is_owner(ctx.author):
            raise Refusal(NOT_FOR_ALL)
        if not name and not agreed(host.consent.decision(person.id, Purpose.FACE)):
            allow = ChoiceButton(host, Purpose.FACE, True)
            await say(ctx.interaction, ASKED_FIRST, PoliteView(allow, timeout=None, store=False))
            return
        eye, meeting = self._eye, self._meeting
        if eye is None or meeting is None:
            raise Refusal(knowing.NO_CAMERA)
        if name:
            ask = meeting.ask(knowing.meant(eye).track, name)
            await say(ctx.interaction, ASKING)
            self.start(self._answered(ctx, ask), "meet somebody by name", lasting=True)
            return
        template = await knowing.sit(host, eye, knowing.meant(eye, person.id).track, person.id)
        await knowing.know(host, person, template, "")
        await say(ctx.interaction, knowing.KEPT_OWN)

    async def _answered(
        self, ctx: discord.ApplicationContext, ask: Coroutine[object, object, Person]
    ) -> None:
        """What came of it, for whoever wanted it."""
        try:
            person = await ask
            text = knowing.KEPT.format(name=person.name)
        except (KithError, MemoryFault) as error:
            text = sentence(error)
        await say(ctx.interaction, text)

    @face.command(description="Erase the print of your face; I do not know you by it any more.")
    async def forget(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        person_id = self.host.person(ctx.author).id
        await say(ctx.interaction, await erase_print(self.host, person_id, Purpose.FACE, "face"))

    @encounters.command(name="list", description="Whom I met when you were there, and what was said then.")
    @discord.option("person", discord.User, description="Only with whom.", required=False, default=None)  # type: ignore[untyped-decorator, no-untyped-call]
    async def list_(self, ctx: discord.ApplicationContext, person: discord.User | None = None) -> None:
        await ctx.defer(ephemeral=True)
        host, reader = self.host, await alone(self.host, ctx.author, ctx.channel)
        whom = None if person is None else host.person(person).id
        find = partial(host.memory.people.encounters, reader, whom, MOST_LISTED)
        met = await asyncio.to_thread(find)
        await say(ctx.interaction, encounter_pages.listed(met, host.now(), host.persona.character.name))

    @encounters.command(description="For whoever runs me: two people are one and the same.")
    @discord.option("kept", discord.User, description="As whom they are known from now on.")  # type: ignore[untyped-decorator, no-untyped-call]
    @discord.option("gone", discord.User, description="Who is the same.")  # type: ignore[untyped-decorator, no-untyped-call]
    async def merge(self, ctx: discord.ApplicationContext, kept: discord.User, gone: discord.User) -> None:
        one, other = self._owners(ctx, kept), self._owners(ctx, gone)
        await ctx.defer(ephemeral=True)
        await knowing.change(self.host, partial(self.host.memory.people.merge, one.id, other.id))
        self._look_anew()
        await say(ctx.interaction, f"{other.name} is {one.name} from now on; `/encounters split` undoes it.")

    @encounters.command(description="For whoever runs me: who was made one is told apart again.")
    @discord.option("person", discord.User, description="Whom.")  # type: ignore[untyped-decorator, no-untyped-call]
    async def split(self, ctx: discord.ApplicationContext, person: discord.User) -> None:
        whom = self._owners(ctx, person)
        await ctx.defer(ephemeral=True)
        await knowing.change(self.host, partial(self.host.memory.people.split, whom.id))
        self._look_anew()
        await say(ctx.interaction, f"{whom.name} is told apart again.")

    def _owners(self, ctx: discord.ApplicationContext, user: discord.User) -> Person:
        """Whom the owner means. Raises Refusal."""
        if not self.host.is_owner(ctx.author):
            raise Refusal(NOT_TO_CHANGE)
        return self.host.person(user)

    def _look_anew(self) -> None:
        if self._eye is not None:
            self._eye.forget(None)

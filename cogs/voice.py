"""Being known by one's voice where several people share one stream: ``/voice``."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import discord

from cogs import enrolling
from cogs.answers import ANYWHERE, PoliteView, say, sentence
from cogs.call import Call
from cogs.consent_panel import ChoiceButton
from cogs.deciding import erase_print
from cogs.enrolling import Enrolling
from cogs.host import Host, Refusal
from cogs.private_view import Press, PrivateCog, PrivateView, RunOut
from memory.consent import Purpose, agreed
from memory.errors import MemoryFault
from persona_core.errors import KithError
from persona_core.hearing.enrolment import ENOUGH_S
from persona_core.hearing.prints import VoicePrint
from persona_core.ports import VoiceEncoder
from persona_core.types import Person

STOP = "kith:voice:stop"  # custom ids outlive a restart
SOMEBODY = "somebody I know already"  # who that is is not for all to know

ASKED_FIRST = (
    "To know you by your voice I would keep a print of it: numbers from which no sound can be made, with your name, sealed, on "
    "my owner's computer. By it I would tell that it is you where several people share one microphone. It is erased when you "
    "say no, with `/forget me`, and when I have not recognised you for a year. If I may, press “Know my voice” or use "
    "`/consent voice on`; then ask me again."
)
LISTENING = (
    "I am listening to you now: say something for about ten seconds, the way you usually talk. "
    "I have {heard} of {enough} seconds."
)
KEPT = (
    "Thank you, I know your voice now. `/voice forget` erases its print; it goes as well when I have not recognised you for a "
    "year."
)
NO_CALL = "I am in no call here; ask me in with `/join`, then we can do it there."
MIXED = (
    "Here several people share one stream, so I cannot know which of the voices is yours. It works in a Discord call, and at "
    "the desk with a microphone of your own (DESK_VOICES=off)."
)

log = logging.getLogger(__name__)


class Listened(PrivateView):
    """How far it has come, with a button that ends it."""

    def __init__(self, ctx: discord.ApplicationContext, cog: PrivateCog, going_on: Enrolling) -> None:
        super().__init__(ctx.interaction, cog.open_views)
        self._going_on = going_on
        self.add_item(Press(STOP, "Stop", self._stop))

    async def _stop(self, interaction: discord.Interaction) -> None:
        self._going_on.end(enrolling.STOPPED)
        await self.take(interaction)

    async def show(self, text: str, *, over: bool = False) -> None:
        """Nobody may see it any more, which changes nothing."""
        try:
            await self.draw(text, None, buttons=not over)
        except discord.HTTPException as error:
            log.info("enrolling is not shown: %s %s", error.status, error.code)

    async def heard(self, seconds: float) -> None:
        await self.show(LISTENING.format(heard=round(seconds), enough=round(ENOUGH_S)))


class Voice(PrivateCog):
    voice = discord.SlashCommandGroup("voice", "Being known by your voice.", contexts=ANYWHERE)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._going_on: dict[str, Enrolling] = {}  # by person
        host.watch_buttons(RunOut([STOP]))
        host.consent.listen(self._on_decision)
        host.conversations.when_forgotten(self._on_forgotten)

    @voice.command(
        description="Let me learn your voice, in a call, so that I know you where several share a stream."
    )
    async def enrol(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        host, person = self.host, self.host.person(ctx.author)
        if not agreed(host.consent.decision(person.id, Purpose.VOICE)):
            allow = ChoiceButton(host, Purpose.VOICE, True)
            await say(ctx.interaction, ASKED_FIRST, PoliteView(allow, timeout=None, store=False))
            return
        call, persona = self._call(ctx, person), host.persona
        if persona.voices is None or persona.hearing is None:
            raise Refusal("I cannot tell voices apart here, so there is nothing to learn yours for.")
        if person.id in self._going_on:
            raise Refusal("I am listening to you already; just go on talking.")
        going_on = self._going_on[person.id] = Enrolling(
            host, call, person, persona.voices, persona.hearing.vad
        )
        view = Listened(ctx, self, going_on)
        try:
            text = LISTENING.format(heard=0, enough=round(ENOUGH_S))
            await say(ctx.interaction, text, view)
        except BaseException:
            del self._going_on[person.id]
            raise
        self.start(self._enrol(person, persona.voices, going_on, view), "enrol a voice", lasting=True)

    @voice.command(description="Erase the print of your voice; I do not know you by it any more.")
    async def forget(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        person_id = self.host.person(ctx.author).id
        await say(ctx.interaction, await erase_print(self.host, person_id, Purpose.VOICE, "voice"))

    def _call(self, ctx: discord.ApplicationContext, person: Person) -> Call:
        """Where their own sound is heard. Raises Refusal."""
        call = self.host.calls.in_realm(self.host.place(ctx.channel).realm)
        if call is None:
            raise Refusal(NO_CALL)
        if call.place.mixed:
            raise Refusal(MIXED)
        if person.id not in {one.id for one in self.host.people_present(call.place)}:
            raise Refusal("Only somebody who is in the call with me can do that; come in, and ask me again.")
        if not call.may_hear(person.id):
            raise Refusal("I do not hear you; `/consent hearing on` changes that, then ask me again.")
        return call

    async def _enrol(
        self, person: Person, encoder: VoiceEncoder, going_on: Enrolling, view: Listened
    ) -> None:
        text = enrolling.STOPPED
        try:
            sample = await going_on.listen(view.heard)
            others = await asyncio.to_thread(self._others, person, encoder.name)
            vector = sample.vector(others)
            going_on.require_going_on()
            keep = partial(self.host.memory.keep_voice, person.id, vector, encoder.name, person.name)
            text = KEPT if await asyncio.to_thread(keep) else enrolling.WITHDRAWN
        except (KithError, MemoryFault) as error:
            log.info("no print of a voice: %s", type(error).__name__)
            text = sentence(error)
        finally:
            del self._going_on[person.id]
        await view.show(text, over=True)

    def _others(self, person: Person, encoder: str) -> list[VoicePrint]:
        kept = self.host.memory.voices.all(encoder)
        return [
            VoicePrint(Person(one, SOMEBODY), print_.vector)
            for one, print_ in kept.items()
            if one != person.id
        ]

    def _on_decision(self, person_id: str, purpose: Purpose, allowed: bool) -> None:
        why = {Purpose.VOICE: enrolling.WITHDRAWN, Purpose.HEARING: enrolling.UNHEARD}.get(purpose)
        if why is not None and not allowed and person_id in self._going_on:
            self._going_on[person_id].end(why)

    def _on_forgotten(self, person_id: str | None, last_s: float) -> None:
        for one in [person_id] if person_id is not None else list(self._going_on):
            if one in self._going_on:
                self._going_on[one].end(enrolling.FORGOTTEN)

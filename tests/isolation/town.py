"""A whole bot among people in two servers, with secrets told to it as people tell them; and every way to ask it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from cogs.pace import Pace
from memory import own
from memory.audience import narrowest
from memory.consent import Purpose
from memory.entry import new_id
from memory.exchange import bring_in
from memory.profile import ProfileUpdate
from memory.types import Entry, Origin, Scope
from tests.cogs.running import RunningBot, tone
from tests.cogs.scene import Scene
from tests.discord_server import Channel, DiscordServer, Interaction, Message, Permission, SimulatedMember
from tests.isolation.asked import unpacked
from tests.isolation.canaries import Canary, Gist, canaries
from tests.isolation.house import Blab, Voice, everything_in
from tests.isolation.planted import SMALL_TALK
from tests.isolation.sources import embed, plant_small_talk
from tests.memory.kept import DAY_S, NOON_S

T = TypeVar("T")
OFTEN = Pace(1_000_000, 1.0)  # how often people may ask is not what this is about


@dataclass(frozen=True, slots=True)
class Seen:
    """``told``: all that the model was told; ``out``: all that could be seen or heard."""

    told: str
    out: str


class Town:
    def __init__(self, server: DiscordServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.scene = Scene(server, folder)
        guild, self.other = self.scene.guild, server.add_guild("Other")
        self.general, self.lounge = self.scene.text, self.scene.lounge
        self.mods = guild.add_text_channel("mods")
        self.attic, self.square = self.other.add_text_channel("attic"), self.other.add_text_channel("square")
        self.ann, self.bob = self.scene.ann, guild.add_member("Bob")
        self.eve, self.olga = guild.add_member("Eve"), guild.add_member("Olga")
        self.zoe = self.other.add_member("Zoe")
        self.ann_there = self.other.add_member("Ann", user=self.ann.user)
        guild.overwrite(self.mods, guild.everyone, deny=Permission.VIEW_CHANNEL)
        for who in (self.ann, self.bob, guild.bot_role):
            guild.overwrite(self.mods, who, allow=Permission.VIEW_CHANNEL)
        self.secrets = dict(zip(SECRETS, canaries(), strict=False))
        self.bot: RunningBot
        self.llm, self.voice = Blab(acts=False), Voice()  # more posts than five in five seconds have to wait
        self._hertz = 300

    def use(self, bot: RunningBot) -> None:
        self.bot = bot
        self.scene.use(bot)
        bot.host.now = lambda: NOON_S - DAY_S
        bot.host.persona = replace(bot.persona, embedder=Gist(canaries()), tts=self.voice)
        bot.llm.otherwise = "I see."
        for paced in (*bot.bot.cogs.values(), bot.host.calls):
            for name in ("pace", "_pace"):
                if hasattr(paced, name):
                    setattr(paced, name, OFTEN)
        for who in (self.ann, self.bob, self.eve, self.zoe, self.olga):
            self.run(bot.host.consent.decide(person(who), Purpose.REMEMBERING, True, "test"))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Something of the bot's, on its loop."""
        return asyncio.run_coroutine_threadsafe(work, self.bot.loop).result(30)

    # Telling

    def plant(self) -> None:
        """All of ``SECRETS``, what she makes of them, and beside each a note and a line for Ann alone about her and Eve."""
        told, ann, host = self.secrets, self.ann, self.bot.host
        self.write(ann, told["by direct message"].fact)
        self.mention(ann, self.mods, told["in a private channel"].fact)
        self.mention(ann, self.general, told["in a public channel"].fact)
        self.mention(self.ann_there, self.attic, told["in another server"].fact)
        self.server.interact(ann, "/journal add", channel=self.general, text=told["by hand"].fact).wait(20)
        self.enter(ann)
        self.say(ann, told["in a call alone"].fact)
        self.bob.join(self.lounge)
        self.scene.wait(lambda: len(self.present) == 2, "Bob is not there")
        call = host.calls.in_realm(str(self.scene.guild.id))
        self.scene.wait(lambda: call and call.may_hear(person(self.bob)), "Bob has not been told")
        self.say(ann, told["in a call with Bob"].fact)
        self.leave(self.bob, ann)
        file = self.folder / "note.md"
        file.write_text(told["imported"].fact)
        bring_in(host.memory, file, about=person(ann))
        kept = self._note(self.scope(ann, ann, self.bob), told["kept between us"].fact, 2)
        own.keep_between_us(host.memory, person(ann), kept.id)
        alone = Scope(Origin.DIRECT, "", (person(ann),), (person(ann),))
        line = {"text": told["in her profile"].fact, "scope": alone, "at_s": NOON_S, "section": "moods"}
        host.memory.profile.apply(ProfileUpdate.model_validate({"add": [line]}))
        self.run(host.conversations.close_all())
        self.run(host.remembering.up_to_date())
        theirs = Scope(Origin.VOICE, "", (person(self.eve),), tuple(sorted((person(ann), person(self.eve)))))
        for day, secret in enumerate(self.secrets.values()):
            scope = narrowest([alone, theirs])
            self._note(scope, f"{secret.word}: Ann has told {secret.thing}.", 10 + day)
            for who in (ann, self.eve):
                known = {"text": f"{secret.word} is {secret.thing}", "scope": scope, "salience": 0.05}
                host.memory.roster.apply({"person": person(who), "at_s": NOON_S, "history": [known]})
        plant_small_talk(host.memory, SMALL_TALK)
        embed(host.memory)
        host.now = lambda: NOON_S
        host.persona = replace(host.persona, llm=self.llm, last_resort=self.llm)

    def _note(self, scope: Scope, text: str, days_ago: int) -> Entry:
        at_s = NOON_S - days_ago * DAY_S
        note = self.bot.host.memory.keep_entry(Entry(new_id(at_s), at_s, text, scope, salience=0.6))
        assert note is not None
        return note

    def scope(self, about: SimulatedMember, *there: SimulatedMember) -> Scope:
        """Of what ``about`` said in the call."""
        return Scope(Origin.VOICE, key(self.lounge), (person(about),), tuple(sorted(map(person, there))))

    def note_on(self, secret: Canary) -> Entry:
        """The one about Ann and Eve, whose id Eve has got hold of."""
        people = {person(self.ann), person(self.eve)}
        entries = self.bot.host.memory.journal.entries()
        return next(one for one in entries if set(one.scope.about) == people and secret.is_in(one.text))

    # Asking

    def watching(self) -> int:
        """Forget what the model was told and what was said; how many posts there are so far."""
        self.llm.prompts, self.llm.read_ahead, self.voice.said = [], [], []
        return len(self._posts())

    def seen(self, out: str) -> Seen:
        prompts = [*self.llm.prompts, *self.llm.read_ahead]
        return Seen("\n".join(map(everything_in, prompts)), out)

    def _posts(self) -> list[str]:
        """All that she has ever written where others read it."""
        channels = (self.general, self.lounge, self.square)
        return [post.content for channel in channels for post in channel.posts if post.author.bot]

    def mention(self, who: SimulatedMember, channel: Channel, words: str) -> str:
        return self._answers(who.says(channel, f"<@{self.server.bot.id}> {words}"))

    def write(self, who: SimulatedMember, words: str) -> str:
        """To her alone."""
        return self._answers(who.writes_to(self.server.bot.user, words))

    def _answers(self, to: Message) -> str:
        """All that she has written there since, once she has answered."""

        def since() -> list[Message]:
            return [post for post in to.channel.posts if post.id > to.id and post.author.bot]

        self.scene.wait(lambda: any(post.reference is to for post in since()), "no answer")
        return "\n".join(post.content for post in since())

    @property
    def present(self) -> list[str]:
        call = self.bot.host.calls.in_realm(str(self.scene.guild.id))
        return [one.id for one in self.bot.host.people_present(call.place)] if call else []

    def enter(self, who: SimulatedMember) -> None:
        """She is with them in the lounge, and answers everything."""
        if who.voice_channel is None:
            who.join(self.lounge)
        self.scene.ask(who, "/join")
        self.scene.wait(lambda: self.scene.listens, "she does not listen")
        self.scene.ask(who, "/mode", to="always")

    def leave(self, *people: SimulatedMember) -> None:
        self.scene.ask(people[0], "/leave")
        for who in people:
            who.leave()

    def say(self, who: SimulatedMember, words: str) -> str:
        """Say it aloud; what she says then."""
        self._hertz += 50
        self.bot.stt.words[self._hertz] = words
        before, answered = len(self.voice.said), len(self.scene.answered)
        who.speak(tone(self._hertz, max(1.0, len(words.split()) / 5)))
        self.scene.wait(lambda: len(self.scene.answered) > answered, "not answered")
        return " ".join(self.voice.said[before:])

    def command(
        self, who: SimulatedMember, command: str, channel: Channel | None = None, **options: object
    ) -> str:
        return shown(self.server.interact(who, command, channel=channel or self.general, **options).wait(20))


SECRETS = (
    "by direct message",
    "in a call alone",
    "in a call with Bob",
    "in a private channel",
    "in another server",
    "by hand",
    "imported",
    "kept between us",
    "in her profile",
    "in a public channel",
)


def person(who: SimulatedMember) -> str:
    return f"discord:{who.id}"


def key(channel: Channel) -> str:
    return f"discord:{channel.id}"


def shown(asked: Interaction) -> str:
    """All that was shown, in whatever form; files are unpacked."""
    parts = [message.content for message in asked.shown]
    parts += [json.dumps([m.embeds, m.components], ensure_ascii=False) for m in asked.shown]
    parts += [text for m in asked.shown for one in m.attachments for text in unpacked(one.data)]
    parts += [json.dumps(one, ensure_ascii=False) for one in (asked.modal, asked.choices) if one]
    assert all(message.ephemeral for message in asked.shown)
    return "\n".join(parts)

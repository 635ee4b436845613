"""A member's first ten minutes with her, through the real bot and the test server; what they see is noted on the way.

What is said is scripted, by people and by her model; all that answers a command is the bot as shipped.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.cogs.running import RunningBot, Script, running_bot, tone
from tests.cogs.scene import Scene
from tests.discord_server import Channel, DiscordServer, Interaction, Message, SimulatedMember
from tests.discord_server.commands import SUB_COMMAND
from tests.pictures.clock import Clock, ruling
from tests.pictures.shown import Json, answers, form, post

HER_NAME = "Mira"
KNOW = "What do you know about me?"
FIELD = "What I should have noted"

TALK = (  # what Ann says in the call, and what she is answered
    ("Good evening, Mira, what a rainy day", "I like the rain. How was yours?"),
    (
        "I am so nervous, I have a job interview on Tuesday",
        "On Tuesday already? I keep my fingers crossed, and I ask you on Wednesday how it went.",
    ),
    (
        "I am a carpenter, and they build wooden boats there",
        "Wooden boats! That sounds as if it were made for you.",
    ),
    (
        "My sister Clara lives in Lisbon, and she practises with me",
        "How kind of Clara. Does she ask nasty questions?",
    ),
)
THOUGHTS = {  # what her model makes of it afterwards; the lines are numbered
    "summary": "Ann told Mira about her job interview on Tuesday, where they build wooden boats.",
    "emotion": "curious",
    "salience": 7,
    "topics": ["work", "family"],
    "facts": [
        {"line": 5, "who": "Ann", "text": "Ann is a carpenter.", "replaces": None},
        {"line": 7, "who": "Ann", "text": "Ann's sister Clara lives in Lisbon.", "replaces": None},
    ],
    "commitments": [{"line": 3, "who": "Ann", "text": "Ann has a job interview.", "by": "Tuesday"}],
    "feelings": [{"who": "Ann", "score": 1}],
    "about_me": [],
}
RIGHT = "Ann's sister Clara lives in Porto."
WISH = "I drink my tea without sugar."
ASKED, ANSWERED = " where does my sister live?", "In Porto. You put me right about that just now."
BOBS_NEWS, NOTED = ", the board games move to Saturday at seven", "Saturday at seven, then. Thank you, Bob."


@dataclass(frozen=True, slots=True)
class Evening:
    pictures: dict[str, Json]  # what is to be seen, by the names of the pictures, in their order
    commands: frozenset[str]  # that she offers, e.g. "/journal read"


def ten_minutes(folder: Path) -> Evening:
    """``folder`` is for what the bot keeps meanwhile."""
    clock = Clock(18, 0)
    with ruling(clock), DiscordServer.start(HER_NAME) as server:
        walk = Walk(Scene(server, folder), clock)
        with running_bot(server, folder) as bot:
            walk.go(bot)
        return Evening(walk.seen, frozenset(_offered(server)))


def _offered(server: DiscordServer) -> Iterator[str]:
    for command in server.bot.commands.values():
        inner = [one["name"] for one in command.get("options", []) if one["type"] == SUB_COMMAND]
        yield from (f"/{command['name']} {name}" for name in inner)
        yield f"/{command['name']}"


class Walk:
    def __init__(self, scene: Scene, clock: Clock) -> None:
        self.scene, self.server, self.clock = scene, scene.server, clock
        self.ann, self.lounge, self.general = scene.ann, scene.lounge, scene.text
        self.bob = scene.guild.add_member("Bob")
        self.seen: dict[str, Json] = {}

    def go(self, bot: RunningBot) -> None:
        self.scene.use(bot)
        self.bot, self.thinker = bot, Script()
        bot.host.persona = replace(bot.persona, reflection_llm=self.thinker)
        bot.host.posts._now = self.clock  # it was given its clock before this one ruled
        self._bob_was_here()
        self.clock.strikes(19, 0)
        self._she_comes()
        self._they_talk()
        self._what_she_may()
        self._thinks_it_over()
        self._notes()
        self._put_right()
        self._asked_about_it()
        self._missed()
        self._what_is_kept()
        self._forgotten()

    # The walk

    def _bob_was_here(self) -> None:
        """He has agreed to be remembered already; nothing of that is shown."""
        self._use(self.bob, "/consent remembering", self.general, answer="on")

    def _she_comes(self) -> None:
        offered = self._use(self.ann, "/join", self.lounge)
        self.scene.wait(lambda: self.scene.listens, "she does not listen")
        (notice,) = self.lounge.posts
        self._show("01-notice", self.lounge, self._post(notice))
        assert "listening" in " ".join(self.bot.tts.said)  # it was said aloud as well
        self._show("02-offer", self.lounge, *self._answers(offered))
        self.clock.passes(20)
        (offer,) = offered.shown
        self._press(self.ann, offer, "Hear and remember me")
        self._show("03-agreed", self.lounge, *self._answers(offered))

    def _they_talk(self) -> None:
        self.clock.strikes(19, 1)
        on = self._answers(self._use(self.ann, "/captions on", self.lounge))
        captions = []
        for number, (said, answer) in enumerate(TALK):
            before = len(self.lounge.posts)
            self.clock.passes(20)
            self.bot.llm.lines = [answer]
            hertz = 400 + 100 * number
            self.bot.stt.words[hertz] = said
            self.ann.speak(tone(hertz, max(1.0, len(said.split()) / 5)))  # quicker, it would be no words
            self.scene.wait(lambda before=before: len(self.lounge.posts) == before + 2, "no captions", 30)
            captions += [self._post(one) for one in self.lounge.posts[before:]]
        self._show("04-captions", self.lounge, *on, *captions)

    def _what_she_may(self) -> None:
        self.clock.strikes(19, 3)
        panel = self._use(self.ann, "/consent show", self.lounge)
        self._show("05-choices", self.lounge, *self._answers(panel))

    def _thinks_it_over(self) -> None:
        """As she does when nobody has said anything for a while."""
        self.clock.strikes(19, 4)
        self.thinker.lines = [json.dumps(THOUGHTS)]
        thinking = self.bot.host.remembering.up_to_date()
        asyncio.run_coroutine_threadsafe(thinking, self.bot.loop).result(60)

    def _notes(self) -> None:
        added = self._answers(self._use(self.ann, "/journal add", self.lounge, text=WISH))
        self.clock.passes(20)
        read = self._answers(self._use(self.ann, "/journal read", self.lounge))
        self._show("06-journal", self.lounge, *added, *read)

    def _put_right(self) -> None:
        self.clock.strikes(19, 5)
        opened = self._use(self.ann, "/memory review", self.lounge)
        (panel,) = opened.shown
        while "Clara" not in panel.embeds[0]["description"]:
            self._press(self.ann, panel, "Earlier")
        self._show("07-review", self.lounge, *self._answers(opened))
        self.clock.passes(20)
        correct = self.server.click(self.ann, panel, "Correct").wait(20)
        seen = form(correct)
        seen["fields"][0]["value"] = RIGHT
        self._show("08-correct", self.lounge, form=seen)
        before = len(panel.history)
        self.server.submit(correct, {FIELD: RIGHT})
        self.scene.wait(lambda: len(panel.history) > before, "not put right", 20)
        before = len(panel.history)
        self.server.click(self.ann, panel, "Share").wait(20)
        self.scene.wait(lambda: len(panel.history) > before, "not shared", 20)
        self._show("09-corrected", self.lounge, *self._answers(opened))

    def _asked_about_it(self) -> None:
        self.clock.strikes(19, 6)
        menu = self.server.use_menu(self.ann, KNOW, channel=self.general, target=self.ann).wait(20)
        self._show("10-known", self.general, *self._answers(menu))
        self.clock.strikes(19, 7)
        asked, answer = self._written(self.ann, ASKED, ANSWERED)
        assert "Porto" in self.bot.llm.prompts[-1][-1].content  # else her answer would be made up
        self.clock.passes(20)
        why = self._use(self.ann, "/journal why", self.general)
        self._show("11-why", self.general, asked, answer, *self._answers(why))
        self.clock.passes(20)
        seen = self._use(self.ann, "/relationship me", self.general)
        self._show("12-relationship", self.general, *self._answers(seen))

    def _missed(self) -> None:
        self.clock.strikes(19, 8)
        self._written(self.bob, BOBS_NEWS, NOTED)
        self.clock.passes(20)
        missed = self._use(self.ann, "/catchup", self.lounge)
        self._show("13-catchup", self.lounge, *self._answers(missed))

    def _what_is_kept(self) -> None:
        self.clock.strikes(19, 9)
        self._show("14-privacy", self.lounge, *self._answers(self._use(self.ann, "/privacy", self.lounge)))

    def _forgotten(self) -> None:
        self.clock.passes(30)
        asked = self._use(self.ann, "/forget last", self.lounge, minutes=10)
        self._show("15-forget", self.lounge, *self._answers(asked))
        (preview,) = asked.shown
        self.clock.strikes(19, 10)
        self.server.click(self.ann, preview, "Forget it")
        self.scene.wait(lambda: "deleted" in preview.content, "nothing is deleted", 20)
        receipt = self._answers(asked)
        self.clock.passes(20)
        left = self._answers(self._use(self.ann, "/journal read", self.lounge))
        self._show("16-forgotten", self.lounge, *receipt, *left)

    # What people do

    def _use(self, who: SimulatedMember, command: str, channel: Channel, **options: Any) -> Interaction:
        return self.server.interact(who, command, channel=channel, **options).wait(20)

    def _press(self, who: SimulatedMember, message: Message, button: str) -> None:
        """Until the message has changed."""
        before = len(message.history)
        self.server.click(who, message, button)
        self.scene.wait(lambda: len(message.history) > before, f"nothing came of {button}", 20)

    def _written(self, who: SimulatedMember, text: str, answer: str) -> tuple[Json, Json]:
        """Somebody writes to her in #general; what they wrote and what she answers."""
        before = len(self.general.posts)
        self.bot.llm.lines = [answer]
        who.says(self.general, f"<@{self.server.bot.id}>{text}")
        self.scene.wait(lambda: len(self.general.posts) == before + 2, "no answer", 20)
        asked, answered = self.general.posts[before:]
        return self._post(asked), self._post(answered)

    # What is seen

    def _post(self, message: Message) -> Json:
        return post(self.server, message)

    def _answers(self, interaction: Interaction) -> list[Json]:
        return answers(self.server, interaction)

    def _show(self, name: str, channel: Channel, *posts: Json, form: Json | None = None) -> None:
        seen: Json = {"channel": channel.name, "voice": channel.is_voice}
        self.seen[name] = seen | ({"form": form} if form else {"posts": list(posts)})

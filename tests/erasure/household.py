"""A whole bot among people who tell it things in every way there is; each thing holds a word of ``routes.py``."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from cogs.pace import Pace
from memory import own
from memory.audience import Listeners
from memory.consent import Purpose
from memory.entry import new_id, to_markdown
from memory.exchange import bring_in
from memory.gallery import FaceEmbedding, Template
from memory.types import Encounter, Entry, Origin, Scope
from tests.cogs.running import RunningBot, tone
from tests.cogs.scene import Scene
from tests.discord_server import Channel, DiscordServer, Interaction, SimulatedMember
from tests.discord_server import Message as Posted
from tests.erasure.minds import Keeping, Thinking
from tests.erasure.routes import ANN, BOB, CARL, DORA, GUS, WORDS
from tests.erasure.searching import texts_of
from tests.isolation.asked import unpacked
from tests.memory.kept import DAY_S
from tests.memory.lives import Letters

T = TypeVar("T")
OFTEN = Pace(1_000_000, 1.0)  # how often people may ask is not what this is about
LONG_AGO_S, LATELY_S = 800 * DAY_S, 5 * 3600.0  # when things are told, before now
BETWEEN_S = 300.0  # so long after one thing the next is told
LOOKING: dict[str, dict[str, object]] = {
    "/journal read": {},
    "/journal export": {},
    "/journal why": {},
    "/journal search": {"query": "orchard apple trees cat aunt boat"},
    "/memory review": {},
    "/relationship me": {},
    "/catchup": {},
}
SUGGESTING = ("/forget entry", "/memory edit", "/journal history", "/journal restore")


class Household:
    """Ann, Bob, Carl, Dora and Gus, of whom Olga runs her."""

    def __init__(self, server: DiscordServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.scene = Scene(server, folder)
        guild = self.scene.guild
        self.general, self.den = self.scene.text, guild.add_text_channel("den")
        people = [guild.add_member(name) for name in (BOB, CARL, WORDS["their name"], GUS, "Olga")]
        self.people = dict(zip((ANN, BOB, CARL, DORA, GUS, "Olga"), [self.scene.ann, *people], strict=True))
        self.llm, self.thinker = Keeping(), Thinking()
        self.message: Posted | None = None  # of Ann's, that is to be forgotten by its menu
        self.ago_s = 0.0  # how long before now it is
        self.bot: RunningBot
        self._hertz = 300

    def use(self, bot: RunningBot) -> None:
        self.bot = bot
        self.scene.use(bot)
        host = bot.host
        host.now = lambda: time.time() - self.ago_s
        host.posts._now = host.now
        self.llm.otherwise = "I see."
        host.persona = replace(
            bot.persona, llm=self.llm, last_resort=self.llm, reflection_llm=self.thinker, embedder=Letters()
        )
        for paced in (*bot.bot.cogs.values(), host.calls):
            for name in ("pace", "_pace"):
                if hasattr(paced, name):
                    setattr(paced, name, OFTEN)
        for who in self.people.values():
            self.run(host.consent.decide(person(who), Purpose.REMEMBERING, True, "test"))

    @property
    def tests_own(self) -> tuple[object, ...]:
        """What the tests hold, not she."""
        bot = self.bot
        return (
            self,
            self.scene,
            self.server,
            bot,
            self.scene.heard,
            bot.stt.words,
            bot.tts.said,
            WORDS,
            self.llm.answers,
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Something of the bot's, on its loop."""
        return asyncio.run_coroutine_threadsafe(work, self.bot.loop).result(30)

    # Telling

    def plant(self) -> None:
        """All of ``routes.ROUTES``, but for what is forgotten as soon as it is said."""
        self.ago_s = LONG_AGO_S
        self._long_ago()
        self.ago_s = LATELY_S
        self._in_a_call()
        self._in_writing()
        self._in_notes()
        self.run(self.bot.host.conversations.close(key(self.den)))
        self.run(self.bot.host.remembering.up_to_date())
        self._of_people()
        self._meetings()
        self._prints()

    def _long_ago(self) -> None:
        self.mention(GUS, self.den, f"I once sailed a boat called {WORDS['written long ago']} to Bergen")
        self.command(GUS, "/journal add", text=f"My first boat was {WORDS['noted long ago']}.")
        self._met(GUS, WORDS["said when they were met long ago"])
        self.run(self.bot.host.conversations.close_all())

    def _in_a_call(self) -> None:
        bob = self.people[BOB]
        bob.join(self.scene.lounge)
        self.scene.ask(self.people[ANN], "/join")
        self.scene.wait(lambda: self.scene.listens, "she does not listen")
        self.scene.ask(self.people[ANN], "/mode", to="always")
        call = self.bot.host.calls.in_realm(str(self.scene.guild.id))
        self.scene.wait(lambda: call and call.may_hear(person(bob)), "Bob has not been told")
        self.command(ANN, "/captions here", self.den)
        orchard = f"I have an orchard with old apple trees behind the mill called {WORDS['said in a call, with captions']}"
        self.say(ANN, orchard, f"I like {WORDS['her answer aloud, with captions']}.")
        self.say(ANN, f"All my friends call me {WORDS['what they are called']}, you know")
        asked = f"and I have a tortoise called {WORDS['said in a call by somebody who stays']}"
        self.say(BOB, asked, f"Ann has told of {WORDS['her answer aloud to somebody else that repeats it']}.")

    def _in_writing(self) -> None:
        direct, answered = WORDS["written to her alone"], WORDS["her answer there"]
        self.write(ANN, f"I have applied for work at {direct}", f"Good luck with {answered}.")
        tail = {
            "actions": [f"post:{WORDS['posted by herself']}", f"dm:{WORDS['sent by herself']}"],
            "remember": [f"Ann likes {WORDS['what she wanted to remember']}"],
        }
        answer = f"So it is {WORDS['her answer in a channel']}. @@ {json.dumps(tail)}"
        self.mention(ANN, self.general, f"My old school is {WORDS['written in a channel']}", answer)
        repeated = WORDS["her answer in a channel to somebody else that repeats it"]
        self.mention(
            BOB, self.general, f"mine was {WORDS['written by somebody who stays']}", f"Ann's was {repeated}."
        )
        self.mention(CARL, self.den, f"I am ill with {WORDS['written by who withdraws']}")
        self.write(
            DORA,
            f"I vote for {WORDS['written by whom the owner has forgotten']}",
            f"I know {WORDS['her answer to them']}.",
        )

    def _in_notes(self) -> None:
        memory, ann = self.bot.host.memory, person(self.people[ANN])
        self.command(ANN, "/journal add", text=f"My aunt is called {WORDS['/journal add']}.")
        self.command(
            BOB, "/journal add", text=f"My uncle is called {WORDS['a note about somebody who stays']}."
        )
        self.command(CARL, "/journal add", text=f"My nurse is {WORDS['a note about who withdraws']}.")
        self.command(ANN, "/journal add", text=f"My cat is {WORDS['/memory edit, before']}.")
        self.edit(ANN, self.note_with("/memory edit, before"), f"My cat is {WORDS['/memory edit, after']}.")
        message = self.people[ANN].says(self.general, f"I was born in {WORDS['Remember this']}")
        self.server.use_menu(self.people[ANN], "Remember this", channel=self.general, target=message).wait(20)
        changed = self.note(f"Ann swims in {WORDS['restored']}.", ANN)
        self.by_hand(changed, f"Ann swims in {WORDS['edited by hand']}.")
        memory.take_up()
        self.command(ANN, "/journal restore", entry=changed.id, version=1)
        self.put_in(f"Ann has hidden it in {WORDS['put into the journal by hand']}.")
        memory.take_up()
        file = self.folder.parent / f"imported-{self.folder.name}.md"
        file.write_text(f"Ann's code is {WORDS['imported']}.")
        assert bring_in(memory, file, about=ann).entries == 1
        file.unlink()
        own.keep_between_us(memory, ann, self.note(f"Ann fears {WORDS['kept between them']}.", ANN).id)
        own.pin(memory, ann, self.note(f"Ann sings {WORDS['pinned']}.", ANN).id)
        own.share(memory, ann, self.note(f"Ann cooks {WORDS['shared']}.", ANN).id)
        self.note(f"Ann and Bob have met {WORDS['about her and another']}.", ANN, BOB)

    def _of_people(self) -> None:
        """What she knows of Ann, and what Ann puts right of it."""
        memory, ann = self.bot.host.memory, self.people[ANN]
        scope = Scope(Origin.DIRECT, "", (person(ann),), (person(ann),))
        line = {"text": f"grew up near {WORDS['a line of the roster']}", "scope": scope, "salience": 0.5}
        memory.roster.apply({"person": person(ann), "at_s": self.bot.host.now(), "history": [line]})
        panel = self.command(ANN, "/relationship me").shown[0]
        form = self.server.click(ann, panel, "What you are to me").wait(20)
        before = len(panel.history)
        self.server.submit(
            form, {"What you are to me": f"the neighbour of {WORDS['put right in /relationship']}"}
        )
        self.scene.wait(lambda: len(panel.history) > before, "nothing came of it")

    def _meetings(self) -> None:
        """Who is seen and known by their face, what they say, and what is said to them."""
        for whose, name, to, answer in (
            (ANN, "said when they were met", BOB, "said to them when they were met"),
            (CARL, "said by who withdraws when they were met", "", ""),
            (
                *(BOB, "said by somebody who stays when they were met"),
                *(DORA, "said by whom the owner has forgotten when another was met"),
            ),
        ):
            met = self._met(whose, WORDS[name])
            if to:
                who, people = person(self.people[to]), self.bot.host.memory.people
                assert people.note(met.id, who, to, f"And mine is {WORDS[answer]}.", self.bot.host.now())

    def _met(self, whose: str, word: str) -> Encounter:
        who, people = person(self.people[whose]), self.bot.host.memory.people
        self.run(self.bot.host.consent.decide(who, Purpose.FACE, True, "test"))
        number = sorted(self.people).index(whose)
        face = np.eye(32, dtype=np.float32)[number]
        assert people.enrol(who, whose, Template(face, "eye", 5), self.bot.host.now())
        there = frozenset(person(one) for one in self.people.values())
        return people.process_encounter(
            *(FaceEmbedding(face, "eye"), f"My lucky word is {word}.", self.bot.host.now()),
            listeners=Listeners(there, "desk:"),
            place="desk:",
            present=there,
        )

    def _prints(self) -> None:
        """Prints of voices and faces whose bytes are words, and the names with them."""
        memory = self.bot.host.memory
        for whose, name, purpose in (
            (ANN, "a print of their voice", Purpose.VOICE),
            (ANN, "a print of their face", Purpose.FACE),
            (CARL, "a print of the voice of who withdraws that", Purpose.VOICE),
            (CARL, "a print of the face of who withdraws that", Purpose.FACE),
        ):
            who = person(self.people[whose])
            self.run(self.bot.host.consent.decide(who, purpose, True, "test"))
            written = f"here: {WORDS[name]} ".encode()
            print_ = np.frombuffer(written.ljust(32, b"."), "<f4")
            if purpose is Purpose.VOICE:
                assert memory.keep_voice(who, print_, "letters", written.decode())
            else:
                assert memory.faces.keep(who, print_, "letters", 5, self.bot.host.now(), written.decode())

    # Asking

    def asks(self, whose: str) -> str:
        """All that somebody is shown who looks for what is kept of them; and what is suggested to them."""
        shown = [self.command(whose, command, **options).shown for command, options in LOOKING.items()]
        found = [text for messages in shown for one in messages for text in texts_of(one)]
        found += [
            text
            for messages in shown
            for one in messages
            for file in one.attachments
            for text in unpacked(file.data)
        ]
        for command in SUGGESTING:
            typed = self.server.autocomplete(
                self.people[whose], command, channel=self.general, option="entry", entry=""
            )
            found.append(json.dumps(typed.wait(20).choices, ensure_ascii=False))
        return "\n".join(found)

    def indexed(self) -> None:
        """As some seconds later: what was said can be found."""
        self.run(self.bot.host.remembering._index())

    def all_at_rest(self) -> None:
        """py-cord leaves a task behind for up to three seconds after each suggestion."""

        def waits() -> bool:
            return any("auto_complete" in task.get_name() for task in asyncio.all_tasks())

        self.scene.wait(lambda: not self.bot.call(waits), "py-cord still waits")

    # As people do it

    def later(self, seconds: float = BETWEEN_S) -> None:
        self.ago_s -= seconds

    def say(self, whose: str, words: str, answer: str = "") -> None:
        """Say it aloud in the call, and be answered."""
        self.later()
        self._hertz += 50
        self.bot.stt.words[self._hertz] = words
        self._expect(words, answer)
        before = len(self.scene.answered)
        self.people[whose].speak(tone(self._hertz, max(1.0, len(words.split()) / 5)))
        self.scene.wait(lambda: len(self.scene.answered) > before, "not answered", 20)
        self._settled()

    def aloud(self, whose: str, words: str) -> None:
        """Say to the program what she does not answer herself."""
        self._hertz += 50
        self.bot.stt.words[self._hertz] = words
        before = len(self.scene.heard)
        self.people[whose].speak(tone(self._hertz, max(1.0, len(words.split()) / 5)))
        self.scene.wait(lambda: len(self.scene.heard) > before, "not heard", 20)

    def pause(self, seconds: float) -> None:
        """While something is played, which nobody can see the end of."""
        time.sleep(seconds)

    def mention(self, whose: str, channel: Channel, words: str, answer: str = "") -> Posted:
        self.later()
        self._expect(words, answer)
        return self._answered(self.people[whose].says(channel, f"<@{self.server.bot.id}> {words}"))

    def write(self, whose: str, words: str, answer: str = "") -> Posted:
        """To her alone."""
        self.later()
        self._expect(words, answer)
        return self._answered(self.people[whose].writes_to(self.server.bot.user, words))

    def _expect(self, words: str, answer: str) -> None:
        if answer:
            self.llm.answers[words] = answer

    def _answered(self, message: Posted) -> Posted:
        self.scene.wait(lambda: any(post.reference is message for post in message.channel.posts), "no answer")
        self._settled()
        return message

    def _settled(self) -> None:
        """What she does beside answering is done, and written down."""

        def busy() -> bool:
            cogs = self.bot.bot.cogs
            return any(cogs[name]._tasks for name in ("Actions", "Replies", "Transcription")) or any(
                one._records.pending for one in self.bot.host.conversations._open.values()
            )

        self.scene.wait(lambda: not self.bot.call(busy), "it goes on for ever")

    def command(
        self, whose: str, command: str, channel: Channel | None = None, **options: object
    ) -> Interaction:
        asked = self.server.interact(
            self.people[whose], command, channel=channel or self.general, **options
        ).wait(20)
        assert all(one.ephemeral for one in asked.shown)
        return asked

    def edit(self, whose: str, note: Entry, text: str) -> None:
        asked = self.command(whose, "/memory edit", entry=note.id)
        self.server.submit(asked, {"What I should have noted": text}).wait(20)

    def note(self, text: str, *whose: str) -> Entry:
        """A note of hers about these, which all of them have heard."""
        people, at_s = tuple(sorted(person(self.people[one]) for one in whose)), self.bot.host.now()
        scope = Scope(Origin.VOICE, key(self.scene.lounge), people, people)
        kept = self.bot.host.memory.keep_entry(Entry(new_id(at_s), at_s, text, scope))
        assert kept is not None
        return kept

    def note_with(self, name: str) -> Entry:
        entries = self.bot.host.memory.journal.entries()
        return next(one for one in entries if WORDS[name] in one.text)

    def by_hand(self, note: Entry, text: str) -> None:
        """Somebody who runs her edits the file, or puts a readable one beside the sealed one."""
        path = next(self.folder.glob(f"journal/*/*/{note.id}.md*"))
        target = path.with_name(f"{note.id}.md")
        target.write_text(to_markdown(replace(note, text=text)))

    def put_in(self, text: str) -> None:
        """Somebody who runs her puts a note into the journal's folder."""
        at_s, ann = self.bot.host.now(), (person(self.people[ANN]),)
        note = Entry(new_id(at_s), at_s, text, Scope(Origin.DIRECT, "", ann, ann))
        (self.folder / "journal" / "a note.md").write_text(to_markdown(note))


def person(who: SimulatedMember) -> str:
    return f"discord:{who.id}"


def key(channel: Channel) -> str:
    return f"discord:{channel.id}"

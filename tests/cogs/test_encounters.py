"""Meeting people before a camera: who is known, what is kept of it, who is asked, and what goes.

The commands ``/face enrol``, ``/face forget``, ``/encounters list``, ``/encounters merge`` and ``/encounters split``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from cogs import in_view as viewing
from cogs import knowing
from cogs.meeting_lines import LINES
from local_mode.call import GUEST
from local_mode.console import person_called
from local_mode.desk import KEY, Desk
from memory.audience import Listeners
from memory.consent import Purpose, agreed
from memory.gallery import Template
from memory.types import Encounter
from persona_core.events import Gone, Heard, Met, Sight, Stranger
from persona_core.types import Person, Utterance
from tests.cogs.eyes import ENCODER, FakeEye, vector
from tests.local_mode.sitting import TOM, Sitting, sitting
from tests.until import until

BRUNO = Person("desk:bruno", "Bruno")


class FakeCall:
    """She says things aloud, at once."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.line = SimpleNamespace(quiet=True)
        self.place = SimpleNamespace(mixed=False, key=KEY)

    async def say(self, text: str, language: str = "") -> None:
        self.said.append(text)

    def on_people(self) -> None: ...


class Before:
    """Before the camera of a desk."""

    def __init__(self, sat: Sitting) -> None:
        self.sat, self.desk, self.eye = sat, sat.desk, FakeEye()
        self.cog = self.desk.encounters
        self.known = self.cog.acquaintances(self.desk.place(None), GUEST)
        self.cog.open_eye(self.eye, self._person_for, self.desk.on_view)

    def _person_for(self, name: str) -> Person:
        person, number = person_called(name), 1
        while any(self.desk.consent.decision(person.id, purpose) for purpose in Purpose):
            number += 1
            person = person_called(f"{name} {number}")
        return Person(person.id, name)

    async def knows(self, person: Person, look: int, *, remembering: bool = True) -> None:
        """They have agreed and are known."""
        await self.desk.consent.decide(person.id, Purpose.FACE, True, "test")
        await self.desk.consent.decide(person.id, Purpose.REMEMBERING, remembering, "test")
        template = Template(vector(look), ENCODER, 5)
        assert self.desk.memory.people.enrol(person.id, person.name, template, 1.0)

    def see(self) -> None:
        now = perf_counter()
        self.cog.on_eye(Sight("desk", now, 640, 480, self.eye.in_view))

    async def meet(self, person: Person, track: int, look: int) -> Encounter:
        """As an eye does it."""
        self.eye.come(track, look, person)
        embedding = self.eye.embedding_of(track)
        assert embedding is not None
        met = await self.known.encounter(embedding, "", self.desk.now())
        self.see()
        self.cog.on_eye(Met("desk", track, met, perf_counter()))
        return met

    def stranger(self, track: int, look: int) -> None:
        self.eye.come(track, look)
        self.see()
        self.cog.on_eye(Stranger("desk", track, perf_counter()))

    def leave(self, track: int) -> None:
        self.eye.go(track)
        self.see()
        self.cog.on_eye(Gone("desk", track, None, perf_counter()))

    def say(self, text: str, track: int | None, person: Person = TOM, moves: bool = True) -> bool:
        """Somebody says that, and whoever has this track moves their lips; whether it was for the program."""
        self.eye.speaks, self.eye.moves = track, moves
        said = Utterance(person, text, 0.0, 0.001, "en", stopped_at=perf_counter())
        self.desk.conversations._tell(KEY, Heard(said))
        return any(take(KEY, said) for take in self.desk.conversations.commands)

    def encounters(self, *people: Person) -> list[Encounter]:
        listeners = Listeners(frozenset(one.id for one in people), KEY)
        return self.desk.memory.people.encounters(listeners)


@asynccontextmanager
async def before(folder: Path, **settings: Any) -> AsyncIterator[Before]:
    async with sitting(folder, camera=SecretStr("push"), **settings) as sat:
        await sat.desk.consent.decide(TOM.id, Purpose.REMEMBERING, True, "test")
        here = Before(sat)
        yield here
        here.cog.close_eye()


def present(desk: Desk) -> set[str]:
    return {one.id for one in desk.people_present(desk.place(None))}


# Who is there


async def test_who_is_in_view_is_there_and_is_in_what_she_has_in_mind(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1)
        await here.meet(BRUNO, 7, 1)
        assert present(here.desk) == {TOM.id, BRUNO.id}
        await here.sat.type("What do you think of the rain?")
        asked = here.sat.llm.prompts[-1]
        assert "In view: Bruno." in asked[0].content
        typed = next(turn for turn in here.sat.turns if turn.speaker == TOM.id)
        assert typed.scope.heard_by == (TOM.id,)  # nobody else has heard it
        talk = here.sat.conversation
        now_s = talk._now_s
        talk._take_in(1, Utterance(TOM, "It rains.", now_s, now_s + 0.1, stopped_at=perf_counter()))
        await until(lambda: here.sat.turns[-1].text == "It rains.")
        assert set(here.sat.turns[-1].scope.heard_by) == {TOM.id, BRUNO.id}


async def test_where_there_is_a_camera_nobody_is_alone_for_good(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        assert not here.desk.place(None).direct
        assert present(here.desk) == {TOM.id}


async def test_a_stranger_is_a_guest_and_what_is_not_for_one_is_not_told(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        here.stranger(3, 9)
        assert present(here.desk) == {TOM.id}  # a face may be told in a moment
        here.desk.in_view._since[3] -= viewing.TELLING_S
        here.see()
        assert present(here.desk) == {TOM.id, GUEST.id}


async def test_what_was_told_in_confidence_is_not_told_where_somebody_has_come_into_view(
    tmp_path: Path,
) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1)
        await here.sat.type("/journal add text:The key is under the blue pot")
        await here.sat.type("Where is the key under the pot?")
        assert "blue pot" in str(here.sat.llm.prompts[-1])
        await here.meet(BRUNO, 7, 1)
        await here.sat.type("And where is the key under the pot now?")
        assert "blue pot" not in str(here.sat.llm.prompts[-1])


# What is kept


async def test_what_is_said_is_kept_in_the_encounter_of_whoevers_face_said_it(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1)
        met = await here.meet(BRUNO, 7, 1)
        here.say("I bake bread on Sundays.", 7)
        here.say("I'll bring you the photos on Friday.", None)
        await until(lambda: len(here.encounters(TOM)[0].lines) == 2)
        (kept,) = here.encounters(TOM)
        assert kept.id == met.id and kept.person == BRUNO.id
        assert [(one.speaker, one.text[:7]) for one in kept.lines] == [
            (BRUNO.id, "I bake "),
            (TOM.id, "I'll br"),
        ]


async def test_of_somebody_who_agreed_only_to_their_face_nothing_that_is_said_is_kept(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1, remembering=False)
        met = await here.meet(BRUNO, 7, 1)
        here.say("I bake bread on Sundays.", 7)
        await settled(here)
        assert met.person == BRUNO.id and not met.id and not here.encounters(TOM, BRUNO)


async def test_a_stranger_leaves_nothing(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        here.stranger(3, 9)
        here.say("I am called Eve and I bake bread.", 3)
        here.leave(3)
        await settled(here)
        assert here.desk.memory.people.count() == 0 and here.desk.memory.faces.count() == 0
        assert "bake" not in str(here.sat.turns)


async def test_what_is_said_to_the_program_alone_is_in_no_encounter(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1)
        await here.meet(BRUNO, 7, 1)
        here.eye.speaks = None
        said = Utterance(TOM, "Mira, forget that.", 0.0, 0.001, "en", stopped_at=perf_counter())
        here.desk.conversations._tell(KEY, Heard(said))
        here.desk.conversations.unsay(KEY, said)
        await settled(here)
        assert not here.encounters(TOM)[0].lines


async def settled(here: Before) -> None:
    """All that the cog began is done."""
    for _ in range(5):
        await asyncio.sleep(0.02)


# Whom she saw last


async def test_asked_who_that_was_she_has_it_and_the_promise_in_mind(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1)
        await here.meet(BRUNO, 7, 1)
        here.say("I'll bring you the photos on Friday, I promise.", None)
        await until(lambda: len(here.encounters(TOM)[0].lines) == 1)
        here.leave(7)
        away(here, BRUNO)
        await here.sat.type("Who was that, and what did I promise him?")
        note = here.sat.llm.prompts[-1][-1].content
        assert (
            "She saw Bruno last" in note
            and "Tom promised Bruno: “I'll bring you the photos on Friday" in note
        )


def away(here: Before, person: Person) -> None:
    """They have been out of view for long enough to have left."""
    here.desk.in_view._people[person.id].last_s -= viewing.STAYS_S
    here.cog._tell()


# Forgetting


async def test_whoever_is_forgotten_in_view_is_a_stranger_and_is_not_asked_again(tmp_path: Path) -> None:
    async with before(tmp_path, face_meeting="ask") as here:
        await here.knows(BRUNO, 1)
        await here.meet(BRUNO, 7, 1)
        here.say("I bake bread on Sundays.", 7)
        await until(lambda: bool(here.encounters(TOM)[0].lines))
        here.desk.user_named("Bruno")
        await here.sat.type("/forget person Bruno", "1")
        await until(lambda: BRUNO.id in here.eye.forgotten)
        await until(lambda: not here.encounters(TOM, BRUNO))
        assert BRUNO.id not in present(here.desk) and here.desk.memory.faces.count() == 0
        call = calling(here)
        here.see()
        here.cog.on_eye(Stranger("desk", 7, perf_counter()))
        await settled(here)
        assert not call.said


async def test_whoever_is_forgotten_while_their_card_is_made_is_on_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1)
        cards: list[Encounter] = []
        monkeypatch.setattr(here.cog._page, "on_card", lambda key, met: cards.append(met))
        monkeypatch.setattr(here.desk, "people_present", lambda place: [TOM, BRUNO])
        show = here.cog._show_card(here.desk.place(None), BRUNO, TOM.id)
        await show
        assert len(cards) == 1
        reading, go = threading.Event(), threading.Event()
        summary = here.desk.memory.people.summary

        def slowly(*given: Any) -> Any:
            found = summary(*given)
            reading.set()
            go.wait(10)
            return found

        monkeypatch.setattr(here.desk.memory.people, "summary", slowly)
        showing = asyncio.create_task(here.cog._show_card(here.desk.place(None), BRUNO, TOM.id))
        await until(reading.is_set)
        here.desk.conversations.forget(BRUNO.id, 600.0)
        go.set()
        await showing
        assert len(cards) == 1


async def test_a_no_to_being_known_by_ones_face_counts_at_once(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.knows(TOM, 1)
        await here.meet(TOM, 7, 1)
        said = await here.sat.type("/face forget")
        assert "The print of your face is erased" in said
        assert here.desk.memory.faces.count() == 0 and here.eye.in_view[0].person is None


# Asking a stranger


def calling(here: Before) -> FakeCall:
    """She can be heard, and nobody has talked for a while."""
    call = FakeCall()
    here.desk.calls.at = lambda key: call  # type: ignore[assignment,return-value]
    here.cog._meeting._talked_at = float("-inf")  # type: ignore[union-attr]
    return call


async def asked(call: FakeCall, count: int) -> None:
    await until(lambda: len(call.said) >= count)
    await asyncio.sleep(0.01)


ENGLISH = LINES["en"]


async def test_a_stranger_who_says_yes_is_known_and_what_was_agreed_is_kept_as_it_was(tmp_path: Path) -> None:
    async with before(tmp_path, face_meeting="ask") as here:
        call = calling(here)
        here.stranger(3, 9)
        await asked(call, 1)
        assert call.said == [ENGLISH.face]
        assert here.say("Yes.", 3)
        await asked(call, 2)
        assert here.say("I'm Sarah.", 3)
        await asked(call, 4)
        assert call.said[1:] == [ENGLISH.name, ENGLISH.look, ENGLISH.remembering.format(name="Sarah")]
        assert here.say("No, thanks.", 3)
        await asked(call, 5)
        face, remembering = (
            here.desk.consent.decision("desk:sarah", one) for one in (Purpose.FACE, Purpose.REMEMBERING)
        )
        assert face is not None and face.allowed and face.how == "spoken"
        assert remembering is not None and not remembering.allowed and remembering.how == "spoken"
        assert here.desk.memory.people.name_of("desk:sarah") == "Sarah"
        assert not here.sat.turns  # neither her questions nor the answers are


async def test_a_yes_that_the_face_is_not_seen_to_say_counts_for_nothing(tmp_path: Path) -> None:
    async with before(tmp_path, face_meeting="ask") as here:
        call = calling(here)
        here.stranger(3, 9)
        await asked(call, 1)
        assert not here.say("Yes.", None)
        assert not here.say("Yes.", 3, moves=False)
        here.leave(3)
        await settled(here)
        assert here.desk.memory.faces.count() == 0 and len(call.said) == 1


async def test_a_yes_to_something_else_before_she_has_asked_is_no_answer(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        call = calling(here)
        call.line.quiet = False  # the two of them are talking
        here.eye.come(3, 9)
        here.see()
        await here.sat.type("/face enrol name:Sarah")
        await until(lambda: here.cog._meeting is not None and here.cog._meeting.waits)
        await settled(here)
        assert not here.say("Yes.", 3)  # whether she would like some tea
        call.line.quiet = True
        await asked(call, 1)
        await settled(here)
        assert here.desk.memory.faces.count() == 0 and len(call.said) == 1
        assert here.desk.consent.decision("desk:sarah", Purpose.FACE) is None


async def test_a_no_keeps_nothing_and_that_face_is_not_asked_again(tmp_path: Path) -> None:
    async with before(tmp_path, face_meeting="ask") as here:
        call = calling(here)
        here.stranger(3, 9)
        await asked(call, 1)
        assert here.say("No.", 3)
        await asked(call, 2)
        here.stranger(3, 9)
        await settled(here)
        assert call.said == [ENGLISH.face, ENGLISH.kept_nothing] and here.desk.memory.faces.count() == 0
        assert not any(here.desk.consent.decision("desk:sarah", one) for one in Purpose)


async def test_nobody_is_asked_unless_the_owner_allows_it_nor_in_the_middle_of_a_talk(
    tmp_path: Path,
) -> None:
    async with before(tmp_path / "off") as here:
        call = calling(here)
        here.stranger(3, 9)
        await settled(here)
        assert not call.said
    async with before(tmp_path / "ask", face_meeting="ask") as here:
        call = calling(here)
        here.say("As I was saying, it rains.", None)
        here.stranger(3, 9)
        await settled(here)
        assert not call.said


async def test_the_owner_has_somebody_asked_by_name(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        call = calling(here)
        here.eye.come(3, 9)
        here.see()
        said = await here.sat.type("/face enrol name:Sarah")
        assert "their own yes" in said
        await asked(call, 1)
        assert call.said == [ENGLISH.face_of.format(name="Sarah")]
        assert here.say("Yes, sure.", 3)
        await asked(call, 3)
        assert here.say("Yes.", 3)
        await until(lambda: here.desk.memory.may_remember("desk:sarah"))


@pytest.mark.parametrize("word", ["No.", "Stop!", "Wait, stop, I don't want that."])
async def test_a_yes_that_is_taken_back_while_she_looks_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    async with before(tmp_path, face_meeting="ask") as here:
        call, go = calling(here), asyncio.Event()
        sit = here.eye.sit

        async def slowly(track: int) -> Template:
            await go.wait()
            return await sit(track)

        monkeypatch.setattr(here.eye, "sit", slowly)
        here.stranger(3, 9)
        await asked(call, 1)
        assert here.say("Yes, I'm Sarah.", 3)
        await asked(call, 2)
        assert not here.say("Like this?", 3)
        assert not here.say(word, 3, moves=False)  # somebody else
        assert here.say(word, 3)
        await asked(call, 3)
        go.set()
        await settled(here)
        assert call.said[1:] == [ENGLISH.look, ENGLISH.kept_nothing]
        assert here.desk.memory.faces.count() == 0
        assert here.desk.consent.decision("desk:sarah", Purpose.FACE) is None


async def test_a_yes_that_is_interrupted_before_anything_is_kept_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with before(tmp_path) as here:
        consent = here.desk.consent
        decide = consent.decide

        async def interrupted(person: str, purpose: Purpose, allowed: bool, how: str) -> None:
            await decide(person, purpose, allowed, how)
            if allowed:
                raise asyncio.CancelledError  # the page is closed at this moment

        monkeypatch.setattr(consent, "decide", interrupted)
        with pytest.raises(asyncio.CancelledError):
            await knowing.know(here.desk, BRUNO, Template(vector(1), ENCODER, 5), "page")
        assert not agreed(consent.decision(BRUNO.id, Purpose.FACE))
        assert here.desk.memory.faces.count() == 0


# Commands


async def test_whoever_sits_there_is_known_by_their_face(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.desk.consent.decide(TOM.id, Purpose.FACE, True, "test")
        assert "I see no face" in await here.sat.type("/face enrol")
        here.eye.come(1, 4)
        here.eye.come(2, 5)
        assert "several faces" in await here.sat.type("/face enrol")
        here.eye.go(2)
        assert "I know you by your face" in await here.sat.type("/face enrol")
        assert here.desk.memory.faces.of(TOM.id) is not None


async def test_somebody_elses_face_is_not_enrolled_as_ones_own(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1)
        await here.desk.consent.decide(TOM.id, Purpose.FACE, True, "test")
        here.eye.come(7, 1)
        assert "as somebody else’s" in await here.sat.type("/face enrol")
        assert here.desk.memory.faces.of(TOM.id) is None


async def test_encounters_are_listed_to_whoever_was_there(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        await here.knows(BRUNO, 1)
        await here.meet(BRUNO, 7, 1)
        here.say("My name is *Bruno* <script>.", 7)
        await until(lambda: bool(here.encounters(TOM)[0].lines))
        said = await here.sat.type("/encounters list")
        assert "Bruno" in said and "earlier today" in said
        assert "I have met nobody" in await here.sat.type("/encounters list person:Tom")


async def test_two_who_are_one_are_merged_and_split_again(tmp_path: Path) -> None:
    async with before(tmp_path) as here:
        again = Person("desk:bruno 2", "Bruno")
        await here.knows(BRUNO, 1)
        await here.knows(again, 2)
        said = await here.sat.type('/encounters merge kept:Bruno gone:"Bruno 2"')
        assert "from now on" in said and here.desk.memory.people.linked(again.id)[0] == BRUNO.id
        assert None in here.eye.forgotten
        assert "told apart again" in await here.sat.type('/encounters split "Bruno 2"')
        assert here.desk.memory.people.linked(again.id) == (again.id,)


async def test_without_a_camera_nobody_is_asked_to_sit(tmp_path: Path) -> None:
    async with sitting(tmp_path) as sat:
        await sat.desk.consent.decide(TOM.id, Purpose.FACE, True, "test")
        assert "I see nobody here" in await sat.type("/face enrol")
        assert agreed(sat.desk.consent.decision(TOM.id, Purpose.FACE))

"""What is said aloud to the program rather than to her: "Mira, forget that". She asks back, and does it after a yes.

Neither the wish nor the yes is kept, or answered by the model. Only the one who wished can say yes. Where several people
are one stream nobody's voice says for sure who it is, so that she forgets nothing for it, and says how it is done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import datetime

from cogs import forgetting
from cogs.answers import KithCog
from cogs.call import Call
from cogs.conversations import Closed, Told
from cogs.host import Host
from cogs.modes import mode_of
from cogs.pace import Pace
from cogs.spoken_lines import LINES, language_for
from cogs.spoken_wishes import Last, More, Today, answer_in, request_in
from memory.errors import MemoryFault
from memory.forget import Wish
from persona_core.errors import KithError
from persona_core.events import Said
from persona_core.hearing.echo import echoed_words
from persona_core.hearing.listening_words import words_of
from persona_core.hearing.mode import Mode
from persona_core.types import Person, Utterance

ANSWER_S = 20.0  # so long after her question an answer may begin
HEARD_S = 8.0  # so long it may take to be said and understood
WITH_HER_S = 20.0  # so long after her reply to somebody what they say is for her
QUIET_S, QUIET_POLL_S = 3.0, 0.1  # she waits so long for a pause
ECHO_LETTERS = 6  # of her question, and it is no answer
MOST_WISHES, WISHES_WITHIN_S = 6, 60.0  # of one person

UNASKED = "I was asked to forget something, and could not ask back aloud; `/forget last` does it."

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Asked:
    """A wish that waits for a yes."""

    wish: Wish
    question: str
    language: str  # ISO 639-1
    from_at: float  # time.perf_counter() from which on an answer may begin
    until_at: float = float("inf")  # known when the question has been asked


class SpokenCommands(KithCog):
    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._pace = Pace(MOST_WISHES, WISHES_WITHIN_S)
        self._asked: dict[tuple[str, str], Asked] = {}  # by place and person
        self._with_her: dict[
            str, tuple[frozenset[str], float]
        ] = {}  # by place: whom she answered last, and when
        self._speaking = asyncio.Lock()
        host.conversations.commands.append(self.take)
        host.conversations.listen(self._on_event)

    def take(self, key: str, utterance: Utterance) -> bool:
        """Whether it is for the program; see ``Conversations.commands``. Does not wait."""
        call = self.host.calls.at(key)
        if call is None:
            return False
        taken = self._take_answer(call, utterance) or self._take_wish(call, utterance)
        if taken:
            self.host.conversations.unsay(key, utterance)
        return taken

    # Wishes

    def _take_wish(self, call: Call, utterance: Utterance) -> bool:
        person = utterance.person
        present = self.host.people_present(call.place)
        others = [one for one in present if one.id != person.id]
        her_name = self.host.persona.character.name
        request = request_in(utterance.text, her_name, [one.name for one in others])
        if request is None or not (
            request.named or self._is_for_her(call.place.key, person, alone=not others)
        ):
            return False
        self._asked.pop((call.place.key, person.id), None)
        if not self._pace.may(person.id, time.monotonic()):
            self.host.counts["spoken wishes over the limit"] += 1
        elif isinstance(request.wished, More) or call.place.mixed:  # a voice is no proof of who it is
            language = self._language(utterance)
            self.start(self._say(call, LINES[language].shown_first, language), "answer a wish")
        else:
            self.start(self._ask(call, utterance, request.wished), "ask back", lasting=True)
        return True

    def _is_for_her(self, key: str, person: Person, *, alone: bool) -> bool:
        """Where she is not called by her name."""
        mode = mode_of(self.host.modes, key)
        if mode in (Mode.PUSH_TO_TALK, Mode.QUIET):
            return False
        people, at = self._with_her.get(key, (frozenset(), 0.0))
        return alone or mode is Mode.ALWAYS or (person.id in people and time.monotonic() - at < WITH_HER_S)

    def _on_event(self, key: str, event: Told) -> None:
        match event:
            case Said(answers=answers):
                self._with_her[key] = frozenset(one.person.id for one in answers), time.monotonic()
            case Closed():
                self._with_her.pop(key, None)
                for asked in [one for one in self._asked if one[0] == key]:
                    del self._asked[asked]

    def _language(self, utterance: Utterance) -> str:
        return language_for(utterance.language, self.host.persona.languages)

    async def _ask(self, call: Call, utterance: Utterance, wished: Last | Today) -> None:
        """Ask back, and wait until it is too late for an answer."""
        person, language = utterance.person, self._language(utterance)
        now_s = self.host.now()
        since_s = now_s - wished.minutes * 60 if isinstance(wished, Last) else _midnight(now_s)
        question = LINES[language].ask(wished)
        key = call.place.key, person.id
        asked = Asked(Wish(person.id, since_s=since_s), question, language, from_at=time.perf_counter())
        self._asked[key] = asked
        try:
            await self._say(call, question, language)
        except KithError as error:
            log.info("could not ask back: %s", type(error).__name__)
            if self._asked.get(key) is asked:
                del self._asked[key]
                await self.host.post(call.place, UNASKED)
            return
        asked.until_at = time.perf_counter() + ANSWER_S
        await asyncio.sleep(ANSWER_S + HEARD_S)
        if self._asked.get(key) is asked:
            del self._asked[key]
            await self._say(call, LINES[language].kept, language)

    # Answers

    def _take_answer(self, call: Call, utterance: Utterance) -> bool:
        """A yes or a no is for the program; anything else means no, and is taken for what it says."""
        key = call.place.key, utterance.person.id
        asked, began_at = self._asked.get(key), _began_at(utterance)
        if asked is None or began_at < asked.from_at:
            return False
        words = words_of(utterance.text)
        if echoed_words(words, asked.question, ECHO_LETTERS) >= len(words):
            return True  # her own question, from a loudspeaker
        del self._asked[key]
        if began_at > asked.until_at:
            return False
        answer = answer_in(utterance.text, self.host.persona.character.name)
        if answer:
            self.start(self._forget(call, asked), "forget")
        elif answer is False or not self._take_wish(call, utterance):
            self.start(self._say(call, LINES[asked.language].kept, asked.language), "keep")
            return answer is False
        return True

    async def _forget(self, call: Call, asked: Asked) -> None:
        wish, lines, language = asked.wish, LINES[asked.language], asked.language
        try:
            receipt = await forgetting.forget_as_told(self.host, wish)
        except MemoryFault as error:
            log.warning("a spoken wish failed: %s", type(error).__name__)
            await self._say(call, lines.failed, language)
            return
        self.start(self._delete_posts(wish.person), "delete posts")
        await self._say(call, lines.done(receipt.counts), language)

    async def _delete_posts(self, person: str) -> None:
        await forgetting.delete_posts(self.host, person)

    async def _say(self, call: Call, text: str, language: str) -> None:
        """Raises KithError. One after the other, in a pause if there is one soon."""
        async with self._speaking:
            for _ in range(round(QUIET_S / QUIET_POLL_S)):
                if call.line is None or call.line.quiet:
                    break
                await asyncio.sleep(QUIET_POLL_S)
            await call.say(text, language)


def _began_at(utterance: Utterance) -> float:
    """When it began, as a time.perf_counter()."""
    stopped_at = time.perf_counter() if utterance.stopped_at is None else utterance.stopped_at
    return stopped_at - (utterance.ended_s - utterance.started_s)


def _midnight(now_s: float) -> float:
    """When the day began; Unix times."""
    return datetime.fromtimestamp(now_s).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

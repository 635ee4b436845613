"""From talk to what is kept of it: entries for the journal, changes of her profile and of the people she knows.

Every line names the turns it rests on and may be heard by nobody who may not hear each of them. With a model's answer
or without: what people asked her to remember, plans and corrections are found by their words alone, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from memory.audience import narrowest
from memory.called import aliases_of, relationship_of
from memory.likeness import alike
from memory.profile import SECTIONS, Addition, ProfileUpdate
from memory.roster_update import Feeling, Happening, RosterUpdate
from memory.salience import NOTE, WORTH, fact_kinds, is_order, is_plan, may_replace, of_stretch, of_turn
from memory.types import HERS, Commitment, Entry, StoredTurn
from persona_core.thinking.grounds import SUMMARY, is_borrowed, is_junk, sources_of, summary_rests_on
from persona_core.thinking.notes import SAME, Note, Talk, due_day, is_appointment, scope_of
from persona_core.thinking.reflection_form import Answer, Fact, Promised

PLAINEST = 3  # turns that are noted word for word where no model helps, besides wishes, plans and corrections
MISSED = 2  # the same of those that the model has left out
_FROM_OTHERS = (
    "running_jokes",
    "moods",
    "reflections",
)  # sections in which others' words alone may say something

NewId = Callable[[float], str]  # takes when it happened, in Unix time


@dataclass(frozen=True, slots=True)
class Reflected:
    """What is to be kept of a stretch."""

    through: int  # id of the last turn this covers; what follows is for the next time
    entries: tuple[Entry, ...] = ()
    profile: ProfileUpdate | None = None
    roster: tuple[RosterUpdate, ...] = ()


class Derivation:
    """Of one stretch of turns."""

    def __init__(
        self, turns: Sequence[StoredTurn], known: Sequence[Entry], her_name: str, new_id: NewId, now_s: float
    ) -> None:
        self._turns, self._new_id, self._now_s = turns, new_id, now_s
        self._talk = Talk(turns, known, her_name)
        self._shown: Sequence[Entry] = ()  # known entries, as the model saw them numbered
        self._salience = of_stretch(turns)

    def from_answer(self, answer: Answer, shown: Sequence[Entry]) -> Reflected:
        """``shown``: the known entries as the model saw them numbered."""
        self._shown = shown
        notes = [note for fact in answer.facts if (note := self._fact(fact))]
        notes += [note for promised in answer.commitments if (note := self._commitment(promised))]
        return self._reflected(self._talk.completed(notes, MISSED), answer)

    def without_model(self) -> Reflected:
        return self._reflected(self._talk.completed([], PLAINEST), Answer())

    def of_small_talk(self) -> Reflected:
        """Nothing is worth a note; but who somebody is may be told in passing."""
        return Reflected(self._turns[-1].id, roster=self._roster([], [], Answer()))

    def _reflected(self, notes: Sequence[Note], answer: Answer) -> Reflected:
        entries = [
            self._talk.entry(note, self._new_id(note.sources[-1].at_s), answer.emotion, self._now_s)
            for note in notes
        ]
        return Reflected(
            self._turns[-1].id,
            (*self._summary(answer), *entries),
            self._profile(answer),
            self._roster(notes, entries, answer),
        )

    def _summary(self, answer: Answer) -> list[Entry]:
        text, her_name = answer.summary, self._talk.her_name
        if is_junk(text, her_name, free=True) or self._is_borrowed(text):
            return []
        if summary_rests_on(text, self._turns, self._talk.names) < SUMMARY:
            return []
        if any(alike(text, entry.text) >= SAME for entry in self._talk.known):
            return []
        guess = self._salience.score if answer.salience is None else answer.salience
        return [
            Entry(
                self._new_id(self._turns[0].at_s),
                self._turns[0].at_s,
                text,
                narrowest([turn.scope for turn in self._turns]),
                answer.emotion,
                round((guess + self._salience.score) / 2, 2),
                why=", ".join(self._salience.reasons),
                topics=answer.topics,
                emotions=(answer.emotion,),
                partners=self._talk.partners(self._turns),
                sources=tuple(turn.id for turn in self._turns),
                written_s=self._now_s,
            )
        ]

    def _fact(self, fact: Fact) -> Note | None:
        note = self._grounded(fact, "a fact about themselves")
        if note is None or note.who == HERS:
            return None
        at = fact.replaces or 0
        old = self._shown[at - 1] if 1 <= at <= len(self._shown) else None
        if old is not None and _may_take_back(note, old):
            note = replace(note, supersedes=(old.id,))
        plans = is_plan(note.text) and any(map(is_appointment, note.sources))
        by = due_day(note.text, note.sources) if plans else None
        return replace(note, commitment=Commitment(note.text, note.who, by)) if by else note

    def _commitment(self, promised: Promised) -> Note | None:
        note = self._grounded(promised, "a fact about themselves")
        if note is None or not any(is_plan(turn.text) for turn in note.sources):
            return note if note and note.who != HERS else None
        by = due_day(f"{promised.by} {promised.text}", note.sources)
        commitment = Commitment(note.text, note.who, by)
        told = any(fact_kinds(turn.text) for turn in note.sources)
        return replace(note, why="a plan or a promise", commitment=commitment, fact=told)

    def _grounded(self, part: Fact | Promised, why: str) -> Note | None:
        """What the model wrote, with the turns it rests on; None where there are none, or it is no note."""
        person, text = self._talk.people.get(part.who.casefold()), part.text
        if person is None or is_junk(text, self._talk.her_name) or self._is_borrowed(text):
            return None
        sources = sources_of(text, self._turns, part.line, self._talk.names, person)
        if not sources or any(is_order(turn.text) for turn in sources):
            return None
        name = self._talk.names[person]
        said = text if name.casefold() in text.casefold() else f"{name}: {text}"
        if all(turn.speaker != person for turn in sources):  # hearsay stays hearsay
            said = f"{self._talk.names[sources[0].speaker]} said: {said}"
        worth = max(of_turn(turn).score for turn in sources)
        return Note(person, said[:NOTE], tuple(sources), max(worth, WORTH), why)

    def _is_borrowed(self, text: str) -> bool:
        return is_borrowed(text, self._turns, self._shown, self._talk.names)

    def _profile(self, answer: Answer) -> ProfileUpdate | None:
        added = []
        for about in answer.about_me:
            if about.section not in SECTIONS or is_junk(about.text, self._talk.her_name):
                continue
            if self._is_borrowed(about.text):
                continue
            # nobody else can tell what she likes
            whose = None if about.section in _FROM_OTHERS else HERS
            sources = sources_of(about.text, self._turns, about.line, self._talk.names, whose)
            if sources and not any(is_order(turn.text) for turn in sources):
                added.append(_addition(about.section, about.text[:200], sources, 0.5))
        if answer.emotion != "neutral":
            company = ", ".join(self._talk.partners(self._turns)[:3])
            added.append(
                _addition("moods", f"{answer.emotion} after talking with {company}", self._turns, 0.3)
            )
        return ProfileUpdate(add=tuple(added)) if added else None

    def _roster(
        self, notes: Sequence[Note], entries: Sequence[Entry], answer: Answer
    ) -> tuple[RosterUpdate, ...]:
        warmth = {
            self._talk.people.get(one.who.casefold()): one.score / 2
            for one in answer.feelings
            if one.score > 0 or answer.emotion == "annoyed"  # small models take bad news for bad people
        }
        updates = []
        for person in self._talk.names:
            known = [(note, entry) for note, entry in zip(notes, entries, strict=True) if note.who == person]
            history = tuple(_happening(note, entry) for note, entry in known if note.fact)[:10]
            spoken = [turn for turn in self._turns if turn.speaker == person]
            score = warmth.get(person)
            feelings = (_feeling(spoken, score),) if score and spoken else ()
            if person == HERS:
                continue
            update = RosterUpdate(
                person=person,
                at_s=self._now_s,
                relationship=relationship_of(person, self._turns, self._talk.her_name),
                history=history,
                feelings=feelings,
                aliases=aliases_of(person, self._turns, self._talk.names.values()),
            )
            if update.lines:
                updates.append(update)
        return tuple(updates)


def _may_take_back(note: Note, old: Entry) -> bool:
    """Only who told something can take it back, where the note is about nobody else, and about the same."""
    told = all(turn.speaker in (note.who, HERS) for turn in note.sources)
    alone = set(old.scope.about) - {HERS} == {note.who} and len(old.text) <= NOTE
    return told and alone and any(may_replace(turn.text, old) for turn in note.sources)


def _addition(section: str, text: str, sources: Sequence[StoredTurn], salience: float) -> Addition:
    return Addition.model_validate(
        {
            "section": section,
            "text": text,
            "at_s": sources[-1].at_s,
            "scope": narrowest([turn.scope for turn in sources]),
            "sources": tuple(turn.id for turn in sources),
            "salience": salience,
        }
    )


def _happening(note: Note, entry: Entry) -> Happening:
    return Happening(
        text=note.text[:NOTE],
        scope=scope_of(note),
        sources=(entry.id, *entry.sources),
        salience=note.salience,
        supersedes=note.supersedes,
    )


def _feeling(spoken: Sequence[StoredTurn], score: float) -> Feeling:
    reasons = of_stretch(spoken).reasons  # never anybody's words: a feeling may be told to others
    return Feeling(
        text=(reasons[0] if reasons else "a talk")[:80],
        scope=narrowest([turn.scope for turn in spoken]),
        sources=tuple(turn.id for turn in spoken),
        score=score,
    )

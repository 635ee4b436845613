"""Notes about what one person said, each with the turns it rests on, and how notes become entries of the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from memory.audience import narrowest
from memory.due import due
from memory.likeness import alike, content_words
from memory.plain_text import one_line
from memory.salience import WORTH, explicit_wishes, is_order, of_turn, replaced
from memory.types import HERS, Commitment, Entry, Scope, StoredTurn
from persona_core.thinking.reflection_form import labels

SAME = 0.75  # likeness from which on two lines say the same
REPEATED = 0.9  # the same where one is said to have taken the place of the other
WISH = 0.75  # share of a wish's content words that a note has to hold to stand for it
VERBATIM = 300  # characters of a turn that is noted word for word


@dataclass(frozen=True, slots=True)
class Note:
    who: str  # person id; HERS: she
    text: str
    sources: tuple[StoredTurn, ...]
    salience: float  # 0..1
    why: str
    commitment: Commitment | None = None
    supersedes: tuple[str, ...] = ()  # ids of entries
    fact: bool = True  # worth knowing of the person, beyond the journal


class Talk:
    """A stretch of turns, and what was known before."""

    def __init__(self, turns: Sequence[StoredTurn], known: Sequence[Entry], her_name: str) -> None:
        self.turns, self.known = turns, known
        self.names = labels(turns, her_name)  # person id → name
        self.people = {name.casefold(): person for person, name in self.names.items()}
        self.her_name = self.names[HERS]

    def partners(self, turns: Sequence[StoredTurn]) -> tuple[str, ...]:
        """The names of those who spoke, but her."""
        return tuple(dict.fromkeys(self.names[turn.speaker] for turn in turns if turn.speaker != HERS))

    def completed(self, notes: Sequence[Note], most: int) -> list[Note]:
        """``notes``, and word for word what was wished for, planned or corrected without being among them.

        With ``most`` as many more of the weightiest turns.
        """
        kept = [self._with_corrections(note) for note in notes]
        covered = {turn.id for note in kept for turn in note.sources}
        gone = {name for note in kept for name in note.supersedes}
        left = [
            turn
            for turn in self.turns
            if not is_order(turn.text) and (turn.id not in covered or _wish_missed(turn, kept))
        ]
        weighty = sorted(left, key=lambda turn: -of_turn(turn).score)
        more = {turn.id for turn in [one for one in weighty if of_turn(one).score >= WORTH][:most]}
        for turn in left:
            note = self._verbatim(turn, gone)
            if explicit_wishes(turn) or note.commitment or note.supersedes or turn.id in more:
                gone.update(note.supersedes)
                kept.append(note)
        return self._distinct(kept)

    def _verbatim(self, turn: StoredTurn, gone: set[str]) -> Note:
        text, worth = one_line(turn.text)[:VERBATIM], of_turn(turn)
        by = due_day(text, [turn])
        plans = is_appointment(turn) and by is not None
        old = [name for name in self._taken_back(turn) if name not in gone]
        return Note(
            turn.speaker,
            f"{self.names[turn.speaker]} said: {text}",
            (turn,),
            max(worth.score, WORTH),
            ", ".join(worth.reasons),
            Commitment(text[:200], turn.speaker, by) if plans else None,
            tuple(old),
            any(reason.startswith("a fact") for reason in worth.reasons),
        )

    def _with_corrections(self, note: Note) -> Note:
        told = [turn for turn in note.sources if turn.speaker == note.who]
        old = [name for turn in told for name in self._taken_back(turn)]
        return replace(note, supersedes=tuple(dict.fromkeys((*note.supersedes, *old))))

    def _taken_back(self, turn: StoredTurn) -> list[str]:
        """Ids of the entries that do not hold any more since this was said."""
        name = self.names[turn.speaker]
        return [entry.id for entry in replaced(turn.text, turn.speaker, self.known, name)]

    def _distinct(self, notes: Iterable[Note]) -> list[Note]:
        """One where several say the same, and none that is known."""
        kept: list[Note] = []
        for note in map(self._without_repeats, notes):
            holds = [entry for entry in self.known if entry.id not in note.supersedes]
            if any(alike(note.text, entry.text) >= SAME for entry in holds):
                continue
            for at, one in enumerate(kept):
                if one.who == note.who and alike(one.text, note.text) >= SAME:
                    kept[at] = replace(
                        one,
                        commitment=one.commitment or note.commitment,
                        supersedes=tuple(dict.fromkeys((*one.supersedes, *note.supersedes))),
                    )
                    break
            else:
                kept.append(note)
        return kept

    def _without_repeats(self, note: Note) -> Note:
        """What says just the same does not take the place of what was noted."""
        same = {entry.id for entry in self.known if alike(note.text, entry.text) >= REPEATED}
        return replace(note, supersedes=tuple(name for name in note.supersedes if name not in same))

    def entry(self, note: Note, id_: str, emotion: str, now_s: float) -> Entry:
        return Entry(
            id_,
            note.sources[-1].at_s,
            note.text,
            scope_of(note),
            emotion,
            note.salience,
            why=note.why,
            commitments=(note.commitment,) if note.commitment else (),
            partners=self.partners(note.sources) or self.partners(self.turns),
            sources=tuple(turn.id for turn in note.sources),
            supersedes=note.supersedes,
            written_s=now_s,
        )


def _wish_missed(turn: StoredTurn, notes: Sequence[Note]) -> bool:
    """Whether something that she was asked to remember stands in none of the notes."""
    noted = content_words(" ".join(note.text for note in notes if turn in note.sources))
    wishes = (content_words(wish) for wish in explicit_wishes(turn))
    return any(len(wish & noted) < WISH * len(wish) for wish in wishes)


def scope_of(note: Note) -> Scope:
    """That of its sources; whoever it is about has a say in it, too."""
    scope = narrowest([turn.scope for turn in note.sources])
    about = {*scope.about, note.who} - {HERS}
    return replace(scope, about=tuple(sorted(about or set(scope.about))))


def is_appointment(turn: StoredTurn) -> bool:
    """Whether a turn tells of something that will take place."""
    return bool({"a plan with a time", "a promise of hers"} & set(of_turn(turn).reasons))


def due_day(text: str, sources: Sequence[StoredTurn]) -> date | None:
    """The day that ``text``, or else its sources, speak of."""
    said = datetime.fromtimestamp(sources[0].at_s).date()
    found = (due(one, said) for one in (text, *(turn.text for turn in sources)))
    return next((day for day in found if day is not None), None)

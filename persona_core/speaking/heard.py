"""What of a reply was heard when it was cut off. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LETTERS_PER_S = 15.0  # of English at an easy pace; only for a clause whose sound is not complete


@dataclass(slots=True)
class Voiced:
    """A clause whose sound has been handed to playback, or a part of it."""

    start: int  # characters of the reply before the clause
    end: int  # and up to its end
    samples: int = 0  # handed over
    closing: int = 0  # of them, at the very end, the silence that follows a sentence
    whole: bool = False  # no more sound of it follows


def cut_at(written: str, clauses: Sequence[Voiced], samples: int, rate: int) -> tuple[int, int]:
    """How many characters of ``written`` were heard, to the word, and where the clause that was cut begins.

    ``samples`` of the sound of ``clauses``, at ``rate`` Hz, were heard. Within a clause every character
    is taken to last equally long. Both figures are the same where the sound ends between two clauses.
    """
    for clause in clauses:
        length = clause.samples - clause.closing
        if not clause.whole:
            length = max(length, round((clause.end - clause.start) / LETTERS_PER_S * rate))
        if samples < length:
            share = max(0, samples) / length
            at = clause.start + int(share * (clause.end - clause.start))
            return _whole_words(written, clause.start, at, clause.end), clause.start
        samples -= clause.samples
    end = clauses[-1].end if clauses else 0
    return end, end


def _whole_words(written: str, start: int, at: int, end: int) -> int:
    """``at``, or the end of the last word before it; scripts without blanks are cut anywhere."""
    if " " not in written[start:end].strip():
        return at if not written[start:end].isascii() else start
    return max(start, written.rfind(" ", start, at + 1))

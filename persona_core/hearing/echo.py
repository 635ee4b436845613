"""Her own words coming back through somebody's loudspeaker, cut and garbled. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from persona_core.hearing.listening_words import words_of

LEAST_LETTERS = 12  # less may be in anything she said by chance, or be somebody asking back: "Tuesday?"
_MOST_ERRORS = 0.3  # edits per letter
_ERROR_COST = 2.5  # letters that must match for each that does not; words that are not hers must not pay off


def echoed_words(words: Sequence[str], said: str, least: int = LEAST_LETTERS) -> int:
    """How many of ``words``, from the first on, are an echo of something in ``said``; 0 when it is none.

    ``least`` is the fewest letters that count as one.

    The beginning of the words is aligned with any part of hers by letters (Sellers 1980), because a
    recogniser garbles an echo and cuts its words elsewhere. ``words`` come from ``words_of``.
    """
    hers = "".join(words_of(said))
    distances = _distances("".join(words), hers)
    best, score, length = 0, 0.0, 0
    for count, word in enumerate(words, start=1):
        length += len(word)
        errors = distances[length]
        if length >= least and errors <= _MOST_ERRORS * length and length - _ERROR_COST * errors > score:
            best, score = count, length - _ERROR_COST * errors
    return best


def _distances(text: str, within: str) -> list[int]:
    """For each beginning of ``text``, by length: the fewest edits that make it a part of ``within``."""
    letters = np.array(list(within), dtype="U1")
    places = np.arange(len(within) + 1)
    row = np.zeros(len(within) + 1, np.int64)  # a match may begin anywhere
    fewest = [0]
    for done, letter in enumerate(text, start=1):
        step = np.concatenate([[done], np.minimum(row[:-1] + (letters != letter), row[1:] + 1)])
        row = np.minimum.accumulate(step - places) + places  # letters of hers that were lost
        fewest.append(int(row.min()))
    return fewest

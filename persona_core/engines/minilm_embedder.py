"""all-MiniLM-L6-v2 through transformers: English, small and quick where PyTorch is there anyway."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors import SafetensorError
from transformers import AutoModel, AutoTokenizer

from memory.types import Vectors
from persona_core.engines.card import require_torch_cuda
from persona_core.errors import EngineError

LONGEST = 256  # tokens; the model was trained with no longer texts
BATCH = 32


class MiniLMEmbedder:
    """See Embedder. It makes no difference between a question and what answers it."""

    name = "all-MiniLM-L6-v2"
    dimensions = 384

    def __init__(self, path: Path, device: Literal["cpu", "cuda"] = "cpu") -> None:
        """``path``: the folder of the model. Raises EngineError."""
        require_torch_cuda(device)
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
            model: Any = AutoModel.from_pretrained(path, local_files_only=True)
            self._model = model.to(device).eval()
        except (OSError, RuntimeError, ValueError, TypeError, SafetensorError) as cause:
            raise EngineError(
                "all-MiniLM-L6-v2 cannot be loaded: run python -m persona_core.models verify."
            ) from cause
        self._device = device
        self._turn = threading.Lock()

    @torch.inference_mode()
    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """See Embedder. What is longer than 256 tokens is cut off."""
        found = np.zeros((len(texts), self.dimensions), np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")  # alike in length: little padding
        for at in range(0, len(texts), BATCH):
            some = order[at : at + BATCH]
            with self._turn:
                tokens = self._tokenizer(
                    [texts[index] for index in some],
                    return_tensors="pt",
                    padding=True,
                    truncation=True,
                    max_length=LONGEST,
                ).to(self._device)
                hidden = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"][..., None]
            mean = (hidden * mask).sum(1) / mask.sum(1)
            found[some] = torch.nn.functional.normalize(mean, dim=1).cpu().numpy()
        return found

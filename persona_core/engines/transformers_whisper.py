"""Whisper through transformers: any checkpoint of the hub, fine-tuned ones included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors import SafetensorError
from transformers import GenerationMixin, WhisperForConditionalGeneration, WhisperProcessor
from transformers.modeling_outputs import BaseModelOutput

from persona_core.engines.card import require_torch_cuda
from persona_core.engines.log_mel import log_mel
from persona_core.engines.whisper import (
    BEAM,
    Reading,
    WhisperEngine,
    chosen_language,
    is_lost,
    is_unsure,
    most_tokens,
    truer,
    usual_language,
)
from persona_core.engines.whisper_windows import filled, frames_for
from persona_core.errors import EngineError
from persona_core.types import Samples, Speech, Transcript


class TransformersWhisper(WhisperEngine):
    """Greedy where that is sure, without timestamps or previous text, in its own thread."""

    def __init__(self, path: Path, device: Literal["cpu", "cuda"] = "cpu") -> None:
        """``path``: a folder as ``save_pretrained`` writes it, model and processor together."""
        require_torch_cuda(device)
        kind = torch.float16 if device == "cuda" else torch.float32
        try:
            self._processor = WhisperProcessor.from_pretrained(path, local_files_only=True)
            model: Any = WhisperForConditionalGeneration.from_pretrained(
                path, dtype=kind, local_files_only=True
            )
            self._model = model.to(device).eval()
        except (OSError, RuntimeError, ValueError, TypeError, SafetensorError) as cause:
            raise EngineError(
                f"The speech recogniser in {path} cannot be loaded on {device}: "
                "run python -m persona_core.models verify, or set DEVICE=cpu."
            ) from cause
        languages: dict[str, int] = getattr(self._model.generation_config, "lang_to_id", None) or {}
        # ISO 639-1 → its token, which is written "<|en|>"; empty for English-only models
        self._languages = {token.strip("<|>"): number for token, number in languages.items()}
        # (bands, 201), which log_mel takes; the processor keeps them the other way round
        self._filters: Samples = np.ascontiguousarray(
            np.asarray(self._processor.feature_extractor.mel_filters, np.float32).T
        )
        super().__init__("transformers-whisper")

    @torch.inference_mode()
    def _transcribe(self, speech: Sequence[Speech]) -> list[Transcript]:
        return super()._transcribe(speech)

    def _read(self, pieces: Sequence[Speech]) -> list[Reading]:
        return [self._read_one(piece) for piece in pieces]

    def _read_one(self, piece: Speech) -> Reading:
        encoded = self._encode(piece, frames_for(piece.samples, piece.lost))
        reading = self._read_greedily(encoded, piece)
        wanted = is_unsure(reading) and not piece.draft
        return self._search(encoded, piece, reading) if wanted else reading

    def _read_again(self, piece: Speech, frames: int) -> Reading:
        encoded = self._encode(piece, frames)
        first = self._read_greedily(encoded, piece)
        if not is_lost(first) and not is_unsure(first):
            return first
        return replace(self._search(encoded, piece, first), looped=is_lost(first))

    def _read_greedily(self, encoded: BaseModelOutput, piece: Speech) -> Reading:
        """In its language; where another one than the usual was detected, both are read."""
        first = self._first_guess(encoded)
        no_speech = float(first[self._token("<|nospeech|>", "<|nocaptions|>")])
        usual = usual_language(piece, self._languages)
        reading = self._decode(encoded, piece, self._language(piece, first), no_speech, beam=1)
        if reading.is_usual(usual[0]):
            return reading
        return truer(self._decode(encoded, piece, usual, no_speech, beam=1), reading)

    def _search(self, encoded: BaseModelOutput, piece: Speech, greedy: Reading) -> Reading:
        """With a beam, for what a ``greedy`` reading was not sure of."""
        return self._decode(encoded, piece, greedy.read_in, greedy.no_speech, BEAM)

    def _encode(self, piece: Speech, frames: int) -> BaseModelOutput:
        """What the encoder makes of ``piece``. Its own forward() takes nothing but 30 s."""
        encoder = self._model.get_encoder()
        features = torch.from_numpy(filled([log_mel(piece.samples, self._filters)], frames))
        hidden = features.to(self._model.device, self._model.dtype)
        for convolution in (encoder.conv1, encoder.conv2):
            hidden = torch.nn.functional.gelu(convolution(hidden))
        hidden = hidden.transpose(1, 2)
        hidden = hidden + encoder.embed_positions.weight[: hidden.shape[1]]
        for layer in encoder.layers:
            hidden = layer(hidden, None)
        return BaseModelOutput(last_hidden_state=encoder.layer_norm(hidden))

    def _first_guess(self, encoded: BaseModelOutput) -> torch.Tensor:
        """Probabilities (vocabulary,) of what comes first: a language, or that nobody speaks."""
        start = torch.tensor([[self._model.config.decoder_start_token_id]], device=self._model.device)
        logits = self._model(encoder_outputs=encoded, decoder_input_ids=start).logits
        return torch.softmax(logits[0, -1].float(), dim=-1)

    def _language(self, piece: Speech, first: torch.Tensor) -> tuple[str, float]:
        """The language of ``piece`` and its probability, from the first guess."""
        if not self._languages:
            return "en", 0.0
        chances = first[list(self._languages.values())]
        likeliest = list(self._languages)[int(chances.argmax())]
        return chosen_language(piece, likeliest, float(chances.max() / chances.sum()), self._languages)

    def _token(self, *names: str) -> int:
        """The first of ``names`` that this vocabulary has; the older ones name some tokens otherwise."""
        vocabulary = self._processor.tokenizer.get_vocab()
        return next(int(vocabulary[name]) for name in names if name in vocabulary)

    def _decode(
        self,
        encoded: BaseModelOutput,
        piece: Speech,
        read_in: tuple[str, float],
        no_speech: float,
        beam: int,
    ) -> Reading:
        language, probability = read_in
        start = [self._model.config.decoder_start_token_id]
        if self._languages:
            start += [self._languages[language], self._token("<|transcribe|>")]
        start.append(self._token("<|notimestamps|>"))
        # Whisper's own generate() encodes again and keeps the evidence to itself
        out: Any = GenerationMixin.generate(
            self._model,
            encoder_outputs=encoded,
            decoder_input_ids=torch.tensor([start], device=self._model.device),
            max_new_tokens=min(most_tokens(piece.samples), self._model.config.max_target_positions // 2),
            num_beams=beam,
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
        )
        tokens = out.sequences[0, len(start) :]
        beams = getattr(out, "beam_indices", None)
        chances = self._model.compute_transition_scores(
            out.sequences, out.scores, beams, normalize_logits=beams is None
        )[0]
        return Reading(
            text=self._processor.tokenizer.decode(tokens, skip_special_tokens=True).strip(),
            language=language,
            language_probability=probability,
            logprob=float(chances[torch.isfinite(chances)].mean()),
            no_speech=no_speech,
            tokens=len(tokens),
            ran_on=self._model.config.eos_token_id not in tokens,
        )

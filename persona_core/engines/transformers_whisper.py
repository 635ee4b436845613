"""Whisper through transformers: any checkpoint of the hub, fine-tuned ones included."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from transformers import GenerationMixin, WhisperForConditionalGeneration, WhisperProcessor
from transformers.modeling_outputs import BaseModelOutput

from persona_core.engines.card import require_torch_cuda
from persona_core.engines.whisper import (
    BEAM_AFTER_LOOP,
    SURE,
    Reading,
    WhisperEngine,
    is_lost,
    most_tokens,
)
from persona_core.errors import EngineError
from persona_core.types import EAR_RATE, Samples, Transcript


class TransformersWhisper(WhisperEngine):
    """Greedy, without timestamps or previous text, one utterance at a time in its own thread."""

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
        # "<|en|>" → its token; empty for English-only models
        self._languages: dict[str, int] = getattr(self._model.generation_config, "lang_to_id", None) or {}
        super().__init__("transformers-whisper")

    @torch.inference_mode()
    def _transcribe(self, samples: Samples, language: str) -> Transcript:
        return super()._transcribe(samples, language)

    def _read(self, window: Samples, language: str) -> Reading:
        features = self._processor.feature_extractor(
            window, sampling_rate=EAR_RATE, return_tensors="pt"
        ).input_features.to(self._model.device, self._model.dtype)
        encoded = self._model.get_encoder()(features)
        first = self._first_guess(encoded)
        language = language if f"<|{language}|>" in self._languages else self._detect(first)
        no_speech = float(first[self._token("<|nospeech|>", "<|nocaptions|>")])
        most = min(most_tokens(window), self._model.config.max_target_positions // 2)
        text, logprob, ran_on = self._decode(encoded, language, most, beam=1)
        reading = Reading(text, language, logprob, no_speech, ran_on)
        if is_lost(reading):
            text, logprob, ran_on = self._decode(encoded, language, most, BEAM_AFTER_LOOP)
            reading = Reading(text, language, logprob, no_speech, ran_on, looped=True)
        return reading

    def _first_guess(self, encoded: BaseModelOutput) -> torch.Tensor:
        """Probabilities (vocabulary,) of what comes first: a language, or that nobody speaks."""
        start = torch.tensor([[self._model.config.decoder_start_token_id]], device=self._model.device)
        logits = self._model(encoder_outputs=encoded, decoder_input_ids=start).logits
        return torch.softmax(logits[0, -1].float(), dim=-1)

    def _detect(self, first: torch.Tensor) -> str:
        """The language spoken, or the usual one where that is not clear, as in a single word."""
        if self._languages:
            chances = first[list(self._languages.values())]
            if float(chances.max() / chances.sum()) >= SURE:
                self._usual = list(self._languages)[int(chances.argmax())].strip("<|>")
        return self._usual

    def _token(self, *names: str) -> int:
        """The first of ``names`` that this vocabulary has; the older ones name some tokens otherwise."""
        vocabulary = self._processor.tokenizer.get_vocab()
        return next(int(vocabulary[name]) for name in names if name in vocabulary)

    def _decode(
        self, encoded: BaseModelOutput, language: str, most: int, beam: int
    ) -> tuple[str, float, bool]:
        """Text, the mean log-probability of its tokens with the closing one, and whether there was none."""
        start = [self._model.config.decoder_start_token_id]
        if self._languages:
            start += [self._languages[f"<|{language}|>"], self._token("<|transcribe|>")]
        start.append(self._token("<|notimestamps|>"))
        # Whisper's own generate() encodes again and keeps the evidence to itself
        out: Any = GenerationMixin.generate(
            self._model,
            encoder_outputs=encoded,
            decoder_input_ids=torch.tensor([start], device=self._model.device),
            max_new_tokens=most,
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
        text = self._processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        ran_on = self._model.config.eos_token_id not in tokens
        return text, float(chances[torch.isfinite(chances)].mean()), ran_on

"""Answers of llama.cpp that keep to a JSON schema."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import llama_cpp as llama
import numpy as np
from llama_cpp.llama_grammar import json_schema_to_gbnf

from persona_core.engines.llama_chat import LlamaChat

log = logging.getLogger(__name__)

_CANDIDATE = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])  # llama_token_data


class Grammar:
    """Of one answer.

    Holding a whole vocabulary against a grammar takes longer than a small model takes for the token. So the samplers
    choose first, and only where the grammar does not allow their choice do they choose again from what it does.
    """

    def __init__(self, sampler: llama.llama_sampler_p, size: int) -> None:
        """``size`` of the vocabulary."""
        self._sampler = sampler
        self._candidates = np.zeros(size, _CANDIDATE)

    def pick(self, chain: llama.llama_sampler_p, context: llama.llama_context_p) -> int | None:
        """The next token by ``chain`` from the last logits in ``context``; None where none is allowed."""
        token = self._choose(chain, context, constrained=False)
        if not self._allows(token):
            token = self._choose(chain, context, constrained=True)
            if not self._allows(token):  # accepting it would end the process
                return None
        llama.llama_sampler_accept(self._sampler, token)
        llama.llama_sampler_accept(chain, token)
        return token

    def _choose(
        self, chain: llama.llama_sampler_p, context: llama.llama_context_p, *, constrained: bool
    ) -> int:
        candidates = self._candidates
        logits = llama.llama_get_logits_ith(context, -1)
        candidates["id"] = np.arange(len(candidates))
        candidates["logit"] = np.ctypeslib.as_array(logits, shape=(len(candidates),))
        candidates["p"] = 0
        array = _array(candidates)
        if constrained:
            llama.llama_sampler_apply(self._sampler, ctypes.byref(array))
        llama.llama_sampler_apply(chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allows(self, token: int) -> bool:
        one = np.array([(token, 1.0, 0.0)], _CANDIDATE)
        llama.llama_sampler_apply(self._sampler, ctypes.byref(_array(one)))
        return bool(np.isfinite(one["logit"][0]))


@contextmanager
def grammar_for(schema: str, chat: LlamaChat) -> Iterator[Grammar | None]:
    """What holds an answer to ``schema``; None where there is none, or llama.cpp cannot make anything of it."""
    sampler = _sampler(schema, chat) if schema else None
    try:
        yield Grammar(sampler, chat.size) if sampler else None
    finally:
        if sampler:
            llama.llama_sampler_free(sampler)


def _sampler(schema: str, chat: LlamaChat) -> Any:
    try:
        rules: str = json_schema_to_gbnf(schema)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, NotImplementedError) as error:
        log.warning("a schema is left out: %s", type(error).__name__)
        return None
    return llama.llama_sampler_init_grammar(chat.vocabulary, rules.encode(), b"root")


def _array(candidates: np.ndarray[Any, Any]) -> Any:
    data = ctypes.cast(candidates.ctypes.data, llama.llama_token_data_p)
    return llama.llama_token_data_array(data, len(candidates), -1, False)

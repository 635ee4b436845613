"""Messages to tokens and tokens to bytes, by the vocabulary and chat template inside a GGUF file."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import llama_cpp as llama
import numpy as np
import numpy.typing as npt
from jinja2 import TemplateError
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from persona_core.engines.chat import certain_beginning, without_system
from persona_core.errors import EngineError
from persona_core.types import Message

KNOWN_TEXTS = (
    256  # whose tokens are kept: the lines of a conversation, and the latest prompts, which take 3 ms each
)

_ENDS = tuple(".?!。？！｡؟।")
_CLOSING = "".join(_ENDS) + "…,;:-–—、，،\"'”’ \n"


class LlamaChat:
    """Reads and writes for one loaded model; of what was read it keeps the latest texts. Safe from any thread."""

    def __init__(self, model: llama.llama_model_p, name: str) -> None:
        """``name`` is the file's, for the error when it is no chat model."""
        self.vocabulary = llama.llama_model_get_vocab(model)
        self.size = llama.llama_vocab_n_tokens(self.vocabulary)  # of the vocabulary
        self._bos = llama.llama_vocab_bos(self.vocabulary)
        template = llama.llama_model_chat_template(model, None)
        if template is None:
            raise EngineError(f"{name} has no chat template; choose an instruct or chat model.")
        eos = llama.llama_vocab_eos(self.vocabulary)
        self._format = Jinja2ChatFormatter(template.decode(), self._text(eos), self._text(self._bos))
        self._control = self._control_texts()
        # Each line of a conversation is counted for every prompt, and a prompt is asked for two or three times.
        self._known = lru_cache(maxsize=KNOWN_TEXTS)(self._tokens)
        self.closing = self._closing_tokens()

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Tokens of the whole conversation, up to where the assistant begins to write."""
        return self._whole_tokens(self._render_any(self._clean(messages)))

    def beginning(self, messages: Sequence[Message]) -> list[int]:
        """What ``prompt`` will begin with when more follows the last word of the last message.

        The last token of that word is left out, as it may become another one with what follows. Nothing
        depends on the rest being right: what ``prompt`` says otherwise is evaluated again.
        """
        certain = certain_beginning(self._clean(messages), self._render_any)
        return self._whole_tokens(certain)[:-1]

    def up_to_end(self, messages: Sequence[Message]) -> list[int]:
        """Tokens up to the last word of the last message, without the mark that closes it."""
        *before, last = self._clean(messages)
        bare = Message(last.role, last.content.rstrip(_CLOSING))
        return self._whole_tokens(certain_beginning([*before, bare], self._render_any))

    def tokens(self, text: str) -> list[int]:
        """Tokens of ``text`` alone; control tokens written out in it are read as such."""
        return list(self._known(text))

    def forget(self) -> None:
        """Keep no text that was turned into tokens."""
        self._known.cache_clear()

    def _tokens(self, text: str) -> tuple[int, ...]:
        data = text.encode()
        room = len(data) + 8  # a token is at least one byte, but for a few that vocabularies add
        buffer = (llama.llama_token * room)()
        count = llama.llama_tokenize(self.vocabulary, data, len(data), buffer, room, False, True)
        return tuple(buffer[:count])

    def bytes_of(self, token: int) -> bytes:
        """What ``token`` adds to the text: possibly half a character, nothing for a control token."""
        buffer = ctypes.create_string_buffer(256)
        length = llama.llama_token_to_piece(self.vocabulary, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(length, 0)]

    def ends(self, token: int) -> bool:
        """Whether ``token`` says that the answer is over."""
        return bool(llama.llama_vocab_is_eog(self.vocabulary, token))

    def _clean(self, messages: Sequence[Message]) -> list[Message]:
        return [Message(message.role, self._control.sub(" ", message.content)) for message in messages]

    def _whole_tokens(self, text: str) -> list[int]:
        tokens = self.tokens(text)
        wanted = llama.llama_vocab_get_add_bos(self.vocabulary)
        if wanted and tokens[:1] != [self._bos]:  # templates may write it
            tokens.insert(0, self._bos)
        return tokens

    def _render_any(self, messages: Sequence[Message]) -> str:
        try:
            return self._render(messages)
        except (TemplateError, ValueError):  # some templates know no system role or insist on alternation
            return self._render(without_system(messages))

    def _render(self, messages: Sequence[Message]) -> str:
        rows: Any = [{"role": message.role, "content": message.content} for message in messages]
        return self._format(messages=rows, enable_thinking=False).prompt

    def _control_texts(self) -> re.Pattern[str]:
        """Matches whatever a person could type that would be read as, say, the end of a message."""
        texts = [
            self._text(token)
            for token in range(self.size)
            if llama.llama_vocab_is_control(self.vocabulary, token)
        ]
        return re.compile("|".join(re.escape(text) for text in texts if text) or "(?!)")

    def _closing_tokens(self) -> npt.NDArray[np.bool_]:
        """For each token, whether a sentence is over with it: it closes one, or the message."""
        begins = (self.bytes_of(token).decode(errors="ignore").lstrip() for token in range(self.size))
        return np.array([text.startswith(_ENDS) or self.ends(token) for token, text in enumerate(begins)])

    def _text(self, token: int) -> str:
        if token < 0:  # the vocabulary has none of the kind
            return ""
        text: bytes = llama.llama_vocab_get_text(self.vocabulary, token)
        return text.decode(errors="ignore")

"""A persona without weights: a few honest sentences, so that she is never silent. English only."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from memory.plain_text import SENTINEL
from persona_core.engines.chat import estimated_tokens
from persona_core.types import Message, Sampling

_LINE = re.compile(r"^(?:(?P<speaker>[^:\n]{1,40}): )?(?P<text>.+)$", re.MULTILINE)
_TRAITS = re.compile(r"^Traits: (.+)\.$", re.MULTILINE)  # as thinking/prompt.py writes them
_TASTES = re.compile(r"^Tastes: (.+)\.$", re.MULTILINE)
_WITHOUT = "My thinking model is not here right now, so I can only say simple things."


@dataclass(frozen=True, slots=True)
class _Line:
    speaker: str
    text: str


class RuleModel:
    """Answers from the messages alone, always the same to the same, in the reply format of any model."""

    keeps_prefix = False
    context_tokens = 8192  # nothing is read but the last lines; this keeps prompts short

    def __init__(self, name: str) -> None:
        """``name`` is the character's."""
        self._rules = (
            (r"\b(who|what) are you\b|\byour name\b|\babout yourself\b", self._introduce, "happy"),
            (r"\bwhat (did|have) i (just )?(say|said|tell|told)\b|\bi (just )?(say|said|told you)\b.*\?",
             self._repeat, "neutral"),
            (r"\b(do|what do) you (like|love|enjoy)\b|\bfavou?rite\b", self._tastes, "happy"),
            (r"\b(thanks|thank you)\b", self._thanked, "happy"),
            (r"\b(bye|goodbye|good night|see you)\b", self._leave, "tender"),
            (r"^\W*(hi|hello|hey|good (morning|afternoon|evening))\b", self._greet, "happy"),
            (r"\?\s*$|^\W*(what|who|where|when|why|how|can|could|do|does|is|are)\b", self._pass, "worried"),
        )  # fmt: skip
        self._name = name

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        """See LanguageModel; ``sampling`` changes nothing."""
        system = "\n".join(message.content for message in messages if message.role == "system")
        lines = [line for message in messages if message.role == "user" for line in _lines(message.content)]
        words, emotion = self._answer(system, lines)
        for sentence in re.split(r"(?<=[.?!] )", words):
            yield sentence
        tail = {"emotion": emotion, "actions": [], "remember": []}
        yield f" {SENTINEL} {json.dumps(tail)}"

    async def read(self, messages: Sequence[Message], conversation: str = "") -> None:
        """Nothing: there is nothing to read."""

    def count_tokens(self, text: str) -> int:
        """An upper estimate, as there are no tokens."""
        return estimated_tokens(text)

    def _answer(self, system: str, lines: list[_Line]) -> tuple[str, str]:
        last = lines[-1].text if lines else "hello"
        for pattern, rule, emotion in self._rules:
            if re.search(pattern, last, re.IGNORECASE):
                return rule(system, lines), emotion
        return f"I hear you{_to(lines)}. {_WITHOUT}", "neutral"

    def _introduce(self, system: str, lines: list[_Line]) -> str:
        traits = _TRAITS.search(system)
        return f"I am {self._name}." + (f" They say I am {_listed(traits[1])}." if traits else "")

    def _repeat(self, system: str, lines: list[_Line]) -> str:
        earlier = [line.text for line in lines[:-1] if line.speaker == lines[-1].speaker]
        if not earlier:
            return "You have not told me anything before that."
        return f"The last thing you said was: {earlier[-1]}"

    def _tastes(self, system: str, lines: list[_Line]) -> str:
        tastes = _TASTES.search(system)
        return f"I like {_listed(tastes[1])}." if tastes else self._pass(system, lines)

    def _thanked(self, system: str, lines: list[_Line]) -> str:
        return f"You are welcome{_to(lines)}."

    def _leave(self, system: str, lines: list[_Line]) -> str:
        return f"Goodbye{_to(lines)}. Talk to you soon."

    def _greet(self, system: str, lines: list[_Line]) -> str:
        return f"Hello{_to(lines)}. I am {self._name}. {_WITHOUT}"

    def _pass(self, system: str, lines: list[_Line]) -> str:
        return f"I wish I could answer that{_to(lines)}. My thinking model is not here right now."


def _lines(content: str) -> list[_Line]:
    """The lines of a user message, each with who spoke it where the prompt says so."""
    return [_Line(match["speaker"] or "", match["text"].strip()) for match in _LINE.finditer(content)]


def _to(lines: list[_Line]) -> str:
    return f", {lines[-1].speaker}" if lines and lines[-1].speaker else ""


def _listed(text: str) -> str:
    """ "a, b, c" or "a; b; c" as people say it."""
    *first, last = [part.strip() for part in re.split("[;,]", text)]
    return f"{', '.join(first)} and {last}" if first else last

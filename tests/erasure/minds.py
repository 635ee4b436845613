"""What she thinks with here: a model that keeps what it is given, and one that thinks a talk over."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence

from persona_core.types import Message, Sampling
from tests.cogs.running import Script
from tests.erasure.routes import WORDS


class Keeping(Script):
    """Keeps every prompt until it is told to forget, as a model that caches them does.

    ``answers``: what she says, by words of what is said to her; however often she begins anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, str] = {}

    def _line(self, messages: Sequence[Message]) -> str:
        said = messages[-1].content  # what others have said meanwhile may stand before it
        known = [words for words in self.answers if words in said]
        last = max(known, key=said.rfind, default="")
        return self.answers[last] if last and said.rstrip().endswith(last) else self.otherwise

    async def forget(self) -> None:
        self.prompts.clear()


class Thinking(Keeping):
    """Thinks a talk over: a summary, a fact and a line about herself, with a word each that only it has said."""

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        conversation: str = "",
        *,
        background: bool = False,
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        if "orchard" not in messages[-1].content:
            yield json.dumps({"summary": "", "emotion": "neutral"})
            return
        numbered = [
            line for line in messages[-1].content.splitlines() if "orchard" in line and "Ann:" in line
        ]
        line, text = int(numbered[0].split()[0]), "has an orchard with old apple trees behind the mill, "
        yield json.dumps(
            {
                "summary": f"Ann {text}{WORDS['her thought about it']}.",
                "emotion": "happy",
                "salience": 9,
                "facts": [
                    {
                        "line": line,
                        "who": "Ann",
                        "text": f"Ann {text}{WORDS['a fact that she made of it']}.",
                        "replaces": None,
                    }
                ],
                "about_me": [
                    {
                        "line": line,
                        "section": "running_jokes",
                        "text": f"old apple trees, orchard, {WORDS['a line of her profile']}",
                    }
                ],
            }
        )

"""“Who was that, and what did I promise him?”: ``python -m tests.benchmarks.who_was_that [--json]``.

Profile ``cpu``, her own small model. Somebody is met and something is promised to them, as the store keeps it; a minute later
she is asked, in writing, at a desk that has just been opened. Counted are answers that name who it was, and that name what
was promised (a word of it that nothing else in the prompt holds).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from local_mode.desk import Desk
from memory.audience import Listeners
from memory.consent import Purpose
from memory.gallery import FaceEmbedding, Template
from persona_core.assemble import build_persona
from persona_core.events import Event, Said
from persona_core.persona import Persona
from persona_core.settings import Settings, load_settings
from persona_core.types import Person
from tests.benchmarks.figures import Figure, show

ANN = Person("desk:ann", "Ann")
CASES = (  # who, what was promised, a word of it, how it is asked
    (
        "Bruno",
        "I'll bring you the photos on Friday, I promise.",
        "photo",
        "Who was that, and what did I promise him?",
    ),
    ("Clara", "I will send you the recipe tomorrow.", "recipe", "Who was that, and what did I promise her?"),
    ("Hassan", "I promise to return your drill next week.", "drill", "Who was he? What did I promise him?"),
    (
        "Ingrid",
        "I'll call the plumber for you on Monday.",
        "plumber",
        "Who did I just meet, and what did I promise?",
    ),
    (
        "Tomás",
        "I will lend you my tent for the weekend.",
        "tent",
        "Mira, who was that? And what did I promise him?",
    ),
    (
        "Yuki",
        "I'll help you to move the piano on Saturday.",
        "piano",
        "What did I promise her just now, and who was that?",
    ),
)


def main() -> None:
    settings = load_settings({"PROFILE": "cpu", "LOG_LEVEL": "ERROR", "LLM_TEMPERATURE": "0"}, env_file=None)
    persona = build_persona(
        settings, hear=False, speak=False, report=lambda line: print(line, file=sys.stderr)
    )
    with tempfile.TemporaryDirectory(prefix="kith-who-") as made:
        answers = [
            asyncio.run(_asked(settings, persona, Path(made) / str(number), *case[:2], case[3]))
            for number, case in enumerate(CASES)
        ]
    named = sum(who in answer for answer, (who, *_) in zip(answers, CASES, strict=True))
    promised = sum(word in answer.casefold() for answer, (_, _, word, _) in zip(answers, CASES, strict=True))
    for answer in answers:
        print(answer, file=sys.stderr)
    show(
        [
            Figure("who_was_that_named", named, "answers", len(CASES)),
            Figure("who_was_that_promise", promised, "answers", len(CASES)),
        ]
    )


async def _asked(
    settings: Settings, persona: Persona, folder: Path, who: str, promise: str, question: str
) -> str:
    update = {"data_dir": folder, "key_file": folder / "key", "camera": SecretStr("push")}
    said: list[str] = []

    def note(event: Event) -> None:
        if isinstance(event, Said):
            said.append(event.reply.text)

    met = Person(f"desk:{who.casefold()}", who)
    async with Desk(settings.model_copy(update=update), persona, ANN, [ANN], lambda line: None) as desk:
        for person in (ANN, met):
            for purpose in (Purpose.REMEMBERING, Purpose.FACE):
                await desk.consent.decide(person.id, purpose, True, "bench")
        face, people, at_s = np.eye(8, dtype=np.float32)[0], desk.memory.people, desk.now() - 60
        people.enrol(met.id, who, Template(face, "bench", 5), at_s)
        there = frozenset({ANN.id, met.id})
        encounter = people.process_encounter(
            FaceEmbedding(face, "bench"),
            "It was good to see you.",
            at_s,
            listeners=Listeners(there, "desk"),
            place="desk",
            present=there,
        )
        people.note(encounter.id, ANN.id, ANN.name, promise, at_s + 5)
        talk = await desk.talk(None, note)
        talk.read(ANN, question)
        await talk.settled()
    return said[-1] if said else ""


if __name__ == "__main__":
    main()

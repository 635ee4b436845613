"""The worked example in docs/transports.md is code that runs."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import numpy as np

from persona_core.conversation import Conversation
from persona_core.events import Event, Heard, Said
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Hearing, Persona
from persona_core.thinking.character import load_character
from persona_core.types import EAR_RATE, Person, Sampling
from tests.cogs.running import Beep, Dictation, Loudness, Script
from tests.until import until

PAGE = Path(__file__).parents[2] / "docs" / "transports.md"
FRAME_BYTES = 2 * EAR_RATE // 50


async def test_a_caller_is_heard_and_answered() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    hearing = Hearing(
        Loudness(), Dictation(), SegmenterSettings(longest_s=0.4), quickest_s=0.4, longest_s=0.4
    )
    llm, events = Script(), list[Event]()
    llm.otherwise = "Very well."
    persona = Persona(load_character("mira"), llm, llm, Sampling(), hearing=hearing, tts=Beep())
    names: dict[str, Any] = {"__name__": "page", "asyncio": asyncio}
    exec(blocks[0], names)
    names |= {"Conversation": Conversation, "Person": Person, "persona": persona, "show": events.append}
    exec(blocks[1].partition("await asyncio.start_server")[0], names)
    server = await asyncio.start_server(names["answer"], "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    tone = (np.sin(np.arange(EAR_RATE) * 2 * np.pi * 500 / EAR_RATE) * 12_000).astype(np.int16).tobytes()
    sound = tone + bytes(2 * EAR_RATE)
    for start in range(0, len(sound), FRAME_BYTES):  # as it is spoken
        writer.write(sound[start : start + FRAME_BYTES])
        await asyncio.sleep(0.02)
    await until(lambda: any(isinstance(event, Said) for event in events))
    assert [event.utterance.text for event in events if isinstance(event, Heard)] == ["tone 500"]
    heard = np.frombuffer(await reader.readexactly(EAR_RATE // 2), np.int16)  # a quarter of a second
    assert np.abs(heard).max() > 1_000
    writer.close()
    server.close()

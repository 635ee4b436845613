"""What is ready is said first: a reply that waits for its words keeps no small sound waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from persona_core.speaking.mouth import Mouth
from tests.persona_core.speaking.test_mouth import Hum, Room, complete, settle, words
from tests.until import until


async def test_a_reply_without_words_yet_keeps_nobody_waiting() -> None:
    hum, room, written = Hum(), Room(), asyncio.Event()
    mouth = Mouth(hum, room)

    async def slowly() -> AsyncIterator[str]:
        await written.wait()
        yield "It is raining."

    reply = asyncio.create_task(mouth.say(slowly()))
    await settle()
    filler = asyncio.create_task(mouth.say(words("Hmm.")))
    await until(lambda: hum.made == ["Hmm."])
    written.set()
    await until(lambda: len(hum.made) == 2)
    await settle()
    assert len(room.taken) == 1
    assert (await complete(filler, room)).heard == "Hmm."
    assert (await complete(reply, room)).heard == "It is raining."


async def test_a_reply_stopped_while_it_waits_for_words_says_nothing() -> None:
    room = Room()
    mouth = Mouth(Hum(), room)

    async def never() -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    reply = asyncio.create_task(mouth.say(never()))
    await settle()
    mouth.stop()
    spoken = await reply
    assert spoken.stopped and room.taken == []

"""Posts that Discord holds up: what is forgotten meanwhile does not stand there afterwards."""

from __future__ import annotations

import asyncio

import pytest

from cogs.replies import Replies
from cogs.transcription import Transcription
from tests.cogs.running import tone
from tests.cogs.scene import Scene
from tests.cogs.test_forget import forgotten, note, preview
from tests.cogs.test_remembering import SISTER, agree
from tests.discord_server import Channel, Message

AT_ONCE = 5  # messages in five seconds; Discord holds up the next


def use_up(scene: Scene, channel: Channel) -> None:
    """From now on her posts there are held up for some seconds."""
    host = scene.bot.host
    place = scene.bot.call(host.place, scene.bot.bot.get_channel(channel.id))

    async def fill() -> None:
        for _ in range(AT_ONCE):
            await host.post(place, "filler")

    asyncio.run_coroutine_threadsafe(fill(), scene.bot.loop).result(20)


def under_way(scene: Scene) -> int:
    """How many of her answers and captions are."""
    replies, captions = (scene.bot.bot.cogs[name] for name in ("Replies", "Transcription"))
    assert isinstance(replies, Replies) and isinstance(captions, Transcription)
    return len(replies._posting._under_way) + len(captions._posting._under_way)


@pytest.fixture
def hers(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """All that she posts, deleted or not, but for the fillers."""
    messages, found = scene.server.service.messages, list[Message]()
    publish = messages.publish

    def note(message: Message) -> None:
        publish(message)
        if message.author.bot and message.content != "filler":
            found.append(message)

    monkeypatch.setattr(messages, "publish", note)
    return found


def test_an_answer_that_is_held_up_while_its_person_is_forgotten_does_not_stay(
    scene: Scene, hers: list[Message]
) -> None:
    agree(scene, scene.ann)
    use_up(scene, scene.text)
    scene.ann.says(scene.text, f"<@{scene.server.bot.id}> {SISTER}")
    scene.wait(lambda: under_way(scene) == 1, "no answer is held up")
    forgotten(scene, scene.ann, preview(scene, scene.ann, "/forget me"))
    assert not hers and under_way(scene) == 1
    scene.wait(lambda: under_way(scene) == 0, "it is held up for good")
    (answer,) = hers
    assert answer.deleted and scene.bot.host.posts.of(None) == []


def test_an_answer_to_somebody_else_stays(scene: Scene, hers: list[Message]) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann), agree(scene, bob)
    note(scene, scene.ann, SISTER, "")
    use_up(scene, scene.text)
    bob.says(scene.text, f"<@{scene.server.bot.id}> hello")
    scene.wait(lambda: under_way(scene) == 1, "no answer is held up")
    forgotten(scene, scene.ann, preview(scene, scene.ann, "/forget me"))
    scene.wait(lambda: under_way(scene) == 0, "it is held up for good")
    (bobs,) = hers
    assert not bobs.deleted
    assert [one.id for one in scene.bot.host.posts.of(None)] == [bobs.id]


def test_captions_that_are_held_up_do_not_stay_and_those_behind_them_do_not_come(
    scene: Scene, hers: list[Message]
) -> None:
    bob = scene.guild.add_member("Bob")
    bob.join(scene.lounge)
    agree(scene, scene.ann), agree(scene, bob)
    scene.join()
    scene.ask(scene.ann, "/mode", to="quiet")
    scene.ask(scene.ann, "/captions here")
    use_up(scene, scene.text)
    for who, hertz in ((scene.ann, 400), (bob, 500), (scene.ann, 600)):
        heard = len(scene.heard)
        who.speak(tone(hertz, 1.0))
        scene.wait(lambda heard=heard: len(scene.heard) > heard, "not heard")
    assert under_way(scene) == 1
    forgotten(scene, scene.ann, preview(scene, scene.ann, "/forget me"))
    scene.wait(lambda: any("tone 500" in one.content for one in hers), "Bob's is lost")
    scene.wait(lambda: under_way(scene) == 0, "they are held up for good")
    captions = [one for one in hers if one.channel is scene.text]
    assert [one.content for one in captions if not one.deleted] == ["**Bob:** tone 500"]
    assert not any("tone 600" in one.content for one in captions)

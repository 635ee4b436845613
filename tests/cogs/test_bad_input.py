"""What Discord, or somebody who pretends to be it, may send: nothing crashes, and the person gets a sentence."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.events import MALFORMED
from cogs.answers import explain, sentence
from cogs.call import GATHER_S
from cogs.host import Refusal
from memory.errors import StoreError
from tests.cogs.scene import Scene
from tests.cogs.test_writing import count
from tests.discord_server import DiscordServer

ODD: list[Any] = [None, [], {}, "text", 7, {"id": "x"}, {"id": "1", "type": 2}, {"id": None, "data": []}]


class Answer:
    """As much of aiohttp's as py-cord's errors look at."""

    def __init__(self, status: int) -> None:
        self.status, self.reason = status, ""


def http(kind: type[discord.HTTPException], status: int, code: int) -> discord.HTTPException:
    return kind(Answer(status), {"code": code, "message": "secret words"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refusal("I may not."), "I may not."),
        (http(discord.Forbidden, 403, 50013), "permission"),
        (http(discord.NotFound, 404, 10008), "not there any more"),
        (http(discord.HTTPException, 500, 0), "try again"),
        (TimeoutError(), "try again"),
        (StoreError("disk full"), "disk"),
        (discord.CheckFailure(), "cannot be done here"),
        (ZeroDivisionError("secret words"), "the log has the cause"),
    ],
)
def test_every_error_is_one_plain_sentence(error: BaseException, words: str) -> None:
    told = sentence(error)
    assert words in told and "secret words" not in told and told.count("\n") == 0 and told.endswith(".")


@pytest.mark.parametrize("code", [10062, 10015, 50027, 40060])
async def test_after_fifteen_minutes_nothing_more_is_tried(code: int) -> None:
    await explain(SimpleNamespace(), http(discord.HTTPException, 404, code))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "event", ["INTERACTION_CREATE", "MESSAGE_CREATE", "VOICE_STATE_UPDATE", "GUILD_CREATE"]
)
def test_odd_events_do_not_end_the_bot(scene: Scene, event: str) -> None:
    for data in ODD:
        scene.server.call(_dispatch, scene.server, event, data)
    scene.wait(lambda: count(scene, MALFORMED) >= 3, "they were not counted")
    assert "in no call" in scene.ask(scene.ann, "/leave")


def _dispatch(server: DiscordServer, event: str, data: Any) -> None:
    for session in server.service.gateway.live(server.bot):
        session.dispatch(event, data)


@pytest.mark.parametrize(
    "message", ["no JSON", "[1, 2]", "7", "null", '{"op": 0, "t": [], "d": {}}', "[" * 9_000]
)
def test_a_message_that_is_no_event_is_counted_and_she_connects_anew(scene: Scene, message: str) -> None:
    scene.join()
    (before,) = scene.server.service.gateway.live(scene.server.bot)
    scene.server.call(before.connection.send_text, message)
    scene.wait(lambda: count(scene, MALFORMED) == 1, "it was not counted")
    scene.wait(
        lambda: before not in scene.server.service.gateway.live(scene.server.bot), "no new session", 30
    )
    scene.wait(lambda: scene.server.bot_is_ready() and scene.listens, "she is not back", 30)
    scene.ask(scene.ann, "/leave")


def test_what_fails_unexpectedly_is_a_sentence_and_the_next_command_works(scene: Scene) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    scene.bot.host.call_place, works = broken, scene.bot.host.call_place  # type: ignore[method-assign]
    assert "the log has the cause" in scene.ask(scene.ann, "/join")
    scene.bot.host.call_place = works  # type: ignore[method-assign]
    assert "I am in" in scene.ask(scene.ann, "/join")


def test_a_deleted_notice_or_channel_does_not_keep_her(scene: Scene) -> None:
    scene.join()
    scene.server.call(scene.server.service.messages.remove, scene.lounge.posts[0])
    assert "left" in scene.ask(scene.ann, "/leave")
    scene.join()
    scene.guild.delete_channel(scene.lounge)
    realm = str(scene.guild.id)
    scene.wait(lambda: scene.bot.host.calls.in_realm(realm) is None, "the call of a deleted channel goes on")


def test_many_comings_and_goings_are_greeted_in_a_few_notices(scene: Scene) -> None:
    scene.join()
    people = [scene.guild.add_member(f"P{i}") for i in range(12)]
    for person in people:
        person.join(scene.lounge)
    for person in people[:6]:
        person.leave()
    call = scene.bot.host.calls.in_realm(str(scene.guild.id))
    assert call is not None
    stayed = [f"discord:{person.id}" for person in people[6:]]
    scene.wait(lambda: all(map(call.may_hear, stayed)), "not everybody is told", 30)
    assert len(scene.lounge.posts) <= 4


def test_a_name_is_shown_as_it_is_and_does_nothing(scene: Scene) -> None:
    scene.join()
    names = ["# /leave", "[x](http://evil.test)", "@everyone", "🌧" * 32]
    for name in names:
        scene.guild.add_member(name).join(scene.lounge)

    def shown() -> str:
        return " ".join(post.content for post in scene.lounge.posts)

    for name in (r"\# /leave", r"\[x\](http\://evil.test)", "@\u200beveryone", "🌧" * 32):
        scene.wait(lambda name=name: name in shown(), f"no notice to {name}")
    assert scene.guild.bot_voice_channel is scene.lounge


def test_who_has_gone_before_the_notice_is_not_greeted(scene: Scene) -> None:
    scene.join()
    bob = scene.guild.add_member("Bob")
    for _ in range(5):
        bob.join(scene.lounge)
        bob.leave()
    time.sleep(3 * GATHER_S)
    assert len(scene.lounge.posts) == 1 and len(scene.bot.tts.said) == 1


def test_work_in_the_background_that_fails_leaves_the_cog_working(scene: Scene) -> None:
    cog = next(iter(scene.bot.bot.cogs.values()))

    async def fails() -> None:
        raise ZeroDivisionError

    scene.bot.call(cog.start, fails(), "a test")
    time.sleep(0.1)
    assert asyncio.run_coroutine_threadsafe(asyncio.sleep(0, True), scene.bot.loop).result(1)

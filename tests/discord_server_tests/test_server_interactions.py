"""Interactions by hand: the three seconds, the one first answer, and what a person sees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.discord_server import DiscordServer, Interaction, NotPossible, Permission
from tests.discord_server import interactions as rules

COMMANDS = [
    {"name": "join", "description": "Come", "type": 1},
    {"name": "admin", "description": "Only for some", "type": 1, "default_member_permissions": str(1 << 5)},
    {"name": "private", "description": "In DMs", "type": 1, "contexts": [1]},
]
BUTTONS = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Yes", "custom_id": "yes"}]}]
SELECT = [
    {
        "type": 1,
        "components": [
            {
                "type": 3,
                "custom_id": "pick",
                "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}],
            }
        ],
    }
]
FORM = [
    {
        "type": 1,
        "components": [{"type": 4, "custom_id": "words", "label": "Words", "style": 1, "max_length": 9}],
    }
]


class Stage:
    """A guild with Ann in it, and the bot's answers sent by hand."""

    def __init__(self, server: DiscordServer, http: aiohttp.ClientSession) -> None:
        self.server, self.http = server, http
        self.guild = server.add_guild()
        self.text = self.guild.add_text_channel("chat")
        self.ann, self.bob = self.guild.add_member("Ann"), self.guild.add_member("Bob")

    async def request(self, method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any]:
        url = f"{self.server.service.api_url}/api/v10{path}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            data = await answer.json() if answer.content_length else {}
            return answer.status, data if answer.status == 200 else data.get("code")

    async def answer(self, to: Interaction, kind: int, **data: Any) -> tuple[int, Any]:
        path = f"/interactions/{to.id}/{to.token}/callback?with_response=true"
        return await self.request("POST", path, {"type": kind, "data": data})

    async def webhook(self, method: str, to: Interaction, rest: str = "", **body: Any) -> tuple[int, Any]:
        path = f"/webhooks/{self.server.bot.id}/{to.token}{rest}"
        return await self.request(method, path, None if method == "GET" else body)

    def join(self) -> Interaction:
        return self.server.interact(self.ann, "/join", channel=self.text)


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        server.service.limits.on = False
        yield server
        assert server.errors == []


@pytest.fixture
async def stage(server: DiscordServer) -> AsyncIterator[Stage]:
    async with aiohttp.ClientSession() as http:
        stage = Stage(server, http)
        headers = {"Authorization": f"Bot {server.bot.token}"}
        await stage.request("PUT", f"/applications/{server.bot.id}/commands", COMMANDS, headers)
        yield stage


async def test_the_callback_returns_the_message_and_a_second_one_is_40060(stage) -> None:
    asked = stage.join()
    status, receipt = await stage.answer(asked, 4, content="hello")
    assert (status, receipt["resource"]["message"]["content"]) == (200, "hello")
    assert await stage.answer(asked, 4, content="again") == (400, 40060)
    assert asked.text == "hello"
    assert stage.text.posts == asked.replies


async def test_an_answer_after_three_seconds_is_10062_and_the_person_sees_a_failure(
    stage, monkeypatch
) -> None:
    asked = stage.join()
    monkeypatch.setattr(rules, "TO_ANSWER", 0.0)
    assert await stage.answer(asked, 4, content="late") == (404, 10062)
    assert asked.failed
    assert await stage.webhook("POST", asked, content="late") == (404, 10015)


async def test_a_wrong_token_is_10062(stage) -> None:
    asked = stage.join()
    status = await stage.request("POST", f"/interactions/{asked.id}/wrong/callback", {"type": 5})
    assert status == (404, 10062)


@pytest.mark.parametrize("hidden", [True, False])
async def test_whether_an_answer_is_ephemeral_is_settled_when_it_is_deferred(stage, hidden) -> None:
    asked = stage.join()
    await stage.answer(asked, 5, flags=64 if hidden else 0)
    assert not asked.finished
    _, message = await stage.webhook("POST", asked, content="done", flags=0 if hidden else 64)
    assert asked.replies[0].ephemeral is hidden
    assert message["id"] == str(asked.original.id)
    assert asked.text == "done"
    assert (asked.original in stage.bob.sees(stage.text)) is not hidden
    assert asked.original in stage.ann.sees(stage.text)


async def test_follow_ups_edits_and_deletions_are_what_the_person_sees(stage) -> None:
    asked = stage.join()
    await stage.answer(asked, 5)
    await stage.webhook("PATCH", asked, "/messages/@original", content="first")
    _, second = await stage.webhook("POST", asked, content="second", flags=64)
    await stage.webhook("PATCH", asked, f"/messages/{second['id']}", content="changed")
    assert asked.text == "first\nchanged"
    assert [m.ephemeral for m in asked.shown] == [False, True]
    assert await stage.webhook("DELETE", asked, "/messages/@original") == (204, None)
    assert asked.text == "changed"
    assert await stage.webhook("GET", asked, "/messages/@original") == (404, 10008)


async def test_limits_hold_for_answers_too(stage) -> None:
    asked = stage.join()
    assert await stage.answer(asked, 4, content="x" * 2001) == (400, 50035)
    assert await stage.answer(asked, 4, content="") == (400, 50006)
    assert await stage.answer(asked, 8, choices=[]) == (400, 50035)
    assert (await stage.answer(asked, 4, content="x"))[0] == 200


async def test_a_button_updates_its_message_and_only_who_sees_it_can_press_it(stage) -> None:
    asked = stage.join()
    await stage.answer(asked, 4, content="Sure?", components=BUTTONS, flags=64)
    with pytest.raises(NotPossible):
        stage.server.click(stage.bob, asked.original, "Yes")
    with pytest.raises(NotPossible):
        stage.server.click(stage.ann, asked.original, "No")
    pressed = stage.server.click(stage.ann, asked.original, "Yes")
    await stage.answer(pressed, 7, content="Done", components=[])
    assert asked.text == "Done"
    with pytest.raises(NotPossible):
        stage.server.click(stage.ann, asked.original, "Yes")


async def test_a_select_offers_only_its_options(stage) -> None:
    asked = stage.join()
    await stage.answer(asked, 4, content="Which?", components=SELECT)
    with pytest.raises(NotPossible):
        stage.server.choose(stage.ann, asked.original, "pick", ["C"])
    with pytest.raises(NotPossible):
        stage.server.choose(stage.ann, asked.original, "pick", ["A", "B"])
    assert stage.server.choose(stage.ann, asked.original, "pick", ["B"]).data["values"] == ["b"]


async def test_a_form_is_filled_in_by_its_labels(stage) -> None:
    asked = stage.join()
    await stage.answer(asked, 9, custom_id="form", title="Edit", components=FORM)
    with pytest.raises(NotPossible):
        stage.server.submit(asked, {"Words": "x" * 10})
    with pytest.raises(NotPossible):
        stage.server.submit(asked, {})
    sent = stage.server.submit(asked, {"Words": "abc"})
    assert sent.data["components"][0]["components"][0]["value"] == "abc"
    assert await stage.answer(sent, 9, custom_id="form", title="Again", components=FORM) == (400, 50035)


async def test_a_command_is_offered_only_where_and_to_whom_it_is_meant(stage) -> None:
    server, text = stage.server, stage.text
    with pytest.raises(NotPossible):
        server.interact(stage.ann, "/admin", channel=text)
    with pytest.raises(NotPossible):
        server.interact(stage.ann, "/private", channel=text)
    with pytest.raises(NotPossible):
        server.interact(stage.ann, "/unknown", channel=text)
    stage.guild.overwrite(text, stage.bob, deny=Permission.USE_APPLICATION_COMMANDS)
    with pytest.raises(NotPossible):
        server.interact(stage.bob, "/join", channel=text)
    dm = stage.ann.writes_to(server.bot.user, "hi").channel
    assert server.interact(stage.ann, "/private", channel=dm).guild is None
    stage.guild.set_permissions(
        stage.guild.everyone, stage.guild.everyone.permissions | Permission.MANAGE_GUILD
    )
    assert server.interact(stage.ann, "/admin", channel=text).kind == rules.COMMAND

"""Where words go is known, and told anew to everybody when it changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cogs import terms
from memory.consent import Consent, Purpose
from memory.database import Database
from tests.cogs.running import RunningBot, running_bot
from tests.cogs.scene import NOT_TO_ANYBODY, Scene
from tests.cogs.test_privacy import CLOUD, opened, settings
from tests.discord_server import DiscordServer


@pytest.mark.parametrize(
    ("changed", "whom"),
    [
        ({}, ""),
        ({"llm_engine": "llama_cpp"}, ""),
        ({"llm_engine": "rules"}, ""),
        ({"llm_engine": "anthropic"}, "Anthropic"),
        (CLOUD, "api.example.com"),
        (CLOUD | {"openai_base_url": "http://127.0.0.1:8080/v1"}, ""),
        (CLOUD | {"openai_base_url": "http://localhost/v1"}, ""),
        (CLOUD | {"openai_base_url": "http://[::1]:1/v1"}, ""),
        (CLOUD | {"openai_base_url": "http://192.168.1.9/v1"}, "192.168.1.9"),
        (CLOUD | {"openai_base_url": "http://localhost.example.com/v1"}, "localhost.example.com"),
        (CLOUD | {"openai_base_url": f"http://{'a' * 99}/v1"}, "another computer"),
        (CLOUD | {"openai_base_url": ""}, "another computer"),
    ],
)
def test_it_is_known_whom_words_are_sent_to(changed: dict[str, Any], whom: str) -> None:
    assert terms.answered_by(settings(**changed)) == whom
    for text in (terms.of_hearing, terms.of_all, terms.aloud, terms.of_remembering):
        assert bool(text(settings(**changed))) == bool(whom)
    assert (terms.current(settings(**changed)) == "") == (not whom)


def test_every_engine_that_words_are_sent_to_has_terms_of_its_own() -> None:
    kinds = [
        settings(),
        settings(llm_engine="anthropic"),
        settings(**CLOUD),
        settings(reflection="anthropic"),
    ]
    kinds.append(settings(reflection="anthropic", **CLOUD))
    assert len({terms.current(one) for one in kinds}) == len(kinds)
    assert "Anthropic" in terms.of_all(kinds[-1]) and "api.example.com" in terms.of_all(kinds[-1])
    assert "example" not in terms.aloud(kinds[2])  # nobody can write down a name they hear


async def test_who_has_been_told_what_outlives_a_restart_for_those_who_decided_something(
    tmp_path: Path,
) -> None:
    def again() -> Consent:
        return Consent(Database(tmp_path / "kith.sqlite3", bytes(32)))

    consent = again()
    await consent.decide("ann", Purpose.HEARING, True, "button")
    for person in ("ann", "bob", "cy"):
        assert consent.told(person) == ""
        await consent.tell(person, "answers: Anthropic")
        assert consent.told(person) == "answers: Anthropic"
    await consent.decide("cy", Purpose.REMEMBERING, True, "command")  # told before that
    assert [again().told(person) for person in ("ann", "bob", "cy")] == [
        "answers: Anthropic",
        "",
        "answers: Anthropic",
    ]
    await consent.tell("ann", "")
    assert again().told("ann") == ""


@pytest.fixture
def day(server: DiscordServer, tmp_path: Path) -> Callable[..., Any]:
    """She is started anew with other settings."""
    return lambda **changed: running_bot(server, tmp_path, **changed)


def test_a_cloud_engine_is_in_the_notice_the_spoken_line_the_offer_and_the_panel(
    server: DiscordServer, tmp_path: Path, day: Callable[..., Any]
) -> None:
    scene = Scene(server, tmp_path)
    with day(**CLOUD) as bot:
        scene.use(bot)
        offer = scene.ask(scene.ann, "/join")
        (notice,) = scene.lounge.posts
        assert "api.example.com" in notice.content and "api.example.com" in offer
        assert "outside this computer" in bot.tts.said[0]
        assert "api.example.com" in opened(scene, scene.ann).embeds[0]["description"]
        assert "api.example.com" in scene.ask(scene.ann, "/consent hearing", answer="on")
        assert "api.example.com" in scene.ask(scene.ann, "/privacy")


def test_whoever_agreed_before_is_told_anew_when_words_go_elsewhere_and_not_heard_until_then(
    server: DiscordServer, tmp_path: Path, day: Callable[..., Any]
) -> None:
    scene = Scene(server, tmp_path)
    bob = scene.guild.add_member("Bob")

    def comes(bot: RunningBot) -> int:
        """Bob joins the call that Ann is in; how many notices he gets before he is heard."""
        scene.use(bot)
        call = bot.host.calls.in_realm(str(scene.guild.id))
        assert call is not None
        bob.join(scene.lounge)
        heard_untold = []

        def heard() -> bool:
            told = any(post.content.startswith("Bob: ") for post in scene.lounge.posts)
            may = call.may_hear(f"discord:{bob.id}")
            heard_untold.append(may and not told)
            return may

        scene.wait(heard, "Bob is not heard")
        welcomes = [post for post in scene.lounge.posts if post.content.startswith("Bob: ")]
        assert not welcomes or not any(heard_untold)
        assert all("api.example.com" in post.content for post in welcomes)
        bob.leave()
        scene.ask(scene.ann, "/leave")
        return len(welcomes)

    found = []
    for kind in ({}, CLOUD, CLOUD):
        with day(hearing="ask", **kind) as bot:
            scene.use(bot)
            if not found:
                scene.ask(bob, "/consent hearing", answer="on")
            scene.ask(scene.ann, "/join")
            found.append(comes(bot))
    assert found == [0, 1, 0]  # they know it from the second time on


def test_whoever_writes_to_her_is_told_once_that_words_go_elsewhere_now(
    server: DiscordServer, tmp_path: Path, day: Callable[..., Any]
) -> None:
    scene = Scene(server, tmp_path)

    def told(bot: RunningBot, *, first: bool) -> int:
        """``first``: she tells where words go before she reads any."""
        scene.use(bot)
        if first:
            alone = scene.ann.writes_to(server.bot.user, "a secret").channel
            scene.wait(lambda: "write it again" in alone.posts[-1].content, "not told")
            assert not bot.llm.prompts
        alone = scene.ann.writes_to(server.bot.user, "psst").channel
        scene.wait(lambda: scene.answered, "no answer")
        assert "a secret" not in str(bot.llm.prompts)
        scene.ann.writes_to(server.bot.user, "hello?")
        scene.wait(lambda: len(scene.answered) == 2, "no answer")
        time.sleep(NOT_TO_ANYBODY)
        scene.answered.clear()
        notices = [post for post in alone.posts if post.content.startswith("Before we go on: ")]
        return len(notices)

    found = []
    for number, kind in enumerate(({}, CLOUD, CLOUD, {})):
        with day(**kind) as bot:
            scene.use(bot)
            if not found:
                scene.ask(scene.ann, "/consent remembering", answer="on")
            found.append(told(bot, first=number == 1))
    assert found == [0, 1, 1, 2]

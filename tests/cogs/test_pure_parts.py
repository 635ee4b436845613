"""The parts of the cogs that need no Discord, by tables."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.nickname import MARK, marked, unmarked
from cogs import terms
from cogs.deciding import SENTENCES, sentence
from cogs.modes import described, mode_of
from cogs.notice_board import MOST_NAMES
from cogs.notices import posted, to_newcomers
from cogs.pace import Pace
from cogs.plain import plain
from cogs.replies import readable
from cogs.status import FIELD_CHARACTERS, STAGES, listed, stage_times
from cogs.transcription import Caption, caption, gathered, may_write
from memory.consent import HearingMode, Purpose
from memory.database import Database
from memory.modes import Modes
from persona_core.hearing.mode import Mode
from persona_core.settings import load_settings
from persona_core.types import Timings


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ("<@1> how are you?", "Mira how are you?"),
        ("hey <@!1>, ask <@2> and <@3>", "hey Mira, ask Bob and someone"),
        ("nice <:rain:123> <a:storm:9>", "nice :rain: :storm:"),
        ("two\nlines  and   spaces", "two lines and spaces"),
        ("<@1>", "Mira"),
        ("", ""),
    ],
)
def test_a_message_is_read_as_people_read_it(content: str, read: str) -> None:
    assert readable(content, {1: "Mira", 2: "Bob"}) == read


def test_a_pace_lets_through_so_many_in_any_stretch_of_time_for_each_key() -> None:
    pace = Pace(2, 10)
    assert [pace.may("a", at) for at in (0, 1, 2, 9.9, 10, 10.5, 11)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert pace.may("b", 11)


@pytest.mark.parametrize(
    ("nickname", "with_mark", "without"),
    [
        (None, f"Kith{MARK}", None),
        ("Mira", f"Mira{MARK}", "Mira"),
        (f"Mira{MARK}", f"Mira{MARK}", "Mira"),
        (f"Kith{MARK}", f"Kith{MARK}", None),
        ("M" * 32, "M" * 30 + MARK, "M" * 32),
    ],
)
def test_the_mark_beside_her_name_comes_and_goes(
    nickname: str | None, with_mark: str, without: str | None
) -> None:
    assert marked(nickname, "Kith") == with_mark and len(with_mark) <= 32
    assert unmarked(nickname, "Kith") == without


def test_captions_wait_together_only_where_one_person_goes_on() -> None:
    ann, bob = ("Ann", ("a",)), ("Bob", ("b",))
    lines = [Caption(n, t, p) for (n, p), t in [(ann, "one"), (ann, "two"), (bob, "three"), (ann, "four")]]
    assert [line.text for line in gathered(lines)] == ["one two", "three", "four"]


def test_a_caption_is_plain_text_and_fits_a_message() -> None:
    assert caption(Caption("A*nn", "**look** `here`", ())) == r"**A\*nn:** \*\*look\*\* \`here\`"
    assert len(caption(Caption("Ann", "word " * 1000, ()))) == 2000


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("# big", r"\# big"),
        ("- list\n> quote", r"\- list \> quote"),
        ("1. list", r"1\. list"),
        ("it is 3.5, then 4 pm.", "it is 3.5, then 4 pm."),
        ("[free](http://evil.test)", r"\[free\](http\://evil.test)"),
        ("https://evil.test/a_b", r"https\://evil.test/a\_b"),
        ("discord.gg/evil", r"discord\.gg/evil"),
        ("<@1> <@&2> <#3> </join:4>", r"\<@1\> \<@&2\> \<\#3\> \</join:4\>"),
        ("@everyone, @here: mail ann@home", "@\u200beveryone, @\u200bhere: mail ann@home"),
        (r"\*not bold*", r"\\\*not bold\*"),
        ("||`code`||", r"\|\|\`code\`\|\|"),
        ("🌧️ Ünïcode, 日本語!", "🌧️ Ünïcode, 日本語!"),
    ],
)
def test_what_others_say_or_are_called_is_shown_and_does_nothing(said: str, shown: str) -> None:
    assert plain(said) == shown and len(shown) <= 2 * len(said)


@pytest.mark.parametrize("engines", [{}, {"reflection": "anthropic", "llm_engine": "openai"}])
@pytest.mark.parametrize("mode", ["notice", "ask"])
def test_a_notice_to_twenty_people_with_the_oddest_names_fits_a_message(
    mode: HearingMode, engines: dict[str, str]
) -> None:
    names = ", ".join([plain("*" * 32)] * MOST_NAMES) + " and 79 more"
    settings = load_settings({}, None).model_copy(
        update={"openai_base_url": f"https://{'a' * terms.MOST_OF_A_NAME}/v1", **engines}
    )
    assert len(to_newcomers(names, "M" * 32, mode, leaves=terms.of_all(settings))) <= 2000


@pytest.mark.parametrize(("reflection", "told"), [("local", False), ("off", False), ("anthropic", True)])
def test_people_are_told_that_words_leave_the_machine_only_where_they_do(reflection: str, told: bool) -> None:
    settings = load_settings({}, None).model_copy(update={"reflection": reflection})
    host: Any = SimpleNamespace(settings=settings)
    assert ("Anthropic" in sentence(host, Purpose.REMEMBERING, True)) == told
    for purpose, allowed in SENTENCES.keys() - {(Purpose.REMEMBERING, True)}:
        assert "Anthropic" not in sentence(host, purpose, allowed)
    assert ("Anthropic" in posted("Mira", "notice", leaves=terms.of_all(settings))) == told


def test_status_shows_median_and_p95_and_leaves_out_what_is_nothing() -> None:
    times = [Timings(stt_ms=ms) for ms in (100.0, 300.0, 200.0)] + [Timings(pause_ms=96.0)]
    assert stage_times(times).splitlines() == [
        "pause noticed: 96 ms, p95 96 ms (n=1)",
        "words recognised: 200 ms, p95 290 ms (n=3)",
    ]
    assert stage_times([]) == "nothing said yet"
    assert listed({"bad_opus": 0, "late": 3, "latency": None}) == "late: 3"
    assert listed({}) == "nothing yet"


def test_status_tells_every_stage_of_a_turn_within_a_field_of_discord() -> None:
    names = {field.name for field in fields(Timings)}
    assert set(STAGES) == names
    shown = stage_times([Timings(**dict.fromkeys(names, 9_999_999.0))] * 50)
    assert len(shown.splitlines()) == len(names) and len(shown) < FIELD_CHARACTERS


@pytest.mark.parametrize(
    ("kept", "mode"),
    [(None, Mode.ADDRESSED), ("push-to-talk", Mode.PUSH_TO_TALK), ("of a later version", Mode.ADDRESSED)],
)
def test_a_place_has_the_mode_that_was_chosen_or_the_default(
    tmp_path: Path, kept: str | None, mode: Mode
) -> None:
    modes = Modes(Database(tmp_path / "kith.sqlite3", bytes(32)))
    if kept is not None:
        modes.keep("lounge", kept)
    assert mode_of(modes, "lounge") is mode


def test_every_mode_is_told_in_a_sentence() -> None:
    for mode in Mode:
        assert described(mode).startswith(f"**{mode.value}**: ") and described(mode).endswith(".")


@pytest.mark.parametrize(
    ("allowed", "in_channel", "in_thread"),
    [
        ({"view_channel", "send_messages"}, True, False),
        ({"view_channel", "send_messages_in_threads"}, False, True),
        ({"send_messages", "send_messages_in_threads"}, False, False),
    ],
)
def test_writing_takes_the_permission_of_a_channel_or_of_a_thread(
    allowed: set[str], in_channel: bool, in_thread: bool
) -> None:
    permissions = discord.Permissions(**dict.fromkeys(allowed, True))
    assert may_write(permissions, in_thread=False) is in_channel
    assert may_write(permissions, in_thread=True) is in_thread

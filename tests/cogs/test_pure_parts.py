"""The parts of the cogs that need no Discord, by tables."""

from __future__ import annotations

import pytest

from bot.nickname import MARK, marked, unmarked
from cogs.call import MOST_NAMES
from cogs.notices import to_newcomers
from cogs.pace import Pace
from cogs.plain import plain
from cogs.replies import readable
from cogs.status import listed, stage_times
from cogs.transcription import Caption, caption, gathered
from memory.consent import HearingMode
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


@pytest.mark.parametrize("mode", ["notice", "ask"])
def test_a_notice_to_twenty_people_with_the_oddest_names_fits_a_message(mode: HearingMode) -> None:
    names = ", ".join([plain("*" * 32)] * MOST_NAMES) + " and 79 more"
    assert len(to_newcomers(names, "M" * 32, mode)) <= 2000


def test_status_shows_medians_and_leaves_out_what_is_nothing() -> None:
    times = [Timings(stt_ms=ms) for ms in (100.0, 300.0, 200.0)]
    assert stage_times(times) == "recognition: 200 ms"
    assert stage_times([]) == "nothing said yet"
    assert listed({"bad_opus": 0, "late": 3, "latency": None}) == "late: 3"
    assert listed({}) == "nothing yet"

"""The pictures of docs/tour.md show what she shows now, and what is written beside them is true of it."""

from __future__ import annotations

import json
import re
from difflib import unified_diff
from html import unescape
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.pictures.markdown import html, inline
from tests.pictures.page import WIDTH, fingerprint, page
from tests.pictures.photograph import PICTURES, SCALE, browser, photograph, source_of
from tests.pictures.shown import SHOWN, Json
from tests.pictures.walk import Evening, ten_minutes

TAKE_ANEW = "take them anew with `python -m tests.pictures`, look at them, and read docs/tour.md again"
MOST_BYTES = 120_000
MOST_LINES = 60  # of what differs

TOUR = (ROOT / "docs" / "tour.md").read_text("utf-8")
KEPT: dict[str, Json] = json.loads(SHOWN.read_text("utf-8"))


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    return ten_minutes(tmp_path_factory.mktemp("evening"))


def lines(seen: object) -> list[str]:
    return json.dumps(seen, indent=1, ensure_ascii=False).splitlines()


def words_on(html_page: str) -> str:
    return unescape(re.sub("<style>.*?</style>|<[^>]+>", "", html_page))


# The pictures


def test_the_pictures_show_what_a_member_sees_now(evening: Evening) -> None:
    differs = list(unified_diff(lines(KEPT), lines(evening.pictures), "pictures", "now", lineterm="", n=1))
    assert not differs, "\n".join([TAKE_ANEW, *differs[:MOST_LINES]])


@pytest.mark.parametrize("name", KEPT)
def test_a_picture_was_taken_of_what_is_kept_of_it(name: str) -> None:
    picture = PICTURES / f"{name}.png"
    assert picture.is_file() and source_of(picture) == fingerprint(page(KEPT[name])), TAKE_ANEW
    assert picture.stat().st_size < MOST_BYTES


def test_there_is_no_other_picture() -> None:
    assert {picture.stem for picture in PICTURES.glob("*.png")} == set(KEPT), TAKE_ANEW


@pytest.mark.skipif(browser() is None, reason="needs Chromium: apt install chromium")
async def test_a_page_is_photographed_whole(tmp_path: Path) -> None:
    from PIL import Image

    chromium = browser()
    assert chromium is not None
    short, long = (page(_with(text)) for text in ("Hello", "Hello, and good evening. " * 40))
    await photograph({"short": short, "long": long}, tmp_path, chromium)
    with Image.open(tmp_path / "short.png") as one, Image.open(tmp_path / "long.png") as other:
        assert one.width == other.width == WIDTH * SCALE and one.height + 200 < other.height
        assert len({one.convert("RGB").getpixel((x, one.height // 2)) for x in range(one.width)}) > 1
    assert source_of(tmp_path / "short.png") == fingerprint(short) != fingerprint(long)


# The page about them


def test_the_tour_shows_each_picture_once_in_order_with_words_for_who_cannot_see_it() -> None:
    shown = re.findall(r"!\[(?P<words>[^\]]*)\]\(pictures/(?P<name>[^)]+)\.png\)", TOUR)
    assert [name for _, name in shown] == list(KEPT)
    words = [words for words, _ in shown]
    assert all(len(one) >= 40 for one in words) and len(set(words)) == len(words)


def test_what_the_tour_quotes_is_to_be_seen() -> None:
    seen = "\n".join(words_on(page(one)) for one in KEPT.values())
    quoted = [" ".join(one.split()) for one in re.findall("“([^”]+)”", TOUR)]
    assert len(quoted) > 15
    assert [one for one in quoted if one not in seen] == []


def test_the_commands_that_the_tour_names_are_there(evening: Evening) -> None:
    named = set(re.findall(r"`(/[a-z]+(?: [a-z]+)?)(?=[ `])", TOUR))
    assert len(named) > 10 and named - evening.commands == set()


# How they are made


def _with(content: str, **more: object) -> Json:
    post = {"author": "Mira", "bot": True, "at": "19:00", "content": content}
    return {"channel": "Lounge", "voice": True, "posts": [post | more]}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", "plain"),
        ("**bold** and `code`", "<strong>bold</strong> and <code>code</code>"),
        ("*leaning* __under__ ~~gone~~", "<em>leaning</em> <u>under</u> <s>gone</s>"),
        (r"\*\*not bold\*\* \[a\]", "**not bold** [a]"),
        (r"**Ann \*:** hi", "<strong>Ann *:</strong> hi"),
        ("`**as it is**`", "<code>**as it is**</code>"),
        (
            "in <#Lounge>, <@Ann>",
            'in <span class="mention">#Lounge</span>, <span class="mention">@Ann</span>',
        ),
        ("**<#general>**", '<strong><span class="mention">#general</span></strong>'),
        ("<script> & Co", "&lt;script&gt; &amp; Co"),
        ("2 * 3 * 4, snake_case_name", "2 * 3 * 4, snake_case_name"),
    ],
)
def test_markdown_on_a_line(text: str, wanted: str) -> None:
    assert inline(text) == wanted


def test_markdown_in_blocks() -> None:
    text = "Gone:\n- one\n- **two**\n> said\n> so\nand\nthis"
    assert html(text) == (
        "<p>Gone:</p><ul><li>one</li><li><strong>two</strong></li></ul>"
        "<blockquote>said<br>so</blockquote><p>and<br>this</p>"
    )


def test_what_only_one_person_sees_says_so() -> None:
    assert "Only you can see this" in page(_with("Hello", **{"only for": "Ann"}))
    assert "Only you can see this" not in page(_with("Hello"))


def test_words_are_only_words_on_a_page() -> None:
    evil = "<img src=x onerror=alert(1)>"
    embed = {"title": evil, "description": evil, "fields": [{"name": evil, "value": evil}], "footer": evil}
    rows = [[{"button": evil, "style": 1}], [{"select": evil}]]
    more = {"author": evil, "embeds": [embed], "rows": rows, "files": [evil], "used": evil, "by": evil}
    field = {"label": evil, "value": evil, "long": True}
    form = {"channel": evil, "voice": False, "form": {"title": evil, "fields": [field]}}
    assert "<img" not in page(_with(evil, **more)) + page(form)

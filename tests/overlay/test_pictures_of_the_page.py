"""The pictures of docs/page.md show the page as it is now."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from tests.overlay.pictures import NAMES, PICTURES, made_of
from tests.pictures.photograph import source_of

TAKE_ANEW = (
    "the page has changed: take its pictures anew with `python -m tests.overlay.pictures`, and look at them"
)
MOST_BYTES = 160_000


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_was_taken_of_the_page_as_it_is(name: str) -> None:
    picture = PICTURES / f"{name}.png"
    assert picture.is_file() and source_of(picture) == made_of(), TAKE_ANEW
    assert picture.stat().st_size < MOST_BYTES


def test_the_page_about_it_shows_them_and_there_is_no_other() -> None:
    about = (ROOT / "docs" / "page.md").read_text("utf-8")
    assert {picture.stem for picture in PICTURES.glob("*.png")} == set(NAMES)
    assert set(re.findall(r"pictures/page/(\w+)\.png", about)) == set(NAMES)

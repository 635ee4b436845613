"""Figures, money, times and units as they are said in English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.engines.english import spelled_out


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It costs $5.50.", "It costs 5 dollars and 50 cents."),
        ("$1.00 or £2.01 or 20€", "1 dollar or 2 pounds and 1 penny or 20 euros"),
        ("$1.2 million, £3,200", "1.2 million dollars, 3,200 pounds"),
        ("from 7:30 pm to 9:00", "from 7 30 pm to 9 o'clock"),
        ("14:05, 15:00, 7:00 p.m.", "14 oh 5, 15 hundred, 7 p.m."),
        ("1987, 1905, 1900, 2005.", "19 87, 19 oh 5, 19 hundred, 2005."),
        ("the 1990s", "the 19 90s"),
        ("1,500 and 1.500 and 19870", "1,500 and 1.500 and 19870"),
        ("3/4 of it, 1/2, but 24/7", "3 quarters of it, 1 half, but 24/7"),
        ("5 km at 60 km/h, 1 ft", "5 kilometres at 60 kilometres per hour, 1 foot"),
        ("-5°C and 23 °F", "-5 degrees Celsius and 23 degrees Fahrenheit"),
        ("5GB in 10 min", "5 gigabytes in 10 minutes"),
        ("I'm on page 5, my friend", "I'm on page 5, my friend"),
        ("3-4 eggs, 2019–2021, 555-1234", "3 to 4 eggs, 2019 to 2021, 555-1234"),
        ("e.g. tea, i.e. a drink, etc.", "for example tea, that is a drink, et cetera."),
        ("tea vs. coffee, etc. and so on", "tea versus coffee, et cetera and so on"),
        ("since Jan. 5th in no. 7, #1", "since January 5th in number 7, number 1"),
        ("10x faster", "10 times faster"),
        ("Nothing to change here.", "Nothing to change here."),
    ],
)
def test_it_is_written_the_way_it_is_said(written: str, said: str) -> None:
    assert spelled_out(written) == said


@given(st.text(alphabet="0123456789 $£€:/-–.,kmhpxs#°C", max_size=40))
def test_nothing_written_upsets_it(text: str) -> None:
    assert isinstance(spelled_out(text), str)

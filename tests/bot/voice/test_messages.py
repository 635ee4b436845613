"""Messages of the voice gateway: shapes, framing, and what a connection's end means."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice.closing import LEAVING, Left, Next, after_close
from bot.voice.messages import Incoming, Malformed, integer, parse_binary, parse_text


def test_a_numbered_json_message_is_read() -> None:
    assert parse_text('{"op":5,"d":{"ssrc":1},"seq":7}') == Incoming(5, {"ssrc": 1}, 7)


def test_an_unnumbered_message_does_not_touch_the_count() -> None:
    assert parse_text('{"op":6,"d":null}').seq is None
    assert parse_text('{"op":6,"d":null,"seq":null}').seq is None


def test_a_binary_message_is_read() -> None:
    assert parse_binary(b"\1\2\x1bpayload") == Incoming(27, b"payload", 258)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "5",
        "null",
        "{",
        '{"d":1}',
        '{"op":"x"}',
        '{"op":true}',
        '{"op":-1}',
        '{"op":1,"seq":"a"}',
        "[" * 9999,
    ],
)
def test_json_of_the_wrong_shape_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_text(text)


@given(st.binary(max_size=2))
def test_a_truncated_binary_message_is_malformed(message: bytes) -> None:
    with pytest.raises(Malformed):
        parse_binary(message)


leaves = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_a_message_or_malformed(value: Any) -> None:
    with suppress(Malformed):
        assert isinstance(parse_text(json.dumps(value)), Incoming)


@pytest.mark.parametrize("value", [5, "5"])
def test_ids_are_numbers_or_numbers_in_quotes(value: object) -> None:
    assert integer({"id": value}, "id") == 5


@pytest.mark.parametrize("value", [None, True, "", "x", "-5", -5, 5.0, [], {}, "²", "9" * 5000, 2**64])
def test_nothing_else_is_an_id(value: object) -> None:
    with pytest.raises(Malformed):
        integer({"id": value}, "id")


@pytest.mark.parametrize(
    ("code", "then"),
    [
        (None, Next.RESUME),
        (1001, Next.RESUME),
        (4015, Next.RESUME),
        (4006, Next.REJOIN),
        (4009, Next.REJOIN),
        (4014, Next.AWAIT),
        (4017, Next.LEAVE),
        (4021, Next.LEAVE),
        (4022, Next.LEAVE),
        (4999, Next.RESUME),
    ],
)
def test_every_close_code_has_its_answer(code: int | None, then: Next) -> None:
    assert after_close(code) is then


def test_every_leaving_has_a_sentence() -> None:
    assert all(reason.value.endswith(".") for reason in Left)
    assert set(LEAVING.values()) <= set(Left)

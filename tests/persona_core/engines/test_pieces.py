from __future__ import annotations

import pytest

from persona_core.engines.pieces import Pieces


def spoken(pieces: Pieces, parts: list[bytes]) -> list[str]:
    return [piece for part in parts if (piece := pieces.push(part))] + [pieces.rest()]


@pytest.mark.parametrize("text", ["naïve", "你好，世界", "👩‍🚀🙂", "Größe"])
def test_half_a_character_is_never_passed_on(text):
    parts = [bytes([byte]) for byte in text.encode()]
    assert spoken(Pieces(()), parts) == [*text, ""]


def test_a_character_that_is_never_finished_is_left_out():
    assert spoken(Pieces(()), [b"Hi ", "🙂".encode()[:3]]) == ["Hi ", ""]


def test_a_stop_string_across_pieces_ends_the_text_before_it():
    pieces = Pieces(["\nAnn:"])
    assert "".join(spoken(pieces, [b"Good.", b"\n", b"An", b"n: me"])) == "Good."
    assert pieces.stopped


def test_what_only_began_like_a_stop_string_is_passed_on():
    pieces = Pieces(["\nAnn:"])
    assert "".join(spoken(pieces, [b"Good.\nAn", b"y time.", b"\nA"])) == "Good.\nAny time.\nA"
    assert not pieces.stopped


def test_the_first_of_two_stop_strings_counts():
    assert "".join(spoken(Pieces(["two", "one", ""]), [b"zero one two"])) == "zero "

"""What CAMERA names, and what is said where it names nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_mode.camera_sources import Kind, sources_of
from persona_core.errors import SettingsError


@pytest.mark.parametrize(
    ("given", "names", "kinds"),
    [
        ("", [], []),
        ("off", [], []),
        ("Off", [], []),
        ("0", ["webcam"], [Kind.WEBCAM]),
        ("logitech", ["logitech"], [Kind.WEBCAM]),
        ("desk=logitech c920", ["desk"], [Kind.WEBCAM]),
        ("push", ["push"], [Kind.PUSHED]),
        ("glasses = push", ["glasses"], [Kind.PUSHED]),
        ("page", ["page"], [Kind.PUSHED]),
        ("rtsp://ann:pw@10.0.0.2:554/s?a=b", ["10.0.0.2"], [Kind.STREAM]),
        ("door=https://cam.lan/x.jpg?w=1", ["door"], [Kind.WEB]),
        ("http://cam.lan/v", ["cam.lan"], [Kind.WEB]),
        ("0,1,door=rtsp://h/s", ["webcam", "webcam 2", "door"], [Kind.WEBCAM, Kind.WEBCAM, Kind.STREAM]),
        ("http://h/1, http://h/2", ["h", "h 2"], [Kind.WEB, Kind.WEB]),
    ],
)
def test_what_is_named_is_understood(given: str, names: list[str], kinds: list[Kind]) -> None:
    found = sources_of(given)
    assert [one.name for one in found] == names and [one.kind for one in found] == kinds


def test_a_file_is_played_if_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "party.mp4").touch()
    (source,) = sources_of(str(tmp_path / "party.mp4"))
    assert (source.name, source.kind) == ("party", Kind.FILM)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("/nowhere/at/all.mp4", "does not exist"),
        ("party.mp4", "does not exist"),
        ("/tmp", "is a folder"),
        ("ftp://ann:geheim@host/x", "not ftp://"),
        ("rtsp://ann:geheim@:554/x", "no whole address"),
        ("rtsp://ann:geheim@host:port/x", "no whole address"),
        ("http://ann:geheim@[::1/x", "no whole address"),
        ("ann:geheim@host/x", "no whole address"),
        ("ann:geheim@host", "no whole address"),
        ("rtsp://ann:1,geheim@host/x", "no whole address"),
        ("~nobody-has-this-home/x.mp4", "cannot be looked at"),
        ("x" * 300 + ".mp4", "cannot be looked at"),
        ("a=0,a=1", "twice"),
        ("0,,1", "number 2"),
        (",".join("0123456789"), "up to 8"),
    ],
)
def test_a_wrong_setting_is_one_sentence_without_the_password(given: str, word: str) -> None:
    with pytest.raises(SettingsError) as refused:
        sources_of(given)
    sentence = str(refused.value)
    assert (
        sentence.startswith("CAMERA")
        and word in sentence
        and "geheim" not in sentence
        and "\n" not in sentence
    )


def test_a_password_is_shown_nowhere() -> None:
    (source,) = sources_of("rtsp://ann:geheim@10.0.0.2/s")
    assert "geheim" not in repr(source) and "ann" not in source.name

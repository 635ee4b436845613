"""Cameras give pictures, tell when they do not, and come back by themselves."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from local_mode import camera, camera_video, webcams
from local_mode.camera_video import LiveClock, Steady
from persona_core.errors import CameraError, SettingsError
from persona_core.seeing.pictures import decode_picture
from tests.local_mode.seeing import Looking, film, grey, looking, until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost is tried again at once."""
    monkeypatch.setattr(camera, "FIRST_PAUSE_S", 0.02)


async def test_a_film_is_played_at_its_own_pace_and_its_end_is_told_once(tmp_path: Path) -> None:
    file = film(tmp_path / "party.mp4", [grey(8 * number) for number in range(20)], fps=10)
    async with looking(str(file)) as look:
        assert look.cameras.names == ("party",)
        await until(lambda: bool(look.lost))
        assert look.cameras.names == () and look.cameras.latest("party") is None
        await asyncio.sleep(0.1)
    assert look.lost == [("party", "The video “party” is over.")]
    assert len(look.views) > 10  # a machine that is busy leaves out some
    for view in look.views:
        number = (view.at - look.views[0].at) / 0.1
        assert number == pytest.approx(round(number), abs=0.001)
        assert np.mean(view.picture) == pytest.approx(8 * round(number), abs=5)  # type: ignore[arg-type]


async def test_no_more_pictures_come_than_are_wanted(tmp_path: Path) -> None:
    file = film(tmp_path / "a.mp4", [grey(10)] * 30, fps=30)
    async with looking(str(file), camera_fps=5) as look:
        await until(lambda: bool(look.lost))
    assert 3 <= len(look.views) <= 6


async def test_a_picture_has_bounds(tmp_path: Path) -> None:
    file = film(tmp_path / "a.mp4", [grey(10, 1920, 1080)] * 2)
    async with looking(str(file)) as look:
        await look.until_seen()
    picture = look.views[0].picture
    assert not isinstance(picture, bytes) and picture.shape == (720, 1280, 3) and picture.flags.c_contiguous


@pytest.mark.parametrize(("quarter", "bright"), [(1, (0, 1)), (2, (1, 1)), (3, (1, 0))])
async def test_what_a_telephone_films_lying_down_is_upright(
    tmp_path: Path, quarter: int, bright: tuple[int, int]
) -> None:
    """``bright``: the corner (row, column) where its bright upper left corner comes to lie, turned clockwise."""
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
    picture = grey(0)
    picture[:16, :16] = 255
    file = film(tmp_path / "a.mp4", [picture] * 2)
    upright = b"".join(
        n.to_bytes(4, "big", signed=True) for n in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    )
    turned = b"".join(
        n.to_bytes(4, "big", signed=True)
        for n in (cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30)
    )
    data = file.read_bytes()
    track = data.index(b"tkhd")
    file.write_bytes(data[:track] + data[track:].replace(upright, turned, 1))
    async with looking(str(file)) as look:
        await look.until_seen()
    shown = look.views[0].picture
    assert not isinstance(shown, bytes)
    assert shown.shape[:2] == ((64, 48) if quarter % 2 else (48, 64))
    corners = {
        (row, column): int(shown[-row * 4 or 3, -column * 4 or 3, 0]) for row in (0, 1) for column in (0, 1)
    }
    assert max(corners, key=lambda corner: corners[corner]) == bright


@pytest.mark.parametrize("content", [b"", b"no film " * 1000, b"\x00\x00\x00\x20ftypisom" + bytes(500)])
async def test_what_is_no_film_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    async with looking(str(tmp_path / "a.mp4")) as look:
        await until(lambda: bool(look.lost))
    assert look.lost == [("a", "The video “a” gives nothing that can be read as pictures.")]


async def test_a_film_that_is_damaged_is_not_played_again(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no film " * 1000)
    async with looking(str(tmp_path / "a.mp4")) as look:
        await until(lambda: bool(look.lost))
        await asyncio.sleep(0.2)
        assert look.cameras.names == () and look.cameras.counts[camera.TRIED] == 0


async def test_a_film_that_breaks_off_shows_what_there_is(tmp_path: Path) -> None:
    file = film(tmp_path / "a.mkv", [grey(8 * number) for number in range(30)])
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    async with looking(str(file)) as look:
        await until(lambda: bool(look.lost))
    assert len(look.lost) == 1


async def test_a_file_without_pictures_is_one_sentence(tmp_path: Path, speech_file: Path) -> None:
    async with looking(str(speech_file)) as look:
        await until(lambda: bool(look.lost))
    assert look.told == ["There are no pictures in the video “said”."]


@pytest.fixture
def speech_file(tmp_path: Path) -> Path:
    import soundfile

    soundfile.write(tmp_path / "said.wav", np.zeros(1600, np.int16), 16_000)
    return tmp_path / "said.wav"


# Webcams: FFmpeg's own made-up device (lavfi) stands in for the one that is not here


class Plugged:
    """Which webcams there are, and what each shows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there = [webcams.Webcam(0, "Made Up C920", "testsrc=size=64x48:rate=30,realtime")]
        monkeypatch.setattr(webcams, "webcams", lambda: self.there)
        monkeypatch.setattr(webcams, "FORMATS", {"linux": "lavfi", "win32": "lavfi", "darwin": "lavfi"})
        monkeypatch.setitem(webcams.OPTIONS, "lavfi", ({"no_such_option": "1"}, {}))


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Plugged:
    return Plugged(monkeypatch)


@pytest.mark.parametrize("wanted", ["0", "c920", "made up"])
async def test_a_webcam_is_found_by_its_number_or_a_part_of_its_name(plugged: Plugged, wanted: str) -> None:
    async with looking(f"cam={wanted}") as look:
        await look.until_seen(3)
        latest = look.cameras.latest("cam")
        assert latest is not None and latest.camera == "cam" and abs(time.perf_counter() - latest.at) < 60
    assert look.cameras.latest("cam") is None and not look.lost


async def test_a_webcam_that_is_unplugged_is_told_once_and_comes_back(plugged: Plugged) -> None:
    there = plugged.there[0]
    plugged.there = [webcams.Webcam(0, there.name, "testsrc=size=64x48:rate=30:duration=0.2,realtime")]
    async with looking("cam=c920") as look:
        await until(lambda: bool(look.lost))
        assert look.lost == [("cam", "The camera “cam” has stopped.")]
        plugged.there = []
        await until(lambda: len(look.lost) == 2)
        await asyncio.sleep(0.2)
        assert look.told[1:] == ["There is no webcam on this computer, so “c920” cannot be used."]
        seen = len(look.views)
        plugged.there = [there]
        await look.until_seen(seen + 2)
    assert len(look.lost) == 2


async def test_a_webcam_that_hangs_is_told_goes_on_by_itself_and_never_holds_up_the_end(
    plugged: Plugged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "QUIET_S", 0.2)
    monkeypatch.setattr(camera, "LOOK_S", 0.02)
    monkeypatch.setattr(camera, "CLOSE_S", 0.1)
    goes, real = threading.Event(), camera_video._decoded
    goes.set()

    def held_up(packet: object) -> object:
        goes.wait()
        return real(packet)  # type: ignore[arg-type]

    monkeypatch.setattr(camera_video, "_decoded", held_up)
    async with looking("cam=0") as look:
        await look.until_seen()
        goes.clear()
        await until(lambda: bool(look.lost))
        assert look.lost == [("cam", "The camera “cam” sends no pictures any more.")]
        assert look.cameras.latest("cam") is None
        seen = len(look.views)
        goes.set()
        await look.until_seen(seen + 1)
        goes.clear()
        await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            await look.cameras.__aexit__(None, None, None)
    seen = len(look.views)
    goes.set()
    await asyncio.sleep(0.2)
    assert len(look.views) == seen  # nothing is shown after the end


async def test_only_the_newest_picture_waits_for_a_busy_loop(plugged: Plugged) -> None:
    async with looking("cam=0", camera_fps=30) as look:
        await look.until_seen()
        seen = len(look.views)
        time.sleep(0.5)  # noqa: ASYNC251  # the loop is held up
        held_up_until = time.perf_counter()
        await look.until_seen(seen + 1)
    assert held_up_until - look.views[seen].at < 0.25
    assert look.cameras.counts[camera.DROPPED] >= 5


def test_the_webcams_of_linux_are_named_by_what_the_system_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name, index in (
        (2, "HD Pro Webcam C920", 0),
        (3, "HD Pro Webcam C920", 1),
        (0, "Integrated", 0),
    ):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(f"{name}\n")
        (tmp_path / f"video{number}" / "index").write_text(f"{index}\n")
    monkeypatch.setattr(webcams, "LINUX_DEVICES", tmp_path)
    assert webcams.webcams("linux") == [
        webcams.Webcam(0, "Integrated", "/dev/video0"),
        webcams.Webcam(2, "HD Pro Webcam C920", "/dev/video2"),
    ]
    monkeypatch.setattr(webcams, "LINUX_DEVICES", tmp_path / "none")
    assert webcams.webcams("linux") == []


def test_a_picture_of_a_webcam_that_leaves_out_its_tables_is_read() -> None:
    """Motion JPEG may lack them (RFC 2435 has those that are meant), and is handed on as it comes."""
    written = io.BytesIO()
    Image.fromarray(grey(200)).save(written, "JPEG")
    whole = written.getvalue()
    while (at := whole.find(b"\xff\xc4")) >= 0:
        whole = whole[:at] + whole[at + 2 + int.from_bytes(whole[at + 2 : at + 4], "big") :]
    assert np.mean(decode_picture(whole)) == pytest.approx(200, abs=3)


async def test_two_cameras_of_one_name_are_asked_apart() -> None:
    twice = [webcams.Webcam(0, "C920", "a"), webcams.Webcam(2, "C920", "b")]
    with pytest.raises(CameraError, match=r"may be “C920” \(number 0\) or “C920” \(number 2\)"):
        webcams.match(twice, "c920")
    assert webcams.match(twice, "2").address == "b"


def test_the_pace_is_even_and_never_above_what_is_wanted() -> None:
    for given in (10, 15, 20, 24, 25, 30, 60):
        steady = Steady(15)
        taken = [at / given for at in range(10 * given) if steady.takes(at / given)]
        assert len(taken) <= 151 and len(taken) >= min(140, 10 * given * 0.9), given


def test_when_a_picture_was_taken_is_known_though_it_was_held_up() -> None:
    clock = LiveClock()
    assert clock.at(100.0, 7.0) == 7.0
    assert clock.at(101.0, 9.5) == pytest.approx(8.0, abs=0.01)  # it waited for 1.5 s
    assert clock.at(102.0, 9.6) == pytest.approx(9.0, abs=0.01)
    assert clock.at(None, 10.0) == 10.0
    assert clock.at(5.0, 11.0) == 11.0  # the sender's clock was set


def test_wrong_settings_are_said_before_anything_is_opened() -> None:
    with pytest.raises(SettingsError):
        Looking("ftp://x/y")


async def test_no_log_line_holds_a_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with looking("rtsp://ann:geheim@127.0.0.1:9/x,http://ann:geheim@127.0.0.1:9/x") as look:
        await until(lambda: len(look.lost) == 2)
    assert all("geheim" not in text for text in [caplog.text, *look.told])
    assert "does not answer" in look.told[0] and "does not answer" in look.told[1]

"""A video of somebody is heard and seen on one clock."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from local_mode import camera_video
from local_mode.film import Film
from local_mode.recorded import hear_all, recordings_of
from persona_core.errors import AudioError
from persona_core.types import Frame, Person
from tests.local_mode.seeing import film, grey, looking, until

ANN = Person("desk:ann", "Ann")


class Listener:
    """Instead of a conversation: what it is given to hear."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def hear(self, frame: Frame) -> None:
        self.frames.append(frame)

    def finish_hearing(self) -> None: ...

    async def settled(self) -> None: ...


def clapper(file: Path, at_s: float = 0.6, whole_s: float = 1.2, fps: int = 30) -> Path:
    """A flash and a click at the same moment, as a film's clapperboard gives them."""
    flash = range(round(at_s * fps), round((at_s + 0.15) * fps))
    pictures = [grey(255 if number in flash else 0) for number in range(round(whole_s * fps))]
    sound = np.zeros(round(44_100 * whole_s), np.int16)
    sound[round(44_100 * at_s) : round(44_100 * (at_s + 0.03))] = 20_000 * np.sign(
        np.sin(np.arange(1323) / 5)
    )
    return film(file, pictures, fps, sound)


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
async def test_a_flash_and_a_click_are_seen_and_heard_within_100_ms(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_video, "LATE_S", 60.0)  # a machine that is busy leaves out pictures
    (ann,) = recordings_of([], [f"Ann={clapper(tmp_path / f'a.{kind}')}"])
    listener, begun = Listener(), []
    async with looking("off", camera_fps=30) as look:

        def began(at: float) -> None:
            begun.append(at)
            assert look.cameras.play("Ann", ann.path, at) == "Ann"

        assert not await hear_all(listener, [ann], False, 0.2, began)  # type: ignore[arg-type]
        await until(lambda: bool(look.lost))
    flash = next(view.at for view in look.views if np.mean(view.picture) > 100) - begun[0]  # type: ignore[arg-type]
    click = next(frame.at_s for frame in listener.frames if np.abs(frame.pcm.astype(int)).max() > 5000)
    assert flash == pytest.approx(0.6, abs=0.05) and click == pytest.approx(0.6, abs=0.05)
    assert abs(flash - click) < 0.1
    assert look.lost == [("Ann", "The video “Ann” is over.")]


def test_its_sound_is_as_long_as_its_pictures(tmp_path: Path) -> None:
    sound = np.full(44_100 // 2, 1000, np.int16)
    frames = list(Film(ANN, film(tmp_path / "a.mp4", [grey(0)] * 60, 30, sound)).frames())
    assert {len(frame) for frame in frames[:-1]} == {320}
    assert sum(map(len, frames)) == pytest.approx(2 * 16_000, abs=1600)
    loud = [bool(np.abs(frame).max() > 300) for frame in frames]
    assert all(loud[3:20]) and not any(loud[30:])


def test_what_cannot_be_played_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"no film" * 100)
    silent = film(tmp_path / "silent.mp4", [grey(0)] * 3)
    for given, word in (
        (f"Ann={tmp_path / 'none.mp4'}", "does not exist"),
        (f"Ann={tmp_path / 'no.mp4'}", "is not a video"),
        (f"Ann={silent}", "no sound"),
        (f"Ann={tmp_path}", "is not a video"),
        ("Ann", "--video wants NAME=FILE"),
        ("=x.mp4", "--video wants NAME=FILE"),
    ):
        with pytest.raises(AudioError, match=word) as refused:
            recordings_of([], [given])
        assert "\n" not in str(refused.value)


def test_sound_without_pictures_is_one_sentence(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(1600, np.int16), 16_000)
    with pytest.raises(AudioError, match=r"no pictures in .*; --wav"):
        recordings_of([], [f"Ann={tmp_path / 'a.wav'}"])
    clap = clapper(tmp_path / "a.mp4")
    with pytest.raises(AudioError, match="given twice for Ann"):
        recordings_of([f"Ann={tmp_path / 'a.wav'}"], [f"ann={clap}"])
    with pytest.raises(AudioError, match="--video is given twice for Ann"):
        recordings_of([], [f"Ann={clap}", f"Ann={clap}"])


def test_a_film_that_breaks_off_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = clapper(tmp_path / "a.mkv")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    heard = 0
    try:
        for frame in Film(ANN, whole).frames():
            heard += len(frame)
    except AudioError as error:
        assert "damaged" in str(error)
    assert heard > 1600


async def test_two_films_of_one_name_are_two_cameras(tmp_path: Path) -> None:
    clap = clapper(tmp_path / "a.mp4", whole_s=0.7)
    async with looking("off") as look:
        names = [look.cameras.play("Ann", clap, time.perf_counter()) for _ in range(2)]
        assert names == ["Ann", "Ann 2"]
        await until(lambda: len(look.lost) == 2)


def test_at_the_command_line_it_plays_no_faster_than_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from local_mode.__main__ import main

    clap = clapper(tmp_path / "a.mp4")
    monkeypatch.setattr(sys, "argv", ["local_mode", "--video", f"Ann={clap}", "--fast"])
    assert main() == 2


async def test_a_film_of_any_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clapper(tmp_path / "talk.mp4").rename(tmp_path / "http:talk, one.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(list(Film(ANN, Path("http:talk, one.mp4")).frames())) >= 14
    (tmp_path / "http:talk, one.mp4").rename(tmp_path / "tcp:talk.mp4")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with looking("a=tcp:talk.mp4,b=~/tcp:talk.mp4") as look:
        await look.until_seen(camera="a")
        await look.until_seen(camera="b")


async def test_a_playlist_that_calls_itself_a_film_leads_nowhere(tmp_path: Path) -> None:
    called: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append("called")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        where = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lists = {
            "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://{where}/a.ts\n#EXT-X-ENDLIST\n",
            "many.mp4": f"ffconcat version 1.0\nfile http://{where}/a.ts\n",
            "sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        }
        for name, text in lists.items():
            (tmp_path / name).write_text(text)
            with pytest.raises(AudioError):
                await asyncio.to_thread(Film, ANN, tmp_path / name)
            async with looking(str(tmp_path / name)) as look:
                await until(lambda: bool(look.lost))
    assert not called

"""Sound files of every kind are heard; broken ones are named in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from local_mode.files import FileTransport, Recording, WavPlayback
from persona_core.errors import AudioError
from persona_core.types import Person

ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")
TONE = np.sin(np.arange(16000) * 2 * np.pi * 200 / 16000) * 0.5


async def no_pace(at_s: float) -> None:
    pass


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.wav", "PCM_32"),
        ("a.wav", "FLOAT"),
        ("a.wav", "DOUBLE"),
        ("a.wav", "PCM_U8"),
        ("a.flac", "PCM_16"),
        ("a.flac", "PCM_24"),
        ("a.ogg", "VORBIS"),
        ("a.ogg", "OPUS"),
        ("a.mp3", "MPEG_LAYER_III"),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read_as_the_same_sound(
    tmp_path: Path, name: str, subtype: str, channels: int
) -> None:
    soundfile.write(tmp_path / name, np.stack([TONE] * channels, 1), 16000, subtype)
    recording = Recording(ANN, tmp_path / name)
    pcm = np.concatenate(list(recording.frames())) / 32767
    assert recording.rate == 16000
    assert len(pcm) == pytest.approx(16000, abs=2400)  # MP3 pads
    assert np.sqrt(np.mean(pcm[4000:12000] ** 2)) == pytest.approx(0.35, rel=0.05)


def test_a_float_file_with_nonsense_in_it_is_clipped_and_silenced(tmp_path: Path) -> None:
    wild = np.array([0.0, np.nan, np.inf, -np.inf, 7.0] * 200, np.float32)
    soundfile.write(tmp_path / "wild.wav", wild, 16000, "FLOAT")
    pcm = np.concatenate(list(Recording(ANN, tmp_path / "wild.wav").frames()))
    assert list(pcm[:5]) == [0, 0, 32767, -32767, 32767]


@pytest.mark.parametrize("name", ["cut.wav", "cut.flac", "cut.ogg"])
def test_a_file_cut_off_is_said_to_be(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 64000)
    soundfile.write(tmp_path / name, noise, 16000)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioError, match=r"cut off|damaged"):
        list(Recording(ANN, tmp_path / name).frames())


def test_a_file_from_a_pipe_whose_header_knows_no_length_is_heard(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "pipe.wav", TONE, 16000)
    data = bytearray((tmp_path / "pipe.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    (tmp_path / "pipe.wav").write_bytes(data)
    assert sum(map(len, Recording(ANN, tmp_path / "pipe.wav").frames())) == 16000


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "does not exist"), (b"", "not a sound file"), (b"RIFFnonsense" * 20, "not a sound file")],
)
def test_what_is_no_sound_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(AudioError, match=words):
        Recording(ANN, tmp_path / "x.wav")


def test_a_file_without_a_sample_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", TONE[:0], 16000)
    with pytest.raises(AudioError, match="holds no sound"):
        Recording(ANN, tmp_path / "x.wav")


def test_a_rate_that_no_sound_has_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", TONE, 1)
    with pytest.raises(AudioError, match="1 samples a second"):
        Recording(ANN, tmp_path / "x.wav")


async def test_a_file_that_breaks_off_does_not_deafen_her_to_the_others(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 32000)
    for name in ("ann.flac", "bob.flac"):
        soundfile.write(tmp_path / name, noise, 16000)
    (tmp_path / "ann.flac").write_bytes((tmp_path / "ann.flac").read_bytes()[:20000])
    recordings = [Recording(ANN, tmp_path / "ann.flac"), Recording(BOB, tmp_path / "bob.flac")]
    transport = FileTransport(recordings, no_pace, tail_s=0.1)
    heard = [frame.at_s async for frame in transport.frames() if frame.person == BOB and frame.pcm.any()]
    assert max(heard) == pytest.approx(1.98, abs=0.02)
    (damage,) = transport.damage
    assert "ann.flac" in str(damage)


async def test_people_speak_at_once_and_stay_audible_as_silence_when_their_file_ends(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "ann.wav", TONE, 16000)
    soundfile.write(tmp_path / "bob.wav", np.stack([TONE] * 2, 1), 48000)
    recordings = [Recording(ANN, tmp_path / "ann.wav"), Recording(BOB, tmp_path / "bob.wav")]
    frames = [f async for f in FileTransport(recordings, no_pace, tail_s=0.5).frames()]
    ann = [f for f in frames if f.person == ANN]
    bob = [f for f in frames if f.person == BOB]
    assert [f.at_s for f in ann] == [f.at_s for f in bob]
    assert ann[-1].at_s == pytest.approx(1.5, abs=0.05)  # the longest file and the silence after it
    assert not bob[-1].pcm.any() and len(bob[-1].pcm) == 960


async def test_what_she_says_is_written_as_it_was(tmp_path: Path) -> None:
    pcm = (TONE * 32767).astype(np.int16)
    playback = WavPlayback(tmp_path / "out.wav")
    await playback.play(pcm[:8000], 16000)
    await playback.play(pcm[8000:], 16000)
    playback.close()
    read, rate = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert rate == 16000 and (read == pcm).all()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="does not exist"):
        WavPlayback(tmp_path / "nowhere" / "out.wav")
    with pytest.raises(AudioError, match="cannot be written"):
        WavPlayback(tmp_path)

"""Whatever is sent as a picture becomes one, or is one clear sentence."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from persona_core.errors import PictureError
from persona_core.seeing.pictures import LONGEST, MOST_BYTES, checked, decode_picture, glimpse

GREY, RED = (128, 128, 128), (200, 30, 60)  # as red, green, blue


def written(image: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def plain(mode: str = "RGB", colour: object = RED, size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new(mode, size, colour)


def test_a_picture_is_blue_green_and_red() -> None:
    picture = decode_picture(written(plain()))
    assert picture.shape == (48, 64, 3) and picture.dtype == np.uint8
    assert tuple(picture[0, 0]) == (60, 30, 200) and picture.flags.c_contiguous


@pytest.mark.parametrize(
    ("image", "kind", "seen"),
    [
        (plain("L", 90), "PNG", (90, 90, 90)),
        (plain("1", 1), "PNG", (255, 255, 255)),
        (plain("I;16", 65535), "PNG", (255, 255, 255)),
        (plain("LA", (90, 255)), "PNG", (90, 90, 90)),
        (plain("RGBA", (*RED, 255)), "PNG", (60, 30, 200)),
        (plain("RGBA", (*RED, 0)), "PNG", GREY),
        (plain().quantize(4), "PNG", (60, 30, 200)),
        (plain("L", 90), "JPEG", (90, 90, 90)),
        (plain("CMYK", (0, 0, 0, 0)), "JPEG", (255, 255, 255)),
        (plain(), "WEBP", (60, 30, 200)),
    ],
)
def test_every_kind_of_colour_is_taken(image: Image.Image, kind: str, seen: tuple[int, int, int]) -> None:
    how = {"lossless": True} if kind == "WEBP" else {}
    picture = decode_picture(written(image, kind, **how))
    assert picture.shape == (48, 64, 3)
    assert np.abs(picture[20, 20].astype(int) - seen).max() <= 3


@pytest.mark.parametrize("turned", range(1, 9))
def test_it_is_upright_as_its_exif_says(turned: int) -> None:
    image = plain(colour=(0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 32, 24))  # the upper left quarter of what the sensor saw
    exif = Image.Exif()
    exif[0x0112] = turned
    picture = decode_picture(written(image, "JPEG", exif=exif, quality=95))
    assert picture.shape == ((48, 64, 3) if turned < 5 else (64, 48, 3))
    height, width = picture.shape[:2]
    rows, columns = (height // 4, 3 * height // 4), (width // 4, 3 * width // 4)
    bright = [
        (row, column)
        for row in (0, 1)
        for column in (0, 1)
        if picture[rows[row], columns[column]].mean() > 128
    ]
    assert bright == [
        {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}[turned]
    ]


def test_what_is_large_is_made_smaller() -> None:
    assert decode_picture(written(plain(size=(5000, 2500)), "JPEG")).shape[:2] == (LONGEST // 2, LONGEST)


def test_what_is_too_large_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    fifty = written(plain("L", 90, (10_000, 5_000)), "JPEG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it is decoded"))
    with pytest.raises(PictureError, match="50 megapixels"):
        decode_picture(fifty)


def test_a_bomb_is_refused() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    with pytest.raises(PictureError, match="megapixels"):
        decode_picture(bomb)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        written(plain(), "GIF"),
        written(plain(), "BMP"),
        written(plain(), "TIFF"),
    ],
)
def test_what_is_no_picture_is_one_sentence(data: bytes) -> None:
    with pytest.raises(PictureError, match="JPEG, PNG and WebP"):
        decode_picture(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_cut_short_is_one_sentence(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    data = written(Image.fromarray(noise), kind)
    for part in (0.1, 0.5, 0.9):
        with pytest.raises(PictureError):
            decode_picture(data[: int(len(data) * part)])


def test_what_is_too_small_or_has_too_many_bytes_is_refused() -> None:
    with pytest.raises(PictureError, match="too small"):
        decode_picture(written(plain(size=(8, 400))))
    with pytest.raises(PictureError, match="MB"):
        decode_picture(bytes(MOST_BYTES + 1))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damage_anywhere_is_a_picture_or_one_sentence(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"]))
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = bytearray(written(plain(), kind, exif=exif))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = decode_picture(bytes(whole))
    except PictureError:
        return
    assert picture.ndim == 3 and picture.dtype == np.uint8


@pytest.mark.parametrize(
    "array",
    [
        np.full((64, 64, 3), np.nan, np.float32),
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((0, 64, 3), np.uint8),
        np.zeros((8, 64, 3), np.uint8),
        np.zeros((64, 64, 3), np.int32),
    ],
)
def test_an_array_that_is_no_picture_is_refused(array: np.ndarray) -> None:
    with pytest.raises(PictureError):
        checked(array)


def test_one_that_is_turned_in_memory_is_taken() -> None:
    assert checked(np.zeros((64, 48, 3), np.uint8)[::-1, :, ::-1]).flags.c_contiguous


def test_photographs_are_taken(shared_data: Path) -> None:
    for path in (shared_data / "faces").rglob("*.jpg"):
        assert decode_picture(path.read_bytes()).shape[2] == 3


@pytest.mark.parametrize("mode", ["I;16", "L", "P", "LA", "RGB", "RGBA"])
def test_a_picture_much_larger_than_is_looked_at_becomes_smaller_in_every_mode(mode: str) -> None:
    data = written(plain(mode, colour=None, size=(4 * LONGEST, LONGEST)))
    assert decode_picture(data).shape[1] == LONGEST
    assert glimpse(data).shape == (LONGEST // 8, 4 * LONGEST // 8)


def test_grey_in_16_bits_is_turned_upright_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_picture(written(plain("I;16", 1000), exif=exif)).shape == (64, 48, 3)

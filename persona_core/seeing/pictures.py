"""Bytes become a picture, whoever sent them: one place that decodes, with a limit for each thing that can grow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from persona_core.errors import PictureError
from persona_core.types import Picture, Samples

MOST_BYTES = 24_000_000
MOST_PIXELS = 32_000_000  # as it comes; larger ones are not decoded
LONGEST = 1920  # pixels of the longer side of what comes out
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
SHORTEST = 16  # of the shorter side; there is no face in less
FORMATS = ("JPEG", "PNG", "WEBP")  # of a camera, of a page, of a telephone

_TOO_MANY_PIXELS = f"This picture is too large; I take up to {MOST_PIXELS / 1e6:.0f} megapixels."
_GLIMPSE = 8  # pixels of the picture that are one of a glimpse, either way

_BEHIND = (128, 128, 128)  # what shows through where a picture is transparent


class TooLarge(PictureError):
    """It has more bytes or pixels than are taken."""


def decode_picture(data: bytes) -> Picture:
    """The picture in ``data`` (JPEG, PNG or WebP) as it is looked at: turned as its EXIF says, in colour, without
    transparency, at most LONGEST pixels long. Of an animation the first picture.

    Blocks for 5 to 200 ms: call it off the event loop. Raises PictureError.
    """
    with _opened(data) as image:
        image.draft("RGB", (LONGEST, LONGEST))  # a JPEG is made smaller while it is decoded
        upright = ImageOps.exif_transpose(_smaller(image))
        rgb = np.asarray(_in_colour(upright), np.uint8)
    return np.ascontiguousarray(rgb[:, :, ::-1])


def glimpse(picture: Picture | bytes) -> Samples:
    """An eighth of it in grey, 0..255, not turned: enough to tell whether anything has changed. Of a JPEG it takes a fifth
    of the time of decoding it. Blocks; raises PictureError.
    """
    if not isinstance(picture, bytes):
        green = Image.fromarray(np.ascontiguousarray(checked(picture)[:, :, 1]))
        return np.asarray(green.reduce(_GLIMPSE), np.float32)
    with _opened(picture) as image:
        small = max(1, image.width // _GLIMPSE), max(1, image.height // _GLIMPSE)
        image.draft("L", small)
        grey = _in_colour(_smaller(image)).convert("L")
        return np.asarray(grey.resize(small, Image.Resampling.BOX), np.float32)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """Whatever is wrong with it is a PictureError, also while it is being decoded."""
    if len(data) > MOST_BYTES:
        raise TooLarge(f"This picture has {len(data) / 1e6:.0f} MB; I take up to {MOST_BYTES / 1e6:.0f}.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image.width, image.height)
            yield image
    except UnidentifiedImageError as cause:
        raise PictureError("This is not a picture that I can read: I take JPEG, PNG and WebP.") from cause
    except Image.DecompressionBombError as cause:
        raise TooLarge(_TOO_MANY_PIXELS) from cause
    except _DAMAGED as cause:
        raise PictureError("This picture is damaged: it cannot be decoded.") from cause


def looks_like_picture(data: bytes) -> bool:
    """Whether ``data``, a dozen bytes of it or more, begins like a picture that is taken."""
    return data.startswith(BEGINNINGS[:2]) or (data[:4] == BEGINNINGS[2] and data[8:12] == b"WEBP")


def check_picture(data: bytes) -> None:
    """Whether it would be decoded, told by its beginning alone. Raises PictureError, TooLarge where that is why."""
    if len(data) > MOST_BYTES:
        raise TooLarge(f"This picture has {len(data) / 1e6:.0f} MB; I take up to {MOST_BYTES / 1e6:.0f}.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image.width, image.height)
    except Image.DecompressionBombError as cause:
        raise TooLarge(_TOO_MANY_PIXELS) from cause
    except _DAMAGED as cause:
        raise PictureError("This is not a picture that I can read: I take JPEG, PNG and WebP.") from cause


def checked(picture: Picture) -> Picture:
    """``picture`` itself, in one piece of memory, if it is one. Raises PictureError."""
    array = np.asarray(picture)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise PictureError("A picture has to be an array (height, width, 3) of bytes.")
    _check_size(array.shape[1], array.shape[0])
    return np.ascontiguousarray(array)


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise TooLarge(
            f"This picture has {width * height / 1e6:.0f} megapixels; I take up to {MOST_PIXELS / 1e6:.0f}."
        )
    if min(width, height) < SHORTEST:
        raise PictureError(f"This picture is too small, {width} × {height} pixels: there is no face in it.")


def _smaller(image: Image.Image) -> Image.Image:
    """At most LONGEST pixels long, before anything is done that takes memory for each pixel; in 8 bits."""
    if image.mode.startswith(
        "I"
    ):  # more than 8 bits of grey: Pillow makes them no smaller, and cuts them off at 255
        grey = np.asarray(image)
        levels = np.multiply(grey, 255 / max(255, int(grey.max())), dtype=np.float32, casting="unsafe")
        eight = Image.fromarray(np.rint(levels, out=levels).astype(np.uint8))
        eight.info = {key: image.info[key] for key in ("exif",) if key in image.info}
        image = eight
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR)
    return image


def _in_colour(image: Image.Image) -> Image.Image:
    """As RGB, whatever it was: grey, a palette, CMYK, with or without transparency."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, (*_BEHIND, 255)), image).convert("RGB")
    return image.convert("RGB")


# what Pillow's decoders, and its readers of EXIF, answer damaged data with
_DAMAGED = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError, MemoryError),
    *(struct.error, zlib.error),
)

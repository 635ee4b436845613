"""A character card inside a PNG: base64 JSON in the text chunks ``chara`` (V2) and ``ccv3`` (V3)."""

from __future__ import annotations

import base64
import binascii
import io
import struct
from collections.abc import Mapping

from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from persona_core.errors import CharacterError

CHUNKS = ("ccv3", "chara")  # the first found counts: V3 is preferred
_PLAIN_SIZE, _PLAIN_COLOUR = (400, 600), (58, 74, 92)  # pixels, and a rainy blue, where no picture is given
_UNREADABLE = (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError, KeyError)


def card_in_picture(data: bytes, source: str) -> bytes:
    """The JSON text in a PNG's card. Raises CharacterError."""
    texts = _open(data, source).text
    held = next((texts[name] for name in CHUNKS if name in texts), None)
    if held is None:
        raise CharacterError(f"{source} is a picture without a character card in it.")
    try:
        return base64.b64decode(held, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CharacterError(f"{source} holds a character card that is damaged.") from error


def picture_with_cards(cards: Mapping[str, bytes], onto: bytes | None = None) -> bytes:
    """A PNG with a text chunk for each of ``cards`` (chunk name → JSON), its other texts kept.

    ``onto`` is the picture to use, a PNG; a plain one otherwise. Raises CharacterError.
    """
    picture: Image.Image = Image.new("RGB", _PLAIN_SIZE, _PLAIN_COLOUR)
    chunks = PngInfo()
    if onto is not None:
        picture = _open(onto, "The picture")
        for name, text in picture.text.items():
            if name not in CHUNKS:
                chunks.add_text(name, text)
    for name, card in cards.items():
        chunks.add_text(name, base64.b64encode(card).decode())
    out = io.BytesIO()
    picture.save(out, "PNG", pnginfo=chunks, save_all=getattr(picture, "is_animated", False))
    return out.getvalue()


def _open(data: bytes, source: str) -> PngImageFile:
    """The picture, read to its end: text chunks may stand behind the pixels."""
    try:
        picture = Image.open(io.BytesIO(data), formats=["PNG"])
        picture.load()
    except _UNREADABLE as error:
        raise CharacterError(f"{source} is not a PNG picture, or is cut off.") from error
    if not isinstance(picture, PngImageFile):
        raise CharacterError(f"{source} is not a PNG picture.")
    return picture

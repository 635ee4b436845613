"""Photos of OMI's glasses reach her cameras. The glasses are played; what they send is what their firmware sends."""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from PIL import Image

from local_mode import glasses
from local_mode.camera import SKEWED
from local_mode.glasses import CONTROL, ONE_PHOTO, PHOTO, pass_on, sender
from local_mode.omi_photos import Photos
from persona_core.seeing.pictures import decode_picture
from tests.overlay.test_pushing import TOKEN, door


def photo() -> bytes:
    """Bright above, as the camera has it: upside down."""
    written, picture = io.BytesIO(), np.zeros((480, 640, 3), np.uint8)
    picture[:240] = 255
    Image.fromarray(picture).save(written, "JPEG", quality=95)
    return written.getvalue()


def notifications(jpeg: bytes, turned: int | None = 2) -> list[bytes]:
    """As omiGlass/firmware/src/app.cpp cuts a photo; ``turned`` None: as early firmware did."""
    first = b"" if turned is None else bytes([turned])
    parts = [first + jpeg[: 200 - len(first)]]
    at = 200 - len(first)
    while at < len(jpeg):
        parts.append(jpeg[at : at + 200])
        at += 200
    return [number.to_bytes(2, "little") + part for number, part in enumerate(parts)] + [b"\xff\xff"]


class Glasses:
    """Instead of a connection over Bluetooth."""

    def __init__(self) -> None:
        self.is_connected = True
        self.asked = 0
        self._came: Callable[[object, bytearray], None] | None = None

    async def start_notify(self, which: str, came: Callable[[object, bytearray], None]) -> None:
        assert which == PHOTO
        self._came = came

    async def write_gatt_char(self, which: str, data: bytes, response: bool) -> None:
        assert (which, data, response) == (CONTROL, ONE_PHOTO, True) and self._came is not None
        self.asked += 1
        self.is_connected = self.asked < 3
        for part in notifications(photo()):
            self._came(None, bytearray(part))


async def test_photos_reach_the_camera_upright_and_in_time() -> None:
    async with door() as here, aiohttp.ClientSession() as http:
        send = sender(http, here.address.removesuffix("/frames"), "glasses", TOKEN)
        await pass_on(Glasses(), send, 0.1)
        view = here.look.cameras.latest("glasses")
        assert view is not None and isinstance(view.picture, bytes)
        assert 0 <= time.perf_counter() - view.at < 30 and not here.look.cameras.counts[SKEWED]
        picture = decode_picture(view.picture)
        assert picture.shape == (480, 640, 3) and picture[:200].mean() < 20 and picture[280:].mean() > 235


@pytest.mark.parametrize("turned", [2, 0, None])
def test_a_photo_is_put_together_whatever_the_firmware(turned: int | None) -> None:
    photos = Photos()
    *parts, last = notifications(photo(), turned)
    assert all(photos.feed(part) is None for part in parts)
    whole = photos.feed(last)
    assert whole is not None
    bright_below = bool(decode_picture(whole[0])[300:].mean() > 200)
    assert bright_below is (turned != 0)
    assert (turned != 0) or whole[0] == photo()


def test_a_photo_that_lacks_a_part_is_left_out_and_the_next_one_is_whole() -> None:
    photos, parts = Photos(), notifications(photo())
    given = [*parts[5:], *parts[:3], *parts[4:], *parts[:2], *parts, b"", b"\x07", b"\xff\xff"]
    found = [whole for part in given if (whole := photos.feed(part)) is not None]
    assert len(found) == 1 and decode_picture(found[0][0]).shape == (480, 640, 3)


def test_what_never_ends_is_bounded() -> None:
    photos = Photos()
    photos.feed(notifications(photo())[0])
    for number in range(1, 20_000):
        photos.feed(number.to_bytes(2, "little") + bytes(200))
    assert photos.feed(b"\xff\xff") is None


async def test_what_is_wrong_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    async with door() as here, aiohttp.ClientSession() as http:
        send = sender(http, here.address.removesuffix("/frames"), "shoe", TOKEN)
        for _ in range(3):
            await send(photo(), time.time())
        send = sender(http, "http://127.0.0.1:9", "glasses", TOKEN)
        await send(photo(), time.time())
    said = capsys.readouterr().err.splitlines()
    assert (
        len(said) == 2
        and "“glasses”" in said[0]
        and "does not answer" in said[1]
        and TOKEN not in "".join(said)
    )


async def test_glasses_that_give_no_photo_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glasses, "PHOTO_S", 0.05)

    class Shy(Glasses):
        async def write_gatt_char(self, which: str, data: bytes, response: bool) -> None:
            self.asked += 1
            self.is_connected = self.asked < 3

    async def never(photo: bytes, taken_s: float) -> None:
        raise AssertionError

    shy = Shy()
    async with asyncio.timeout(10):
        await pass_on(shy, never, 0)
    assert shy.asked == 3


def test_without_a_token_or_bluetooth_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert glasses.main(["--token-file", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setitem(sys.modules, "bleak", None)
    assert glasses.main(["--token-file", str(tmp_path / "token")]) == 2
    assert "pip install bleak" in capsys.readouterr().err

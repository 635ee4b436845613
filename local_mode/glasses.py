"""``python -m local_mode.glasses``: photos of OMI's glasses come over Bluetooth, and are sent on to ``POST /frames``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from cogs.overlay.guard import TOKEN_FILE
from local_mode.omi_photos import Photos
from persona_core.errors import CameraError, KithError
from persona_core.settings import load_settings

SERVICE = "19b10000-e8f2-537e-4f6c-d104768a1214"
PHOTO = "19b10005-e8f2-537e-4f6c-d104768a1214"  # tells of new data
CONTROL = "19b10006-e8f2-537e-4f6c-d104768a1214"
ONE_PHOTO = b"\xff"
FOUND_S, PHOTO_S, AGAIN_S = 30.0, 20.0, 5.0

Send = Callable[[bytes, float], Awaitable[None]]  # a photo, and when it began to arrive (Unix seconds)


async def pass_on(glasses: Any, send: Send, every_s: float) -> None:
    """Ask for a photo every so often, and send each on, until the glasses (a bleak.BleakClient) are gone."""
    newest: asyncio.Queue[tuple[bytes, float]] = asyncio.Queue(1)
    photos = Photos()

    def came(_: object, data: bytearray) -> None:
        if (photo := photos.feed(bytes(data))) is not None:
            if newest.full():
                newest.get_nowait()
            newest.put_nowait(photo)

    await glasses.start_notify(PHOTO, came)
    while glasses.is_connected:
        asked_at = time.monotonic()
        await glasses.write_gatt_char(CONTROL, ONE_PHOTO, response=True)
        try:
            async with asyncio.timeout(PHOTO_S):
                photo = await newest.get()
        except TimeoutError:
            continue
        await send(*photo)
        await asyncio.sleep(max(0.0, asked_at + every_s - time.monotonic()))


def sender(http: aiohttp.ClientSession, address: str, camera: str, token: str) -> Send:
    """To her page's server; what is wrong there is said on standard error, once."""
    said: set[str] = set()

    async def send(photo: bytes, taken_s: float) -> None:
        headers = {"Authorization": f"Bearer {token}", "X-Taken-At": f"{taken_s:.3f}"}
        try:
            where = f"{address.rstrip('/')}/frames"
            async with http.post(where, params={"camera": camera}, data=photo, headers=headers) as answer:
                trouble = "" if answer.status == 204 else (await answer.text()).strip()
        except (aiohttp.ClientError, TimeoutError) as error:
            trouble = f"{address} does not answer ({type(error).__name__}); is she running, with PAGE=on?"
        if trouble and trouble not in said:
            said.add(trouble)
            print(trouble, file=sys.stderr)

    return send


async def _run(args: argparse.Namespace, token: str) -> None:
    try:
        import bleak  # only here: it is optional
    except ImportError as error:
        raise CameraError("Glasses over Bluetooth need bleak: pip install bleak") from error
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        send = sender(http, args.address, args.camera, token)
        while True:
            try:
                device = await bleak.BleakScanner.find_device_by_filter(
                    lambda _, seen: SERVICE in seen.service_uuids, timeout=FOUND_S
                )
                if device is not None:
                    async with bleak.BleakClient(device) as glasses:
                        await pass_on(glasses, send, args.every)
            except (bleak.BleakError, OSError, TimeoutError) as error:  # out of reach, or switched off
                print(f"The glasses are gone ({type(error).__name__}); looking for them.", file=sys.stderr)
            await asyncio.sleep(AGAIN_S)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local_mode.glasses", description=__doc__)
    parser.add_argument("--camera", default="glasses", help="what CAMERA calls them, as in glasses=push")
    parser.add_argument("--every", type=float, default=5.0, metavar="S", help="seconds between photos")
    parser.add_argument("--address", help="of her page (default: http://127.0.0.1:PAGE_PORT)")
    parser.add_argument("--token-file", type=Path, help=f"default: {TOKEN_FILE} in DATA_DIR")
    args = parser.parse_args(arguments)
    try:
        settings = load_settings()
        args.address = args.address or f"http://127.0.0.1:{settings.page_port}"
        file = args.token_file or settings.data_dir / TOKEN_FILE
        try:
            token = file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CameraError(f"{file} cannot be read; her page makes it when she is started.") from error
        asyncio.run(_run(args, token))
    except KithError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())

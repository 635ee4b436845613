"""Take the pictures of docs/tour.md anew: those that do not show any more what she shows now, or --all.

Needs Chromium and the fonts that Discord's are like:
apt install chromium fonts-inter fonts-jetbrains-mono fonts-noto-color-emoji
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.pictures.page import fingerprint, page
from tests.pictures.photograph import PICTURES, browser, photograph, source_of
from tests.pictures.shown import SHOWN
from tests.pictures.walk import ten_minutes

FONTS = ("Inter", "JetBrains Mono", "Noto Color Emoji")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.pictures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--all", action="store_true", help="also those that are right")
    every = parser.parse_args().all
    chromium = browser()
    lacking = [*([] if chromium else ["Chromium"]), *_lacking_fonts()]
    if chromium is None or lacking:
        print(f"{', '.join(lacking)}: not here, see --help.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        shown = ten_minutes(Path(folder)).pictures
    pages = {name: page(seen) for name, seen in shown.items()}
    wanted = {name: one for name, one in pages.items() if every or not _is_right(name, one)}
    PICTURES.mkdir(exist_ok=True)
    asyncio.run(photograph(wanted, PICTURES, chromium))
    for picture in PICTURES.glob("*.png"):
        if picture.stem not in pages:
            picture.unlink()
    SHOWN.write_text(f"{json.dumps(shown, indent=1, ensure_ascii=False)}\n", "utf-8")
    print(f"Taken: {', '.join(wanted) or 'none, as all are right'}.")
    return 0


def _is_right(name: str, wanted: str) -> bool:
    picture = PICTURES / f"{name}.png"
    return picture.exists() and source_of(picture) == fingerprint(wanted)


def _lacking_fonts() -> list[str]:
    """Those that fontconfig does not know; none where there is no fontconfig to ask."""
    if shutil.which("fc-list") is None:
        return []
    listed = subprocess.run(["fc-list", ":", "family"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return [font for font in FONTS if font not in listed]


if __name__ == "__main__":
    sys.exit(main())

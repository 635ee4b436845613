"""torch: which build fits the machine, where it comes from and how large it is. Standard library only."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import urllib.request
from typing import NamedTuple

from tools.machine import check_disk
from tools.venv import SetupError, installed, pip, pip_says, say

INDEX = {  # PyTorch's own indexes, asked where pip's configured one has only the other build
    "CPU": "https://download.pytorch.org/whl/cpu",
    "CUDA": "https://download.pytorch.org/whl/cu130",
}
FREE_GB = {"CPU": 4, "CUDA": 16}  # the whole of .venv and what pip keeps of it, rounded up
PROBE_S = 3.0  # longest wait for an answer that only makes a choice or a message better


class Build(NamedTuple):
    """A torch that pip would install, with all that it brings along."""

    kind: str  # CPU or CUDA
    version: str
    urls: list[str]
    options: list[str]  # for pip, where it does not come from pip's configured index


def offered(pin: str, options: list[str]) -> Build | None:
    """What pip would choose for ``pin``; None where it finds nothing. Downloads metadata only."""
    asked = pip_says("install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", pin, *options)
    if asked.returncode:
        return None
    packages = json.loads(asked.stdout)["install"]
    names = [package["metadata"]["name"].lower() for package in packages]
    version = next(p["metadata"]["version"] for p in packages if p["metadata"]["name"].lower() == "torch")
    cuda = "+cu" in version or any(name.startswith(("nvidia-", "cuda-")) for name in names)
    urls = [package["download_info"]["url"] for package in packages]
    return Build("CUDA" if cuda else "CPU", version, urls, options)


def choose_torch(pin: str, card: bool) -> Build:
    """The build that fits the machine, from pip's index or else PyTorch's own; otherwise what there is."""
    wanted = "CUDA" if card else "CPU"
    first = offered(pin, [])
    if first and first.kind == wanted:
        return first
    index = INDEX[wanted]
    own = offered(pin, ["--index-url", index]) if sizes([f"{index}/torch/"]) else None
    if own:
        return own
    if first is None:
        raise SetupError(
            f"pip finds no {pin} for Python 3.{sys.version_info[1]}: check the network and pip's index."
        )
    return first


def sizes(urls: list[str]) -> dict[str, int]:
    """Bytes behind those addresses that answer within PROBE_S (0 where a server does not say)."""
    known: dict[str, int] = {}

    def ask(url: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # then it stays unknown
            request = urllib.request.Request(url, method="HEAD")
            answer = urllib.request.urlopen(request, timeout=PROBE_S)
            known[url] = int(answer.headers.get("Content-Length") or 0)
            answer.close()

    asking = [threading.Thread(target=ask, args=(url,), daemon=True) for url in urls]
    for thread in asking:
        thread.start()
    until = time.monotonic() + PROBE_S
    for thread in asking:
        thread.join(max(0.0, until - time.monotonic()))
    return known.copy()


def install_torch(pin: str, card: bool) -> None:
    """Installs ``pin`` and says which build and how large. Raises SetupError."""
    build = choose_torch(pin, card)
    known = sizes(build.urls)
    size = f", {sum(known.values()) / 1e6:,.0f} MB with all it needs" if len(known) == len(build.urls) else ""
    say(f"      {'an' if card else 'no'} NVIDIA card: torch {build.version}, the {build.kind} build{size}")
    if card and build.kind == "CPU":
        say("      no CUDA build can be reached: models that run on torch stay on the processor")
    if not card and build.kind == "CUDA":
        say("      no CPU build can be reached: the larger one runs on a processor too")
    check_disk(FREE_GB[build.kind])
    if installed("torch") not in (None, build.version):
        pip("torch", "uninstall", "-y", "torch")
    pip("torch", "install", pin, *build.options)

"""Makes ``.venv`` ready for Kith: the logic of ``make setup``, which every other command calls first.

Standard library only. Each step leaves a stamp in ``.venv/kith`` with all that its result depends on
(requirement file, Python, choice of build); a step whose stamp is right is not done again, so a second
call takes a moment and a call after a kill goes on where the first one stopped. Nothing is read from
standard input and nothing is written to standard output: ``echo "Hi" | make run`` belongs to Kith.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tools.machine import WITHOUT_AMX, check_system, compiler, flags_for_amx, has_card, lists_amx
from tools.torch_build import install_torch
from tools.venv import (
    ROOT,
    STAMPS,
    SetupError,
    installed,
    make_venv,
    pip,
    pip_says,
    repair,
    say,
    venv_version,
)


class Step(NamedTuple):
    """One thing to install. ``key`` holds all that its result depends on; its stamp is equal to it."""

    name: str
    key: str
    install: Callable[[], None]

    def done(self) -> bool:
        stamp = STAMPS / self.name
        return stamp.is_file() and stamp.read_text() == self.key

    def do(self) -> None:
        """Installs; raises SetupError. There is a stamp only while the result is known to be right."""
        stamp = STAMPS / self.name
        stamp.unlink(missing_ok=True)
        self.install()
        stamp.write_text(self.key)


def key(*parts: object) -> str:
    """Digest of requirement files (by content) and choices (as they are)."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else repr(part).encode())
    return digest.hexdigest()


def steps(version: str, dev: bool) -> list[Step]:
    """All that this machine needs, in order; ``version`` is that of the Python in .venv."""
    main, no_deps, gpu, llm, binary, for_dev = (
        ROOT / f"requirements{kind}.txt" for kind in ("", "-no-deps", "-gpu", "-llm", "-llm-binary", "-dev")
    )
    card, nvcc = has_card(), shutil.which("nvcc") is not None
    torch = next(line.split()[0] for line in main.read_text().splitlines() if line.startswith("torch=="))
    planned = [
        Step("torch", key(torch, version, card), lambda: install_torch(torch, card)),
        from_file(main, version),
        from_file(no_deps, version, "--no-deps"),
        Step(
            llm.name,
            key(llm, binary, version, compiler() is not None, card and nvcc, lists_amx()),
            lambda: install_llm(llm.name, binary.name, card, nvcc),
        ),
    ]
    if card:  # also after a change of requirements.txt, which brings the onnxruntime that this one replaces
        planned.append(Step(gpu.name, key(gpu, main, version), lambda: install_gpu(gpu.name)))
    if dev:
        planned.append(from_file(for_dev, version))
    return planned


def from_file(file: Path, version: str, *options: str) -> Step:
    return Step(file.name, key(file, version), lambda: pip(file.name, "install", *options, "-r", file.name))


def install_gpu(requirements: str) -> None:
    """onnxruntime and onnxruntime-gpu hold the same files: whichever is removed second takes them along."""
    pip(requirements, "uninstall", "-y", "onnxruntime", "onnxruntime-gpu")
    pip(requirements, "install", "-r", requirements)


def install_llm(source: str, binary: str, card: bool, nvcc: bool) -> None:
    """Compiles llama-cpp-python, for the card where that is possible; else installs the ready-made engine."""
    if card and not nvcc:
        say("      no nvcc: the language model runs on the processor until the CUDA toolkit is installed")
    if compiler() is None and not installed("llama_cpp_python"):
        say("      no C++ compiler: taking the ready-made engine, which is about half as fast")
        pip(binary, "install", "-r", binary)
        return
    say("      compiling takes some minutes the first time; pip keeps what it built")
    try:
        build_llm(source, card and nvcc, flags_for_amx())
    except SetupError as error:
        say(f"      {error}")
        say("      compiling failed: taking the ready-made engine; `make clean setup` tries again")
        pip(binary, "install", "-r", binary)


def build_llm(source: str, cuda: bool, flags: str) -> None:
    """Compiles it, with ``flags`` for the compiler, which pip does not know its builds apart by.

    So each kind but the plain one has a cache of its own.
    """
    kind = "-cuda" * cuda + ("-without-amx" if flags == WITHOUT_AMX else "-amx" if flags else "")
    if not kind:
        pip(source, "install", "-r", source)
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "kith", f"pip{kind}")
    extra = {name: f"{os.environ.get(name, '')} {flags}".strip() for name in ("CFLAGS", "CXXFLAGS") if flags}
    if cuda:
        extra["CMAKE_ARGS"] = f"{os.environ.get('CMAKE_ARGS', '')} -DGGML_CUDA=on".strip()
    pip(source, "uninstall", "-y", "llama-cpp-python")
    pip(source, "install", "--cache-dir", str(cache), "-r", source, extra=extra)


def check() -> None:
    """Says what ``pip check`` finds, less what is meant: see requirements-no-deps.txt and -gpu.txt."""
    stands_in = installed("onnxruntime_gpu") is not None
    for line in pip_says("check").stdout.splitlines():
        meant = line.startswith(("insightface ", "No broken requirements"))
        if not meant and not (stands_in and "requires onnxruntime, which is not installed" in line):
            say(f"      pip check: {line}")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one set-up at a time: the others wait, also for a pip that outlives a killed one."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with Path(__file__).open() as file:
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is at work in this folder: waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def set_up(dev: bool) -> None:
    """Does what is not done yet. Raises SetupError."""
    version = venv_version()
    if version and all(step.done() for step in steps(version, dev)):
        return
    with alone():
        version = venv_version()
        if version:
            repair()
            work_off([step for step in steps(version, dev) if not step.done()], [])
        else:
            work_off(steps(f"3.{sys.version_info[1]}", dev), [("venv", make_venv)])


def work_off(to_do: list[Step], before: list[tuple[str, Callable[[], None]]]) -> None:
    """Does the steps with a line for each; nothing where another set-up has done them meanwhile."""
    if not to_do:
        return
    begun = time.monotonic()
    named = [("system", check_system), *before, *((step.name, step.do) for step in to_do), ("check", check)]
    for number, (name, action) in enumerate(named, 1):
        say(f"[{number}/{len(named)}] {name}  ({time.monotonic() - begun:.0f} s)")
        action()
    say(f"Ready after {time.monotonic() - begun:.0f} s.")


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever has an older one shall read why
        found = platform.python_version()
        say(
            f"Kith needs Python 3.11 or newer, this is {found}: try `make PYTHON=python3.12` with such a one."
        )
        return 1
    parser = argparse.ArgumentParser(description="Makes .venv ready for Kith.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    try:
        set_up(parser.parse_args().dev)
    except SetupError as error:
        say(f"Set-up stopped: {error}")
        return 1
    except KeyboardInterrupt:
        say("Set-up stopped; the next one goes on here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

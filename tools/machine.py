"""What the system has, and what it lacks with the command that brings it. Standard library only."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.venv import ROOT, WINDOWS, SetupError, run, say

APT, DNF, WINGET = "sudo apt-get install -y ", "sudo dnf install -y ", "winget install "
CPUINFO = Path("/proc/cpuinfo")
TILES = Path(__file__).with_name("tiles.cpp")
KEEPING_TILES, WITHOUT_AMX = "-fno-dse", "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
WAYS = {  # what Kith needs of the system → program that tells the system → the command that brings it
    "Python's venv module": {
        "apt-get": APT + f"python3.{sys.version_info[1]}-venv",
        "dnf": DNF + "python3-pip",
        "xcode-select": f"brew install python@3.{sys.version_info[1]}",
        "winget": WINGET + f"Python.Python.3.{sys.version_info[1]}",
    },
    "a C++ compiler (for the language model's engine)": {
        "apt-get": APT + "build-essential",
        "dnf": DNF + "gcc-c++ make",
        "xcode-select": "xcode-select --install",
        "winget": WINGET + "Microsoft.VisualStudio.2022.BuildTools --override "
        '"--passive --wait --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"',
    },
    "PortAudio (for microphone and speaker)": {"apt-get": APT + "libportaudio2", "dnf": DNF + "portaudio"},
    "make": {"apt-get": APT + "make", "dnf": DNF + "make", "xcode-select": "xcode-select --install"},
    "git": {
        "apt-get": APT + "git",
        "dnf": DNF + "git",
        "xcode-select": "xcode-select --install",
        "winget": WINGET + "Git.Git",
    },
}


def compiler() -> str | None:
    """Path of a C++ compiler, or None. On Windows CMake finds Visual Studio by itself."""
    if os.environ.get("CXX"):
        return shutil.which(os.environ["CXX"])
    if WINDOWS:
        programs = Path(os.environ.get("PROGRAMFILES(X86)", ""))
        studio = programs / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
        return shutil.which("cl") or (str(studio) if studio.is_file() else None)
    return shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")


def lists_amx() -> bool:
    """Whether this processor says that it has AMX, Intel's unit for products of matrices."""
    try:
        return "amx_tile" in CPUINFO.read_text()
    except OSError:
        return False


def flags_for_amx() -> str:
    """Compiler flags with which what is built for this processor can use AMX, or else leaves it out.

    GCC 12.2 drops most of what describes the tiles, since its ``_tile_loadconfig`` says that it reads 8 bytes
    where the processor reads 64, and the first tile ends the process with an illegal instruction; ``-fno-dse``
    keeps the rest. Virtual machines that list AMX and do not allow it end here, not in a call.
    """
    if not lists_amx():
        return ""
    for flags in ("", KEEPING_TILES):
        if _tiles_work(flags):
            return flags
    command = [compiler() or "c++", *WITHOUT_AMX.split(), "-E", "-x", "c++", os.devnull]
    return WITHOUT_AMX if _succeeds(command) else ""  # a compiler that knows no AMX makes none


def _tiles_work(flags: str) -> bool:
    """Whether a program that was built with ``flags`` can clear a tile."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "tiles"
        command = [
            compiler() or "c++",
            "-O3",
            "-march=native",
            *flags.split(),
            str(TILES),
            "-o",
            str(program),
        ]
        return _succeeds(command) and _succeeds([str(program)])


def _succeeds(command: list[str]) -> bool:
    try:
        asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return asked.returncode == 0
    except OSError:
        return False


def has_card() -> bool:
    """Whether there is an NVIDIA card. Linux lists it in a file; asking nvidia-smi can take a second."""
    if not shutil.which("nvidia-smi"):
        return False
    if any(Path("/proc/driver/nvidia/gpus").glob("*")):
        return True
    command = ["nvidia-smi", "-L"]
    try:
        listing = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listing.returncode == 0 and "GPU 0" in listing.stdout


def lacking() -> list[str]:
    """The keys of WAYS that this system does not have."""
    there = (
        importlib.util.find_spec("ensurepip"),
        compiler(),
        sys.platform != "linux" or ctypes.util.find_library("portaudio"),
        WINDOWS or shutil.which("make"),
        shutil.which("git"),
    )
    return [what for what, found in zip(WAYS, there, strict=True) if not found]


def check_system() -> None:
    """Names what the system lacks and the command for it; as root on Debian or Ubuntu, installs it."""
    missing = lacking()
    if missing and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        install_with_apt([WAYS[what]["apt-get"].removeprefix(APT) for what in missing])
        missing = lacking()
    system = next((program for program in WAYS["git"] if shutil.which(program)), "")
    for what in missing:
        say(f"      missing: {what}; {WAYS[what].get(system, 'install it with your package manager')}")


def install_with_apt(packages: list[str]) -> None:
    say(f"      installing {' '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run("apt-get", ["apt-get", "update", "-q"], quiet)
        run("apt-get", ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages], quiet)
    except SetupError as error:  # what is still missing is named by the caller
        say(f"      {error}")


def check_disk(gb: float) -> None:
    """Raises SetupError where fewer than ``gb`` gigabytes are free."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < gb:
        raise SetupError(
            f"Setting up needs about {gb:.0f} GB of disk and {free:.1f} GB are free: make room first."
        )

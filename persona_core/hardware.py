"""What this machine has, and which profile of models suits it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

import psutil

GIB = 1 << 30
NVIDIA_SMI = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
NVIDIA_SMI_S = 10.0  # a sleeping driver takes seconds to wake

# Smallest card for a profile, in GiB: what its models take (catalogue.toml) with room for a desktop.
# Cards report a little less than their name says: an RTX 5090 with 32 GB has 31.8 GiB.
GPU_32_GIB = 28.0
GPU_16_GIB = 11.0
CPU_RAM_GIB = 3.0  # the models of the cpu profile and an operating system


@dataclass(frozen=True, slots=True)
class Hardware:
    cores: int  # physical ones this process may use
    ram_gib: float
    gpu: str = ""  # the NVIDIA card with most memory; empty without one
    gpu_gib: float = 0.0


def probe() -> Hardware:
    """Look at this machine; takes a fraction of a second and never fails."""
    gpu, gpu_gib = _largest_gpu(_nvidia_smi())
    return Hardware(_cores(), psutil.virtual_memory().total / GIB, gpu, gpu_gib)


def choose_profile(hardware: Hardware) -> tuple[str, str]:
    """The profile for this machine, and a sentence that says why."""
    card = f"{hardware.gpu} with {hardware.gpu_gib:.1f} GiB"
    if hardware.gpu_gib >= GPU_32_GIB:
        return "gpu-32", f"{card} holds a large language model and Whisper large-v3 at once."
    if hardware.gpu_gib >= GPU_16_GIB:
        return "gpu-16", f"{card} holds a 7B language model and Whisper large-v3 turbo at once."
    if hardware.ram_gib < CPU_RAM_GIB:
        return "tiny", f"{hardware.ram_gib:.1f} GiB of memory are too little for a model that makes sense."
    has = f"{hardware.cores} cores and {hardware.ram_gib:.0f} GiB of memory run small models"
    if hardware.gpu:
        return "cpu", f"{card} is too small for the gpu profiles; {has}."
    return "cpu", f"no NVIDIA card was found; {has}."


def _cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(psutil.cpu_count(logical=False) or usable, usable)


def _nvidia_smi() -> str:
    try:
        done = subprocess.run(
            NVIDIA_SMI,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=NVIDIA_SMI_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):  # not installed, no driver, or hanging
        return ""
    return done.stdout


def _largest_gpu(listing: str) -> tuple[str, float]:
    """Name and memory (GiB) of the largest card in nvidia-smi's lines of "name, MiB"."""
    cards = [("", 0.0)]
    for line in listing.splitlines():
        name, _, mebibytes = line.rpartition(",")
        if name.strip() and mebibytes.strip().isdecimal():
            cards.append((name.strip(), int(mebibytes) / 1024))
    return max(cards, key=lambda card: card[1])

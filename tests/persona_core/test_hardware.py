"""Reading the machine and choosing the profile."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from persona_core.hardware import Hardware, choose_profile, probe
from persona_core.models import load_catalogue

needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="stands in a shell script for nvidia-smi")


@pytest.mark.parametrize(
    ("hardware", "profile", "reason"),
    [
        (Hardware(16, 64, "NVIDIA GeForce RTX 5090", 31.8), "gpu-32", "RTX 5090 with 31.8 GiB"),
        (Hardware(16, 64, "NVIDIA GeForce RTX 4090", 24.0), "gpu-16", "RTX 4090"),
        (Hardware(8, 32, "NVIDIA GeForce RTX 4080", 16.0), "gpu-16", "16.0 GiB"),
        (Hardware(8, 32, "NVIDIA GeForce RTX 3060", 12.0), "gpu-16", "RTX 3060"),
        (Hardware(8, 32, "NVIDIA GeForce RTX 3070", 8.0), "cpu", "too small"),
        (Hardware(2, 24), "cpu", "no NVIDIA card"),
        (Hardware(2, 24), "cpu", "2 cores and 24 GiB"),
        (Hardware(1, 2), "tiny", "2.0 GiB"),
    ],
)
def test_the_profile_follows_the_memory_and_the_reason_names_it(
    hardware: Hardware, profile: str, reason: str
) -> None:
    chosen, why = choose_profile(hardware)
    assert chosen == profile
    assert reason in why
    assert chosen in load_catalogue().profiles


def _nvidia_smi(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = folder / "nvidia-smi"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@needs_scripts
@pytest.mark.parametrize(
    ("body", "gpu", "gib"),
    [
        ("echo 'NVIDIA GeForce RTX 5090, 32607'", "NVIDIA GeForce RTX 5090", 31.84),
        ("echo 'Card A, 8192'; echo 'Card B, 24576'", "Card B", 24.0),
        ("echo 'Odd, name, 4096'", "Odd, name", 4.0),
        ("echo 'NVIDIA GB10, [N/A]'", "", 0.0),
        ("echo 'no devices were found'", "", 0.0),
        ("printf '\\377\\376,\\000'", "", 0.0),
        ("echo 'Card, 8192'; exit 9", "", 0.0),
        ("true", "", 0.0),
    ],
)
def test_any_answer_of_nvidia_smi_is_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, gpu: str, gib: float
) -> None:
    _nvidia_smi(tmp_path, body, monkeypatch)
    hardware = probe()
    assert hardware.gpu == gpu
    assert hardware.gpu_gib == pytest.approx(gib, abs=0.01)


@needs_scripts
def test_a_hanging_nvidia_smi_counts_as_no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("persona_core.hardware.NVIDIA_SMI_S", 0.2)
    _nvidia_smi(tmp_path, "exec sleep 5", monkeypatch)
    assert probe().gpu == ""


def test_without_nvidia_smi_the_machine_is_still_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    hardware = probe()
    assert hardware.gpu == ""
    assert hardware.cores >= 1
    assert hardware.ram_gib > 0

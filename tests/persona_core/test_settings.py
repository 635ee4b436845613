"""Settings are read once, wrong ones are all named at once, secrets never."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_core.errors import SettingsError
from persona_core.settings import load_settings


def test_the_environment_overrides_the_file_and_empty_means_default(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("PERSONA=ada\nTTS_SPEED=1.2\nLLM_MODEL=\n")
    settings = load_settings({"PERSONA": "bea", "STT_ENGINE": ""}, env)
    assert (settings.persona, settings.tts_speed, settings.stt_engine) == ("bea", 1.2, "auto")


def test_all_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("TTS_SPED=1.2\nPROFILE=huge\nHTTP_PROXY=x\n")
    with pytest.raises(SettingsError) as error:
        load_settings({"END_OF_TURN_S": "soon", "THREADS": "-1"}, env)
    sentence = str(error.value)
    assert "\n" not in sentence and "HTTP_PROXY" not in sentence
    for part in (
        "TTS_SPED is not a setting, did you mean TTS_SPEED?",
        "PROFILE='huge'",
        "END_OF_TURN_S",
        "THREADS",
    ):
        assert part in sentence


def test_a_secret_is_never_shown() -> None:
    settings = load_settings({"DISCORD_TOKEN": "very-secret"}, None)
    assert "very-secret" not in repr(settings)


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00PERSONA")
    with pytest.raises(SettingsError, match=r"\.env cannot be read: it should be a text file in UTF-8"):
        load_settings({}, tmp_path / ".env")

"""The shipped defaults on the profile ``cpu``, whatever the user has set; only the models stay where they are."""

from __future__ import annotations

import os

from persona_core.settings import Settings, load_settings

_USERS_OWN = ("MODELS_DIR", "MODEL_HUB")
_NAMES = {name.upper() for name in Settings.model_fields}


def environment() -> dict[str, str]:
    """This process's environment with the shipped settings in place of the user's."""
    others = {name: value for name, value in os.environ.items() if name not in _NAMES}
    kept = {name: os.environ[name] for name in _USERS_OWN if name in os.environ}
    return others | kept | {"PROFILE": "cpu", "LOG_LEVEL": "ERROR"}


def settings() -> Settings:
    return load_settings(environment(), env_file=None)

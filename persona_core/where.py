"""Where the model is that thinks out her answers: on the machine she runs on, or elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from persona_core.settings import Settings

_HERE = ("127.0.0.1", "localhost", "::1")


def thinks_here(settings: Settings) -> bool:
    """Whether nothing of what is said leaves the machine for an answer."""
    if settings.llm_engine == "openai":
        return host_of(settings) in _HERE
    return settings.llm_engine != "anthropic"


def host_of(settings: Settings) -> str:
    """The name of the machine in ``OPENAI_BASE_URL``; empty: there is none."""
    return urlsplit(settings.openai_base_url).hostname or ""

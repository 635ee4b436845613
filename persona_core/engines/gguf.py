"""What every engine that loads GGUF files checks first, for an error that people understand."""

from __future__ import annotations

from pathlib import Path

from persona_core.errors import EngineError


def require_gguf(path: Path) -> None:
    """Raises EngineError when ``path`` cannot be read or does not begin like a GGUF file."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise EngineError(f"The language model {path} cannot be read ({error.strerror}).") from error
    if magic != b"GGUF":
        raise EngineError(f"{path} is not a GGUF file; choose another model or fetch it again.")

"""What every source of weights has in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from persona_core.errors import ModelError
from persona_core.models.catalogue import File


class SourceFailed(ModelError):
    """A source did not give what it should; the message is a clause that joins others in one sentence."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as a source gave it: complete, but not yet checked."""

    file: File
    at: Path
    origin: str  # "owner/name@commit" or wheels, for the record of unverified files
    sha256: str | None = None  # what the source itself says it is

"""Files from the model hub, through ``huggingface_hub``: its mirrors, its tokens, its way to resume."""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from httpx2 import HTTPError  # what huggingface_hub speaks HTTP with
from huggingface_hub import constants, get_hf_file_metadata, get_session, hf_hub_download, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, FileMetadataError
from tqdm import tqdm  # type: ignore[import-untyped]

from persona_core.models.catalogue import File, HubSource
from persona_core.models.disk import require_room
from persona_core.models.progress import Report
from persona_core.models.sources import Fetched, SourceFailed

PROBE_S = 3.0  # longest wait for a sign of life
SHA256_DIGITS = 64

# OSError covers refused connections and the library's own offline mode.
FAILURES = (EntryNotFoundError, FileMetadataError, HTTPError, OSError)


@functools.cache
def reachable() -> bool:
    """Whether the hub answers; asked once a process, within 3 s."""
    if constants.HF_HUB_OFFLINE:
        return False
    answers: list[bool] = []
    probe = threading.Thread(target=lambda: answers.append(_answers()), daemon=True)
    probe.start()
    probe.join(PROBE_S)  # a name server that does not answer has no time limit of its own
    return any(answers)


def _answers() -> bool:
    try:
        reply = get_session().head(constants.ENDPOINT, timeout=PROBE_S, follow_redirects=True)
    except (HTTPError, OSError):
        return False
    return reply.status_code < 400


def fetch_from_hub(
    source: HubSource, files: Sequence[File], revision: str | None, into: Path, report: Report
) -> list[Fetched]:
    """Bring ``files`` under ``into``; raises SourceFailed, or ModelError without room on the disk.

    ``revision`` is the commit to take them from; None for the newest.
    """
    if not reachable():
        raise SourceFailed("the model hub cannot be reached")
    fetched = []
    for file in files:
        name = source.names.get(file.path, file.path)
        try:
            url = hf_hub_url(source.repo, name, repo_type=source.type, revision=revision)
            about = get_hf_file_metadata(url)
            revision = about.commit_hash or revision  # all files of one commit
            require_room(into, about.size or 0, file.path)
            report.note(f"Fetching {file.path} from the model hub ({source.repo}).")
            at = hf_hub_download(
                source.repo,
                name,
                repo_type=source.type,
                revision=revision,
                local_dir=into / "hub" / source.repo,
                tqdm_class=_bar(file.path, report),
            )
        except FAILURES as error:
            raise SourceFailed(f"the model hub did not give {source.repo}/{name}") from error
        fetched.append(Fetched(file, Path(at), f"{source.repo}@{revision}", _sha256_in(about.etag)))
    return fetched


def _sha256_in(etag: str | None) -> str | None:
    """The hub tags its large files with their SHA-256, small ones with something shorter."""
    return etag if etag and len(etag) == SHA256_DIGITS else None


def _bar(label: str, report: Report) -> type[tqdm]:
    """The library's progress, told to ``report`` instead of drawn."""

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "file": io.StringIO(), "disable": False})

        def display(self, msg: str | None = None, pos: int | None = None) -> bool:
            report.moved(label, int(self.n), self.total)
            return True

    return Bar

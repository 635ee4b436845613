"""Files from the model hub: ``huggingface_hub`` knows its addresses, mirrors, tokens and switches.

The bytes are streamed here, because that library (2.4) begins anew after a process is killed.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from httpx2 import HTTPError, TransportError  # what huggingface_hub speaks HTTP with
from huggingface_hub import (
    HfFileMetadata,
    constants,
    get_hf_file_metadata,
    get_session,
    get_token,
    hf_hub_url,
)
from huggingface_hub.errors import EntryNotFoundError, FileMetadataError

from persona_core.models.catalogue import File, HubSource
from persona_core.models.disk import require_room
from persona_core.models.progress import Report
from persona_core.models.sources import Fetched, SourceFailed

PROBE_S = 3.0  # longest wait for a sign of life
SILENCE_S = 30.0  # a download that gives nothing for so long has broken off
ATTEMPTS = 5  # at one file, each going on where the one before broke off
CHUNK = 1 << 20  # bytes
SHA256_DIGITS = 64

# ConnectionError is the library's own offline mode. Errors of the disk are nobody's fault out there.
FAILURES = (EntryNotFoundError, FileMetadataError, HTTPError, ConnectionError)


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

    ``revision`` is the commit to take them from; None for the newest. What a killed process had
    received is kept and not asked for again.
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
            report.note(f"Fetching {file.path} from the model hub ({source.repo}).")
            at = into / "hub" / (revision or "newest") / name
            _download(url, about, at, file, report)
        except FAILURES as error:
            raise SourceFailed(f"the model hub did not give {source.repo}/{name}") from error
        fetched.append(Fetched(file, at, f"{source.repo}@{revision or ''}", _sha256_in(about.etag)))
    return fetched


def _sha256_in(etag: str | None) -> str | None:
    """The hub tags its large files with their SHA-256, small ones with something shorter."""
    return etag if etag and len(etag) == SHA256_DIGITS else None


def _download(url: str, about: HfFileMetadata, at: Path, file: File, report: Report) -> None:
    """Complete the file ``at``; raises one of FAILURES when it stays incomplete."""
    at.parent.mkdir(parents=True, exist_ok=True)
    size = about.size if about.size is not None else file.size
    for attempt in range(ATTEMPTS):
        here = at.stat().st_size if at.exists() else 0
        if size is not None and here > size:  # of another file: begin anew
            at.unlink()
            here = 0
        if here == size:
            return
        require_room(at.parent, (size or 0) - here, file.path)
        try:
            _append(url, at, here, file, size, report)
        except TransportError:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(attempt)  # seconds
        else:
            if size is None:
                return
    raise FileMetadataError(f"{file.path} has another size than the hub says")


def _append(url: str, at: Path, here: int, file: File, size: int | None, report: Report) -> None:
    """One request for what comes after the first ``here`` bytes."""
    headers = {"Range": f"bytes={here}-", "Accept-Encoding": "identity"}
    if token := get_token():
        headers["Authorization"] = f"Bearer {token}"  # stays behind when another host is named
    request = get_session().stream("GET", url, headers=headers, timeout=SILENCE_S, follow_redirects=True)
    with request as reply, at.open("ab") as whole:
        reply.raise_for_status()
        if reply.status_code != 206:  # all of it, whatever was asked for
            whole.truncate(0)
        for chunk in reply.iter_bytes(CHUNK):
            whole.write(chunk)
            report.moved(file.path, whole.tell(), size)

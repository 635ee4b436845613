"""Fetching from the model hub: the real library against a small hub on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from persona_core.models import Entry, ModelFolder
from persona_core.models import hub as hub_module
from persona_core.models.catalogue import HubSource
from tests.persona_core.models.wheelhouse import catalogue, entry, pull, sha256, write_catalogue

PINNED, NEWEST = "1" * 40, "2" * 40
WEIGHTS = os.urandom(3 << 20)


class Hub(ThreadingHTTPServer):
    """Serves ``files[commit][name]`` of the repository owner/name; ``main`` is the newest commit."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files = {PINNED: {"model.bin": WEIGHTS}, NEWEST: {"model.bin": b"newer"}}
        self.asked: list[str] = []  # "METHOD path range"
        self.at_most: int | None = None  # bytes after which a download breaks off
        self.hangs_after: int | None = None  # bytes after which no more come
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        home = {
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_OFFLINE": "0",
            "NO_PROXY": "127.0.0.1",
            "PIP_NO_INDEX": "1",
        }
        return home | {"HF_ENDPOINT": f"http://127.0.0.1:{self.server_port}"}


class _Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(send=False)

    def do_GET(self) -> None:
        self._answer(send=True)

    def _answer(self, send: bool) -> None:
        asked = self.headers.get("Range", "")
        self.server.asked.append(f"{self.command} {self.path} {asked}".strip())
        parts = self.path.strip("/").split("/resolve/")
        commit, _, name = parts[-1].partition("/")
        commit = NEWEST if commit == "main" else commit
        content = b"" if self.path == "/" else self.server.files.get(commit, {}).get(name)
        if content is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(asked.removeprefix("bytes=").partition("-")[0] or 0)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.end_headers()
        if send:
            end = self.server.hangs_after or start + (self.server.at_most or len(content))
            self.wfile.write(content[start:end])
        if send and self.server.hangs_after:
            self.wfile.flush()
            self.rfile.read(1)  # until the other side is gone

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    yield server
    server.shutdown()


def run(tmp_path: Path, hub: Hub, what: Entry, **environ: str) -> tuple[int, str]:
    """Fetch ``what`` in a process that knows this hub only; its status and what it complained of."""
    write_catalogue(tmp_path / "c.toml", what)
    process = pull(tmp_path / "m", tmp_path / "c.toml", what.name, **(hub.environ | environ))
    try:
        _, errors = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, errors


def test_a_pinned_revision_is_fetched_and_checked(tmp_path: Path, hub: Hub) -> None:
    what = entry("pinned", {"model.bin": WEIGHTS}, HubSource("owner/name", PINNED, {}))
    assert run(tmp_path, hub, what) == (0, "")
    assert (tmp_path / "m" / "pinned" / "model.bin").read_bytes() == WEIGHTS
    assert not any("/main/" in line for line in hub.asked)
    assert not list((tmp_path / "m" / ".partial" / "pinned").glob("*"))


def test_other_content_than_promised_is_refused(tmp_path: Path, hub: Hub) -> None:
    hub.files[PINNED]["model.bin"] = bytes(len(WEIGHTS))
    what = entry("pinned", {"model.bin": WEIGHTS}, HubSource("owner/name", PINNED, {}))
    status, errors = run(tmp_path, hub, what)
    assert status == 1
    assert sha256(WEIGHTS) in errors and sha256(bytes(len(WEIGHTS))) in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "m" / "pinned" / "model.bin").exists()


def test_an_open_revision_is_the_newest_once_and_the_same_ever_after(tmp_path: Path, hub: Hub) -> None:
    what = entry("open", {"model.bin": None}, HubSource("owner/name", None, {}))
    assert run(tmp_path, hub, what)[0] == 0
    record = json.loads((tmp_path / "m" / "models.lock.json").read_text())["open"]["model.bin"]
    assert record == {"sha256": sha256(b"newer"), "size": 5, "origin": f"owner/name@{NEWEST}"}
    (tmp_path / "m" / "open" / "model.bin").unlink()
    hub.asked.clear()
    assert run(tmp_path, hub, what)[0] == 0
    assert not any("/main/" in line for line in hub.asked)


def test_a_download_that_breaks_off_goes_on_where_it_stopped(tmp_path: Path, hub: Hub) -> None:
    what = entry("pinned", {"model.bin": WEIGHTS}, HubSource("owner/name", PINNED, {}))
    hub.at_most = (1 << 20) + 1000
    assert run(tmp_path, hub, what) == (0, "")
    assert (tmp_path / "m" / "pinned" / "model.bin").read_bytes() == WEIGHTS
    downloads = [line.rpartition(" ")[2] for line in hub.asked if line.startswith("GET /owner")]
    assert downloads == ["bytes=0-", f"bytes={1 << 20}-", f"bytes={2 << 20}-"]


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process group")
def test_after_a_kill_the_download_goes_on_where_it_stopped(tmp_path: Path, hub: Hub) -> None:
    what = entry("pinned", {"model.bin": WEIGHTS}, HubSource("owner/name", PINNED, {}))
    write_catalogue(tmp_path / "c.toml", what)
    hub.hangs_after = 2 << 20
    process = pull(tmp_path / "m", tmp_path / "c.toml", "pinned", **hub.environ)
    partial = tmp_path / "m" / ".partial" / "pinned" / "hub" / PINNED / "model.bin"
    while not (partial.exists() and partial.stat().st_size):
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kept = partial.stat().st_size
    hub.hangs_after = None
    hub.asked.clear()
    assert run(tmp_path, hub, what) == (0, "")
    assert (tmp_path / "m" / "pinned" / "model.bin").read_bytes() == WEIGHTS
    assert [line.rpartition(" ")[2] for line in hub.asked if line.startswith("GET /owner")] == [
        f"bytes={kept}-"
    ]


def test_a_file_the_hub_has_not_is_named(tmp_path: Path, hub: Hub) -> None:
    what = entry("gone", {"model.bin": WEIGHTS}, HubSource("owner/name", "3" * 40, {}))
    status, errors = run(tmp_path, hub, what)
    assert status == 1
    assert errors.strip().endswith("cannot be fetched: the model hub did not give owner/name/model.bin.")


def test_the_librarys_own_offline_switch_is_heeded(tmp_path: Path, hub: Hub) -> None:
    what = entry("pinned", {"model.bin": WEIGHTS}, HubSource("owner/name", PINNED, {}))
    status, errors = run(tmp_path, hub, what, HF_HUB_OFFLINE="1")
    assert status == 1 and "the model hub cannot be reached" in errors
    assert hub.asked == []


def test_a_hub_that_is_switched_off_is_not_asked(tmp_path: Path) -> None:
    what = entry("pinned", {"model.bin": WEIGHTS}, HubSource("owner/name", PINNED, {}))
    with pytest.raises(Exception, match="MODEL_HUB=off"):
        ModelFolder(tmp_path, catalogue(what), hub=False).ensure("pinned")


def test_a_hub_that_never_answers_counts_as_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # accepts, and says nothing
        monkeypatch.setattr(hub_module, "PROBE_S", 0.3)
        monkeypatch.setattr(hub_module.constants, "ENDPOINT", f"http://127.0.0.1:{mute.getsockname()[1]}")
        hub_module.reachable.cache_clear()
        try:
            assert not hub_module.reachable()
        finally:
            hub_module.reachable.cache_clear()

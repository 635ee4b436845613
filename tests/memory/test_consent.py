"""Who may be heard, by a table; and that a decision survives."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from memory.consent import Consent, Decision, Purpose, agreed, may_hear
from memory.database import Database
from memory.errors import StoreError

YES, NO = Decision(True, 1.0, "button"), Decision(False, 1.0, "button")
ROOT = Path(__file__).parents[2]
KEY = bytes(32)


@pytest.mark.parametrize(
    ("mode", "decision", "notified", "heard"),
    [
        ("notice", None, False, False),
        ("notice", None, True, True),
        ("notice", YES, False, False),  # the notice in this channel comes first all the same
        ("notice", YES, True, True),
        ("notice", NO, False, False),
        ("notice", NO, True, False),
        ("ask", None, False, False),
        ("ask", None, True, False),  # silence is no agreement
        ("ask", YES, False, True),
        ("ask", YES, True, True),
        ("ask", NO, False, False),
        ("ask", NO, True, False),
    ],
)
def test_who_is_heard(mode: str, decision: Decision | None, notified: bool, heard: bool) -> None:
    assert may_hear(mode, decision, notified) is heard  # type: ignore[arg-type]  # the table's own words


def test_being_remembered_is_always_opt_in() -> None:
    assert [agreed(decision) for decision in (None, NO, YES)] == [False, False, True]


async def test_a_decision_survives_a_restart_with_its_time_and_act(tmp_path: Path) -> None:
    consent = Consent(Database(tmp_path / "kith.sqlite3", KEY))
    await consent.decide("ann", Purpose.HEARING, False, "button")
    await consent.decide("ann", Purpose.REMEMBERING, True, "command")
    await consent.decide("ann", Purpose.REMEMBERING, False, "join")
    again = Consent(Database(tmp_path / "kith.sqlite3", KEY))
    assert again.decision("ann", Purpose.HEARING) == consent.decision("ann", Purpose.HEARING)
    remembering = again.decision("ann", Purpose.REMEMBERING)
    assert remembering is not None and not remembering.allowed and remembering.how == "join"
    assert again.decision("bob", Purpose.HEARING) is None


async def test_whoever_listens_hears_of_every_decision(tmp_path: Path) -> None:
    consent = Consent(Database(tmp_path / "kith.sqlite3", KEY))
    heard: list[tuple[str, Purpose, bool]] = []
    consent.listen(lambda *what: heard.append(what))
    await consent.decide("ann", Purpose.HEARING, True, "button")
    await consent.decide("ann", Purpose.HEARING, False, "button")
    assert heard == [("ann", Purpose.HEARING, True), ("ann", Purpose.HEARING, False)]


async def test_a_no_counts_at_once_even_when_the_disk_fails(tmp_path: Path) -> None:
    database = Database(tmp_path / "kith.sqlite3", KEY)
    consent = Consent(database)
    await consent.decide("ann", Purpose.HEARING, True, "button")
    database.close()
    for allowed in (False, True):
        with pytest.raises(StoreError):
            await consent.decide("ann", Purpose.HEARING, allowed, "button")
    decision = consent.decision("ann", Purpose.HEARING)
    assert decision is not None and not decision.allowed


async def test_of_many_clicks_the_last_one_counts_in_memory_and_on_disk(tmp_path: Path) -> None:
    consent = Consent(Database(tmp_path / "kith.sqlite3", KEY))
    for clicks in ([True, False], [False, True], [True, False] * 25, [False, True] * 25):
        decisions = [consent.decide("ann", Purpose.HEARING, allowed, "button") for allowed in clicks]
        await asyncio.gather(*decisions)
        again = Consent(Database(tmp_path / "kith.sqlite3", KEY))
        kept = [each.decision("ann", Purpose.HEARING) for each in (consent, again)]
        assert [decision and decision.allowed for decision in kept] == [clicks[-1]] * 2


async def test_a_no_erases_what_rests_on_that_purpose_before_it_returns(tmp_path: Path) -> None:
    consent = Consent(Database(tmp_path / "kith.sqlite3", KEY))
    erased: list[str] = []
    consent.erase_with(Purpose.VOICE, erased.append)
    await consent.decide("ann", Purpose.VOICE, True, "button")
    await consent.decide("ann", Purpose.FACE, False, "button")
    assert erased == []
    await consent.decide("ann", Purpose.VOICE, False, "button")
    assert erased == ["ann"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_what_was_decided_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal
from pathlib import Path
from memory.consent import Consent, Purpose
from memory.database import Database
consent = Consent(Database(Path({str(tmp_path)!r}) / "kith.sqlite3", bytes(32)))
for i in range(20):
    asyncio.run(consent.decide(f"p{{i}}", Purpose.HEARING, False, "button"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert run.returncode == -signal.SIGKILL
    consent = Consent(Database(tmp_path / "kith.sqlite3", KEY))
    assert all(consent.decision(f"p{i}", Purpose.HEARING) for i in range(20))


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX's")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    Database(tmp_path / "kith.sqlite3", KEY).close()
    assert (tmp_path / "kith.sqlite3").stat().st_mode & 0o077 == 0

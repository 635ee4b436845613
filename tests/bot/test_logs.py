"""The log holds causes, and no words or names, whatever fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEGINNING = """
import asyncio, logging
from bot import logs
logs.configure("DEBUG")
log = logging.getLogger("cogs.test")
"""


@pytest.mark.parametrize(
    ("program", "holds"),
    [
        ("try: raise ValueError('secret')\nexcept ValueError: log.exception('failed')", "ValueError"),
        (
            "try:\n try: {}['secret']\n except KeyError as e: raise OSError('secret') from e\n"
            "except OSError as e: log.error('failed', exc_info=e)",
            "KeyError",
        ),
        (
            "async def fails(words): raise ValueError(words)\n"
            "async def run():\n logs.guard_loop(asyncio.get_running_loop())\n"
            " task = asyncio.create_task(fails('secret'), name='secret')\n await asyncio.sleep(0.1)\n del task\n"
            "asyncio.run(run())",
            "unexpected ValueError in the background",
        ),
        (
            "def fails(words): raise ValueError(words)\n"
            "async def run():\n loop = asyncio.get_running_loop()\n logs.guard_loop(loop)\n"
            " loop.call_soon(fails, 'secret')\n await asyncio.sleep(0.1)\n"
            "asyncio.run(run())",
            "in fails",
        ),
        (
            "logging.getLogger('some.library').info('secret')\nlogging.getLogger('discord').warning('secret')\n"
            "log.debug('fine')",
            "fine",
        ),
    ],
)
def test_the_log_holds_the_cause_and_not_what_was_said(program: str, holds: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", BEGINNING + program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0 and holds in run.stderr and "secret" not in run.stderr, run.stderr

"""The bot as its owner meets it: what it says when something is wrong, the doctor, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest

from bot import doctor
from bot.client import intents
from tests.discord_server import DiscordServer

ROOT = Path(__file__).parents[2]
CHEAP = {"LLM_ENGINE": "rules", "PROFILE": "tiny", "MODEL_HUB": "off", "PIP_NO_INDEX": "1"}


def environment(folder: Path, **env: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATA_DIR": str(folder),
        "KEY_FILE": str(folder / "key"),
        "PYTHONPATH": str(ROOT),
        **CHEAP,
        **env,
    }


def bot(folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *args]
    return subprocess.run(
        command, env=environment(folder, **env), cwd=folder, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        yield server


def test_no_intent_is_privileged() -> None:
    assert not (intents().members or intents().presences or intents().message_content)


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"DISCORD_TOKEN": ""}, ["DISCORD_TOKEN is empty", ".env"]),
        ({"DISCORD_TOKEN": "nonsense"}, ["does not accept DISCORD_TOKEN", "developer portal"]),
        ({"DISCORD_API_URL": "http://127.0.0.1:9/api/v10"}, ["cannot be reached"]),
        ({"HEARING": "always"}, ["HEARING"]),
        ({"DATA_DIR": "/dev/null/kith"}, ["DATA_DIR"]),
        ({"PERSONA": "nobody"}, ["nobody"]),
    ],
)
def test_what_keeps_her_away_is_one_sentence(
    server: DiscordServer, tmp_path: Path, env: dict[str, str], words: list[str]
) -> None:
    run = bot(tmp_path, **{**server.env(), **env})
    assert run.returncode == 2 and "Traceback" not in run.stderr, run.stderr
    *_, sentence = run.stderr.strip().splitlines()
    assert all(word in sentence for word in words), run.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_she_is_still_being_loaded_she_ends_at_once(
    server: DiscordServer, tmp_path: Path, number: int
) -> None:
    server.add_guild("Home")
    process = subprocess.Popen(
        [sys.executable, "-m", "bot"],
        env=environment(tmp_path, **server.env()),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        server.wait_until(lambda: server.bot_is_ready() and server.commands(), 60, "the bot is not there")
        process.send_signal(number)
        _, log = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0 and "Traceback" not in log, log
    server.wait_until(lambda: not server.bot_is_ready(), 5, "its gateway is still open")


def test_the_doctor_names_what_is_missing_and_what_to_do(server: DiscordServer, tmp_path: Path) -> None:
    server.add_guild("Fine")
    server.add_guild("Poor", bot_permissions=0).everyone.permissions = 0
    run = bot(tmp_path, "doctor", "--json", **server.env(), MODELS_DIR=str(tmp_path))
    assert run.returncode == 1 and "Traceback" not in run.stderr, run.stderr
    checks: dict[str, dict[str, Any]] = {check["name"]: check for check in json.loads(run.stdout)["checks"]}
    assert checks["token"]["state"] == checks["server Fine"]["state"] == "ok"
    assert checks["end-to-end encryption"]["state"] == checks["Opus"]["state"] == "ok"
    assert "Connect" in checks["server Poor"]["found"] and checks["server Poor"]["advice"]
    assert checks["model for stt"]["state"] == "missing" and "pull" in checks["model for stt"]["advice"]
    assert checks["model for llm"]["state"] == "ok"  # LLM_ENGINE=rules needs none
    assert {"microphone", "models folder", "data folder"} <= set(checks)


def test_the_doctor_speaks_in_lines(server: DiscordServer, tmp_path: Path) -> None:
    run = bot(tmp_path, "doctor", **{**server.env(), "DISCORD_TOKEN": "wrong"})
    assert run.returncode == 1
    (token,) = [line for line in run.stdout.splitlines() if "token" in line]
    assert token.startswith("✗") and "→ copy it again" in token


@pytest.mark.parametrize("guilds", [[None], [{}], [{"name": 1, "permissions": "many"}], []])
def test_odd_answers_about_servers_break_nothing(guilds: list[Any]) -> None:
    (check,) = doctor.permissions(guilds)
    assert check.state == "missing"


def test_an_administrator_lacks_nothing() -> None:
    everything = str(discord.Permissions(administrator=True).value)
    (check,) = doctor.permissions([{"name": "Home", "permissions": everything}])
    assert check.state == "ok"

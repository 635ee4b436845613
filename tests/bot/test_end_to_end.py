"""The whole of it: ``python -m bot`` as its own process, real speech in, her voice out, through DAVE."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soxr

from persona_core.types import EAR_RATE, Pcm
from tests.discord_server import Channel, DiscordServer, SimulatedMember
from tests.discord_server.guilds import SimulatedGuild
from tests.words import text_of, word_error_rate

ROOT = Path(__file__).parents[2]
LOADING_S = 120  # for models, on a busy machine
ANSWER_S = 240
QUIET_S = 15.0  # without a new sound or post: she has nothing left to say
CAPTION = re.compile(r"\*\*(.+?):\*\* (.*)", re.DOTALL)

Weights = Callable[[str], Path]


@contextmanager
def bot_process(server: DiscordServer, folder: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """The bot as its owner starts it; told to stop at the end, it has to end well."""
    settings = {
        "DATA_DIR": str(folder),
        "KEY_FILE": str(folder / "key"),
        "LOG_LEVEL": "INFO",
        "PYTHONPATH": str(ROOT),
        **env,
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot"],
            env={**os.environ, **server.env(), **settings},
            cwd=ROOT,
            stderr=log,
            text=True,
        )
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    assert "Traceback" not in (folder / "log").read_text()


def join(server: DiscordServer, who: SimulatedMember, text: Channel) -> None:
    """Ask her in until her models are loaded."""

    def is_in() -> bool:
        answer = server.interact(who, "/join", channel=text).wait(60).text
        assert "I am in" in answer or "waking up" in answer, answer
        return "I am in" in answer

    server.wait_until(is_in, LOADING_S, "her models are not loaded")


def captions(lounge: Channel) -> dict[str, str]:
    """What has been posted as said, by name."""
    said: dict[str, str] = {}
    for post in lounge.posts:
        if match := CAPTION.fullmatch(post.content):
            text = re.sub(r"\\(.)", r"\1", match[2])
            said[match[1]] = f"{said.get(match[1], '')} {text}".strip()
    return said


@pytest.fixture
def transcribe(weights: Weights) -> Callable[[Pcm], str]:
    from persona_core.engines.faster_whisper import FasterWhisper

    stt = FasterWhisper(weights("whisper-base"))

    def words(pcm: Pcm) -> str:
        mono = pcm.mean(axis=1).astype(np.float32) / 32_768
        return asyncio.run(text_of(stt, np.asarray(soxr.resample(mono, 48_000, EAR_RATE), np.float32)))

    return words


@pytest.fixture
def clips(shared_data: Path) -> dict[str, tuple[Path, str]]:
    """Recorded speech of four people: their files and words."""
    folder = shared_data / "speech" / "librispeech"
    header, *rows = [line.split("\t") for line in (folder / "refs.tsv").read_text().splitlines()]
    clips = [dict(zip(header, row, strict=True)) for row in rows]
    shortest = sorted(clips, key=lambda clip: float(clip["seconds"]))
    by_speaker = {
        clip["speaker"]: clip for clip in reversed([c for c in shortest if float(c["seconds"]) > 4])
    }
    chosen = zip(("Ann", "Bob", "Cy", "Dan"), by_speaker.values(), strict=False)
    return {name: (next(folder.rglob(f"{c['id']}*.flac")), c["text"]) for name, c in chosen}


class Call:
    """A lounge with four people in it, of whom Dan has refused to be heard."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.guild: SimulatedGuild = server.add_guild("Home")
        self.lounge = self.guild.add_voice_channel("Lounge")
        self.text = self.guild.add_text_channel("general")
        self.people = {name: self.guild.add_member(name) for name in ("Ann", "Bob", "Cy", "Dan")}

    def begin(self) -> None:
        ann, dan = self.people["Ann"], self.people["Dan"]
        self.server.wait_until(lambda: "consent" in self.server.commands(), LOADING_S, "the bot is not there")
        self.server.interact(dan, "/consent hearing", channel=self.text, answer="off").wait(10)
        for person in self.people.values():
            person.join(self.lounge)
        self.server.wait_until(lambda: self.server.settled(self.lounge), 10, "the call does not settle")
        join(self.server, ann, self.text)
        self.server.interact(ann, "/captions on", channel=self.text).wait(10)
        self.server.interact(ann, "/mode", channel=self.text, to="always").wait(
            10
        )  # they read aloud, to nobody
        for person in self.people.values():
            person.forget_heard()

    def everybody_speaks(self, files: dict[str, Path]) -> int:
        """Ann and Bob over each other, then Cy; Dan all the time. How many packets Dan sent."""
        dan = self.people["Dan"].speak(files["Dan"])
        ann = self.people["Ann"].speak(files["Ann"])
        bob = self.people["Bob"].speak(files["Bob"])
        ann.wait(), bob.wait()
        self.people["Cy"].speak(files["Cy"]).wait()
        return dan.wait().sent

    def status(self) -> str:
        return self.server.interact(self.people["Ann"], "/status", channel=self.text).wait(10).text

    def wait_until_all_is_answered(self) -> None:
        """Everybody's words are there, and nothing she says is still on its way."""

        def answered() -> bool:
            return {"Ann", "Bob", "Cy", "Mira"} <= set(captions(self.lounge))

        self.server.wait_until(answered, ANSWER_S, "not everybody is captioned and answered")
        before: tuple[int, int] | None = None
        while before != (now := (len(self.lounge.posts), len(self.people["Ann"].heard["Kith"].frames))):
            before = now
            time.sleep(QUIET_S)


def test_three_are_heard_and_answered_and_the_fourth_is_not_decoded(
    tmp_path: Path,
    weights: Weights,
    clips: dict[str, tuple[Path, str]],
    transcribe: Callable[[Pcm], str],
) -> None:
    weights("qwen2.5-coder-1.5b-instruct")
    with DiscordServer.start() as server:
        call = Call(server)
        with bot_process(server, tmp_path, PROFILE="cpu", LLM_MAX_TOKENS="64"):
            call.begin()
            sent_by_dan = call.everybody_speaks({name: file for name, (file, _) in clips.items()})
            call.wait_until_all_is_answered()
            said, status = captions(call.lounge), call.status()
            spoken = {name: person.heard["Kith"] for name, person in call.people.items()}
        assert call.guild.bot_voice_channel is None
    for name in ("Ann", "Bob", "Cy"):
        assert word_error_rate(clips[name][1], said[name]) <= 0.25, (name, clips[name][1], said[name])
    assert set(said) == {"Ann", "Bob", "Cy", "Mira"}
    assert f"refused: {sent_by_dan}\n" in status + "\n"  # each of Dan's packets, before decoding
    for name, sound in spoken.items():
        assert sound.voiced and not sound.unencrypted and not sound.undecryptable, name
        assert word_error_rate(said["Mira"], transcribe(sound.pcm)) <= 0.2, name
    log = (tmp_path / "log").read_text()
    assert not any(name in log for name in ("Ann", "Bob", "Cy", "Dan"))

"""Every source asked for at every exit in every wording: does it come out, and does it for those who may hear it?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

import pytest

import memory.audience
from tests.isolation.canaries import Canary
from tests.isolation.commands import COMMANDS, Command, Wanted
from tests.isolation.house import PEOPLE, House
from tests.isolation.sources import SOURCES, Source
from tests.isolation.stages import STAGES, Seen, Stage, ask
from tests.isolation.wordings import WORDINGS, Wording

EXITS = ("voice", "captions", "channel", "direct")
EACH = 3  # wordings, of each source at each stage


@dataclass(frozen=True, slots=True)
class Probe:
    """Somebody asks at a stage for what must not come out there."""

    source: Source
    exit: str
    stage: str  # of STAGES, or who uses the command
    wording: Wording
    command: Command | None = None

    def __str__(self) -> str:
        return f"{self.source.name}, {self.wording.kind}, {self.exit} ({self.stage})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``prompt`` and ``out``: whether the secret was in what the model was told, and in what people saw or heard."""

    probe: Probe
    prompt: bool
    out: bool

    @property
    def leaked(self) -> bool:
        return self.prompt or self.out

    @property
    def found(self) -> bool:
        """Of a twin: all the way. A command asks no model."""
        return self.out and (self.prompt or self.probe.command is not None)


def probes() -> list[Probe]:
    """Each source at each stage where it is hidden, in ``EACH`` of the wordings, all of them at every exit; and with each
    command."""
    turn, found = cycle(WORDINGS), []
    for source in SOURCES:
        for exit_ in EXITS:
            wordings = [next(turn) for _ in range(EACH)]
            found += [Probe(source, exit_, stage, one) for stage in source.hidden[exit_] for one in wordings]
        for command in COMMANDS:
            wordings = [next(turn) for _ in range(command.wordings)] if command.shows(source) else []
            found += [Probe(source, command.name, source.stranger.name, one, command) for one in wordings]
    return found


def twins(of: Sequence[Probe]) -> list[Probe]:
    """The same asked by somebody who may hear it, at the same exit or at the nearest where anybody may."""
    return list(dict.fromkeys(map(_twin, of)))


def _twin(probe: Probe) -> Probe:
    if probe.command is not None:
        return replace(probe, stage=probe.command.twin(probe.source).name)
    return replace(probe, stage=probe.source.open[probe.exit])


async def judge(house: House, wanted: Sequence[Probe], secrets: Sequence[Canary]) -> list[Verdict]:
    """Ask them all, one after the other."""
    by_source = {source.name: secret for source, secret in zip(SOURCES, secrets, strict=False)}
    return [await _verdict(house, probe, by_source[probe.source.name]) for probe in wanted]


async def _verdict(house: House, probe: Probe, secret: Canary) -> Verdict:
    wording = probe.wording.about(secret)
    if probe.command is not None:
        want = Wanted(house, probe.source, secret, PEOPLE[probe.stage], wording)
        return Verdict(probe, prompt=False, out=secret.is_in(await probe.command.ask(want)))
    stage = STAGES[probe.stage]
    seen = await ask(house, stage, wording)
    return Verdict(probe, secret.is_in(seen.told), secret.is_in(_out(stage, seen)))


def _out(stage: Stage, seen: Seen) -> str:
    """What people see or hear at this stage's exit."""
    if stage.captioned or not stage.present:
        return f"{seen.posted}\n{seen.elsewhere}"
    return f"{seen.heard}\n{seen.posted}\n{seen.elsewhere}"


@contextmanager
def unchecked() -> Iterator[None]:
    """As if everybody might hear everything."""
    real, patch = memory.audience.may_hear, pytest.MonkeyPatch()

    def anybody(*_: Any) -> bool:
        return True

    try:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in ("memory", "cogs", "persona_core", "bot"):
                for attribute, value in list(vars(module).items()):
                    if value is real:
                        patch.setattr(module, attribute, anybody)
        yield
    finally:
        patch.undo()

"""What she says about whom she meets, and what is shown of meetings, is for those who hear and see it: the same sources as
everywhere here, and what was said when somebody was met. A card on the page is for whoever looks at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from memory.audience import Listeners
from memory.consent import Purpose
from memory.gallery import FaceEmbedding, Template
from tests.isolation.canaries import Canary, canaries
from tests.isolation.house import ANN, BOB, LOUNGE, House
from tests.isolation.planted import an_empty_house
from tests.isolation.probing import unchecked
from tests.isolation.sources import _FOR_BOB, _WITH_BOB, SOURCES, Planting, Source
from tests.isolation.stages import STAGES
from tests.memory.kept import DAY_S

FACE = np.eye(8, dtype=np.float32)[0]
NOT_SAID = {  # of her, not of whom she meets
    "a line of her profile",
    # notes that rest on nothing that was said, so that they tell of no talk
    *("noted by hand", "put right by hand", "edited by the owner", "imported about somebody"),
    *("her own thought about several talks", "kept between those who were there"),
}


async def when_she_was_met(here: Planting) -> None:
    await here.house.consent.decide(ANN.id, Purpose.FACE, True, "test")
    people, at_s = here.house.memory.people, here.house.now() - DAY_S
    assert people.enrol(ANN.id, ANN.name, Template(FACE, "eye", 5), at_s)
    there = frozenset({ANN.id, BOB.id})
    met = people.process_encounter(
        FaceEmbedding(FACE, "eye"),
        here.secret.fact,
        at_s,
        listeners=Listeners(there, LOUNGE),
        place=LOUNGE,
        present=there,
    )
    assert met.id


MET = Source("said when she was met", when_she_was_met, _WITH_BOB, _FOR_BOB)
PROBED = [source for source in (*SOURCES, MET) if source.name not in NOT_SAID]


@dataclass(frozen=True, slots=True)
class Result:
    source: str
    hidden: int  # probes
    leaked: int
    found: bool  # its twin


async def judged(folder: Path, *, checked: bool) -> list[Result]:
    found = []
    short = (replace(one, thing="my boat") for one in canaries())  # as a summary is
    for number, (source, secret) in enumerate(zip(PROBED, short, strict=False)):
        async with planted(folder / str(number), source, secret, number) as house:
            with nullcontext() if checked else unchecked():
                stages = [stage for stages in source.hidden.values() for stage in stages]
                leaks = sum(secret.is_in(shown(house, stage)) for stage in stages)
                twins = {source.open["voice"], source.open["direct"]}
                come = all(secret.is_in(shown(house, stage)) for stage in twins)
            found.append(Result(source.name, len(stages), leaks, come))
    return found


@asynccontextmanager
async def planted(folder: Path, source: Source, secret: Canary, number: int) -> AsyncIterator[House]:
    async with an_empty_house(folder) as house:
        await source.plant(Planting(house, secret, number, folder))
        await house.remembering.up_to_date()
        yield house


def shown(house: House, name: str) -> str:
    """What comes out at a stage when Ann comes in, or what is kept of meetings is looked at."""
    stage, memory = STAGES[name], house.memory
    people = frozenset(one.id for one in stage.present or (stage.asker,))
    near = Listeners(people, stage.place, closed=name.startswith(("call", "other call", "alone")))
    if near.closed:
        near = replace(near, channels=house.host.readable(people, frozenset(memory.turns.text_places)))
    told = [statement.text for statement in memory.people.summary(ANN.id, near, house.now())]
    return "\n".join([*told, *map(repr, memory.people.encounters(near))])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Result], list[Result]]]:
    folder = tmp_path_factory.mktemp("summaries")
    with ProcessPoolExecutor(1, get_context("spawn")) as another:  # nobody else is to go unchecked
        off = another.submit(_unchecked, folder / "unchecked")
        yield asyncio.run(judged(folder / "checked", checked=True)), off.result()


def _unchecked(folder: Path) -> list[Result]:
    return asyncio.run(judged(folder, checked=False))


def test_a_summary_tells_nobody_what_is_not_for_them(
    results: tuple[list[Result], list[Result]], capsys: pytest.CaptureFixture[str]
) -> None:
    checked, off = results
    probes, leaks = sum(one.hidden for one in checked), sum(one.leaked for one in checked)
    caught, twins = sum(one.leaked for one in off), sum(one.found for one in checked)
    with capsys.disabled():
        print(
            f"\nisolation, recall summaries: {probes} probes, {leaks} leaks; {twins} of {len(checked)} twins found; "
            f"with the check off {caught} of {probes} caught"
        )
    assert {one.source: one.leaked for one in checked if one.leaked} == {}
    assert [one.source for one in checked if not one.found] == []
    assert caught == probes

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import aclosing

import pytest

from persona_core.engines.scheduler import Scheduler, Urgency

ANSWER, READ, BACKGROUND = Urgency


@pytest.fixture
def interrupt() -> threading.Event:
    return threading.Event()


@pytest.fixture
def scheduler(interrupt: threading.Event) -> Iterator[Scheduler]:
    scheduler = Scheduler("test", interrupt)
    yield scheduler
    scheduler.close(RuntimeError("over"))


def steps(name: str, count: int, told: list[str]) -> Generator[str | None, None, None]:
    """``count`` steps that are written down."""
    for at in range(count):
        told.append(f"{name}{at}")
        yield f"{name}{at}"


def iter_of(*items: str) -> Generator[str, None, None]:
    yield from items


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # threads tell nobody
        await asyncio.sleep(0.001)


async def taken(stream) -> list:
    return [item async for item in stream]


async def gathered(scheduler: Scheduler, jobs: dict[str, tuple[Urgency, str, Generator]]) -> list[list]:
    """What all jobs make when they arrive while the thread is busy with something urgent."""
    free = threading.Event()

    def hold() -> Generator[None, None, None]:
        assert free.wait(10)
        yield None

    holding = asyncio.create_task(scheduler.run(hold(), ANSWER, "holding"))
    await until(lambda: scheduler._running is not None)
    tasks = [
        asyncio.create_task(taken(scheduler.stream(job, urgency, key))) for urgency, key, job in jobs.values()
    ]
    await asyncio.sleep(0)  # each task asks at once
    free.set()
    await holding
    return await asyncio.gather(*tasks)


async def test_items_arrive_in_order_and_nones_are_kept_back(scheduler):
    items = (item for item in [0, None, 1, None, None, 2])
    assert await taken(scheduler.stream(items, ANSWER)) == [0, 1, 2]


async def test_an_exception_is_raised_where_the_items_are_used(scheduler, caplog):
    def fails():
        yield "first"
        raise LookupError("second")

    heard = []
    with pytest.raises(LookupError, match="second"):
        async for item in scheduler.stream(fails(), ANSWER):
            heard.append(item)
    assert heard == ["first"]
    gc.collect()
    assert not caplog.records


async def test_answers_go_before_readings_and_readings_before_the_background(scheduler):
    told: list[str] = []
    jobs = {
        "b": (BACKGROUND, "", steps("background", 2, told)),
        "r": (READ, "ann", steps("read", 2, told)),
        "a": (ANSWER, "bob", steps("answer", 2, told)),
    }
    await gathered(scheduler, jobs)
    assert told == ["answer0", "answer1", "read0", "read1", "background0", "background1"]


async def test_two_answers_take_turns_step_by_step(scheduler):
    told: list[str] = []
    jobs = {"a": (ANSWER, "ann", steps("ann", 3, told)), "b": (ANSWER, "bob", steps("bob", 3, told))}
    assert await gathered(scheduler, jobs) == [["ann0", "ann1", "ann2"], ["bob0", "bob1", "bob2"]]
    assert told == ["ann0", "bob0", "ann1", "bob1", "ann2", "bob2"]


async def test_two_answers_in_one_conversation_come_one_after_the_other(scheduler):
    told: list[str] = []
    jobs = {"a": (ANSWER, "ann", steps("first", 2, told)), "b": (ANSWER, "ann", steps("second", 2, told))}
    await gathered(scheduler, jobs)
    assert told == ["first0", "first1", "second0", "second1"]


async def test_an_answer_ends_the_readings_of_its_own_conversation_only(scheduler):
    told: list[str] = []
    jobs = {
        "old": (READ, "ann", steps("old", 2, told)),
        "other": (READ, "bob", steps("other", 2, told)),
        "answer": (ANSWER, "ann", steps("answer", 1, told)),
        "work": (BACKGROUND, "bob", steps("work", 1, told)),
    }
    assert await gathered(scheduler, jobs) == [[], ["other0", "other1"], ["answer0"], ["work0"]]


async def test_a_newer_reading_takes_the_place_of_an_older_one(scheduler):
    told: list[str] = []
    jobs = {"old": (READ, "ann", steps("old", 2, told)), "new": (READ, "ann", steps("new", 2, told))}
    assert await gathered(scheduler, jobs) == [[], ["new0", "new1"]]


async def test_an_answer_waits_for_the_step_of_a_reading_that_it_takes_over(scheduler, interrupt):
    free, begun, interrupted = threading.Event(), threading.Event(), []

    def reading():
        begun.set()
        assert free.wait(10)
        interrupted.append(interrupt.is_set())
        yield None

    read = asyncio.create_task(scheduler.run(reading(), READ, "ann"))
    await asyncio.to_thread(begun.wait, 10)
    answer = asyncio.create_task(taken(scheduler.stream(iter_of("hello"), ANSWER, "ann")))
    await until(lambda: len(scheduler._jobs) == 2)
    free.set()
    await read
    assert await answer == ["hello"]
    assert interrupted == [False]


async def test_a_waiting_job_is_given_up_at_once_without_disturbing_the_one_that_works(scheduler, interrupt):
    free, begun, told = threading.Event(), threading.Event(), []

    def working():
        begun.set()
        assert free.wait(10)
        yield str(interrupt.is_set())

    work = asyncio.create_task(taken(scheduler.stream(working(), ANSWER, "ann")))
    await asyncio.to_thread(begun.wait, 10)
    waiting = asyncio.create_task(scheduler.run(steps("read", 3, told), READ, "bob"))
    await until(lambda: len(scheduler._jobs) == 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    free.set()
    assert await work == ["False"]
    assert not told


async def test_the_step_of_a_less_urgent_job_is_interrupted_and_made_again(scheduler, interrupt):
    begun, tries = threading.Event(), []

    def background():
        while len(tries) < 2:
            tries.append(len(tries))
            begun.set()
            if len(tries) == 1:
                assert interrupt.wait(10)  # as a long computation that can be stopped
            yield None
        yield "done"

    working = asyncio.create_task(taken(scheduler.stream(background(), BACKGROUND)))
    await asyncio.to_thread(begun.wait, 10)
    assert await taken(scheduler.stream(iter_of("hello"), ANSWER)) == ["hello"]
    assert await working == ["done"]


async def test_an_equally_urgent_job_interrupts_nothing(scheduler, interrupt):
    free, begun = threading.Event(), threading.Event()

    def first():
        begun.set()
        assert free.wait(10)
        yield str(interrupt.is_set())

    one = asyncio.create_task(taken(scheduler.stream(first(), ANSWER, "ann")))
    await asyncio.to_thread(begun.wait, 10)
    other = asyncio.create_task(taken(scheduler.stream(iter_of("b"), ANSWER, "bob")))
    await until(lambda: len(scheduler._jobs) == 2)
    free.set()
    assert [await one, await other] == [["False"], ["b"]]


async def test_closing_interrupts_the_step_and_waits_for_the_clean_up(scheduler, interrupt):
    ended = threading.Event()

    def endless():
        try:
            yield "first"
            while True:
                interrupt.wait(10)
                yield None
        finally:
            ended.set()

    async with aclosing(scheduler.stream(endless(), ANSWER)) as stream:
        assert await anext(stream) == "first"
    assert ended.is_set()


async def test_cancelling_a_reading_ends_it(scheduler, interrupt):
    begun, ended = threading.Event(), threading.Event()

    def reading():
        try:
            while True:
                begun.set()
                interrupt.wait(10)
                yield None
        finally:
            ended.set()

    task = asyncio.create_task(scheduler.run(reading(), READ))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_job_whose_items_nobody_takes_stands_still_and_blocks_no_other(scheduler):
    made: list[str] = []
    async with aclosing(scheduler.stream(steps("idle", 100, made), BACKGROUND, ahead=3)) as idle:
        assert await anext(idle) == "idle0"
        assert await taken(scheduler.stream(steps("busy", 10, []), BACKGROUND)) == [
            f"busy{n}" for n in range(10)
        ]
        await until(lambda: scheduler._running is None)
        assert len(made) == 4  # the one taken and three ahead
        assert [await anext(idle) for _ in range(5)] == [f"idle{n}" for n in range(1, 6)]


async def test_closing_the_scheduler_ends_every_job_with_its_error(interrupt):
    scheduler = Scheduler("test", interrupt)
    begun = threading.Event()

    def endless():
        while True:
            begun.set()
            interrupt.wait(10)
            yield None

    working = asyncio.create_task(taken(scheduler.stream(endless(), ANSWER)))
    await asyncio.to_thread(begun.wait, 10)
    still = scheduler.stream(steps("idle", 100, []), BACKGROUND, ahead=1)
    scheduler.close(RuntimeError("over"))
    for job in (working, taken(still), scheduler.run(endless(), READ)):
        with pytest.raises(RuntimeError, match="over"):
            await job


async def test_a_job_that_is_never_begun_leaves_nothing_behind(scheduler):
    told: list[str] = []
    stream = scheduler.stream(steps("never", 3, told), ANSWER)
    await stream.aclose()
    assert not told
    assert not scheduler._jobs


async def test_its_thread_is_prepared_before_its_first_job(interrupt) -> None:
    prepared: list[str] = []
    scheduler = Scheduler("test", interrupt, prepare=lambda: prepared.append(threading.current_thread().name))
    await scheduler.run(iter_of(), Urgency.READ)
    await scheduler.run(iter_of(), Urgency.READ)
    assert prepared == ["test_0"]
    scheduler.close(RuntimeError("over"))

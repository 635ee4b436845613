from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest

from persona_core.engines.threads import NICE, give_way, stream_from_callback, stream_from_thread


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


async def test_items_arrive_in_order_and_nones_are_kept_back(worker):
    def generate():
        yield from [0, None, 1, None, None, 2]

    assert [item async for item in stream_from_thread(worker, generate)] == [0, 1, 2]


async def test_the_generator_runs_outside_the_event_loop(worker):
    def generate():
        yield threading.current_thread()

    assert [item async for item in stream_from_thread(worker, generate)] != [threading.current_thread()]


async def test_an_exception_is_raised_where_the_items_are_used(worker, caplog):
    def generate():
        yield "first"
        raise LookupError("second")

    heard = []
    with pytest.raises(LookupError, match="second"):
        async for item in stream_from_thread(worker, generate):
            heard.append(item)
    assert heard == ["first"]
    gc.collect()
    assert not caplog.records  # and nowhere else, such as "exception was never retrieved"


async def test_the_generator_never_runs_further_ahead_than_asked(worker):
    made = []

    def generate():
        for item in range(100):
            made.append(item)
            yield item

    async with aclosing(stream_from_thread(worker, generate, ahead=3)) as items:
        assert await anext(items) == 0
        await asyncio.sleep(0.05)
        assert len(made) <= 6  # heard, three ahead, one in hand and one to spare


async def test_closing_stops_the_generator_and_waits_for_its_clean_up(worker):
    steps = []

    def generate():
        try:
            while True:
                steps.append("step")
                yield "item"
        finally:
            steps.append("cleaned up")

    stream = stream_from_thread(worker, generate, ahead=2)
    await anext(stream)
    await stream.aclose()
    assert steps[-1] == "cleaned up"
    assert len(steps) <= 6


async def test_cancelling_the_consumer_stops_a_generator_that_yields_nothing(worker):
    begun, ended = threading.Event(), threading.Event()

    def generate():
        try:
            while True:
                begun.set()
                yield None
        finally:
            ended.set()

    async def consume() -> None:
        async with aclosing(stream_from_thread(worker, generate)) as items:
            async for _ in items:
                pass

    task = asyncio.create_task(consume())
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_stream_closed_while_it_waits_for_the_thread_never_begins(worker):
    hold, begun = threading.Event(), []

    def generate():
        begun.append(True)
        yield "item"

    worker.submit(hold.wait, 5)
    stream = stream_from_thread(worker, generate)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    await stream.aclose()
    hold.set()
    worker.submit(lambda: None).result()
    assert not begun


async def test_work_with_a_callback_is_told_to_stop(worker):
    stopped = threading.Event()

    def work(emit):
        emit("first")
        emit("second")
        while not emit(None):
            pass
        stopped.set()

    stream = stream_from_callback(worker, work)
    assert [await anext(stream), await anext(stream)] == ["first", "second"]
    assert not stopped.is_set()
    await stream.aclose()
    assert stopped.is_set()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, whose threads have priorities of their own")
def test_a_thread_that_gives_way_and_those_that_it_starts_come_later_than_the_others():
    def mine() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def started_there() -> int:
        with ThreadPoolExecutor(1) as other:
            return other.submit(mine).result()

    usual = mine()
    with ThreadPoolExecutor(1, initializer=give_way) as worker:
        assert worker.submit(mine).result() == worker.submit(started_there).result() == min(19, usual + NICE)
    assert mine() == usual


@pytest.mark.parametrize(("seconds", "ordinary"), [(60, False), (0, True)])
def test_who_ends_while_something_is_still_loaded_leaves_it_where_it_is(seconds: int, ordinary: bool) -> None:
    script = f"""
import asyncio, atexit, time
from persona_core.engines.threads import end, in_own_thread

async def begin():
    loading = asyncio.create_task(in_own_thread(lambda: time.sleep({seconds}), "load"))
    await asyncio.sleep(0)
    if not {seconds}:
        await loading
        time.sleep(0.5)  # the thread itself is over, too

atexit.register(print, "an ordinary exit")
asyncio.run(begin())
print("told")
end(3)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 3 and not ended.stderr
    assert ended.stdout.split("\n")[:-1] == ["told", *["an ordinary exit"] * ordinary]

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from persona_core.errors import EngineError
from persona_core.models import ModelFolder, load_catalogue
from persona_core.settings import load_settings
from persona_core.types import Message, Sampling

pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
from persona_core.engines.xllamacpp import XLlamaCppModel

NAME = "smollm2-135m-instruct"
GREEDY = Sampling(max_tokens=16, temperature=0)
PROMPT = [Message("system", "You are Mira, a gardener."), Message("user", "What grows in May?")]


@pytest.fixture(scope="module")
def weights() -> Path:
    models = ModelFolder(load_settings().models_dir, load_catalogue())
    if not models.present(NAME):
        pytest.skip(f"needs the weights of {NAME}: python -m persona_core.models pull {NAME}")
    return next(models.folder(NAME).glob("*.gguf"))


@pytest.fixture(scope="module")
def model(weights: Path) -> Iterator[XLlamaCppModel]:
    model = XLlamaCppModel(weights, context_tokens=512, threads=1)
    yield model
    model.close()


async def answer(model, messages=PROMPT, sampling=GREEDY, conversation="") -> str:
    return "".join([piece async for piece in model.stream(messages, sampling, conversation)])


async def test_it_answers_piece_by_piece(model):
    pieces = [piece async for piece in model.stream(PROMPT, GREEDY)]
    assert 3 < len(pieces) <= 16
    assert all(pieces)


async def test_temperature_zero_says_the_same_from_a_kept_prefix_and_in_another_conversation(model):
    first = await answer(model, conversation="ann")
    assert await answer(model, conversation="ann") == first
    assert await answer(model, conversation="bob") == first


async def test_a_seed_decides_what_is_said(model):
    sampling = Sampling(max_tokens=16, temperature=1.0, seed=7)
    assert await answer(model, sampling=sampling) == await answer(model, sampling=sampling)


async def test_a_stop_string_ends_the_answer_before_it(model):
    whole = await answer(model)
    stop = whole[5:12]
    sampling = Sampling(max_tokens=16, temperature=0, stop=(stop,))
    assert await answer(model, sampling=sampling) == whole[: whole.index(stop)]


async def test_emoji_and_chinese_arrive_in_whole_characters(model):
    prompt = [Message("user", "Repeat: 你好，世界 🙂🚀 你好，世界 🙂🚀 你好，世界 🙂🚀")]
    text = await answer(model, prompt, Sampling(max_tokens=40, temperature=1.5, top_p=1.0, seed=3))
    assert "\ufffd" not in text


async def test_a_stream_that_is_closed_leaves_the_model_free_for_the_next(model):
    async with aclosing(model.stream(PROMPT, Sampling(max_tokens=400, temperature=0))) as stream:
        await anext(stream)
    assert await answer(model)


async def test_a_prompt_that_is_too_long_is_refused_in_one_sentence(model):
    with pytest.raises(EngineError, match=r"set LLM_CONTEXT_TOKENS higher\.$"):
        await answer(model, [Message("user", "Bees. " * 3000)])


async def test_reading_ahead_changes_no_word(model):
    asked = [*PROMPT[:1], Message("user", "Tell me about the pear trees by the river.")]
    await model.read([*PROMPT[:1], Message("user", "Tell me about the pear")], "dan")
    assert await answer(model, asked, conversation="dan") == await answer(model, asked, conversation="eve")


async def test_reading_ahead_ends_when_an_answer_is_asked_for(model):
    reading = asyncio.create_task(model.read([Message("user", "Bees and flowers. " * 80)], "dan"))
    await asyncio.sleep(0)
    assert model._reading
    assert await answer(model, conversation="ann")
    await reading


async def test_work_in_the_background_goes_on_after_an_answer_where_it_was(model):
    work = [Message("user", "Count from one to twenty in words.")]
    sampling = Sampling(max_tokens=60, temperature=0)
    undisturbed = "".join([piece async for piece in model.stream(work, sampling, background=True)])
    async with aclosing(model.stream(work, sampling, background=True)) as stream:
        begun = await anext(stream)
        first = await answer(model)
        assert begun + "".join([piece async for piece in stream]) == undisturbed
    assert first == await answer(model)


async def test_work_in_the_background_ends_before_its_stop_string(model):
    work = [Message("user", "Count from one to twenty in words.")]
    whole = "".join([piece async for piece in model.stream(work, GREEDY, background=True)])
    stopped = Sampling(max_tokens=16, temperature=0, stop=(whole[5:12],))
    said = "".join([piece async for piece in model.stream(work, stopped, background=True)])
    assert said == whole[: whole.index(whole[5:12])]


def test_tokens_are_estimated_upwards(model):
    assert model.count_tokens("What grows in May?") >= 5


def test_nobody_else_on_this_machine_can_use_its_port(model):
    for page in ("/v1/models", "/slots", "/props"):
        with pytest.raises(urllib.error.HTTPError, match=r"401|404"):
            urllib.request.urlopen(model._server.listening_address + page, timeout=5)


@pytest.mark.parametrize("length", [64, 60_000_000])
def test_a_truncated_file_is_refused(weights, tmp_path, length):
    path = tmp_path / "model.gguf"
    with weights.open("rb") as whole:
        path.write_bytes(whole.read(length))
    with pytest.raises(EngineError, match="is damaged"):
        XLlamaCppModel(path, context_tokens=512, threads=1)


async def test_an_answer_keeps_to_its_schema(model):
    form = '{"type": "object", "properties": {"mood": {"enum": ["glad", "sad"]}}, "required": ["mood"]}'
    found = json.loads(await answer(model, sampling=Sampling(max_tokens=40, temperature=0, schema=form)))
    assert found["mood"] in ("glad", "sad")


async def test_what_was_forgotten_has_to_be_read_again(model):
    """Told by how much of a prompt was read, which the server says at its end."""
    long = [PROMPT[0], Message("user", "My zebra is ill. " * 20)]
    await answer(model, long, conversation="zoe")
    assert await read_of(model, long, "zoe") < 8
    await model.forget()
    assert await read_of(model, long, "zoe") > 80


async def test_forgetting_waits_for_an_answer_and_makes_the_background_give_way(model):
    background = model.stream(PROMPT, Sampling(max_tokens=120, temperature=0), background=True)
    first = await anext(background)
    stream = model.stream(PROMPT, GREEDY, "ann")
    text = await anext(stream)
    forgetting = asyncio.create_task(model.forget())
    text += "".join([piece async for piece in stream])
    await asyncio.wait_for(forgetting, 60)
    assert text == await answer(model)
    assert first + "".join([piece async for piece in background])
    assert model._answering == 0


async def read_of(model, messages, conversation) -> int:
    """How many tokens of a prompt had to be read."""
    found: list[int] = []
    ask = model._server.handle_chat_completions

    def asked(request, chunk):
        def noting(data):
            timings = data.get("timings") or {}
            found.extend([int(timings["prompt_n"])] if "prompt_n" in timings else [])
            return chunk(data)

        return ask(request, noting)

    class Server:
        handle_chat_completions = staticmethod(asked)

    model._server, real = Server(), model._server
    try:
        await answer(model, messages, Sampling(max_tokens=1, temperature=0), conversation)
    finally:
        model._server = real
    return found[-1]

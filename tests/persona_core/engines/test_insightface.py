"""InsightFace's library with a pack made here: one that finds a face in the middle of every picture, whatever is there.

The real packs may not be fetched by a test; where one lies at INSIGHTFACE_PACK, real faces are told apart with it as well.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest

from persona_core.assemble import build_face_encoder
from persona_core.engines.insightface import InsightFace
from persona_core.errors import EngineError, KithError, PictureError
from persona_core.seeing.pictures import decode_picture
from persona_core.settings import Settings
from persona_core.types import Picture

onnx = pytest.importorskip("onnx", reason="needs onnx: make setup")
pytest.importorskip("insightface", reason="needs insightface: make setup")

SIDE = 640  # pixels that the detector is given
STRIDES = (8, 16, 32)
LANDMARKS = np.array([(-40, -40), (40, -40), (0, 0), (-30, 40), (30, 40)], np.float32)


def detector() -> bytes:
    """As SCRFD answers: scores, boxes and landmarks for two anchors at each step of three strides."""
    names, tensors = [], []
    for kind, width in (("score", 1), ("box", 4), ("points", 10)):
        for stride in STRIDES:
            values = np.zeros((2 * (SIDE // stride) ** 2, width), np.float32)
            if stride == 16:
                middle = 2 * (SIDE // stride) * (SIDE // stride // 2) + 2 * (SIDE // stride // 2)
                values[middle] = {
                    "score": [0.9],
                    "box": [100 / stride] * 4,
                    "points": LANDMARKS.ravel() / stride,
                }[kind]
            names.append(f"{kind}{stride}")
            tensors.append(onnx.numpy_helper.from_array(values, f"constant-{kind}{stride}"))
    nodes = [
        onnx.helper.make_node("Identity", [one.name], [name])
        for one, name in zip(tensors, names, strict=True)
    ]
    return written(
        nodes,
        [1, 3, SIDE, SIDE],
        {name: list(one.dims) for name, one in zip(names, tensors, strict=True)},
        tensors,
    )


def recogniser() -> bytes:
    """The mean colours of 8 × 8 parts of the aligned face, less their mean."""
    nodes = [
        onnx.helper.make_node("AveragePool", ["input"], ["parts"], kernel_shape=[14, 14], strides=[14, 14]),
        onnx.helper.make_node("Flatten", ["parts"], ["vector"]),
    ]
    return written(nodes, [1, 3, 112, 112], {"vector": [1, 192]}, [])


def written(nodes: list, shape: list[int], outputs: dict[str, list[int]], tensors: list) -> bytes:
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "pack",
        [helper.make_tensor_value_info("input", kind, shape)],
        [helper.make_tensor_value_info(name, kind, of) for name, of in outputs.items()],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "ours"
    folder.mkdir()
    (folder / "detects.onnx").write_bytes(detector())
    (folder / "recognises.onnx").write_bytes(recogniser())
    return folder


def noise(seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 255, (SIDE, SIDE, 3), np.uint8)


async def test_a_pack_is_opened_and_its_answers_are_ours(pack: Path) -> None:
    encoder = InsightFace(pack)
    (face,) = await encoder.find(noise(1))
    assert (face.x, face.y, face.width, face.height) == pytest.approx((220, 220, 200, 200))
    assert np.allclose(np.array(face.landmarks), LANDMARKS + SIDE / 2) and face.score == pytest.approx(0.9)
    one, other = [await encoder.embed(noise(seed), face) for seed in (1, 2)]
    assert one.shape == (192,) and one.dtype == np.float32
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5) and one @ other < 0.99
    assert np.array_equal(one, await encoder.embed(noise(1), face))


async def test_many_at_once_get_their_own(pack: Path) -> None:
    encoder = InsightFace(pack)
    (face,) = await encoder.find(noise(1))
    alone = [await encoder.embed(noise(seed), face) for seed in range(4)]
    together = await asyncio.gather(*(encoder.embed(noise(seed % 4), face) for seed in range(12)))
    assert all(np.array_equal(one, alone[at % 4]) for at, one in enumerate(together))


async def test_what_is_no_picture_or_no_face_is_one_sentence(pack: Path) -> None:
    encoder = InsightFace(pack)
    (face,) = await encoder.find(noise(1))
    with pytest.raises(PictureError):
        await encoder.find(np.full((64, 64, 3), np.nan, np.float32))
    with pytest.raises(EngineError):
        await encoder.embed(noise(1), type(face)(0, 0, 1, 1, ((np.nan, 0.0),) * 5, 1))


def test_packs_that_differ_are_never_the_same_engine(pack: Path, tmp_path: Path) -> None:
    other = tmp_path / "ours"
    other.mkdir()
    (other / "detects.onnx").write_bytes(detector())
    (other / "recognises.onnx").write_bytes(recogniser() + b"\x32\x00")  # an empty text about it
    names = {InsightFace(pack).name, InsightFace(other).name}
    assert len(names) == 2 and all(name.startswith("insightface-ours-") for name in names)


@pytest.mark.parametrize("files", [{}, {"a.onnx": b""}, {"a.onnx": b"damaged" * 9}, {"a.onnx": recogniser()}])
def test_what_is_no_pack_is_one_sentence(tmp_path: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EngineError, match="pack of InsightFace"):
        InsightFace(tmp_path)


def test_it_is_chosen_by_name_and_its_licence_is_told(pack: Path) -> None:
    told: list[str] = []
    found = build_face_encoder(Settings(face_engine="insightface", face_model=str(pack)), told.append)
    assert found is not None and found.name.startswith("insightface-ours-")
    assert len(told) == 1 and "non-commercial" in told[0]
    with pytest.raises(KithError, match="needs FACE_MODEL"):
        build_face_encoder(Settings(face_engine="insightface"))
    with pytest.raises(KithError, match="no pack"):
        build_face_encoder(Settings(face_engine="insightface", face_model="/nowhere"))


async def test_real_faces_are_told_apart_with_a_real_pack(shared_data: Path) -> None:
    if not (path := os.environ.get("INSIGHTFACE_PACK")):
        pytest.skip("needs a pack of InsightFace, whose folder INSIGHTFACE_PACK names")
    encoder = InsightFace(Path(path))
    vectors = []
    for name in ("004/neutral", "004/smiling", "007/neutral"):
        picture = decode_picture((shared_data / "faces" / "london" / f"{name}.jpg").read_bytes())
        vectors.append(await encoder.embed(picture, (await encoder.find(picture))[0]))
    assert vectors[0] @ vectors[1] > 0.5 > 0.35 > vectors[0] @ vectors[2]

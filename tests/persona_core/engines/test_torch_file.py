"""PyTorch's files read without PyTorch: the numbers are the same, and nothing in them is run."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from persona_core.engines.torch_file import read_tensors
from persona_core.errors import EngineError


class Malicious:
    """What a pickle can do: call whatever it names."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.victim,)


def archive(path: Path, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", content)
    return path


def test_it_reads_what_pytorch_writes(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    whole = torch.arange(24, dtype=torch.float32)
    state = {"a": whole.reshape(2, 3, 4), "part": whole[6:18].reshape(3, 4), "count": torch.tensor(7)}
    torch.save(state, tmp_path / "weights.pt")
    found = read_tensors(tmp_path / "weights.pt")
    assert set(found) == {"a", "part"}
    for name, tensor in found.items():
        assert np.array_equal(tensor, state[name].numpy())


def test_a_tensor_that_does_not_lie_in_one_piece_is_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"a": torch.zeros(3, 4).t()}, tmp_path / "weights.pt")
    with pytest.raises(EngineError, match="verify"):
        read_tensors(tmp_path / "weights.pt")


def test_nothing_that_a_file_names_is_called(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    path = archive(tmp_path / "weights.pt", pickle.dumps({"a": Malicious(victim)}))
    with pytest.raises(EngineError, match="verify"):
        read_tensors(path)
    assert not victim.exists()
    pickle.loads(pickle.dumps(Malicious(victim)))  # it would have worked
    assert victim.exists()


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps(7), pickle.dumps({"a": [1]})[:-3]])
def test_a_damaged_file_is_one_plain_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EngineError, match=r"weights.pt holds no weights"):
        read_tensors(archive(tmp_path / "weights.pt", content))


def test_so_is_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "noise.pt").write_bytes(b"noise")
    for name in ("noise.pt", "absent.pt"):
        with pytest.raises(EngineError, match="verify"):
            read_tensors(tmp_path / name)

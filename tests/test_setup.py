"""``make setup`` on small fake packages: a real virtual environment, a real pip, no network."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tools import machine, torch_build, venv

ROOT = Path(__file__).resolve().parent.parent
posix = pytest.mark.skipif(os.name == "nt", reason="stands on shell tools and signals")

REQUIREMENTS = {
    "requirements.txt": "torch==2.13.0\nalpha==1.0\n",
    "requirements-no-deps.txt": "insightface==2.1\n",
    "requirements-llm.txt": "llama-cpp-python==0.3.36\n",
    "requirements-llm-binary.txt": "xllamacpp==1.0\n",
    "requirements-gpu.txt": "onnxruntime-gpu==1.0\n",
    "requirements-dev.txt": "tester==1.0\n",
}


def wheel(folder: Path, name: str, version: str, *needs: str) -> None:
    """Writes an installable wheel with one module into ``folder``."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{module}.py": f"version = {version!r}\n",
        f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


class Checkout:
    """A folder with the set-up and small requirement files, and an index of fake wheels beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.index, self.bin = folder / "kith", folder / "index", folder / "bin"
        self.python = self.folder / ".venv" / "bin" / "python"

    def make(self) -> Checkout:
        (self.folder / "tools").mkdir(parents=True)
        self.index.mkdir()
        self.bin.mkdir()
        shutil.copy(ROOT / "setup_env.py", self.folder)
        for file in (ROOT / "tools").glob("*.py"):
            shutil.copy(file, self.folder / "tools")
        for name, text in REQUIREMENTS.items():
            (self.folder / name).write_text(text)
        wheel(self.index, "torch", "2.13.0+cpu")
        for name, version in (
            ("alpha", "1.0"),
            ("insightface", "2.1"),
            ("xllamacpp", "1.0"),
            ("tester", "1.0"),
        ):
            wheel(self.index, name, version)
        wheel(self.index, "llama-cpp-python", "0.3.36")
        wheel(self.index, "onnxruntime-gpu", "1.0")
        self.program("apt-get", "exit 100")  # tests install nothing on the system
        return self

    def environment(self, **extra: str) -> dict[str, str]:
        """No index but the fake one, no apt, and whatever stands in ``bin`` first on the path."""
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index), "PIP_CONFIG_FILE": os.devnull}
        return {**os.environ, **offline, "PATH": f"{self.bin}:{os.environ['PATH']}", **extra}

    def set_up(self, *options: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "setup_env.py", *options],
            cwd=self.folder,
            env=self.environment(**extra),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def packages(self) -> set[str]:
        folders = (self.folder / ".venv" / "lib").glob("python3.*/site-packages/*.dist-info")
        return {folder.name.removesuffix(".dist-info") for folder in folders}

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose set-up has gone through once; tests copy it."""
    checkout = Checkout(tmp_path_factory.mktemp("finished")).make()
    result = checkout.set_up()
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    return checkout


@pytest.fixture
def checkout(finished: Checkout, tmp_path: Path) -> Checkout:
    shutil.copytree(finished.folder.parent, tmp_path / "copy", symlinks=True)
    return Checkout(tmp_path / "copy")


@posix
def test_everything_asked_for_is_there_after_set_up(finished: Checkout) -> None:
    assert {"torch-2.13.0+cpu", "alpha-1.0", "insightface-2.1"} <= finished.packages()
    assert "tester-1.0" not in finished.packages()


@posix
def test_a_second_call_starts_no_pip_and_says_nothing(checkout: Checkout) -> None:
    shutil.rmtree(checkout.index)
    result = checkout.set_up()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@posix
def test_only_the_step_whose_file_changed_is_done_again(checkout: Checkout) -> None:
    wheel(checkout.index, "alpha", "2.0")
    (checkout.folder / "requirements.txt").write_text("torch==2.13.0\nalpha==2.0\n")
    result = checkout.set_up()
    assert result.returncode == 0, result.stderr
    assert "alpha-2.0" in checkout.packages()
    assert "] requirements.txt" in result.stderr
    assert "] torch" not in result.stderr


@posix
def test_tools_for_tests_come_only_when_asked_for(checkout: Checkout) -> None:
    assert checkout.set_up("--dev").returncode == 0
    assert "tester-1.0" in checkout.packages()


@posix
def test_what_is_piped_in_reaches_the_program_that_comes_after(checkout: Checkout) -> None:
    (checkout.folder / "requirements.txt").write_text("torch==2.13.0\n# changed: pip has work to do\n")
    after = subprocess.run(
        ["sh", "-c", f"{sys.executable} setup_env.py && cat"],
        cwd=checkout.folder,
        env=checkout.environment(),
        input="Hi Mira\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert after.stdout == "Hi Mira\n", after.stderr
    assert "] requirements.txt" in after.stderr


@posix
def test_a_killed_set_up_goes_through_the_next_time(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path).make()
    child = subprocess.Popen(
        [sys.executable, "setup_env.py"],
        cwd=checkout.folder,
        env=checkout.environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(1.5)  # the virtual environment is half made
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    result = checkout.set_up()
    assert result.returncode == 0, result.stderr
    assert {"torch-2.13.0+cpu", "alpha-1.0", "insightface-2.1"} <= checkout.packages()


@posix
def test_a_package_cut_off_while_it_was_written_is_installed_again(checkout: Checkout) -> None:
    site = next((checkout.folder / ".venv" / "lib").glob("python3.*/site-packages"))
    (site / "alpha.py").unlink()
    (site / "alpha-1.0.dist-info" / "RECORD").write_text("alpha.py,,\n")  # as in the wheel, not pip's own
    (checkout.folder / ".venv" / "kith" / "requirements.txt").unlink()
    result = checkout.set_up()
    assert result.returncode == 0, result.stderr
    assert "alpha-1.0 was not finished" in result.stderr
    assert (site / "alpha.py").is_file()


@pytest.mark.parametrize("damage", ["no stamp", "no python", "another python"])
def test_a_damaged_environment_is_not_taken_for_a_finished_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(venv, "STAMPS", tmp_path)
    monkeypatch.setattr(venv, "PYTHON", Path(sys.executable))
    (tmp_path / "venv").write_text(f"3.{sys.version_info.minor}")
    assert venv.venv_version() == f"3.{sys.version_info.minor}"
    if damage == "no stamp":  # killed while it was made
        (tmp_path / "venv").unlink()
    elif damage == "no python":  # the system's Python was removed
        monkeypatch.setattr(venv, "PYTHON", tmp_path / "python")
    else:  # the system's Python was upgraded under it
        (tmp_path / "venv").write_text("3.5")
    assert venv.venv_version() is None


@posix
def test_a_package_that_cannot_be_had_ends_in_one_sentence_and_keeps_the_rest(checkout: Checkout) -> None:
    (checkout.folder / "requirements.txt").write_text("torch==2.13.0\nabsent==1.0\n")
    result = checkout.set_up()
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Set-up stopped: pip finds nothing that fits")
    assert "torch-2.13.0+cpu" in checkout.packages()


@posix
def test_without_a_compiler_the_ready_made_engine_is_taken(checkout: Checkout) -> None:
    next(checkout.index.glob("llama_cpp_python*")).unlink()
    subprocess.run(
        [checkout.python, "-m", "pip", "uninstall", "-qy", "llama-cpp-python"],
        check=True,
        capture_output=True,
    )
    result = checkout.set_up(CXX="no-such-compiler")
    assert result.returncode == 0, result.stderr
    assert "xllamacpp-1.0" in checkout.packages()
    assert "missing: a C++ compiler" in result.stderr


@posix
def test_a_failed_build_falls_back_to_the_ready_made_engine(checkout: Checkout) -> None:
    next(checkout.index.glob("llama_cpp_python*")).unlink()
    (checkout.folder / "requirements-llm.txt").write_text("llama-cpp-python==0.3.37\n")
    result = checkout.set_up()
    assert result.returncode == 0, result.stderr
    assert "xllamacpp-1.0" in checkout.packages()


@posix
def test_without_ensurepip_the_missing_package_is_named(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".venv")
    hide = "import sys, runpy; sys.modules['ensurepip'] = None; sys.path.insert(0, '.'); "
    result = subprocess.run(
        [sys.executable, "-c", hide + "runpy.run_path('setup_env.py', run_name='__main__')"],
        cwd=checkout.folder,
        env=checkout.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert f"apt-get install -y python3.{sys.version_info.minor}-venv" in result.stderr
    assert "Traceback" not in result.stderr


@posix
def test_with_a_card_the_cuda_build_and_the_gpu_packages_are_taken(checkout: Checkout) -> None:
    checkout.program("nvidia-smi", "echo 'GPU 0: a card'")
    wheel(checkout.index, "nvidia-cublas", "13.0")
    wheel(checkout.index, "torch", "2.13.0+cu130", "nvidia-cublas")
    result = checkout.set_up()
    assert result.returncode == 0, result.stderr
    assert {"torch-2.13.0+cu130", "onnxruntime_gpu-1.0"} <= checkout.packages()
    assert "torch-2.13.0+cpu" not in checkout.packages()
    assert "the CUDA build" in result.stderr
    assert "no nvcc" in result.stderr or shutil.which("nvcc")


def build(kind: str) -> torch_build.Build:
    return torch_build.Build(kind, "2.13.0", [], [])


@pytest.mark.parametrize(
    ("card", "first", "reachable", "own", "chosen"),
    [
        (False, "CPU", False, None, "CPU"),
        (False, "CUDA", True, "CPU", "CPU"),
        (False, "CUDA", False, None, "CUDA"),  # the big one rather than none
        (True, "CUDA", False, None, "CUDA"),
        (True, "CPU", True, "CUDA", "CUDA"),
        (True, "CPU", False, None, "CPU"),
    ],
)
def test_the_build_that_fits_is_looked_for_in_both_indexes(
    monkeypatch: pytest.MonkeyPatch, card: bool, first: str, reachable: bool, own: str | None, chosen: str
) -> None:
    def offered(pin: str, options: list[str]) -> torch_build.Build | None:
        return build(own) if options and own else build(first)

    monkeypatch.setattr(torch_build, "offered", offered)
    monkeypatch.setattr(torch_build, "sizes", lambda urls: dict.fromkeys(urls, 0) if reachable else {})
    assert torch_build.choose_torch("torch==2.13.0", card).kind == chosen


def test_a_size_is_known_for_a_file_and_unknown_where_nobody_answers(tmp_path: Path) -> None:
    file = tmp_path / "a b+c.whl"
    file.write_bytes(b"x" * 321)
    nobody = "http://127.0.0.1:9/torch.whl"
    assert torch_build.sizes([file.as_uri(), nobody]) == {file.as_uri(): 321}


def test_a_full_disk_is_noticed_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 10**9))
    with pytest.raises(venv.SetupError, match=r"about 4 GB of disk and 1\.0 GB are free"):
        machine.check_disk(4)


PINNED = {
    match[1].lower(): match[2]
    for file in ROOT.glob("requirements*.txt")
    for match in re.finditer(r"^([\w.-]+)(?:\[\w+\])?==([\w.+]+)", file.read_text("utf-8"), re.MULTILINE)
}


def test_every_requirement_is_pinned() -> None:
    for file in ROOT.glob("requirements*.txt"):
        asked = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        assert all("==" in line for line in asked), file.name


def test_the_owners_packages_are_all_there() -> None:
    owners = (
        "py-cord davey faster-whisper silero-vad llama-cpp-python transformers torch pynacl redis insightface"
    )
    assert set(owners.split()) | {"onnxruntime", "anthropic"} <= set(PINNED)
    assert "discord-ext-voice-recv is not here" in (ROOT / "requirements.txt").read_text("utf-8")


def test_whatever_the_code_imports_is_required_by_name() -> None:
    providers = packages_distributions()
    missing = set()
    for room in ("bot", "cogs", "local_mode", "memory", "persona_core"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names = [node.module]
                for name in {name.split(".")[0] for name in names} & set(providers):
                    packages = {package.lower().replace("_", "-") for package in providers[name]}
                    if not packages & set(PINNED):
                        missing.add(f"{file.relative_to(ROOT)}: {name}")
    assert missing == set()


def list_amx(folder: Path, monkeypatch: pytest.MonkeyPatch, listed: bool = True) -> None:
    (folder / "cpuinfo").write_text("flags : fpu avx2" + " amx_tile amx_int8" * listed)
    monkeypatch.setattr(machine, "CPUINFO", folder / "cpuinfo")


@posix
@pytest.mark.parametrize(
    ("listed", "working", "flags"),
    [
        (False, ["", machine.KEEPING_TILES], ""),
        (True, ["", machine.KEEPING_TILES], ""),
        (True, [machine.KEEPING_TILES], machine.KEEPING_TILES),
        (True, [], machine.WITHOUT_AMX),
    ],
)
def test_amx_is_used_as_far_as_it_works(
    listed: bool, working: list[str], flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not machine.compiler():
        pytest.skip("needs a C++ compiler")
    list_amx(tmp_path, monkeypatch, listed)
    monkeypatch.setattr(machine, "_tiles_work", working.__contains__)
    assert machine.flags_for_amx() == flags


@posix
def test_the_flags_found_for_this_processor_let_it_clear_a_tile() -> None:
    if not (machine.compiler() and machine.lists_amx()):
        pytest.skip("needs a C++ compiler and a processor with AMX")
    flags = machine.flags_for_amx()
    assert machine._tiles_work(flags) is (flags != machine.WITHOUT_AMX)


@posix
def test_a_compiler_that_knows_no_amx_is_given_no_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_amx(tmp_path, monkeypatch)
    (tmp_path / "cxx").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "cxx").chmod(0o755)
    monkeypatch.setenv("CXX", str(tmp_path / "cxx"))
    assert machine.flags_for_amx() == ""

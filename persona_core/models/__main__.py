"""``python -m persona_core.models list | pull | verify | path``: see and fetch the weights."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from persona_core.errors import KithError
from persona_core.hardware import choose_profile, probe
from persona_core.models.catalogue import Catalogue, Entry, ProfileModels, load_catalogue
from persona_core.models.disk import gigabytes
from persona_core.models.folder import ModelFolder
from persona_core.models.progress import Bars
from persona_core.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 not possible or damaged."""
    try:
        catalogue = load_catalogue()
        options = _parser(catalogue).parse_args(arguments)
        settings = load_settings()
        with Bars() as bars:
            folder = ModelFolder(settings.models_dir, catalogue, settings.model_hub == "on", bars)
            match options.command:
                case "list":
                    return _list(catalogue, folder, options.json)
                case "pull" if options.names:
                    return _pull(folder, options.names)
                case "pull":
                    return _pull_profile(catalogue, folder, options.profile or settings.profile)
                case "verify":
                    return _verify(catalogue, folder, options.names, options.json)
                case _:
                    print(folder.ensure(options.name))
                    return 0
    except KithError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the list has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("Stopped; what was fetched so far is kept.", file=sys.stderr)
        return 130


def _parser(catalogue: Catalogue) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m persona_core.models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="what there is, and what is present")
    pull = commands.add_parser("pull", help="fetch models; without names those of the profile")
    which = pull.add_mutually_exclusive_group()
    which.add_argument("names", nargs="*", default=[], metavar="NAME")
    which.add_argument("--profile", choices=["auto", *catalogue.profiles])
    verify = commands.add_parser("verify", help="hash what is present; without names all of it")
    verify.add_argument("names", nargs="*", metavar="NAME")
    for command in (listing, verify):
        command.add_argument("--json", action="store_true", help="one JSON object on standard output")
    commands.add_parser("path", help="the folder of a model; fetches it if need be").add_argument("name")
    return parser


def _list(catalogue: Catalogue, folder: ModelFolder, as_json: bool) -> int:
    entries = list(catalogue.entries.values())
    if as_json:
        print(json.dumps({"models": [_described(entry, folder) for entry in entries]}))
        return 0
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        state = "present" if folder.present(entry.name) else "-"
        proof = "" if entry.verified else "  (unverified)"
        size = gigabytes(entry.size) if entry.files else ""
        print(f"{state:8} {entry.kind:4} {entry.name:{width}} {size:>8}  {entry.description}{proof}")
    return 0


def _described(entry: Entry, folder: ModelFolder) -> dict[str, object]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "engine": entry.engine,
        "licence": entry.licence,
        "description": entry.description,
        "bytes": entry.size,
        "verified": entry.verified,
        "present": folder.present(entry.name),
        "path": str(folder.folder(entry.name)) if entry.files else None,
    }


def _pull(folder: ModelFolder, names: Sequence[str]) -> int:
    for name in names:
        print(folder.pull(name))
    return 0


def _pull_profile(catalogue: Catalogue, folder: ModelFolder, name: str) -> int:
    why = ""
    if name == "auto":
        name, why = choose_profile(probe())
    print(f"Profile {name}" + (f": {why}" if why else "."), file=sys.stderr)
    for names in _roles(catalogue.profile(name)):
        entry, path = folder.pull_first(names)
        print(path if entry.files else f"{entry.name} (inside its library)")
    return 0


def _roles(profile: ProfileModels) -> tuple[tuple[str, ...], ...]:
    return profile.stt, profile.llm, profile.tts, profile.embed


def _verify(catalogue: Catalogue, folder: ModelFolder, names: Sequence[str], as_json: bool) -> int:
    """Models that were begun and are not complete count as damaged, absent ones do not."""
    begun = [name for name, entry in catalogue.entries.items() if folder.begun(entry.name)]
    problems = {name: folder.verify(name) for name in names or begun}
    if as_json:
        print(json.dumps({"ok": not any(problems.values()), "models": problems}))
    else:
        for name, found in problems.items():
            print("\n".join(found) if found else f"{name}: as it should be.")
        if not problems:
            print("No models are present.")
    return 1 if any(problems.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

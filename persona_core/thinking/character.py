"""Who she is: a readable Markdown file with YAML front matter, or a character card (``cards.py``).

The front matter holds the short facts (name, traits, tastes, voice, greeting), the sections hold prose.
What we do not know in a file is kept in ``extra`` and written back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from persona_core.errors import CharacterError
from persona_core.types import Voice

PERSONAS = Path(__file__).parents[2] / "personas"
MOST_BYTES = {".md": 256_000, ".json": 4_000_000, ".png": 32_000_000}

_FRONT = re.compile(r"\A---\s*\n(.*?)^---\s*$\n?", re.DOTALL | re.MULTILINE)
_SECTION = re.compile(r"^##[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_BACKSTORY, _MANNER, _SCENE, _LINES = "Backstory", "Manner of speaking", "Scene", "Example lines"
_VOICE_LIMITS = {"speed": (0.5, 2.0), "pitch": (-12.0, 12.0), "formant": (0.5, 2.0)}  # as in types.Voice


@dataclass(frozen=True, slots=True)
class Exchange:
    """One example: what somebody said, and how she answered."""

    said: str
    answer: str


@dataclass(frozen=True, slots=True)
class Character:
    name: str
    backstory: str = ""
    traits: tuple[str, ...] = ()
    tastes: tuple[str, ...] = ()
    manner: str = ""  # of speaking
    scene: str = ""  # where she is
    examples: tuple[Exchange, ...] = ()
    greeting: str = ""
    voice: Voice = field(default_factory=Voice)
    extra: Mapping[str, object] = field(default_factory=dict)  # unknown fields of the file, for the way back


def load_character(name_or_path: str) -> Character:
    """The character called so in ``personas/``, or the one in a .md, .json or .png file.

    Raises CharacterError, in one sentence, when there is none or it cannot be read.
    """
    path = Path(name_or_path).expanduser()
    if path.suffix.lower() not in MOST_BYTES and len(path.parts) == 1:
        path = PERSONAS / f"{name_or_path}.md"
    data = read_bytes(path, name_or_path)
    character = _parsed(data, path)
    if any(unicodedata.category(letter) == "Cc" for letter in character.name):
        raise CharacterError(f"{path.name} has a name with control characters in it, which nobody can read.")
    return character


def _parsed(data: bytes, path: Path) -> Character:
    if path.suffix.lower() == ".md":
        return parse_markdown(_decoded(data, path), path.name)
    from persona_core.thinking import cards  # here: it builds on this module, and loads Pillow

    return cards.parse_card(data, path)


def read_bytes(path: Path, asked: str) -> bytes:
    """The file's bytes, its size checked first. Raises CharacterError."""
    most = MOST_BYTES.get(path.suffix.lower())
    if most is None:
        raise CharacterError(f"{asked} is not a character: only .md, .json and .png files can be read.")
    try:
        size = path.stat().st_size
        if size > most:
            raise CharacterError(f"{path.name} has {size} bytes, a {path.suffix} character at most {most}.")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CharacterError(f"There is no character {asked!r}; known are: {', '.join(_known())}.") from error
    except (OSError, ValueError) as error:
        raise CharacterError(f"The character file {path.name} cannot be opened.") from error


def _known() -> list[str]:
    return sorted(path.stem for path in PERSONAS.glob("*.md")) or ["none"]


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise CharacterError(f"{path.name} is not a text file (it should be UTF-8).") from error


def parse_markdown(text: str, source: str = "The character") -> Character:
    """The character in ``text``; ``source`` names it in errors (CharacterError)."""
    front = _FRONT.match(text)
    if not front:
        raise CharacterError(f"{source} has no front matter: it should start with --- and a name.")
    facts = dict(_front_matter(front.group(1), source))
    sections = _sections(text[front.end() :])
    name = one_text(facts.pop("name", ""), "name", source).strip()
    if not name:
        raise CharacterError(f"{source} has no name in its front matter.")
    return Character(
        name=name,
        traits=texts(facts.pop("traits", ()), "traits", source),
        tastes=texts(facts.pop("tastes", ()), "tastes", source),
        greeting=one_text(facts.pop("greeting", ""), "greeting", source),
        voice=parse_voice(facts.pop("voice", {}), source),
        manner=sections.pop(_MANNER, ""),
        scene=sections.pop(_SCENE, ""),
        examples=_exchanges(sections.pop(_LINES, ""), name),
        backstory=_backstory(sections),
        extra=facts,
    )


def write_markdown(character: Character) -> str:
    """The file that ``parse_markdown`` reads back to the same character."""
    front: dict[str, object] = {"name": character.name}
    front |= {"traits": list(character.traits)} if character.traits else {}
    front |= {"tastes": list(character.tastes)} if character.tastes else {}
    front |= {"greeting": character.greeting} if character.greeting else {}
    front |= {"voice": voice_facts(character.voice)} if character.voice != Voice() else {}
    front |= character.extra
    lines = "\n\n".join(f"> {_quoted(e.said)}\n\n{e.answer}" for e in character.examples)
    sections = {
        _BACKSTORY: character.backstory,
        _SCENE: character.scene,
        _MANNER: character.manner,
        _LINES: lines,
    }
    body = "".join(f"\n## {title}\n\n{text}\n" for title, text in sections.items() if text)
    return f"---\n{yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=100)}---\n{body}"


def _front_matter(text: str, source: str) -> Mapping[str, object]:
    try:
        facts = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1  # +1 for ---, +1 to count from 1
        problem = error.problem or "it is not YAML"
        raise CharacterError(
            f"{source} has a mistake in its front matter, line {line}: {problem}."
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise CharacterError(f"{source} has front matter that is not YAML.") from error
    if not isinstance(facts, dict) or not all(isinstance(key, str) for key in facts):
        raise CharacterError(f"{source} has front matter that is not a list of name: value lines.")
    return facts


def _sections(body: str) -> dict[str, str]:
    """Title → text; what stands before the first title belongs to the backstory."""
    parts = _SECTION.split(body)
    found = {_BACKSTORY: parts[0].strip()}
    titles = {title.casefold(): title for title in (_BACKSTORY, _MANNER, _SCENE, _LINES)}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        title = titles.get(heading.casefold(), heading)
        found[title] = "\n\n".join(filter(None, (found.get(title, ""), text.strip())))
    return found


def _backstory(sections: Mapping[str, str]) -> str:
    """The backstory, then the sections we have no other use for, under their own titles."""
    others = [f"## {title}\n\n{text}" for title, text in sections.items() if title != _BACKSTORY]
    return "\n\n".join(filter(None, (sections[_BACKSTORY], *others)))


def _exchanges(text: str, name: str) -> tuple[Exchange, ...]:
    """``> what somebody said``, then her answer, until the next quote."""
    found: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        if line.startswith(">"):
            if not found or found[-1][1]:
                found.append(([], []))
            found[-1][0].append(line[1:].strip())
        elif line.strip() and found:
            found[-1][1].append(line.strip().removeprefix(f"{name}:").strip())
    return tuple(Exchange("\n".join(said), "\n".join(answer)) for said, answer in found if answer)


def _quoted(text: str) -> str:
    return "\n> ".join(text.splitlines())


def one_text(value: object, name: str, source: str) -> str:
    if isinstance(value, str):
        return value
    raise CharacterError(f"{source} has a {name} that is not text.")


def texts(value: object, name: str, source: str) -> tuple[str, ...]:
    """A list of texts, or one text with commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise CharacterError(f"{source} has {name} that are not a list of texts.")


def parse_voice(value: object, source: str) -> Voice:
    """{timbre, speed, pitch, formant}, each within what ``types.Voice`` says. Raises CharacterError."""
    if not isinstance(value, Mapping):
        raise CharacterError(f"{source} has a voice that is not a list of timbre, speed, pitch and formant.")
    if wrong := [str(key) for key in value if key not in ("timbre", *_VOICE_LIMITS)]:
        raise CharacterError(f"{source} has a voice with an unknown {wrong[0]!r}.")
    numbers = {}
    for key, (low, high) in _VOICE_LIMITS.items():
        number = value.get(key, getattr(Voice(), key))
        if isinstance(number, bool) or not isinstance(number, int | float) or not low <= number <= high:
            raise CharacterError(f"{source} has a voice {key} that is not between {low:g} and {high:g}.")
        numbers[key] = float(number)
    return Voice(one_text(value.get("timbre") or "", "timbre", source), **numbers)


def voice_facts(voice: Voice) -> dict[str, object]:
    return {"timbre": voice.timbre, "speed": voice.speed, "pitch": voice.pitch, "formant": voice.formant}

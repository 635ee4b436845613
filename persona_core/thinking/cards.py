"""Character cards: import and export of Character Card V2 and V3, as JSON or inside a PNG.

After the public specifications malfoyslastname/character-card-spec-v2 and kwaroran/character-card-spec-v3.
Fields we do not know, lorebooks and extensions are kept and written back; what a card has no field for
(tastes, manner, voice) goes to its extensions under ``kith``. A card's own system prompt adds to her
manner of speaking; our rules and reply format stay, whatever a card says.

    python -m persona_core.thinking.cards FROM TO [--spec v2|v3] [--picture PNG]     (.md, .json or .png)
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from persona_core.errors import CharacterError, KithError
from persona_core.thinking.card_picture import card_in_picture, picture_with_cards
from persona_core.thinking.character import (
    Character,
    Exchange,
    load_character,
    one_text,
    parse_voice,
    read_bytes,
    texts,
    voice_facts,
    write_markdown,
)
from persona_core.thinking.macros import expand
from persona_core.types import Voice

Spec = Literal["v2", "v3"]
Json = dict[str, object]

OURS = "kith"  # our key among a card's extensions
CARD = "card"  # where Character.extra keeps the card it came from
_FIELDS = {  # a card's field → our attribute
    "name": "name",
    "description": "backstory",
    "personality": "traits",
    "scenario": "scene",
    "first_mes": "greeting",
    "mes_example": "examples",
}
_MORE_TEXTS = (
    "creator_notes", "system_prompt", "post_history_instructions", "creator", "character_version",
)  # fmt: skip
_BACKFILLED = (  # the warning that the V3 specification asks for in the V2 copy beside it
    "This character card is Character Card V3, but it is loaded as a Character Card V2. "
    "Please use a Character Card V3 compatible application to use this character card properly."
)
_LINE = re.compile(r"^[ \t]*([^:\n]{1,60}):[ \t]*", re.MULTILINE)


def parse_card(data: bytes, path: Path) -> Character:
    """The character in the bytes of a .json or .png card. Raises CharacterError, in one sentence."""
    text = card_in_picture(data, path.name) if path.suffix.lower() == ".png" else data
    try:
        card = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CharacterError(f"{path.name} is not a character card: what it holds is not JSON.") from error
    return from_card(card, path.name)


def from_card(card: object, source: str = "The card") -> Character:
    """The character that a card describes; the card itself is kept in ``extra``. Raises CharacterError."""
    if not isinstance(card, dict):
        raise CharacterError(f"{source} is not a character card: it is not a JSON object.")
    return _character(_data(card, source), source, {CARD: card})


def to_card(character: Character, spec: Spec = "v3") -> Json:
    """A card of ``character``: the one it came from where it did, with what has changed since."""
    before = character.extra.get(CARD)
    old = before if isinstance(before, dict) else {}
    old_data = _data(old, "The card") if old else {}
    known = _character(old_data, "The card", {}) if old else Character("")
    data: Json = {**_empty(spec), **old_data}
    for field, attribute in _FIELDS.items():
        if getattr(known, attribute) != getattr(character, attribute):
            data[field] = _field(character, attribute)
    data["extensions"] = _extensions(character, known, old_data)
    outer = {key: value for key, value in old.items() if key not in data} if "data" in old else {}
    return {**outer, "spec": f"chara_card_{spec}", "spec_version": f"{spec[1]}.0", "data": data}


def _data(card: Json, source: str) -> Json:
    """The fields of a V2 or V3 card, or of a V1 card, which has them at the top."""
    data = card.get("data") if "spec" in card else card
    if not isinstance(data, dict) or not isinstance(data.get("name"), str) or not data["name"].strip():
        raise CharacterError(f"{source} is not a character card: it has no name.")
    return data


def _empty(spec: Spec) -> Json:
    data: Json = dict.fromkeys((*_FIELDS, *_MORE_TEXTS), "")
    data |= {"alternate_greetings": [], "tags": [], "extensions": {}}
    return data | ({"group_only_greetings": []} if spec == "v3" else {})


def _character(data: Json, source: str, extra: Mapping[str, object]) -> Character:
    name = _text(data, "nickname", source).strip() or _text(data, "name", source).strip()

    def filled(field: str) -> str:
        return expand(_text(data, field, source), name).strip()

    ours = _ours(data, source)
    orders = "\n".join(filter(None, (filled("system_prompt"), filled("post_history_instructions"))))
    return Character(
        name=name,
        backstory=filled("description"),
        traits=texts(filled("personality"), "personality", source),
        tastes=texts(ours.get("tastes", ()), "tastes", source),
        manner=one_text(ours.get("manner", orders), "manner", source),
        scene=filled("scenario"),
        greeting=filled("first_mes"),
        examples=_exchanges(filled("mes_example"), name),
        voice=parse_voice(ours.get("voice", {}), source),
        extra=extra,
    )


def _text(data: Json, field: str, source: str) -> str:
    value = data.get(field)
    return one_text("" if value is None else value, field, source)


def _ours(data: Json, source: str) -> Json:
    extensions = data.get("extensions") or {}
    ours = extensions.get(OURS, {}) if isinstance(extensions, dict) else None
    if not isinstance(ours, dict):
        raise CharacterError(f"{source} has extensions that are not a JSON object.")
    return ours


def _field(character: Character, attribute: str) -> str:
    if attribute == "traits":
        return ", ".join(character.traits)
    if attribute == "examples":
        return "\n".join(
            f"<START>\n{{{{user}}}}: {e.said}\n{{{{char}}}}: {e.answer}" for e in character.examples
        )
    return str(getattr(character, attribute))


def _extensions(character: Character, known: Character, old_data: Json) -> Json:
    old = old_data.get("extensions")
    extensions: Json = dict(old) if isinstance(old, dict) else {}
    ours = _ours(old_data, "The card") if old_data else {}
    if character.tastes != known.tastes:
        ours = {**ours, "tastes": list(character.tastes)}
    if character.manner != known.manner:
        ours = {**ours, "manner": character.manner}
    if character.voice != known.voice or (not old_data and character.voice != Voice()):
        ours = {**ours, "voice": voice_facts(character.voice)}
    return {**extensions, OURS: ours} if ours else extensions


def _exchanges(text: str, name: str) -> tuple[Exchange, ...]:
    """Pairs of {{user}}: … and {{char}}: … lines; whatever else stands between them is part of a line."""
    pairs: list[Exchange] = []
    for scene in re.split(r"<START>", text, flags=re.IGNORECASE):
        parts = _LINE.split(scene)
        said = ""
        for speaker, words in zip(parts[1::2], parts[2::2], strict=True):
            hers = speaker.strip().casefold() == name.casefold()
            if hers and said:
                pairs.append(Exchange(said, words.strip()))
            said = "" if hers else words.strip()
    return tuple(pairs)


def save_character(character: Character, path: Path, spec: Spec = "v3", picture: Path | None = None) -> None:
    """Write ``character`` as .md, .json or .png; a PNG is drawn onto ``picture`` or a plain one.

    Raises CharacterError, in one sentence.
    """
    match path.suffix.lower():
        case ".md":
            data = write_markdown(character).encode("utf-8", "replace")
        case ".json":
            data = _dumped(to_card(character, spec), indent=2)
        case ".png":
            data = _picture(character, spec, read_bytes(picture, str(picture)) if picture else None)
        case _:
            raise CharacterError(f"{path.name} cannot be written: give a name ending in .md, .json or .png.")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CharacterError(f"{path.name} cannot be written there.") from error


def _picture(character: Character, spec: Spec, onto: bytes | None) -> bytes:
    """V3 puts both chunks, the V2 copy saying that it is one; V2 puts its own alone."""
    v2 = to_card(character, "v2")
    if spec == "v2":
        return picture_with_cards({"chara": _dumped(v2)}, onto)
    data = v2["data"]
    if isinstance(data, dict):
        v2["data"] = {**data, "creator_notes": f"{_BACKFILLED}\n{data['creator_notes'] or ''}".strip()}
    return picture_with_cards({"chara": _dumped(v2), "ccv3": _dumped(to_card(character, "v3"))}, onto)


def _dumped(card: Json, indent: int | None = None) -> bytes:
    return json.dumps(card, indent=indent).encode()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m persona_core.thinking.cards")
    parser.add_argument("source", metavar="FROM", help="a character's name, or a .md, .json or .png file")
    parser.add_argument("target", metavar="TO", type=Path, help="a .md, .json or .png file to write")
    parser.add_argument("--spec", choices=("v2", "v3"), default="v3", help="of the card written (default v3)")
    parser.add_argument("--picture", type=Path, help="a PNG to put the card into")
    given = parser.parse_args(arguments)
    picture = given.picture or (Path(given.source) if Path(given.source).suffix.lower() == ".png" else None)
    try:
        save_character(load_character(given.source), given.target, given.spec, picture)
    except KithError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Cards of other programs are understood, and nothing in them is lost on the way through."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from persona_core.errors import CharacterError
from persona_core.thinking.cards import from_card, main, save_character, to_card
from persona_core.thinking.character import Exchange, load_character
from persona_core.thinking.macros import expand

DATA: dict[str, object] = {
    "name": "Haruhi",
    "description": "{{char}} runs a club. {{user}} is in it.",
    "personality": "loud, bored",
    "scenario": "A club room.",
    "first_mes": "Welcome, {{user}}!",
    "mes_example": "<START>\n{{user}}: hi\n{{char}}: Hello.\n<START>\n<USER>: bye\nHaruhi: Go, then.",
    "creator_notes": "notes",
    "system_prompt": "{{original}} Be loud.",
    "post_history_instructions": "",
    "alternate_greetings": ["Yo"],
    "tags": ["club"],
    "creator": "me",
    "character_version": "1",
    "extensions": {"other/app": {"x": 1}},
    "character_book": {"entries": [], "extensions": {}},
    "from_the_future": [1, None],
}
V2 = {"spec": "chara_card_v2", "spec_version": "2.0", "data": DATA}
V3 = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {**DATA, "nickname": "Haru", "group_only_greetings": [], "assets": []},
}


def chunks(path: Path) -> dict[str, str]:
    with Image.open(path) as picture:
        picture.load()
        return dict(picture.text)  # type: ignore[attr-defined]


def png(path: Path, **texts: str) -> Path:
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    Image.new("RGB", (8, 8), "red").save(path, pnginfo=info)
    return path


def encoded(card: object) -> str:
    return base64.b64encode(json.dumps(card).encode()).decode()


def test_a_card_is_understood() -> None:
    character = from_card(V2)
    assert character.name == "Haruhi"
    assert character.backstory == "Haruhi runs a club. {{user}} is in it."
    assert character.traits == ("loud", "bored")
    assert character.examples == (Exchange("hi", "Hello."), Exchange("bye", "Go, then."))
    assert character.manner == "Be loud."
    assert from_card(V3).name == "Haru"
    assert from_card({"name": "Old", "description": "V1"}).backstory == "V1"


@pytest.mark.parametrize("spec", ["v2", "v3"])
@pytest.mark.parametrize(
    "way", [["a.json"], ["a.png"], ["a.md"], ["a.png", "b.md", "c.json", "d.png", "e.md"]]
)
def test_nothing_is_lost_on_any_way(way: list[str], spec: str, tmp_path: Path) -> None:
    card = V2 if spec == "v2" else V3
    (tmp_path / "card.json").write_text(json.dumps(card))
    at = tmp_path / "card.json"
    for name in [*way, "end.json"]:
        assert main([str(at), str(tmp_path / name), "--spec", spec]) == 0
        at = tmp_path / name
    assert json.loads(at.read_text()) == card


@pytest.mark.parametrize("way", ["a.json", "a.png"])
def test_mira_survives_being_a_card(way: str, tmp_path: Path) -> None:
    mira = load_character("mira")
    save_character(mira, tmp_path / way)
    back = load_character(str(tmp_path / way))
    fields = ("name", "backstory", "traits", "tastes", "manner", "scene", "examples", "greeting", "voice")
    assert {f: getattr(back, f) for f in fields} == {f: getattr(mira, f) for f in fields}


def test_a_picture_holds_both_cards_and_the_newer_one_counts(tmp_path: Path) -> None:
    save_character(from_card(V3), tmp_path / "a.png", "v3")
    found = {name: json.loads(base64.b64decode(text)) for name, text in chunks(tmp_path / "a.png").items()}
    assert found["ccv3"] == V3
    assert found["chara"]["spec"] == "chara_card_v2"
    assert "Character Card V3" in found["chara"]["data"]["creator_notes"]
    both = png(tmp_path / "b.png", chara=encoded(V2), ccv3=encoded(V3))
    assert load_character(str(both)).name == "Haru"


def test_a_picture_keeps_its_pixels_and_its_other_texts(tmp_path: Path) -> None:
    png(tmp_path / "a.png", chara=encoded(V2), Comment="keep me")
    assert main([str(tmp_path / "a.png"), str(tmp_path / "b.png")]) == 0
    assert chunks(tmp_path / "b.png")["Comment"] == "keep me"
    with Image.open(tmp_path / "b.png") as picture:
        assert picture.size == (8, 8)


def test_what_changed_is_written_into_the_card_it_came_from() -> None:
    character = from_card(V3)
    changed = to_card(from_card({**V3, "data": {**V3["data"], "description": "new"}}))  # type: ignore[dict-item]
    assert changed["data"]["description"] == "new"  # type: ignore[index]
    assert to_card(character) == V3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no name"),
        (b'{"spec":"chara_card_v2","data":[]}', "no name"),
        (b'{"spec":"chara_card_v2","data":{"name":"A","description":5}}', "description"),
        (b'{"spec":"chara_card_v2","data":{"name":"A","extensions":[1]}}', "extensions"),
        (
            b'{"spec":"chara_card_v2","data":{"name":"A","extensions":{"kith":{"voice":{"speed":99}}}}}',
            "speed",
        ),
    ],
)
def test_a_malformed_card_is_refused_in_a_sentence(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(CharacterError, match=says) as caught:
        load_character(str(path))
    assert "\n" not in str(caught.value)


def test_a_picture_without_a_whole_card_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    for content in (b"", b"GIF89a", png(path).read_bytes(), png(path, chara="%%%").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(CharacterError):
            load_character(str(path))
    whole = png(path, chara=encoded(V2)).read_bytes()
    for cut in (10, 40, len(whole) // 2):
        path.write_bytes(whole[:cut])
        with pytest.raises(CharacterError):
            load_character(str(path))


def test_the_command_says_what_is_wrong_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mira", str(tmp_path / "mira.gif")]) == 1
    assert main(["mira", str(tmp_path / "nowhere" / "mira.json")]) == 1
    assert main(["nobody", str(tmp_path / "x.json")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_macros_are_replaced_and_the_same_each_time() -> None:
    assert expand("{{CHAR}} <BOT> {{// note}}{{reverse:abc}} {{nope}}<user>", "A") == "A A cba {{user}}"
    assert expand(r"{{random:x\,y}}", "A") == "x,y"
    assert expand("{{roll:d6}} {{pick:a,b,c}}", "A") == expand("{{roll:d6}} {{pick:a,b,c}}", "A")
    assert int(expand("{{roll:6}}", "A")) in range(1, 7)


def test_a_jpeg_is_no_card(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    (tmp_path / "x.png").write_bytes(out.getvalue())
    with pytest.raises(CharacterError, match="PNG"):
        load_character(str(tmp_path / "x.png"))


def test_a_name_that_would_move_the_cursor_is_refused(tmp_path: Path) -> None:
    card = {"spec": "chara_card_v2", "data": {"name": "Ann\x1b[2J\nBob"}}
    (tmp_path / "x.json").write_text(json.dumps(card))
    with pytest.raises(CharacterError, match="control characters"):
        load_character(str(tmp_path / "x.json"))

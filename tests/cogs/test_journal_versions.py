"""What became of a note, and taking all of one's own along: ``/journal history``, ``restore`` and ``export``."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from memory.exchange import bring_in
from memory.roster_update import RosterUpdate
from memory.types import Origin, Scope
from tests.cogs.scene import Scene
from tests.cogs.test_journal import (
    agree,
    changed,
    interact,
    me,
    note,
    written,
)
from tests.discord_server import Interaction
from tests.memory.kept import NOON_S, everything_under

pytestmark = pytest.mark.usefixtures("noon")


def test_a_note_is_seen_in_every_version_and_put_back(scene: Scene) -> None:
    kept = changed(scene, note(scene, "Ann keeps bees.", scene.ann), "Ann keeps goats.")
    text = scene.ask(scene.ann, "/journal history", entry=kept.id)
    assert text.index("Version 2") < text.index("goats") < text.index("Version 1") < text.index("bees")
    assert "now as version 3: Ann keeps bees." in scene.ask(
        scene.ann, "/journal restore", entry=kept.id, version=1
    )
    assert scene.bot.host.memory.journal.read(kept.id).text == "Ann keeps bees."
    assert "bees" in scene.ask(scene.ann, "/journal search", query="bees")
    assert "no version 9" in scene.ask(scene.ann, "/journal restore", entry=kept.id, version=9)


def test_nobody_sees_or_changes_what_is_not_theirs(scene: Scene) -> None:
    bob = scene.guild.add_member("Bob")
    kept = changed(scene, note(scene, "Ann keeps bees.", scene.ann), "Ann keeps goats.")
    for who, entry in (
        (bob, kept.id),
        (scene.ann, "nonsense"),
        (scene.ann, "20990101-000000-000000"),
        (bob, "../x"),
    ):
        for command, options in (("history", {}), ("restore", {"version": 1})):
            text = scene.ask(who, f"/journal {command}", entry=entry, **options)
            assert text == "There is no such note about you."
    assert scene.bot.host.memory.journal.read(kept.id).version == 2
    both = changed(scene, note(scene, "They sing.", scene.ann, bob), "They dance.")
    assert "dance" in scene.ask(bob, "/journal history", entry=both.id)
    assert "about others as well" in scene.ask(bob, "/journal restore", entry=both.id, version=1)


# Taking it along


def exported(answer: Interaction) -> dict[str, str]:
    (file,) = answer.shown[0].attachments
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_an_export_holds_all_that_is_ones_own_and_stands_on_no_disk(scene: Scene, tmp_path: Path) -> None:
    bob = scene.guild.add_member("Bob")
    agree(scene, scene.ann, bob)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    note(scene, "Bob keeps wasps.", bob)
    written(scene, scene.ann, "My zebra is called Quagga.", scene.text)
    written(scene, bob, "My otter is called Lutra.", scene.text)
    roster = scene.bot.host.memory.roster
    roster.met(me(scene.ann), "Ann", NOON_S)
    for about, text in ((scene.ann, "raises a zebra"), (bob, "fears Ann")):
        scope = Scope(Origin.DIRECT, "", (me(scene.ann), me(about)), (me(about),))
        line = {"text": text, "scope": replace(scope, about=tuple(sorted(set(scope.about))))}
        roster.apply(
            RosterUpdate.model_validate({"person": me(scene.ann), "at_s": NOON_S, "history": [line]})
        )
    answer = interact(scene, scene.ann, "/journal export", scene.text)
    files = exported(answer)
    assert set(files) == {
        f"journal/{kept.id[:4]}/{kept.id[4:6]}/{kept.id}.md", "turns.jsonl", "decisions.json", "relationship.md"
    }  # fmt: skip
    assert "1 note, 1 line that you said" in answer.text
    (row,) = map(json.loads, files["turns.jsonl"].splitlines())
    assert row["text"] == "My zebra is called Quagga."
    assert json.loads(files["decisions.json"])["remembering"]["allowed"] is True
    assert "Name: Ann" in files["relationship.md"] and "raises a zebra" in files["relationship.md"]
    whole = "".join(files.values())
    assert "wasps" not in whole and "Lutra" not in whole and "fears" not in whole
    on_disk = everything_under(tmp_path)
    assert b"zebra" not in on_disk and b"bees" not in on_disk and b"turns.jsonl" not in on_disk


def test_what_was_exported_can_be_brought_back(scene: Scene, tmp_path: Path) -> None:
    agree(scene, scene.ann)
    kept = note(scene, "Ann keeps bees.", scene.ann)
    memory = scene.bot.host.memory
    memory.roster.met(me(scene.ann), "Ann", NOON_S)
    files = exported(interact(scene, scene.ann, "/journal export", scene.text))
    assert "relationship.md" in files
    memory.remove_entry(kept.id)
    for name, text in files.items():
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text(text)
    done = bring_in(memory, tmp_path / "out")
    assert (done.entries, done.problems) == (1, ())
    assert [entry.text for entry in memory.journal.entries()] == ["Ann keeps bees."]


def test_of_whom_nothing_is_kept_there_is_nothing_to_export(scene: Scene) -> None:
    assert "I keep nothing of you" in scene.ask(scene.ann, "/journal export")


def test_what_is_too_large_for_discord_is_said_with_the_way_round(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(scene, scene.ann)
    note(scene, "Ann keeps bees.", scene.ann)
    interactions = scene.server.service.interactions
    payload = interactions._payload
    monkeypatch.setattr(
        interactions, "_payload", lambda interaction: payload(interaction) | {"attachment_size_limit": 100}
    )
    answer = interact(scene, scene.ann, "/journal export", scene.text)
    assert f"python -m memory export FILE.zip --for {me(scene.ann)}" in answer.text
    assert not answer.shown[0].attachments

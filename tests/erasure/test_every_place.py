"""No place, way in or way out without a word of its own: whoever makes another one adds it here, and to ``routes.py``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from memory.consent import Purpose
from tests.cogs.policy import rows
from tests.erasure.forgettings import FORGETTINGS
from tests.erasure.routes import ROUTES
from tests.erasure.searching import DISK, KEPT, LOGS, MESSAGES, PAGES, RAM, REDIS_FILES, TERMS
from tests.erasure.story import Story

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "erasure.md"
NO_WORDS = "ids, times and choices; no words"

TABLES = {  # of the database; numbers of parts are left out
    "turns": "said in a call, with captions",
    "documents": "said in a call, with captions",
    "vectors": "said in a call, with captions",
    "words": "said in a call, with captions",
    "words_counted": "said in a call, with captions",
    "person_values": "a line of the roster",  # and prints, and encounters
    "store_queue": "a line of the roster",  # while the Redis that it is to go to is away
    **dict.fromkeys(("turn_scopes", "scopes", "parts", "keys", "vault"), NO_WORDS),
    **dict.fromkeys(("consent", "told", "posts", "modes", "tombstones", "store_state"), NO_WORDS),
    **dict.fromkeys(
        ("words_data", "words_idx", "words_docsize", "words_config", "words_content"), "FTS5's own"
    ),
    **dict.fromkeys(("sqlite_sequence", "sqlite_stat1"), "SQLite's own"),
}
FILES = {  # in the data folder, beside its key: what they are called
    "memory.sqlite3": "the tables",
    "memory.sqlite3-wal": "the tables",
    "memory.sqlite3-shm": "where in the log a page lies",
    "journal/…/ID.md.sealed": "notes",
    "journal/…/ID.md": "notes, with JOURNAL_ENCRYPTION=off",
    "journal/.versions/…/ID.N.md.sealed": "versions of notes",
    "journal/.versions/…/ID.N.md": "the same, with JOURNAL_ENCRYPTION=off",
    **dict.fromkeys(
        ("journal/.lock", "journal/.listeners-hidden", "in-use.lock", "key.json", "key"), NO_WORDS
    ),
    "key.forgotten": NO_WORDS,
    "page-token": "what opens the page",
}
REDIS = {  # what is called what in the folder of a Redis that is the store: see test_redis.py
    "dump.rdb": "what is known of people, sealed",
    "appendonlydir/appendonly.aof.N.base.rdb": "the same",
    "appendonlydir/appendonly.aof.N.incr.aof": "the same",
    "appendonlydir/appendonly.aof.manifest": NO_WORDS,
    "log": NO_WORDS,
}
PLACES = {  # of memory.forgetting, each with a way in whose words lie there
    "turns": "said in a call, with captions",
    "journal": "/journal add",
    "index": "said in a call, with captions",
    "profile": "a line of her profile",
    "roster": "a line of the roster",
    "voices": "a print of their voice",
    "faces": "a print of their face",
    "encounters": "said when they were met",
}
RESTS_ON = {  # a yes to each: what is kept because of it, or that nothing is yet
    Purpose.HEARING: "said in a call, with captions",
    Purpose.REMEMBERING: "written to her alone",
    Purpose.VOICE: "a print of their voice",
    Purpose.FACE: "a print of their face",
    Purpose.TRAINING: "",
}
ASKING = {  # modules that only ask about, or take back, what nothing rests on yet
    *(
        "memory/consent.py",
        "memory/forget.py",
        "cogs/privacy.py",
        "cogs/consent_panel.py",
        "cogs/deciding.py",
    ),
}
NOT_THERE_YET = {  # what is to come, and has to be searched then
    "persona_core/training": "data sets, and what is exported for training",
}
WRITING = {  # modules that write files, or could: where the words go
    **dict.fromkeys(("memory/database.py", "memory/words.py"), "the tables"),
    "memory/journal_files.py": "notes and their versions",
    "memory/adopting.py": "reads what an earlier version kept, and removes it: decisions and ids",
    **dict.fromkeys(
        ("memory/master.py", "memory/rekeying.py", "memory/syncing.py", "memory/tombstones.py"), NO_WORDS
    ),
    "memory/exchange.py": "a file that somebody asked for, where they wanted it (python -m memory export)",
    "memory/editor.py": "what is being edited, in RAM, overwritten in the end (python -m memory edit)",
    "memory/__main__.py": "prints",
    "cogs/overlay/guard.py": "what opens the page",
    "local_mode/vtube_studio_api.py": "what opens VTube Studio",
    **dict.fromkeys(("local_mode/console.py", "local_mode/slash.py"), "prints, or a file that was asked for"),
    "persona_core/thinking/cards.py": "characters, which are nobody's words",
    **{
        f"persona_core/{name}.py": "models' weights"
        for name in (
            *("engines/bert", "engines/tiles", "engines/torch_file", "engines/xvectors", "models/__main__"),
            *("models/disk", "models/hub", "models/wheels"),
        )
    },
}
EXITS = {  # modules that write to Discord
    "cogs/replies.py": "her answer in a channel",
    "cogs/transcription.py": "her answer aloud, with captions",
    "cogs/actions.py": "posted by herself",
    **dict.fromkeys(
        (
            "cogs/calls.py",
            "cogs/listening.py",
            "cogs/notice_board.py",
            "cogs/spoken_commands.py",
            "cogs/terms.py",
            "cogs/overlay/overlay.py",
        ),
        "sentences of the house",
    ),
}
TAKES_WORDS = {  # commands with a text of one's own, and forms
    "/journal add": "/journal add",
    "/journal search": "keeps nothing of it but in RAM, which is searched",
    "/memory edit": "/memory edit, after",
    "/relationship me": "put right in /relationship",
    "/memory review": "/memory edit, after",
    "/face enrol": "a print of their face",
    "Remember this": "Remember this",
    "Forget this": "forgotten by the menu of a message",
}
_WRITES = re.compile(
    r"write_bytes\(|write_text\(|os\.open\(|\.open\(\s*\"[rb]*[wax+]|write_secret\(|\.touch\(|sqlite3?\.connect|mkstemp|"
    r"mkdtemp|NamedTemporary|TemporaryDirectory|np\.save|soundfile\.write|copyfile|shutil\.copy|ZipFile\(|sqlcipher"
)
_POSTS = re.compile(r"host\.(?:post|write_to|announce|tell_owner|react)\(")
_NAMES = {route.name for route in ROUTES}


def modules(*rooms: str) -> Iterator[tuple[str, str]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def test_every_table_is_known(sealed: Story) -> None:
    there = {re.sub(r"_\d+", "", name) for name in sealed.tables}
    assert there - set(TABLES) == set(), "say here what it holds, and give it a word in routes.py"
    assert {"turns", "documents", "vectors", "words", "person_values"} <= there


def test_every_file_is_known(story: Story) -> None:
    there = {re.sub(r"\.\d{4}\.", ".N.", name) for name in story.files}
    assert there - set(FILES) == set(), "say here what it holds, and give it a word in routes.py"


def test_every_place_where_something_of_people_is_kept_has_a_word(sealed: Story) -> None:
    assert set(sealed.places) == set(PLACES)
    assert set(PLACES.values()) <= _NAMES


@pytest.mark.parametrize("purpose", Purpose)
def test_what_rests_on_every_purpose_has_a_word_or_is_not_there(purpose: Purpose) -> None:
    if name := RESTS_ON[purpose]:
        assert name in _NAMES
        return
    asking = {
        path
        for path, text in modules("memory", "cogs", "bot", "local_mode", "persona_core")
        if f"Purpose.{purpose.name}" in text
    }
    assert asking <= ASKING, f"something rests on {purpose}: give it a word in routes.py"


@pytest.mark.parametrize("path", NOT_THERE_YET)
def test_what_is_not_there_yet_is_searched_when_it_comes(path: str) -> None:
    folder = ROOT / path
    there = folder.is_file() or any(folder.rglob("*.py"))
    assert not there, f"{NOT_THERE_YET[path]}: give it a word in routes.py, then take it from this list"


def test_every_module_that_writes_files_is_known() -> None:
    writing = {
        path
        for path, text in modules("memory", "cogs", "bot", "local_mode", "persona_core")
        if _WRITES.search(text)
    }
    assert writing - set(WRITING) == set(), "say here what it writes; if words, give them a word in routes.py"


def test_every_module_that_posts_is_known() -> None:
    posting = {path for path, text in modules("cogs") if _POSTS.search(text)}
    assert posting - set(EXITS) == set(), "say here what it posts; if words, give them a word in routes.py"


def test_every_command_that_takes_words_has_one() -> None:
    taking = set(TAKES_WORDS)
    for _, text in modules("cogs"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.AsyncFunctionDef) and (group := _command(node)):
                taking |= {f"/{group} {node.name}"}
    assert taking - set(TAKES_WORDS) == set(), "give it a word in routes.py"
    assert set(TAKES_WORDS) <= set(rows())


def _command(node: ast.AsyncFunctionDef) -> str:
    """The group of a command with an option that holds a text of one's own."""
    group = ""
    free = False
    for one in node.decorator_list:
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            if one.func.attr == "command" and isinstance(one.func.value, ast.Name):
                group = one.func.value.id
            if one.func.attr == "option":
                named = {keyword.arg for keyword in one.keywords}
                a_text = any(isinstance(value, ast.Name) and value.id == "str" for value in one.args)
                free |= a_text and not named & {"choices", "autocomplete", "parameter_name"}
    return group if free else ""


def test_the_page_names_every_place_and_every_way_to_forget() -> None:
    page = PAGE.read_text("utf-8")
    for name in (
        *(one.name for one in FORGETTINGS),
        DISK,
        PAGES,
        KEPT,
        TERMS,
        MESSAGES,
        RAM,
        LOGS,
        REDIS_FILES,
    ):
        assert name in page, name
    for path in NOT_THERE_YET:
        assert path in page, path
    figures = re.search(r"erasure: (\d+) words", page)
    assert figures and int(figures[1]) == len(ROUTES)

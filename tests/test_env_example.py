from __future__ import annotations

from pathlib import Path

from persona_core.settings import example, load_settings

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"


def test_the_example_lists_every_setting_as_the_code_has_it() -> None:
    assert EXAMPLE.read_text("utf-8") == example(), (
        "write it anew: python -m persona_core.settings > .env.example"
    )


def test_the_example_as_it_is_changes_nothing() -> None:
    assert load_settings({}, EXAMPLE) == load_settings({}, None)


def test_the_example_uncommented_is_made_of_the_defaults(tmp_path: Path) -> None:
    given = tmp_path / ".env"
    lines = EXAMPLE.read_text("utf-8").splitlines()
    given.write_text("\n".join(line.removeprefix("#") for line in lines if not line.startswith("# ")))
    assert load_settings({}, given) == load_settings({}, None)

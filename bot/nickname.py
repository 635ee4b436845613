"""The mark beside her name while she listens. Pure."""

from __future__ import annotations

MARK = " 👂"
MOST_CHARACTERS = 32  # of a nickname, Discord's limit


def marked(nickname: str | None, name: str) -> str:
    """Her nickname while she listens; ``name`` is what she is called without one."""
    return (nickname or name).removesuffix(MARK)[: MOST_CHARACTERS - len(MARK)] + MARK


def unmarked(nickname: str | None, name: str) -> str | None:
    """Her nickname when she has stopped; None for none."""
    plain = (nickname or "").removesuffix(MARK)
    return plain if plain not in ("", name[: MOST_CHARACTERS - len(MARK)]) else None

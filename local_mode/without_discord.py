"""What cogs ask of a host and only Discord has, as it is answered at the desk."""

from __future__ import annotations

from collections.abc import Sequence, Set

from cogs.host import Place, Refusal, User
from memory.posts import Post


class WithoutDiscord:
    """A part of ``cogs.host.Host``."""

    def is_for_her(self, message: object) -> bool:
        return True

    def manages(self, asker: User, place: Place) -> bool:
        return True

    def is_owner(self, user: User) -> bool:
        return True

    def moderates(self, user: User, channel: object) -> bool:
        return True

    def lacking(self, place: Place) -> Sequence[str]:
        return ()

    def readable(self, person_ids: Set[str], place_keys: Set[str]) -> frozenset[str]:
        """Who can read which channel is known in Discord only."""
        return frozenset()

    async def look_up_readers(self, person_ids: Set[str], place_keys: Set[str]) -> None:
        """There are no channels."""

    async def retract(self, place: Place, announcement: Post, text: str) -> None:
        """Whoever ended the call knows."""

    async def draw_buttons(self, post: Post, view: object) -> None:
        """What has been shown here stays as it is."""

    async def show_typing(self, place: Place) -> None:
        """There is nobody who would wait without seeing it."""

    async def react(self, post: Post, emoji: str) -> None:
        raise Refusal("There is nothing to react to at the desk.")

    async def write_to(self, person_id: str, text: str) -> Post:
        raise Refusal("I cannot write to anybody from the desk.")

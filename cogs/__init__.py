"""What people touch: one file per family of commands, each thin. They run under any ``Host``."""

from __future__ import annotations

from cogs.actions import Actions
from cogs.answers import KithCog
from cogs.catchup import CatchUp
from cogs.encounters import Encounters
from cogs.forget import Forget
from cogs.host import Host
from cogs.journal import Journal
from cogs.listening import Listening
from cogs.memories import Memories
from cogs.menus import Menus
from cogs.overlay import Overlay
from cogs.privacy import Privacy
from cogs.relationships import Relationships
from cogs.replies import Replies
from cogs.spoken_commands import SpokenCommands
from cogs.status import Status
from cogs.taken_back import TakenBack
from cogs.transcription import Transcription
from cogs.turn_taking import TurnTaking
from cogs.voice import Voice


def all_cogs(host: Host) -> list[KithCog]:
    """Every cog, for ``host``."""
    kinds = (
        Listening,
        TurnTaking,
        Privacy,
        Voice,
        Transcription,
        Replies,
        Actions,
        Status,
        Journal,
        CatchUp,
        Memories,
        Menus,
        Forget,
        Relationships,
        SpokenCommands,
        TakenBack,
    )
    page = Overlay(host)
    return [*(kind(host) for kind in kinds), page, Encounters(host, page)]

"""A Discord-compatible server for tests. README.md says what it does and where it refuses."""

from .errors import NotPossible
from .faults import Network, Sending
from .hearing import Heard
from .interactions import Interaction
from .members import SimulatedMember, Speech
from .permissions import Permission
from .server import DiscordServer
from .state import Channel, Message

__all__ = [
    "Channel",
    "DiscordServer",
    "Heard",
    "Interaction",
    "Message",
    "Network",
    "NotPossible",
    "Permission",
    "Sending",
    "SimulatedMember",
    "Speech",
]

"""What can be made to go wrong between the voice server and the bots, and in how a member sends.

Session faults (closing, op 7, op 9, downgrades) are methods of `server.DiscordServer`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class Network:
    """Faults of the path to the bots, as shares (0…1) of datagrams. The same seed does the same."""

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0  # held back until the next one has gone
    corrupt: float = 0.0  # one byte flipped
    seed: int = 1
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    corrupted: int = 0
    delivered: int = 0  # datagrams put on the socket, duplicates included
    _random: random.Random = field(init=False, repr=False)
    _held: dict[object, bytes] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def through(self, datagram: bytes, receiver: object) -> list[bytes]:
        """What arrives in place of this datagram, in order."""
        out = self._one(datagram, receiver)
        self.delivered += len(out)
        return out

    def _one(self, datagram: bytes, receiver: object) -> list[bytes]:
        held = self._held.pop(receiver, None)
        before = [held] if held else []
        chance = self._random.random
        if self.loss and chance() < self.loss:
            self.lost += 1
            return before
        if self.corrupt and chance() < self.corrupt:
            self.corrupted += 1
            at = self._random.randrange(len(datagram))
            datagram = datagram[:at] + bytes([datagram[at] ^ 0x55]) + datagram[at + 1 :]
        if self.duplicate and chance() < self.duplicate:
            self.duplicated += 1
            return [datagram, datagram, *before]
        if self.reorder and not held and chance() < self.reorder:
            self.reordered += 1
            self._held[receiver] = datagram
            return []
        return [datagram, *before]


@dataclass
class Sending:
    """How one member's packets look and when others are told who they are. The defaults are a desktop client's."""

    extension_words: int | None = 2  # 32-bit words in the header extension; None for no extension
    padding_share: float = 0.05  # of packets with RTP padding
    payload_type: int = 0x78
    other_payload_share: float = 0.0  # of extra packets of another payload type (video, say) in between
    first_sequence: int | None = None  # 0…65535; None for a random one
    speaking_delay: float = 0.0  # seconds from the first RTP packet to op 5; 0 sends op 5 first
    tell_speaking: bool = True  # False: op 5 is never sent
    silence_frames: int = 5
    encrypt: bool = True  # False: plain Opus although the call has DAVE
    garble_share: float = 0.0  # of frames whose Opus bytes are random, encrypted as they should be

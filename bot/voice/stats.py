"""What happened to every datagram and message, for /status. No words, no names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class VoiceStats:
    """Counts since the call began."""

    datagrams: int = 0
    # refused before anybody's key was used
    not_rtp: int = 0
    other_payload: int = 0
    truncated: int = 0
    forged: int = 0
    replayed: int = 0
    bad_extension: int = 0
    bad_padding: int = 0
    empty: int = 0
    # who is it
    held: int = 0  # kept for two seconds because it was not known whose, or not yet readable
    replayed_from_hold: int = 0
    expired: int = 0  # nobody claimed it in time
    refused: int = 0  # of people she may not hear; never decrypted end to end, never decoded
    undecryptable: int = 0  # end-to-end decryption failed
    # one person's stream
    duplicates: int = 0
    late: int = 0
    lost: int = 0
    concealed: int = 0
    resyncs: int = 0
    bad_opus: int = 0
    frames: int = 0
    frames_dropped: int = 0  # the listener was too slow
    # what she says
    sent: int = 0
    unsent: int = 0  # sound given up because the call could not carry it for too long
    # the connection
    malformed: int = 0  # messages of the wrong shape
    resumes: int = 0
    reconnects: int = 0
    dave_recoveries: int = 0

    @classmethod
    def of(cls, counts: Counter[str]) -> VoiceStats:
        return cls(**{field.name: counts[field.name] for field in fields(cls)})

"""DAVE, Discord's end-to-end encryption: the group's messages in, what to answer out. No socket.

The cryptography is davey's; here is the protocol around it: when keys change, when she may speak, and
what to do when it goes wrong. Written after https://daveprotocol.com/; numbers without a source are ours.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection

import davey

from bot.voice.messages import Incoming, Malformed, Op, Outgoing, integer
from bot.voice.packets import SILENCE

PASSTHROUGH_S = 10  # after an upgrade, plaintext that is still on its way is taken so long
FAILURES = 36  # frames in a row that do not decrypt: the group has diverged (discord.js has the same)
RECOVERY_PAUSE_S = 10.0  # so that one broken sender cannot keep everybody's keys in motion
EXECUTE_S = 0.5  # how long sound is kept back for the others to have the new keys as well

PLAINTEXT = 0  # the protocol version of a call without end-to-end encryption
HIGHEST = davey.DAVE_PROTOCOL_VERSION


class Dave:
    """One call's end-to-end encryption. ``now`` is a monotonic clock in seconds."""

    def __init__(
        self, user_id: int, channel_id: int, counts: Counter[str], now: Callable[[], float] = time.monotonic
    ) -> None:
        self.version = PLAINTEXT  # of the sound that is sent now
        self.key_changes = 0  # grows whenever something unreadable may have become readable
        self._user_id = user_id
        self._channel_id = channel_id
        self._counts = counts
        self._now = now
        self._session: davey.DaveSession | None = None
        self._group_version = PLAINTEXT  # of the group that exists or is being made
        self._external_sender: bytes | None = None
        self._welcome_due = False  # somebody is to be added by the proposals of this epoch
        self._transitions: dict[int, int] = {}  # prepared: id → version
        self._last_transition = 0
        self._keep_back_until = 0.0
        self._failures = 0
        self._recovered_at = float("-inf")

    @property
    def may_speak(self) -> bool:
        """Whether what is sent now can be understood by the others, and by nobody else."""
        if self.version == PLAINTEXT:
            return True
        return self._session is not None and self._session.ready and self._now() >= self._keep_back_until

    @property
    def privacy_code(self) -> str | None:
        """The digits Discord shows to everybody when nobody listens in; None: the call is plain, or not ready."""
        if self.version == PLAINTEXT or self._session is None or not self._session.ready:
            return None
        return self._session.voice_privacy_code

    def begin(self, version: int) -> list[Outgoing]:
        """The session description has come. Raises Malformed."""
        self.version = _known(version)
        return self._new_group(version)

    def handle(self, message: Incoming, known_users: Collection[int]) -> list[Outgoing]:
        """Take one of the messages 21 to 30. Raises Malformed; nothing else, whatever it holds."""
        match message.op, message.data:
            case Op.DAVE_PREPARE_TRANSITION, dict() as data:
                return self._prepare(
                    integer(data, "transition_id", 0, 0xFFFF), integer(data, "protocol_version")
                )
            case Op.DAVE_EXECUTE_TRANSITION, dict() as data:
                return self._execute(_transition(data))
            case Op.DAVE_PREPARE_EPOCH, dict() as data:
                return self._epoch(integer(data, "epoch"), integer(data, "protocol_version"))
            case Op.MLS_EXTERNAL_SENDER, bytes() as payload:
                return self._sender(payload)
            case Op.MLS_PROPOSALS, bytes() as payload:
                return self._proposals(payload, known_users)
            case ((Op.MLS_ANNOUNCE_COMMIT | Op.MLS_WELCOME), bytes() as payload):
                return self._next_epoch(Op(message.op), payload)
        raise Malformed(f"op {message.op}")

    def encrypt(self, frame: bytes) -> bytes | None:
        """``frame`` as it may be sent; None: not now."""
        if not self.may_speak:
            return None
        if self.version == PLAINTEXT or frame == SILENCE or self._session is None:
            return frame
        try:
            return self._session.encrypt_opus(frame)
        except ValueError:
            return None

    def decrypt(self, user_id: int, payload: bytes) -> bytes | None:
        """The Opus frame in ``payload``; None: it is not ``user_id``'s, or cannot be read now."""
        session = self._session
        if session is None:
            return payload if self.version == PLAINTEXT else None
        try:
            frame = session.decrypt(user_id, davey.MediaType.audio, payload)
        except ValueError:
            self._counts["undecryptable"] += 1
            self._failures += session.ready
            return None
        self._failures = 0
        return frame

    def recover(self) -> list[Outgoing]:
        """Ask for a new group when nothing has been readable for too long; call after failures."""
        if self._failures < FAILURES or self._now() - self._recovered_at < RECOVERY_PAUSE_S:
            return []
        self._recovered_at = self._now()
        return self._invalid(self._last_transition)

    def _new_group(self, version: int) -> list[Outgoing]:
        """A new, empty group; Discord's server then proposes to add us to the one of the call."""
        self._failures = 0
        self._welcome_due = False
        self._group_version = _known(version)
        if version == PLAINTEXT:
            self._session = None
            return []
        if self._session is None:
            self._session = davey.DaveSession(version, self._user_id, self._channel_id)
            if self._external_sender is not None:
                self._set_sender(self._session, self._external_sender)
        else:
            self._session.reinit(version, self._user_id, self._channel_id)
        if self.version == PLAINTEXT:  # an upgrade: until it is executed all is plaintext
            self._session.set_passthrough_mode(True)
        return [Outgoing(Op.MLS_KEY_PACKAGE, self._session.get_serialized_key_package())]

    def _prepare(self, transition: int, version: int) -> list[Outgoing]:
        self._transitions[transition] = _known(version)
        if transition == 0:
            return self._execute(0)
        if version == PLAINTEXT and self._session is not None:
            self._session.set_passthrough_mode(True)
        return [_ready(transition)]

    def _execute(self, transition: int) -> list[Outgoing]:
        version = self._transitions.pop(transition, None)
        if version is None:  # never prepared, or done already
            return []
        self._keep_back_until = 0.0
        self._last_transition = transition
        if self.version == PLAINTEXT and version != PLAINTEXT and self._session is not None:
            self._session.set_passthrough_mode(False, PASSTHROUGH_S)
        self.version = version
        self.key_changes += 1
        return []

    def _epoch(self, epoch: int, version: int) -> list[Outgoing]:
        return self._new_group(version) if epoch == 1 else []

    def _sender(self, payload: bytes) -> list[Outgoing]:
        self._external_sender = payload  # it may come before the session description
        if self._session is not None:
            self._set_sender(self._session, payload)
        return []

    def _set_sender(self, session: davey.DaveSession, payload: bytes) -> None:
        try:
            session.set_external_sender(payload)
        except ValueError:  # nonsense, or a group that has its sender already: the group goes on
            self._counts["malformed"] += 1

    def _proposals(self, payload: bytes, known_users: Collection[int]) -> list[Outgoing]:
        if self._session is None or not payload or payload[0] > 1:
            raise Malformed("proposals")
        kinds = davey.ProposalsOperationType
        kind = kinds.revoke if payload[0] else kinds.append
        try:  # only people of this call may be added
            answer = self._session.process_proposals(kind, payload[1:], [*known_users, self._user_id])
        except ValueError as error:
            raise Malformed("proposals") from error
        # davey 0.1.7 makes no Welcome where its last message held no Add though an earlier one did; such a
        # commit would shut out who is added. Another member's is taken then, as whenever ours is not the first.
        self._welcome_due = answer is not None and (self._welcome_due or answer.welcome is not None)
        if answer is None or (self._welcome_due and answer.welcome is None):
            return []
        return [Outgoing(Op.MLS_COMMIT_WELCOME, answer.commit + (answer.welcome or b""))]

    def _next_epoch(self, op: Op, payload: bytes) -> list[Outgoing]:
        if self._session is None or len(payload) < 2:
            raise Malformed(op.name)
        transition = int.from_bytes(payload[:2], "big")
        try:
            if op is Op.MLS_WELCOME:
                self._session.process_welcome(payload[2:])
            else:
                self._session.process_commit(payload[2:])
        except ValueError:
            return self._invalid(transition)
        self.key_changes += 1
        self._failures = 0
        self._welcome_due = False
        self._transitions[transition] = self._group_version
        if transition == 0:
            return self._execute(0)
        self._keep_back_until = self._now() + EXECUTE_S  # davey has the new keys, the others may not yet
        return [_ready(transition)]

    def _invalid(self, transition: int) -> list[Outgoing]:
        self._counts["dave_recoveries"] += 1
        told = Outgoing(Op.MLS_INVALID_COMMIT, {"transition_id": transition})
        return [told, *self._new_group(self._group_version)]


def _known(version: int) -> int:
    if not PLAINTEXT <= version <= HIGHEST:
        raise Malformed("protocol version")
    return version


def _transition(data: object) -> int:
    return integer(data, "transition_id", 0, 0xFFFF)


def _ready(transition: int) -> Outgoing:
    return Outgoing(Op.DAVE_TRANSITION_READY, {"transition_id": transition})

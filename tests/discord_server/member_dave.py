"""A simulated member's end of DAVE, by either of two independent implementations: davey (Rust) or libdave (Discord's own).

Both do what a client does on ops 4, 21, 22, 24, 25, 27, 29 and 30, and answer with 23, 26, 28 and 31.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections import Counter
from datetime import timedelta
from typing import Any, Protocol

import dave as libdave
import davey

SILENCE = b"\xf8\xff\xfe"
READY, KEY_PACKAGE, COMMIT, INVALID = 23, 26, 28, 31
GRACE = 10  # seconds for which what came before a transition is still decrypted


class Link(Protocol):
    """The way to the voice server."""

    def answer(self, op: int, data: Any) -> None: ...

    def answer_binary(self, op: int, payload: bytes) -> None: ...

    def in_call(self) -> set[int]:
        """User ids of everyone in the call, oneself included."""
        ...


class MemberDave(ABC):
    """The protocol, the same for both; subclasses bring the cryptography."""

    def __init__(self, user_id: int, channel_id: int, link: Link) -> None:
        self.user_id = user_id
        self.channel_id = channel_id
        self.link = link
        self.version = 0
        self.counts: Counter[str] = Counter()
        self._pending: dict[int, int] = {}  # transition → version

    def begin(self, version: int) -> None:
        """After op 4, and again whenever a new group is made (op 24, epoch 1)."""
        self.version = version
        if version:
            self._reset()
            self.link.answer_binary(KEY_PACKAGE, self._key_package())

    def json(self, op: int, data: Any) -> None:
        if op == 24 and data["epoch"] == 1:
            self.begin(data["protocol_version"])
        elif op == 21:
            self._pending[data["transition_id"]] = data["protocol_version"]
            if data["protocol_version"] == 0:
                self._accept_plain(True)
            if data["transition_id"] == 0:
                self._execute(0)
            else:
                self.link.answer(READY, {"transition_id": data["transition_id"]})
        elif op == 22:
            self._execute(data["transition_id"])

    def binary(self, op: int, payload: bytes) -> None:
        if op == 25:
            self._external_sender(payload)
        elif op == 27:
            if answer := self._proposals(payload):
                self.counts["commits"] += 1
                self.link.answer_binary(COMMIT, answer)
        elif op in (29, 30):
            number = struct.unpack(">H", payload[:2])[0]
            if (self._commit if op == 29 else self._welcome)(payload[2:]):
                self._pending[number] = max(self.version, 1)
                if number:
                    self.link.answer(READY, {"transition_id": number})
            else:
                self.counts["invalid"] += 1
                self.link.answer(INVALID, {"transition_id": number})
                self.begin(self.version)

    def _execute(self, number: int) -> None:
        version = self._pending.pop(number, None)
        if version is None:
            return
        self.counts["transitions"] += 1
        self.version = version
        self._accept_plain(version == 0)
        self._use_new_keys()

    @property
    @abstractmethod
    def ready(self) -> bool:
        """Whether what one sends is encrypted."""

    @property
    @abstractmethod
    def epoch_authenticator(self) -> bytes | None:
        """The same for all who are in the same epoch of the same group."""

    @abstractmethod
    def encrypt(self, ssrc: int, frame: bytes) -> bytes:
        """An Opus frame as the others get it; plain while there is no group."""

    @abstractmethod
    def decrypt(self, user_id: int, payload: bytes) -> bytes | None:
        """Somebody's Opus frame, or None if it cannot be decrypted."""

    @abstractmethod
    def _reset(self) -> None: ...

    @abstractmethod
    def _key_package(self) -> bytes: ...

    @abstractmethod
    def _external_sender(self, package: bytes) -> None: ...

    @abstractmethod
    def _proposals(self, payload: bytes) -> bytes | None: ...

    @abstractmethod
    def _commit(self, commit: bytes) -> bool: ...

    @abstractmethod
    def _welcome(self, welcome: bytes) -> bool: ...

    @abstractmethod
    def _accept_plain(self, plain: bool) -> None: ...

    @abstractmethod
    def _use_new_keys(self) -> None:
        """At a transition's execution."""


class DaveyMember(MemberDave):
    """By davey, the library the bot uses."""

    def __init__(self, user_id: int, channel_id: int, link: Link) -> None:
        super().__init__(user_id, channel_id, link)
        self.session = davey.DaveSession(1, user_id, channel_id)

    @property
    def ready(self) -> bool:
        return self.version > 0 and self.session.ready

    @property
    def epoch_authenticator(self) -> bytes | None:
        return self.session.get_epoch_authenticator()

    def encrypt(self, ssrc: int, frame: bytes) -> bytes:
        return self.session.encrypt_opus(frame) if self.ready else frame

    def decrypt(self, user_id: int, payload: bytes) -> bytes | None:
        if self.version == 0 or payload == SILENCE:
            return payload
        try:
            return self.session.decrypt(user_id, davey.MediaType.audio, payload)
        except ValueError:
            return None

    def _reset(self) -> None:
        self.session.reinit(1, self.user_id, self.channel_id)

    def _key_package(self) -> bytes:
        return self.session.get_serialized_key_package()

    def _external_sender(self, package: bytes) -> None:
        self.session.set_external_sender(package)

    def _proposals(self, payload: bytes) -> bytes | None:
        kinds = davey.ProposalsOperationType
        kind = kinds.revoke if payload[0] else kinds.append
        try:
            result = self.session.process_proposals(kind, payload[1:], list(self.link.in_call()))
        except ValueError:  # the commit that covers it will be refused, and then op 31 follows
            self.counts["proposals refused"] += 1
            return None
        return result.commit + (result.welcome or b"") if result else None

    def _commit(self, commit: bytes) -> bool:
        return self._tried(self.session.process_commit, commit)

    def _welcome(self, welcome: bytes) -> bool:
        return self._tried(self.session.process_welcome, welcome)

    def _tried(self, process: Any, data: bytes) -> bool:
        try:
            process(data)
        except ValueError:
            return False
        return True

    def _accept_plain(self, plain: bool) -> None:
        self.session.set_passthrough_mode(plain, GRACE)

    def _use_new_keys(self) -> None:
        """Davey takes them when it processes the commit."""


class LibdaveMember(MemberDave):
    """By libdave, which is what Discord's own clients use."""

    def __init__(self, user_id: int, channel_id: int, link: Link) -> None:
        super().__init__(user_id, channel_id, link)
        self.session = libdave.Session()
        self._external: bytes | None = None
        self._encryptor = libdave.Encryptor()
        self._decryptors: dict[int, Any] = {}

    @property
    def ready(self) -> bool:
        return self.version > 0 and self._encryptor.has_key_ratchet()

    @property
    def epoch_authenticator(self) -> bytes | None:
        return self.session.get_last_epoch_authenticator()

    def encrypt(self, ssrc: int, frame: bytes) -> bytes:
        if not self.ready or frame == SILENCE:
            return frame
        self._encryptor.assign_ssrc_to_codec(ssrc, libdave.Codec.opus)
        sealed = self._encryptor.encrypt(libdave.MediaType.audio, ssrc, frame)
        return frame if sealed is None else bytes(sealed)

    def decrypt(self, user_id: int, payload: bytes) -> bytes | None:
        if self.version == 0 or payload == SILENCE:
            return payload
        decryptor = self._decryptors.get(user_id)
        opened = decryptor.decrypt(libdave.MediaType.audio, payload) if decryptor else None
        return None if opened is None else bytes(opened)

    def _reset(self) -> None:
        self.session.init(1, self.channel_id, str(self.user_id), None)
        if self._external:
            self.session.set_external_sender(self._external)

    def _key_package(self) -> bytes:
        return bytes(self.session.get_marshalled_key_package() or b"")

    def _external_sender(self, package: bytes) -> None:
        self._external = package
        self.session.set_external_sender(package)

    def _known(self) -> set[str]:
        return {str(i) for i in self.link.in_call()}

    def _proposals(self, payload: bytes) -> bytes | None:
        answer = self.session.process_proposals(payload, self._known())
        return bytes(answer) if answer else None

    def _commit(self, commit: bytes) -> bool:
        roster = self.session.process_commit(commit)
        return isinstance(roster, dict) and self._take_keys()

    def _welcome(self, welcome: bytes) -> bool:
        return self.session.process_welcome(welcome, self._known()) is not None and self._take_keys()

    def _take_keys(self) -> bool:
        """Others may send with the new keys from now on, so decryption knows both."""
        for user_id in self.link.in_call() - {self.user_id}:
            if ratchet := self.session.get_key_ratchet(str(user_id)):
                decryptor = self._decryptors.setdefault(user_id, libdave.Decryptor())
                decryptor.transition_to_key_ratchet(ratchet, timedelta(seconds=GRACE))
        return True

    def _use_new_keys(self) -> None:
        own = self.session.get_key_ratchet(str(self.user_id)) if self.version else None
        self._encryptor.set_key_ratchet(own)

    def _accept_plain(self, plain: bool) -> None:
        self._encryptor.set_passthrough_mode(plain)
        for decryptor in self._decryptors.values():
            decryptor.transition_to_passthrough_mode(plain, timedelta(seconds=GRACE))


class WithoutDave(MemberDave):
    """Somebody whose client never sends a key package: in the channel, but not in the encrypted group.

    Cheap, for channels of a hundred people of whom few matter.
    """

    ready = False
    epoch_authenticator = None

    def begin(self, version: int) -> None:
        self.version = version

    def binary(self, op: int, payload: bytes) -> None:
        """Nothing of it is understood."""

    def encrypt(self, ssrc: int, frame: bytes) -> bytes:
        return frame

    def decrypt(self, user_id: int, payload: bytes) -> bytes | None:
        return payload if self.version == 0 or payload == SILENCE else None

    def _reset(self) -> None: ...

    def _key_package(self) -> bytes:
        return b""

    def _external_sender(self, package: bytes) -> None: ...

    def _proposals(self, payload: bytes) -> bytes | None: ...

    def _commit(self, commit: bytes) -> bool:
        return False

    def _welcome(self, welcome: bytes) -> bool:
        return False

    def _accept_plain(self, plain: bool) -> None: ...

    def _use_new_keys(self) -> None: ...


IMPLEMENTATIONS: dict[str, type[MemberDave]] = {
    "davey": DaveyMember,
    "libdave": LibdaveMember,
    "none": WithoutDave,
}

"""The part of MLS (RFC 9420) that a voice server needs: reading key packages and commits, signing external proposals.

Ciphersuite 2: P-256, AES-128-GCM, SHA-256. The server is in no group and knows no secrets; it only proposes who is added
and removed, and follows which member holds which leaf.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CIPHERSUITE = 2
PUBLIC_MESSAGE = struct.pack(">HH", 1, 1)  # MLS 1.0, PublicMessage
SENDER_MEMBER, SENDER_EXTERNAL = 1, 2
CONTENT_PROPOSAL, CONTENT_COMMIT = 2, 3
ADD, REMOVE = 1, 3


class Malformed(ValueError):
    """Bytes that are no such MLS structure."""


def vector(data: bytes) -> bytes:
    """`<V>`: the length as a variable-size integer, then the data."""
    size = len(data)
    if size < 1 << 6:
        return bytes([size]) + data
    if size < 1 << 14:
        return struct.pack(">H", size | 1 << 14) + data
    return struct.pack(">I", size | 2 << 30) + data


class Reader:
    """Reads MLS structures from the front of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise Malformed("too short")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self) -> bytes:
        first = self.number(1)
        size = first & 0x3F
        for _ in range((0, 1, 3)[first >> 6] if first >> 6 < 3 else 99):
            size = size << 8 | self.number(1)
        return self.take(size)

    def done(self) -> bool:
        return self.at == len(self.data)

    def leaf_node(self) -> LeafNode:
        """A LeafNode of any source; its extensions and signature are passed over."""
        start = self.at
        self.vector()  # encryption key
        signature_key = self.vector()
        if self.number(2) != 1:
            raise Malformed("not a basic credential")
        identity = self.vector()
        for _ in range(5):  # capabilities
            self.vector()
        source = self.number(1)
        if source == 1:
            self.take(16)  # lifetime
        elif source == 3:
            self.vector()  # parent hash
        self.vector()  # extensions
        content = self.data[start : self.at]
        return LeafNode(identity, signature_key, content, self.vector())


@dataclass(frozen=True)
class LeafNode:
    identity: bytes
    signature_key: bytes
    content: bytes  # what is signed
    signature: bytes


@dataclass(frozen=True)
class KeyPackage:
    """A member's offer to be added. `data` is the bare KeyPackage."""

    data: bytes
    identity: bytes

    @classmethod
    def parse(cls, data: bytes) -> KeyPackage:
        """Checks the version, the ciphersuite and both signatures; Malformed if any is wrong."""
        reader = Reader(data)
        if reader.number(2) != 1 or reader.number(2) != CIPHERSUITE:
            raise Malformed("wrong MLS version or ciphersuite")
        reader.vector()  # init key
        leaf = reader.leaf_node()
        reader.vector()  # extensions
        content = data[: reader.at]
        signature = reader.vector()
        if not reader.done():
            raise Malformed("something follows the key package")
        verify(leaf.signature_key, "LeafNodeTBS", leaf.content, leaf.signature)
        verify(leaf.signature_key, "KeyPackageTBS", content, signature)
        return cls(data, leaf.identity)


@dataclass(frozen=True)
class Commit:
    """What a server can read in a commit: who made it, on which epoch, for which proposals."""

    message: bytes  # the whole MLSMessage
    group_id: bytes
    epoch: int
    leaf: int
    references: list[bytes]
    rest: bytes  # a raw Welcome, or nothing

    @classmethod
    def parse(cls, data: bytes) -> Commit:
        reader = Reader(data)
        if reader.take(4) != PUBLIC_MESSAGE:
            raise Malformed("not a PublicMessage")
        group_id, epoch = reader.vector(), reader.number(8)
        if reader.number(1) != SENDER_MEMBER:
            raise Malformed("not sent by a member")
        leaf = reader.number(4)
        reader.vector()  # authenticated data
        if reader.number(1) != CONTENT_COMMIT:
            raise Malformed("not a commit")
        references = _references(Reader(reader.vector()))
        if reader.number(1):
            reader.leaf_node()
            reader.vector()  # the path's nodes
        for _ in range(3):  # signature, confirmation tag, membership tag
            reader.vector()
        return cls(data[: reader.at], group_id, epoch, leaf, references, data[reader.at :])


def _references(reader: Reader) -> list[bytes]:
    found = []
    while not reader.done():
        if reader.number(1) != 2:
            raise Malformed("a proposal by value")
        found.append(reader.vector())
    return found


@dataclass(frozen=True)
class Proposal:
    """An Add or a Remove of ours, ready to be sent."""

    user_id: int
    message: bytes
    reference: bytes
    removes_leaf: int | None = None
    package: KeyPackage | None = None  # of an Add


@dataclass
class ExternalSender:
    """The server's signing key, which every group names as its one external sender."""

    identity: bytes = bytes(8)
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def package(self) -> bytes:
        """The payload of op 25: signature key, basic credential."""
        public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return vector(public) + struct.pack(">H", 1) + vector(self.identity)

    def propose_add(self, group_id: bytes, epoch: int, user_id: int, package: KeyPackage) -> Proposal:
        body = struct.pack(">H", ADD) + package.data
        return replace(self._propose(group_id, epoch, body, user_id), package=package)

    def propose_remove(self, group_id: bytes, epoch: int, user_id: int, leaf: int) -> Proposal:
        body = struct.pack(">HI", REMOVE, leaf)
        return replace(self._propose(group_id, epoch, body, user_id), removes_leaf=leaf)

    def _propose(self, group_id: bytes, epoch: int, body: bytes, user_id: int) -> Proposal:
        content = vector(group_id) + struct.pack(">QBI", epoch, SENDER_EXTERNAL, 0) + vector(b"")
        content += bytes([CONTENT_PROPOSAL]) + body
        # An external sender signs without the GroupContext, which it does not know.
        signature = vector(self._sign("FramedContentTBS", PUBLIC_MESSAGE + content))
        authenticated = PUBLIC_MESSAGE[2:] + content + signature
        reference = hash_reference("Proposal Reference", authenticated)
        return Proposal(user_id, PUBLIC_MESSAGE + content + signature, reference)

    def _sign(self, label: str, content: bytes) -> bytes:
        return self._key.sign(_labelled(label, content), ec.ECDSA(hashes.SHA256()))


def verify(public_key: bytes, label: str, content: bytes, signature: bytes) -> None:
    """Malformed unless `public_key` (an uncompressed point) made this signature."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
        key.verify(signature, _labelled(label, content), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise Malformed(f"the signature of {label} is wrong") from None


def hash_reference(label: str, value: bytes) -> bytes:
    """RFC 9420, 5.2."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(vector(b"MLS 1.0 " + label.encode()) + vector(value))
    return digest.finalize()


def _labelled(label: str, content: bytes) -> bytes:
    return vector(b"MLS 1.0 " + label.encode()) + vector(content)

"""The encryption between a client and the voice server: the two `*_rtpsize` modes Discord offers.

Authenticated but readable: the 12 header bytes, the CSRCs, and the 4-byte preamble of a header extension. Encrypted: the
extension's body and the payload. A 4-byte nonce follows, padded with zeros to 24 (XChaCha20) or 12 bytes (AES-GCM).
"""

from __future__ import annotations

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl import bindings
from nacl.exceptions import CryptoError

XCHACHA = "aead_xchacha20_poly1305_rtpsize"
AES_GCM = "aead_aes256_gcm_rtpsize"
MODES = (AES_GCM, XCHACHA)  # as Discord lists them


class NotAuthentic(Exception):
    """A datagram that was not sealed with this key, or is no RTP."""


def header_size(packet: bytes) -> int:
    """How many leading bytes stay readable; NotAuthentic if it is no RTP packet."""
    if len(packet) < 12 or packet[0] >> 6 != 2:
        raise NotAuthentic("not RTP")
    return 12 + 4 * (packet[0] & 0x0F) + (4 if packet[0] & 0x10 else 0)


class Cipher:
    """One direction's nonce counter and one connection's key (32 bytes)."""

    def __init__(self, mode: str, key: bytes) -> None:
        self.mode = mode
        self.key = key
        self._nonce = 0
        self._aes = AESGCM(key) if mode == AES_GCM else None

    def seal(self, header: bytes, body: bytes) -> bytes:
        """`header` readable, `body` encrypted, then the nonce."""
        nonce = struct.pack(">I", self._nonce)
        self._nonce = (self._nonce + 1) & 0xFFFFFFFF
        if self._aes:
            return header + self._aes.encrypt(nonce + bytes(8), body, header) + nonce
        sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            body, header, nonce + bytes(20), self.key
        )
        return header + sealed + nonce

    def open(self, packet: bytes) -> tuple[bytes, bytes]:
        """(readable header, decrypted body). NotAuthentic for anything else."""
        size = header_size(packet)
        if len(packet) < size + 20:
            raise NotAuthentic("too short")
        header, sealed, nonce = packet[:size], packet[size:-4], packet[-4:]
        try:
            if self._aes:
                return header, self._aes.decrypt(nonce + bytes(8), sealed, header)
            opened = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed, header, nonce + bytes(20), self.key
            )
        except (InvalidTag, CryptoError):
            raise NotAuthentic("wrong key or changed bytes") from None
        return header, opened

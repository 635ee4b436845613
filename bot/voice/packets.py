"""Datagrams ↔ RTP packets and their transport encryption. Pure, and total on any input.

A datagram is a 12-byte RTP header, up to 15 contributing sources, perhaps the 4-byte head of an
extension, then what is encrypted: the extension's body, the payload and padding. Header and extension
head are authenticated. The 16-byte tag and a 4-byte nonce follow. Discord calls this layout ``rtpsize``.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from nacl import bindings
from nacl.exceptions import CryptoError, UnavailableError

AUDIO = 0x78  # the payload type of Opus; others are video and its repair
SILENCE = b"\xf8\xff\xfe"  # an Opus frame of silence; never end-to-end encrypted
FRAME_SAMPLES = 960  # 20 ms at 48 kHz, the step of an RTP timestamp
TAG_BYTES = 16
NONCE_BYTES = 4  # as sent; the rest of the cipher's nonce is zero
REPLAY_WINDOW = 16_384  # nonces remembered: 13 s of 25 people talking at once

HEADER = struct.Struct(">BBHII")
NONCE = struct.Struct(">I")


class Rejection(StrEnum):
    """Why a datagram is not a packet of audio. The values name fields of ``VoiceStats``."""

    NOT_RTP = "not_rtp"
    OTHER_PAYLOAD = "other_payload"
    TRUNCATED = "truncated"
    FORGED = "forged"  # does not decrypt with the current key
    REPLAYED = "replayed"
    BAD_EXTENSION = "bad_extension"
    BAD_PADDING = "bad_padding"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class RtpPacket:
    sequence: int  # 16 bits, wraps
    timestamp: int  # samples at 48 kHz, 32 bits, wraps
    ssrc: int  # names the sender within a voice session
    payload: bytes  # transport-decrypted: an Opus frame, usually still end-to-end encrypted


@dataclass(frozen=True, slots=True)
class Mode:
    """One of Discord's transport encryptions."""

    name: str
    nonce_bytes: int
    encrypt: Callable[[bytes, bytes, bytes, bytes], bytes]  # message, additional data, nonce, key
    decrypt: Callable[[bytes, bytes, bytes, bytes], bytes]


AES = Mode(
    "aead_aes256_gcm_rtpsize",
    bindings.crypto_aead_aes256gcm_NPUBBYTES,
    bindings.crypto_aead_aes256gcm_encrypt,
    bindings.crypto_aead_aes256gcm_decrypt,
)
XCHACHA = Mode(
    "aead_xchacha20_poly1305_rtpsize",
    bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    bindings.crypto_aead_xchacha20poly1305_ietf_encrypt,
    bindings.crypto_aead_xchacha20poly1305_ietf_decrypt,
)
KEY_BYTES = 32  # of both


def _aes_in_hardware() -> bool:
    try:
        AES.encrypt(b"", b"", bytes(AES.nonce_bytes), bytes(KEY_BYTES))
    except UnavailableError:
        return False
    return True


# Discord always offers XChaCha20 and prefers AES where the processor has it.
MODES = {mode.name: mode for mode in ((AES, XCHACHA) if _aes_in_hardware() else (XCHACHA,))}


class Unsealer:
    """Opens datagrams with one key; remembers nonces, so that a replayed datagram is refused."""

    def __init__(self, mode: Mode, key: bytes) -> None:
        self._mode = mode
        self._key = key
        self._nonce_padding = bytes(mode.nonce_bytes - NONCE_BYTES)
        self._seen: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def open(self, datagram: bytes) -> RtpPacket | Rejection:
        """The packet in ``datagram``, or why there is none. Never raises."""
        if len(datagram) < HEADER.size or datagram[0] >> 6 != 2:
            return Rejection.NOT_RTP
        first, second, sequence, timestamp, ssrc = HEADER.unpack_from(datagram)
        if second & 0x7F != AUDIO:
            return Rejection.OTHER_PAYLOAD
        extended = bool(first & 0x10)
        clear = HEADER.size + 4 * (first & 0x0F) + 4 * extended
        if len(datagram) < clear + TAG_BYTES + NONCE_BYTES:
            return Rejection.TRUNCATED
        body = self._decrypt(datagram, clear)
        if isinstance(body, Rejection):
            return body
        payload = _strip(body, _extension_bytes(datagram, clear) if extended else 0, bool(first & 0x20))
        if isinstance(payload, Rejection):
            return payload
        return RtpPacket(sequence, timestamp, ssrc, payload)

    def _decrypt(self, datagram: bytes, clear: int) -> bytes | Rejection:
        nonce = datagram[-NONCE_BYTES:]
        if nonce in self._seen:
            return Rejection.REPLAYED
        try:
            body = self._mode.decrypt(
                datagram[clear:-NONCE_BYTES], datagram[:clear], nonce + self._nonce_padding, self._key
            )
        except CryptoError:
            return Rejection.FORGED
        self._remember(nonce)
        return body

    def _remember(self, nonce: bytes) -> None:
        self._seen.add(nonce)
        self._order.append(nonce)
        if len(self._order) > REPLAY_WINDOW:
            self._seen.discard(self._order.popleft())


def _extension_bytes(datagram: bytes, clear: int) -> int:
    words: int = struct.unpack_from(">H", datagram, clear - 2)[0]
    return 4 * words


def _strip(body: bytes, extension: int, padded: bool) -> bytes | Rejection:
    """``body`` without the extension in front and the padding behind."""
    if extension > len(body):
        return Rejection.BAD_EXTENSION
    end = len(body)
    if padded:
        padding = body[-1] if body else 0
        if not 0 < padding <= end - extension:
            return Rejection.BAD_PADDING
        end -= padding
    return body[extension:end] or Rejection.EMPTY


class Sealer:
    """Numbers and seals what is sent. A nonce is never used twice with a key: one Sealer per key."""

    def __init__(self, mode: Mode, key: bytes, ssrc: int, sequence: int = 0) -> None:
        self.sequence = sequence  # of the next datagram; goes on under a new key
        self._mode = mode
        self._key = key
        self._ssrc = ssrc
        self._nonce_padding = bytes(mode.nonce_bytes - NONCE_BYTES)
        self._nonce = 0

    def seal(self, payload: bytes, timestamp: int) -> bytes:
        """The next datagram; ``timestamp`` is in samples at 48 kHz and may exceed 32 bits."""
        header = HEADER.pack(0x80, AUDIO, self.sequence, timestamp & 0xFFFFFFFF, self._ssrc)
        nonce = NONCE.pack(self._nonce)  # 2**32 frames take three years
        self.sequence = (self.sequence + 1) & 0xFFFF
        self._nonce += 1
        return header + self._mode.encrypt(payload, header, nonce + self._nonce_padding, self._key) + nonce

"""Datagrams in both transport encryptions, well-formed and not."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice.packets import AES, MODES, XCHACHA, Mode, Rejection, RtpPacket, Sealer, Unsealer

KEY = bytes(range(32))
modes = pytest.mark.parametrize("mode", [AES, XCHACHA], ids=lambda mode: mode.name)


def datagram(
    mode: Mode,
    body: bytes = b"opus",
    *,
    nonce: int = 1,
    sources: int = 0,
    extension_words: int | None = None,
    padding: int = 0,
    payload_type: int = 0x78,
    key: bytes = KEY,
) -> bytes:
    first = 0x80 | sources | (0x10 if extension_words is not None else 0) | (0x20 if padding else 0)
    clear = struct.pack(">BBHII", first, payload_type, 7, 960, 42) + b"\1\2\3\4" * sources
    if extension_words is not None:
        clear += struct.pack(">HH", 0xBEDE, extension_words)
        body = b"\x10\xff\x20\xee" * extension_words + body
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    tail = struct.pack(">I", nonce)
    return clear + mode.encrypt(body, clear, tail + bytes(mode.nonce_bytes - 4), key) + tail


@modes
@pytest.mark.parametrize("extension_words", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 4, 255])
@pytest.mark.parametrize("sources", [0, 1, 15])
def test_every_shape_of_packet_gives_its_bare_payload(
    mode: Mode, extension_words: int | None, padding: int, sources: int
) -> None:
    shaped = datagram(mode, extension_words=extension_words, padding=padding, sources=sources)
    assert Unsealer(mode, KEY).open(shaped) == RtpPacket(7, 960, 42, b"opus")


@modes
def test_the_marker_bit_changes_nothing(mode: Mode) -> None:
    assert isinstance(Unsealer(mode, KEY).open(datagram(mode, payload_type=0xF8)), RtpPacket)


@modes
@pytest.mark.parametrize("payload_type", [0x65, 0x66, 0x67, 200, 201])
def test_video_and_control_packets_are_refused_before_decryption(mode: Mode, payload_type: int) -> None:
    wrong_key = datagram(mode, payload_type=payload_type, key=bytes(32))
    assert Unsealer(mode, KEY).open(wrong_key) is Rejection.OTHER_PAYLOAD


@modes
def test_a_packet_of_another_key_is_forged(mode: Mode) -> None:
    assert Unsealer(mode, KEY).open(datagram(mode, key=bytes(32))) is Rejection.FORGED


@modes
def test_any_flipped_bit_is_refused(mode: Mode) -> None:
    whole = datagram(mode, extension_words=1)
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        if bit // 8 == 1 and bit % 8 == 7:
            continue  # the marker is authenticated too, but let this test not depend on how
        assert isinstance(Unsealer(mode, KEY).open(bytes(flipped)), Rejection), bit


@modes
def test_every_truncation_is_refused(mode: Mode) -> None:
    whole = datagram(mode, extension_words=2, padding=9, sources=3)
    for length in range(len(whole)):
        assert isinstance(Unsealer(mode, KEY).open(whole[:length]), Rejection)


@modes
def test_a_replayed_datagram_is_refused(mode: Mode) -> None:
    unsealer = Unsealer(mode, KEY)
    assert isinstance(unsealer.open(datagram(mode)), RtpPacket)
    assert unsealer.open(datagram(mode)) is Rejection.REPLAYED


@modes
def test_a_forged_datagram_does_not_use_up_the_nonce_of_a_true_one(mode: Mode) -> None:
    unsealer = Unsealer(mode, KEY)
    assert unsealer.open(datagram(mode, key=bytes(32))) is Rejection.FORGED
    assert isinstance(unsealer.open(datagram(mode)), RtpPacket)


@modes
def test_an_extension_longer_than_the_packet_is_refused(mode: Mode) -> None:
    clear = struct.pack(">BBHIIHH", 0x90, 0x78, 7, 960, 42, 0xBEDE, 500)
    sealed = clear + mode.encrypt(b"short", clear, bytes(mode.nonce_bytes), KEY) + bytes(4)
    assert Unsealer(mode, KEY).open(sealed) is Rejection.BAD_EXTENSION


@modes
@pytest.mark.parametrize("body", [b"", b"\0", b"abc\0", b"abc\5", b"\xff"])
def test_impossible_padding_is_refused(mode: Mode, body: bytes) -> None:
    clear = struct.pack(">BBHII", 0xA0, 0x78, 7, 960, 42)
    sealed = clear + mode.encrypt(body, clear, bytes(mode.nonce_bytes), KEY) + bytes(4)
    assert Unsealer(mode, KEY).open(sealed) is Rejection.BAD_PADDING


@modes
def test_nothing_but_padding_is_empty(mode: Mode) -> None:
    assert Unsealer(mode, KEY).open(datagram(mode, b"", padding=4)) is Rejection.EMPTY


@modes
@given(
    head=st.binary(max_size=40),
    body=st.binary(max_size=80),
    first=st.integers(0x80, 0xBF),
)
def test_whatever_is_validly_encrypted_gives_a_packet_or_a_reason(
    mode: Mode, head: bytes, body: bytes, first: int
) -> None:
    clear = 12 + 4 * (first & 15) + (4 if first & 0x10 else 0)
    header = (bytes([first, 0x78]) + head).ljust(clear, b"\0")[:clear]
    sealed = header + mode.encrypt(body, header, bytes(mode.nonce_bytes), KEY) + bytes(4)
    assert isinstance(Unsealer(mode, KEY).open(sealed), RtpPacket | Rejection)


@modes
def test_what_is_sealed_opens_again_and_counts_up(mode: Mode) -> None:
    sealer, unsealer = Sealer(mode, KEY, ssrc=9, sequence=0xFFFF), Unsealer(mode, KEY)
    opened = [unsealer.open(sealer.seal(b"x", 0xFFFFFFFF + 960 * n)) for n in range(3)]
    assert opened == [
        RtpPacket(0xFFFF, 0xFFFFFFFF, 9, b"x"),
        RtpPacket(0, 959, 9, b"x"),
        RtpPacket(1, 1919, 9, b"x"),
    ]


def test_aes_is_preferred_where_the_processor_has_it() -> None:
    assert list(MODES)[-1] == XCHACHA.name
    assert len(MODES) == 1 or next(iter(MODES)) == AES.name

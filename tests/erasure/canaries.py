"""Made-up words, each for one way in, and how they are found again in whatever form bytes may hold them.

All end in the same letters, which stand nowhere else; the three before these tell them apart. So each is known also
where an index of words writes only how a word differs from the one before.
"""

from __future__ import annotations

import base64
import gzip
import re
import unicodedata
import zlib
from collections.abc import Iterator
from urllib.parse import quote

TAIL = "quovix"
_BEGIN = ("kv", "zl", "vr", "zw", "gv")
_CONSONANTS, _VOWELS = "bdfghjklmnprstvwz", "aiöue"
_MOST = len(_CONSONANTS) * len(_VOWELS)
_TELLING = 3  # letters before TAIL, by which a word is known
_BEFORE = 16  # characters of a word before TAIL, at most, however they are written
_INFLATED = 4_000_000  # bytes of one compressed stream that are looked at
_DEEP = 3  # compressed in compressed in …

_LOWER = TAIL.encode()
_WIDE = re.compile(rb"\0{1,3}".join(re.escape(bytes([one])) for one in _LOWER))
_HEX = re.compile(rb"(?:[0-9a-f]{2}){8,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_STREAMS = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04")
_BASE64_TAILS = tuple(  # as it stands there wherever it begins, but for the letters that share their bits with others
    base64.b64encode(b"\0" * before + _LOWER)[(before * 8 + 5) // 6 : -4] for before in range(3)
)

_BASE64_STREAMS = (b"eJ", b"H4sI", b"UEsD")  # how zlib, gzip and zip begin there


def canary(number: int) -> str:
    """The word with this number, as a sentence holds it; the same each time."""
    if not 0 <= number < _MOST:
        raise ValueError("there are no more of these")
    consonant, vowel = _CONSONANTS[number % len(_CONSONANTS)], _VOWELS[number // len(_CONSONANTS)]
    begin, end = _BEGIN[number % len(_BEGIN)], _CONSONANTS[number * 7 % len(_CONSONANTS)]
    return f"{begin}{'aou'[number % 3]}{consonant}{vowel}{end}{TAIL}".capitalize()


def folded(word: str) -> str:
    """Without capitals and accents: as an index of words writes it."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(one for one in plain if not unicodedata.combining(one))


class Words:
    """Finds every one of ``words`` in bytes; which form it has does not matter."""

    def __init__(self, words: list[str]) -> None:
        self._heads: dict[bytes, str] = {}
        for word in words:
            head = word.casefold().removesuffix(TAIL)[-_TELLING:]
            written = (
                head.encode(),
                head.upper().encode().lower(),
                folded(head).encode(),
                head.encode("latin-1"),
                unicodedata.normalize("NFD", head).encode(),
                head.encode("ascii", "backslashreplace"),
                head.encode("ascii", "xmlcharrefreplace"),
                re.sub(r"\\x(..)", r"\\u00\1", head.encode("ascii", "backslashreplace").decode()).encode(),
                quote(head).lower().encode(),
            )
            for form in written:
                if self._heads.setdefault(form, word) != word:
                    raise ValueError(f"{word} is not told apart from {self._heads[form]}")

    def within(self, data: bytes) -> set[str]:
        """What stands there; a word with TAIL that is none of them is named as it is."""
        return {word for view in _views(data, _DEEP) for word in self._plainly(view)}

    def _plainly(self, view: bytes) -> Iterator[str]:
        at = view.find(_LOWER)
        while at >= 0:
            before = view[max(0, at - 2 * _BEFORE) : at]
            found = next((word for form, word in self._heads.items() if before.endswith(form)), None)
            yield found or f"?{before[-6:].decode('latin-1')}{TAIL}"
            at = view.find(_LOWER, at + 1)


def _views(data: bytes, deep: int) -> Iterator[bytes]:
    """The same bytes read in every way in which they might hold text."""
    lower = data.lower()
    yield lower
    if _WIDE.search(lower):  # UTF-16 and UTF-32 with either end first
        yield re.sub(rb"([^\0])\0{1,3}", rb"\1", lower.replace(b"\xf6\0", "ö".encode()))
    if _LOWER.hex().encode() in lower:
        yield from (bytes.fromhex(run.decode()).lower() for run in _HEX.findall(lower))
        yield from (
            bytes.fromhex(run[1 : len(run) - 1 + len(run) % 2].decode()).lower()
            for run in _HEX.findall(lower)
        )
    for run in _BASE64.findall(data):
        if any(tail in run for tail in (*_BASE64_TAILS, *_BASE64_STREAMS)):
            for begin in range(4):
                whole = run[begin : begin + (len(run) - begin) // 4 * 4]
                read = base64.b64decode(whole.replace(b"-", b"+").replace(b"_", b"/"))
                yield read.lower()
                if deep:
                    yield from _views(read, deep - 1)
    if deep:
        for stream in _inflated(data):
            yield from _views(stream, deep - 1)


def _inflated(data: bytes) -> Iterator[bytes]:
    """What streams of zlib, gzip and zip that begin anywhere hold."""
    for match in _STREAMS.finditer(data):
        at, window = match.start(), zlib.MAX_WBITS
        if match[0].startswith(b"PK"):
            if data[at + 8 : at + 10] != b"\x08\0":  # not compressed: it stands there
                continue
            at += (
                30
                + int.from_bytes(data[at + 26 : at + 28], "little")
                + int.from_bytes(data[at + 28 : at + 30], "little")
            )
            window = -zlib.MAX_WBITS
        elif match[0].startswith(b"\x1f"):
            window = zlib.MAX_WBITS | 16
        try:
            stream = zlib.decompressobj(window).decompress(data[at:], _INFLATED)
        except zlib.error:  # it only looked like one
            continue
        if stream:
            yield stream


def forms(word: str) -> dict[str, bytes]:
    """What has to be found, by name: for the test of this."""
    text = f"and then {word} came by"
    raw = text.encode()
    return {
        "utf-8": raw,
        "lower case": text.lower().encode(),
        "upper case": text.upper().encode(),
        "folded": folded(text).encode(),
        "without what another begins with": folded(word)[3:].encode(),
        "latin-1": text.encode("latin-1"),
        "utf-16-le": text.encode("utf-16-le"),
        "utf-16-be": text.encode("utf-16-be"),
        "utf-32": text.encode("utf-32-le"),
        "json": text.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00"),
        "url": quote(text).encode(),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        **{f"base64 at {begin}": b"x: " + base64.b64encode(b"." * begin + raw) for begin in range(3)},
        "base64 for urls": base64.urlsafe_b64encode(b"\xff\xfe" + raw),
        "zlib": b"before" + zlib.compress(raw * 9) + b"after",
        "gzip": b"before" + gzip.compress(raw) + b"after",
        "zlib in base64 in gzip": gzip.compress(b'{"x": "' + base64.b64encode(zlib.compress(raw)) + b'"}'),
    }

"""The pages of an SQLCipher file and of the log beside it, decrypted one by one: also those that no table has any more.

As SQLCipher 4 writes them: AES-256-CBC with the raw key, 4096 bytes a page, of which the last 80 hold the initialisation
vector and a checksum; the first 16 of the first page are the salt
(https://www.zetetic.net/sqlcipher/design/; https://www.sqlite.org/fileformat.html, "The Write-Ahead Log").
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE, RESERVED, VECTOR, SALT = 4096, 80, 16, 16  # bytes
WAL_HEAD, FRAME_HEAD = 32, 24


def pages(path: Path, key: bytes) -> list[bytes]:
    """What stands in every page of the file, and in every frame of its log; ``key``: 32 bytes."""
    log = path.with_name(path.name + "-wal")
    found = [_decrypted(page, key, number == 0) for number, page in enumerate(_cut(path.read_bytes(), PAGE))]
    frames = log.read_bytes()[WAL_HEAD:] if log.exists() else b""
    for frame in _cut(frames, FRAME_HEAD + PAGE):
        first = int.from_bytes(frame[:4], "big") == 1
        found.append(_decrypted(frame[FRAME_HEAD:], key, first))
    return found


def are_pages(found: list[bytes]) -> bool:
    """Whether the key was the right one."""
    return (
        bool(found) and int.from_bytes(found[0][:2], "big") == PAGE
    )  # after the salt, in place of "SQLite format 3"


def _cut(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[at : at + size] for at in range(0, len(raw) - size + 1, size))


def _decrypted(page: bytes, key: bytes, first: bool) -> bytes:
    end = PAGE - RESERVED
    opening = Cipher(algorithms.AES(key), modes.CBC(page[end : end + VECTOR])).decryptor()
    return opening.update(page[SALT if first else 0 : end]) + opening.finalize()

"""What is kept of people is sealed before it reaches the disk.

libsodium's secret box (XSalsa20 and Poly1305) with one key for this house, in a file of its own outside the
data folder, so that a copy of the data alone tells nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random

from memory.database import Database

_KNOWN = b"this is the right key"


class VaultError(Exception):
    """The key is missing or wrong; the message says what to do. Nothing is overwritten."""


class Vault:
    """May be used from any thread. Raises VaultError and OSError."""

    def __init__(self, key_file: Path, database: Database) -> None:
        """Makes the key with the first use of ``database``."""
        database.execute("CREATE TABLE IF NOT EXISTS vault (proof BLOB)")
        proofs = database.execute("SELECT proof FROM vault")
        if not proofs:
            self._box = SecretBox(_read(key_file) or _make(key_file))
            database.execute("INSERT INTO vault VALUES (?)", self.seal(_KNOWN.decode()))
            return
        key = _read(key_file)
        if key is None:
            raise VaultError(f"The key {key_file} is missing: put it back, or nothing kept can be opened.")
        self._box = SecretBox(key)
        try:
            self.open(bytes(proofs[0][0]))  # type: ignore[arg-type]  # the column is a BLOB
        except CryptoError as error:
            raise VaultError(
                f"{key_file} is not the key of what is kept here: put the right one back."
            ) from error

    def seal(self, text: str) -> bytes:
        return bytes(self._box.encrypt(text.encode()))

    def open(self, sealed: bytes) -> str:
        """Raises nacl.exceptions.CryptoError when ``sealed`` was tampered with."""
        return self._box.decrypt(sealed).decode()


def _read(path: Path) -> bytes | None:
    if not path.exists():
        return None
    key = path.read_bytes()
    if len(key) != SecretBox.KEY_SIZE:
        raise VaultError(f"{path} is no key: it must hold {SecretBox.KEY_SIZE} bytes.")
    return key


def _make(path: Path) -> bytes:
    """A new key, on the disk before anything is sealed with it, readable for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = random(SecretBox.KEY_SIZE)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key

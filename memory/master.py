"""The master key: where it comes from, and whether it is the right one.

A systemd credential, the desktop's keyring, a passphrase (argon2id), or a file of its own outside the data folder.
There is no way round it: without a key nothing is kept, and with a wrong one nothing is overwritten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from nacl.pwhash import argon2id
from nacl.utils import random

from memory.database import NAME
from memory.errors import StoreError, VaultError
from memory.syncing import sync_folder

KEY_BYTES = 32
CREDENTIAL = "kith-key"  # its name in systemd's LoadCredential=
KEYRING = ("kith", "master key")  # service and user name
PROOF = "key.json"  # in DATA_DIR: tells a wrong key from a damaged file; holds nothing secret
_MEMORY_BYTES, _PASSES = 64 * 1024 * 1024, 3  # argon2id; about 140 ms on a laptop

KeySource = Literal["auto", "credential", "keyring", "passphrase", "file"]


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the master key is to come from, as the settings say."""

    file: Path
    source: KeySource = "auto"
    passphrase: str = ""


def derive(key: bytes, purpose: str, *parts: bytes) -> bytes:
    """Another key of 32 bytes for ``purpose`` (at most 16 letters): BLAKE2b, keyed and personalised."""
    return blake2b(b"".join(parts), key=key, digest_size=KEY_BYTES, person=purpose.encode()).digest()


def unlock(place: KeyPlace, folder: Path) -> bytes:
    """The master key of what is kept in ``folder``; made, durably, when nothing is kept there yet.

    Raises VaultError when it is missing or wrong, StoreError when the folder cannot be used.
    """
    proof = _read_proof(folder)
    if proof is None and (folder / NAME).exists():
        return _unproven(place, folder)
    if proof is None:
        master, salt = _find(place, None) or _make(place)
        write_proof(folder, master, salt)
        return master
    found = _find(place, bytes.fromhex(proof["salt"]))
    if found is None:
        raise VaultError(f"{_named(place)} is missing: put it back, or nothing kept can be opened.")
    if _check(found[0]) != proof["check"]:
        raise VaultError(f"{_named(place)} is not the key of what is kept here: put the right one back.")
    return found[0]


def _unproven(place: KeyPlace, folder: Path) -> bytes:
    """The key of what is kept where PROOF is lost; only the database can tell whether it is the right one.

    Nothing is made anew: with another key nothing that is kept could ever be opened.
    """
    begin_anew = f"or move {folder} away to begin anew, without all that she remembers."
    if source_of(place) == "passphrase":
        raise VaultError(
            f"{folder / PROOF} is missing, without which the passphrase opens nothing: put it back from a backup, "
            f"{begin_anew}"
        )
    found = _find(place, None)
    if found is None:
        raise VaultError(
            f"{_named(place)} is missing, and {folder / PROOF}, too: put the key back from a backup, {begin_anew}"
        )
    return found[0]


def pending(place: KeyPlace) -> Path:
    """Where the next master key waits while everything is being re-keyed."""
    return place.file.with_name(place.file.name + ".next")


def write_proof(folder: Path, master: bytes, salt: bytes) -> None:
    """From now on ``master`` is the right key for ``folder``. Raises StoreError."""
    text = json.dumps({"version": 1, "salt": salt.hex(), "check": _check(master)})
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(folder / PROOF, text.encode())
    except OSError as error:
        raise StoreError(f"DATA_DIR cannot be written: {folder} ({error.strerror}).") from error


def write_secret(path: Path, content: bytes) -> None:
    """Durably and whole or not at all, readable for its owner alone. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def discard(path: Path) -> None:
    """Overwrite a file and remove it, durably. Raises OSError."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def from_passphrase(passphrase: str, salt: bytes) -> bytes:
    return argon2id.kdf(KEY_BYTES, passphrase.encode(), salt, _PASSES, _MEMORY_BYTES)


def _find(place: KeyPlace, salt: bytes | None) -> tuple[bytes, bytes] | None:
    """The key there is, with the salt of its passphrase; None when there is none.

    ``salt`` None: nothing is kept yet.
    """
    match source_of(place):
        case "credential":
            path = _credential()
            return (_key_in(path), b"") if path is not None else None
        case "keyring":
            held = _keyring(lambda ring: ring.get_password(*KEYRING))
            return (_valid(_bytes_of(held), "The key in the keyring"), b"") if held else None
        case "passphrase":
            if not place.passphrase:
                raise VaultError("KEY_PASSPHRASE is empty: set it, or choose another KEY_SOURCE.")
            salt = salt or random(argon2id.SALTBYTES)
            return from_passphrase(place.passphrase, salt), salt
    return (_key_in(place.file), b"") if place.file.exists() else None


def _make(place: KeyPlace) -> tuple[bytes, bytes]:
    """A new key, on its disk before anything is sealed with it."""
    key = random(KEY_BYTES)
    keep(place, key)
    return key, b""


def keep(place: KeyPlace, key: bytes) -> None:
    """Put ``key`` where ``place`` says. Raises VaultError where nothing can be put there by us."""
    match source_of(place):
        case "keyring":
            _keyring(lambda ring: ring.set_password(*KEYRING, key.hex()))
        case "file":
            try:
                write_secret(place.file, key)
            except OSError as error:
                raise VaultError(f"The key {place.file} cannot be written ({error.strerror}).") from error
        case _:
            raise VaultError(f"{_named(place)} is missing: make one and start again.")


def source_of(place: KeyPlace) -> KeySource:
    """Where the key really comes from."""
    if place.source != "auto":
        return place.source
    if _credential() is not None:
        return "credential"
    return "passphrase" if place.passphrase else "file"


def _credential() -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / CREDENTIAL if folder else None
    return path if path is not None and path.exists() else None


def _keyring(ask: Callable[..., str | None]) -> str | None:
    try:
        import keyring  # only where it is chosen: some of its backends ask the desktop
        from keyring.errors import KeyringError
    except ImportError as error:
        raise VaultError("KEY_SOURCE=keyring needs the package keyring: pip install keyring.") from error
    try:
        return ask(keyring)
    except KeyringError as error:
        raise VaultError("The keyring of this machine cannot be used; choose another KEY_SOURCE.") from error


def _key_in(path: Path) -> bytes:
    try:
        return _valid(path.read_bytes(), str(path))
    except OSError as error:
        raise VaultError(f"The key {path} cannot be read ({error.strerror}).") from error


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _valid(key: bytes, name: str) -> bytes:
    if len(key) != KEY_BYTES:
        raise VaultError(f"{name} is no key: it must hold {KEY_BYTES} bytes.")
    return key


def _named(place: KeyPlace) -> str:
    names = {"credential": f"The credential {CREDENTIAL}", "keyring": "The key in the keyring"}
    names |= {"passphrase": "KEY_PASSPHRASE", "file": f"The key {place.file}"}
    return names[source_of(place)]


def _check(master: bytes) -> str:
    return derive(master, "check")[:16].hex()


def _read_proof(folder: Path) -> dict[str, str] | None:
    path = folder / PROOF
    try:
        if not path.exists():
            return None
        proof = json.loads(path.read_text())
        return {"salt": bytes.fromhex(proof["salt"]).hex(), "check": str(proof["check"])}
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is damaged; put a backup back. Nothing was overwritten.") from error

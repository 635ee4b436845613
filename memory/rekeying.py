"""A new master key for all that is kept. Cut short at any step, it is finished at the next start.

1. the new key is put down beside the old one   2. the people's keys are wrapped with it as well   3. the database is
encrypted anew   4. it becomes the right one for this folder, and takes the old one's place   5. the old one opens
nothing any more   6. the copy of step 1 goes. Until 3 is done the old key opens everything, from then on the new one.

The journal's files stay as they are: people's keys seal them. A backup made before opens with the key of then.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from nacl.pwhash import argon2id
from nacl.utils import random

from memory.database import LOCK, NAME, Database
from memory.errors import StoreError, VaultError
from memory.master import (
    KEY_BYTES,
    PROOF,
    KeyPlace,
    derive,
    from_passphrase,
    keep,
    pending,
    source_of,
    sync_folder,
    unlock,
    write_proof,
    write_secret,
)
from memory.vault import Vault


def rekey(folder: Path, place: KeyPlace, database: Database, vault: Vault, passphrase: str = "") -> None:
    """Make a new master key for what is kept in ``folder``. ``database`` and ``vault`` stay usable.

    ``passphrase``: the new one, where the key comes from a passphrase; the setting is the owner's to change.
    Nobody else may use the folder meanwhile. Raises StoreError and VaultError.
    """
    salt = b""
    match source_of(place):
        case "credential":
            raise VaultError(
                "The key is a systemd credential, which only you can replace: use another KEY_SOURCE."
            )
        case "passphrase":
            if not passphrase:
                raise VaultError("The new passphrase is empty: give one.")
            salt = random(argon2id.SALTBYTES)
            new = from_passphrase(passphrase, salt)
        case _:
            new = random(KEY_BYTES)
    try:
        write_secret(pending(place), new + salt)
    except OSError as error:
        raise VaultError(f"The new key {pending(place)} cannot be written ({error.strerror}).") from error
    _carry_out(folder, place, database, vault, new, salt)


def finish_rekey(folder: Path, place: KeyPlace) -> bool:
    """Finish what was cut short; whether there was anything. To be called before ``unlock``.

    Raises StoreError, also when somebody else is using the folder, and VaultError.
    """
    if not pending(place).exists() or not (folder / PROOF).exists():
        return False
    with _alone(folder):
        new, salt = _read_pending(pending(place))
        try:
            database = Database(folder / NAME, derive(new, "database"))
        except StoreError:  # it is still encrypted with the old key
            old = unlock(place, folder)
            with closing(Database(folder / NAME, derive(old, "database"))) as database:
                _carry_out(folder, place, database, Vault(old, database), new, salt)
            return True
        with closing(database):
            _settle(folder, place, Vault(new, database), new, salt)
    return True


def _carry_out(
    folder: Path, place: KeyPlace, database: Database, vault: Vault, new: bytes, salt: bytes
) -> None:
    vault.wrap_for(new)
    database.rekey(derive(new, "database"))
    _settle(folder, place, vault, new, salt)


def _settle(folder: Path, place: KeyPlace, vault: Vault, new: bytes, salt: bytes) -> None:
    write_proof(folder, new, salt)
    if not salt:  # what is made of a passphrase is kept nowhere
        keep(place, new)
    vault.keep_only(new)
    _discard(pending(place))


def _read_pending(path: Path) -> tuple[bytes, bytes]:
    """The new key, and the salt of its passphrase."""
    try:
        held = path.read_bytes()
    except OSError as error:
        raise VaultError(f"The new key {path} cannot be read ({error.strerror}).") from error
    if len(held) not in (KEY_BYTES, KEY_BYTES + argon2id.SALTBYTES):
        raise VaultError(f"{path} is no key: move it away if you did not begin to re-key.")
    return held[:KEY_BYTES], held[KEY_BYTES:]


def _discard(path: Path) -> None:
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise VaultError(f"{path} cannot be removed ({error.strerror}): remove it by hand.") from error


@contextmanager
def _alone(folder: Path) -> Generator[None, None, None]:
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StoreError(
            f"Another Kith is using {folder}: stop it first, or set another DATA_DIR."
        ) from error
    try:
        yield
    finally:
        lock.release()

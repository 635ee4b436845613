"""A new master key for all that is kept. Cut short at any step, it is finished at the next start.

1. the new key is put down beside the old one   2. the people's keys are wrapped with it as well   3. the database is
encrypted anew   4. it becomes the right one for this folder, and takes the old one's place   5. the old one opens
nothing here any more   6. the copy of step 1 goes. Until 3 is done the old key opens everything, then the new one.

The journal's files stay as they are: people's keys seal them. A backup made before opens with the key of then, and so
does another data folder with the same key file: a file with the old key stays beside the new one.
"""

from __future__ import annotations

import time
from contextlib import closing, nullcontext
from glob import escape
from pathlib import Path

from nacl.pwhash import argon2id
from nacl.utils import random

from memory.database import NAME, Database, occupied
from memory.errors import StoreError, VaultError
from memory.master import (
    KEY_BYTES,
    PROOF,
    KeyPlace,
    derive,
    discard,
    from_passphrase,
    keep,
    pending,
    source_of,
    unlock,
    write_proof,
    write_secret,
)
from memory.vault import Vault

OLD = ".old-"  # between the name of the key file and when it became an old one


def rekey(folder: Path, place: KeyPlace, database: Database, vault: Vault, passphrase: str = "") -> None:
    """Make a new master key for what is kept in ``folder``. ``database`` and ``vault`` stay usable.

    ``passphrase``: the new one, where the key comes from a passphrase; the setting is the owner's to change.
    Where it comes from a file, the old one stays beside it (``old_keys``). Nobody else may use the folder meanwhile.
    Raises StoreError and VaultError.
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


def finish_rekey(folder: Path, place: KeyPlace, *, alone: bool = False) -> bool:
    """Finish what was cut short; whether there was anything. To be called before ``unlock``.

    ``alone``: whoever calls this has occupied the folder. Raises StoreError, also when somebody else is using it, and
    VaultError.
    """
    if not pending(place).exists() or not (folder / PROOF).exists():
        return False
    with nullcontext() if alone else occupied(folder):
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
        _keep_old(place, new)
        keep(place, new)
    vault.keep_only(new)
    try:
        discard(pending(place))
    except OSError as error:
        raise VaultError(
            f"{pending(place)} cannot be removed ({error.strerror}): remove it by hand."
        ) from error


def _keep_old(place: KeyPlace, new: bytes) -> None:
    """Leave a file with the key that ``new`` takes the place of."""
    if source_of(place) != "file" or not place.file.exists():
        return
    try:
        old = place.file.read_bytes()
        if old == new or any(path.read_bytes() == old for path in old_keys(place)):
            return
        write_secret(place.file.with_name(f"{place.file.name}{OLD}{time.strftime('%Y%m%d-%H%M%S')}"), old)
    except OSError as error:
        raise VaultError(f"No copy of the old key {place.file} can be kept ({error.strerror}).") from error


def old_keys(place: KeyPlace) -> list[Path]:
    """Files with the keys from before, oldest first."""
    return sorted(place.file.parent.glob(f"{escape(place.file.name)}{OLD}*[0-9]"))


def _read_pending(path: Path) -> tuple[bytes, bytes]:
    """The new key, and the salt of its passphrase."""
    try:
        held = path.read_bytes()
    except OSError as error:
        raise VaultError(f"The new key {path} cannot be read ({error.strerror}).") from error
    if len(held) not in (KEY_BYTES, KEY_BYTES + argon2id.SALTBYTES):
        raise VaultError(f"{path} is no key: move it away if you did not begin to re-key.")
    return held[:KEY_BYTES], held[KEY_BYTES:]

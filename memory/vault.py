"""What is kept of people is sealed before it reaches the disk, each person's with a key of their own.

What is about several people opens only with all their keys: with one of them destroyed nobody can open it any more,
wherever a copy lies. XChaCha20-Poly1305 (libsodium); the people's keys lie in the database, wrapped by one that the
master key wraps.

A sealed value: version (1 byte), number of keys (1), their ids (8 each), nonce (24), ciphertext. What nobody's key may
be needed for, such as what has been forgotten, is sealed with a key of the vault's own (``seal_for_ever``).
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as _decrypt
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as _encrypt
from nacl.exceptions import CryptoError
from nacl.utils import random

from memory.database import Database, Execute
from memory.errors import KeyGone, Unreadable
from memory.master import KEY_BYTES, derive
from memory.types import HERS

_VERSION = 1
_ID_BYTES, _NONCE_BYTES = 8, 24


class Vault:
    """May be used from any thread. Raises StoreError."""

    def __init__(self, master: bytes, database: Database) -> None:
        """Raises Unreadable when ``master`` is not the one that this database was made with."""
        self._database = database
        self._ids: dict[str, bytes] = {}  # person → id of their key
        self._people: dict[bytes, str] = {}  # and back
        self._keys: dict[bytes, bytes] = {}  # id → key
        self._joined: dict[tuple[bytes, ...], bytes] = {}  # ids → the key of all of them
        with database.transaction() as execute:
            execute("CREATE TABLE IF NOT EXISTS vault (master TEXT PRIMARY KEY, wrapped BLOB)")
            execute(
                "CREATE TABLE IF NOT EXISTS keys (person TEXT PRIMARY KEY, id BLOB UNIQUE, wrapped BLOB, at_s REAL)"
            )
            self._wrapping = self._unwrap_own(master, execute)
            for person, key_id, wrapped in execute("SELECT person, id, wrapped FROM keys"):
                self._hold(person, key_id, _open(self._wrapping, wrapped, key_id))

    def seal(
        self, content: bytes, people: Iterable[str] = (), context: str = "", *, make: bool = True
    ) -> bytes:
        """``content``, to be opened only while every one of ``people`` has their key.

        ``context`` says what it is, and has to be the same when it is opened: nothing sealed passes for something
        else. Without people it is hers. A person without a key gets one, so call it before a transaction, not in
        one. Raises KeyGone when one of the keys is destroyed meanwhile, and without ``make`` where there is none.
        """
        ids = tuple(sorted(self._id_of(person, make) for person in set(people) or {HERS}))
        head = bytes([_VERSION, len(ids)]) + b"".join(ids)
        return head + _seal(self._joint(ids), content, head + context.encode())

    def open(self, sealed: bytes, context: str = "") -> bytes:
        """Raises KeyGone and Unreadable."""
        if len(sealed) < 2 or sealed[0] != _VERSION or sealed[1] == 0:
            raise Unreadable("Something kept is in a form that is not known here.")
        end = 2 + sealed[1] * _ID_BYTES
        if len(sealed) < end + _NONCE_BYTES:
            raise Unreadable("Something kept was cut short; it cannot be opened.")
        ids = tuple(sealed[at : at + _ID_BYTES] for at in range(2, end, _ID_BYTES))
        return _open(self._joint(ids), sealed[end:], sealed[:end] + context.encode())

    def people_of(self, sealed: bytes) -> tuple[str, ...] | None:
        """Whose keys it takes; None when one of them is gone."""
        count = sealed[1] if len(sealed) > 1 else 0
        ids = {sealed[at : at + _ID_BYTES] for at in range(2, 2 + count * _ID_BYTES, _ID_BYTES)}
        self._look_up(ids)
        people = [person for key_id in ids if (person := self._people.get(key_id)) is not None]
        return tuple(sorted(people)) if len(people) == len(ids) else None

    def token(self, person: str) -> str:
        """What stands for a person in what is sealed with others' keys: once theirs is destroyed, for nobody. Makes one."""
        return self._id_of(person, make=True).hex()

    def person_of(self, token: str) -> str | None:
        """None: it stands for nobody any more."""
        key_id = bytes.fromhex(token)
        self._look_up([key_id])
        return self._people.get(key_id)

    def people(self) -> list[str]:
        """Everybody who has a key, HERS left out."""
        rows = self._database.read("SELECT person FROM keys WHERE person <> ? ORDER BY person", HERS)
        return [str(row[0]) for row in rows]

    def destroy(self, person: str) -> bool:
        """Destroy a person's key, durably: what was sealed with it is lost. Whether there was one."""
        with self._database.alone():
            self._database.execute("DELETE FROM keys WHERE person = ?", person)
            self._database.purge()  # the log beside the file still had it
            key_id = self._ids.pop(person, None)
            if key_id is not None:
                self._keys.pop(key_id, None)
                self._people.pop(key_id, None)
            self._joined = {ids: key for ids, key in self._joined.items() if key_id not in ids}
        return key_id is not None

    def destroy_all(self) -> None:
        """Destroy everybody's key, and hers, durably."""
        with self._database.alone():
            self._database.execute("DELETE FROM keys")
            self._database.purge()
            self._ids, self._people, self._keys, self._joined = {}, {}, {}, {}

    @property
    def name(self) -> str:
        """The same whatever the master key; another vault has another one. It tells nothing else."""
        return derive(self._wrapping, "vault")[:8].hex()

    def seal_for_ever(self, content: bytes, context: str) -> bytes:
        """``content``, to be opened whoever is forgotten: for what holds nobody's words."""
        return _seal(derive(self._wrapping, "for ever"), content, context.encode())

    def open_for_ever(self, sealed: bytes, context: str) -> bytes:
        """Raises Unreadable."""
        return _open(derive(self._wrapping, "for ever"), sealed, context.encode())

    def pseudonym(self, name: str) -> bytes:
        """16 bytes that stand for ``name`` outside: always the same, and without the master key they tell nothing of it."""
        return derive(derive(self._wrapping, "pseudonym"), "", name.encode())[:16]

    def wrap_for(self, master: bytes) -> None:
        """Let another master key open all this as well."""
        row = (_name(master), _seal(derive(master, "wrap"), self._wrapping, b"vault"))
        self._database.execute("INSERT OR REPLACE INTO vault VALUES (?, ?)", *row)

    def keep_only(self, master: bytes) -> None:
        """No other master key opens this any more."""
        self._database.execute("DELETE FROM vault WHERE master <> ?", _name(master))
        self._database.purge()

    def _unwrap_own(self, master: bytes, execute: Execute) -> bytes:
        rows = execute("SELECT wrapped FROM vault WHERE master = ?", _name(master))
        if rows:
            return _open(derive(master, "wrap"), rows[0][0], b"vault")
        if execute("SELECT 1 FROM vault"):
            raise Unreadable("What is kept here was made with another master key.")
        key = random(KEY_BYTES)
        wrapped = _seal(derive(master, "wrap"), key, b"vault")
        execute("INSERT INTO vault VALUES (?, ?)", _name(master), wrapped)
        return key

    def _id_of(self, person: str, make: bool) -> bytes:
        known = self._ids.get(person)
        if known is not None:
            return known
        if not make:
            raise KeyGone("That cannot be opened any more.")
        with self._database.alone():
            if person not in self._ids:
                key_id = random(_ID_BYTES)
                wrapped = _seal(self._wrapping, random(KEY_BYTES), key_id)
                self._database.execute(
                    "INSERT OR IGNORE INTO keys VALUES (?, ?, ?, ?)", *(person, key_id, wrapped, time.time())
                )
                self._load("SELECT person, id, wrapped FROM keys WHERE person = ?", person)
            return self._ids[person]

    def _look_up(self, ids: Iterable[bytes]) -> None:
        """Keys that are new since the start: another process may have made them."""
        for key_id in ids:
            if key_id not in self._keys:
                self._load("SELECT person, id, wrapped FROM keys WHERE id = ?", key_id)

    def _load(self, sql: str, value: str | bytes) -> None:
        for person, key_id, wrapped in self._database.read(sql, value):
            self._hold(person, key_id, _open(self._wrapping, wrapped, key_id))

    def _hold(self, person: str, key_id: bytes, key: bytes) -> None:
        self._ids[person] = key_id
        self._people[key_id] = person
        self._keys[key_id] = key

    def _joint(self, ids: tuple[bytes, ...]) -> bytes:
        """Takes no lock: whoever opens something may be in the middle of a transaction."""
        joined = self._joined.get(ids)
        if joined is None:
            self._look_up(ids)
            keys = [self._keys.get(key_id) for key_id in ids]
            joined = derive(b"", "together", *(key for key in keys if key), *ids)
            self._joined[ids] = joined
        if not all(key_id in self._keys for key_id in ids):  # destroyed, perhaps just now
            self._joined.pop(ids, None)
            raise KeyGone("That cannot be opened any more.")
        return joined


def _name(master: bytes) -> str:
    return derive(master, "name")[:8].hex()


def _seal(key: bytes, content: bytes, context: bytes) -> bytes:
    nonce = random(_NONCE_BYTES)
    return bytes(nonce + _encrypt(content, context, nonce, key))


def _open(key: bytes, sealed: bytes, context: bytes) -> bytes:
    try:
        return bytes(_decrypt(sealed[_NONCE_BYTES:], context, sealed[:_NONCE_BYTES], key))
    except (CryptoError, ValueError, TypeError) as error:
        raise Unreadable("Something kept was damaged or changed; it cannot be opened.") from error

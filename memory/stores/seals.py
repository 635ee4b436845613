"""What a store outside is given in place of names and values: whoever reads it, or copies its files, learns nothing.

A person and a field have pseudonyms there, which only the vault can work out (a keyed BLAKE2b); a value is sealed once
more, together with its field's name, and opens only where it was put.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from memory.errors import Unreadable
from memory.vault import Vault

_LENGTH = 4  # bytes that say how long the field's name is
_NAME = "store/name"  # what the name of a person is sealed as
_KIND = 8  # bytes of a field's pseudonym that all fields of its kind share, of the same person

log = logging.getLogger(__name__)


class Seals:
    """From any thread. Keys are made once for each vault, whatever its master key."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def person(self, person: str) -> bytes:
        return self._vault.pseudonym(f"person\0{person}").hex().encode()

    def field(self, person: str, field: str) -> bytes:
        rest = self._vault.pseudonym(f"field\0{person}\0{field}")
        return self.kind(person, field.partition(":")[0]) + rest

    def kind(self, person: str, kind: str) -> bytes:
        """What the pseudonyms of a person's fields of one kind begin with."""
        return self._vault.pseudonym(f"kind\0{person}\0{kind}")[:_KIND]

    def seal(self, person: str, field: str, value: bytes) -> bytes:
        name = field.encode()
        content = len(name).to_bytes(_LENGTH) + name + value
        return self._vault.seal_for_ever(content, _context(person))

    def opened(self, person: str, sealed: Mapping[bytes, bytes]) -> dict[str, bytes]:
        """By the names of the fields; what is damaged is left out, and it is logged that there is some."""
        found: dict[str, bytes] = {}
        for pseudonym, one in sealed.items():
            content = self._open(one, _context(person))
            if content is None:
                continue
            end = _LENGTH + int.from_bytes(content[:_LENGTH])
            field = content[_LENGTH:end].decode()
            if self.field(person, field) == pseudonym:  # else somebody has put it elsewhere
                found[field] = content[end:]
        return found

    def seal_name(self, person: str) -> bytes:
        """For the list of those of whom there is anything."""
        return self._vault.seal_for_ever(person.encode(), _NAME)

    def names(self, sealed: Mapping[bytes, bytes]) -> dict[str, bytes]:
        """Of people, by token: back to front."""
        found = ((self._open(one, _NAME), token) for token, one in sealed.items())
        return {name.decode(): token for name, token in found if name is not None}

    def _open(self, sealed: bytes, context: str) -> bytes | None:
        try:
            return self._vault.open_for_ever(sealed, context)
        except Unreadable:
            log.error("something in Redis is damaged, or was put there by somebody else; it is left out")
            return None


def _context(person: str) -> str:
    return f"store/value/{person}"

"""What can go wrong with what is kept. Every message is one plain sentence that says what to do."""

from __future__ import annotations


class MemoryFault(Exception):
    """Base of every error of this room."""


class StoreError(MemoryFault):
    """What is kept cannot be read or written: the disk is full, a file is damaged or in use."""


class StoreAway(StoreError):
    """A store on its own does not answer just now. What is written to it waits on this disk."""


class VaultError(MemoryFault):
    """The master key is missing or wrong. Nothing is overwritten."""


class KeyGone(MemoryFault):
    """The key of somebody whom this is about has been destroyed: nobody can open it any more."""


class Unreadable(MemoryFault):
    """Something sealed was cut short or tampered with."""


class EntryError(MemoryFault):
    """An entry, a note or a file to be imported is not in a form that can be understood."""

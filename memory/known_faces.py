"""Whom she knows by their face, in RAM: each engine's gallery, which keeps step with the prints that are kept."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from memory.errors import MemoryFault, StoreAway
from memory.faces import Faces, KeptFace
from memory.gallery import FaceEmbedding, Gallery, Match, Template

AGAIN_S = 60.0  # so often it is looked what another process has enrolled or erased

log = logging.getLogger(__name__)


class KnownFaces:
    """From any thread. The first match of an engine blocks until its prints are read; each other one for a look into the
    store. Raises StoreError.
    """

    def __init__(self, faces: Faces, before: Callable[[], None] = lambda: None) -> None:
        """``before`` is done first whenever the prints are read anew, in a thread."""
        self._faces, self._before = faces, before
        self._lock = threading.RLock()
        self._galleries: dict[str, Gallery] = {}  # by encoder
        self._read_s: dict[str, float] = {}  # when they were read, on this machine's clock
        self._meanwhile: dict[str, KeptFace | None] | None = None  # what has changed while they are read
        self._reading: threading.Thread | None = None
        self._one_reads = threading.Lock()
        faces.listen(self._changed)

    def match(self, face: FaceEmbedding) -> tuple[Match, KeptFace | None]:
        """Among those who agree now and whose prints are still there; and the print of the likest.

        Where the store does not answer, among those whom it had. Raises ValueError for what is no unit vector, StoreAway
        where nothing has been read yet.
        """
        gallery = self._gallery(face.encoder)
        while True:
            with self._lock:
                found = gallery.match(face.vector)
            prints = [self._still(person, gallery) for person in found.likest]
            if all(there for there, _ in prints):
                return found, prints[0][1] if prints else None

    def close(self) -> None:
        if (thread := self._reading) is not None:
            thread.join()

    def _gallery(self, encoder: str) -> Gallery:
        gallery = self._galleries.get(encoder)
        if gallery is None:
            with self._one_reads:
                if encoder not in self._galleries:
                    self._read(encoder)
            return self._galleries[encoder]
        with self._lock:
            due = time.monotonic() - self._read_s[encoder] >= AGAIN_S
            if due and (self._reading is None or not self._reading.is_alive()):
                self._read_s[encoder] = time.monotonic()
                self._reading = threading.Thread(target=self._read_anew, args=(encoder,), name="faces")
                self._reading.start()
        return gallery

    def _read_anew(self, encoder: str) -> None:
        try:
            with self._one_reads:
                self._read(encoder)
        except StoreAway:  # what is in RAM goes on
            return
        except MemoryFault as error:
            log.warning("prints of faces could not be read anew: %s", error)

    def _read(self, encoder: str) -> None:
        with self._lock:
            self._meanwhile = {}
        self._before()
        prints = self._faces.all(encoder)
        with self._lock:
            gallery = Gallery(encoder)
            for person, one in {**prints, **self._meanwhile}.items():
                _put(gallery, person, one)
            self._meanwhile = None
            self._galleries[encoder], self._read_s[encoder] = gallery, time.monotonic()

    def _still(self, person: str, gallery: Gallery) -> tuple[bool, KeptFace | None]:
        """Whether they are known by this print; if not, the gallery has what is true now."""
        try:
            one = self._faces.of(person)
        except StoreAway:
            if self._faces.may_recognise(person):
                return True, None
            one = None
        with self._lock:
            if one is not None and one.encoder == gallery.encoder:
                held = gallery.template_of(person)
                if held is not None and np.array_equal(held.vector, one.vector):
                    return True, one
            _put(gallery, person, one)
            return False, None

    def _changed(self, person: str, one: KeptFace | None) -> None:
        with self._lock:
            if self._meanwhile is not None:
                self._meanwhile[person] = one
            for gallery in self._galleries.values():
                held = gallery.template_of(person)
                if one is None or held is None or not np.array_equal(held.vector, one.vector):
                    _put(gallery, person, one)


def _put(gallery: Gallery, person: str, one: KeptFace | None) -> None:
    """As they are known by this print; None, or of another engine: not at all."""
    if one is None or one.encoder != gallery.encoder:
        gallery.forget(person)
        return
    try:
        gallery.enrol(person, Template(one.vector, one.encoder, one.frames))
    except ValueError:
        gallery.forget(person)
        log.warning("a print of a face cannot be compared; it is left out")

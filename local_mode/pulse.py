"""PulseAudio's sound server, or PipeWire in its place: what it has, and what is added to it.

``pulsectl`` speaks its native protocol through libpulse, which PortAudio's way to it needs in any case.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from persona_core.errors import AudioError

OURS = "kith_"  # what the names of a cable's ends begin with

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class End:
    """A source or a sink."""

    name: str  # PulseAudio's own
    title: str  # as people see it
    rate: int  # Hz
    usual: bool
    monitor: bool = False

    @property
    def ours(self) -> bool:
        """An end of a cable of Kith's: nothing that the system chose by itself is meant to be one."""
        return self.name.startswith(OURS)


@dataclass(frozen=True, slots=True)
class Module:
    """Something that was loaded into the server."""

    number: int
    name: str
    arguments: str


class SoundServer:
    """Use as ``with server:``; every call is a short exchange with the server, in this thread."""

    def __init__(self, pulse: Any, trouble: type[Exception]) -> None:
        self._pulse = pulse
        self._trouble = trouble

    def __enter__(self) -> SoundServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pulse.close()

    @property
    def name(self) -> str:
        with self._plainly():
            return str(self._pulse.server_info().server_name)

    def sources(self) -> list[End]:
        """Microphones, and what plays on each sink. Raises AudioError."""
        with self._plainly():
            usual = self._pulse.server_info().default_source_name
            return [
                End(one.name, one.description, one.sample_spec.rate, one.name == usual, _is_monitor(one))
                for one in self._pulse.source_list()
            ]

    def sinks(self) -> list[End]:
        """Loudspeakers. Raises AudioError."""
        with self._plainly():
            usual = self._pulse.server_info().default_sink_name
            found = self._pulse.sink_list()
            return [End(s.name, s.description, s.sample_spec.rate, s.name == usual) for s in found]

    def modules(self) -> list[Module]:
        with self._plainly():
            found = self._pulse.module_list()
            return [Module(one.index, one.name, one.argument or "") for one in found]

    def load(self, name: str, arguments: str) -> int:
        """Add a module; its number. Raises AudioError."""
        with self._plainly():
            return int(self._pulse.module_load(name, arguments))

    def unload(self, number: int) -> None:
        with self._plainly():
            self._pulse.module_unload(number)

    def set_usual(self, sink: str = "", source: str = "") -> None:
        """Which the system takes where nobody chooses. Raises AudioError."""
        with self._plainly():
            if sink:
                self._pulse.sink_default_set(sink)
            if source:
                self._pulse.source_default_set(source)

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except self._trouble as error:
            raise AudioError(
                "The sound server did not do what it was asked for; is it still running?"
            ) from error


def sound_server() -> SoundServer | None:
    """The one that runs; None: there is none, as on Windows and macOS."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        import pulsectl
    except (ImportError, OSError) as error:  # libpulse is not installed
        log.info("no way to a sound server: %s", type(error).__name__)
        return None
    try:
        return SoundServer(pulsectl.Pulse("kith"), pulsectl.PulseError)
    except pulsectl.PulseError:
        return None


def _is_monitor(source: Any) -> bool:
    """What plays on a sink; the microphone that Kith makes of one is none."""
    return bool(source.name.endswith(".monitor"))

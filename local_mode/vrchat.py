"""What she says, over her avatar in VRChat: OSC to the program on this machine.

The chat box takes 144 characters at once, and shuts for half a minute where more than about five lines come in five
seconds; https://docs.vrchat.com/docs/osc-as-input-controller describes both it and ``/avatar/parameters``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import textwrap

from cogs.conversations import Told
from persona_core.errors import SettingsError
from persona_core.events import Said, Speaking

MOST_CHARACTERS = 144
BETWEEN_S = 1.3  # from one line in the chat box to the next

log = logging.getLogger(__name__)


class VRChat:
    """Use as ``async with VRChat(...)``; ``on_event`` is told what happens in her conversation."""

    def __init__(self, address: str, parameter: str) -> None:
        """``address``: host and port, e.g. 127.0.0.1:9000; ``parameter``: of the avatar, true while she speaks.

        Raises SettingsError.
        """
        host, separator, port = address.rpartition(":")
        if not (separator and host and port.isdecimal() and 0 < int(port) < 65536):
            raise SettingsError(f"VRCHAT={address!r} is no address; it should look like 127.0.0.1:9000.")
        try:
            from pythonosc.udp_client import SimpleUDPClient

            self._client = SimpleUDPClient(host.strip("[]"), int(port))
        except ImportError as error:
            raise SettingsError("VRCHAT needs python-osc: pip install python-osc.") from error
        except OSError as error:
            raise SettingsError(f"VRCHAT={address!r} cannot be reached.") from error
        self._parameter = f"/avatar/parameters/{parameter}"
        self._said = ""  # of the reply that is being said
        self._speaking = False
        self._shown = ""  # in the chat box
        self._changed = asyncio.Event()
        self._showing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> VRChat:
        self._showing = asyncio.create_task(self._show(), name="vrchat")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._showing is not None:
            self._showing.cancel()
            await asyncio.wait({self._showing})
        self._send(self._parameter, False)
        self._client.close()

    def on_event(self, key: str, event: Told) -> None:
        """A listener of conversations; never waits."""
        if isinstance(event, Speaking):
            self._said += event.text
            self._speak(True)
        elif isinstance(event, Said):
            self._said = ""
            self._speak(False)

    def _speak(self, speaking: bool) -> None:
        if speaking != self._speaking:
            self._speaking = speaking
            self._send(self._parameter, speaking)
        self._changed.set()

    async def _show(self) -> None:
        """The end of what she has said so far, as often as the chat box takes it."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            line = last_line(self._said)
            if line and line != self._shown:
                self._shown = line
                self._send("/chatbox/input", [line, True, False])
                await asyncio.sleep(BETWEEN_S)

    def _send(self, path: str, value: bool | list[str | bool]) -> None:
        with contextlib.suppress(OSError):  # VRChat is not running, or was closed
            self._client.send_message(path, value)


def last_line(text: str) -> str:
    """The last of the lines that ``text`` fills, each as long as the chat box takes; whole words, where they are not longer."""
    lines = textwrap.wrap(" ".join(text.split()), MOST_CHARACTERS)
    return lines[-1] if lines else ""

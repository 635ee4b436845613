"""Her mouth and her moods on the model that a streamer has in VTube Studio."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from cogs.conversations import Told
from local_mode.vtube_studio_api import (
    ANOTHERS_PARAMETER,
    API_OFF,
    MENDED,
    Denied,
    Lost,
    Refused,
    Session,
    ask_for_token,
    connected,
    keep_token,
    kept_token,
    let_in,
)
from local_mode.vtube_studio_moods import NEUTRAL, VALUES, Moods
from persona_core.errors import SettingsError
from persona_core.events import Said
from persona_core.settings import Settings
from persona_core.types import Expression

HERE = "127.0.0.1:8001"  # where VTube Studio listens, unless somebody has changed it
MOUTH_OPEN, SPEAKING, MOOD = "KithMouthOpen", "KithSpeaking", "KithMood"
PARAMETERS = {  # of hers: lowest value, and what VTube Studio shows beside it
    MOUTH_OPEN: (0, "How far Kith's mouth is open, by how loud she speaks: 0 shut, 1 wide open."),
    SPEAKING: (0, "1 while Kith speaks, else 0."),
    MOOD: (-1, "Kith's mood: -1 sad, 0 neutral, 1 happy."),
}
MODELS_OWN = "MouthOpen"  # VTube Studio's, which most models follow

STEP_S = 0.025  # between two positions of her mouth
STILL_S = 0.5  # the same when nothing moves; VTube Studio forgets after a second
PAUSE_S = 0.4  # of silence are still a part of speaking
SHUTS_S = 0.1  # from wide open to shut; it opens at once
FULL = 0.7  # of her loudest: wide open
QUIETEST = 0.05  # RMS of the loudest moments of a quiet voice
FORGETS_S = 60.0  # in which her loudest falls by about two thirds
CURVE = 0.7  # below 1: soft sounds are seen, too
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 20.0  # between attempts to connect
STEADY_S = 30.0  # a connection that has lasted so long was a good one
REMIND_S = 60.0
FAREWELL_S = 1.0  # for what she has put on to be taken off

log = logging.getLogger(__name__)


class VTubeStudio:
    """Use as ``async with VTubeStudio(...)``; ``on_event`` is told what happens in her conversation."""

    def __init__(
        self, settings: Settings, look: Callable[[], Expression], tell: Callable[[str], None]
    ) -> None:
        """``look`` says what shows on her face, and is asked all the time; ``tell`` is given what her owner should know.

        Raises SettingsError.
        """
        self._address = address_of(settings.vtube_studio)
        self._mode = settings.vtube_studio_mouth
        self._folder = settings.data_dir
        self._look = look
        self._tell = tell
        self._told: set[str] = set()  # since all was well
        self._mood = NEUTRAL
        self._moods = Moods(tell)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> VTubeStudio:
        self._running = asyncio.create_task(self._run(), name="vtube studio")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def on_event(self, key: str, event: Told) -> None:
        """A listener of conversations: the mood of what she has written. What she says aloud shows on her face sooner."""
        if isinstance(event, Said) and not event.cut:
            self._mood = event.reply.emotion

    async def _run(self) -> None:
        """Connect again and again, until somebody has said that she may not."""
        wait_s = FIRST_WAIT_S
        while True:
            begun = monotonic()
            try:
                async with connected(self._address) as session:
                    await self._be_let_in(session)
                    await self._move(session)
            except Denied:
                self._say("VTube Studio does not let her in; start Kith again for it to ask you once more.")
                return
            except Lost as error:
                log.info("VTube Studio: %s", error)
                self._say(
                    f"VTube Studio does not answer at {self._address}; her avatar there moves as soon as it runs and its "
                    "settings say “Allow Plugin API access”."
                )
            except Refused as error:
                log.info("VTube Studio: %s", error)
                if error.number == API_OFF:
                    self._say("VTube Studio lets no plugin in; its setting “Allow Plugin API access” does.")
                elif error.number not in MENDED:
                    self._say(f"VTube Studio does not do what Kith asks of it ({error}).")
            except Exception as error:  # the one catch-all of the avatar
                log.error("VTube Studio: unexpected %s", type(error).__name__, exc_info=error)
                self._say("Her avatar in VTube Studio does not move any more; the log has the cause.")
                return
            if monotonic() - begun > STEADY_S:
                wait_s = FIRST_WAIT_S
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _say(self, text: str) -> None:
        """Once, as it is tried again and again."""
        if text not in self._told:
            self._told.add(text)
            self._tell(text)

    # Leave

    async def _be_let_in(self, session: Session) -> None:
        """Raises Denied, Refused, and Lost."""
        token = await self._kept_token()
        if token:
            if await let_in(session, token):
                return
            await self._keep_token("")  # it was taken back
        self._say("VTube Studio asks you about Kith: click Allow there, and her avatar moves as she speaks.")
        unanswered = (
            "Nobody has clicked Allow in VTube Studio yet; until then her avatar there does not move."
        )
        reminder = asyncio.get_running_loop().call_later(REMIND_S, self._say, unanswered)
        try:
            token = await ask_for_token(session)
        finally:
            reminder.cancel()
        await self._keep_token(token)
        if not await let_in(session, token):
            raise Lost("a new token does not work")

    async def _kept_token(self) -> str:
        try:
            return await asyncio.to_thread(kept_token, self._folder)
        except OSError as error:
            log.warning("VTube Studio: the token cannot be read: %s", type(error).__name__)
            return ""

    async def _keep_token(self, token: str) -> None:
        try:
            await asyncio.to_thread(keep_token, self._folder, token)
        except OSError as error:
            log.warning("VTube Studio: the token cannot be kept: %s", type(error).__name__)
            self._say(f"VTube Studio will ask you again next time: nothing can be written in {self._folder}.")

    # What moves

    async def _move(self, session: Session) -> None:
        """Until the connection is lost. Raises Refused, and Lost."""
        hers = [name for name in PARAMETERS if await _created(session, name)]
        self._told.clear()
        self._say("VTube Studio is here: her mouth and her moods move the model.")
        try:
            await self._follow(session, hers)
        finally:
            with contextlib.suppress(Lost, Refused, TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._moods.take_off(session)

    async def _follow(self, session: Session, hers: Sequence[str]) -> None:
        """Her face, step by step; each waits for the one before, so that a slow VTube Studio is not flooded."""
        lips, shown = Lips(), NEUTRAL
        own: Sequence[str] = () if self._mode == "off" else (MODELS_OWN,)
        sent, sent_at = dict[str, float](), float("-inf")
        while True:
            face, now, spoke = self._look(), monotonic(), lips.speaking
            self._mood = face.emotion or self._mood
            opening = lips.follow(face.loudness, now)
            values = {
                MOUTH_OPEN: opening,
                SPEAKING: float(lips.speaking),
                MOOD: VALUES.get(self._mood, 0.0),
            }
            if values != sent or now - sent_at > STILL_S:
                sent, sent_at = values, now
                hers = await self._inject(session, hers, values, "set")
            if lips.speaking or spoke:  # else it is left to whoever else moves it
                own = await self._inject(session, own, {MODELS_OWN: opening}, self._mode)
            if self._mood != shown:
                shown = self._mood
                await self._moods.show(session, shown)
            if session.over:
                raise Lost("closed")
            await asyncio.sleep(max(0.0, now + STEP_S - monotonic()))

    async def _inject(
        self, session: Session, names: Sequence[str], values: Mapping[str, float], mode: str
    ) -> Sequence[str]:
        """Those of the parameters that can be set again. Raises Refused, and Lost."""
        if not names:
            return names
        listed = [{"id": name, "value": values[name]} for name in names]
        try:
            await session.ask("InjectParameterData", {"mode": mode, "parameterValues": listed})
        except Refused as error:
            if error.number != ANOTHERS_PARAMETER:
                raise
            self._say(f"Another plugin moves {' and '.join(names)} in VTube Studio, so Kith does not.")
            return ()
        return names


class Lips:
    """How far her mouth is open, by how loud she is beside her own loudest moments, as voices differ."""

    def __init__(self) -> None:
        self._open = 0.0
        self._loudest = QUIETEST
        self._at_s = self._sounded_s = float("-inf")

    def follow(self, loudness: float, at_s: float) -> float:
        """0..1, at a time in seconds; ``loudness``: see ``Expression``."""
        passed_s, self._at_s = at_s - self._at_s, at_s
        if not loudness:
            self._open = 0.0
            return self._open
        self._sounded_s = at_s
        kept = math.exp(-min(passed_s, STEP_S) / FORGETS_S)
        self._loudest = max(loudness, QUIETEST, self._loudest * kept)
        wanted = min(1.0, loudness / (FULL * self._loudest)) ** CURVE
        self._open = max(wanted, self._open - passed_s / SHUTS_S)
        return round(self._open, 3)

    @property
    def speaking(self) -> bool:
        """With the pauses in it."""
        return self._at_s - self._sounded_s < PAUSE_S


def address_of(given: str) -> str:
    """Host and port. Raises SettingsError."""
    if given.casefold() == "on":
        return HERE
    host, separator, port = given.rpartition(":")
    if not (separator and host and port.isdecimal() and 0 < int(port) < 65536):
        raise SettingsError(f"VTUBE_STUDIO={given!r} is no address; it should be on, or look like {HERE}.")
    return given


async def _created(session: Session, name: str) -> bool:
    """Whether a parameter of hers is there. Raises Refused where the leave is gone, and Lost."""
    lowest, explanation = PARAMETERS[name]
    asked = {"parameterName": name, "explanation": explanation, "min": lowest, "max": 1, "defaultValue": 0}
    try:
        await session.ask("ParameterCreation", asked)
    except Refused as error:
        if error.number in MENDED:
            raise
        log.warning("VTube Studio does not take the parameter %s: %s", name, error)
        return False
    return True

"""A call at the desk: what the microphone hears, as the persona's ears take it, and the line that holds it all."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from time import monotonic

import numpy as np

from local_mode import portaudio
from local_mode.devices import Device, Kind, devices, sees_news
from local_mode.microphone import FRAME_S, Microphone
from local_mode.mixed import Mixed
from local_mode.speaker import SpeakerPlayback
from persona_core.errors import AudioError, KithError
from persona_core.ports import Playback, Transport
from persona_core.types import Frame, Pcm, Person

MOST_WAITING = 500  # frames (10 s); a listener further behind loses the oldest
TAIL_S = 6.0  # silence given after push-to-talk, so that ears hear the pause
GATED_FRAMES = 10  # without a single sample (0.2 s): no microphone is so still, so whatever sends has stopped
DRIFT_S = 0.25  # the card's clock and the computer's may be so far apart before the card's is set right
LOOKED_AFTER_S = 0.5  # so soon it is noticed that a device has gone, or is back
BLIND_S = 3.0  # the same where every stream has to be closed to see what is back

log = logging.getLogger(__name__)


class DeskTransport:
    """A ``persona_core.ports.Transport`` of one microphone. One listener."""

    def __init__(
        self,
        person: Person,
        may_hear: Callable[[str], bool],
        counts: Counter[str],
    ) -> None:
        """``person``: whose sound it is; ``may_hear`` (their id → leave) is asked for each frame."""
        self._person = person
        self._may_hear = may_hear
        self._counts = counts
        self._frames: deque[Frame] = deque(maxlen=MOST_WAITING)
        self._wake = asyncio.Event()
        self._closed = False
        self._deaf = True
        self._talking = True
        self._tail = 0  # frames of silence that are still to come
        self._still = 0  # frames without a single sample, at the end of what has come
        self._next_s = 0.0  # when the next frame begins, on the conversation's clock

    async def frames(self) -> AsyncIterator[Frame]:
        """Frames of 20 ms. Ends when the call does."""
        while True:
            while self._frames:
                yield self._frames.popleft()
            if self._closed:
                return
            self._wake.clear()
            await self._wake.wait()

    def hear(self, pcm: Pcm, rate: int, came_s: float, still: bool = False) -> None:
        """Queue a frame that was complete at ``came_s``, on the event loop; never waits.

        ``still``: it came without a single sample, as from a gate that has closed, here or at a call's far end.
        """
        self._still = self._still + 1 if still else 0
        if self._closed or self._deaf or not self._may_hear(self._person.id):
            return
        sending = self._talking
        if not sending:
            if self._tail <= 0:
                return
            self._tail -= 1
            pcm = np.zeros(len(pcm), np.int16)
        sending = sending and self._still < GATED_FRAMES
        begun_s = came_s - FRAME_S
        if abs(begun_s - self._next_s) > DRIFT_S:
            self._next_s = max(begun_s, self._next_s)
        if len(self._frames) == MOST_WAITING:
            self._counts["frames_dropped"] += 1
        self._frames.append(Frame(self._person, pcm, rate, self._next_s, sending))
        self._next_s += len(pcm) / rate
        self._counts["frames"] += 1
        self._wake.set()

    def deafen(self, deaf: bool) -> None:
        self._deaf = deaf
        if deaf:
            self._frames.clear()

    def talk(self, talking: bool) -> None:
        """Push-to-talk: False lets nothing through but the silence that ends what was said."""
        if self._talking and not talking and not self._deaf:
            self._tail = round(TAIL_S / FRAME_S)
        self._talking = talking

    def forget(self, person_id: str) -> None:
        """Drop what waits of somebody's sound."""
        if person_id == self._person.id:
            self._frames.clear()

    def close(self) -> None:
        self._closed = True
        self._wake.set()


class DeskLine:
    """A ``cogs.host.Line``: microphone and loudspeaker for as long as she is in the call.

    Devices may go and come back: whoever sits there is told in one sentence, and hearing goes on.
    """

    def __init__(
        self,
        person: Person,
        may_hear: Callable[[str], bool],
        choose: Callable[[Kind], Device],
        tell: Callable[[str], None],
        clean: Callable[[Pcm, int], tuple[Pcm, int]] = lambda pcm, rate: (pcm, rate),
        tap: Callable[[Pcm, int], None] = lambda pcm, rate: None,
        clock: Callable[[], float] = monotonic,
        mix: Callable[[Transport], Mixed] | None = None,
    ) -> None:
        """``choose`` names a device whenever one is opened, and raises AudioError while it is not there.

        ``clean`` takes her own voice out of each frame that was heard, in the microphone's thread; ``tap`` is told of all
        that she plays, in the loudspeaker's. ``mix`` tells several people in it apart.
        """
        self.counts: Counter[str] = Counter()
        self._choose = choose
        self._tell = tell
        self._clean = clean
        self._loop = asyncio.get_running_loop()
        self._person, self._may_hear = person, may_hear
        self._transport = DeskTransport(person, may_hear, self.counts)
        self._mixed = mix(self._transport) if mix is not None else None
        self._clock = clock
        self._microphone = Microphone(self._on_frame)
        self._speaker = SpeakerPlayback(lambda: choose(Kind.LOUDSPEAKER), tap)
        self._watching: asyncio.Task[None] | None = None
        self._deaf = True
        self._closed = False
        self._talking = True
        self._lost: dict[Kind, str] = {}  # names of devices that have gone
        self._opening = asyncio.Lock()

    # What a call asks of it

    @property
    def transport(self) -> Transport:
        return self._mixed or self._transport

    @property
    def playback(self) -> Playback:
        return self._speaker

    @property
    def quiet(self) -> bool:
        return not self._speaker.playing and not (self._mixed is not None and self._mixed.talking)

    @property
    def others_talking(self) -> bool:
        """Also while it is not known whose voice it is."""
        if self._mixed is None or not self._mixed.talking:
            return False
        speaker = self._mixed.speaker
        return speaker is None or not self._may_hear(speaker.id)

    async def wait_until_may_speak(self, timeout_s: float) -> bool:
        return Kind.LOUDSPEAKER not in self._lost

    async def deafen(self, deaf: bool) -> None:
        """Deaf, the microphone is shut: the system shows, too, that nobody listens."""
        deaf = self._deaf = deaf or not self._may_hear(self._person.id)
        self._transport.deafen(deaf)
        async with self._opening:
            if deaf or self._closed:
                await asyncio.to_thread(self._microphone.close)
            elif self._microphone.device is None or not self._microphone.works:
                await self._open_microphone()

    def forget(self, person_id: str) -> None:
        self._transport.forget(person_id)
        if self._mixed is not None:
            self._mixed.drop(person_id)

    def state(self) -> Mapping[str, object]:
        microphone, speaker = self._microphone.device, self._speaker.device
        return {
            "microphone": "gone" if Kind.MICROPHONE in self._lost else microphone and microphone.name,
            "loudspeaker": "gone" if Kind.LOUDSPEAKER in self._lost else speaker and speaker.name,
            "sound lost": self._microphone.overflows,
            **self.counts,
        }

    async def close(self) -> None:
        self._closed = True
        self._transport.close()
        if self._mixed is not None:
            await self._mixed.close()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        async with self._opening:
            await asyncio.to_thread(self._microphone.close)
            await asyncio.to_thread(self._speaker.close)

    # What the desk asks of it

    async def open(self, rate: int) -> None:
        """Open both devices; she speaks at ``rate`` Hz. Raises AudioError, and is closed then."""
        try:
            await self._open_microphone()
            await self._speaker.open(rate)
        except AudioError:
            await self.close()
            raise
        self._watching = asyncio.create_task(self._watch(), name="desk: devices")

    def talk(self, talking: bool) -> None:
        """Push-to-talk: whether what is said now is for her ears."""
        self._talking = talking
        self._transport.talk(talking)

    def push(self) -> bool:
        """The other of both; which that is."""
        self.talk(not self._talking)
        return self._talking

    @property
    def names(self) -> tuple[str, str]:
        """Of microphone and loudspeaker."""
        microphone, speaker = self._microphone.device, self._speaker.device
        return microphone.name if microphone else "", speaker.name if speaker else ""

    # Devices that come and go

    def _on_frame(self, pcm: Pcm, rate: int) -> None:
        """In the microphone's thread."""
        came_s, still, (cleaned, rate) = self._clock(), not pcm.any(), self._clean(pcm, rate)
        if not len(cleaned):
            return
        try:
            self._loop.call_soon_threadsafe(self._transport.hear, cleaned, rate, came_s, still)
        except RuntimeError:  # the loop has ended
            log.info("a frame came after the end")

    async def _open_microphone(self) -> None:
        await asyncio.to_thread(lambda: self._microphone.open(self._choose(Kind.MICROPHONE)))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOKED_AFTER_S)
            async with self._opening:
                for kind in Kind:
                    try:
                        if kind in self._lost:
                            await self._bring_back(kind)
                        elif not await self._is_there(kind):
                            await self._lose(kind)
                    except KithError as error:  # still gone
                        log.debug("no %s: %s", kind.value, type(error).__name__)

    async def _is_there(self, kind: Kind) -> bool:
        if kind is Kind.MICROPHONE:
            device, works = self._microphone.device, self._deaf or self._microphone.works
        else:
            device, works = self._speaker.device, not self._speaker.failed
        if device is None or not works:
            return device is None
        if not device.pulse:  # PortAudio knows no news while a stream is open
            return True
        return device.key in {one.key for one in await asyncio.to_thread(devices, kind)}

    async def _lose(self, kind: Kind) -> None:
        device = self._microphone.device if kind is Kind.MICROPHONE else self._speaker.device
        name = self._lost[kind] = device.name if device else kind.value
        gone = f"The {kind.value} {name} has gone; I go on as soon as it is back."
        if kind is Kind.MICROPHONE:
            await asyncio.to_thread(self._microphone.close)
        else:
            await self._speaker.give_up(gone)
        self.counts[f"{kind.value} lost"] += 1
        self._tell(gone)

    async def _bring_back(self, kind: Kind) -> None:
        """Raises AudioError while it is still gone."""
        if not await asyncio.to_thread(sees_news):
            await asyncio.sleep(BLIND_S)
            await self._speaker.give_up("")  # it opens itself again when she speaks
            await asyncio.to_thread(self._microphone.close)
            await asyncio.to_thread(portaudio.look_again)
        device = await asyncio.to_thread(self._choose, kind)
        if kind is Kind.LOUDSPEAKER:
            await self._speaker.open(0)
        if not self._deaf and not self._microphone.works:
            await self._open_microphone()
        del self._lost[kind]
        self._tell(f"The {kind.value} {device.name} is here; on we go.")

"""All ears of a conversation, and the one recogniser they share."""

from __future__ import annotations

from persona_core.hearing.ear import Ear, EarEvent, SpeechStopped
from persona_core.hearing.segmenter import Segmenter
from persona_core.persona import Hearing
from persona_core.stopwatch import Stopwatch
from persona_core.types import Frame, Segment, Utterance


class Ears:
    """One ``Ear`` per person who has been heard."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._ears: dict[str, Ear] = {}

    def hear(self, frame: Frame) -> list[EarEvent]:
        ear = self._ears.get(frame.person.id)
        if ear is None:
            ear = Ear(frame.person, self._hearing.vad.open(), Segmenter(self._hearing.segmenter))
            self._ears[frame.person.id] = ear
        return ear.hear(frame)

    def finish(self) -> list[EarEvent]:
        """Everybody's stream has ended."""
        events = [event for ear in self._ears.values() for event in ear.finish()]
        self._ears.clear()
        return events

    def finish_one(self, person_id: str) -> list[EarEvent]:
        """One person's stream has ended."""
        ear = self._ears.pop(person_id, None)
        return ear.finish() if ear else []

    def drop(self, person_id: str) -> list[EarEvent]:
        """One person is not to be heard any more: what they were saying is thrown away."""
        ear = self._ears.pop(person_id, None)
        return [SpeechStopped(ear.person, None)] if ear else []

    async def recognise(self, segment: Segment, closed_at: float) -> Utterance:
        """The words of ``segment``; ``text`` is empty when there are none. Raises EngineError.

        ``closed_at`` is the time.perf_counter() at which the segment was closed.
        """
        watch = Stopwatch()
        transcript = await self._hearing.stt.transcribe(segment.samples, self._hearing.language)
        return Utterance(
            person=segment.person,
            text=transcript.text,
            started_s=segment.started_s,
            ended_s=segment.ended_s,
            language=transcript.language,
            stt_ms=watch.ms(),
            stopped_at=closed_at - (segment.closed_s - segment.ended_s),
        )

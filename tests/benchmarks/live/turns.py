"""One person says something and waits for her answer: the measurement that all is about."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks.figures import Figure, against, figure_of
from tests.benchmarks.live.sounds import Clip, arctic, librispeech, spoken
from tests.benchmarks.live.stage import Room, Told

WARM_UP = 4  # lines, each with its answer: 8 earlier turns
UNANSWERED_S = 12.0  # after the clip
BETWEEN_S = 1.0  # from the end of her voice to the next clip
LONGEST_REPLY_S = 60.0
QUESTIONS = (
    "What would you cook for six people on a rainy evening?",
    "My sister is coming to visit me next week, and I have no idea where to take her.",
    "Do you think it is too late to call him now?",
    "I have been thinking about what you told me yesterday.",
)


@dataclass(frozen=True, slots=True)
class TurnSeen:
    """A clip as it was sent, and what came of it."""

    clip: Clip
    last_speech: float  # time.perf_counter() at which its last speech sample was sent
    audible: float | None  # her first audible frame since the clip began
    heard: list[Told]
    said: list[Told]

    @property
    def early(self) -> bool:
        """She spoke, or her text was final, before the end, or the utterance was taken for several."""
        spoke = self.audible is not None and self.audible < self.last_speech
        return spoke or len(self.heard) > 1 or any(told["at"] < self.last_speech for told in self.heard)

    @property
    def latency_ms(self) -> float | None:
        """From the last speech sample to her first audible frame."""
        if self.audible is None or self.audible < self.last_speech:
            return None
        return (self.audible - self.last_speech) * 1000

    @property
    def final_text_ms(self) -> float | None:
        """From the last speech sample to its text.

        ``Heard`` comes when the turn is over; where the reply's timings say when the text was there, that is
        taken, counted from our last speech sample all the same.
        """
        if not self.heard:
            return None
        known_at: float = self.heard[-1]["at"]
        if self.said and self.said[-1]["answers"]:
            text_ms, stopped_at = (
                self.said[-1]["timings"].get("text_ms"),
                self.said[-1]["answers"][-1]["stopped_at"],
            )
            if text_ms is not None and stopped_at is not None:
                known_at = stopped_at + text_ms / 1000
        return (known_at - self.last_speech) * 1000


def take_turn(room: Room, clip: Clip, begin: Callable[[], None] = lambda: None) -> TurnSeen:
    """Say a clip, after what ``begin`` says, and wait until her answer is over and a second more."""
    began = time.perf_counter()
    begin()
    last_speech = room.say(clip).wait().last_speech
    ended = time.perf_counter()

    def over() -> bool:
        heard_out = any(told["at"] >= last_speech for told in room.told("heard", began))
        spoke = heard_out and bool(room.told("said", began)) and not room.unanswered(began)
        if not spoke and time.perf_counter() - ended < UNANSWERED_S:
            return False
        return room.her.quiet_s() > BETWEEN_S

    room.stage.wait(over, UNANSWERED_S + LONGEST_REPLY_S, "she does not come to an end")
    return TurnSeen(
        clip, last_speech, room.her.audible_at(began), room.told("heard", began), room.told("said", began)
    )


def conversation(room: Room, most: int | None = None) -> tuple[list[TurnSeen], list[TurnSeen]]:
    """The warm-up and the turns that count."""
    clips = librispeech()
    warm_up = [clip for clip in clips if clip.seconds > 7][:WARM_UP]
    short = [clip for clip in [*clips, *arctic(), *spoken(QUESTIONS)] if 2 <= clip.seconds <= 7]
    return [take_turn(room, clip) for clip in warm_up], [take_turn(room, clip) for clip in short[:most]]


def figures(turns: Sequence[TurnSeen]) -> list[Figure]:
    latencies = [ms for turn in turns if (ms := turn.latency_ms) is not None]
    finals = [ms for turn in turns if (ms := turn.final_text_ms) is not None]
    unanswered = sum(turn.audible is None for turn in turns)
    found = [
        against("== 0", Figure("turns_unanswered", unanswered, "turns", len(turns))),
        Figure("turns_early", sum(turn.early for turn in turns), "turns", len(turns)),
    ]
    if latencies:
        median = figure_of("voice_to_voice_ms", latencies, "ms")
        found += [
            against("<= 900", median),
            against("<= 1500", Figure("voice_to_voice_p95_ms", median.p95 or 0.0, "ms", median.n)),
        ]
    if finals:
        found.append(against("<= 300", figure_of("final_text_ms", finals, "ms")))
    return found + stages([said for turn in turns for said in turn.said])


def stages(said: Sequence[Told]) -> list[Figure]:
    """The bot's own stamps of these replies, as far as it has made them."""
    names = dict.fromkeys(name for each in said for name in each["timings"])
    by_name = {name: [ms for each in said if (ms := each["timings"][name]) is not None] for name in names}
    return [figure_of(f"stage_{name}", values, "ms") for name, values in by_name.items() if values]

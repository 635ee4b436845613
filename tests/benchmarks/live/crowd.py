"""Eight people talk at once for a minute: whose words are whose, and how soon are they there?

A final is under the right person when no other person's clip resembles it more than the most similar one of
theirs. Its delay runs from that clip's last speech sample; where a clip arrived in several finals, those before
its last run from the end that the bot itself noticed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.benchmarks.figures import Figure, against, figure_of
from tests.benchmarks.live.sounds import Clip, librispeech
from tests.benchmarks.live.stage import Room, Stage, Told
from tests.words import word_error_rate

PEOPLE = ("Ann", "Bob", "Cy", "Dan", "Eve", "Finn", "Gus", "Hal")
SECONDS = 60.0
GAP_S = 1.0
UNDERSTOOD_S = 30.0  # after the last word
QUIET_S = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """A clip that somebody said."""

    who: str  # id as the bot tells it
    clip: Clip
    last_speech: float


def shares(clips: Sequence[Clip], people: int, seconds: float) -> list[list[Clip]]:
    """For each person clips that nobody else has, begun within so many seconds."""
    taken: list[list[Clip]] = []
    for n in range(people):
        share, length = [], 0.0
        for clip in clips[n::people]:
            if length < seconds:
                share.append(clip)
                length += clip.seconds + GAP_S
        taken.append(share)
    return taken


def measure(stage: Stage, most: int | None = None) -> list[Figure]:
    seconds = SECONDS if most is None else 15.0
    room = stage.room(PEOPLE)
    began = time.perf_counter()
    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        said = pool.map(lambda n, share: _talk(room, n, share), range(8), shares(librispeech(), 8, seconds))
        lines = [line for each in said for line in each]
    ended = time.perf_counter()

    def understood() -> bool:
        latest = max([ended, *(told["at"] for told in room.told("heard", began))])
        now = time.perf_counter()
        return now - ended > UNDERSTOOD_S or now - latest > QUIET_S

    stage.wait(understood, 2 * UNDERSTOOD_S, "her ears do not come to an end")
    return figures(lines, room.told("heard", began))


def _talk(room: Room, who: int, share: Sequence[Clip]) -> list[Line]:
    lines = []
    for clip in share:
        moments = room.say(clip, who).wait()
        lines.append(Line(f"discord:{room.people[who].id}", clip, moments.last_speech))
        time.sleep(GAP_S)
    return lines


def figures(lines: Sequence[Line], finals: Sequence[Told]) -> list[Figure]:
    of_final = [_spoken_by(final["who"], final["text"], lines) for final in finals]
    pairs = [(final, line) for final, line in zip(finals, of_final, strict=True) if line is not None]
    last = {line.clip.name: final["at"] for final, line in pairs}
    delays = [(final["at"] - _ended(final, line, last)) * 1000 for final, line in pairs]
    share = len(pairs) / len(finals) if finals else 0.0
    found = [
        against("== 1.0", Figure("crowd_right_share", round(share, 3), "of finals", len(finals))),
        Figure("crowd_unheard", sum(line.clip.name not in last for line in lines), "clips", len(lines)),
    ]
    if delays:
        median = figure_of("crowd_final_ms", delays, "ms")
        p95 = Figure("crowd_final_p95_ms", median.p95 or 0.0, "ms", median.n)
        found += [median, against("<= 3000", p95)]
    return found


def _ended(final: Told, line: Line, last: dict[str, float]) -> float:
    """When the words of a final ended."""
    is_last = last[line.clip.name] == final["at"]
    return line.last_speech if is_last or final["stopped_at"] is None else float(final["stopped_at"])


def _spoken_by(who: str, text: str, lines: Sequence[Line]) -> Line | None:
    """The clip of theirs that ``text`` comes from; None: it is rather somebody else's."""
    errors = [(_errors(text, line.clip.text), line.who != who, n) for n, line in enumerate(lines)]
    _, others, n = min(errors)
    return None if others else lines[n]


def _errors(text: str, reference: str) -> float:
    """Of the words of ``text`` against as many words of ``reference`` in a row, those that fit best."""
    words, size = reference.split(), len(text.split())
    parts = [" ".join(words[n : n + size]) for n in range(max(1, len(words) - size + 1))]
    return min(word_error_rate(part, text) for part in parts)

"""Eight people talk at once for a minute: whose words are whose, and how soon are they there?

Who pauses for a second may be given time to think, so one final may hold several clips. Each is laid over all that
each person has said where it fits best, letter by letter; it is under the wrong person when it is somebody else's
words and fits them better. Its delay runs from the last speech sample of the last clip it covers; where a clip arrived in
several finals, those before its last run from the end that the bot itself noticed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rapidfuzz import fuzz

from tests.benchmarks.figures import Figure, against, figure_of
from tests.benchmarks.live.sounds import Clip, librispeech
from tests.benchmarks.live.stage import Room, Stage, Told
from tests.words import normalised

PEOPLE = ("Ann", "Bob", "Cy", "Dan", "Eve", "Finn", "Gus", "Hal")
SECONDS = 60.0
GAP_S = 1.0
UNDERSTOOD_S = 30.0  # after the last word
QUIET_S = 5.0
ALIKE = 80.0  # of 100; words written down wrongly are like anybody's by chance, those of a clip like their own by more


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


class Script:
    """All that one person has said, in order."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._texts = [(line, normalised(line.clip.text)) for line in lines]
        self.text = " ".join(text for _, text in self._texts)

    def covered(self, start: int, end: int) -> list[Line]:
        """The clips of which most lies between these letters, or in which most of these letters lie."""
        found, begins = [], 0
        for line, text in self._texts:
            ends = begins + len(text)
            if 2 * (min(end, ends) - max(start, begins)) > min(end - start, ends - begins):
                found.append(line)
            begins = ends + 1
        return found


def figures(lines: Sequence[Line], finals: Sequence[Told]) -> list[Figure]:
    scripts = {
        who: Script([line for line in lines if line.who == who]) for who in {line.who for line in lines}
    }
    placed = [(final, covered) for final in finals if (covered := _said(final, scripts))]
    last = {line.clip.name: final["at"] for final, covered in placed for line in covered}
    delays = [(final["at"] - _ended(final, covered[-1], last)) * 1000 for final, covered in placed]
    share = len(placed) / len(finals) if finals else 0.0
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
    """When the words of a final ended, the last of which are of ``line``."""
    is_last = last[line.clip.name] == final["at"]
    return line.last_speech if is_last or final["stopped_at"] is None else float(final["stopped_at"])


def _said(final: Told, scripts: dict[str, Script]) -> list[Line]:
    """The clips that ``final`` covers; none where it is rather somebody else's words than its speaker's."""
    text = normalised(final["text"])
    fits = {who: fuzz.partial_ratio_alignment(text, script.text) for who, script in scripts.items()}
    own = fits.get(final["who"])
    if own is None or any(other and other.score > max(own.score, ALIKE) for other in fits.values()):
        return []
    return scripts[final["who"]].covered(own.dest_start, own.dest_end)

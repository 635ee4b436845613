"""Faces told apart: ``python -m tests.benchmarks.faces [--json]``.

The pictures are those of ``../shared/data/faces``: 34 people of the Face Research Lab London Set with two photographs and a
webcam's look each, and one person's eight casual photographs (two sets, which SFace takes for one person: 0.68 to 0.75
alike, where no two people of the others reach 0.5; counted as two, they would be sixteen pairs taken for one another). Each picture is also seen blurred, in bad light, small,
tilted, grainy and squeezed; all of that is made here, of few people who look ahead, in one studio and one home.

Every second person of the London set is used for choosing bounds, as ``memory/gallery.py`` has them; the other
17 and the casual one for measuring, and the other way round to see how much hangs on who is which. People are enrolled
from one photograph as it is seen by a moving head, and looked for in the others. A known face is looked for among all,
and, as a stranger, among the others.

``FACE_ENGINE=insightface FACE_MODEL=folder`` measures another engine, and says which bounds would suit it.
"""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import cv2
import numpy as np

from memory.gallery import Bounds, Gallery, Template, Verdict, bounds_of
from persona_core.ports import FaceEncoder
from persona_core.seeing.pictures import decode_picture
from persona_core.seeing.quality import ENROLLING, look, refusal
from persona_core.seeing.templates import Sitting
from persona_core.types import Picture, Samples
from tests.benchmarks import face_data
from tests.benchmarks.face_data import FACES
from tests.benchmarks.figures import Figure, against, figure_of, show

ONE_PERSON = {"cc0_zoom": "cc0_lisa"}
ENROLLED_FROM = ("neutral.jpg", "60cm.jpg")
MISSED = 0.015  # of known people, where bounds are chosen
PERHAPS = 0.02  # of strangers may look like somebody
BARS = "<= 0.005", "<= 0.05"
MANY = 10_000  # people in the gallery whose time is taken
SIZES = {"480p": (640, 480), "720p": (1280, 720)}
ROUNDS = 20

Change = Callable[[Picture, np.random.Generator], Picture]


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at somebody's face."""

    person: str
    picture: str  # the file
    change: str
    vector: Samples | None  # None: no face was found, or it was not good enough
    why: str = ""  # it was not


@dataclass(slots=True)
class Tally:
    """Looks that were good enough, each once of somebody known and once of a stranger."""

    looks: int = 0
    missed: int = 0  # known, and not named
    perhaps: int = 0  # strangers who look like somebody
    strangers_named: int = 0
    wrong: int = 0  # known or strangers, named as somebody else
    wronged: set[str] = field(default_factory=set)  # whom that happened to


def main() -> None:
    show(asyncio.run(_measure(face_data.encoder())))


async def _measure(encoder: FaceEncoder) -> list[Figure]:
    pictures = _pictures()
    templates = {who: await _enrolled(encoder, of) for who, of in pictures.items()}
    seen = [one for who, of in pictures.items() for one in await _looks(encoder, who, of)]
    london = sorted(who for who in pictures if who.startswith("london"))
    for_choosing = set(london[::2])
    choosing, measuring = (
        (
            {who: one for who, one in templates.items() if (who in for_choosing) is chosen},
            [one for one in seen if (one.person in for_choosing) is chosen],
        )
        for chosen in (True, False)
    )
    bounds = bounds_of(encoder.name)
    chosen, swapped = choose(encoder, *choosing), choose(encoder, *measuring)
    figures = [
        Figure("faces_accept", bounds.accept, "cosine"),
        Figure("faces_maybe", bounds.maybe, "cosine"),
        Figure("faces_accept_chosen", chosen.accept, "cosine", len(choosing[0])),
        Figure("faces_maybe_chosen", chosen.maybe, "cosine", len(choosing[0])),
        *_rates("", tally(encoder, *measuring, bounds), len(measuring[0])),
        *_rates("_swapped", tally(encoder, *choosing, swapped), len(choosing[0])),
        *_rates("_among_all", tally(encoder, templates, measuring[1], bounds), len(measuring[0])),
    ]
    figures += _named(encoder, *measuring)
    figures += await _twins(encoder, pictures, seen)
    return [*figures, *await _times(encoder, templates, seen)]


def _pictures() -> dict[str, dict[str, Picture]]:
    """By person and file."""
    found: dict[str, dict[str, Picture]] = {}
    with (FACES / "faces.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            who = ONE_PERSON.get(row["identity"], row["identity"])
            path = FACES / row["file"]
            found.setdefault(who, {})[path.name] = decode_picture(path.read_bytes())
    return found


async def _enrolled(encoder: FaceEncoder, of: Mapping[str, Picture]) -> Template:
    """From one photograph, as somebody moves a little before a camera."""
    (name,) = set(of) & set(ENROLLED_FROM)
    return await _template(encoder, of[name])


async def _template(encoder: FaceEncoder, picture: Picture) -> Template:
    sitting = Sitting(encoder.name, bounds_of(encoder.name).accept)
    random = np.random.default_rng(1)
    for change in (_as_it_is, _moved, _moved, _moved, _moved):
        frame = change(picture, random)
        face = (await encoder.find(frame))[0]
        assert not refusal(look(frame, face), ENROLLING)
        sitting.add(await encoder.embed(frame, face), encoder.name)
    return sitting.template()


async def _looks(encoder: FaceEncoder, who: str, of: Mapping[str, Picture]) -> list[Seen]:
    """Of every picture but that which they are enrolled from, in every way of seeing it."""
    found = []
    for name, picture in sorted(of.items()):
        if name in ENROLLED_FROM:
            continue
        for change, make in CHANGES.items():
            random = np.random.default_rng([int.from_bytes(who.encode()), len(found)])
            found.append(Seen(who, name, change, *await _look(encoder, make(picture, random))))
    return found


async def _look(encoder: FaceEncoder, frame: Picture) -> tuple[Samples | None, str]:
    faces = await encoder.find(frame)
    if not faces:
        return None, "no face is found"
    why = refusal(look(frame, faces[0]))
    return (None, why) if why else (await encoder.embed(frame, faces[0]), "")


# Ways of seeing the same


def _as_it_is(picture: Picture, random: np.random.Generator) -> Picture:
    return picture


def _moved(picture: Picture, random: np.random.Generator) -> Picture:
    """Turned by up to 8 degrees, nearer or farther by a tenth, in a little more or less light."""
    return _tilted(_lit(picture, random.uniform(0.85, 1.15)), random.uniform(-8, 8), random.uniform(0.9, 1.1))


def _tilted(picture: Picture, degrees: float, scale: float = 1.0) -> Picture:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    return _bytes(cv2.warpAffine(picture, turn, (width, height), borderValue=(128, 128, 128)))


def _lit(picture: Picture, light: float) -> Picture:
    return _bytes(picture * np.float32(light))


def _from_the_side(picture: Picture, random: np.random.Generator) -> Picture:
    """Light from one side: a quarter on the other."""
    shade = np.linspace(0.25, 1.2, picture.shape[1], dtype=np.float32)
    return _bytes(picture * (shade if random.random() < 0.5 else shade[::-1])[None, :, None])


def _of_size(picture: Picture, side: int) -> Picture:
    """So that the shorter side is of ``side`` pixels; in a London picture the eyes are about a seventh of that apart."""
    scale = side / min(picture.shape[:2])
    return _bytes(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _blurred(picture: Picture, share: float) -> Picture:
    """By a Gaussian whose deviation is ``share`` of the picture's shorter side."""
    return _bytes(cv2.GaussianBlur(picture, (0, 0), share * min(picture.shape[:2])))


def _squeezed(picture: Picture, quality: int) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return decode_picture(data.tobytes())


def _grainy(picture: Picture, deviation: float, random: np.random.Generator) -> Picture:
    return _bytes(picture + random.normal(0, deviation, picture.shape).astype(np.float32))


def _webcam(picture: Picture, random: np.random.Generator) -> Picture:
    """Some of everything at once."""
    frame = _moved(_of_size(picture, int(random.integers(110, 300))), random)
    frame = _blurred(frame, random.uniform(0.001, 0.006))
    frame = _grainy(_lit(frame, random.uniform(0.4, 1.3)), random.uniform(1, 8), random)
    return _squeezed(frame, int(random.integers(35, 80)))


def _bytes(values: np.ndarray) -> Picture:
    return np.clip(values, 0, 255).astype(np.uint8)


CHANGES: dict[str, Change] = {
    "as it is": _as_it_is,
    "moved": _moved,
    "tilted": lambda picture, random: _tilted(picture, random.uniform(10, 18) * random.choice([-1, 1])),
    "blurred": lambda picture, random: _blurred(picture, random.uniform(0.003, 0.008)),
    "dark": lambda picture, random: _lit(picture, random.uniform(0.25, 0.5)),
    "bright": lambda picture, random: _lit(picture, random.uniform(1.3, 1.7)),
    "from the side": _from_the_side,
    "small": lambda picture, random: _of_size(picture, int(random.integers(90, 140))),
    "grainy": lambda picture, random: _grainy(picture, random.uniform(5, 12), random),
    "squeezed": lambda picture, random: _squeezed(picture, int(random.integers(12, 40))),
    "webcam": _webcam,
}


# Counting


def tally(
    encoder: FaceEncoder, templates: Mapping[str, Template], seen: Iterable[Seen], bounds: Bounds
) -> Tally:
    """``templates``: of whoever is enrolled; each look is also one of a stranger, where its person is not."""
    counted = Tally()
    everybody = Gallery(encoder.name, templates)
    for who, looks in groupby(seen, lambda one: one.person):
        others = Gallery(encoder.name, {one: of for one, of in templates.items() if one != who})
        for one in looks:
            if one.vector is None:
                continue
            known, strange = (each.match(one.vector, bounds) for each in (everybody, others))
            named = known.likest[0] if known.verdict is Verdict.KNOWN else None
            counted.looks += 1
            counted.missed += named is None
            counted.perhaps += strange.verdict is Verdict.MAYBE
            counted.strangers_named += strange.verdict is Verdict.KNOWN
            mistaken = (named not in (None, who)) + (strange.verdict is Verdict.KNOWN)
            counted.wrong += mistaken
            counted.wronged |= {who} if mistaken else set()
    return counted


def choose(encoder: FaceEncoder, templates: Mapping[str, Template], seen: Sequence[Seen]) -> Bounds:
    """Accepted from the highest likeness at which few people are missed, as a wrong name is worse than none; perhaps
    somebody from the lowest at which few strangers are.
    """
    margin = bounds_of(encoder.name).margin
    steps = [round(0.2 + 0.01 * step, 2) for step in range(60)]
    at = {step: tally(encoder, templates, seen, Bounds(step, step, margin)) for step in steps}
    accept = max(step for step in steps if at[step].missed <= MISSED * at[step].looks)
    strange = {step: one.strangers_named + one.perhaps for step, one in at.items()}
    maybe = min(step for step in steps if strange[step] <= PERHAPS * at[step].looks)
    return Bounds(accept, min(accept, maybe), margin)


def upper(count: int, of: int) -> float:
    """95 % sure that the share is not higher (Wilson's bound, one-sided)."""
    z, share = 1.645, count / max(1, of)
    middle, spread = share + z * z / 2 / of, z * np.sqrt(share * (1 - share) / of + z * z / 4 / of / of)
    return float((middle + spread) / (1 + z * z / of))


def _rates(name: str, counted: Tally, people: int) -> list[Figure]:
    def share(what: str, count: int, of: int, unit: str = "of looks") -> Figure:
        return Figure(f"faces_{what}{name}", round(count / of, 5), unit, of)

    def sure(what: str, count: int, of: int) -> Figure:
        return Figure(f"faces_{what}_upper{name}", round(upper(count, of), 5), "95 % sure", of)

    looks = counted.looks
    return [
        against(BARS[0], share("wrong", counted.wrong, 2 * looks)),
        sure("wrong", counted.wrong, 2 * looks),
        share("wronged", len(counted.wronged), people, "of people"),
        sure("wronged", len(counted.wronged), people),
        against(BARS[1], share("missed", counted.missed, looks)),
        sure("missed", counted.missed, looks),
        share("perhaps", counted.perhaps, looks, "of strangers"),
    ]


def _named(encoder: FaceEncoder, templates: Mapping[str, Template], seen: Sequence[Seen]) -> list[Figure]:
    """Who is named, of all looks: also of those that were not good enough."""
    gallery = Gallery(encoder.name, templates)
    figures = []
    for change in CHANGES:
        looks = [one for one in seen if one.change == change]
        there = [(one.person, gallery.match(one.vector)) for one in looks if one.vector is not None]
        named = sum(match.verdict is Verdict.KNOWN and match.likest == (who,) for who, match in there)
        name = f"faces_named_{change.replace(' ', '_')}"
        figures.append(Figure(name, round(named / len(looks), 4), "of looks", len(looks)))
    refused = sum(one.vector is None for one in seen)
    return [*figures, Figure("faces_refused", round(refused / len(seen), 4), "of looks", len(seen))]


async def _twins(
    encoder: FaceEncoder, pictures: Mapping[str, Mapping[str, Picture]], seen: Sequence[Seen]
) -> list[Figure]:
    """Somebody is enrolled under two names, from two photographs: is one of them named for sure?"""
    named = looks = 0
    for who, of in pictures.items():
        if "smiling.jpg" not in of:
            continue
        twins = {name: await _template(encoder, of[f"{name}.jpg"]) for name in ("neutral", "smiling")}
        gallery = Gallery(encoder.name, twins)
        for one in seen:
            if (one.person, one.picture) == (who, "degraded.jpg") and one.vector is not None:
                looks += 1
                named += gallery.match(one.vector).verdict is Verdict.KNOWN
    return [Figure("faces_twins_named", round(named / looks, 4), "of looks", looks)]


# How long it takes


async def _times(
    encoder: FaceEncoder, templates: Mapping[str, Template], seen: Sequence[Seen]
) -> list[Figure]:
    figures = []
    photograph = decode_picture((FACES / "zoom" / "45cm.jpg").read_bytes())
    for name, (width, height) in SIZES.items():
        scale = height / photograph.shape[0]
        upright = cv2.resize(photograph, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        frame = np.full((height, width, 3), 128, np.uint8)
        left = (width - upright.shape[1]) // 2
        frame[:, left : left + upright.shape[1]] = upright
        data = cv2.imencode(".jpg", frame)[1].tobytes()
        decoded, found, embedded = [], [], []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            decode_picture(data)
            decoded.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            (face,) = await encoder.find(frame)
            found.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            assert not refusal(look(frame, face))
            await encoder.embed(frame, face)
            embedded.append(time.perf_counter() - begun)
        for what, took in (("decode", decoded), ("find", found), ("embed", embedded)):
            figures.append(figure_of(f"faces_{what}_{name}", [1000 * one for one in took], "ms"))
    vector = next(one.vector for one in seen if one.vector is not None)
    crowd = np.random.default_rng(1).standard_normal((MANY, len(vector))).astype(np.float32)
    crowd /= np.linalg.norm(crowd, axis=1, keepdims=True)
    gallery = Gallery(encoder.name, {str(n): Template(one, encoder.name, 5) for n, one in enumerate(crowd)})
    gallery.match(vector)
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        gallery.match(vector)
        took.append(1000 * (time.perf_counter() - begun))
    return [*figures, figure_of("faces_match_10000", took, "ms")]


if __name__ == "__main__":
    main()

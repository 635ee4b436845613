"""The values that cross rooms. All are frozen; units stand in the name or beside the field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from memory.types import Hit

Pcm = npt.NDArray[np.int16]  # mono samples
Samples = npt.NDArray[np.float32]  # mono samples, -1..1
Picture = npt.NDArray[np.uint8]  # (height, width, 3): blue, green, red, as OpenCV and cameras have it

EAR_RATE = 16_000  # Hz, what every hearing engine takes


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be heard or read."""

    id: str  # stable and unique, e.g. "desk:ann"
    name: str  # as shown to others


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms (or less, at the end of a stream) of one person's sound."""

    person: Person
    pcm: Pcm
    rate: int  # Hz
    at_s: float  # when its first sample was spoken, on the conversation's own clock
    sending: bool = True  # False: the person's own program has said that nothing follows, or sends nothing


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture; all in pixels from its upper left corner, and possibly beyond its edges."""

    x: float  # left edge
    y: float  # upper edge
    width: float
    height: float
    # (x, y) of right eye, left eye, tip of the nose, right and left corner of the mouth; right is its owner's
    landmarks: tuple[tuple[float, float], ...]
    score: float  # 0..1, how sure it is that this is one


@dataclass(frozen=True, slots=True)
class View:
    """What a camera saw at one moment."""

    camera: str  # its name, as people see it
    picture: Picture | bytes  # bytes: as it was sent, JPEG, PNG or WebP
    at: float  # time.perf_counter() of when it was taken


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face that is in view, followed from picture to picture."""

    track: int  # its number for as long as it is in view; never used again
    face: Face
    person: Person | None = None  # who it is; None: unknown, or not told yet
    maybe: tuple[Person, ...] = ()  # who it may be
    likeness: float = -1.0  # to the likest, -1..1
    refusal: str = ""  # why it cannot be told by, in a sentence; empty: it can


@dataclass(frozen=True, slots=True)
class Speech:
    """Sound to be recognised, and what is known of it already."""

    samples: Samples  # at EAR_RATE
    language: str = ""  # ISO 639-1; empty: detect it
    usual: str = ""  # the language this person was last heard in; taken where detection is not sure
    begins: str = ""  # words that the sound is known to begin with, to be taken for granted
    draft: bool = (
        False  # it goes on, and will be asked about again: the first words that come to mind will do
    )
    lost: bool = False  # the recogniser got lost in its beginning already: it is to take more care at once


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser made of ``Speech``, with its own evidence; ``text`` is empty when it heard no words."""

    text: str
    language: str = ""  # ISO 639-1, empty when unknown
    language_probability: float = 0.0  # 0: not detected but told, or taken from habit
    logprob: float = (
        0.0  # mean per token of the words, the closing one included; 0 when the engine gives none
    )
    no_speech: float = 0.0  # the recogniser's own probability (0..1) that nobody spoke; 0 when it gives none
    looped: bool = False  # it repeated itself at first, and had to be asked again
    lost: bool = False  # it repeated itself, and of some of the sound there are no words for that


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one person said in one go."""

    person: Person
    text: str
    started_s: float
    ended_s: float
    language: str = ""
    message: str = ""  # the message it was written as, answered in writing; empty: answered aloud
    # time.perf_counter() of its last speech sample, None when typed; the rest: see Timings
    stopped_at: float | None = field(default=None, compare=False)
    pause_ms: float | None = field(default=None, compare=False)
    stt_ms: float | None = field(default=None, compare=False)
    text_ms: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Action:
    """Something she wants done beside speaking, e.g. ``Action("react", "👍")``."""

    name: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Memorable:
    """Something she wants to keep."""

    text: str
    salience: float  # 0 trivial .. 1 unforgettable


@dataclass(frozen=True, slots=True)
class Reply:
    """What she says, with the tail she wrote after it. Always well-formed, whatever the model did."""

    text: str  # plain spoken words
    emotion: str = "neutral"
    actions: tuple[Action, ...] = ()
    remember: tuple[Memorable, ...] = ()
    dropped_actions: int = 0  # what else she wanted done: nothing that is known, or too much at once


@dataclass(frozen=True, slots=True)
class Expression:
    """What shows on her face at one moment."""

    loudness: float = 0.0  # RMS (0..1) of what is heard of her
    emotion: str = ""  # of the reply that she is giving; empty: not known yet, or she gives none


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a conversation. ``person`` is None for her own replies."""

    person: Person | None
    text: str
    language: str = ""  # ISO 639-1, empty when unknown
    cut: bool = False  # of a reply: somebody spoke over her, and this is what had been heard until then
    heard_by: frozenset[str] = frozenset()  # ids of those who were there
    about: frozenset[str] = frozenset()  # ids of the people whose words it holds, or may repeat
    written: bool = False  # so that whoever can read the place has it
    at_s: float = field(default=0.0, compare=False)  # when it was over, on the conversation's own clock
    private: bool = (
        False  # of a reply: it may repeat what she remembers, and was for those alone who heard it
    )


@dataclass(frozen=True, slots=True)
class Recalled:
    """Something she remembers, as the prompt has it. It is never kept again."""

    text: str = ""  # a line or more; empty: nothing
    about: frozenset[str] = frozenset()  # ids of the people whose words it rests on
    hits: tuple[Hit, ...] = field(default=(), compare=False)  # where its lines come from, and why


@dataclass(frozen=True, slots=True)
class Mind:
    """What she has in mind while she answers."""

    knows: Recalled = Recalled()  # about those who are there, and herself; changes a few times a day
    note: Recalled = Recalled()  # what comes to her mind about the last line

    @property
    def about(self) -> frozenset[str]:
        return self.knows.about | self.note.about

    def is_within(self, other: Mind) -> bool:
        """Whether whoever may be told all of ``other`` may be told all of this."""
        return not self.note.text and set(self.knows.text.splitlines()) <= set(other.knows.text.splitlines())


NOTHING_IN_MIND = Mind()


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, in the form every chat model takes."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a language model picks its words."""

    max_tokens: int = 160
    temperature: float = 0.7
    top_p: float = 0.9
    seed: int | None = None  # None: a new one each time
    stop: tuple[str, ...] = field(default=())  # the stream ends before any of these
    # llama.cpp begins unlike these, and says nothing long of them again
    said: tuple[str, ...] = field(default=())
    schema: str = ""  # a JSON schema that the answer is to follow, where the engine can; empty: none


@dataclass(frozen=True, slots=True)
class Voice:
    """How she sounds. What an engine cannot do itself is done to its sound afterwards."""

    timbre: str = ""  # a name the engine knows; empty for its default
    speed: float = 1.0  # 0.5 slow .. 2.0 fast
    pitch: float = 0.0  # semitones up or down
    formant: float = 1.0  # ratio; above 1 a smaller, below 1 a larger speaker


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds a turn spent in each stage; None where the stage did not take place."""

    pause_ms: float | None = None  # last speech sample → its silence noticed
    stt_ms: float | None = None  # recognition of the last utterance
    text_ms: float | None = None  # last speech sample → its final text
    end_of_turn_ms: float | None = None  # last speech sample → certain that the turn is over
    llm_first_token_ms: float | None = None  # prompt handed over → first token
    llm_first_clause_ms: float | None = None  # prompt handed over → first clause complete
    llm_ms: float | None = None  # prompt handed over → last token, tail included
    tts_first_audio_ms: float | None = None  # first clause handed over → its first sound
    voice_to_voice_ms: float | None = None  # last speech sample → first sound of the reply

"""Takes out of a streamed answer what is written but not spoken: Markdown, role-play, tags, thoughts.

The reader decides at the front of what has arrived and waits while the decision could still change,
so how the stream is cut into pieces makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from memory.plain_text import SENTINEL

CODE_TEXT = "No, wait, that is code, and I only talk."
WINDOW = 160  # characters looked ahead for the end of a marker; a longer one counts as unclosed

_STAGE = re.compile(  # what role-play does between marks, also as "a small smile" or "in a whisper"
    r"\b(?:smil|laugh|grin|nod|wav(?:e|ing)|wink|sigh|chuckl|giggl|shrug|blush|paus|whisper|gasp|frown|smirk"
    r"|lean|tilt|glanc|look|think|ponder|clear|yawn|beam|cough|hum(?:s|ming)|rais|roll|shak|tap|snort|hug"
    r"|cheer|clap|sniff|softly|quietly|silence|excited|whir|emotion|action)",
    re.IGNORECASE,
)
_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_ENDS_ANSWER = re.compile(r"<(?:\|(?:im_end|endoftext|eot_id|end|im_start)\||/s|end_of_turn|eos)>")
_TAG = re.compile(r"<[^\s<>][^<>\n]*>")
_URL = re.compile(r"https?://|www\.", re.IGNORECASE)
_URL_STARTS = ("https://", "http://", "www.")
_URL_REST = re.compile(r"[^\s<>{}\[\]()\"*`@]*")
_STARRED = re.compile(r"([*_~]{1,3})(?=\S)([^*_~\n@{]*[^*_~\s@{])\1")
_ROUND = re.compile(r"\(([^()\n@{]*)\)")
_LINK = re.compile(r"\[([^\[\]\n@{]*)\]\([^()\n]*\)")
_SQUARE = re.compile(r"\[[^\[\]\n@{]*\]")
_CURLY = re.compile(r"\{[^{}\n@]*\}")
_IMAGE = re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)")
_IMAGE_PART = re.compile(r"!(?:\[[^\[\]\n]*(?:\](?:\([^()\n]*)?)?)?")
_JSON = re.compile(r"\{\s*[\"'}]|\[\s*\{")
_JSON_PART = re.compile(r"[{\[]\s*")
_LINE_MARK = re.compile(
    r"[ \t]*(?:#{1,6}(?=\s)|[-+•>*](?=\s)|\d{1,2}[.)](?=\s)|(?:[-=*] ?){3,}(?=\n)|\|)[ \t]*"
)
_LINE_MARK_PART = re.compile(r"[ \t]*(?:#{1,6}|[+•>]|\d{1,2}[.)]?|(?:[-=*] ?)+)?")

Step = tuple[int, str, str]  # characters used up, text said, text to read again in their place
_NO_MARK: Step = (0, "", "")


class MarkupReader:
    """``feed`` it the pieces of an answer; what it gives back is plain text, new lines kept.

    ``tail`` collects what follows the sentinel (or a bare JSON object) and is None until that begins.
    ``ended`` is true once the model has closed its turn: nothing after that counts.
    """

    def __init__(self) -> None:
        self.tail: str | None = None
        self.ended = False
        self._left = ""  # not yet decided
        self._before = ""  # last character said
        self._last = "\n"  # the same without blanks
        self._mode: Callable[[bool], str | None] = self._speech
        self._closing = re.compile("")  # what ends the thought we are in

    def feed(self, piece: str) -> str:
        """Plain text that no later piece can change."""
        self._left += piece
        return self._read(final=False)

    def finish(self) -> str:
        """What was held back, now that the stream is over."""
        return self._read(final=True)

    def _read(self, final: bool) -> str:
        said = []
        while self._left and not self.ended:
            if self.tail is not None:
                self.tail, self._left = self.tail + self._left, ""
                break
            text = self._mode(final)
            if text is None:
                break
            said.append(text)
        return "".join(said)

    def _speech(self, final: bool) -> str | None:
        window = self._left[:WINDOW]
        step = self._decide(window, final or len(window) == WINDOW)
        if step is None:
            return None
        used, said, again = step
        self._left = again + self._left[used:]
        if used:
            self._before = said[-1:] or (" " if again else self._before)
        if said.strip(" \t"):
            self._last = said.strip(" \t")[-1]
        return said

    def _decide(self, text: str, whole: bool) -> Step | None:
        """What to do at the front of ``text``; None while more of it could change that."""
        if text.startswith(SENTINEL):
            self._start_tail(len(SENTINEL))
            return _NO_MARK
        if not whole and SENTINEL.startswith(text):
            return None
        if self._before in ("", "\n"):
            mark = self._line_mark(text, whole)
            if mark != _NO_MARK:
                return mark
        return self._character(text, whole)

    def _line_mark(self, text: str, whole: bool) -> Step | None:
        """Headings, bullets, list numbers, quotes and rules at the start of a line."""
        mark = _LINE_MARK.match(text)
        if mark and not self._before and any(c.isdigit() for c in mark.group()):
            return _NO_MARK  # an answer may begin with "7. Easy."
        if mark and (whole or mark.end() < len(text)):
            return mark.end(), " ", ""
        return None if not whole and (mark or _LINE_MARK_PART.fullmatch(text)) else _NO_MARK

    def _character(self, text: str, whole: bool) -> Step | None:
        match text[0]:
            case "h" | "H" | "w" | "W" if not self._before.isalnum():
                return self._address(text, whole)
            case "<":
                return self._angle(text, whole)
            case "`":
                return self._tick(text, whole)
            case "*" | "_" | "~":
                return self._star(text, whole)
            case "(":
                return self._round(text, whole)
            case "[":
                return self._square(text, whole)
            case "{":
                return self._curly(text, whole)
            case "!":
                return self._exclamation(text, whole)
            case first:
                return 1, first, ""

    def _address(self, text: str, whole: bool) -> Step | None:
        if found := _URL.match(text):
            self._mode = self._url
            return found.end(), "a link", ""
        unsure = any(start.startswith(text.lower()) for start in _URL_STARTS)
        return None if unsure and not whole else (1, text[0], "")

    def _angle(self, text: str, whole: bool) -> Step | None:
        if text.startswith("<3"):
            return 2, " ", ""
        if thought := _THOUGHT.match(text):
            self._mode, self._closing = self._to_closing, re.compile(f"</{thought.group(1)}>", re.IGNORECASE)
            return thought.end(), " ", ""
        tag = _TAG.match(text)
        if not tag:
            return _unclosed(text, whole)
        self.ended = bool(_ENDS_ANSWER.fullmatch(tag.group())) and self._last != "\n"
        return tag.end(), " ", ""

    def _tick(self, text: str, whole: bool) -> Step | None:
        if text.startswith("```"):
            self._mode = self._fence
            return 3, " ", ""
        return None if not whole and text in ("`", "``") else (1, "", "")

    def _star(self, text: str, whole: bool) -> Step | None:
        inside_word = text[0] == "_" and self._before.isalnum()
        if inside_word or text[1:2].isspace():
            return 1, " ", ""
        marked = _STARRED.match(text)
        if not marked:
            return _unclosed(text, whole)
        marks, inside = marked.groups()
        stage = self._is_stage(inside, strong=len(marks) > 1)
        return (marked.end(), " ", "") if stage else (marked.end(), "", inside)

    def _is_stage(self, inside: str, strong: bool) -> bool:
        """*smiles* and *leans back*, but not **bold**, nor *one* stressed word or *A Title* in a sentence."""
        if _STAGE.match(inside):
            return True
        mid_sentence = self._last not in "\n.!?…"
        stressed = len(inside.split()) == 1 or inside[0].isupper()
        return not strong and not (mid_sentence and stressed)

    def _round(self, text: str, whole: bool) -> Step | None:
        found = _ROUND.match(text)
        if not found:
            return _unclosed(text, whole)
        inside = found.group(1)
        stage = bool(_STAGE.search(inside)) and len(inside.split()) <= 5
        return found.end(), " ", "" if stage else f"{inside} "

    def _square(self, text: str, whole: bool) -> Step | None:
        if not whole and not text[1:].strip():
            return None
        if self._opens_json(text):
            return _NO_MARK
        if link := _LINK.match(text):
            return link.end(), "", link.group(1)
        found = _SQUARE.match(text)
        after = text[found.end() :] if found else ""
        if found and (whole or after[:1] not in ("", "(") or "\n" in after):
            return found.end(), " ", ""
        return None if found else _unclosed(text, whole)

    def _curly(self, text: str, whole: bool) -> Step | None:
        if not whole and not text[1:].strip():
            return None
        if self._opens_json(text):
            return _NO_MARK
        found = _CURLY.match(text)
        return (found.end(), " ", "") if found else _unclosed(text, whole)

    def _exclamation(self, text: str, whole: bool) -> Step | None:
        if image := _IMAGE.match(text):
            return image.end(), " ", ""
        return None if not whole and _IMAGE_PART.fullmatch(text) else (1, "!", "")

    def _opens_json(self, text: str) -> bool:
        if _JSON.match(text):
            self._start_tail(0)
        return self.tail is not None

    def _start_tail(self, skip: int) -> None:
        self._left = self._left[skip:]
        self.tail = ""

    # --- what is skipped as a whole -------------------------------------------------------------

    def _url(self, final: bool) -> str | None:
        """The rest of an address; the full stop behind it is not part of it."""
        address = _URL_REST.match(self._left)
        end = address.end() if address else 0
        self._before = self._left[end - 1] if end else self._before
        self._left = self._left[end:]
        if not self._left and not final:
            return None
        self._mode = self._speech
        return self._before if self._before in ".,!?" else ""

    def _fence(self, final: bool) -> str | None:
        """A fenced JSON object is the tail; any other block is code, and there her words end."""
        inside = self._left.lstrip()
        if not final and (
            not inside or "json".startswith(inside.lower()) or inside in ("{", "[", SENTINEL[0])
        ):
            return None
        body = inside[4:].lstrip() if inside[:4].lower() == "json" else inside
        if not final and (not body or _JSON_PART.fullmatch(body) or SENTINEL.startswith(body)):
            return None
        if _JSON.match(body) or body.startswith(SENTINEL):
            self.tail, self._left = "", body.removeprefix(SENTINEL)
            return ""
        self.ended = True
        return f"\n{CODE_TEXT}"

    def _to_closing(self, final: bool) -> str | None:
        closing = self._closing.search(self._left)
        if closing:
            self._left, self._mode = self._left[closing.end() :], self._speech
            return " "
        keep = 0 if final else len(self._closing.pattern) - 1  # the closing may be half here
        cut = max(0, len(self._left) - keep)
        self._left = self._left[cut:]
        return "" if cut else None


def _unclosed(text: str, whole: bool) -> Step | None:
    """A mark that nothing closes on its line is dropped; until that is known, wait."""
    return (1, " ", "") if whole or "\n" in text else None

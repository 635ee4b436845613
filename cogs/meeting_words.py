"""Whether somebody agrees to be known, and what they say they are called. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cogs.spoken_wishes import answer_in
from memory.called import LONGEST_NAME, names_in

MOST_WORDS = 3  # of a name
_AM = re.compile(
    r"^(?:(?:hi|hello|hey|hallo|well|oh|bonjour|salut|hola|ciao|olá|oi|hoi)[,.!]* )*"
    r"(?:(?:i'm|i am|it's|it is|this is|that's|the name is|the name's|ich bin(?: die| der)?|das ist|je suis|c'est|moi,? c'est|soy|sono|"
    r"(?:eu )?sou(?: o| a)?|ik ben)\s+)",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"\s*[,.;!…]+\s*|\s+(?:and|und|et|y|e|en)\s+(?=(?:i'm|i am|my|ich|mein|je|mon|soy|me|sono|mi|sou|meu|ik|mijn)\b)",
    re.IGNORECASE,
)
_STOPS = """
stop don't dont cancel never nevermind wait halt stopp stopf warte niemals arrête arrêtez attends jamais para espera nunca
cancela basta ferma fermati aspetta pare espere wacht nooit quit enough
"""
_STOP = frozenset(_STOPS.split())
_NO_NAMES = """
yes no yeah yep sure okay ok hi hello hey thanks please what why who sorry well maybe nothing nobody ja nein oui non sí si
sim não nee hallo hola ciao danke merci gracias grazie obrigado obrigada
"""
_NO_NAME = frozenset(_NO_NAMES.split()) | _STOP


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody has said to a question of hers. ``name``: as they give it beside; empty: they do not."""

    yes: bool
    name: str = ""


def answer_to(text: str, her_name: str) -> Answer | None:
    """To "may I …?": a yes or a no, with nothing beside it but what they are called; None: something else."""
    alone = answer_in(text, her_name)
    if alone is not None:
        return Answer(alone)
    parts = [part for part in _PARTS.split(text) if part]
    answers = [(part, answer_in(part, her_name)) for part in parts]
    said = {answer for _, answer in answers if answer is not None}
    rest = [part for part, answer in answers if answer is None]
    if len(said) != 1 or len(rest) != 1:
        return None
    name = _stated(rest[0], her_name)
    return Answer(said.pop(), name) if name else None


def stops(text: str, her_name: str) -> bool:
    """Whether somebody who has agreed takes it back: a no, or a word that stops."""
    answer = answer_to(text, her_name)
    return (answer is not None and not answer.yes) or any(_small(word) in _STOP for word in text.split())


def name_in(text: str, her_name: str) -> str:
    """To "what is your name?"; empty: that is none."""
    return _stated(text, her_name) or _bare(text)


def _stated(text: str, her_name: str) -> str:
    """Where it is said to be one."""
    names = names_in(text, [her_name])
    if names:
        return names[0]
    match = _AM.match(text.replace("’", "'"))
    return _bare(text.replace("’", "'")[match.end() :]) if match else ""


def _bare(text: str) -> str:
    """A few words that begin with a capital, and nothing else."""
    words = text.strip(" .,!?…").split()
    fits = 1 <= len(words) <= MOST_WORDS and all(
        re.fullmatch(r"[^\W\d_][\w'’.-]*", word) and word[0] == word[0].upper() for word in words
    )
    if not fits or any(_small(word) in _NO_NAME for word in words):
        return ""
    name = " ".join(words)
    return name if len(name) <= LONGEST_NAME else ""


def _small(word: str) -> str:
    return word.casefold().replace("’", "'").strip(" .,!?…")

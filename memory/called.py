"""What people say that they are called, and what they say they are to her: told by their words alone. Pure.

Few rules, each for a plain statement: what is missed can be said in another way, or set by hand; what is taken for it by
mistake would be believed. Nobody becomes somebody by saying so: the line tells that they said it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from memory.likeness import normalised
from memory.roster_update import Alias, Relationship
from memory.salience import is_order
from memory.types import HERS, Origin, StoredTurn

MOST_ALIASES = 5  # of one stretch of talk
LONGEST_NAME = 32  # characters
LONGEST_CLAIM = 100  # the same, of what somebody says they are to her

_SENTENCE = re.compile(r"(?<=[.!?…。！？;])\s+|\n+")
_QUOTES = str.maketrans('“”„‟«»"', "'''''''")


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


# What follows a match is a name, if it looks like one.
_OFTEN = r"(?:all |always |usually |mostly |just |still |also |simply )*"
_PEOPLE = (
    r"friends?|family|mates?|buddies|mum|mom|mother|dad|father|parents|brothers?|sisters?|siblings|kids|children|wife|"
    r"husband|girlfriend|boyfriend|partner|grandma|grandpa|colleagues|coworkers|team|teammates|classmates|students"
)
_CALLED = _any(
    rf"(?:^|[,:–—] *|\b(?:and|but|so|oh|well|please|just|hi|hey|okay|ok|yes|yeah|then|everybody|everyone) )"
    rf"{_OFTEN}call me (?:just |simply )?",
    rf"\byou (?:all )?(?:can|may|could|should) {_OFTEN}call me (?:just |simply )?",
    rf"\b(?:can|could|would|will) you (?:please )?{_OFTEN}call me (?:just |simply )?",
    r"\bi(?:'d| would) (?:like|love|prefer) you to (?:just )?call me (?:just |simply )?",
    rf"\b(?:all )?(?:of )?my (?:\w+ )?(?:{_PEOPLE}) {_OFTEN}calls? me (?:just |simply )?",
    rf"\b(?:everyone|everybody|most people|people) {_OFTEN}calls? me (?:just |simply )?",
    r"\bmy (?:nick)?name(?:'s| is) (?:just |actually )?|\bi(?:'m| am) (?:also )?(?:called|known as) |\bi go by ",
    r"\bnenn(?:t|e|en sie)? mich (?:bitte |einfach |doch |ruhig )*|\b(?:freunde|leute|alle) nennen? mich (?:nur |immer )*",
    r"\bdu kannst mich (?:gern |gerne |auch |einfach |ruhig )*(?=\S+ nennen\b)|\bich heiße |\bmein name ist ",
    r"\bappelle[sz]?-moi |\bje m'appelle |\b(?:amis|gens) m'appellent |\btout le monde m'appelle |\btu peux m'appeler ",
    r"\bllámame |(?<!no )\bme llamo |\bmis amigos me llaman |\bpuedes llamarme ",
    r"\bchiamami |(?<!non )\bmi chiamo |\bamici mi chiamano |\bpuoi chiamarmi ",
    r"\bme chama de |(?<!não )\bme chamo |\bchamo-me |\bmeus amigos me chamam de ",
    r"\bnoem me (?:maar )?|\bik heet |\bvrienden noemen me ",
)
_WORDS = re.compile(r"[^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*)?")  # one or two
_NO_NAMES = """
i i'm i'll i'd i've you he she it we they my your our his her their the a an this that these when if maybe back later
today tonight tomorrow now soon again sometime anytime please okay at on in and but so or not nicht pas no non não niet
monday tuesday wednesday thursday friday saturday sunday
"""
_NO_NAME = frozenset(_NO_NAMES.split())

_STILL = r"(?:also |still |now |actually |just |really |kind of |basically )*"
_KIN = (
    r"(?:(?:little |big |older |younger |twin |step-?|half-?|god|foster )*(?:sister|brother|mother|father|mum|mom|dad|"
    r"daughter|son)|sibling|twin|parent|child|cousin|aunt|uncle|niece|nephew|grand(?:mother|father|ma|pa)|wife|husband|"
    r"girlfriend|boyfriend|partner|fianc[ée]e?|spouse|ex)"
)
_OTHERS = (
    r"(?:(?:best |good |old |close |new |dear |biggest )*(?:friend|bestie|buddy|mate|fan|rival|enemy)|neighbou?r|roommate|"
    r"flatmate|housemate|colleague|co-?worker|boss|manager|employee|assistant|teacher|tutor|mentor|coach|professor|"
    r"student|pupil|apprentice|classmate|teammate|owner|creator|maker|developer|programmer|admin|administrator|moderator|"
    r"master|guardian|therapist|doctor)"
)
_FROM = r"(?: (?:from|at|in) (?!case\b)(?:the |my |our |your )?\w+)?"
_TO_HER = _any(
    rf"\bi(?:'m| am) {_STILL}your (?:{_KIN}|{_OTHERS})\b{_FROM}",
    rf"\byou(?:'re| are) {_STILL}my (?:{_KIN}|{_OTHERS})\b{_FROM}",
    r"\bich bin (?:auch )?deine? (?:beste[rn]? |alte[rn]? |große |großer |kleine |kleiner )?(?:schwester|bruder|mutter|"
    r"vater|mama|papa|tochter|sohn|cousine?|freundin|freund|chefin|chef|lehrerin|lehrer|besitzerin|besitzer|kollegin|"
    r"kollege|nachbarin|nachbar|schülerin|schüler)\b",
    r"\bje suis (?:ta|ton) (?:meilleure? |grande? |petite? )?(?:sœur|soeur|frère|mère|père|fille|fils|amie?|cousine?|"
    r"prof|professeure?|propriétaire|collègue|voisine?|copine|copain|patronn?e?|élève)\b",
    r"(?<!no )\bsoy tu (?:mejor )?(?:hermana|hermano|madre|padre|mamá|papá|hija|hijo|prima|primo|amiga|amigo|jefa|jefe|"
    r"profesora?|maestra|maestro|dueña|dueño|vecina|vecino|compañera|compañero|alumna|alumno)\b",
)
_US = _any(
    rf"\b(?:we|you and i) {_STILL}(?:work|worked|study|studied|live|lived|grew up|play|played|travel) together\b{_FROM}",
    r"\b(?:we|you and i) went to (?:school|college|university|uni) together\b",
    rf"\b(?:we|you and i)(?:'re| are| were) {_STILL}(?:both )?(?:{_KIN}|{_OTHERS})s\b{_FROM}|\bwe(?:'re| are) (?:married|engaged|family)\b",
)
_YOU_AND_I = _any(r"\byou and (?:i|me)\b|\b(?:me|i) and you\b")
# What somebody thinks up, reports or jokes about is no statement.
_UNREAL = _any(
    r"\b(?:if|as though|like|pretend\w*|imagin\w+|suppos\w+|assum\w+|said|says|tells?|told|asks?|asked|thinks?|thought|"
    r"thinking|wish\w*|wonder\w*|whether|dream\w*|jok\w+|kidding|play|playing|role|game|act|acting|story|song|movie|film|"
    r"book|used to|before|until|never|not|don't|dont|won't|nobody|no one|stop)\b"
)
_JOKE = _any(r"\b(?:jok\w+|kidding|not really|lol|haha\w*)\b")


def names_in(text: str, others: Collection[str] = ()) -> list[str]:
    """What somebody says they are called, in their order. ``others``: names that may be addressed, such as hers."""
    taken = set(map(normalised, others))
    found = []
    for sentence in _sentences(text):
        for match in _CALLED.finditer(sentence):
            if _UNREAL.search(sentence[: match.start()]):
                continue
            name = _name_at(sentence[match.end() :])
            if name and normalised(name) not in taken:
                found.append(name)
    return list(dict.fromkeys(found))


def relation_in(text: str, her_name: str, *, alone: bool) -> str | None:
    """What somebody states that they are to her, in their words; of several the last.

    ``alone``: nobody else can be meant by "you". Otherwise she has to be named, and to be among "us" in any case.
    """
    found = None
    for sentence in _sentences(text):
        if sentence.rstrip().endswith(("?", "？")) or _JOKE.search(sentence):
            continue
        named = (
            bool(her_name) and re.search(rf"\b{re.escape(her_name)}\b", sentence, re.IGNORECASE) is not None
        )
        us = named or (alone and _YOU_AND_I.search(sentence) is not None)
        patterns = [_TO_HER] * (alone or named) + [_US] * us
        for match in (match for pattern in patterns for match in pattern.finditer(sentence)):
            if not _UNREAL.search(sentence[: match.start()]):
                found = match[0][:LONGEST_CLAIM].rstrip()
    return found


def claimed(words: str) -> str:
    """``words`` of a person as what they said, and no more: nothing in them ends the quotation."""
    return f"said “{' '.join(words.translate(_QUOTES).split())}”"


def aliases_of(person: str, turns: Sequence[StoredTurn], names: Collection[str]) -> tuple[Alias, ...]:
    """What a person says in ``turns`` that they are called, each with the turn it was said in; the newest of many.

    ``names``: of all who took part, as they are shown.
    """
    found: dict[str, Alias] = {}
    for turn in _said_by(person, turns):
        for name in names_in(turn.text, names):
            found.pop(normalised(name), None)
            found[normalised(name)] = Alias(text=name, scope=turn.scope, sources=(turn.id,))
    return tuple(found.values())[-MOST_ALIASES:]


def relationship_of(person: str, turns: Sequence[StoredTurn], her_name: str) -> Relationship | None:
    """What a person says in ``turns`` that they are to her; the last they said."""
    found = None
    alone = {turn.speaker for turn in turns} <= {person, HERS}
    for turn in _said_by(person, turns):
        hers = turn.scope.origin is Origin.DIRECT or (alone and set(turn.scope.heard_by) <= {person})
        words = relation_in(turn.text, her_name, alone=hers)
        if words is not None:
            found = Relationship(text=claimed(words), scope=turn.scope, sources=(turn.id,))
    return found


def _said_by(person: str, turns: Iterable[StoredTurn]) -> Iterator[StoredTurn]:
    return (turn for turn in turns if turn.speaker == person)


def _sentences(text: str) -> Iterator[str]:
    plain = text.replace("’", "'")
    return (part for part in map(str.strip, _SENTENCE.split(plain)) if part and not is_order(part))


def _name_at(text: str) -> str:
    """The name that ``text`` begins with; empty where there is none. Names begin with a capital, where there are any."""
    match = _WORDS.match(text)
    words = []
    for word in match[0].split() if match else []:
        if word[0].islower() or word.casefold() in _NO_NAME:
            break
        words.append(word.removesuffix("'s"))
    name = " ".join(words)
    return name if len(name) <= LONGEST_NAME else ""

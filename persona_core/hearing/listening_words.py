"""The words people say to show that they listen: a closed class in each language, and sounds known by form.

Yngve (1970) named them the back channel. Words that also ask for the floor ("no", "but", "what", "well") are
left out, except where they do listen: Polish "no" is "yeah".
"""

from __future__ import annotations

import re

# "mm-hm", "uh-huh", "aha", "ehm", "ahem" and however else a recogniser spells a hum, hyphens taken out
_HUM = re.compile(
    r"[mh]*m[mh]*|[aeouäöü]+h+[aeou]*[hmn]*|u+[hm]+u*[hm]*n?|e+r?m*|hu+h|o+|음+|응+|うん|ん+|嗯+|э+м*|м+|угу|ага"
)
_LAUGH = re.compile(r"a?(?:h[aeiou]+){2,}h?|ha+h?|(?:ja){2,}|(?:ха|хе|хи){2,}|哈+|はは+|ふふ+|ㅋ+|ㅎ+|w{2,}")

_WORDS = {
    "en": "yeah|yea|yes|yep|yup|ya|okay|ok|kay|right|alright|all right|sure|oh|wow|really|exactly|true|cool|nice"
    "|great|good|fine|absolutely|definitely|totally|indeed|interesting|i see|i know|i understand|of course|got it"
    "|that's right|that's true|that's good|that's great|that's cool|that's nice|good point|makes sense|fair enough"
    "|no way|oh my god|my god|you're right|no problem|for sure|sounds good",
    "de": "ja|jo|jep|genau|klar|stimmt|okay|ok|gut|ach|ach so|achso|ach ja|echt|wirklich|richtig|sicher|natürlich"
    "|wow|toll|super|krass|verstehe|ich verstehe|na klar|alles klar|eben|doch",
    "fr": "oui|ouais|ouaip|si|d'accord|ok|okay|bien|très bien|bien sûr|voilà|exactement|tout à fait|c'est vrai"
    "|vraiment|ah bon|bon|je vois|super|génial|carrément|c'est ça|mais oui",
    "es": "sí|si|claro|claro que sí|vale|ya|ok|okay|bueno|bien|muy bien|exacto|exactamente|de acuerdo|es verdad|verdad"
    "|cierto|entiendo|ya veo|por supuesto|ajá|guau|en serio|qué bien|eso es",
    "it": "sì|si|già|certo|va bene|bene|ok|okay|esatto|esattamente|giusto|vero|è vero|davvero|capisco|ho capito"
    "|d'accordo|ecco|ma dai|bello|infatti|come no",
    "pt": "sim|é|pois|pois é|claro|certo|tá|tá bom|está bem|ok|okay|exato|exatamente|isso|verdade|é verdade|entendo"
    "|entendi|sei|legal|beleza|com certeza|sério|nossa",
    "nl": "ja|jawel|oké|ok|okay|goed|precies|klopt|zeker|tuurlijk|natuurlijk|inderdaad|echt|leuk|mooi|snap ik|juist",
    "pl": "tak|no|no tak|jasne|dobrze|dobra|okej|ok|okay|właśnie|dokładnie|racja|rozumiem|naprawdę|super|pewnie|oczywiście",
    "ru": "да|ага|угу|ну да|так|хорошо|ладно|окей|ок|понятно|понял|поняла|ясно|точно|правда|конечно|верно|здорово|ого",
    "ja": "うんうん|はい|はいはい|そう|そうそう|そうですね|そうだね|へえ|へー|ええ|なるほど|ほんと|本当|確かに|いいね",
}  # fmt: skip
_MOST_WORDS = 3  # of the longest phrase above
LISTENING = {language: frozenset(words.split("|")) for language, words in _WORDS.items()}

_HYPHEN = re.compile(r"(?<=\w)[-‐‑](?=\w)")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of ``text`` in lower case, without punctuation; a hyphenated word is one, without its hyphen."""
    return [word.replace("’", "'") for word in _WORD.findall(_HYPHEN.sub("", text.casefold()))]


def without_listening(words: list[str], language: str) -> list[str]:
    """``words`` less those that only show listening, hesitation or laughter; English ones are heard everywhere."""
    closed = LISTENING["en"] | LISTENING.get(language, frozenset())
    rest: list[str] = []
    at = 0
    while at < len(words):
        taken = next(
            (
                n
                for n in range(_MOST_WORDS, 0, -1)
                if " ".join(words[at : at + n]) in closed and at + n <= len(words)
            ),
            int(is_sound(words[at])),
        )
        rest += [] if taken else [words[at]]
        at += taken or 1
    return rest


def is_sound(word: str) -> bool:
    """Whether it is a hum or a laugh rather than a word."""
    return bool(_HUM.fullmatch(word)) or is_laughter(word)


def is_laughter(word: str) -> bool:
    return bool(_LAUGH.fullmatch(word))

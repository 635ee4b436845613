"""What counts as a wish to forget, and as a yes; by tables."""

from __future__ import annotations

import time

import pytest

from cogs.spoken_lines import ENGLISH, LINES, Lines, language_for
from cogs.spoken_wishes import Last, More, Request, Today, Wished, answer_in, request_in
from memory.forget import POSTS

WISHES: list[tuple[str, Wished]] = [
    ("Mira, forget that.", Last(5)),
    ("Forget that, Mira.", Last(5)),
    ("Mira forget that", Last(5)),
    ("Forget that Mira", Last(5)),
    ("Hey Mira, can you forget that?", Last(5)),
    ("Mira, please forget what I just said.", Last(5)),
    ("Oh Mira, forget that.", Last(5)),
    ("Mira, you can forget that.", Last(5)),
    ("Mira, forget that. Thank you.", Last(5)),
    ("My password is rosebud. Mira, forget that.", Last(5)),
    ("Wait, Mira, please forget that I said that.", Last(5)),
    ("Mira, delete my last sentence.", Last(5)),
    ("Mira, forget the last minute", Last(1)),
    ("Mira, forget the last few minutes", Last(5)),
    ("Mira, forget the last ten minutes.", Last(10)),
    ("Mira, forget the last 10 minutes.", Last(10)),
    ("Mira, forget the last forty-five minutes", Last(45)),
    ("Mira, erase the last couple of minutes", Last(2)),
    ("Mira, could you forget the last half hour?", Last(30)),
    ("Mira, forget the last half an hour", Last(30)),
    ("Mira, forget the last hour and a half", Last(90)),
    ("Mira, forget the last two hours of our conversation", Last(120)),
    ("Mira, forget what I told you in the last twenty minutes.", Last(20)),
    ("Mira, forget everything I said today.", Today()),
    ("Mira, forget everything I said.", Today()),
    ("Mira, forget the last three days", More()),
    ("Mira, forget me.", More()),
    ("Mira, forget everything you know about me", More()),
    ("Mira, forget what I said about my sister", More()),
    ("Mira, vergiss das.", Last(5)),
    ("Mira, vergiss das bitte wieder.", Last(5)),
    ("Mira, vergiss bitte, was ich gerade gesagt habe.", Last(5)),
    ("Mira, kannst du das bitte vergessen?", Last(5)),
    ("Mira, vergiss die letzten zehn Minuten.", Last(10)),
    ("Mira, vergiss die letzte halbe Stunde.", Last(30)),
    ("Mira, vergiss, was ich in den letzten fünf Minuten gesagt habe.", Last(5)),
    ("Mira, vergiss alles, was ich heute gesagt habe.", Today()),
    ("Mira, vergiss alles über mich.", More()),
    ("Mira, oublie ça.", Last(5)),
    ("Mira, oublie ce que je viens de dire.", Last(5)),
    ("Mira, peux-tu oublier la dernière demi-heure ?", Last(30)),
    ("Mira, oublie les dix dernières minutes, s'il te plaît.", Last(10)),
    ("Mira, oublie tout ce que j'ai dit aujourd'hui.", Today()),
    ("Mira, oublie tout ce que tu sais sur moi.", More()),
    ("Mira, olvida eso.", Last(5)),
    ("Mira, olvida lo que acabo de decir, por favor.", Last(5)),
    ("Mira, olvida los últimos diez minutos.", Last(10)),
    ("Mira, olvida la última media hora.", Last(30)),
    ("Mira, olvida todo lo que he dicho hoy.", Today()),
    ("Mira, olvida todo lo que sabes de mí.", More()),
    ("Mira, dimentica questo.", Last(5)),
    ("Mira, dimentica quello che ho appena detto, per favore.", Last(5)),
    ("Mira, puoi dimenticare gli ultimi dieci minuti?", Last(10)),
    ("Mira, dimentica l'ultima mezz'ora.", Last(30)),
    ("Mira, dimentica tutto quello che ho detto oggi.", Today()),
    ("Mira, dimentica tutto quello che sai di me.", More()),
    ("Mira, esquece isso.", Last(5)),
    ("Mira, esqueça o que eu acabei de dizer, por favor.", Last(5)),
    ("Mira, apaga os últimos dez minutos.", Last(10)),
    ("Mira, esquece a última meia hora.", Last(30)),
    ("Mira, esquece tudo o que eu disse hoje.", Today()),
    ("Mira, esquece tudo o que sabes sobre mim.", More()),
    ("Mira, vergeet dat.", Last(5)),
    ("Mira, vergeet wat ik net zei, alsjeblieft.", Last(5)),
    ("Mira, kun je dat vergeten?", Last(5)),
    ("Mira, vergeet de laatste tien minuten.", Last(10)),
    ("Mira, vergeet het laatste half uur.", Last(30)),
    ("Mira, vergeet alles wat ik vandaag heb gezegd.", Today()),
    ("Mira, vergeet alles wat je over mij weet.", More()),
]

NONE = [
    "",
    "Don't forget that.",
    "Mira, don't forget that.",
    "Mira, never forget that.",
    "I forgot that.",
    "Mira, I forgot that.",
    "I will never forget what you said.",
    "Oh, forget it.",
    "Mira, forget it.",
    "Oh please, forget it.",
    "Oh, forget that.",
    "Never mind, forget that.",
    "Actually, forget that.",
    "You can forget that.",
    "Forget that, what's the weather?",
    "Mira, forget that, what's the weather?",
    "Forget that?",
    "Did you forget that?",
    "Let's forget that.",
    "We should forget what I just said.",
    "And then I said: forget that.",
    'He said, "Forget that."',
    "She told me to forget that.",
    "Mira said forget that.",
    "Bob, forget that.",
    "Forget about it.",
    "Forget the pizza.",
    "Mira, forget the last crazy minutes.",
    "Vergiss das nicht.",
    "Vergiss es.",
    "Ach, vergiss das.",
    "Ich habe das vergessen.",
    "Das kannst du vergessen.",
    "Alles vergessen?",
    "N'oublie pas ça.",
    "Oublie-moi.",
    "J'ai oublié ça.",
    "No olvides eso.",
    "Olvídalo.",
    "Mira.",
    "Please.",
    "…",
    "",
]


@pytest.mark.parametrize(("text", "wished"), WISHES)
def test_a_wish_is_understood(text: str, wished: Wished) -> None:
    assert request_in(text, "Mira", ["Bob"]) == Request(wished, named=True)


@pytest.mark.parametrize("text", NONE)
def test_talk_quotes_and_negations_are_no_wish(text: str) -> None:
    assert request_in(text, "Mira", ["Bob"]) is None


@pytest.mark.parametrize(
    "text",
    ["Forget that.", "Please forget it.", "Forget what I just said.", "Bitte vergiss das.", "Oublie ça."],
)
def test_she_need_not_be_named_and_it_is_told_whether_she_is(text: str) -> None:
    assert request_in(text, "Mira", ["Bob"]) == Request(Last(5), named=False)


def test_her_name_may_be_any_name() -> None:
    assert request_in("Zoë, forget that.", "Zoë") == Request(Last(5), named=True)
    assert request_in("Anna Maria, forget that.", "Anna Maria") == Request(Last(5), named=True)


def test_what_is_long_is_read_quickly() -> None:
    began = time.perf_counter()
    for text in ("forget the last " + "one " * 500 + "minutes", "forget " + "what I said " * 300):
        assert request_in(text, "Mira", ["Bob"]) in (None, Request(More(), named=False))
    assert time.perf_counter() - began < 5.0


YES = "Yes.|yes please|Yeah, do it.|Yes, forget it.|Sure, go ahead.|Yes, I'm sure.|Yes, Mira.|Ja.|Ja, bitte.|Oui, s'il te plaît.|Sí."
YES += "|Sì, grazie.|Sì, certo.|Sim, por favor.|Pode esquecer.|Ja, graag.|Ja hoor.|Doe maar."
NO = "No.|no thanks|Nope|Don't.|Please don't.|Keep it.|No, don't forget it.|Never mind.|Nein, danke.|Lieber nicht.|Non merci.|No, gracias."
NO += "|No, grazie.|Non farlo.|Meglio di no.|Não.|Não, obrigada.|Nee, bedankt.|Liever niet.|Laat maar."
NEITHER = "yes or no|Say yes or no.|yes no|okay|He said yes.|Forget it.|What?|no problem|I don't know|yesterday|Mira?||Yes, but what do you forget?"


@pytest.mark.parametrize(
    ("texts", "answer"), [(YES, True), (NO, False), (NEITHER, None)], ids=["yes", "no", "neither"]
)
def test_a_yes_is_a_yes_and_nothing_else_is(texts: str, answer: bool | None) -> None:
    assert [(text, answer_in(text, "Mira")) for text in texts.split("|")] == [
        (text, answer) for text in texts.split("|")
    ]


@pytest.mark.parametrize(
    ("wished", "words"),
    [
        (Last(1), "in the last minute"),
        (Last(5), "in the last five minutes"),
        (Last(60), "in the last hour"),
        (Last(120), "in the last two hours"),
        (Last(90), "in the last 90 minutes"),
        (Today(), "today"),
    ],
)
def test_she_says_what_she_would_forget(wished: Last | Today, words: str) -> None:
    assert ENGLISH.ask(wished) == f"Shall I forget what you said {words}? Say yes or no."


@pytest.mark.parametrize("language", LINES)
def test_each_language_has_its_own_words_for_all_of_it(language: str) -> None:
    lines = LINES[language]
    asked = [lines.ask(one) for one in (Last(1), Last(2), Last(45), Last(60), Last(180), Today())]
    told = [lines.done({"turns": 1}), lines.done({"turns": 2, "journal": 1, POSTS: 3}), lines.done({})]
    said = [*asked, *told, lines.kept, lines.failed, lines.shown_first]
    assert len(set(said)) == len(said) and not any("{" in one for one in said)
    assert language != "en" or told[1] == "It is forgotten: 2 lines, 1 note and 3 posts."
    assert all(answer_in(one, "Mira") is None for one in asked)  # her own question is no answer
    assert not set(said) & {one for other in LINES if other != language for one in _all(LINES[other])}


def _all(lines: Lines) -> list[str]:
    return [lines.ask(Last(5)), lines.done({}), lines.kept, lines.failed, lines.shown_first]


def test_without_a_voice_for_a_language_she_asks_in_english() -> None:
    voices = frozenset({"en", "de", "ja"})
    assert [language_for(one, voices) for one in ("de", "fr", "ja", "")] == ["de", "en", "en", "en"]

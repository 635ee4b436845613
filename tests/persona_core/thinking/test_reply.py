"""Whatever a model writes, there is a Reply, and only words reach the voice."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memory.plain_text import SENTINEL
from persona_core.thinking.markup import CODE_TEXT
from persona_core.thinking.reply import DEFAULT_TEXT, ReplyReader
from persona_core.thinking.tail import ACTIONS, EMOTIONS
from persona_core.types import Action, Memorable, Reply

TAIL = '@@ {"emotion": "happy", "actions": [], "remember": []}'


def read(answer: str, size: int = 1, others: tuple[str, ...] = ("Ann", "Bob")) -> tuple[str, Reply]:
    """What the voice was given, and the reply, for ``answer`` fed in pieces of ``size``."""
    reader = ReplyReader("Mira", others)
    spoken = "".join(reader.feed(answer[i : i + size]) for i in range(0, len(answer), size))
    reply = reader.finish()
    return spoken + reader.rest, reply


def said(answer: str) -> str:
    return read(answer)[1].text


def test_a_well_formed_answer_becomes_text_and_tail() -> None:
    answer = (
        "I do like tea. @@ "
        '{"emotion":"amused","actions":["react:👍",{"name":"post","argument":"hi"}],'
        '"remember":[{"text":"Ann drinks tea","salience":0.6}]}'
    )
    reply = read(answer)[1]
    assert reply == Reply(
        "I do like tea.",
        "amused",
        (Action("react", "👍"), Action("post", "hi")),
        (Memorable("Ann drinks tea", 0.6),),
    )


@pytest.mark.parametrize(
    ("tail", "emotion"),
    [
        ("@@", "neutral"),
        ("", "neutral"),
        ('@@ {"emotion": "happ', "neutral"),
        ('@@ {"emotion": "happy", "actions": [', "happy"),
        ("@@ {'emotion': 'happy'}", "happy"),
        ("@@ happy", "happy"),
        ('@@ {"emotion": "furious"}', "neutral"),
        ('@@ {"emotion": 7, "actions": {"x": 1}, "remember": 3}', "neutral"),
        ('```json\n{"emotion": "happy"}\n```', "happy"),
        ('@@\n```json\n{"emotion": "happy"}\n```', "happy"),
        ('```\n@@ {"emotion": "happy"}\n```', "happy"),
        ('{"emotion": "happy"}', "happy"),
        ('[{"emotion": "happy"}]', "happy"),
        ('@@ {"emotion": "happy"} @@ {"emotion": "sad"}', "happy"),
        ('@@ @@ {"emotion": "happy"} and one more thing', "happy"),
        ('@@ {"other": 1} {"emotion": "happy"}', "happy"),
        ("@@ " + "[" * 1500, "neutral"),
        ("@@ " + '{"a":' * 390 + "}" * 30, "neutral"),
    ],
)
def test_any_tail_leaves_the_words_alone(tail: str, emotion: str) -> None:
    spoken, reply = read(f"Good to hear.\n{tail}")
    assert (spoken, reply.text, reply.emotion) == ("Good to hear.", "Good to hear.", emotion)


def test_unknown_actions_are_dropped_and_counted_and_salience_is_clamped() -> None:
    reply = read(
        'Yes. @@ {"actions": ["explode", {"name": "dm", "argument": "psst"}, {"leave": ""}, 4],'
        ' "remember": ["plain", {"text": "big", "salience": 9}, {"text": "low", "salience": -1},'
        ' {"text": "odd", "salience": NaN}, {"text": " "}, {"salience": 1}]}'
    )[1]
    assert reply.actions == (Action("dm", "psst"), Action("leave"))
    assert reply.dropped_actions == 2
    too_much = read('Yes. @@ {"actions": ["leave", "leave", "leave", "leave", "leave", "leave"]}')[1]
    assert len(too_much.actions) == 5 and too_much.dropped_actions == 1
    assert [(m.text, m.salience) for m in reply.remember] == [
        ("plain", 0.5), ("big", 1.0), ("low", 0.0), ("odd", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("*smiles* Hello there.", "Hello there."),
        ("Hello there. *leans back in her chair*", "Hello there."),
        ("Well, (laughs) no.", "Well, no."),
        ("(a small smile) Sure.", "Sure."),
        ("[waves at Ann] Hi.", "Hi."),
        ("{thinking} Hi.", "Hi."),
        ("~giggles~ Hi.", "Hi."),
        ("_sighs_ Fine.", "Fine."),
        ("I love *The Left Hand of Darkness* a lot.", "I love The Left Hand of Darkness a lot."),
        ("That is *really* **very** good.", "That is really very good."),
        ("Rare things (like stamps) are nice.", "Rare things like stamps are nice."),
        ("2 * 3 is 6.", "2 3 is 6."),
    ],
)
def test_role_play_marks_are_not_spoken(answer: str, words: str) -> None:
    assert said(answer) == words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("# Tea\nI like it.", "Tea. I like it."),
        ("Here are three:\n- tea\n- cake\n2. jam", "Here are three: tea. cake. jam"),
        ("7. Easy.", "7. Easy."),
        ("Read [this page](https://example.org/a?b=c) now.", "Read this page now."),
        ("Look ![a cat](cat.png) here!", "Look here!"),
        ("See https://example.org/x_y. Then rest.", "See a link. Then rest."),
        ("Use `print` then.", "Use print then."),
        ("Sure.\n```python\nprint('hi')\n```\nDone.", f"Sure. {CODE_TEXT}"),
        ("Have a look:\n```\nls", f"Have a look: {CODE_TEXT}"),
        ("> quoted\n---\nafter", "quoted. after"),
        ("snake_case is fine.", "snake case is fine."),
        ("<b>Bold</b> move <@1234> ok.", "Bold move ok."),
    ],
)
def test_markdown_is_read_as_plain_words(answer: str, words: str) -> None:
    assert said(answer) == words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Mira: Hello.", "Hello."),
        ("**Mira:** Hello.", "Hello."),
        ("Mira (smiling): Hello.", "Hello."),
        ("assistant\nHello.", "Hello."),
        ("Hello.\nMira: And more.", "Hello. And more."),
        ("Hello.\nAnn: hi Mira\nMira: how are you?" + TAIL, "Hello."),
        ("Hello.\nZed: who am I?", "Hello."),
        ("Hello.\n**Bob**: hey", "Hello."),
        ("Hello.\nuser: hey", "Hello."),
        ("Hello.\nemotion: happy", "Hello."),
        ("Ann: hi Mira", DEFAULT_TEXT),
        ("Zed: Hello.", "Hello."),
        ("Annabel is a nice name.", "Annabel is a nice name."),
        ("Three things: tea, cake, jam.", "Three things: tea, cake, jam."),
        ("Hello.<|im_end|>\n<|im_start|>user\nhey", "Hello."),
        ("<|im_start|>assistant\nHello.</s> More", "Hello."),
    ],
)
def test_she_speaks_for_nobody_else(answer: str, words: str) -> None:
    assert said(answer) == words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("<think>They want tea. @@ {}</think>Tea, then.", "Tea, then."),
        ("<think>never ends", DEFAULT_TEXT),
        ("Hi 😀 there 👩‍👩‍👧! 1️⃣", "Hi there! 1"),
        ("So happy <3 ♥", "So happy"),
        ("I like tea. I like tea. I like tea. And cake.", "I like tea. And cake."),
        ("No. No. Not that.", "No. No. Not that."),
        ("I like tea a lot. Yes. I like te", "I like tea a lot. Yes."),
        ("Nooooooooo!!!!!!!", "Nooo!!!"),
        ("Hi @Ann, {{user}} #1", "Hi Ann, 1"),
        ("", DEFAULT_TEXT),
        ("*smiles*", DEFAULT_TEXT),
        ("…" + TAIL, DEFAULT_TEXT),
        ("Grüße, José — 你好。مرحبا؟", "Grüße, José — 你好。مرحبا؟"),
    ],
)
def test_what_is_not_speech_stays_silent(answer: str, words: str) -> None:
    assert said(answer) == words


def test_a_model_that_loops_is_cut() -> None:
    spoken, reply = read("I think that " + "maybe so and " * 200 + TAIL)
    assert reply.text.count("maybe so and") <= 3
    assert spoken == reply.text


def test_she_stops_after_three_sentences_but_still_reads_the_tail() -> None:
    three = "I have lived by this window since November. It rains most days, which suits me. I keep recordings of every storm."
    assert said(f"{three} And one more thing.{TAIL}") == three
    assert read(f"{three} {TAIL}")[1] == Reply(three, "happy")
    assert said("Oh. No. Really? That is sad. Tell me.") == "Oh. No. Really? That is sad. Tell me."
    reader = ReplyReader("Mira", sentences=0)
    reader.feed(f"{three} And one more thing.")
    assert reader.finish().text == f"{three} And one more thing."


def test_words_come_as_soon_as_they_are_certain() -> None:
    reader = ReplyReader("Mira", ("Ann",))
    assert reader.feed("Well, hello the") == "Well, hello the"
    assert reader.feed("re. @") == "re."
    assert not reader.done
    assert reader.feed('@ {"emotion":"happy"}') == ""
    assert reader.done


PARTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            SENTINEL, "@", "*", "**", "_", "(", ")", "[", "]", "](", "{", "}", "```", "`", "<think>", "</think>", "<",
            "<|im_end|>", "<|im_start|>", "\n", "\r\n", "- ", "1. ", "# ", "Ann:", "Mira:", "\nZed: ", "\nassistant\n",
            "https://a.b/c", "http", "www.", "!", "![", "smiles", "laughs softly", "I like tea. ", "maybe so ", "😀",
            "\ufe0f", "\u200d", '{"emotion":', '"sad"', '{"emotion":"sad"}', ',"remember":["x"]}', "json\n", "...", '"', " ",
        ]
    ),
)  # fmt: skip
ANSWERS = st.lists(PARTS, max_size=30).map("".join)


@settings(max_examples=400, deadline=None)
@given(ANSWERS, st.integers(1, 9))
@example('[waves](\n{"emotion":"sad"}', 1)
@example('Hi\nAnn: hi @@ {"emotion":"sad"}', 3)
@example("[" + " " * 300 + '{"emotion":"sad"}', 7)
@example("*" + "a" * 400 + "* (" + "b" * 400 + ")", 5)
def test_how_an_answer_is_cut_into_pieces_changes_nothing(answer: str, size: int) -> None:
    assert read(answer, size) == read(answer, max(1, len(answer)))


@settings(max_examples=400, deadline=None)
@given(ANSWERS)
def test_what_is_spoken_is_the_reply_and_only_words(answer: str) -> None:
    spoken, reply = read(answer, 3)
    assert spoken == reply.text
    assert any(c.isalnum() for c in reply.text)
    assert reply.text == " ".join(reply.text.split())
    assert not re.search(r"[*_`~#|<>{}\[\]()\\@^\u2600-\u27bf\U0001f000-\U0001ffff\ufe0f\u200d]", reply.text)
    assert reply.emotion in EMOTIONS
    assert all(action.name in ACTIONS for action in reply.actions)
    assert all(0 <= memory.salience <= 1 for memory in reply.remember)

"""Who may be heard in a call whose people are one stream, and who is told first. Pure."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cogs.call import Call
from cogs.host import Place
from memory.consent import Decision
from persona_core.settings import load_settings
from persona_core.types import Person

ANN, ELSEWHERE = (
    Person("discord:1", "Ann"),
    {"LLM_ENGINE": "openai", "OPENAI_BASE_URL": "https://far.example/v1"},
)
YES, NO = Decision(True, 0.0, "test"), Decision(False, 0.0, "test")
TOLD = "answers: far.example"


def call(decision: Decision | None, told: str, *, mixed: bool = True, **settings: str) -> Call:
    consent: Any = SimpleNamespace(decision=lambda *_: decision, told=lambda _: told)
    host: Any = SimpleNamespace(settings=load_settings(settings, None), consent=consent)
    made = Call(host, Place("desk", "the desk", "desk", mixed=mixed), lambda place: None, lambda *_: None)  # type: ignore[arg-type,return-value]
    made._settled_in = made.place
    return made


@pytest.mark.parametrize(
    ("decision", "told", "settings", "heard", "greeted"),
    [
        (None, "", {}, True, False),  # a voice like any other: the notice was for everybody
        (None, "", ELSEWHERE, True, False),
        (YES, "", {}, True, False),
        (YES, TOLD, ELSEWHERE, True, False),
        (YES, "", ELSEWHERE, False, True),  # they agreed to something else
        (NO, "", {}, False, False),
        (NO, "", ELSEWHERE, False, False),
        (None, "", {"HEARING": "ask"}, False, False),
        (YES, "", {"HEARING": "ask"}, True, False),
    ],
)
def test_who_is_heard_and_who_is_told_first(
    decision: Decision | None, told: str, settings: dict[str, str], heard: bool, greeted: bool
) -> None:
    made = call(decision, told, **settings)
    assert (made.may_hear(ANN.id), made._is_unaware(ANN)) == (heard, greeted)
    made._notified.add(ANN.id)
    assert made.may_hear(ANN.id) == (heard or greeted) and not made._is_unaware(ANN)


@pytest.mark.parametrize("decision", [None, YES])
def test_where_everybody_has_a_stream_whoever_comes_is_told_as_ever(decision: Decision | None) -> None:
    made = call(decision, "", mixed=False)
    assert not made.may_hear(ANN.id) and made._is_unaware(ANN)

"""Every way to have something forgotten, as people go it, with what has to be gone after it; in the order of a story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.cogs.test_forget import EVERYTHING, FORGET
from tests.discord_server import Interaction
from tests.discord_server import Message as Posted
from tests.erasure.household import Household
from tests.erasure.routes import ANN, BOB, CARL, DORA, GUS, WORDS, words_of

OWNER = "Olga"


@dataclass(frozen=True, slots=True)
class Forgetting:
    """``before``: what is told first, to be forgotten at once; ``gone``: the words that are found nowhere after it."""

    name: str
    whose: str  # who is asked what they can still see
    before: Callable[[Household], None]
    do: Callable[[Household], None]
    gone: frozenset[str]
    whole: bool = False  # somebody is forgotten altogether: their key is gone as well


def _nothing(home: Household) -> None:
    """All was told long ago."""


# What is told first


def _say(home: Household) -> None:
    home.ago_s = -2 * 3600.0
    home.say(ANN, f"My debts are with {WORDS['forgotten aloud']}, you know")


def _write(home: Household) -> None:
    words, answer = WORDS["forgotten with the last minutes"], WORDS["her answer to that"]
    home.write(ANN, f"I have quarrelled with {words}", f"So it was {answer}.")


def _note(home: Household) -> None:
    home.later()
    home.command(ANN, "/journal add", text=f"I owe it to {WORDS['forgotten as a note']}.")


def _mention(home: Household) -> None:
    words = WORDS["forgotten by the menu of a message"]
    home.message = home.mention(ANN, home.general, f"I have lost {words}", "Poor you.")


# Forgetting


def _aloud(home: Household) -> None:
    said = home.bot.tts.said
    home.aloud(ANN, "Mira, forget that.")
    home.scene.wait(lambda: any(line.startswith("Shall I forget") for line in said), "she does not ask back")
    home.pause(1.0)  # it is played
    home.aloud(ANN, "Yes, please.")
    home.scene.wait(lambda: any(line.startswith("It is forgotten") for line in said), "it is not forgotten")
    home.pause(0.7)


def _last(home: Household) -> None:
    _confirm(home, ANN, home.command(ANN, "/forget last", minutes=5))


def _entry(home: Household) -> None:
    _confirm(home, ANN, home.command(ANN, "/forget entry", entry=home.note_with("forgotten as a note").id))


def _menu(home: Household) -> None:
    assert home.message is not None
    asked = home.server.use_menu(
        home.people[ANN], "Forget this", channel=home.general, target=home.message
    ).wait(20)
    home.server.click(home.people[ANN], asked.shown[0], "Yes, forget it").wait(20)
    home.scene.wait(lambda: "This is gone" in asked.shown[0].content, "it is not gone")


def _age(home: Household) -> None:
    home.run(home.bot.host.remembering.expire())


def _voice(home: Household) -> None:
    home.command(CARL, "/consent voice", answer="off")


def _face(home: Household) -> None:
    home.command(CARL, "/consent face", answer="off")


def _withdraw(home: Household) -> None:
    (shown,) = home.command(CARL, "/consent remembering", answer="off").shown
    home.server.click(home.people[CARL], shown, "Yes, forget it").wait(20)
    home.scene.wait(lambda: "I remember nothing" in shown.content, "it is not forgotten")


def _person(home: Household) -> None:
    _confirm(home, OWNER, home.command(OWNER, "/forget person", person=home.people[DORA]))


def _me(home: Household) -> None:
    _confirm(home, ANN, home.command(ANN, "/forget me"))


def _everything(home: Household) -> None:
    (shown,) = home.command(OWNER, "/forget everything").shown
    opened = home.server.click(home.people[OWNER], shown, EVERYTHING).wait(20)
    assert opened.modal is not None
    label = opened.modal["components"][0]["components"][0]["label"]
    home.server.submit(opened, {label: "everything"}).wait(20)
    _gone(home, shown)


def _confirm(home: Household, whose: str, asked: Interaction) -> None:
    (shown,) = asked.shown
    home.server.click(home.people[whose], shown, FORGET).wait(20)
    _gone(home, shown)


def _gone(home: Household, shown: Posted) -> None:
    home.scene.wait(lambda: shown.content.startswith("It is forgotten"), "no receipt")
    home.scene.wait(lambda: "I am deleting" not in shown.content, "posts stay")


def _words(*names: str) -> frozenset[str]:
    return frozenset(WORDS[name] for name in names)


FORGETTINGS = (
    Forgetting("“forget that”, aloud", ANN, _say, _aloud, _words("forgotten aloud")),
    Forgetting(
        *("/forget last", ANN, _write, _last),
        _words("forgotten with the last minutes", "her answer to that"),
    ),
    Forgetting("/forget entry", ANN, _note, _entry, _words("forgotten as a note")),
    Forgetting("Forget this", ANN, _mention, _menu, _words("forgotten by the menu of a message")),
    Forgetting("REMEMBERING_DAYS", GUS, _nothing, _age, frozenset(words_of(GUS))),
    Forgetting(
        *("/consent voice off", CARL, _nothing, _voice),
        _words("a print of the voice of who withdraws that"),
    ),
    Forgetting(
        *("/consent face off", CARL, _nothing, _face),
        _words("a print of the face of who withdraws that"),
    ),
    Forgetting("/consent remembering off", CARL, _nothing, _withdraw, frozenset(words_of(CARL)), whole=True),
    Forgetting("/forget person", DORA, _nothing, _person, frozenset(words_of(DORA)), whole=True),
    Forgetting("/forget me", ANN, _nothing, _me, frozenset(words_of(ANN)), whole=True),
    Forgetting("/forget everything", BOB, _nothing, _everything, frozenset(WORDS.values()), whole=True),
)
PLANTED_LATER = {word for one in FORGETTINGS if one.before is not _nothing for word in one.gone}

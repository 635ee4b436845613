"""The same through the whole bot, over Discord's gateway: what each exit shows, says and writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cogs.overlay.viewing import Viewing
from tests.cogs.running import running_bot
from tests.discord_server import DiscordServer, SimulatedMember
from tests.isolation.canaries import Canary
from tests.isolation.probing import unchecked
from tests.isolation.town import Seen, Town, person, shown
from tests.isolation.wordings import WORDINGS, Wording
from tests.memory.kept import NOON_S
from tests.overlay.watching import Owner

ENOUGH, CAUGHT = 60, 0.95
MOST_PAGES = 40
TRIES = 4
SHOWN_S = 1.0  # after an answer the page has it, and what came to her mind
NO_NOTE = "20260101-000000-abcdef"


@dataclass(frozen=True, slots=True)
class Probe:
    """``secret`` asked for at an exit; ``leaked``: whether it was in a prompt or came out."""

    exit: str
    secret: str
    prompt: bool
    out: bool

    @property
    def leaked(self) -> bool:
        return self.prompt or self.out


Ask = Callable[[Town, SimulatedMember, Canary, Wording], str]


def channel(town: Town, who: SimulatedMember, secret: Canary, wording: Wording) -> str:
    return "\n".join(town.mention(who, town.general, line) for line in wording.lines)


def direct(town: Town, who: SimulatedMember, secret: Canary, wording: Wording) -> str:
    return "\n".join(town.write(who, line) for line in wording.lines)


def search(town: Town, who: SimulatedMember, secret: Canary, wording: Wording) -> str:
    return town.command(who, "/journal search", query=wording.lines[-1][:300])


def by_id(command: str) -> Ask:
    """A command that is given the id of a note."""
    return lambda town, who, secret, wording: town.command(who, command, entry=town.note_on(secret).id)


def suggestions(town: Town, who: SimulatedMember, secret: Canary, wording: Wording) -> str:
    found = []
    for command in (
        "/journal history",
        "/journal restore",
        "/memory edit",
        "/memory delete",
        "/forget entry",
    ):
        typed = town.server.autocomplete(
            who, command, channel=town.general, option="entry", entry=secret.thing
        )
        found.append(str(typed.wait(20).choices))
    return "\n".join(found)


IN_WRITING: dict[str, Ask] = {"channel": channel, "direct": direct}
BY_COMMAND: dict[str, Ask] = {
    "/journal search": search,
    "/journal history": by_id("/journal history"),
    "/memory delete": by_id("/memory delete"),
    "/forget entry": by_id("/forget entry"),
    "suggestions": suggestions,
}


def paged(town: Town, who: SimulatedMember, command: str, button: str) -> str:
    """Page by page."""
    asked = town.server.interact(who, command, channel=town.general).wait(20)
    found = [asked.text]
    for _ in range(MOST_PAGES):
        buttons = [one for row in asked.shown[0].components for one in row.get("components", [])]
        if not any(one.get("label") == button and not one.get("disabled") for one in buttons):
            break
        before = asked.text
        town.server.click(who, asked.shown[0], button)
        town.scene.wait(lambda before=before: asked.text != before, "the page is not turned")
        found.append(asked.text)
    return "\n".join(found)


ALL_AT_ONCE: dict[str, Callable[[Town, SimulatedMember], str]] = {
    "/journal read": lambda town, who: paged(town, who, "/journal read", "Earlier"),
    "/journal export": lambda town, who: town.command(who, "/journal export"),
    "/memory review": lambda town, who: paged(town, who, "/memory review", "Earlier"),
    "/relationship me": lambda town, who: paged(town, who, "/relationship me", "More"),
}


def asked_for(
    town: Town, who: SimulatedMember, secrets: dict[str, Canary], exits: dict[str, Ask], start: int = 0
) -> Iterator[Probe]:
    """One secret at a time; ``start``: the first of the wordings."""
    for turn, (exit_, ask) in enumerate(exits.items(), start):
        for at, (name, secret) in enumerate(secrets.items()):
            if (exit_, name) == ("/journal search", "in her profile"):  # which nobody looks for there
                continue
            before = town.watching()
            wording = WORDINGS[(turn + at) % len(WORDINGS)].about(secret)
            seen = town.seen(ask(town, who, secret, wording))
            assert exit_ in IN_WRITING or len(town._posts()) == before  # what is private stays so
            yield judged(exit_, name, secret, seen)


def shown_to(town: Town, who: SimulatedMember, secrets: dict[str, Canary]) -> Iterator[Probe]:
    """Whatever they are shown at once."""
    for exit_, show in ALL_AT_ONCE.items():
        seen = Seen("", show(town, who))
        yield from (judged(exit_, name, secret, seen) for name, secret in secrets.items())


def judged(exit_: str, name: str, secret: Canary, seen: Seen) -> Probe:
    return Probe(exit_, name, secret.is_in(seen.told), secret.is_in(seen.out))


def aloud(town: Town, who: SimulatedMember, secrets: dict[str, Canary], *, captions: bool) -> Iterator[Probe]:
    """In a call with nobody else, for the first of these; for the second while others read along."""
    town.enter(who)
    for exit_, (name, secret) in zip(
        ("voice", "captions") if captions else ("voice",), secrets.items(), strict=False
    ):
        if exit_ == "captions":
            town.scene.ask(who, "/captions on")
        before = town.watching()
        said = town.say(who, f"so tell me what {secret.thing} in {secret.near[0]} is called")
        if exit_ == "captions":
            town.scene.wait(lambda before=before: len(town._posts()) >= before + 2, "no captions")
            said = "\n".join(town._posts())
        yield judged(exit_, name, secret, town.seen(said))
    town.leave(who)


def heard_by(town: Town, who: SimulatedMember, secrets: dict[str, Canary]) -> Probe:
    """The first of these; what comes to her mind too late to be read is left out, so it is asked for more than once."""
    for _ in range(TRIES):
        (probe,) = aloud(town, who, secrets, captions=False)
        if probe.out:
            break
    return probe


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("town")
    with DiscordServer.start() as server:
        town = Town(server, folder)
        with running_bot(server, folder, owner_id=town.olga.id) as bot:
            town.use(bot)
            town.plant()
            yield town


@pytest.mark.parametrize(
    "command", ["/journal restore", "/journal history", "/memory edit", "/memory delete", "/forget entry"]
)
def test_a_note_that_is_not_for_them_is_to_them_no_note_at_all(town: Town, command: str) -> None:
    """They know its id, and hear the same as of one that has never been."""
    note = town.note_on(town.secrets["by direct message"]).id
    more = {"version": 1} if command == "/journal restore" else {}
    theirs, none = (town.command(town.eve, command, entry=one, **more) for one in (note, NO_NOTE))
    assert theirs == none and "no such note about you" in none


def test_the_owner_hears_of_people_only_what_is_for_the_owner(town: Town) -> None:
    known = {"text": "likes old bridges", "scope": town.scope(town.ann, town.ann, town.olga)}
    town.bot.host.memory.roster.apply({"person": person(town.ann), "at_s": NOON_S, "history": [known]})
    shown_to_owner = town.command(town.olga, "/relationship roster")
    assert "old bridges" in shown_to_owner and "hidden" in shown_to_owner
    assert not any(secret.is_in(shown_to_owner) for secret in town.secrets.values())
    with unchecked():
        everything = town.command(town.olga, "/relationship roster")
    assert any(secret.is_in(everything) for secret in town.secrets.values())
    assert "Only whoever runs me" in town.command(town.eve, "/relationship roster")


def test_menus_tell_of_nobody_else(town: Town) -> None:
    message = next(post for post in town.general.posts if post.author is town.ann.user)
    of_herself, of_ann = (
        town.server.use_menu(town.eve, "What do you know about me?", channel=town.general, target=one).wait(
            20
        )
        for one in (town.eve, town.ann)
    )
    forgotten = town.server.use_menu(town.eve, "Forget this", channel=town.general, target=message).wait(20)
    assert "only to the one whom it is about" in of_ann.text and "are yours" in forgotten.text
    told = "\n".join(map(shown, (of_herself, of_ann, forgotten)))
    assert "note" in told and not any(secret.is_in(told) for secret in town.secrets.values())


def test_the_status_names_nobody_and_nothing(town: Town) -> None:
    told = town.command(town.eve, "/status")
    assert "How I am" in told
    assert not any(word in told for word in ("Ann", "Bob", "Zoe", "mods", "attic"))
    assert not any(secret.is_in(told) for secret in town.secrets.values())


def test_nobody_gets_at_what_is_not_for_them_through_the_whole_bot(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = {name: secret for name, secret in town.secrets.items() if name != "in a public channel"}
    some = dict(list(hidden.items())[::3])
    with_bob = {name: town.secrets[name] for name in ("in a call with Bob", "kept between us")}

    def everywhere() -> list[Probe]:
        return [
            *asked_for(town, town.eve, some, IN_WRITING),
            *asked_for(town, town.eve, hidden, BY_COMMAND),
            *shown_to(town, town.eve, hidden),
            *aloud(town, town.eve, with_bob, captions=True),
        ]

    checked = everywhere()
    leaks = [one for one in checked if one.leaked]
    twins = [
        *asked_for(town, town.ann, some, {"direct": direct}, start=1),
        *asked_for(town, town.ann, hidden, BY_COMMAND),
        *shown_to(town, town.ann, hidden),
        heard_by(town, town.bob, with_bob),
    ]
    missed = [one for one in twins if not one.out]
    with unchecked():
        off = everywhere()
    caught = sum(one.leaked for one in off)
    with capsys.disabled():
        print(
            f"\nisolation, whole bot: {len(checked)} probes, {len(leaks)} leaks; {len(twins) - len(missed)} of "
            f"{len(twins)} twins found; with the check off {caught} of {len(off)} caught"
        )
    assert not leaks and not missed
    assert len(checked) >= ENOUGH and caught >= CAUGHT * len(off), [one for one in off if not one.leaked]


def on_page(town: Town, viewer: SimulatedMember, secrets: dict[str, Canary]) -> list[Probe]:
    """What is shown on the page of ``viewer`` while Ann asks for what is hers, alone with her."""
    with Owner(town.scene, person(viewer)) as page:
        for at, secret in enumerate(secrets.values()):
            direct(town, town.ann, secret, WORDINGS[at % len(WORDINGS)].about(secret))
        time.sleep(SHOWN_S)
        words = page.words()
    return [Probe("page", name, prompt=False, out=secret.is_in(words)) for name, secret in secrets.items()]


def test_the_page_shows_whoever_has_it_nothing_that_is_not_for_them(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = {name: secret for name, secret in town.secrets.items() if name != "in a public channel"}
    hers = {probe.secret for probe in on_page(town, town.ann, hidden) if probe.out}
    checked = on_page(town, town.eve, {name: hidden[name] for name in hers})
    leaks = [one for one in checked if one.leaked]
    with monkeypatch.context() as off:
        off.setattr(Viewing, "may_see", lambda *_: True)
        caught = [one for one in on_page(town, town.eve, {name: hidden[name] for name in hers}) if one.leaked]
    with capsys.disabled():
        print(
            f"\nisolation, page: {len(checked)} probes, {len(leaks)} leaks; {len(hers)} of {len(hidden)} twins found; "
            f"with the check off {len(caught)} of {len(checked)} caught"
        )
    assert not leaks and len(hers) >= CAUGHT * len(hidden) and len(caught) >= CAUGHT * len(checked)

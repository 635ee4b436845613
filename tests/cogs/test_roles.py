"""Every command, as every role, in every place: what happens is what the table in ``docs/privacy.md`` says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cogs.pace import Pace
from memory import own
from tests.cogs.policy import PLACES, ROLES, Limit, Row, limits, rows
from tests.cogs.running import running_bot
from tests.cogs.scene import Scene
from tests.discord_server import DiscordServer, NotPossible, Permission, SimulatedMember
from tests.discord_server.interactions import Interaction
from tests.discord_server.state import Channel, Message

REFUSED = "Only whoever runs me"  # what somebody is told who has not the role

Options = Callable[["Stage", SimulatedMember], dict[str, Any]]


def nothing(stage: Stage, who: SimulatedMember) -> dict[str, Any]:
    return {}


def note(stage: Stage, who: SimulatedMember) -> dict[str, Any]:
    """The newest note about somebody alone."""
    return {"entry": own.entries(stage.scene.bot.host.memory, f"discord:{who.id}")[0].id}


def given(**options: Any) -> Options:
    return lambda stage, who: options


# By command: what is typed, and what is said to whoever may
USES: dict[str, tuple[Options, str]] = {
    "/join": (nothing, "I am in .* already"),
    "/mode": (given(to="addressed"), "I am set to"),
    "/talk": (nothing, "next is for me"),
    "/captions on": (nothing, "I write what is said"),
    "/captions here": (nothing, "I write what is said"),
    "/captions off": (nothing, "No more captions"),
    "/captions erase": (nothing, "posts held your words"),
    "/transcript": (nothing, "heard nothing from you"),
    "/status": (nothing, "How I am"),
    "/consent show": (nothing, "What you allow me"),
    "/consent hearing": (given(answer="on"), "I may hear you"),
    "/consent remembering": (given(answer="on"), "I may remember"),
    "/consent voice": (given(answer="on"), "by your voice"),
    "/consent face": (given(answer="on"), "by your face"),
    "/consent training": (given(answer="on"), "I may learn"),
    "/voice enrol": (nothing, "keep a print of it|cannot tell voices apart|in no call here"),
    "/voice forget": (nothing, "no print of your voice"),
    "/face enrol": (nothing, "keep a print of it|I see nobody here"),
    "/face forget": (nothing, "no print of your face"),
    "/encounters list": (nothing, "I have met nobody"),
    "/encounters merge": (
        lambda stage, who: {"kept": stage.people["member"], "gone": stage.people["moderator"]},
        "from now on|nothing was merged",
    ),
    "/encounters split": (
        lambda stage, who: {"person": stage.people["member"]},
        "is told apart again|nothing merged",
    ),
    "/privacy": (nothing, "You and what I keep"),
    "/journal read": (nothing, "My notes about you"),
    "/journal add": (given(text="I like tea"), "I have noted it"),
    "/journal search": (given(query="lemon cake"), "lemon cake"),
    "/journal why": (nothing, "My last reply|not answered"),
    "/journal history": (note, "What became of this note"),
    "/journal restore": (lambda stage, who: note(stage, who) | {"version": 1}, "It is as it was"),
    "/journal export": (nothing, "All that I keep of you"),
    "/memory review": (nothing, "my notes about you"),
    "/memory edit": (note, "form"),
    "/memory delete": (note, "This would go"),
    "/catchup": (given(hours=1), "hour"),
    "/forget entry": (note, "I would forget my note"),
    "/forget last": (given(minutes=5), "I would forget what you said|nothing"),
    "/forget me": (nothing, "I would forget all that I keep of you"),
    "/forget everything": (nothing, "I would forget all that I keep of everybody"),
    "/forget person": (
        lambda stage, who: {"person": stage.people["member"]},
        "I would forget all that I keep of",
    ),
    "/relationship me": (nothing, "how I see you|How I see you|Only you see this"),
    "/relationship roster": (nothing, "Only you see this|I know nobody yet"),
    "Remember this": (nothing, "I have noted it"),
    "Forget this": (nothing, "would go|I find nothing"),
    "What do you know about me?": (nothing, "I keep"),
    "/leave": (nothing, "I have left|in no call"),  # the last: it ends the call that others need
}


class Stage:
    """A call that a member, a moderator and the owner are in; each has agreed to be remembered, and has a note."""

    def __init__(self, server: DiscordServer, folder: Path) -> None:
        self.scene = scene = Scene(server, folder)
        self.people = {"member": scene.ann}
        role = scene.guild.add_role("Moderators", Permission.MANAGE_MESSAGES)
        self.people["moderator"] = scene.guild.add_member("Mo", implementation="none", roles=(role,))
        self.people["owner"] = scene.guild.add_member("Olga", implementation="none")
        for who in ("moderator", "owner"):
            self.people[who].join(scene.lounge)
        self.thread = scene.guild.add_thread(scene.text, "aside", by=scene.ann)

    @property
    def owner_id(self) -> int:
        return self.people["owner"].id

    def begin(self) -> None:
        self.scene.join()
        for who in self.people.values():
            self.scene.ask(who, "/consent remembering", answer="on")
            self.scene.ask(who, "/journal add", text="I like lemon cake")
            self.scene.ask(who, "/journal add", text="I have a bicycle")

    def channel(self, place: str, who: SimulatedMember) -> Channel:
        server, scene = self.scene.server, self.scene
        if place == "DM":
            return server.call(server.service.world.dm, who.user, server.bot.user)
        return {"text channel": scene.text, "thread": self.thread, "voice chat": scene.lounge}[place]

    def use(self, row: Row, role: str, place: str) -> Interaction:
        """Raises NotPossible where Discord's client does not offer it."""
        who, server = self.people[role], self.scene.server
        channel, options = self.channel(place, who), USES[row.command][0](self, who)
        if not row.is_menu:
            return server.interact(who, row.command, channel=channel, **options).wait(20)
        target: SimulatedMember | Message = who
        if row.command != "What do you know about me?":
            target = who.says(channel, f"my bicycle is {role} red")
        return server.use_menu(who, row.command, channel=channel, target=target).wait(20)

    def outcome(self, row: Row, role: str, place: str) -> str:
        """allowed, refused, or not offered; else what was said instead."""
        try:
            answer = self.use(row, role, place)
        except NotPossible:
            return "not offered"
        if answer.modal is not None:
            return "allowed" if USES[row.command][1] == "form" else "a form"
        if not answer.shown or not all(message.ephemeral for message in answer.shown):
            return "others see it"
        if REFUSED in answer.text:
            return "refused"
        return "allowed" if re.search(USES[row.command][1], answer.text) else answer.text


@pytest.fixture
def stage(server: DiscordServer, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(server, tmp_path)
    with running_bot(server, tmp_path, owner_id=stage.owner_id) as bot:
        stage.scene.use(bot)
        stage.begin()
        yield stage


def unhurried(stage: Stage) -> None:
    """Nothing is too often."""

    def patient(there: object) -> None:
        for name, value in vars(there).items():
            if isinstance(value, Pace):
                setattr(there, name, Pace(10**6, 60))

    call = stage.scene.bot.host.calls.in_realm(str(stage.scene.guild.id))
    for there in (*stage.scene.bot.bot.cogs.values(), stage.scene.bot.host.calls, call):
        stage.scene.bot.call(patient, there)


def expected(row: Row, role: str, place: str) -> str:
    who = row.allowed[place]
    if who is None:
        return "not offered"
    return "allowed" if role in who else "refused"


def test_every_command_does_in_every_place_and_for_every_role_what_the_table_says(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    unhurried(stage)
    table = rows()
    wrong, found = [], dict.fromkeys(("allowed", "refused", "not offered"), 0)
    for command in USES:
        for place in PLACES:
            for role in ROLES:
                what = stage.outcome(table[command], role, place)
                if what == expected(table[command], role, place):
                    found[what] += 1
                else:
                    wrong.append((command, role, place, what))
    assert not wrong
    with capsys.disabled():
        told = ", ".join(f"{count} {what}" for what, count in found.items())
        print(f"\nroles: {len(USES)} commands × {len(ROLES)} roles × {len(PLACES)} places: {told}")


def test_every_command_is_registered_for_the_places_and_permissions_of_the_table(stage: Stage) -> None:
    table = rows()
    for one in stage.scene.server.bot.commands.values():
        of_it = [row for row in table.values() if row.command.removeprefix("/").split()[0] == one["name"]]
        of_it += [row for row in table.values() if row.is_menu and row.command == one["name"]]
        assert of_it, one["name"]
        for row in of_it:
            contexts = {1 if place == "DM" else 0 for place in PLACES if row.allowed[place] is not None}
            assert set(one["contexts"]) == contexts, row.command
            shown_to = one["default_member_permissions"]
            assert (None if shown_to is None else int(shown_to)) == row.shown_to, row.command


# How often


def over(text: str) -> bool:
    return "too often" in text or "often just now" in text or "a lot just now" in text


def tries(stage: Stage, who: SimulatedMember, what: str) -> str:
    """Do once what a limit is about; what is said to that."""
    scene = stage.scene
    match what:
        case "/join":
            return scene.ask(who, "/leave") and scene.ask(who, "/join")
        case "/mode":
            key = f"discord:{scene.lounge.id}"
            to = "quiet" if scene.bot.host.modes.of(key) == "always" else "always"
            return scene.ask(who, "/mode", to=to)
        case "/forget":
            return scene.ask(who, "/forget me")
    return scene.ask(who, what, **USES[what][0](stage, who))


COUNTED = [one for one in limits() if one.what.startswith("/")]


@pytest.mark.parametrize("limit", COUNTED, ids=[one.what for one in COUNTED])
def test_whatever_has_a_limit_of_its_own_is_refused_beyond_it_and_not_before(
    stage: Stage, limit: Limit
) -> None:
    ann, other = stage.people["member"], stage.people["owner"]
    before = 1 if limit.what == "/join" else 0  # she has been asked in once
    said = [tries(stage, ann, limit.what) for _ in range(limit.most - before)]
    assert not any(map(over, said)), said
    assert over(tries(stage, ann, limit.what))
    assert over(tries(stage, other, limit.what)) == (not limit.each.startswith("person"))


ANY_OF_IT = {  # of each family of commands, one without a limit of its own
    "Listening": "/leave",
    "TurnTaking": "/mode",
    "Transcription": "/captions off",
    "Privacy": "/privacy",
    "Voice": "/voice forget",
    "Encounters": "/encounters list",
    "Status": "/status",
    "Journal": "/journal read",
    "Memories": "/memory review",
    "Menus": "What do you know about me?",
    "Relationships": "/relationship me",
}
ALONE = {"CatchUp": "/catchup", "Forget": "/forget"}  # whose limit is a lower one


def test_no_family_of_commands_can_be_used_without_end(stage: Stage) -> None:
    (limit,) = (one for one in limits() if one.what == "a family of commands")
    cogs = stage.scene.bot.bot.cogs.items()
    assert {name for name, cog in cogs if cog.get_commands()} == ANY_OF_IT.keys() | ALONE.keys()
    assert set(ALONE.values()) < {one.what for one in limits()}
    eve, fay = (stage.scene.guild.add_member(name, implementation="none") for name in ("Eve", "Fay"))

    def asks(who: SimulatedMember, what: str) -> str:
        if what.startswith("/"):
            return stage.scene.ask(who, what)
        menu = stage.scene.server.use_menu(who, what, channel=stage.scene.text, target=who)
        return menu.wait(20).text

    for name, what in ANY_OF_IT.items():
        said = [over(asks(eve, what)) for _ in range(limit.most + 1)]
        assert said == [False] * limit.most + [True], name
        assert not over(asks(fay, what)), name


def test_messages_beyond_their_limit_are_not_answered(stage: Stage) -> None:
    (limit,) = (one for one in limits() if one.what == "messages to her")
    scene = stage.scene
    for number in range(limit.most + 3):
        scene.ann.says(scene.text, f"<@{scene.server.bot.id}> {number}")
    scene.wait(lambda: scene.bot.host.counts["messages over the limit"] == 3, "not three are over it")
    scene.wait(lambda: len(scene.answered) >= 1, "none is answered")

"""At the desk: what is heard there, what Discord would do, and whatever a command may answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import numpy as np
import pytest
import soundfile

from cogs.answers import ANYWHERE, KithCog, PoliteView, say
from cogs.host import Host, Place, Refusal
from local_mode.files import Everywhere, Recording
from local_mode.recorded import play_to_her
from local_mode.typed import commands_of
from memory.consent import Purpose
from memory.posts import Post
from memory.types import Origin
from persona_core.conversation import LINE_CHARACTERS
from persona_core.events import Event, Heard
from persona_core.hearing.segmenter import SegmenterSettings
from persona_core.persona import Hearing
from persona_core.types import Person
from tests.cogs.running import Dictation, Loudness, tone
from tests.local_mode.sitting import TOM, Sitting, sitting
from tests.until import until

UNEXPECTED = "Something went wrong"

pytestmark = pytest.mark.usefixtures("offline")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Sitting]:
    async with sitting(tmp_path) as sat:
        yield sat


# What she hears


def recorded(folder: Path, **hertz: int) -> list[Recording]:
    """A tone of each, by their names, one after the other."""
    found = []
    for number, (name, pitch) in enumerate(hertz.items()):
        silence = np.zeros(48_000 * 2 * number, np.int16)
        soundfile.write(folder / f"{name}.wav", np.concatenate([silence, tone(pitch, 1.0)]), 48_000)
        found.append(Recording(Person(f"desk:{name}", name.title()), folder / f"{name}.wav"))
    return found


def ears() -> Hearing:
    return Hearing(Loudness(), Dictation(), SegmenterSettings(longest_s=0.4), quickest_s=0.4, longest_s=0.4)


async def played(sat: Sitting, recordings: list[Recording]) -> set[Person]:
    """Let her hear them; whom she has heard."""
    heard: set[Person] = set()

    def show(event: Event) -> None:
        sat._note(event)
        if isinstance(event, Heard):
            heard.add(event.utterance.person)

    sat.desk.conversations.listen(lambda key, event: show(event) if isinstance(event, Heard) else None)
    await play_to_her(sat.conversation, sat.desk, recordings, True, sat.desk.settings, show, heard)
    return heard


async def test_what_people_say_in_sound_files_was_said_among_them(tmp_path: Path) -> None:
    recordings = recorded(tmp_path, ann=300, bob=500)
    people = [one.person for one in recordings]
    async with sitting(tmp_path, TOM, people, Everywhere([]), ears()) as desk:
        for person in people:
            await desk.desk.consent.decide(person.id, Purpose.REMEMBERING, True, "test")
        assert await played(desk, recordings) == set(people)
        said = {turn.speaker: turn for turn in desk.turns if turn.speaker}
        assert {turn.text for turn in said.values()} == {"tone 300", "tone 500"}
        for turn in said.values():
            assert turn.scope.origin is Origin.VOICE and turn.scope.heard_by == ("desk:ann", "desk:bob")


async def test_what_one_person_says_to_her_alone_is_for_them_alone(tmp_path: Path) -> None:
    recordings = recorded(tmp_path, ann=300)
    ann = recordings[0].person
    async with sitting(tmp_path, TOM, [ann], Everywhere([]), ears()) as desk:
        await desk.desk.consent.decide(ann.id, Purpose.REMEMBERING, True, "test")
        await played(desk, recordings)
        await until(lambda: len(desk.turns) == 2)
        assert {(turn.scope.origin, turn.scope.heard_by) for turn in desk.turns} == {
            (Origin.DIRECT, (ann.id,))
        }


async def test_whoever_does_not_want_to_be_heard_is_not(tmp_path: Path) -> None:
    recordings = recorded(tmp_path, ann=300, bob=500)
    ann, bob = [one.person for one in recordings]
    async with sitting(tmp_path, ann, [ann, bob], Everywhere([]), ears()) as desk:
        await desk.type("/consent hearing off", who=ann)
        assert await played(desk, recordings) == {bob}
        assert any("Ann does not want to be heard" in line for line in desk.seen)


# What is done in Discord


async def test_what_she_would_post_is_shown_and_what_stands_in_discord_stays(desk: Sitting) -> None:
    host = desk.desk
    post = await host.post(host.place(None), "**Look** here.")
    assert desk.told == ["Look here."]
    await host.delete_post(post)
    with pytest.raises(Refusal, match="only there"):
        await host.delete_post(Post(123, 456))
    for refused in (host.react(post, "👍"), host.write_to("discord:1", "Hello.")):
        with pytest.raises(Refusal):
            await refused
    with pytest.raises(Refusal, match="microphone"):
        await host.open_transport(host.place(None), lambda person: True, NoCall())


class NoCall:
    def on_moved(self, place: Place) -> None:
        raise AssertionError("there is no call")

    def on_people(self) -> None:
        raise AssertionError("there is no call")

    def on_ended(self, reason: str) -> None:
        raise AssertionError("there is no call")


async def test_what_went_wrong_is_said_once(desk: Sitting) -> None:
    await desk.type("a" * (LINE_CHARACTERS + 1))
    await asyncio.sleep(0.1)
    assert sum("too long" in str(event) for event in desk.events) == 1 and desk.told == []


# Whatever a command may do


class Ask(PoliteView):
    """Everything that can be chosen."""

    def __init__(self) -> None:
        super().__init__(timeout=30)
        self.pressed = asyncio.Event()

    @discord.ui.select(
        placeholder="Which?",
        max_values=2,
        options=[discord.SelectOption(label=one, value=one.casefold()) for one in ("Tea", "Milk", "Cake")],
    )
    async def pick(self, select: discord.ui.Select[Any, Any], interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"You chose {', '.join(map(str, select.values or []))}.")

    @discord.ui.button(label="Go on")
    async def go_on(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        self.pressed.set()

    @discord.ui.button(label="Fail")
    async def fail(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        raise RuntimeError("a fault")


class Odd(KithCog):
    """Commands as the cogs of today have none."""

    odd = discord.SlashCommandGroup("odd", "Odd.", contexts=ANYWHERE)

    @odd.command(description="Waits for a click on its own answer.")
    async def waits(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        view = Ask()
        await say(ctx.interaction, "Shall I?", view)
        await view.pressed.wait()
        await say(ctx.interaction, "I went on.")

    @odd.command(description="Fails.")
    async def fails(self, ctx: discord.ApplicationContext) -> None:
        raise RuntimeError("a fault")

    @odd.command(description="Writes into the channel.")
    async def posts(self, ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        assert isinstance(ctx.channel, discord.DMChannel)
        await ctx.channel.send("Hello, everybody.")

    @odd.command(description="Says nothing.")
    async def silent(self, ctx: discord.ApplicationContext) -> None:
        """Nothing."""

    @odd.command(description="Says several things, and takes one back.")
    async def several(self, ctx: discord.ApplicationContext) -> None:
        await ctx.respond("First.", ephemeral=True)
        second = await ctx.followup.send("Secnod.", ephemeral=True, wait=True)
        third = await ctx.followup.send("Third.", ephemeral=True, wait=True)
        await second.edit(content="Second.")
        await third.delete()


@pytest.fixture
async def odd(desk: Sitting) -> Sitting:
    host: Host = desk.desk
    desk.desk._client.add_cog(Odd(host))
    desk.desk.commands = commands_of(one.to_dict() for one in desk.desk._client.pending_application_commands)
    return desk


async def test_a_command_that_waits_for_a_click_does_not_keep_the_terminal(odd: Sitting) -> None:
    shown = await odd.type("/odd waits")
    assert "Shall I?" in shown and "[4] Go on  [5] Fail" in shown
    await odd.type("4")
    await until(lambda: "I went on." in "\n".join(odd.seen))


async def test_of_a_list_one_or_several_are_chosen(odd: Sitting) -> None:
    shown = await odd.type("/odd waits", "2")
    assert "several can be chosen, up to 2" in shown and "You chose milk." in shown
    assert "You chose tea, cake." in await odd.type("#1 3")
    assert "cannot be chosen together" in await odd.type("#1 2 3")
    assert "cannot be chosen together" in await odd.type("#1 4")


async def test_a_fault_is_one_plain_sentence(odd: Sitting) -> None:
    assert (await odd.type("/odd fails")).startswith(UNEXPECTED)
    assert (await odd.type("/odd waits", "5")).splitlines()[-1].startswith(UNEXPECTED)
    assert await odd.type("/odd posts") == "That works only in Discord."
    assert await odd.type("/odd silent") == "There was no answer to that."


async def test_what_is_answered_is_shown_as_it_is_in_the_end(odd: Sitting) -> None:
    assert (await odd.type("/odd several")).splitlines() == ["First.", "Second."]

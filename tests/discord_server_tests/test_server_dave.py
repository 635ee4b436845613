"""Calls among simulated members: encryption by davey and libdave together, through everything that changes a group."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from tests.discord_server import DiscordServer, Sending, SimulatedMember, speech
from tests.discord_server.guilds import SimulatedGuild
from tests.discord_server.state import Channel

TONE = speech.frames((8000 * np.sin(np.arange(14_400) / 17)).astype(np.int16))  # 0.3 s


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer.start() as server:
        yield server
        assert server.errors == []


@pytest.fixture
def guild(server: DiscordServer) -> SimulatedGuild:
    return server.add_guild("Test")


@pytest.fixture
def voice(guild: SimulatedGuild) -> Channel:
    return guild.add_voice_channel("General")


def people(guild: SimulatedGuild, *names: str) -> list[SimulatedMember]:
    """Alternately by davey and by libdave."""
    kinds = ("davey", "libdave")
    return [guild.add_member(name, implementation=kinds[i % 2]) for i, name in enumerate(names)]


def settle(server: DiscordServer, voice: Channel) -> None:
    server.wait_until(lambda: server.settled(voice), 10, "the group did not settle")


def authenticators(*members: SimulatedMember) -> set[bytes | None]:
    return {m.peer.dave.epoch_authenticator for m in members if m.peer}


def say_and_check(server: DiscordServer, speaker: SimulatedMember, listeners: list[SimulatedMember]) -> None:
    before = {m: len(m.heard[speaker.name].voiced) if speaker.name in m.heard else 0 for m in listeners}
    speaker.speak_frames(TONE).wait()
    for listener in listeners:
        heard = listener.heard[speaker.name]
        server.wait_until(lambda h=heard, m=listener: len(h.voiced) >= before[m] + len(TONE), 2)
        assert heard.voiced[before[listener] :] == TONE
        assert heard.unencrypted == 0


@pytest.mark.parametrize("kinds", [("davey", "libdave"), ("libdave", "davey"), ("libdave", "libdave")])
def test_two_members_hear_one_another_byte_for_byte(server, guild, voice, kinds) -> None:
    ann, bob = (guild.add_member(n, implementation=k) for n, k in zip(("Ann", "Bob"), kinds, strict=True))
    ann.join(voice)
    bob.join(voice)
    settle(server, voice)
    say_and_check(server, ann, [bob])
    say_and_check(server, bob, [ann])
    assert "Ann" not in ann.heard


def test_every_join_and_leave_of_four_is_an_epoch_that_all_share(server, guild, voice) -> None:
    four = people(guild, "Ann", "Bob", "Cleo", "Dan")
    seen = set()
    for count in range(1, 5):
        four[count - 1].join(voice)
        settle(server, voice)
        if count > 1:
            (same,) = authenticators(*four[:count])
            seen.add(same)
    four[0].leave()
    settle(server, voice)
    (same,) = authenticators(*four[1:])
    four[0].join(voice)
    settle(server, voice)
    (again,) = authenticators(*four)
    assert len(seen | {same, again}) == 5
    say_and_check(server, four[0], four[1:])


def test_simultaneous_joins_are_one_commit(server, guild, voice) -> None:
    many = people(guild, *"ABCDEFGH")
    guild.join_together(voice, many)
    settle(server, voice)
    assert server.call_in(voice).dave.counts["commits"] == 1
    assert len(authenticators(*many)) == 1


def test_who_stays_alone_starts_anew_and_is_heard_by_the_next(server, guild, voice) -> None:
    ann, bob, cleo = people(guild, "Ann", "Bob", "Cleo")
    guild.join_together(voice, [ann, bob])
    settle(server, voice)
    ann.leave()
    server.wait_until(lambda: server.call_in(voice).dave.epoch is None, 5)
    cleo.join(voice)
    settle(server, voice)
    say_and_check(server, bob, [cleo])
    say_and_check(server, cleo, [bob])


def test_a_downgrade_sends_plainly_and_an_upgrade_encrypts_again(server, guild, voice) -> None:
    ann, bob = people(guild, "Ann", "Bob")
    guild.join_together(voice, [ann, bob])
    settle(server, voice)
    server.downgrade(voice)
    server.wait_until(lambda: ann.peer.dave.version == 0 and bob.peer.dave.version == 0, 5)
    ann.speak_frames(TONE).wait()
    server.wait_until(lambda: len(bob.heard["Ann"].voiced) == len(TONE), 2)
    assert not ann.peer.dave.ready
    server.upgrade(voice)
    settle(server, voice)
    assert ann.peer.dave.ready
    say_and_check(server, bob, [ann])


def test_a_new_epoch_is_shared_by_all(server, guild, voice) -> None:
    three = people(guild, "Ann", "Bob", "Cleo")
    guild.join_together(voice, three)
    settle(server, voice)
    before = authenticators(*three)
    server.new_epoch(voice)
    settle(server, voice)
    after = authenticators(*three)
    assert len(after) == 1
    assert after != before
    say_and_check(server, three[1], [three[0], three[2]])


@pytest.mark.parametrize("op", [29, 30])
@pytest.mark.parametrize("count", [2, 3])
def test_who_cannot_use_a_commit_is_taken_out_and_in_again(server, guild, voice, op, count) -> None:
    members = people(guild, "Ann", "Bob", "Cleo")[:count]
    guild.join_together(voice, members)
    settle(server, voice)
    dave = server.call_in(voice).dave
    for times, member in enumerate(members[:2], start=1):
        server.call(dave.send_garbage, member.peer, op)
        server.wait_until(lambda n=times: dave.counts["rejoins"] == n, 5)
        settle(server, voice)
        assert len(authenticators(*members)) == 1
    say_and_check(server, members[0], members[1:])


def test_a_founder_who_leaves_at_once_does_not_hold_up_the_others(server, guild, voice) -> None:
    ann, bob, cleo = people(guild, "Ann", "Bob", "Cleo")
    guild.join_together(voice, [ann, bob, cleo])
    ann.leave()
    settle(server, voice)
    say_and_check(server, bob, [cleo])


def test_joins_and_leaves_in_a_row_end_in_one_group(server, guild, voice) -> None:
    many = people(guild, *"ABCDEF")
    guild.join_together(voice, many)
    for turn in range(12):
        many[turn % 6].leave() if many[turn % 6].voice_channel else many[turn % 6].join(voice)
    for member in many:
        if not member.voice_channel:
            member.join(voice)
    settle(server, voice)
    assert len(authenticators(*many)) == 1
    say_and_check(server, many[4], many[:4])


def test_packets_that_come_before_op_5_are_heard_once_it_has_come(server, guild, voice) -> None:
    ann, bob = people(guild, "Ann", "Bob")
    guild.join_together(voice, [ann, bob])
    settle(server, voice)
    ann.sending = Sending(speaking_delay=0.15)
    say_and_check(server, ann, [bob])


def test_two_hundred_joins_leaves_and_moves_confuse_nobody(server, guild, voice) -> None:
    other = guild.add_voice_channel("Other")
    many, dice = people(guild, *"ABCDEF"), random.Random(1)
    guild.join_together(voice, many)
    settle(server, voice)
    for _ in range(200):
        member, place = dice.choice(many[2:]), dice.choice([voice, other, None])
        member.join(place) if place else member.leave()
    guild.join_together(voice, many)
    settle(server, voice)
    assert len(authenticators(*many)) == 1
    assert not any(m.peer.dave.counts["proposals refused"] + m.peer.dave.counts["invalid"] for m in many)
    assert server.call_in(voice).dave.counts["no commit"] == 0
    say_and_check(server, many[0], many[1:])

"""The server's part of MLS, against two implementations that are not its own."""

from __future__ import annotations

import struct

import dave as libdave
import davey
import pytest

from tests.discord_server.mls import Commit, ExternalSender, KeyPackage, Malformed, Reader, vector

CHANNEL, ANN, BOB = 1000, 1, 2


def by_davey(user: int) -> bytes:
    return davey.DaveSession(1, user, CHANNEL).get_serialized_key_package()


def by_libdave(user: int) -> bytes:
    session = libdave.Session()
    session.init(1, CHANNEL, str(user), None)
    return bytes(session.get_marshalled_key_package())


@pytest.mark.parametrize("size", [0, 63, 64, 16383, 16384])
def test_a_vector_reads_back_what_was_written(size: int) -> None:
    reader = Reader(vector(bytes(size)) + b"rest")
    assert reader.vector() == bytes(size)
    assert reader.take(4) == b"rest"


@pytest.mark.parametrize("make", [by_davey, by_libdave])
def test_a_key_package_names_its_owner(make) -> None:
    assert KeyPackage.parse(make(ANN)).identity == struct.pack(">Q", ANN)


@pytest.mark.parametrize("make", [by_davey, by_libdave])
def test_a_key_package_with_any_byte_changed_is_refused(make) -> None:
    good = make(ANN)
    for at in range(0, len(good), 7):
        with pytest.raises(Malformed):
            KeyPackage.parse(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    with pytest.raises(Malformed):
        KeyPackage.parse(good[:-1])


def test_a_member_accepts_our_add_and_its_commit_names_our_proposal() -> None:
    sender, group = ExternalSender(), struct.pack(">Q", CHANNEL)
    founder = davey.DaveSession(1, ANN, CHANNEL)
    founder.set_external_sender(sender.package())
    proposal = sender.propose_add(group, 0, BOB, KeyPackage.parse(by_davey(BOB)))
    answer = founder.process_proposals(
        davey.ProposalsOperationType.append, vector(proposal.message), [ANN, BOB]
    )
    commit = Commit.parse(answer.commit + answer.welcome)
    assert (commit.group_id, commit.epoch, commit.leaf) == (group, 0, 0)
    assert commit.references == [proposal.reference]
    assert commit.message == answer.commit
    assert commit.rest == answer.welcome


def test_a_member_refuses_an_add_by_somebody_else() -> None:
    founder = davey.DaveSession(1, ANN, CHANNEL)
    founder.set_external_sender(ExternalSender().package())
    forged = ExternalSender().propose_add(struct.pack(">Q", CHANNEL), 0, BOB, KeyPackage.parse(by_davey(BOB)))
    with pytest.raises(ValueError):
        founder.process_proposals(davey.ProposalsOperationType.append, vector(forged.message), [ANN, BOB])

"""The group's protocol, message by message; Ann is a davey session of her own, the server signs for real."""

from __future__ import annotations

from collections import Counter

import davey
import pytest

from bot.voice import dave as subject
from bot.voice.dave import FAILURES, RECOVERY_PAUSE_S, Dave
from bot.voice.messages import Incoming, Malformed, Op, Outgoing
from bot.voice.packets import SILENCE
from tests.discord_server.mls import Commit, ExternalSender, KeyPackage, Proposal, vector

BOT, ANN, EVE, CHANNEL = 1, 2, 3, 77
OPUS = b"\x78 some opus frame"


class Group:
    """Ann founds the group; the server proposes to add the bot; Ann commits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.counts: Counter[str] = Counter()
        self.dave = Dave(BOT, CHANNEL, self.counts, lambda: self.now)
        self.server = ExternalSender()
        self.ann = davey.DaveSession(1, ANN, CHANNEL)
        self.ann.set_external_sender(self.server.package())
        self.ann.get_serialized_key_package()

    def introduce_server(self) -> list[Outgoing]:
        return self.dave.handle(Incoming(Op.MLS_EXTERNAL_SENDER, self.server.package()), [])

    def add_bot(self, answers: list[Outgoing], transition: int = 5) -> list[Outgoing]:
        package = next(each.data for each in answers if each.op is Op.MLS_KEY_PACKAGE)
        assert isinstance(package, bytes)
        group = CHANNEL.to_bytes(8, "big")
        add = self.server.propose_add(group, 0, BOT, KeyPackage.parse(package))
        commit = self.ann.process_proposals(davey.ProposalsOperationType.append, vector(add.message))
        assert commit is not None and commit.welcome is not None
        self.ann.process_commit(commit.commit)
        return self.tell(Op.MLS_WELCOME, transition.to_bytes(2, "big") + commit.welcome)

    def proposes_to_add(self, who: davey.DaveSession) -> Proposal:
        who.set_external_sender(self.server.package())
        package = KeyPackage.parse(who.get_serialized_key_package())
        return self.server.propose_add(CHANNEL.to_bytes(8, "big"), 1, EVE, package)

    def proposed(self, *proposals: Proposal) -> list[Outgoing]:
        return self._of_group(b"\0" + vector(b"".join(each.message for each in proposals)))

    def revoked(self, *proposals: Proposal) -> list[Outgoing]:
        return self._of_group(b"\1" + vector(b"".join(vector(each.reference) for each in proposals)))

    def _of_group(self, data: bytes) -> list[Outgoing]:
        return self.dave.handle(Incoming(Op.MLS_PROPOSALS, data), [ANN, EVE])

    def tell(self, op: Op, data: object) -> list[Outgoing]:
        return self.dave.handle(Incoming(op, data), [ANN])

    def execute(self, transition: int) -> None:
        self.tell(Op.DAVE_EXECUTE_TRANSITION, {"transition_id": transition})


def commits_with_welcome(answers: list[Outgoing]) -> list[bool]:
    """For each commit among ``answers``, whether a Welcome comes with it."""
    commits = [each.data for each in answers if each.op is Op.MLS_COMMIT_WELCOME]
    return [bool(Commit.parse(data).rest) for data in commits if isinstance(data, bytes)]


@pytest.fixture
def group() -> Group:
    """The bot is in, the transition executed."""
    made = Group()
    made.introduce_server()
    made.add_bot(made.dave.begin(1))
    made.execute(5)
    return made


def test_the_server_may_introduce_itself_before_or_after_the_session_description() -> None:
    for first in (True, False):
        made = Group()
        if first:
            made.introduce_server()
        answers = made.dave.begin(1)
        if not first:
            made.introduce_server()
        assert made.add_bot(answers) == [Outgoing(Op.DAVE_TRANSITION_READY, {"transition_id": 5})]


def test_nothing_is_sent_until_the_keys_are_there_and_the_others_have_them() -> None:
    made = Group()
    made.introduce_server()
    answers = made.dave.begin(1)
    assert made.dave.encrypt(OPUS) is None
    made.add_bot(answers)
    assert made.dave.encrypt(OPUS) is None  # the others are not known to be ready
    made.execute(5)
    assert made.dave.may_speak


def test_a_transition_that_is_never_executed_does_not_silence_her_for_long() -> None:
    made = Group()
    made.introduce_server()
    made.add_bot(made.dave.begin(1))
    made.now += subject.EXECUTE_S
    assert made.dave.may_speak


def test_sound_is_end_to_end_encrypted_both_ways(group: Group) -> None:
    sent = group.dave.encrypt(OPUS)
    assert sent is not None and OPUS not in sent
    assert group.ann.decrypt(BOT, davey.MediaType.audio, sent) == OPUS
    assert group.dave.decrypt(ANN, group.ann.encrypt_opus(OPUS)) == OPUS


def test_silence_is_sent_as_it_is(group: Group) -> None:
    assert group.dave.encrypt(SILENCE) == SILENCE


def test_one_persons_sound_is_not_read_as_anothers(group: Group) -> None:
    assert group.dave.decrypt(99, group.ann.encrypt_opus(OPUS)) is None
    assert group.dave.decrypt(BOT, group.ann.encrypt_opus(OPUS)) is None


def test_plaintext_is_not_taken_for_sound(group: Group) -> None:
    assert group.dave.decrypt(ANN, OPUS) is None
    assert group.counts["undecryptable"] == 1


def test_persistent_failure_asks_for_a_new_group_once(group: Group) -> None:
    for _ in range(FAILURES - 1):
        group.dave.decrypt(ANN, b"nonsense")
        assert group.dave.recover() == []
    group.dave.decrypt(ANN, b"nonsense")
    assert [each.op for each in group.dave.recover()] == [Op.MLS_INVALID_COMMIT, Op.MLS_KEY_PACKAGE]
    for _ in range(3 * FAILURES):
        group.dave.decrypt(ANN, b"nonsense")
        assert group.dave.recover() == []


def test_one_broken_sender_cannot_keep_the_keys_in_motion(group: Group) -> None:
    recoveries = 0
    for _ in range(100):
        for _ in range(FAILURES):
            group.dave.decrypt(ANN, b"nonsense")
        recoveries += bool(group.dave.recover())
        group.now += RECOVERY_PAUSE_S / 10
    assert recoveries <= 10


def test_success_in_between_is_no_persistent_failure(group: Group) -> None:
    for _ in range(FAILURES):
        group.dave.decrypt(ANN, b"nonsense")
        group.dave.decrypt(ANN, group.ann.encrypt_opus(OPUS))
    assert group.dave.recover() == []


@pytest.mark.parametrize("op", [Op.MLS_WELCOME, Op.MLS_ANNOUNCE_COMMIT])
def test_what_cannot_be_processed_is_reported_and_the_group_made_anew(group: Group, op: Op) -> None:
    answers = group.tell(op, b"\0\7nonsense")
    assert answers[0] == Outgoing(Op.MLS_INVALID_COMMIT, {"transition_id": 7})
    assert answers[1].op is Op.MLS_KEY_PACKAGE
    assert not group.dave.may_speak


def test_a_downgrade_goes_plain_only_when_it_is_executed(group: Group) -> None:
    answers = group.tell(Op.DAVE_PREPARE_TRANSITION, {"transition_id": 8, "protocol_version": 0})
    assert answers == [Outgoing(Op.DAVE_TRANSITION_READY, {"transition_id": 8})]
    assert group.dave.encrypt(OPUS) != OPUS
    assert group.dave.decrypt(ANN, OPUS) == OPUS  # the others may be faster
    group.execute(8)
    assert group.dave.encrypt(OPUS) == OPUS
    assert group.dave.decrypt(ANN, group.ann.encrypt_opus(OPUS)) == OPUS  # or slower


def test_an_upgrade_from_plaintext_makes_a_group_and_encrypts_when_it_is_executed() -> None:
    made = Group()
    assert made.dave.begin(0) == []
    assert made.dave.encrypt(OPUS) == OPUS and made.dave.decrypt(ANN, OPUS) == OPUS
    made.introduce_server()
    answers = made.tell(Op.DAVE_PREPARE_EPOCH, {"epoch": 1, "protocol_version": 1})
    made.add_bot(answers)
    assert made.dave.encrypt(OPUS) == OPUS
    made.execute(5)
    assert made.ann.decrypt(BOT, davey.MediaType.audio, made.dave.encrypt(OPUS) or b"") == OPUS


def test_only_people_of_the_call_are_let_into_the_group(group: Group) -> None:
    stranger = davey.DaveSession(1, 66, CHANNEL)
    package = KeyPackage.parse(stranger.get_serialized_key_package())
    add = group.server.propose_add(CHANNEL.to_bytes(8, "big"), 1, 66, package)
    with pytest.raises(Malformed):
        group.tell(Op.MLS_PROPOSALS, b"\0" + vector(add.message))


def test_a_commit_that_would_shut_out_who_is_added_is_not_sent(group: Group) -> None:
    eve = davey.DaveSession(1, EVE, CHANNEL)
    add = group.proposes_to_add(eve)
    remove = group.server.propose_remove(CHANNEL.to_bytes(8, "big"), 1, ANN, 0)
    assert commits_with_welcome(group.proposed(add)) == [True]
    assert group.proposed(remove) == []  # davey's commit has no Welcome for Eve
    assert group.revoked(remove) == []
    assert group.revoked(add) == []  # nothing is left to commit
    assert commits_with_welcome(group.proposed(remove, add)) == [True]  # proposed anew as a whole


def test_after_a_new_epoch_removals_are_committed_again(group: Group) -> None:
    eve = davey.DaveSession(1, EVE, CHANNEL)
    (commit,) = group.proposed(group.proposes_to_add(eve))
    assert isinstance(commit.data, bytes)
    parsed = Commit.parse(commit.data)
    group.tell(Op.MLS_ANNOUNCE_COMMIT, b"\0\6" + parsed.message)
    remove = group.server.propose_remove(CHANNEL.to_bytes(8, "big"), 2, EVE, 2)
    assert commits_with_welcome(group.proposed(remove)) == [False]


@pytest.mark.parametrize(
    "message",
    [
        Incoming(Op.DAVE_PREPARE_TRANSITION, {"transition_id": 1, "protocol_version": 9}),
        Incoming(Op.DAVE_PREPARE_TRANSITION, None),
        Incoming(Op.DAVE_EXECUTE_TRANSITION, {}),
        Incoming(Op.DAVE_PREPARE_EPOCH, {"epoch": 1}),
        Incoming(Op.MLS_PROPOSALS, b""),
        Incoming(Op.MLS_PROPOSALS, b"\7"),
        Incoming(Op.MLS_WELCOME, b"\0"),
        Incoming(Op.MLS_PROPOSALS, {}),
        Incoming(Op.DAVE_TRANSITION_READY, {}),
    ],
)
def test_messages_of_the_wrong_shape_are_malformed_and_change_nothing(
    group: Group, message: Incoming
) -> None:
    with pytest.raises(Malformed):
        group.dave.handle(message, [ANN])
    assert group.dave.decrypt(ANN, group.ann.encrypt_opus(OPUS)) == OPUS

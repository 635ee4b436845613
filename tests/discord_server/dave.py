"""DAVE on the server's side: the group of one call, changed by the server's proposals and the members' commits.

One change at a time: proposals → the first commit that covers all of them → announced to the group, Welcome to who is
added → everyone says ready → executed → the next change. Joins within a moment of each other become one change.
"""

from __future__ import annotations

import asyncio
import struct
import weakref
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .mls import Commit, ExternalSender, KeyPackage, Malformed, Proposal, vector

if TYPE_CHECKING:
    from .voice_call import Call, Peer

PREPARE_TRANSITION, EXECUTE_TRANSITION, PREPARE_EPOCH = 21, 22, 24
EXTERNAL_SENDER, PROPOSALS, ANNOUNCE_COMMIT, WELCOME = 25, 27, 29, 30
GATHER = 0.02  # seconds in which several joins become one change
PATIENCE = 3.0  # seconds for a commit to come, and for everyone to be ready


@dataclass
class Leaf:
    user_id: int
    package: KeyPackage


@dataclass(frozen=True)
class Change:
    """One member to be removed from a leaf, or added by a key package."""

    user_id: int
    leaf: int | None
    package: KeyPackage | None


@dataclass
class Transition:
    number: int
    version: int
    waiting: set[int] = field(default_factory=set)  # user ids not ready yet


class DaveGroup:
    """`version` 1 encrypts, 0 does not. `epoch` is None while there is no group."""

    def __init__(self, call: Call, sender: ExternalSender) -> None:
        self.call = call
        self.sender = sender
        self.version = 1
        self.epoch: int | None = None
        self.leaves: list[Leaf | None] = []
        self.counts: Counter[str] = Counter()  # commits, transitions, ignored commits, rejoins…, for tests
        self.only_committer: int | None = None  # a fault: nobody else's commit is taken
        self._greeted: weakref.WeakSet[Peer] = weakref.WeakSet()
        self._packages: dict[int, KeyPackage] = {}
        self._proposals: dict[bytes, Proposal] = {}  # in flight, by reference
        self._transition: Transition | None = None
        self._number = 0
        self._gathering: asyncio.TimerHandle | None = None
        self._timeout: asyncio.TimerHandle | None = None

    @property
    def group_id(self) -> bytes:
        return struct.pack(">Q", self.call.channel.id)

    @property
    def members(self) -> list[int]:
        """User ids in the group, by leaf."""
        return [leaf.user_id for leaf in self.leaves if leaf] if self.epoch else []

    @property
    def settled(self) -> bool:
        """Nothing under way, and everyone in the call is in the group (one alone needs none)."""
        busy = self._proposals or self._transition or self._gathering
        expected = {p.user_id for p in self.call.peers.values() if p.has_dave}
        return not busy and (self.version == 0 or len(expected) < 2 or set(self.members) == expected)

    # -- members come and go

    def greet(self, peer: Peer) -> None:
        """Op 25, once for each connection: a client that is in a group refuses a second one."""
        if self.version and peer not in self._greeted:
            self._greeted.add(peer)
            peer.send_binary(EXTERNAL_SENDER, self.sender.package())

    def key_package(self, user_id: int, data: bytes) -> None:
        """Op 26. One that comes from somebody in the group means that they start anew."""
        package = KeyPackage.parse(data)
        if package.identity != struct.pack(">Q", user_id):
            raise Malformed("somebody else's key package")
        self._packages[user_id] = package
        self._soon()

    def leave(self, user_id: int) -> None:
        self._packages.pop(user_id, None)
        if self._transition:
            self._transition.waiting.discard(user_id)
            self._execute_if_ready()
        if self._proposals:
            # At once: a Welcome must not list anybody whose leaving (op 13) its reader has seen already.
            self._change()
        else:
            self._soon()

    def invalid(self, user_id: int, transition: int) -> None:
        """Op 31: this member could not use a commit or Welcome, and comes back with a new key package."""
        self.leave(user_id)
        self.counts["rejoins"] += 1  # last, for tests that wait for it in another thread

    def consider_version(self, offered: int) -> None:
        """A client without DAVE, where it is let in, takes the encryption from the whole call."""
        if offered == 0 and self.version:
            self.downgrade()

    # -- changes

    def _soon(self) -> None:
        if self._gathering is None:
            self._gathering = self.call.service.loop.call_later(GATHER, self._change)

    def _change(self) -> None:
        if self._gathering:
            self._gathering.cancel()
            self._gathering = None
        if self.version == 0 or self._transition:
            return
        if self.epoch is None and not self._found():
            return
        staying = sum(self._stays(leaf) for leaf in self.leaves if leaf)
        if self.epoch and staying < 2:
            return self._restart()
        if self.epoch == 0 and self.leaves[0] and not self._stays(self.leaves[0]):
            self._forget_group()  # its founder has gone before it was made
            return self._soon()
        return self._propose()

    def _found(self) -> bool:
        """With two key packages there is a group: its first member makes it, the others are added."""
        if len(self._packages) < 2:
            return False
        first = self.only_committer if self.only_committer in self._packages else next(iter(self._packages))
        assert first is not None
        self.leaves, self.epoch = [Leaf(first, self._packages[first])], 0
        return True

    def _stays(self, leaf: Leaf) -> bool:
        return self._packages.get(leaf.user_id) is leaf.package

    def _restart(self) -> None:
        """Fewer than two are left of the group: those start anew, on their own."""
        left = [leaf.user_id for leaf in self.leaves if leaf and self._stays(leaf)]
        self._forget_group()
        self.counts["restarts"] += 1
        for user_id in left:
            self._packages.pop(user_id)
            if peer := self.call.peers.get(user_id):
                peer.send(PREPARE_EPOCH, {"transition_id": 0, "epoch": 1, "protocol_version": self.version})
                peer.send(PREPARE_TRANSITION, {"transition_id": 0, "protocol_version": self.version})
        self._soon()

    def _forget_group(self) -> None:
        self.epoch, self.leaves, self._transition = None, [], None
        self._proposals.clear()
        self._stop_timeout()

    def _wanted(self) -> list[Change]:
        """Who is to be removed, and who added. Who comes back is removed in one change and added in the next."""
        seated = {leaf.user_id for leaf in self.leaves if leaf}
        removed = [(n, leaf) for n, leaf in enumerate(self.leaves) if leaf and not self._stays(leaf)]
        added = [(user, package) for user, package in self._packages.items() if user not in seated]
        removals = [Change(leaf.user_id, index, None) for index, leaf in removed]
        return removals + [Change(user, None, package) for user, package in added]

    def _propose(self) -> None:
        """Replace what is in flight by what is wanted now, if that is something else.

        All of it: davey 0.1.7 makes no Welcome when the last proposals it got held no Add, though earlier ones did.
        """
        wanted = self._wanted()
        if wanted == [Change(p.user_id, p.removes_leaf, p.package) for p in self._proposals.values()]:
            return
        if self._proposals:
            self._to_group(b"\x01" + vector(b"".join(vector(ref) for ref in self._proposals)))
        new = [self._proposal(change) for change in wanted]
        self._proposals = {p.reference: p for p in new}
        if new:
            self._to_group(b"\x00" + vector(b"".join(p.message for p in new)))
        self._wait_for_commit()

    def _proposal(self, change: Change) -> Proposal:
        assert self.epoch is not None
        if change.package:
            return self.sender.propose_add(self.group_id, self.epoch, change.user_id, change.package)
        assert change.leaf is not None
        return self.sender.propose_remove(self.group_id, self.epoch, change.user_id, change.leaf)

    def _to_group(self, payload: bytes) -> None:
        for leaf in self.leaves:
            if leaf and self._stays(leaf) and (peer := self.call.peers.get(leaf.user_id)):
                peer.send_binary(PROPOSALS, payload)

    def _wait_for_commit(self) -> None:
        self._stop_timeout()
        if self._proposals:
            self._timeout = self.call.service.loop.call_later(PATIENCE, self._nobody_committed)

    def _nobody_committed(self) -> None:
        self.counts["no commit"] += 1
        self.start_anew()

    # -- commits

    def commit(self, user_id: int, data: bytes) -> None:
        """Op 28. Taken if it is of this epoch, of the member's own leaf, covers every proposal in flight,
        and brings a Welcome if anybody is added.
        """
        commit = Commit.parse(data)
        if not self._acceptable(user_id, commit):
            self.counts["commits ignored"] += 1
            return
        added = self._seat(commit)
        self._proposals.clear()
        assert self.epoch is not None
        self.epoch += 1
        self.counts["commits"] += 1
        number = struct.pack(">H", self._begin(self.version))
        for leaf in self.leaves:
            if leaf and (peer := self.call.peers.get(leaf.user_id)):
                if leaf.user_id in added:
                    peer.send_binary(WELCOME, number + commit.rest)
                else:
                    peer.send_binary(ANNOUNCE_COMMIT, number + commit.message)

    def _acceptable(self, user_id: int, commit: Commit) -> bool:
        leaf = self.leaves[commit.leaf] if commit.leaf < len(self.leaves) else None
        seated = {leaf.user_id for leaf in self.leaves if leaf}
        if self.only_committer in seated & set(self.call.peers) - {user_id}:
            return False
        return (
            bool(self._proposals)
            and commit.group_id == self.group_id
            and commit.epoch == self.epoch
            and leaf is not None
            and leaf.user_id == user_id
            and sorted(commit.references) == sorted(self._proposals)
            and bool(commit.rest) == any(p.package for p in self._proposals.values())
        )

    def _seat(self, commit: Commit) -> set[int]:
        """Who sits where afterwards: removals first, then each Add takes the leftmost free leaf, in commit order."""
        proposals = [self._proposals[ref] for ref in commit.references]
        for proposal in proposals:
            if proposal.removes_leaf is not None:
                self.leaves[proposal.removes_leaf] = None
        added = [p for p in proposals if p.removes_leaf is None]
        for proposal in added:
            assert proposal.package is not None
            leaf = Leaf(proposal.user_id, proposal.package)
            if None in self.leaves:
                self.leaves[self.leaves.index(None)] = leaf
            else:
                self.leaves.append(leaf)
        while self.leaves and self.leaves[-1] is None:
            self.leaves.pop()
        return {p.user_id for p in added}

    # -- transitions

    def _begin(self, version: int) -> int:
        """A transition of everyone in the call; executed when all are ready, or patience ends."""
        self._number = self._number % 0xFFFF + 1
        here = set(self.call.peers)
        self._transition = Transition(self._number, version, here & set(self.members) if version else here)
        self._stop_timeout()
        self._timeout = self.call.service.loop.call_later(PATIENCE, self._execute)
        return self._number

    def ready(self, user_id: int, number: int) -> None:
        """Op 23."""
        if self._transition and number == self._transition.number:
            self._transition.waiting.discard(user_id)
            self._execute_if_ready()

    def _execute_if_ready(self) -> None:
        if self._transition and not self._transition.waiting:
            self._execute()

    def _execute(self) -> None:
        transition, self._transition = self._transition, None
        self._stop_timeout()
        if transition is None:
            return
        self.counts["late to be ready"] += len(transition.waiting)
        self.counts["transitions"] += 1
        for peer in self.call.peers.values():
            if transition.version == 0 or peer.user_id in self.members:
                peer.send(EXECUTE_TRANSITION, {"transition_id": transition.number})
        self._soon()

    def _stop_timeout(self) -> None:
        if self._timeout:
            self._timeout.cancel()
            self._timeout = None

    # -- faults, and the server's own wishes

    def downgrade(self) -> None:
        """To version 0: everyone sends plainly from the execution on."""
        self._forget_group()
        self._packages.clear()
        self.version = 0
        data = {"transition_id": self._begin(0), "protocol_version": 0}
        for peer in self.call.peers.values():
            peer.send(PREPARE_TRANSITION, data)

    def upgrade(self) -> None:
        """Back to version 1, with a new group."""
        self.version = 1
        for peer in self.call.peers.values():
            self.greet(peer)
        self.start_anew()

    def start_anew(self) -> None:
        """Op 24, epoch 1, for everyone: the old group is over, all send new key packages."""
        self._forget_group()
        self._packages.clear()
        self.counts["restarts"] += 1
        for peer in self.call.peers.values():
            peer.send(PREPARE_EPOCH, {"transition_id": 0, "epoch": 1, "protocol_version": self.version})

    def send_garbage(self, peer: Peer, op: int = ANNOUNCE_COMMIT) -> None:
        """A fault: a commit (29) or Welcome (30) that no client can process. It should answer with op 31 and op 26."""
        self._number = self._number % 0xFFFF + 1
        peer.send_binary(op, struct.pack(">H", self._number) + b"\x00\x01\x00\x01" + bytes(40))

    def close(self) -> None:
        self._stop_timeout()
        if self._gathering:
            self._gathering.cancel()
            self._gathering = None

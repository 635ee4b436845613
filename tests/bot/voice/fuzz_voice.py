"""Broken input for everything that reads what others send: ``python -m tests.bot.voice.fuzz_voice``.

Datagrams and gateway messages are broken in six ways; most are broken *before* they are validly encrypted,
so that they pass the outer layers and reach padding, extensions, end-to-end decryption, ordering and Opus.
Nothing may raise, every buffer must stay within its bound, what a refused person says must never be
decrypted, and after all of it an honest person must still be heard. ``--inputs 1000000 --coverage`` runs
the full length and reports branch coverage (with the ``coverage`` package).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import davey

from bot.voice.jitter import WINDOW
from bot.voice.messages import Incoming, Malformed, Op, parse_binary, parse_text
from bot.voice.opus import Encoder
from bot.voice.packets import HEADER, MODES, NONCE, SILENCE, Mode
from bot.voice.receiver import HELD_PER_SSRC, HELD_SSRCS, Receiver
from bot.voice.session import Credentials, VoiceSession
from persona_core.types import Pcm
from tests.bot.voice.rig import sound
from tests.discord_server.mls import ExternalSender, KeyPackage, vector

BOT, ANN, EVE, CHANNEL = 1, 2, 3, 77
ANN_SSRC, EVE_SSRC, BOT_SSRC = 20, 30, 10
KEY = bytes(range(32))
REBUILD_EVERY = 1000  # inputs, after which keys and group are made anew
TICK_EVERY = 40

# how an input is broken → its share; those marked reach past the encryption they are broken inside of
KINDS = {
    "noise": 6,
    "damaged datagram": 20,
    "damaged before transport encryption": 30,  # inner
    "damaged before end-to-end encryption": 26,  # inner
    "damaged JSON": 17.5,
    "damaged MLS message": 0.5,
}
INNER = ("damaged before transport encryption", "damaged before end-to-end encryption")


@dataclass(frozen=True, slots=True)
class Report:
    inputs: Counter[str]  # by kind
    outcomes: Counter[str]  # what the voice code counted
    heard: int  # frames of Ann
    seconds: float

    @property
    def inner_share(self) -> float:
        """Of the inputs, how many were broken before valid encryption."""
        return sum(self.inputs[kind] for kind in INNER) / self.inputs.total()


class Fuzz:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.heard: Counter[int] = Counter()
        self.now = 1000.0
        self.nonce = 0
        self.past: list[bytes] = [b""]
        self.messages: list[dict[str, Any]] = []
        self.mls: list[bytes] = []
        encoder, tone = Encoder(), sound(1.0, 440)
        self.opus = [encoder.encode(tone[n : n + 960]) for n in range(0, 48_000, 960)]
        self.sequence = self.timestamp = 0
        self.rebuild()

    def run(self, inputs: int) -> Report:
        began, done = time.monotonic(), Counter[str]()
        kinds, shares = list(KINDS), list(KINDS.values())
        for n, kind in enumerate(self.dice.choices(kinds, shares, k=inputs)):
            self.one(kind)
            done[kind] += 1
            if n % TICK_EVERY == 0:
                self.receiver.tick(self.now)
                self.check()
            if n % REBUILD_EVERY == REBUILD_EVERY - 1 or (n % TICK_EVERY == 0 and not self.has_keys()):
                self.rebuild()
                self.check_that_ann_is_heard()
        self.rebuild()
        self.check_that_ann_is_heard()
        return Report(done, self.counts, self.heard[ANN], time.monotonic() - began)

    def one(self, kind: str) -> None:
        self.now += self.dice.choice((0.0, 0.001, 0.02, 0.02, 0.02, 0.3))
        match kind:
            case "noise":
                self.take(self.dice.randbytes(self.dice.randrange(200)))
            case "damaged datagram":
                whole = self.dice.choice((self.seal(*self.packet(self.frame())), self.dice.choice(self.past)))
                self.take(self.damage(whole))
            case "damaged before transport encryption":
                self.take(self.seal(*self.broken_packet()))
            case "damaged before end-to-end encryption":
                self.take(self.seal(*self.packet(self.encrypted(self.damage(self.dice.choice(self.opus))))))
            case "damaged JSON":
                self.message(self.broken_json())
            case "damaged MLS message":
                self.binary(self.damage(self.dice.choice(self.mls)))

    # What is sent

    def packet(self, payload: bytes, ssrc: int | None = None) -> tuple[bytes, bytes]:
        """Header and body; the numbers wander as a bad network's would."""
        dice = self.dice
        self.sequence += dice.choices((1, 0, 2, -1, 5, 60, 20_000), (80, 4, 4, 4, 4, 2, 2))[0]
        self.timestamp += dice.choices((960, 0, -960, 48_000, 1 << 31), (88, 3, 3, 3, 3))[0]
        ssrc = (
            dice.choice((ANN_SSRC, ANN_SSRC, ANN_SSRC, EVE_SSRC, dice.getrandbits(8)))
            if ssrc is None
            else ssrc
        )
        return HEADER.pack(0x80, 0x78, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, ssrc), payload

    def broken_packet(self) -> tuple[bytes, bytes]:
        """Any header, any flags, any extension, any padding, and a body that need not fit them."""
        dice = self.dice
        header, body = self.packet(self.frame())
        first = 0x80 | dice.choice((0, 0x10, 0x20, 0x30, dice.getrandbits(6)))
        header = bytes([first, dice.choice((0x78, 0x78, 0x78, 0xF8, dice.getrandbits(8)))]) + header[2:]
        header += dice.randbytes(4 * (first & 15))
        if first & 0x10:
            words = dice.choice((0, 1, 2, 3, len(body) // 4, dice.getrandbits(16)))
            header += b"\xbe\xde" + words.to_bytes(2, "big")
            body = dice.randbytes(4 * min(words, 20)) + body
        if first & 0x20 and dice.random() < 0.7:
            size = dice.choice((1, 4, len(body), 255, dice.getrandbits(8))) & 0xFF
            body += bytes(max(0, min(size, 30) - 1)) + bytes([size])
        if dice.random() < 0.2:
            body = self.damage(body)
        if dice.random() < 0.05:
            header = header[: dice.randrange(1, len(header))]
        return header, body

    def frame(self) -> bytes:
        """What Ann says: mostly encrypted for the call, sometimes silence or plain."""
        roll = self.dice.random()
        if roll < 0.1:
            return SILENCE
        opus = self.dice.choice(self.opus)
        return opus if roll < 0.15 else self.encrypted(opus)

    def encrypted(self, opus: bytes) -> bytes:
        with suppress(ValueError):
            return self.ann.encrypt_opus(opus)
        return opus

    def seal(self, header: bytes, body: bytes) -> bytes:
        self.nonce += 1
        tail = NONCE.pack(self.nonce & 0xFFFFFFFF)
        nonce = tail + bytes(self.mode.nonce_bytes - len(tail))
        sealed = header + self.mode.encrypt(body, header, nonce, KEY) + tail
        if self.dice.random() < 0.01:
            self.past = [*self.past[-50:], sealed]
        return sealed

    def damage(self, data: bytes) -> bytes:
        """Flip, cut, stretch, repeat or replace a part."""
        dice, broken = self.dice, bytearray(data)
        for _ in range(dice.choice((0, 1, 1, 2, 5))):
            at = dice.randrange(len(broken) + 1)
            match dice.randrange(5):
                case 0 if broken:
                    broken[at % len(broken)] ^= 1 << dice.randrange(8)
                case 1:
                    del broken[at:]
                case 2:
                    broken[at:at] = dice.randbytes(dice.randrange(20))
                case 3:
                    broken[at : at + 4] = dice.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xfa\xfa", b""))
                case 4:
                    broken += broken[at : at + 40]
        return bytes(broken)

    def broken_json(self) -> str:
        message = json.loads(json.dumps(self.dice.choice(self.messages)))
        for _ in range(self.dice.choice((0, 1, 1, 2, 3))):
            self.break_value(message)
        text = json.dumps(message)
        return self.damage(text.encode()).decode("utf-8", "replace") if self.dice.random() < 0.2 else text

    def break_value(self, message: Any) -> None:
        """Replace, drop or add something, at the top or one level down."""
        dice = self.dice
        target = message["d"] if isinstance(message.get("d"), dict) and dice.random() < 0.8 else message
        key = dice.choice([*target, "extra"])
        odd = (
            None,
            True,
            -1,
            0,
            1,
            2**32,
            2**70,
            0.5,
            "",
            "x",
            "7",
            [],
            {},
            [{}],
            [1, "2", None],
            {"ssrc": 1},
            ANN,
        )
        if dice.random() < 0.15:
            target.pop(key, None)
        else:
            target[key] = dice.choice(odd)

    # The bot's side

    def take(self, datagram: bytes) -> None:
        self.session.take(datagram, self.now)

    def message(self, text: str) -> None:
        with suppress(Malformed):
            self.session.handle(parse_text(text))

    def binary(self, data: bytes) -> None:
        with suppress(Malformed):
            self.session.handle(parse_binary(data))

    def hear(self, user: int, pcm: Pcm, at_s: float, sending: bool) -> None:
        assert user == ANN, "somebody else was heard"
        assert 0 < len(pcm) <= 5760
        self.heard[user] += 1

    def decrypt(self, user: int, payload: bytes) -> bytes | None:
        assert user != EVE, "a refused person was decrypted"
        return self.session.dave.decrypt(user, payload)

    def rebuild(self) -> None:
        """A new session with a new group of Ann and the bot; what it took is what gets damaged next."""
        self.mode: Mode = self.dice.choice(list(MODES.values()))
        self.receiver = Receiver(lambda user: user == ANN, self.decrypt, self.hear, self.counts)
        self.session = VoiceSession(
            Credentials("voice", "token", "session", 5, BOT, CHANNEL), self.receiver, self.counts
        )
        ready = {"ssrc": BOT_SSRC, "ip": "127.0.0.1", "port": 5000, "modes": [self.mode.name]}
        key = {"mode": self.mode.name, "secret_key": list(KEY), "dave_protocol_version": 1}
        server = ExternalSender()
        self.ann = davey.DaveSession(1, ANN, CHANNEL)
        self.ann.set_external_sender(server.package())
        self.ann.get_serialized_key_package()
        self.mls = [b"\0\1" + bytes([Op.MLS_EXTERNAL_SENDER]) + server.package()]
        self.session.handle(parse_binary(self.mls[0]))
        self.session.handle(Incoming(Op.READY, ready))
        answers = self.session.handle(Incoming(Op.SESSION_DESCRIPTION, key))
        package = KeyPackage.parse(next(a.data for a in answers if a.op is Op.MLS_KEY_PACKAGE))  # type: ignore[arg-type]
        add = server.propose_add(CHANNEL.to_bytes(8, "big"), 0, BOT, package)
        commit = self.ann.process_proposals(davey.ProposalsOperationType.append, vector(add.message))
        assert commit is not None and commit.welcome is not None
        self.ann.process_commit(commit.commit)
        number = b"\0\1" + bytes([Op.MLS_WELCOME]) + b"\0\5"
        self.mls += [
            number + commit.welcome,
            b"\0\2" + bytes([Op.MLS_ANNOUNCE_COMMIT]) + b"\0\6" + commit.commit,
            b"\0\3" + bytes([Op.MLS_PROPOSALS]) + b"\0" + vector(add.message),
            b"\0\4" + bytes([Op.MLS_PROPOSALS]) + b"\1" + vector(vector(add.reference)),
        ]
        self.session.handle(parse_binary(self.mls[1]))
        self.introduce()
        transitions = {"transition_id": 5, "protocol_version": 1}
        self.messages = [
            {"op": Op.READY, "d": ready},
            {"op": Op.SPEAKING, "d": {"user_id": str(ANN), "ssrc": ANN_SSRC, "speaking": 1}, "seq": 4},
            {"op": Op.SPEAKING, "d": {"user_id": str(EVE), "ssrc": EVE_SSRC, "speaking": 1}, "seq": 5},
            {"op": Op.CLIENTS_CONNECT, "d": {"user_ids": [str(ANN), str(EVE)]}, "seq": 6},
            {"op": Op.VIDEO, "d": {"user_id": str(ANN), "audio_ssrc": ANN_SSRC, "video_ssrc": 0}},
            {"op": Op.CLIENT_DISCONNECT, "d": {"user_id": str(EVE)}},
            {"op": Op.CLIENT_FLAGS, "d": {"user_id": str(EVE), "flags": 2}},
            {"op": Op.DAVE_EXECUTE_TRANSITION, "d": {"transition_id": 5}},
            {"op": Op.DAVE_PREPARE_TRANSITION, "d": transitions},
            {"op": Op.DAVE_PREPARE_EPOCH, "d": {"epoch": 2, "protocol_version": 1}},
            {"op": 99, "d": {}},
        ]
        if self.dice.random() < 0.3:  # these end the call's keys, so not in every stretch
            self.messages += [
                {"op": Op.SESSION_DESCRIPTION, "d": key},
                {"op": Op.DAVE_PREPARE_EPOCH, "d": {"epoch": 1, "protocol_version": 1}},
                {"op": Op.DAVE_PREPARE_TRANSITION, "d": {"transition_id": 0, "protocol_version": 0}},
                {"op": Op.CLIENT_DISCONNECT, "d": {"user_id": str(ANN)}},
            ]

    def has_keys(self) -> bool:
        """Whether damaged messages have left the bot in Ann's group, under the key that is sealed with."""
        dave = self.session.dave
        return dave.version == 1 and dave._session is not None and bool(dave._session.ready)

    def introduce(self) -> None:
        for user, ssrc in ((ANN, ANN_SSRC), (EVE, EVE_SSRC)):
            self.session.handle(Incoming(Op.SPEAKING, {"user_id": user, "ssrc": ssrc, "speaking": 1}))

    # What must hold

    def check(self) -> None:
        held = self.receiver._held
        assert len(held) <= HELD_SSRCS and all(len(each) <= HELD_PER_SSRC for each in held.values())
        assert len(self.receiver._streams) <= 1
        for stream in self.receiver._streams.values():
            assert len(stream._jitter._waiting) <= WINDOW and len(stream._jitter._missed) <= 2 * WINDOW
        assert len(self.session.users) <= 1000 and len(self.session.dave._transitions) <= 0x10000

    def check_that_ann_is_heard(self) -> None:
        before, lost = self.heard[ANN], self.counts["lost"]
        self.now += 1.0
        for opus in self.opus:
            self.sequence += 1
            self.timestamp += 960
            header = HEADER.pack(0x80, 0x78, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, ANN_SSRC)
            self.take(self.seal(header, self.ann.encrypt_opus(opus)))
            self.now += 0.02
        assert self.heard[ANN] - before == len(self.opus), "an honest person is not heard any more"
        assert self.counts["lost"] == lost


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--coverage", action="store_true", help="report branch coverage of bot/voice")
    asked = parser.parse_args()
    report = Fuzz(asked.seed).run(asked.inputs)
    print(f"{report.inputs.total()} inputs in {report.seconds:.0f} s, no crash; "
          f"{report.inner_share:.0%} were broken before valid encryption.")  # fmt: skip
    print("broken:", dict(report.inputs.most_common()))
    print("counted:", dict(report.outcomes.most_common()))


def measured() -> None:
    """``main`` under branch coverage of what reads foreign input."""
    import coverage

    names = ("packets", "jitter", "stream", "receiver", "session", "dave", "messages")
    measuring = coverage.Coverage(
        branch=True, data_file=None, include=[f"*/bot/voice/{name}.py" for name in names]
    )
    measuring.start()
    for name in names:  # imported above, before measuring began
        sys.modules.pop(f"bot.voice.{name}", None)
    sys.modules.pop("__main__", None)
    import tests.bot.voice.fuzz_voice as again

    again.main()
    measuring.stop()
    measuring.report(show_missing=True)


if __name__ == "__main__":
    measured() if "--coverage" in sys.argv else main()

"""No sound of anybody without consent is ever decoded, whatever happens to the call.

The whole bot, with the consent that people really gave, is in a call of the test server. What is counted is counted at
libopus itself and where the end-to-end encryption comes off, and whose a frame is is told by its bytes: everybody says
a tone of their own, so that nothing depends on what the bot takes a frame for. Each time somebody who may be heard is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bot.voice.overheard import SECOND, SOME, Listener, listening
from tests.discord_server import Sending, SimulatedMember


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """HEARING=notice: whoever has been told and has not refused is heard."""
    with listening(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """HEARING=ask: whoever has agreed is heard."""
    with listening(tmp_path, monkeypatch, "ask") as made:
        yield made


# Joins and decisions


@pytest.mark.parametrize(("hearing", "decided"), [("notice", False), ("ask", False), ("ask", None)], ids=str)
def test_beside_somebody_who_is_heard_whoever_may_not_be_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hearing: str, decided: bool | None
) -> None:
    with listening(tmp_path, monkeypatch, hearing) as made:
        bob = made.person("Bob", decided)
        made.enter(bob)
        made.scene.join()
        made.settle()
        before = made.kept_out
        speeches = [made.says(who, 1.0) for who in (made.ann, bob)]
        for said in speeches:
            said.wait()
        made.scene.wait(lambda: made.overheard.decoded["Ann"] == SECOND, "Ann is not heard whole")
        assert made.kept_out - before >= SECOND
        made.never("Bob")
        made.never_decrypted("Bob")


def test_who_comes_in_talking_is_not_decoded_before_the_notice_is_over(told: Listener) -> None:
    told.scene.join()
    bob = told.person("Bob")
    with told.notice_held_up():
        told.enter(bob)
        before = told.kept_out
        told.says(bob, 2.0, "before").wait()
        assert told.kept_out - before >= SECOND and not told.may_hear(bob)
        told.ann_is_decoded()
    told.scene.wait(lambda: told.may_hear(bob), "Bob is never heard")
    told.decodes(bob)
    told.never("before")
    told.never_decrypted("before")


def test_what_was_said_before_the_notice_is_not_decoded_when_discord_says_late_whose_it_was(
    told: Listener,
) -> None:
    told.scene.join()
    bob = told.person("Bob")
    bob.sending = Sending(tell_speaking=False)
    with told.notice_held_up():
        told.enter(bob)
        told.says(bob, 0.8, "before").wait()
        assert told.count("held") >= SOME
    told.scene.wait(lambda: told.may_hear(bob), "Bob is never heard", 5)
    _now_told(told, bob)
    told.decodes(bob)
    told.never("before")
    told.never_decrypted("before")


def test_what_was_said_before_somebody_agreed_is_not_decoded_either(asked: Listener) -> None:
    bob = asked.person("Bob")
    asked.enter(bob)
    asked.scene.join()
    asked.settle()
    bob.sending = Sending(tell_speaking=False)
    asked.says(bob, 0.8, "before").wait()
    assert asked.count("held") >= SOME
    asked.allow(bob)
    _now_told(asked, bob)
    asked.decodes(bob)
    asked.never("before")
    asked.never_decrypted("before")
    asked.ann_is_decoded()


def _now_told(made: Listener, who: SimulatedMember) -> None:
    """Discord says whose the SSRC is (op 5), and from now on as it should."""
    who.sending = Sending()
    made.server.call(who.peer.call.set_speaking, who.peer, 1)  # type: ignore[union-attr]  # in the call


def test_whoever_is_never_introduced_is_not_decoded(told: Listener) -> None:
    bob, cy = told.person("Bob", allowed=False), told.person("Cy")
    for who in (bob, cy):
        told.enter(who)
        who.sending = Sending(tell_speaking=False)
    told.scene.join()
    told.settle()
    for said in [told.says(who, 1.0) for who in (bob, cy)]:
        said.wait()
    told.ann_is_decoded()
    told.never("Bob", "Cy")
    told.never_decrypted("Bob", "Cy")


def test_refusing_in_the_middle_of_a_word_is_the_end_of_decoding(told: Listener) -> None:
    bob = told.person("Bob")
    told.enter(bob)
    told.scene.join()
    told.settle()
    said = told.says(bob, 4.0)
    told.scene.wait(lambda: told.overheard.decoded["Bob"] >= SOME, "Bob is not heard")
    told.allow(bob, False)
    before, kept_out = told.overheard.decoded["Bob"], told.kept_out
    told.ann_is_decoded()
    told.scene.wait(lambda: told.kept_out - kept_out >= SOME, "Bob was silent")
    said.wait()
    assert told.overheard.decoded["Bob"] == before
    told.allow(bob)
    told.decodes(bob)


# An SSRC that is somebody else's now


@pytest.mark.parametrize("plain", [False, True], ids=["encrypted", "plain"])
@pytest.mark.parametrize("delay", [0.0, 0.4], ids=["introduced", "introduced late"])
def test_an_ssrc_taken_over_by_somebody_who_refused_and_back(
    told: Listener, plain: bool, delay: float
) -> None:
    bob, cy = told.person("Bob", allowed=False), told.person("Cy")
    told.enter(cy)
    told.scene.join()
    told.settle()
    if plain:
        told.goes_plain()
    for _ in range(2):
        told.decodes(cy)
        ssrc = cy.ssrc
        cy.leave()
        bob.sending = Sending(speaking_delay=delay)
        told.enter(bob, ssrc=ssrc)
        before = told.kept_out
        told.says(bob, 1.0).wait()
        told.ann_is_decoded()
        assert told.kept_out - before >= SOME
        told.never("Bob")
        bob.leave()
        cy.sending = Sending(speaking_delay=delay)
        told.enter(cy, ssrc=ssrc)
    told.decodes(cy)
    told.never_decrypted("Bob")


@pytest.mark.parametrize("plain", [False, True], ids=["encrypted", "plain"])
def test_an_ssrc_taken_over_while_her_line_is_broken(
    told: Listener, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, cy = told.person("Bob", allowed=False), told.person("Cy")
    told.enter(cy)
    told.scene.join()
    told.settle()
    if plain:
        told.goes_plain()
    told.decodes(cy)
    ssrc = cy.ssrc
    monkeypatch.setattr("bot.voice.client.PAUSES_S", (1.0,) * 6)
    told.server.close_voice(told.guild, 1006)
    told.scene.wait(lambda: not told.connected(), "the line holds")
    cy.leave()
    bob.join(told.scene.lounge, ssrc=ssrc)
    told.scene.wait(bob.joined.is_set, "Bob has not joined")
    said = told.says(bob, 4.0)
    told.scene.wait(told.connected, "the line stays broken")
    told.ann_is_decoded()
    said.wait()
    assert told.count("resumes") == 1 and told.kept_out >= SOME
    told.never("Bob")


# Connections that end, and channels that change


def test_while_her_voice_connection_is_renewed_nobody_is_decoded_who_refused(told: Listener) -> None:
    bob = told.person("Bob", allowed=False)
    told.enter(bob)
    told.scene.join()
    faults: dict[str, Callable[[], object]] = {
        f"close {code}": lambda code=code: told.server.close_voice(told.guild, code)  # type: ignore[misc]
        for code in (1006, 4015, 4006, 4014)
    }
    faults["not resumed"] = lambda: told.server.close_voice(told.guild, 1006, resumable=False)
    faults["another voice server"] = lambda: told.server.change_voice_server(told.guild)
    _survives(told, bob, faults, told.voice_connection)


def test_while_the_keys_of_a_call_are_renewed_nobody_is_decoded_who_refused(told: Listener) -> None:
    bob = told.person("Bob", allowed=False)
    told.enter(bob)
    told.scene.join()

    def code() -> object:
        """The digits that everybody sees: others with every group."""
        return told.call.line.state()["privacy code"] if told.call.line else None

    _survives(told, bob, {"new keys": lambda: told.server.new_epoch(told.scene.lounge)}, code)


def test_while_her_main_connection_is_renewed_nobody_is_decoded_who_refused(told: Listener) -> None:
    bob = told.person("Bob", allowed=False)
    told.enter(bob)
    told.scene.join()
    faults: dict[str, Callable[[], object]] = {
        "op 7": told.server.ask_to_reconnect,
        "close 4000": lambda: told.server.close_gateway(4000),
        "cut": lambda: told.server.close_gateway(1006),
        "op 9": lambda: told.server.invalidate_sessions(resumable=False),
    }
    _survives(told, bob, faults, told.main_connection)


def _survives(
    made: Listener,
    refused: SimulatedMember,
    faults: dict[str, Callable[[], object]],
    broken: Callable[[], object],
) -> None:
    """Both talk during each fault; afterwards Ann is heard again. ``broken`` is another one then."""
    made.settle()
    for what, fault in faults.items():
        speeches = [made.says(who, 60.0) for who in (made.ann, refused)]
        _goes_on(made, f"before {what}")
        _changed(made, what, fault, broken)
        made.scene.wait(made.connected, f"not connected after {what}", 30)
        _goes_on(made, f"after {what}")
        for said in speeches:
            said.stop()
            said.wait()
        made.never(refused.name)
    assert made.kept_out >= SOME
    made.never_decrypted(refused.name)


def _changed(made: Listener, what: str, fault: Callable[[], object], broken: Callable[[], object]) -> None:
    before = broken()
    fault()
    made.scene.wait(lambda: broken() != before, f"{what} changes nothing", 20)
    made.scene.wait(made.online, f"she stays away after {what}", 30)


def _goes_on(made: Listener, when: str) -> None:
    before = made.overheard.decoded["Ann"]
    made.scene.wait(lambda: made.overheard.decoded["Ann"] >= before + SOME, f"Ann is not heard {when}", 20)


@pytest.mark.parametrize("hearing", ["notice", "ask"])
def test_moved_to_others_she_decodes_nobody_there_before_the_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hearing: str
) -> None:
    with listening(tmp_path, monkeypatch, hearing) as made:
        made.scene.join()
        made.ann_is_decoded()
        kitchen = made.guild.add_voice_channel("Kitchen")
        dora = made.person("Dora")
        made.enter(dora, kitchen)
        with made.notice_held_up():
            said = made.says(dora, 60.0)
            before = made.kept_out
            made.guild.move(made.guild.bot, kitchen)
            made.guild.move(made.ann, kitchen)
            made.scene.wait(lambda: made.kept_out >= before + 2 * SECOND, "nothing comes from Dora")
            made.says(made.ann, 0.5, "before").wait()  # she is to be told there, too
            made.never("Dora", "before")
            if hearing == "ask":
                said.stop()
        made.scene.wait(lambda: made.may_hear(made.ann), "she does not listen in the kitchen")
        made.ann_is_decoded()
        made.never("before")
        if hearing == "notice":
            made.scene.wait(lambda: made.overheard.decoded["Dora"] >= SOME, "Dora is not heard")
            said.stop()
        else:
            before = made.kept_out
            made.says(dora, 1.0).wait()
            assert made.kept_out - before >= SOME
            made.never("Dora")
            made.never_decrypted("Dora")


def test_dragged_away_before_her_first_notice_she_decodes_nobody_until_the_next(told: Listener) -> None:
    kitchen = told.guild.add_voice_channel("Kitchen")
    dora = told.person("Dora")
    told.enter(dora, kitchen)
    speeches = [told.says(dora, 60.0), told.says(told.ann, 60.0, "before")]
    with told.notice_held_up():
        told.server.interact(told.ann, "/join", channel=told.scene.text)
        told.scene.wait(lambda: told.scene.bot.tts.said, "no notice")
        told.guild.move(told.guild.bot, kitchen)
        told.scene.wait(lambda: told.call.place.key == f"discord:{kitchen.id}", "not moved")
        told.never("Dora", "before")
    told.scene.wait(lambda: told.overheard.decoded["Dora"] >= SOME, "Dora is not heard", 20)
    assert told.may_hear(dora) and len(told.scene.bot.tts.said) >= 2
    for said in speeches:
        said.stop()
    told.never("before")

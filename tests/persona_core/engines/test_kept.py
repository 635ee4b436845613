from __future__ import annotations

from persona_core.engines.kept import Kept, KeptSequences, common_prefix


def test_each_conversation_keeps_its_sequence_until_it_was_silent_longest():
    kept = KeptSequences(2)
    ann, bob = kept.claim("ann"), kept.claim("bob")
    assert kept.claim("ann") is ann
    assert kept.claim("cleo") is bob
    assert kept.claim("bob") is ann


def test_the_sequence_that_knows_most_of_a_prompt_is_found_and_ones_own_is_preferred():
    kept = KeptSequences(3)
    kept.claim("ann").tokens = [1, 2, 3, 4]
    own = kept.claim("bob")
    assert kept.longest([1, 2, 9], preferred=own)[1] == 2
    own.tokens = [1, 2, 8]
    assert kept.longest([1, 2, 9], preferred=own) == (own, 2)
    assert kept.longest([7], preferred=own) == (own, 0)


def filled(count: int, *names: str) -> tuple[KeptSequences, list[Kept]]:
    kept = KeptSequences(count)
    sequences = [kept.claim(name) for name in names]
    for sequence in (*sequences, kept.background):
        sequence.tokens = [1]
    return kept, sequences


def test_room_is_taken_from_the_background_and_then_in_the_order_they_fell_silent():
    kept, (ann, bob, cleo) = filled(3, "ann", "bob", "cleo")
    for goes in (kept.background, bob, cleo):
        assert kept.first_to_go(besides=ann) is goes
        goes.tokens = []
    assert kept.first_to_go(besides=ann) is None


def test_the_background_takes_no_room_from_the_two_who_spoke_last():
    kept, (ann, bob, cleo) = filled(3, "ann", "bob", "cleo")
    kept.claim("ann")
    assert kept.first_to_go(besides=kept.background) is bob
    bob.tokens = []
    assert kept.first_to_go(besides=kept.background) is None
    assert ann.tokens
    assert cleo.tokens


def test_no_conversation_is_given_the_sequence_of_the_background():
    kept = KeptSequences(2)
    assert kept.background not in [kept.claim(name) for name in ("ann", "bob", "cleo")]


def test_a_common_prefix_may_be_empty_whole_or_partial():
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2], [1, 2, 3]) == 2
    assert common_prefix([1, 2, 3], [1, 4, 3]) == 1

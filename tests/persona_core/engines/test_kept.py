from __future__ import annotations

from persona_core.engines.kept import KeptSequences, common_prefix


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


def test_room_is_taken_from_others_in_the_order_they_fell_silent():
    kept = KeptSequences(3)
    ann, bob, cleo = (kept.claim(name) for name in ("ann", "bob", "cleo"))
    for sequence in (ann, bob, cleo):
        sequence.tokens = [1]
    assert kept.first_to_go(besides=ann) is bob
    bob.tokens, cleo.tokens = [], []
    assert kept.first_to_go(besides=ann) is None


def test_a_common_prefix_may_be_empty_whole_or_partial():
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2], [1, 2, 3]) == 2
    assert common_prefix([1, 2, 3], [1, 4, 3]) == 1

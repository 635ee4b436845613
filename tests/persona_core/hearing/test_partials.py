"""Words that are shown while somebody speaks do not flicker."""

from __future__ import annotations

from itertools import pairwise

import pytest

from persona_core.hearing.partials import Partial


def followed(*texts: str) -> Partial:
    partial = Partial()
    for text in texts:
        partial = partial.followed_by(text)
    return partial


@pytest.mark.parametrize(
    ("texts", "stable", "tentative"),
    [
        ([], "", ""),
        (["I went"], "", "I went"),
        (["I went", "I went home"], "I", "went home"),  # "went" was the last word, and may have been growing
        (["I went to", "I went to the"], "I went", "to the"),
        (["I went to", "I want to the"], "I", "want to the"),
        (["i went, to", "I went to the"], "I went", "to the"),  # case and punctuation are no disagreement
        (
            ["I went to the", "I went to the sea", "It was"],
            "I went to",
            "the sea",
        ),  # nothing stable is undone
        (["a b c", "a b c d e", "a b c d e f g"], "a b c d", "e f g"),
        (["hello", ""], "", "hello"),
    ],
)
def test_a_word_is_stable_once_two_texts_agree_on_it_and_something_follows(
    texts: list[str], stable: str, tentative: str
) -> None:
    assert followed(*texts) in (Partial(stable, tentative), Partial(stable, ""))
    if texts and texts[-1]:
        assert followed(*texts) == Partial(stable, tentative)


def test_what_is_stable_only_grows() -> None:
    texts = ["so", "so I", "so eye", "so I said", "so I said that", "so he said that we", "so I said that we"]
    seen = [followed(*texts[:n]).stable for n in range(len(texts) + 1)]
    assert all(later.startswith(earlier) for earlier, later in pairwise(seen))

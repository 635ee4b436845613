"""A short run of fuzz_voice; the full length is run by hand."""

from __future__ import annotations

import pytest

from tests.bot.voice.fuzz_voice import KINDS, Fuzz


@pytest.mark.parametrize("seed", [1, 2])
def test_broken_input_of_every_kind_crashes_nothing_and_silences_nobody(seed: int) -> None:
    report = Fuzz(seed).run(6000)
    assert set(report.inputs) == set(KINDS)
    assert report.inner_share >= 0.3
    assert report.heard > 300

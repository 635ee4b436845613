"""What the tests of erasure share: the story is long, and told once for each form of the journal."""

from __future__ import annotations

import pytest

from tests.erasure.story import Story, tell_and_forget


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return tell_and_forget(tmp_path_factory.mktemp("sealed"), encrypted=True)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """With JOURNAL_ENCRYPTION=off."""
    return tell_and_forget(tmp_path_factory.mktemp("plain"), encrypted=False)


@pytest.fixture(params=["sealed", "plain"])
def story(request: pytest.FixtureRequest) -> Story:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Story)
    return found

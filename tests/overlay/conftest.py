"""What the tests of the page share."""

from tests.cogs.conftest import scene, server

__all__ = ["scene", "server"]

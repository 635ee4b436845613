"""The page: who speaks, what is said, what comes to her mind and how she feels, for whoever runs her, on their machine."""

from cogs.overlay.overlay import Overlay

__all__ = ["Overlay"]

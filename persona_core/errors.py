"""Errors whose message is meant for the person in front of the screen.

Every message is one plain sentence that says what is wrong and, where there is one, the way out.
The cause goes to the log through ``raise ... from cause``.
"""


class KithError(Exception):
    """Base of every error that a user may see; ``str(error)`` is the sentence to show."""


class SettingsError(KithError):
    """One or more settings are wrong; the message names all of them."""


class AudioError(KithError):
    """A sound file or device cannot be read or written."""


class PictureError(KithError):
    """Something is no picture, or none that can be taken."""


class CameraError(KithError):
    """A camera cannot be opened, or shows nothing."""


class CharacterError(KithError):
    """A character file cannot be read."""


class ModelError(KithError):
    """Model weights are unknown, missing, damaged or cannot be fetched."""


class EngineError(KithError):
    """An engine cannot be loaded or failed while working."""

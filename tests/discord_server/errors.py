"""Discord's refusals: an HTTP status, Discord's own error code, and its words."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """What a REST request is answered with when Discord would not do it.

    `status` is the HTTP status, `code` Discord's JSON error code (0 where Discord has none for it).
    """

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """The JSON that Discord sends with it."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


class NotPossible(Exception):
    """A simulated person was asked to do what Discord's own client would not let them do."""


def invalid_form(field: str, code: str, message: str) -> Refused:
    """50035, naming the one field that was wrong."""
    return Refused(
        400, 50035, "Invalid Form Body", {field: {"_errors": [{"code": code, "message": message}]}}
    )


def missing_access() -> Refused:
    return Refused(403, 50001, "Missing Access")


def missing_permissions() -> Refused:
    return Refused(403, 50013, "Missing Permissions")


def unknown(code: int, what: str) -> Refused:
    """404 with one of the 10xxx codes: 10003 channel, 10004 guild, 10007 member, 10008 message, 10013 user…"""
    return Refused(404, code, f"Unknown {what}")

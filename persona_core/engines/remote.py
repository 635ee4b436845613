"""What can go wrong with a model behind an address, in sentences that say the way out."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

from persona_core.errors import EngineError

# Seconds. Reading is the wait for the first or next token; a spoken conversation is over after that.
TIMEOUT = httpx2.Timeout(connect=5, read=30, write=10, pool=5)


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a model is, for error messages; holds no key."""

    where: str  # begins a sentence, e.g. "The endpoint http://127.0.0.1:8080/v1"
    key_setting: str
    model: str

    def unreachable(self) -> EngineError:
        return EngineError(
            f"{self.where} cannot be reached; check that it runs and that its address is right."
        )

    def too_slow(self) -> EngineError:
        return EngineError(f"{self.where} did not answer in {TIMEOUT.read:.0f} seconds; try again later.")

    def broke_off(self) -> EngineError:
        return EngineError(f"{self.where} broke off in the middle of an answer; try again.")

    def refused(self, status: int) -> EngineError:
        """For an HTTP status of 400 and above."""
        if status in (401, 403):
            return EngineError(f"{self.where} refused the key; check {self.key_setting}.")
        if status == 404:
            return EngineError(f"{self.where} does not know the model {self.model!r}; check LLM_MODEL.")
        if status == 429:
            return EngineError(
                f"{self.where} has had too many requests or no credit is left; try again later."
            )
        if status >= 500:
            return EngineError(f"{self.where} has a problem of its own (status {status}); try again later.")
        return EngineError(
            f"{self.where} did not accept the conversation (status {status}); "
            "check LLM_MODEL and LLM_CONTEXT_TOKENS."
        )

"""Discord's request limits, in the form its headers have. The figures are the ones its bots observe."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, field

#: (method, path pattern) → (requests, seconds). The first match counts; ids in the path separate buckets.
LIMITS: tuple[tuple[str, str, tuple[int, float]], ...] = (
    ("POST", r"/channels/(\d+)/messages", (5, 5.0)),
    ("PATCH", r"/channels/(\d+)/messages/\d+", (5, 5.0)),
    ("DELETE", r"/channels/(\d+)/messages/\d+", (5, 1.0)),
    ("(PUT|DELETE)", r"/channels/(\d+)/messages/\d+/reactions/.*", (1, 0.25)),
    ("PATCH", r"/guilds/(\d+)/members/(@me|\d+)", (10, 10.0)),
    ("(POST|PATCH|DELETE)", r"/webhooks/(\d+/[^/]+).*", (5, 2.0)),
    (".*", r".*", (50, 1.0)),
)


@dataclass
class Bucket:
    limit: int
    window: float  # seconds
    used: int = 0
    started: float = field(default_factory=time.monotonic)

    def take(self) -> float:
        """Count one request; seconds to wait if there was no room for it, else 0."""
        now = time.monotonic()
        if now - self.started >= self.window:
            self.used, self.started = 0, now
        if self.used >= self.limit:
            return max(self.started + self.window - now, 0.001)
        self.used += 1
        return 0.0

    def headers(self, name: str) -> dict[str, str]:
        after = max(self.started + self.window - time.monotonic(), 0.0)
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - self.used, 0)),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": hashlib.sha1(name.encode()).hexdigest()[:16],
            "Via": "1.1 test",
        }


class RateLimits:
    """The buckets of all bots. `on = False` for a test that must not wait."""

    def __init__(self) -> None:
        self.on = True
        self.exceeded = 0  # answers with 429 so far
        self._buckets: dict[str, Bucket] = {}

    def take(self, caller: str, method: str, path: str) -> tuple[float, dict[str, str]]:
        """Seconds to wait (0: go on) and the headers for the answer."""
        name, (limit, window) = _bucket_of(method, path)
        key = f"{caller} {name}"
        bucket = self._buckets.setdefault(key, Bucket(limit, window))
        wait = bucket.take() if self.on else 0.0
        self.exceeded += wait > 0
        return wait, bucket.headers(key)


def _bucket_of(method: str, path: str) -> tuple[str, tuple[int, float]]:
    for methods, pattern, limit in LIMITS:
        if re.fullmatch(methods, method) and (match := re.fullmatch(pattern, path)):
            return f"{methods} {pattern} {match.groups()}", limit
    raise AssertionError("the last pattern matches everything")

"""When to ask again, and after how long. Pure functions: clocks and randomness are the caller's.

The rules are GitHub's (docs.github.com, "Rate limits for the REST API" and "Best practices"), which are a
superset of most vendors': `Retry-After` first, then an exhausted primary limit's reset, then at least a
minute that doubles.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from connectors.http.answers import Answer, http_date

FORBIDDEN = 403
TOO_MANY_REQUESTS = 429
_LIMIT_STATUSES = frozenset({FORBIDDEN, TOO_MANY_REQUESTS})
_RETRIED_STATUSES = frozenset({202, 408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_LIMIT_WORDS = (b"rate limit", b"abuse detection")
_EXCERPT_BYTES = 2000


@dataclass(frozen=True, slots=True)
class LimitHeaders:
    """How a vendor tells what is left of a limit.

    Attributes:
        limit: Header with the size of the limit; None where the vendor sends none.
        remaining: Header with what is left.
        reset: Header with the time of the reset.
        unit: Whether that is an instant in epoch seconds, seconds from now, or an instant as ISO 8601.
    """

    limit: str | None = "x-ratelimit-limit"
    remaining: str = "x-ratelimit-remaining"
    reset: str = "x-ratelimit-reset"
    unit: Literal["epoch", "seconds", "iso"] = "epoch"


GITHUB_STYLE = LimitHeaders()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient a request is.

    Attributes:
        max_attempts: Tries for one page when the server or the way to it fails.
        max_unreadable: Tries for one page when an answer comes but is not whole, valid JSON.
        first_wait_seconds: The back-off after the first failure; it doubles.
        longest_wait_seconds: The longest single back-off after failures.
        limit_wait_seconds: The wait after a limit that names no time; it doubles.
        max_limits: Tries for one page that end at a rate limit.
        max_total_wait_seconds: All waits of one request together; a primary limit resets within an hour.
        silence_seconds: How long the server may stay silent before that counts as a failure.
    """

    max_attempts: int = 6
    max_unreadable: int = 3
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    limit_wait_seconds: float = 60.0
    max_limits: int = 12
    max_total_wait_seconds: float = 3900.0
    silence_seconds: float = 60.0

    def backoff_seconds(self, failures: int, generator: random.Random) -> float:
        """The wait after so many failures (1 or more): doubling, with half of it left to chance."""
        wait = min(self.longest_wait_seconds, self.first_wait_seconds * 2.0 ** (failures - 1))
        return wait * (0.5 + generator.random() / 2)


IMPATIENT = RetryPolicy(
    max_attempts=2, max_unreadable=2, max_limits=2, max_total_wait_seconds=10.0, silence_seconds=20.0
)
"""For whoever only wants to know whether the source answers."""


def is_retried(status: int) -> bool:
    """Whether the status says that the same request may succeed soon."""
    return status in _RETRIED_STATUSES


def limit_wait_seconds(
    answer: Answer, *, limits_met: int, policy: RetryPolicy, headers: LimitHeaders = GITHUB_STYLE
) -> float | None:
    """How long a limit asks to wait, or None if the answer is not about a limit.

    Args:
        answer: The refusal.
        limits_met: How many limits this request met before.
        policy: For limits that name no time.
        headers: How the vendor tells what is left.
    """
    if answer.status not in _LIMIT_STATUSES:
        return retry_after_seconds(answer) if is_retried(answer.status) else None
    named = retry_after_seconds(answer)
    if named is not None:
        return named
    reset = seconds_until_reset(answer, headers)
    if reset is not None:
        return reset
    excerpt = answer.body[:_EXCERPT_BYTES].lower()
    if answer.status == TOO_MANY_REQUESTS or any(word in excerpt for word in _LIMIT_WORDS):
        return policy.limit_wait_seconds * 2.0**limits_met
    return None


def retry_after_seconds(answer: Answer) -> float | None:
    """The `Retry-After` header in seconds: a number, or a date measured against the server's own clock."""
    text = (answer.header("retry-after") or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    instant = http_date(text)
    if instant is None:
        return None
    now = answer.server_time or answer.fetched_at
    return max(0.0, (instant - now).total_seconds())


def seconds_until_reset(answer: Answer, headers: LimitHeaders = GITHUB_STYLE) -> float | None:
    """How long until an exhausted primary limit resets.

    None while requests remain, and where the server sends no limit or "0 of 0", as GitHub Enterprise
    Server does with limits off: those never wait.
    """
    has_limit = headers.limit is None or bool(_count(answer.header(headers.limit)))
    if not has_limit or _count(answer.header(headers.remaining)) != 0:
        return None
    wait = _until(answer.header(headers.reset), answer, headers.unit)
    if wait is None:
        return None
    if wait <= 0 or wait > timedelta(days=1).total_seconds():
        return None
    return wait + 1.0


def _until(text: str | None, answer: Answer, unit: str) -> float | None:
    """Seconds until a reset that is told as an instant or as seconds."""
    now = (answer.server_time or answer.fetched_at).timestamp()
    if unit == "iso":
        try:
            return datetime.fromisoformat((text or "").strip()).timestamp() - now
        except ValueError:
            return None
    reset = _count(text)
    if reset is None:
        return None
    return float(reset) if unit == "seconds" else reset - now


def _count(text: str | None) -> int | None:
    stripped = (text or "").strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() else None

"""Ask one origin for pages: paced, patient within bounds, and never with credentials for anybody else."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from connectors.errors import (
    ConnectorError,
    PermanentSourceError,
    TransientSourceError,
    UnreachableSourceError,
)
from connectors.http.answers import MAX_BODY_BYTES, Answer, BodyIncompleteError, BodyTooLargeError
from connectors.http.connections import CONNECTION_ERRORS, UNREACHABLE, Connections
from connectors.http.credentials import Credentials, StaticCredentials
from connectors.http.echoes import repeats_credentials
from connectors.http.origin import Origin
from connectors.http.pacing import Flights, Pacer
from connectors.http.redaction import redact_url
from connectors.http.refusals import refusal, said
from connectors.http.retries import (
    GITHUB_STYLE,
    LimitHeaders,
    RetryPolicy,
    is_retried,
    limit_wait_seconds,
    seconds_until_reset,
)
from connectors.reports import Tally

Record = TypeVar("Record")

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_NOT_MODIFIED: Final = 304
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 5
_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
_logger = logging.getLogger(__name__)


class UnreadableAnswerError(Exception):
    """The answer came, but is not a whole JSON document."""


@dataclass(slots=True)
class _Trials:
    """What one request has been through."""

    failures: int = 0
    unreadable: int = 0
    limits: int = 0
    waited_seconds: float = 0.0
    has_renewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything that asking one origin takes.

    Attributes:
        source: Name of the source, for errors.
        stream: Name of the stream, for errors.
        origin: The only scheme, host and port that requests go to.
        headers: Request headers.
        credentials: Further headers, which say who asks.
        limits: How the vendor tells what is left of its limits.
        flights: How many requests may be under way.
        connections: The bounded set of connections.
        pacer: Keeps the rate.
        policy: How patient requests are.
        tally: Where requests, retries and waits are counted.
        clock: The time now, in UTC.
        generator: Jitter.
        max_body_bytes: The largest decoded body to accept.
        is_landing: Whether pages are kept as they come; a check and an estimate only ask.
    """

    source: str
    stream: str
    origin: Origin
    headers: Mapping[str, str]
    connections: Connections
    pacer: Pacer
    clock: Callable[[], datetime]
    generator: random.Random
    tally: Tally
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    credentials: Credentials = field(default_factory=StaticCredentials)
    limits: LimitHeaders = GITHUB_STYLE
    flights: Flights = field(default_factory=Flights)
    max_body_bytes: int = MAX_BODY_BYTES
    is_landing: bool = True

    async def get(
        self,
        url: str,
        *,
        read: Callable[[bytes], Record],
        conditions: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> tuple[Answer, Record | None]:
        """One page and what `read` makes of its body; None for a page that has not been modified.

        Args:
            url: An absolute URL on the origin.
            read: Decodes the body; a `msgspec.DecodeError` counts as an unreadable answer.
            conditions: Headers of a conditional request.
            content: JSON that is sent by POST; None for a GET.

        Raises:
            TransientSourceError: The attempts or the patience are used up.
            PermanentSourceError: Asking again cannot help.
        """
        trials = _Trials()
        while True:
            try:
                answer = await self._ask(url, conditions or {}, content)
                if await self._is_renewed(answer, trials):
                    continue
                wait = self._limit_wait(answer, trials)
                if wait is None:
                    return self._accept(answer, read, has_conditions=bool(conditions))
            except CONNECTION_ERRORS as error:
                wait = self._after_failure(url, trials, error)
            except (UnreadableAnswerError, BodyIncompleteError, msgspec.DecodeError) as error:
                wait = self._after_unreadable(url, trials, error)
            except BodyTooLargeError as error:
                raise self._error(
                    PermanentSourceError,
                    url,
                    f"The body is larger than {self.max_body_bytes:,} bytes after decoding and was "
                    "dropped. Nothing that this stream asks for is that large: check what answers at "
                    "base_url.",
                ) from error
            self.tally.retries += 1
            await self._rest(url, trials, wait)

    async def _is_renewed(self, answer: Answer, trials: _Trials) -> bool:
        """Whether a token that ran out was renewed, once for each request."""
        if answer.status != _UNAUTHORIZED or trials.has_renewed:
            return False
        trials.has_renewed = True
        is_new = await self.credentials.renew()
        self.tally.retries += is_new
        return is_new

    async def _ask(self, url: str, conditions: Mapping[str, str], content: bytes | None) -> Answer:
        target = url
        for _ in range(_MAX_REDIRECTS + 1):
            if self.pacer.held_seconds > self.policy.max_total_wait_seconds:
                raise self._given_up(url, "the limit is used up for long", self.pacer.held_seconds)
            self.tally.waited_seconds += await self.pacer.turn()
            async with self.flights:
                answer = await self._send(target, conditions, content)
            location = answer.header("location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            target = self.origin.follow(location, seen_at=target, source=self.source, stream=self.stream)
        raise self._error(
            PermanentSourceError,
            url,
            f"The server redirected {_MAX_REDIRECTS + 1} times in a row without an answer. Check base_url "
            "and the name of the repository.",
        )

    async def _send(self, url: str, conditions: Mapping[str, str], content: bytes | None) -> Answer:
        who = await self.credentials.headers()
        lines = {"host": self.origin.host_header, **self.headers, **who, **conditions}
        if content is not None:
            lines |= {"content-type": "application/json", "content-length": str(len(content))}
        headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in lines.items()]
        self.tally.requests += 1
        status, received, body = await self.connections.fetch(
            self.origin.target(url), headers, max_body_bytes=self.max_body_bytes, content=content
        )
        answer = Answer(url=url, status=status, headers=received, body=body, fetched_at=self.clock())
        if repeats_credentials(who, received, body):
            raise self._error(
                PermanentSourceError,
                url,
                "The answer repeats the credentials that it was asked with, so nothing of it was kept. Look "
                "at what answers at base_url.",
            )
        self._observe(answer)
        return answer

    def _observe(self, answer: Answer) -> None:
        server_time = answer.server_time
        if server_time is not None:
            self.tally.clock_skew_seconds = (answer.fetched_at - server_time).total_seconds()
        if answer.status in {_OK, _NOT_MODIFIED}:
            self.flights.succeeded()
            reset = seconds_until_reset(answer, self.limits)
            if reset is not None:
                self.pacer.hold(reset)
                _logger.info(
                    "%s: the hourly limit is used up; waiting %.0f s for its reset", self.source, reset
                )

    def _limit_wait(self, answer: Answer, trials: _Trials) -> float | None:
        """How long to wait before the same request again; None if the answer is to be taken."""
        wait = limit_wait_seconds(answer, limits_met=trials.limits, policy=self.policy, headers=self.limits)
        if is_retried(answer.status):
            failure = UnreadableAnswerError(f"HTTP {answer.status}{said(answer)}")
            return max(self._after_failure(answer.url, trials, failure), wait or 0.0)
        if wait is None:
            return None
        trials.limits += 1
        self.flights.limited()
        if trials.limits >= self.policy.max_limits:
            raise self._given_up(answer.url, f"{trials.limits} rate limits in a row", wait)
        self.pacer.hold(min(wait, self.policy.max_total_wait_seconds))
        return wait + self.generator.random()

    def _accept(
        self, answer: Answer, read: Callable[[bytes], Record], *, has_conditions: bool
    ) -> tuple[Answer, Record | None]:
        if answer.status == _NOT_MODIFIED and has_conditions:
            self.tally.not_modified += 1
            return answer, None
        if answer.status != _OK:
            raise refusal(answer, source=self.source, stream=self.stream)
        content_type = answer.header("content-type")
        if content_type is not None and "json" not in content_type.lower():
            raise UnreadableAnswerError(f"the content type is {content_type!r}, not JSON")
        try:
            return answer, _read_whole(answer.body, read)
        except RecursionError as error:
            raise self._error(
                PermanentSourceError,
                answer.url,
                "The body nests deeper than JSON of any API does, and was dropped. Check what answers at "
                "base_url.",
            ) from error
        except msgspec.ValidationError as error:
            raise self._error(
                PermanentSourceError,
                answer.url,
                f"The body is JSON of another shape than documented: {error}. Check that base_url is the "
                "API of the expected product and version.",
            ) from error

    def _after_failure(self, url: str, trials: _Trials, error: Exception) -> float:
        trials.failures += 1
        if _UNTRUSTED in str(error):
            raise self._error(
                PermanentSourceError,
                url,
                f"The server's certificate is not trusted: {error}. If it is your own authority's, name its "
                "certificate in ca_file.",
            ) from error
        if trials.failures >= self.policy.max_attempts:
            if isinstance(error, UNREACHABLE):
                raise self._unreachable(url, trials, error) from error
            raise self._given_up(
                url, f"{trials.failures} attempts, the last one: {_reason(error)}"
            ) from error
        return self.policy.backoff_seconds(trials.failures, self.generator)

    def _after_unreadable(self, url: str, trials: _Trials, error: Exception) -> float:
        trials.unreadable += 1
        if trials.unreadable < self.policy.max_unreadable:
            return self.policy.backoff_seconds(trials.unreadable, self.generator)
        if isinstance(error, UnreadableAnswerError):
            raise self._error(
                PermanentSourceError,
                url,
                f"The server answered {trials.unreadable} times with something else than the API: {error}. "
                "A login page or a proxy may stand in between: check base_url and the network.",
            ) from error
        raise self._error(
            TransientSourceError,
            url,
            f"The body was cut short or damaged {trials.unreadable} times: {error}. Run again later.",
        ) from error

    async def _rest(self, url: str, trials: _Trials, wait: float) -> None:
        if trials.waited_seconds + wait > self.policy.max_total_wait_seconds:
            raise self._given_up(url, "the server asks for more patience than allowed", wait)
        trials.waited_seconds += wait
        self.tally.waited_seconds += wait
        if wait >= self.policy.limit_wait_seconds:
            _logger.info("%s.%s waits %.0f s as the server asked", self.source, self.stream, wait)
        await self.pacer.rest(wait)

    def _given_up(self, url: str, reason: str, wait: float | None = None) -> ConnectorError:
        later = f" It asks to be left alone for {wait:.0f} s." if wait is not None else ""
        return TransientSourceError(
            f"The page could not be read ({reason}).{later}{self._what_next}",
            source=self.source,
            stream=self.stream,
            page=redact_url(url),
            retry_after_seconds=wait,
        )

    def _unreachable(self, url: str, trials: _Trials, error: Exception) -> ConnectorError:
        through = " through the proxy" if self.connections.is_proxied else ""
        return self._error(
            UnreachableSourceError,
            url,
            f"No connection to {self.origin.host_header}{through} in {trials.failures} attempts "
            f"({_reason(error)}). Look at base_url, the proxy and the network.{self._what_next}",
        )

    @property
    def _what_next(self) -> str:
        if not self.is_landing:
            return ""
        return " What was fetched so far is kept, and the next attempt goes on there."

    def _error(self, kind: type[ConnectorError], url: str, message: str) -> ConnectorError:
        return kind(message, source=self.source, stream=self.stream, page=redact_url(url))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _read_whole(body: bytes, read: Callable[[bytes], Record]) -> Record:
    """Read a body; what was cut short is damaged, whatever shape its beginning has.

    Raises:
        msgspec.DecodeError: It is damaged: asking again may help.
        msgspec.ValidationError: It is whole and of another shape.
    """
    try:
        return read(body)
    except msgspec.ValidationError:
        msgspec.json.decode(body, type=msgspec.Raw)
        raise

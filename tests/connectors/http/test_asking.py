"""Who asks, how many at once, and what the vendor's limits say."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.errors import CredentialsRejectedError
from connectors.http.answers import Answer
from connectors.http.pacing import Flights
from connectors.http.retries import LimitHeaders, limit_wait_seconds, seconds_until_reset
from connectors.http.retries import RetryPolicy as Policy
from tests.connectors.http.items_api import Items
from tests.connectors.workspace import FakeTime, open_store
from tests.replay.loopback import Request, Response

NOW = datetime(2026, 11, 3, tzinfo=UTC)


@dataclass
class RenewedTokens:
    """Tokens that run out one after the other."""

    tokens: list[str]
    renewals: list[str] = field(default_factory=list)

    async def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.tokens[0]}"}

    async def renew(self) -> bool:
        if len(self.tokens) == 1:
            return False
        self.renewals.append(self.tokens.pop(0))
        return True


def test_a_token_that_runs_out_in_the_middle_is_renewed_and_nothing_is_lost(tmp_path: Path) -> None:
    items = Items({number: datetime(2026, 11, 1, 0, number, tzinfo=UTC) for number in range(9)})
    credentials = RenewedTokens(["first", "second"])
    valid = ["first"]

    def runs_out(request: Request) -> Response | None:
        if request.query.get("offset") == "3":
            valid[0] = "second"
        is_good = request.headers["authorization"] == f"Bearer {valid[0]}"
        return None if is_good else Response(b"{}", 401)

    items.fault = runs_out
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=NOW), credentials=credentials)
        report = source.extract("items", run_id="run")
        assert (report.records, report.retries, report.failures) == (9, 1, ())
    assert credentials.renewals == ["first"]


def test_a_token_that_cannot_be_renewed_ends_the_stream_with_one_message(tmp_path: Path) -> None:
    items = Items({})
    items.fault = lambda _: Response(b"{}", 401)
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=NOW), credentials=RenewedTokens(["a", "b"]))
        with pytest.raises(CredentialsRejectedError, match="does not accept the credentials"):
            source.extract("items", run_id="run")
        assert len(items.server.requests) == 2


def test_flights_are_halved_by_a_burst_of_limits_once_and_grow_again_slowly() -> None:
    flights = Flights(16)

    async def burst() -> None:
        for _ in range(16):
            await flights.__aenter__()
        for _ in range(8):
            flights.limited()

    asyncio.run(burst())
    assert flights.allowed == 8
    flights.succeeded()
    flights.limited()
    assert flights.allowed == 4
    for _ in range(4 * 8):
        flights.succeeded()
    assert flights.allowed == 5
    for _ in range(10_000):
        flights.succeeded()
    assert flights.allowed == 16


def test_no_more_are_under_way_than_allowed_and_a_waiter_that_is_cancelled_passes_its_turn_on() -> None:
    flights = Flights(2)
    under_way = most = 0

    async def fly() -> None:
        nonlocal under_way, most
        async with flights:
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    async def all_of_them() -> None:
        tasks = [asyncio.create_task(fly()) for _ in range(20)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(all_of_them())
    assert most == 2
    asyncio.run(all_of_them())  # in another loop, as the next stream is


def test_a_secondary_limit_leaves_fewer_requests_under_way(tmp_path: Path) -> None:
    items = Items({number: datetime(2026, 11, 1, 0, number, tzinfo=UTC) for number in range(3)})
    limits = [Response(b'{"message": "rate limit"}', 429, {"Retry-After": "1"})]
    items.fault = lambda _: limits.pop() if limits else None
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=NOW), concurrency=8)
        assert source.extract("items", run_id="run").failures == ()
        assert source._flights.allowed < 8


@pytest.mark.parametrize(
    ("headers", "names", "expected"),
    [
        ({"ratelimit-remaining": "0", "ratelimit-reset": "7"}, ("seconds", None), 8.0),
        ({"ratelimit-remaining": "3", "ratelimit-reset": "7"}, ("seconds", None), None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "2026-11-03T00:00:30Z"}, ("iso", None), 31.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "soon"}, ("iso", None), None),
        ({"ratelimit-remaining": "0"}, ("epoch", None), None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "7"}, ("seconds", "ratelimit-limit"), None),
        (
            {
                "ratelimit-limit": "9",
                "ratelimit-remaining": "0",
                "ratelimit-reset": str(int(NOW.timestamp()) + 5),
            },
            ("epoch", "ratelimit-limit"),
            6.0,
        ),
    ],
)
def test_each_vendors_way_of_telling_a_reset_is_read(
    headers: dict[str, str], names: tuple[str, str | None], expected: float | None
) -> None:
    unit, limit = names
    told = LimitHeaders(limit, "ratelimit-remaining", "ratelimit-reset", unit)  # type: ignore[arg-type]
    answer = Answer("https://h/x", 429, headers, b"", NOW)
    assert seconds_until_reset(answer, told) == expected
    wait = limit_wait_seconds(answer, limits_met=0, policy=Policy(), headers=told)
    assert wait == (expected if expected is not None else 60.0)

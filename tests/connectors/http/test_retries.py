import random
from datetime import UTC, datetime

import pytest

from connectors.http.answers import Answer
from connectors.http.retries import (
    RetryPolicy,
    limit_wait_seconds,
    retry_after_seconds,
    seconds_until_reset,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATE = "Sun, 22 Nov 2026 12:00:00 GMT"
POLICY = RetryPolicy()


def answer(status: int = 200, body: bytes = b"", /, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("https://api.example.com/x", status, named, body, NOW)


def test_retry_after_is_a_number_of_seconds() -> None:
    assert retry_after_seconds(answer(429, retry_after="17")) == 17


def test_retry_after_is_a_date_by_the_servers_own_clock() -> None:
    skewed = answer(429, retry_after="Sun, 22 Nov 2026 13:00:30 GMT", date="Sun, 22 Nov 2026 13:00:00 GMT")
    assert retry_after_seconds(skewed) == 30
    assert retry_after_seconds(answer(429, retry_after="Sun, 22 Nov 2026 11:00:00 GMT", date=DATE)) == 0


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "\u00b2", "Sun, 99 Nov 2026 13:00:30 GMT"])
def test_a_retry_after_that_means_nothing_counts_as_absent(text: str) -> None:
    assert retry_after_seconds(answer(429, retry_after=text)) is None


def test_a_reset_is_waited_for_by_the_servers_clock() -> None:
    reset = str(int(NOW.timestamp()) + 100)
    used_up = {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "0", "x_ratelimit_reset": reset}
    assert seconds_until_reset(answer(date=DATE, **used_up)) == 101


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_ratelimit_limit": "0", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "1795400000"},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1795400000"},
        {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "1", "x_ratelimit_reset": "1795400000"},
        {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "1"},
        {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "99999999999999"},
        {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "0"},
        {"x_ratelimit_limit": "many", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "never"},
    ],
    ids=[
        "absent",
        "0 of 0",
        "no limit",
        "some left",
        "reset in the past",
        "reset far off",
        "no reset",
        "noise",
    ],
)
def test_nothing_is_waited_for_without_a_used_up_limit(headers: dict[str, str]) -> None:
    assert seconds_until_reset(answer(date=DATE, **headers)) is None


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_with_retry_after_is_taken_at_its_word(status: int) -> None:
    assert limit_wait_seconds(answer(status, retry_after="60"), limits_met=0, policy=POLICY) == 60


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b""),
        (403, b'{"message":"You have exceeded a secondary rate limit."}'),
        (403, b"Abuse detection"),
    ],
)
def test_a_limit_without_retry_after_waits_a_minute_that_doubles(status: int, body: bytes) -> None:
    waits = [limit_wait_seconds(answer(status, body), limits_met=met, policy=POLICY) for met in range(3)]
    assert waits == [60, 120, 240]


def test_a_refusal_for_want_of_permission_is_no_limit() -> None:
    refused = answer(403, b'{"message":"Resource not accessible by integration"}')
    assert limit_wait_seconds(refused, limits_met=0, policy=POLICY) is None


def test_a_busy_server_may_name_its_own_pause() -> None:
    assert limit_wait_seconds(answer(503, retry_after="5"), limits_met=0, policy=POLICY) == 5
    assert limit_wait_seconds(answer(503), limits_met=0, policy=POLICY) is None


def test_back_off_doubles_up_to_a_bound_and_half_of_it_is_chance() -> None:
    generator = random.Random(1)
    waits = [POLICY.backoff_seconds(failures, generator) for failures in range(1, 12)]
    for failures, wait in enumerate(waits, 1):
        most = min(60.0, 2.0 ** (failures - 1))
        assert most / 2 <= wait <= most

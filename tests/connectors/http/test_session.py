import gzip
from http import HTTPStatus

import msgspec
import pytest

from connectors.errors import (
    CredentialsRejectedError,
    ForeignHostError,
    PermanentSourceError,
    TransientSourceError,
)
from connectors.http.connections import Network
from connectors.http.retries import RetryPolicy
from connectors.reports import Tally
from tests.connectors.http.exchanges import SECRET, ask
from tests.connectors.workspace import FakeTime
from tests.replay.loopback import LoopbackServer, Request, Response


class Script:
    """Answers in turn; the last one again and again."""

    def __init__(self, *responses: Response) -> None:
        self._responses = list(responses)

    def __call__(self, request: Request) -> Response:
        del request
        return self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]


LIMITED = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0"}


def test_a_page_comes_with_its_headers_and_what_was_read_of_it() -> None:
    time, tally = FakeTime(), Tally()
    with LoopbackServer(Script(Response(b'[{"id":1}]', headers={"X-Thing": "a"}))) as server:
        answer, records = ask(server.base_url + "/x?y=1", base_url=server.base_url, time=time, tally=tally)
    assert records == [{"id": 1}]
    assert answer.header("x-thing") == "a"
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert server.targets() == ["/x?y=1"]
    assert (tally.requests, tally.retries, time.slept) == (1, 0, [])


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 202])
def test_a_failing_server_is_asked_again_after_growing_pauses(status: int) -> None:
    time, tally = FakeTime(), Tally()
    with LoopbackServer(Script(*[Response(status=status)] * 3, Response(b"[7]"))) as server:
        _, records = ask(server.base_url + "/x", base_url=server.base_url, time=time, tally=tally)
    assert records == [7]
    assert (tally.requests, tally.retries) == (4, 3)
    assert time.slept == sorted(time.slept)
    assert 3.5 <= time.slept_seconds <= 7


def test_a_server_that_keeps_failing_is_given_up_within_bounds() -> None:
    time = FakeTime()
    with LoopbackServer(Script(Response(status=502))) as server:
        with pytest.raises(TransientSourceError, match="HTTP 502") as given_up:
            ask(server.base_url + "/x?access_token=abc", base_url=server.base_url, time=time)
        assert len(server.requests) == RetryPolicy().max_attempts
    assert given_up.value.stream == "pull_requests"
    assert given_up.value.page == f"{server.base_url}/x?access_token=***"
    assert time.slept_seconds < 120


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_is_waited_out_as_retry_after_says(status: int) -> None:
    time = FakeTime()
    limited = Response(b"{}", status, {"Retry-After": "30"})
    with LoopbackServer(Script(limited, Response(b"[1]"))) as server:
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert 30 <= time.slept_seconds <= 32


def test_a_limit_without_retry_after_waits_a_minute_then_two() -> None:
    time = FakeTime()
    limited = Response(b'{"message":"You have exceeded a secondary rate limit"}', 403)
    with LoopbackServer(Script(limited, limited, Response(b"[1]"))) as server:
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert 180 <= time.slept_seconds <= 184


def test_a_used_up_primary_limit_waits_for_its_reset() -> None:
    time = FakeTime()
    reset = {"x-ratelimit-reset": str(int(time.monotonic()) + 600), "date": "Sun, 22 Nov 2026 12:00:00 GMT"}
    limited = Response(b"{}", 403, LIMITED | reset)
    with LoopbackServer(Script(limited, Response(b"[1]"))) as server:
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert 600 <= time.slept_seconds <= 603


def test_the_last_request_of_the_hour_holds_the_next_one_back() -> None:
    time = FakeTime()
    reset = {"x-ratelimit-reset": str(int(time.monotonic()) + 600), "date": "Sun, 22 Nov 2026 12:00:00 GMT"}
    last = Response(b"[1", headers=LIMITED | reset)
    with LoopbackServer(Script(last, Response(b"[1]"))) as server:
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert 600 <= time.slept_seconds <= 602


def test_headers_of_an_enterprise_server_without_limits_never_wait() -> None:
    time = FakeTime()
    none = {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}
    with LoopbackServer(Script(Response(b"[1]", headers=none))) as server:
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert time.slept == []


def test_a_server_that_asks_for_days_is_given_up_at_once() -> None:
    time = FakeTime()
    with (
        LoopbackServer(Script(Response(b"{}", 429, {"Retry-After": "86400"}))) as server,
        pytest.raises(TransientSourceError, match="patience") as given_up,
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert given_up.value.retry_after_seconds == pytest.approx(86_400, abs=2)
    assert time.slept == []


def test_a_limit_without_end_is_given_up() -> None:
    time = FakeTime()
    with (
        LoopbackServer(Script(Response(b"{}", 429, {"Retry-After": "1"}))) as server,
        pytest.raises(TransientSourceError),
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert len(server.requests) == RetryPolicy().max_limits


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422, 451])
def test_a_refusal_is_not_repeated_and_says_what_the_server_said(status: int) -> None:
    time = FakeTime()
    with (
        LoopbackServer(Script(Response(b'{"message":"No can do"}', status))) as server,
        pytest.raises(PermanentSourceError, match=f"HTTP {status}: No can do") as refused,
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert refused.value.status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":"error","errorType":"bad_data","error":"No can do"}',
        b'{"error":{"message":"No can do","code":2100}}',
        b'{"errorMessages":["No can do"],"errors":{}}',
        b'{"errors":["No can do"]}',
    ],
)
def test_what_the_server_said_is_found_where_each_vendor_puts_it(body: bytes) -> None:
    with (
        LoopbackServer(Script(Response(body, 400))) as server,
        pytest.raises(PermanentSourceError, match="HTTP 400: No can do"),
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())


def test_a_page_that_is_given_up_says_what_the_server_said() -> None:
    with (
        LoopbackServer(Script(Response(b'{"error":"query timed out"}', 503))) as server,
        pytest.raises(TransientSourceError, match="HTTP 503: query timed out"),
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())


def test_a_rejected_token_is_told_apart() -> None:
    with (
        LoopbackServer(Script(Response(b'{"message":"Bad credentials"}', 401))) as server,
        pytest.raises(CredentialsRejectedError, match="Bad credentials") as refused,
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
    assert SECRET not in str(refused.value)


def test_a_moved_repository_is_followed_on_the_same_host() -> None:
    with LoopbackServer(
        lambda request: (
            Response(b"[1]")
            if request.path == "/repositories/7"
            else Response(status=301, headers={"Location": "/repositories/7"})
        )
    ) as server:
        answer, _ = ask(server.base_url + "/repos/a/b", base_url=server.base_url, time=FakeTime())
    assert answer.url == server.base_url + "/repositories/7"


def test_a_redirect_to_another_host_is_refused_and_the_host_never_asked() -> None:
    with LoopbackServer(Script(Response(b"[]"))) as thief:
        location = {"Location": thief.base_url + "/repos"}
        with (
            LoopbackServer(Script(Response(status=302, headers=location))) as server,
            pytest.raises(ForeignHostError) as refused,
        ):
            ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
        assert thief.requests == []
    assert (refused.value.stream, refused.value.page) == ("pull_requests", server.base_url + "/x")


def test_redirects_in_a_circle_end() -> None:
    with (
        LoopbackServer(Script(Response(status=302, headers={"Location": "/x"}))) as server,
        pytest.raises(PermanentSourceError, match="redirected"),
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
    assert len(server.requests) == 6


def test_truncated_json_is_asked_for_again() -> None:
    tally = Tally()
    with LoopbackServer(Script(Response(b'[{"id":1},{"i'), Response(b'[{"id":1}]'))) as server:
        _, records = ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime(), tally=tally)
    assert records == [{"id": 1}]
    assert tally.retries == 1


def test_json_that_stays_truncated_is_given_up() -> None:
    with (
        LoopbackServer(Script(Response(b'[{"id":1},{"i'))) as server,
        pytest.raises(TransientSourceError, match="cut short"),
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
    assert len(server.requests) == RetryPolicy().max_unreadable


def test_a_connection_that_breaks_in_the_middle_of_a_body_is_tried_again() -> None:
    with LoopbackServer(Script(Response(b"[1,2,3]", cut_at=3), Response(b"[1,2,3]"))) as server:
        _, records = ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
    assert records == [1, 2, 3]


def test_connections_that_are_reset_are_tried_again() -> None:
    with LoopbackServer(Script(*[Response(is_reset=True)] * 3, Response(b"[1]"))) as server:
        _, records = ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
    assert records == [1]


def test_a_server_that_is_not_there_is_transient() -> None:
    with LoopbackServer(Script(Response())) as server:
        base_url = server.base_url
    time = FakeTime()
    with pytest.raises(TransientSourceError):
        ask(base_url + "/x", base_url=base_url, time=time)
    assert time.slept_seconds < 120


def test_html_with_status_200_is_an_error_after_a_few_tries() -> None:
    page = Response(b"<html>Log in</html>", headers={"Content-Type": "text/html"})
    with (
        LoopbackServer(Script(page)) as server,
        pytest.raises(PermanentSourceError, match=r"text/html.*login page or a proxy"),
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
    assert len(server.requests) == 3


def test_what_was_cut_short_is_asked_for_again_also_where_its_beginning_has_another_shape() -> None:
    tally = Tally()
    with LoopbackServer(Script(Response(b'[7,"eight"'), Response(b"[7,8]"))) as server:
        _, records = ask(
            server.base_url + "/x",
            base_url=server.base_url,
            time=FakeTime(),
            tally=tally,
            read=msgspec.json.Decoder(list[int]).decode,
        )
    assert records == [7, 8]
    assert tally.retries == 1


def test_json_of_another_shape_is_permanent() -> None:
    with (
        LoopbackServer(Script(Response(b'{"message":"hello"}'))) as server,
        pytest.raises(PermanentSourceError, match="another shape"),
    ):
        ask(
            server.base_url + "/x",
            base_url=server.base_url,
            time=FakeTime(),
            read=msgspec.json.Decoder(list[int]).decode,
        )
    assert len(server.requests) == 1


def test_a_gzip_bomb_is_refused() -> None:
    bomb = Response(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
    with (
        LoopbackServer(Script(bomb)) as server,
        pytest.raises(PermanentSourceError, match="1,000,000 bytes"),
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
    assert len(server.requests) == 1


def test_compressed_bodies_are_stored_decoded() -> None:
    packed = Response(gzip.compress(b"[1,2]"), headers={"Content-Encoding": "gzip"})
    with LoopbackServer(Script(packed)) as server:
        answer, _ = ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())
    assert answer.body == b"[1,2]"


def test_a_slow_server_is_waited_for_and_a_silent_one_is_not() -> None:
    patient = Network(read_seconds=5, total_seconds=5)
    with LoopbackServer(Script(Response(b"[1]", delay_seconds=0.3))) as server:
        ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime(), network=patient)
        with pytest.raises(TransientSourceError):
            ask(
                server.base_url + "/x",
                base_url=server.base_url,
                time=FakeTime(),
                network=Network(read_seconds=0.05, total_seconds=5),
                policy=RetryPolicy(max_attempts=2),
            )


def test_a_server_that_drips_bytes_is_cut_off_by_the_clock() -> None:
    drip = Response(b"[" + b" " * 1000 + b"]", drip_seconds=0.02)
    with (
        LoopbackServer(Script(drip)) as server,
        pytest.raises(TransientSourceError),
    ):
        ask(
            server.base_url + "/x",
            base_url=server.base_url,
            time=FakeTime(),
            network=Network(read_seconds=5, total_seconds=0.2),
            policy=RetryPolicy(max_attempts=2),
        )


def test_not_modified_needs_a_condition() -> None:
    tally = Tally()
    with LoopbackServer(Script(Response(status=HTTPStatus.NOT_MODIFIED))) as server:
        answer, records = ask(
            server.base_url + "/x",
            base_url=server.base_url,
            time=FakeTime(),
            tally=tally,
            conditions={"if-none-match": '"1"'},
        )
        assert (answer.status, records, tally.not_modified) == (304, None, 1)
        assert server.requests[0].headers["if-none-match"] == '"1"'
        with pytest.raises(PermanentSourceError):
            ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime())


def test_the_skew_of_the_clocks_is_noticed() -> None:
    time, tally = FakeTime(), Tally()
    with LoopbackServer(Script(Response(b"[]", headers={"Date": "Sun, 22 Nov 2026 11:58:00 GMT"}))) as server:
        ask(server.base_url + "/x", base_url=server.base_url, time=time, tally=tally)
    assert tally.clock_skew_seconds == 120

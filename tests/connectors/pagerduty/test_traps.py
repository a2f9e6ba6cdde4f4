"""What silently loses data at PagerDuty: each trap once, with the request or the record that shows it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.errors import CredentialsRejectedError
from connectors.pagerduty import kind
from connectors.pagerduty.streams import STREAMS
from connectors.streams import TimeWindow
from tests.connectors.pagerduty.account import (
    SMALL,
    TOKEN,
    incidents_of,
    open_account,
    utc,
)
from tests.connectors.workspace import landed, windows
from tests.replay.loopback import Handler, Request, Response

SINCE = SMALL.first_day.isoformat()
END = utc(SMALL.until.isoformat())
WINDOWED = ("incidents", "log_entries")


def test_no_window_is_longer_than_six_months_and_every_one_names_both_its_ends(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END) as account:
        for name in WINDOWED:
            asked = account.asked(name)
            assert asked[0].query["since"] == "2008-12-31T23:59:59Z", name
            for request in asked:
                span = utc(request.query["until"][:-1]) - utc(request.query["since"][:-1])
                assert span <= timedelta(days=180, seconds=1)


def test_windows_leave_no_gap_between_them(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END, since=SINCE) as account:
        for name in WINDOWED:
            account.extract(name)
            closed = windows(account.store, name)
            ends = [row["requested_until"] for row in closed[:-1]]
            assert ends == [row["requested_from"] for row in closed[1:]]
            assert (closed[0]["requested_from"], closed[-1]["requested_until"]) == (utc(SINCE), END)


def test_windows_are_never_combined_with_a_date_range_of_all(tmp_path: Path) -> None:
    opened = utc("2025-09-01")
    with open_account(tmp_path, at=END, since=SINCE, events=incidents_of((opened, None))) as account:
        account.extract("incidents")
        account.extract("incidents")
        assert not any("date_range" in request.query for request in account.server.requests)


def test_instants_are_asked_for_and_answered_in_utc_whatever_the_account_is_set_to(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END, since=SINCE) as account:
        for stream in STREAMS:
            account.extract(stream.name)
        timed = [
            request for request in account.server.requests if request.path in ("/incidents", "/log_entries")
        ]
        assert {request.query["time_zone"] for request in timed} == {"UTC"}
        assert all(row["created_at"].endswith("Z") for row in account.records("incidents"))
        assert all(row["created_at"].endswith("Z") for row in account.records("services"))
        assert all(row["start"] is None or row["start"].endswith("Z") for row in account.records("on_calls"))


def test_a_window_with_more_than_can_be_paged_through_is_split_until_nothing_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that shows 100 results instead of 10,000, and a source that knows it."""
    assert {stream.windows.max_results for stream in STREAMS if stream.windows} == {10_000}
    tighter = tuple(
        replace(stream, windows=replace(stream.windows, max_results=100)) if stream.windows else stream
        for stream in STREAMS
    )
    monkeypatch.setattr(kind, "STREAMS", tighter)
    opened = utc("2025-09-01")
    spans = [(opened + timedelta(hours=number), None) for number in range(250)]
    with open_account(
        tmp_path, at=END, since=SINCE, most_results=100, events=incidents_of(*spans)
    ) as account:
        for name in WINDOWED:
            report = account.extract(name)
            assert report.failures == ()
            assert all(row["claimed_total"] <= 100 for row in windows(account.store, name))
        assert len(account.newest("log_entries")) == len(account.api.log())
        assert len(account.newest("incidents")) == len(account.api.alarms()) >= 250
        assert account.extract("incidents").failures == ()


def test_a_listing_that_is_cut_off_and_cannot_be_split_fails_loudly(tmp_path: Path) -> None:
    def refusing(handler: Handler) -> Handler:
        def answer(request: Request) -> Response:
            if request.path != "/users":
                return handler(request)
            if request.query["offset"] != "0":
                return Response(b'{"error": {"code": 2001, "message": "Invalid Input Provided"}}', status=400)
            rows = [{"id": f"P{number}"} for number in range(100)]
            return Response(msgspec.json.encode({"users": rows, "more": True, "total": 10_100}))

        return answer

    with open_account(tmp_path, at=END, around=refusing) as account:
        report = account.extract("users")
        assert [failure.error.status for failure in report.failures] == [400]


def test_every_page_says_what_the_account_claims_to_hold(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END, since=SINCE) as account:
        for stream in STREAMS:
            account.extract(stream.name)
            closed = windows(account.store, stream.name)
            assert closed, stream.name
            assert all(row["claimed_total"] == row["record_count"] for row in closed), stream.name


def test_an_incident_right_on_the_border_of_two_windows_is_read_whoever_owns_the_border(
    tmp_path: Path,
) -> None:
    """The documentation does not say whether `since` and `until` are inclusive: here both are exclusive."""
    border = utc(SINCE) + timedelta(days=180)

    def exclusive(handler: Handler) -> Handler:
        def answer(request: Request) -> Response:
            response = handler(request)
            if request.path != "/incidents":
                return response
            document = msgspec.json.decode(response.body)
            since = request.query["since"]
            kept = [row for row in document["incidents"] if row["created_at"] != since]
            return Response(msgspec.json.encode(document | {"incidents": kept, "total": len(kept)}))

        return answer

    events = incidents_of((border, border + timedelta(hours=1)))
    with open_account(tmp_path, at=END, since=SINCE, events=events, around=exclusive) as account:
        account.extract("incidents")
        assert len(account.newest("incidents")) == 1


def test_a_resolved_incident_without_the_instant_still_tells_when_its_status_changed(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END, since=SINCE) as account:
        account.extract("incidents")
        account.extract("log_entries")
        undated = {
            key: row
            for key, row in account.newest("incidents").items()
            if row["status"] == "resolved" and row["resolved_at"] is None
        }
        assert undated
        ends = {
            row["incident"]["id"]: row["created_at"]
            for row in account.records("log_entries")
            if row["type"] == "resolve_log_entry"
        }
        assert {key: ends[key] for key in undated} == {
            key: row["last_status_change_at"] for key, row in undated.items()
        }


def test_what_notes_say_is_asked_for_since_entries_keep_it_to_themselves_otherwise(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END, since=SINCE) as account:
        account.extract("log_entries")
        notes = [row for row in account.records("log_entries") if row["type"] == "annotate_log_entry"]
        assert notes
        assert all(row["channel"]["summary"].startswith("Caused by ") for row in notes)


def test_a_merged_incident_names_the_one_that_took_it_in(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END, since=SINCE) as account:
        account.extract("incidents")
        incidents = account.newest("incidents")
        merged = [row for row in incidents.values() if row["resolve_reason"]]
        assert merged
        assert all(row["resolve_reason"]["incident"]["id"] in incidents for row in merged)


def test_a_window_read_again_brings_what_changed_long_after_the_overlap(tmp_path: Path) -> None:
    opened = utc("2025-09-01T10:00:00")
    events = incidents_of((opened, opened + timedelta(hours=2)))
    later = opened + timedelta(days=60)
    with open_account(tmp_path, at=later, since=SINCE, events=events) as account:
        account.extract("incidents")
        alarm = account.api._alarms[0]
        object.__setattr__(alarm, "severity", 1)
        assert account.extract("incidents").records == 0
        account.extract("incidents", window=TimeWindow(utc("2025-09-01"), utc("2025-10-01")))
        assert account.newest("incidents")[alarm.id]["priority"]["summary"] == "P1"


def test_a_limit_waits_as_many_seconds_as_its_header_says(tmp_path: Path) -> None:
    refusals = [
        Response(
            b'{"error": {"message": "Rate Limit Exceeded", "code": 2020}}',
            status=429,
            headers={"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": "37"},
        )
    ]

    def limited(handler: Handler) -> Handler:
        return lambda request: refusals.pop() if refusals else handler(request)

    with open_account(tmp_path, at=END, around=limited) as account:
        report = account.extract("teams")
        assert report.failures == ()
        assert 37 <= account.time.slept_seconds < 45
        assert len(account.records("teams")) == len(account.api._roster.members)


def test_wrong_credentials_are_told_as_such_and_never_stored(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END) as account:
        assert account.source.check()[0].is_ok
        account.extract("teams")
        stored = b"".join(str(row).encode() for row in landed(account.store, "teams"))
        assert TOKEN.encode() not in stored
        account.api._token = "another"
        assert [found.name for found in account.source.check() if not found.is_ok] == ["credentials"]
        with pytest.raises(CredentialsRejectedError):
            account.extract("teams")


def test_an_instant_that_cannot_be_read_stops_the_stream_instead_of_losing_the_incident(
    tmp_path: Path,
) -> None:
    def spoilt(handler: Handler) -> Handler:
        def answer(request: Request) -> Response:
            return Response(handler(request).body.replace(b'"created_at":"20', b'"created_at":"in 20'))

        return answer

    with open_account(tmp_path, at=END, since=SINCE, around=spoilt) as account:
        assert [failure.is_transient for failure in account.extract("incidents").failures] == [False]

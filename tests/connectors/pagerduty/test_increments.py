"""First runs and increments against the simulated account: nothing is lost, nothing asked twice in vain."""

from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import TransientSourceError
from connectors.http.streams import HttpStream
from connectors.pagerduty import kind
from connectors.pagerduty.streams import STREAMS
from connectors.sandbox.api import ApiRequest
from connectors.streams import TimeWindow
from tests.connectors.pagerduty.account import (
    SMALL,
    TOKEN,
    ReadAccount,
    answers_of,
    incidents_of,
    open_account,
    story,
    utc,
)
from tests.replay.loopback import Handler, Request, Response

SINCE = SMALL.first_day.isoformat()
END = utc(SMALL.until.isoformat())
MIDDLE = utc("2026-02-10T10:30:00")
HOUR = timedelta(hours=1)
WINDOWED = ("incidents", "log_entries")


def rendered(account: ReadAccount) -> dict[str, str]:
    """Status of every incident that the account holds."""
    return {alarm.id: account.api._status(alarm) for alarm in account.api.alarms()}


def read_statuses(account: ReadAccount) -> dict[str, str]:
    return {key: incident["status"] for key, incident in account.newest("incidents").items()}


def test_a_first_run_reads_every_record_of_every_stream_as_the_account_holds_it(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END, since=SINCE) as account:
        for stream in STREAMS:
            report = account.extract(stream.name)
            assert report.failures == (), stream.name
        assert set(account.newest("incidents")) == {alarm.id for alarm in account.api.alarms()}
        assert len(account.newest("log_entries")) == len(account.api.log())
        roster = account.api._roster
        assert len(account.records("users")) == len(roster.people)
        assert len(account.records("teams")) == len(roster.members)
        assert len(account.records("team_members")) == sum(len(logins) for logins in roster.members.values())
        assert len(account.records("services")) == len(story()[0].services)
        owners = {story()[0].owner_at(service.name, account.api.now) for service in story()[0].services}
        policies = {
            row["teams"][0]["summary"] for row in account.records("escalation_policies") if row["services"]
        }
        assert policies == {team.replace("-", " ").title() for team in owners}
        assert len(account.records("on_calls")) == 2 * sum(1 for logins in roster.members.values() if logins)


def test_a_year_of_incidents_takes_three_requests_and_its_log_as_many_as_its_hundreds(tmp_path: Path) -> None:
    with open_account(tmp_path, at=END, since=SINCE) as account:
        assert len(account.asked("incidents")) == 3
        pages = Counter(request.query["since"] for request in account.asked("log_entries"))
        held = len(account.api.log())
        assert len(pages) == 3
        assert sum(pages.values()) <= held // 100 + 3


def test_an_increment_reads_the_days_of_the_overlap_and_ends_as_a_full_run_does(tmp_path: Path) -> None:
    with open_account(tmp_path, at=MIDDLE, since=SINCE) as account:
        account.extract("incidents")
        account.extract("log_entries")
        account.move_to(MIDDLE + timedelta(hours=6))
        assert len(account.asked("log_entries")) == 1
        asked = account.asked("incidents")
        assert asked[0].query["since"] == "2026-02-03T10:29:59Z"
        account.move_to(END)
        account.extract("incidents")
        account.extract("log_entries")
        assert read_statuses(account) == rendered(account)
        assert len(account.newest("log_entries")) == len(account.api.log())


def test_an_incident_that_stays_open_past_the_overlap_is_read_again_until_it_is_over(tmp_path: Path) -> None:
    opened, resolved = utc("2026-01-01T10:00:00"), utc("2026-02-20T10:00:00")
    events = incidents_of((opened, resolved), (opened + timedelta(days=1), None), (MIDDLE, MIDDLE + HOUR))
    with open_account(tmp_path, at=MIDDLE, since=SINCE, events=events) as account:
        account.extract("incidents")
        assert set(read_statuses(account).values()) == {"acknowledged"}
        account.move_to(MIDDLE + timedelta(days=1))
        asked = account.asked("incidents")
        assert [request.target.count("statuses") for request in asked] == [0, 2]
        account.move_to(resolved + timedelta(days=3))
        asked = account.asked("incidents")
        assert [request.target.count("statuses") for request in asked] == [0, 2, 0]
        assert read_statuses(account) == rendered(account)
        assert sorted(rendered(account).values()) == ["acknowledged", "resolved", "resolved"]
        account.move_to(resolved + timedelta(days=20))
        assert [request.target.count("statuses") for request in account.asked("incidents")] == [0, 2]


def test_no_request_is_spent_on_old_incidents_when_none_is_open(tmp_path: Path) -> None:
    opened = utc("2025-09-01T10:00:00")
    with open_account(tmp_path, at=END, since=SINCE, events=incidents_of((opened, opened + HOUR))) as account:
        account.extract("incidents")
        assert len(account.asked("incidents")) == 1


def test_an_incident_that_cannot_be_found_any_more_is_not_looked_for_for_ever(tmp_path: Path) -> None:
    opened = utc("2025-09-01T10:00:00")
    with open_account(tmp_path, at=END, since=SINCE, events=incidents_of((opened, None))) as account:
        account.extract("incidents")
        account.api._alarms = ()
        assert len(account.asked("incidents")) == 3
        assert len(account.asked("incidents")) == 1


def test_a_run_that_broke_off_goes_on_and_still_knows_what_was_open(tmp_path: Path) -> None:
    opened = utc("2025-08-01T10:00:00")
    spans = [(opened + timedelta(days=number), None) for number in range(240)]
    events = incidents_of(*spans, (MIDDLE, MIDDLE + HOUR))
    is_broken = True

    def breaking(handler: Handler) -> Handler:
        def answer(request: Request) -> Response:
            if is_broken and request.query["offset"] != "0":
                return Response(status=500)
            return handler(request)

        return answer

    with open_account(tmp_path, at=END, since=SINCE, events=events, around=breaking) as account:
        with pytest.raises(TransientSourceError):
            account.extract("incidents")
        is_broken = False
        asked = account.asked("incidents")
        assert [request.query["offset"] for request in asked] == ["100", "0", "100", "0", "0"]
        assert [request.target.count("statuses") for request in asked] == [0, 0, 0, 0, 2]
        assert read_statuses(account) == rendered(account)


def test_one_window_can_be_read_again_and_leaves_the_cursor_where_it_is(tmp_path: Path) -> None:
    with open_account(tmp_path, at=MIDDLE, since=SINCE) as account:
        account.extract("incidents")
        account.extract("log_entries")
        before = {name: account.store.cursor("pagerduty", name, "account") for name in WINDOWED}
        january = TimeWindow(utc("2026-01-01"), utc("2026-02-01"))
        for name in WINDOWED:
            asked = account.asked(name, window=january)
            assert {request.query["since"] for request in asked} == {"2025-12-31T23:59:59Z"}, name
            assert {request.query["until"] for request in asked} == {"2026-02-01T00:00:00Z"}, name
            after = account.store.cursor("pagerduty", name, "account")
            assert after == before[name]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[datetime, datetime | None]], list[datetime], int]:
    """Incidents open for minutes or months, when somebody reads them, and minutes between requests."""
    days = st.floats(min_value=0, max_value=300)
    lengths = st.one_of(st.none(), st.floats(min_value=0.01, max_value=120))
    start = utc("2025-07-10")
    spans = [
        (opened := start + timedelta(days=day), None if length is None else opened + timedelta(days=length))
        for day, length in draw(st.lists(st.tuples(days, lengths), min_size=1, max_size=12))
    ]
    runs = [start + timedelta(days=day) for day in sorted(draw(st.lists(days, min_size=1, max_size=4)))]
    return spans, runs, draw(st.integers(min_value=0, max_value=3000))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories())
def test_any_history_of_runs_ends_in_what_the_account_holds_though_it_changes_between_two_pages(
    tmp_path_factory: pytest.TempPathFactory,
    history: tuple[list[tuple[datetime, datetime | None]], list[datetime], int],
) -> None:
    spans, runs, minutes = history
    pages_of_two = tuple(replace(stream, pager=replace(stream.pager, size=2)) for stream in STREAMS)
    with (
        pytest.MonkeyPatch.context() as patch,
        open_account_after(patch, pages_of_two, tmp_path_factory, runs[0], spans) as account,
    ):
        for instant in runs:
            account.move_to(max(instant, at(account)))
            account.server.handler = moving(account, minutes)
            account.extract("incidents")
            account.extract("log_entries")
        account.server.handler = answers_of(account.api)
        account.move_to(max(END, at(account)))
        account.extract("incidents")
        account.extract("log_entries")
        assert account.newest("incidents") == {
            alarm.id: as_held(account, alarm.id) for alarm in account.api.alarms()
        }
        assert len(account.newest("log_entries")) == len(account.api.log())


def at(account: ReadAccount) -> datetime:
    """The instant that the account is at."""
    return datetime.fromtimestamp(account.api.now, UTC)


def moving(account: ReadAccount, minutes: int) -> Handler:
    """Let so many minutes pass for the account after each answer; the source's clock stands still."""
    answer = answers_of(account.api)

    def answer_and_move(request: Request) -> Response:
        response = answer(request)
        account.api.move_to(account.api.now + 60 * minutes)
        return response

    return answer_and_move


def open_account_after(
    patch: pytest.MonkeyPatch,
    streams: tuple[HttpStream, ...],
    tmp_path_factory: pytest.TempPathFactory,
    first: datetime,
    spans: list[tuple[datetime, datetime | None]],
) -> AbstractContextManager[ReadAccount]:
    """An account that is read by other declarations."""
    patch.setattr(kind, "STREAMS", streams)
    return open_account(
        tmp_path_factory.mktemp("account"), at=first, since=SINCE, events=incidents_of(*spans)
    )


def as_held(account: ReadAccount, incident: str) -> dict[str, object]:
    """An incident as the account has it."""
    headers = {"authorization": f"Token token={TOKEN}"}
    request = ApiRequest("GET", f"/incidents/{incident}", {"time_zone": ("UTC",)}, headers)
    found: dict[str, object] = account.api.respond(request).document["incident"]
    return found

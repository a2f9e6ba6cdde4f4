"""First runs and increments against the simulated organisation, and what silently loses data at Datadog."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors.datadog.streams import LONGEST_HISTORY, STREAMS
from connectors.sandbox.datadog.objectives import objectives
from connectors.streams import TimeWindow
from tests.connectors.datadog.organisation import (
    API_KEY,
    APPLICATION_KEY,
    SINCE,
    SMALL,
    ReadOrganisation,
    open_organisation,
    story,
    utc,
)
from tests.connectors.workspace import landed, windows
from tests.replay.loopback import Request, Response

END = utc(SMALL.until.isoformat())
MIDDLE = utc("2026-05-20T10:30:00")
WEEK = timedelta(days=7)


def newest_weeks(organisation: ReadOrganisation) -> dict[tuple[str, str], dict[str, object]]:
    """The newest reading of each week of each objective."""
    weeks: dict[tuple[str, str], dict[str, object]] = {}
    for row in landed(organisation.store, "slo_history"):
        weeks[row["scope"], row["parent_key"]] = json.loads(row["body"])["data"]
    return weeks


def counted(organisation: ReadOrganisation, slo: str) -> tuple[int, int]:
    """Good and all events of an objective, summed over its weeks."""
    series = [week["series"] for (scope, _), week in newest_weeks(organisation).items() if scope == slo]
    return sum(row["numerator"]["sum"] for row in series), sum(row["denominator"]["sum"] for row in series)  # type: ignore[index]


def test_a_first_run_reads_every_record_of_every_stream_as_the_organisation_holds_it(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=END, since=SINCE) as organisation:
        for stream in STREAMS:
            report = organisation.extract(stream.name)
            assert report.failures == (), stream.name
        state = organisation.api.state
        held = list(objectives(state))
        assert {row["id"] for row in organisation.records("slos")} == {objective.id for objective in held}
        assert len(organisation.records("monitors")) == len(story()[0].services)
        assert len(organisation.records("incidents")) == len(state.incidents) > 0
        assert len(organisation.records("users")) == len(state.users)
        weeks = newest_weeks(organisation)
        assert len(weeks) == len(held) * 14  # three months touch fourteen weeks from Thursday to Wednesday
        for objective in held:
            if objective.kind == "metric":
                traffic = state.traffic(objective.service)
                first, last = max(objective.created_at, SMALL.starts_at), SMALL.ends_at
                good, total = counted(organisation, objective.id)
                assert total == traffic.total(first, last)
                assert total - good == traffic.bad(first, last) > 0


def test_what_a_run_asks_for_is_no_more_than_its_pages(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=END, since=SINCE) as organisation:
        assert {stream.name: len(organisation.asked(stream.name)) for stream in STREAMS} == {
            "slos": 1,
            "slo_history": len(list(objectives(organisation.api.state))) * 14,
            "monitors": 2,  # the page of monitors and the empty one that ends them
            "incidents": 1,
            "users": 1,
        }


def test_an_increment_reads_the_running_week_again_and_ends_as_a_full_run_does(tmp_path: Path) -> None:
    with (
        open_organisation(tmp_path / "steps", at=MIDDLE, since=SINCE) as steps,
        open_organisation(tmp_path / "whole", at=END, since=SINCE) as whole,
    ):
        for instant in (MIDDLE, MIDDLE + timedelta(hours=5), MIDDLE + 3 * WEEK, END):
            steps.move_to(instant)
            steps.extract("slos")
            asked = steps.asked("slo_history")
            if instant == MIDDLE + timedelta(hours=5):
                assert len(asked) == len(list(objectives(steps.api.state)))
        whole.extract("slos")
        whole.extract("slo_history")
        assert newest_weeks(steps) == newest_weeks(whole)


def test_no_window_passes_the_ninety_days_and_none_reaches_into_the_future(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=MIDDLE) as organisation:
        organisation.extract("slos")
        spans = []
        for target in organisation.asked("slo_history"):
            query = dict(parse_qsl(urlsplit(target).query))
            spans.append((int(query["from_ts"]), int(query["to_ts"])))
        assert {start % WEEK.total_seconds() for start, _ in spans} == {0}
        assert all(
            end - start <= WEEK.total_seconds() < LONGEST_HISTORY.total_seconds() for start, end in spans
        )
        assert max(end for _, end in spans) == int(MIDDLE.timestamp())
        oldest = datetime.fromtimestamp(min(start for start, _ in spans), END.tzinfo)
        assert timedelta(days=456) <= MIDDLE - oldest < timedelta(days=456) + WEEK


def test_one_week_can_be_read_again_and_leaves_the_cursor_where_it_is(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=MIDDLE, since=SINCE) as organisation:
        organisation.extract("slos")
        organisation.extract("slo_history")
        slo = organisation.records("slos")[0]["id"]
        before = organisation.store.cursor("datadog", "slo_history", slo)
        week = TimeWindow(utc("2026-04-23"), utc("2026-04-30"))
        asked = organisation.asked("slo_history", window=week)
        assert {dict(parse_qsl(urlsplit(target).query))["from_ts"] for target in asked} == {
            f"{week.start.timestamp():.0f}"
        }
        assert organisation.store.cursor("datadog", "slo_history", slo) == before


def test_the_states_of_all_groups_are_asked_for_since_one_state_hides_them(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=MIDDLE) as organisation:
        (first, _) = organisation.asked("monitors")
        assert "group_states=all" in first
        assert all(
            set(row["state"]["groups"]) == {"region:ap", "region:eu", "region:us"}
            for row in organisation.records("monitors")
        )


def test_monitors_deleted_between_two_pages_hide_no_other(tmp_path: Path) -> None:
    rows = [{"id": number, "type": "query alert", "query": "q"} for number in range(1, 251)]

    def answer(request: Request) -> Response | None:
        if request.path != "/datadog/api/v1/monitor":
            return None
        after, size = int(request.query["id_offset"]), int(request.query["page_size"])
        page = [row for row in rows if int(row["id"]) > after][:size]
        del rows[:1]
        return Response(json.dumps(page).encode())

    with open_organisation(tmp_path, at=MIDDLE) as organisation:
        organisation.vendor.spoil = answer
        assert len(organisation.asked("monitors")) == 4
        assert [row["id"] for row in organisation.records("monitors")] == list(range(1, 251))


def test_an_objective_deleted_since_it_was_listed_fails_alone_and_is_forgotten(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=MIDDLE, since=SINCE) as organisation:
        organisation.extract("slos")
        rows = organisation.records("slos")
        gone, kept = rows[0]["id"], rows[1:]

        def answer(request: Request) -> Response | None:
            if gone in request.path:
                return Response(b'{"errors": ["Not found"]}', status=404)
            if request.path == "/datadog/api/v1/slo":
                counts = {"total_filtered_count": len(kept)}
                return Response(json.dumps({"data": kept, "metadata": {"page": counts}}).encode())
            return None

        organisation.vendor.spoil = answer
        report = organisation.extract("slo_history")
        assert [failure.scope for failure in report.failures] == [gone]
        assert len(newest_weeks(organisation)) == 8 * len(kept)
        organisation.extract("slos")
        assert organisation.extract("slo_history").failures == ()


def test_one_objective_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=MIDDLE, since=SINCE) as organisation:
        organisation.extract("slos")
        bad = organisation.records("slos")[1]["id"]
        organisation.vendor.spoil = lambda request: (
            Response(b'{"data": null, "errors": [{"error": "timeout"}]}') if bad in request.path else None
        )
        report = organisation.extract("slo_history")
        assert [failure.scope for failure in report.failures] == [bad]
        organisation.vendor.spoil = lambda _: None
        assert organisation.extract("slo_history").failures == ()
        assert len(newest_weeks(organisation)) == 8 * len(organisation.records("slos"))


def test_an_incident_that_somebody_deletes_stays(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=END) as organisation:
        organisation.extract("incidents")
        number, _ = organisation.api.state.incidents.popitem()
        organisation.extract("incidents")
        read = {row["attributes"]["public_id"] for row in organisation.records("incidents")}
        assert number in read


def test_incidents_and_users_are_read_in_pages_of_a_hundred(tmp_path: Path) -> None:
    rows = [{"id": f"i{number}", "attributes": {}} for number in range(230)]

    def answer(request: Request) -> Response | None:
        if request.path != "/datadog/api/v2/incidents":
            return None
        offset, size = int(request.query["page[offset]"]), int(request.query["page[size]"])
        assert size == 100
        return Response(json.dumps({"data": rows[offset : offset + size], "meta": {}}).encode())

    with open_organisation(tmp_path, at=END) as organisation:
        organisation.vendor.spoil = answer
        assert [target.split("offset]=")[1][:3] for target in organisation.asked("incidents")] == [
            "0&p",
            "100",
            "200",
        ]
        assert len(organisation.records("incidents")) == 230


def test_a_limit_waits_as_many_seconds_as_its_header_says(tmp_path: Path) -> None:
    headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "23"}
    refusals = [Response(b'{"errors": ["Rate limit of 100 requests"]}', status=429, headers=headers)]
    with open_organisation(tmp_path, at=END) as organisation:
        organisation.vendor.spoil = lambda _: refusals.pop() if refusals else None
        assert organisation.extract("users").failures == ()
        assert 23 <= organisation.time.slept_seconds < 30
        assert windows(organisation.store, "users")[0]["claimed_total"] == len(organisation.records("users"))


def test_both_keys_are_sent_and_neither_is_stored(tmp_path: Path) -> None:
    with open_organisation(tmp_path, at=END, since=SINCE) as organisation:
        assert all(found.is_ok for found in organisation.source.check())
        organisation.extract("slos")
        sent = [request.headers for request in organisation.vendor.server.requests]
        assert {(row["dd-api-key"], row["dd-application-key"]) for row in sent} == {
            (API_KEY, APPLICATION_KEY)
        }
        stored = str(landed(organisation.store, "slos"))
        assert API_KEY not in stored
        assert APPLICATION_KEY not in stored


@pytest.mark.parametrize("status", [401, 403])
def test_keys_that_are_refused_fail_the_check(tmp_path: Path, status: int) -> None:
    with open_organisation(tmp_path, at=END) as organisation:
        organisation.vendor.spoil = lambda _: Response(b'{"errors": ["Forbidden"]}', status=status)
        assert not organisation.source.check()[0].is_ok

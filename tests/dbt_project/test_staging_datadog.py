"""Datadog from the wire to staging: counted, typed, without names, and the same however it was read."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.datadog.streams import STREAMS
from connectors.sandbox.datadog.objectives import objectives
from tests.connectors.datadog.organisation import (
    SINCE,
    SMALL,
    ReadOrganisation,
    open_organisation,
    open_source,
    story,
    utc,
)
from tests.connectors.workspace import FakeTime
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.loopback import LoopbackServer, Request, Response

SELECTED = ("path:models/staging/datadog",)
CHANGING = ("stg_datadog__slo_history", "stg_datadog__incidents")
KINDS = {"datadog": "datadog"}
END = utc(SMALL.until.isoformat())


def book_at(folder: Path) -> EvidenceBook:
    return EvidenceBook(folder, kinds=KINDS)


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadOrganisation]:
    """The organisation at the end of the story; nothing is read into its own store."""
    with open_organisation(tmp_path_factory.mktemp("organisation"), at=END, since=SINCE) as opened:
        yield opened


@pytest.fixture(scope="module")
def staged(organisation: ReadOrganisation, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Everything that the organisation holds, in staging."""
    book = book_at(tmp_path_factory.mktemp("book"))
    source = open_source(organisation.vendor.base_url, book.store, organisation.time, since=SINCE)
    for stream in STREAMS:
        assert source.extract(stream.name, run_id="run").failures == ()
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    return warehouse


def count(warehouse: Warehouse, stream: str) -> int:
    ((found,),) = warehouse.rows(f"select count(*) from staging.stg_datadog__{stream}")
    return int(found)


def test_staging_has_as_many_rows_as_the_organisation_has_records(
    organisation: ReadOrganisation, staged: Warehouse
) -> None:
    state = organisation.api.state
    assert {stream.name: count(staged, stream.name) for stream in STREAMS} == {
        "slos": len(list(objectives(state))),
        "slo_history": len(list(objectives(state))) * 14,
        "monitors": len(story()[0].services),
        "incidents": len(state.incidents),
        "users": len(state.users),
    }


def test_nothing_is_lost_on_the_way(staged: Warehouse) -> None:
    for stream in STREAMS:
        lost = staged.rows(f"select sum(cast_loss_count) from staging.stg_datadog__{stream.name}")
        assert lost == [(0,)], stream.name


def test_weeks_add_up_to_all_requests_of_a_service(organisation: ReadOrganisation, staged: Warehouse) -> None:
    rows = staged.rows(
        "select slo_id, sum(good_count)::bigint, sum(total_count)::bigint"
        " from staging.stg_datadog__slo_history where slo_type = 'metric' group by 1"
    )
    state = organisation.api.state
    expected = {}
    for objective in objectives(state):
        if objective.kind == "metric":
            traffic, first = state.traffic(objective.service), max(objective.created_at, SMALL.starts_at)
            total = traffic.total(first, SMALL.ends_at)
            expected[objective.id] = (total - traffic.bad(first, SMALL.ends_at), total)
    assert {slo: (good, total) for slo, good, total in rows} == expected


def test_slices_of_a_week_add_up_to_the_week(staged: Warehouse) -> None:
    rows = staged.rows(
        """
        select list_sum(good_counts::bigint[]) = good_count, list_sum(total_counts::bigint[]) = total_count,
            len(slice_starts::bigint[]) = len(total_counts::bigint[]),
            (slice_starts::bigint[])[1] >= epoch_ms(window_starts_at)
        from staging.stg_datadog__slo_history where slo_type = 'metric' and sli_percent is not null
        """
    )
    assert rows
    assert all(row == (True, True, True, True) for row in rows)


def test_changes_of_state_give_the_share_that_datadog_computed(staged: Warehouse) -> None:
    rows = staged.rows(
        """
        with changes as (
            select slo_id, window_starts_at, sli_percent, epoch(read_until_at) as until,
                unnest(state_changes::bigint[][]) as change
            from staging.stg_datadog__slo_history where slo_type = 'monitor' and sli_percent is not null
        ),
        stretches as (
            select *, change[1] as starts, change[2] as state,
                lead(change[1], 1, until) over (
                    partition by slo_id, window_starts_at order by change[1]
                ) as ends
            from changes
        )
        select abs(100 * sum(ends - starts) filter (state = 0) / sum(ends - starts) - any_value(sli_percent))
        from stretches group by slo_id, window_starts_at
        """
    )
    assert rows
    assert max(difference for (difference,) in rows) < 1e-9


def test_incidents_carry_what_the_metrics_need(organisation: ReadOrganisation, staged: Warehouse) -> None:
    rows = staged.rows(
        "select public_id, severity, state, service_names, epoch(detected_at)::bigint,"
        " epoch(resolved_at)::bigint from staging.stg_datadog__incidents"
    )
    expected = [
        (
            number,
            f"SEV-{incident.opened.severity}",
            "active" if incident.resolved_at is None else "resolved",
            list(incident.opened.services),
            incident.opened.at,
            incident.resolved_at,
        )
        for number, incident in organisation.api.state.incidents.items()
    ]
    assert sorted(rows) == sorted(expected)


def test_texts_of_incidents_are_read_for_references_only(
    organisation: ReadOrganisation, staged: Warehouse
) -> None:
    rows = staged.rows(
        "select public_id, referenced_deployment_ids, mentioned_shas, mentioned_issues, referenced_tags"
        " from staging.stg_datadog__incidents__references as refs"
        " join staging.stg_datadog__incidents using (source, incident_id)"
    )
    texts = {number: row.opened.body for number, row in organisation.api.state.incidents.items()}
    assert {row[0] for row in rows} == texts.keys()
    marks = ("Caused by deployment", "@", "#", "/releases/tag/")
    for place, mark in enumerate(marks, start=1):
        named = {row[0] for row in rows if row[place]}
        assert named == {number for number, text in texts.items() if mark in text}, mark
    assert {type(value) for row in rows for value in row} == {int, list}


def test_no_name_address_or_title_reaches_the_warehouse(
    organisation: ReadOrganisation, staged: Warehouse
) -> None:
    contents = str(staged.contents())
    for person in story()[0].people:
        assert person.name not in contents
        assert person.email not in contents
    titles = {incident.opened.title for incident in organisation.api.state.incidents.values()}
    assert not any(title in contents for title in titles)


def test_increments_end_in_the_rows_of_one_full_build(tmp_path: Path) -> None:
    middle = END - timedelta(days=40)
    with open_organisation(tmp_path / "organisation", at=middle, since=SINCE) as moving:
        book = book_at(tmp_path / "book")
        source = open_source(moving.vendor.base_url, book.store, moving.time, since=SINCE)
        warehouse = Warehouse(tmp_path / "increments")
        for instant in (middle, END):
            moving.move_to(instant)
            for stream in ("slos", "slo_history", "incidents"):
                source.extract(stream, run_id=f"run-{instant}")
            warehouse.build(book.evidence(), select=CHANGING)
        full = Warehouse(tmp_path / "full")
        full.build(book.evidence(), select=CHANGING)
        assert warehouse.contents() == full.contents()


def as_sent(value: Any) -> Any:
    """Undo what the client that recorded the payloads did to the names of keys: `publicId` is `public_id`."""
    if isinstance(value, dict):
        return {re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower(): as_sent(below) for key, below in value.items()}
    return [as_sent(below) for below in value] if isinstance(value, list) else value


def test_recorded_incidents_and_users_arrive_whole(payloads: Path, tmp_path: Path) -> None:
    recorded = {
        name: as_sent(
            json.loads(gzip.decompress((payloads / f"faros/datadog/test_files__{name}.json.gz").read_bytes()))
        )
        for name in ("incidents", "users")
    }

    def answer(request: Request) -> Response:
        return Response(json.dumps(recorded[request.path.rsplit("/", 1)[1]]).encode())

    book = book_at(tmp_path / "book")
    with LoopbackServer(answer) as server:
        source = open_source(server.base_url, book.store, FakeTime())
        for name in recorded:
            assert source.extract(name, run_id="run").failures == ()
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    assert {name: count(warehouse, name) for name in recorded} == {"incidents": 2, "users": 2}
    rows = warehouse.rows(
        "select severity, state, service_names, resolved_at is not null, is_customer_impacted,"
        " strftime(detected_at, '%Y-%m-%dT%H:%M:%S.%g'), cast_loss_count"
        " from staging.stg_datadog__incidents"
    )
    assert rows == [("SEV-5", "resolved", [], True, False, "2022-02-27T20:20:00.862", 0)] * 2
    assert warehouse.rows("select sum(cast_loss_count) from staging.stg_datadog__users") == [(0,)]

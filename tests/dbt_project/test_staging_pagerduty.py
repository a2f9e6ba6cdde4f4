"""PagerDuty from the wire to staging: counted, typed, without names, and the same however it was read."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.pagerduty.streams import STREAMS
from tests.connectors.pagerduty.account import (
    SMALL,
    ReadAccount,
    open_account,
    open_source,
    story,
    utc,
)
from tests.connectors.workspace import FakeTime
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.loopback import LoopbackServer, Request, Response

SELECTED = ("path:models/staging/pagerduty",)
CHANGING = ("stg_pagerduty__team_members", "stg_pagerduty__incidents", "stg_pagerduty__log_entries")
KINDS = {"pagerduty": "pagerduty"}
SINCE = SMALL.first_day.isoformat()
END = utc(SMALL.until.isoformat())


def book_at(folder: Path) -> EvidenceBook:
    return EvidenceBook(folder, kinds=KINDS)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadAccount]:
    """The account at the end of the story; nothing is read into its own store."""
    with open_account(tmp_path_factory.mktemp("account"), at=END, since=SINCE) as opened:
        yield opened


@pytest.fixture(scope="module")
def staged(account: ReadAccount, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Everything that the account holds, in staging."""
    book = book_at(tmp_path_factory.mktemp("book"))
    source = open_source(account.server.base_url, book.store, account.time, since=SINCE)
    for stream in STREAMS:
        assert source.extract(stream.name, run_id="run").failures == ()
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    return warehouse


def count(warehouse: Warehouse, stream: str) -> int:
    ((found,),) = warehouse.rows(f"select count(*) from staging.stg_pagerduty__{stream}")
    return int(found)


def test_staging_has_as_many_rows_as_the_account_has_records(account: ReadAccount, staged: Warehouse) -> None:
    roster = account.api._roster
    assert {stream.name: count(staged, stream.name) for stream in STREAMS} == {
        "teams": len(roster.members),
        "team_members": sum(len(logins) for logins in roster.members.values()),
        "users": len(roster.people),
        "services": len(story()[0].services),
        "escalation_policies": sum(1 for logins in roster.members.values() if logins),
        "on_calls": 2 * sum(1 for logins in roster.members.values() if logins),
        "incidents": len(account.api.alarms()),
        "log_entries": len(account.api.log()),
    }


def test_nothing_is_lost_on_the_way(staged: Warehouse) -> None:
    for stream in STREAMS:
        lost = staged.rows(f"select sum(cast_loss_count) from staging.stg_pagerduty__{stream.name}")
        assert lost == [(0,)], stream.name


def test_incidents_carry_what_the_metrics_need(account: ReadAccount, staged: Warehouse) -> None:
    rows = staged.rows(
        "select incident_id, service_name, priority, epoch(created_at)::bigint, status,"
        " merged_into_incident_id, epoch(coalesce(resolved_at, last_status_change_at))::bigint"
        " from staging.stg_pagerduty__incidents"
    )
    expected = {
        (
            alarm.id,
            alarm.service,
            f"P{alarm.severity}",
            alarm.at,
            account.api._status(alarm),
            alarm.entries[-1].merged_into,
            [entry.at for entry in alarm.entries if entry.kind in ("trigger", "acknowledge", "resolve")][-1],
        )
        for alarm in account.api.alarms()
    }
    assert set(rows) == expected


def test_the_log_tells_the_end_of_incidents_that_have_none_themselves(staged: Warehouse) -> None:
    rows = staged.rows(
        """
        select incidents.last_status_change_at = entries.created_at
        from staging.stg_pagerduty__incidents as incidents
        join staging.stg_pagerduty__log_entries as entries
            on entries.incident_id = incidents.incident_id and entries.entry_type = 'resolve_log_entry'
        where incidents.status = 'resolved' and incidents.resolved_at is null
        """
    )
    assert rows
    assert all(is_same for (is_same,) in rows)


def test_what_a_note_names_is_kept_as_a_reference_and_nothing_else_of_it(
    account: ReadAccount, staged: Warehouse
) -> None:
    rows = staged.rows(
        """
        select entries.incident_id, found.entry_type, found.incident_id = entries.incident_id,
            referenced_deployment_ids, mentioned_shas, mentioned_issues, referenced_tags
        from staging.stg_pagerduty__log_entries__references as found
        join staging.stg_pagerduty__log_entries as entries using (source, log_entry_id)
        """
    )
    notes = [(alarm.id, entry.note) for alarm, entry in account.api.log() if entry.kind == "annotate"]
    assert len(notes) > 10
    assert sorted(row[0] for row in rows) == sorted(alarm for alarm, _ in notes)
    assert {row[1:3] for row in rows} == {("annotate_log_entry", True)}
    texts = [note for _, note in notes]
    assert sum(len(row[3]) for row in rows) == sum("deployment" in text for text in texts)
    assert sum(len(row[4]) for row in rows) == sum("@" in text for text in texts)
    assert sum(len(row[5]) for row in rows) == sum("#" in text for text in texts)
    assert sum(len(row[6]) for row in rows) == sum("/releases/tag/" in text for text in texts)


def test_every_service_leads_to_its_team_and_to_somebody_on_call(
    account: ReadAccount, staged: Warehouse
) -> None:
    rows = staged.rows(
        """
        select services.name, teams.name, count(distinct on_calls.user_token)
        from staging.stg_pagerduty__services as services
        join staging.stg_pagerduty__teams as teams on list_contains(services.team_ids, teams.team_id)
        join staging.stg_pagerduty__on_calls as on_calls using (escalation_policy_id)
        group by all
        """
    )
    company = story()[0]
    owners = {
        service.name: company.owner_at(service.name, account.api.now).replace("-", " ").title()
        for service in company.services
    }
    assert {name: team for name, team, _ in rows} == owners
    assert all(people in (1, 2) for _, _, people in rows)


def test_one_person_has_one_token_in_every_stream(staged: Warehouse) -> None:
    unknown = staged.rows(
        """
        select user_token from staging.stg_pagerduty__on_calls
        union select user_token from staging.stg_pagerduty__team_members
        except select user_token from staging.stg_pagerduty__users
        """
    )
    assert unknown == []


def test_no_name_address_or_title_reaches_the_warehouse(account: ReadAccount, staged: Warehouse) -> None:
    contents = str(staged.contents())
    people = account.api._people
    for login in account.api._roster.people:
        assert people[login].name not in contents
        assert people[login].email not in contents
    assert not any(alarm.title in contents for alarm in account.api.alarms())


def test_increments_end_in_the_rows_of_one_full_build(tmp_path: Path) -> None:
    middle = END - timedelta(days=100)
    with open_account(tmp_path / "account", at=middle, since=SINCE) as moving:
        book = book_at(tmp_path / "book")
        source = open_source(moving.server.base_url, book.store, moving.time, since=SINCE)
        warehouse = Warehouse(tmp_path / "increments")
        for instant in (middle, END):
            moving.move_to(instant)
            for stream in ("teams", "team_members", "incidents", "log_entries"):
                source.extract(stream, run_id=f"run-{instant}")
            warehouse.build(book.evidence(), select=CHANGING)
        full = Warehouse(tmp_path / "full")
        full.build(book.evidence(), select=CHANGING)
        assert warehouse.contents() == full.contents()


@pytest.fixture(scope="module")
def recorded(payloads: Path) -> list[dict[str, Any]]:
    """Three incidents of a real account, with their logs inside."""
    file = payloads / "devlake/pagerduty/raw_pagerduty_incidents.ndjson.gz"
    return [json.loads(line)["data"] for line in gzip.decompress(file.read_bytes()).splitlines()]


def replaying(incidents: list[dict[str, Any]]) -> Any:
    """Answer as the account would have: its log stood inside the incidents when it was recorded."""
    entries = [entry for incident in incidents for entry in incident["log_entries"]]
    rows = {
        "incidents": [{k: v for k, v in row.items() if k != "log_entries"} for row in incidents],
        "log_entries": entries,
    }

    def answer(request: Request) -> Response:
        name = request.path.removeprefix("/")
        since, until = utc(request.query["since"][:-1]), utc(request.query["until"][:-1])
        found = [row for row in rows[name] if since <= utc(row["created_at"][:-1]) < until]
        page = {name: found, "limit": 100, "offset": 0, "more": False, "total": len(found)}
        return Response(json.dumps(page).encode())

    return answer


def test_incidents_of_a_real_account_arrive_whole(recorded: list[dict[str, Any]], tmp_path: Path) -> None:
    book, time = book_at(tmp_path / "book"), FakeTime(now=utc("2022-11-04"))
    with LoopbackServer(replaying(recorded)) as server:
        source = open_source(server.base_url, book.store, time, since="2022-11-01")
        for name in ("incidents", "log_entries"):
            assert source.extract(name, run_id="run").failures == ()
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    assert count(warehouse, "incidents") == 3
    assert count(warehouse, "log_entries") == sum(len(row["log_entries"]) for row in recorded)
    rows = warehouse.rows(
        "select incident_number, status, urgency, resolved_at, strftime(last_status_change_at, '%H:%M:%S'),"
        " cast_loss_count from staging.stg_pagerduty__incidents order by 1"
    )
    assert rows == [
        (4, "triggered", "high", None, "07:02:36", 0),
        (5, "acknowledged", "high", None, "06:44:37", 0),
        (6, "resolved", "low", None, "06:51:44", 0),
    ]
    losses = warehouse.rows("select sum(cast_loss_count) from staging.stg_pagerduty__log_entries")
    assert losses == [(0,)]

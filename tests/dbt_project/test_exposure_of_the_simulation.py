"""FTE-days of the simulated organisation against a count over its files that shares no code with ours."""

import csv
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.sandbox.company import found
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.roster_files import write_roster
from connectors.sandbox.simulation import play
from orchestration.steps.business_hours import write_working_hours
from tests.connectors.files.file_source import extract
from tests.dbt_project.warehouse import REPORTING, EvidenceBook, Warehouse, config_tables, contracts

SMALL = Parameters(months=6, services=4, until=date(2026, 7, 1))
FIRST, END = date(2026, 1, 5), date(2026, 7, 1)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counted(folder: Path) -> dict[tuple[str, str], Decimal]:
    """FTE-days by team and month: every weekday of every row, without days away."""
    away = {
        (row["person_id"], date.fromisoformat(row["from_date"]) + timedelta(number))
        for row in rows_of(folder / "leave.csv")
        for number in range(
            (date.fromisoformat(row["until_date"]) - date.fromisoformat(row["from_date"])).days
        )
    }
    found_days: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows_of(folder / "roster.csv"):
        day = max(FIRST, date.fromisoformat(row["valid_from"]), date.fromisoformat(row["employment_from"]))
        ends = [date.fromisoformat(row[key]) for key in ("valid_until", "employment_until") if row[key]]
        while day < min([END, *ends]):
            if day.weekday() < 5 and (row["person_id"], day) not in away:
                found_days[row["team"], f"{day:%Y-%m}"] += Decimal(row["fte_ratio"])
            day += timedelta(1)
    return found_days


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Warehouse]:
    """The roster at the story's end, and the models from it to exposure."""
    folder = tmp_path_factory.mktemp("roster")
    company = found(SMALL)
    write_roster(company, play(company).events, folder, until=SMALL.ends_at)
    book = EvidenceBook(tmp_path_factory.mktemp("book"), kinds={"roster": "roster"})
    extract(book.store, folder, kind="roster", people="roster.csv", leave="leave.csv")
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    coverage = {"coverage_until": REPORTING["coverage_from"] + (END - FIRST)}
    owner = {"service_id": "checkout", "team_id": "payments", "valid_from": REPORTING["coverage_from"]}
    config = config_tables(reporting=[{**REPORTING, **coverage}], service_owners=[owner])
    warehouse.build(book.evidence(), config=config, select=("path:models/staging",))
    with warehouse.connection() as con:
        write_working_hours(con)
    ends = ("+int_team_exposure_days", "int_team_memberships_dated", "+int_service_owners_dated")
    above = ("--select", *ends, "--exclude", "path:models/staging")
    assert {str(row.status) for row in warehouse.dbt("build", *above)} <= {"success", "pass"}
    return folder, warehouse


def test_exposure_equals_an_independent_count_over_the_exported_files(built: tuple[Path, Warehouse]) -> None:
    folder, warehouse = built
    rows = warehouse.rows(
        "select team_id, strftime(exposure_date, '%Y-%m'), sum(own_fte_days) "
        "from intermediate.int_team_exposure_days group by all having sum(own_fte_days) > 0"
    )
    expected = counted(folder)
    assert len(expected) > 10
    assert {(team, month): days for team, month, days in rows} == expected


@pytest.mark.parametrize(
    ("model", "fault", "red"),
    [
        ("int_team_exposure_days", "own_fte_days = fte_days + 1", "own_exposure_is_part_of_the_whole"),
        ("int_team_member_days", "fte_days = 1.5", "a_day_of_a_member_is_at_most_a_day"),
        ("int_team_assignments", "fte_units = 10001", "an_assignment_is_at_most_full_time"),
        ("int_team_assignments", "valid_until = valid_from", "an_assignment_ends_after_it_begins"),
        ("int_team_memberships_dated", "valid_until = valid_from", "a_membership_ends_after_it_begins"),
        ("int_team_memberships_dated", "person_token = 'x', valid_from = now()", "unique_together"),
        ("int_team_employments", "valid_until = valid_from", "an_employment_ends_after_it_begins"),
        ("int_team_membership_statements", "valid_until = valid_from", "a_statement_on_a_member"),
        ("int_team_placements", "valid_until = valid_from", "a_placement_ends_after_it_begins"),
        ("int_team_paths", "valid_until = valid_from", "a_team_path_ends_after_it_begins"),
        ("int_service_owner_statements", "valid_until = valid_from", "a_statement_on_a_service"),
        ("int_service_owner_claims", "valid_until = valid_from", "a_claim_ends_after_it_begins"),
        ("int_service_owners_dated", "valid_until = valid_from", "an_ownership_ends_after_it_begins"),
    ],
)
def test_a_planted_fault_turns_the_models_check_red(
    built: tuple[Path, Warehouse], model: str, fault: str, red: str
) -> None:
    _, warehouse = built
    with warehouse.connection() as con:
        con.execute(f"create or replace table kept as from intermediate.{model}")
        con.execute(f"update intermediate.{model} set {fault}")
    try:
        results = warehouse.dbt("test", "--select", model)
    finally:
        with warehouse.connection() as con:
            con.execute(f"delete from intermediate.{model}; insert into intermediate.{model} from kept")
    assert any(row.status == "fail" and row.node.name.startswith(red) for row in results)


@pytest.mark.parametrize(
    ("mart", "row", "red"),
    [
        (
            "mart_ownership_coverage",
            "select 'changes' as fact, 3 as event_count, 1 as owned_event_count, 1 as unowned_event_count",
            "owned_and_unowned_add_up",
        ),
        ("mart_unowned", "select 'changes' as fact, 'because' as reason", "accepted_values"),
        (
            "mart_ownership_conflicts",
            "select 'a' as service_id, now() as valid_from, now() as valid_until",
            "a_conflict_ends_after_it_begins",
        ),
    ],
)
def test_a_planted_row_turns_the_marts_check_red(
    built: tuple[Path, Warehouse], mart: str, row: str, red: str
) -> None:
    _, warehouse = built
    columns = ", ".join(f"{name} {kind}" for name, kind in contracts()[mart].items())
    with warehouse.connection() as con:
        con.execute("create schema if not exists marts")
        con.execute(f"create or replace table marts.{mart} ({columns})")
        con.execute(f"insert into marts.{mart} by name {row}")
    results = warehouse.dbt("test", "--select", mart)
    assert any(each.status == "fail" and each.node.name.startswith(red) for each in results)

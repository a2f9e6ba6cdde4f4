"""A roster from its file to staging: counted by another parser, people as tokens, the same in any steps."""

import csv
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from connectors.sandbox.company import Company, found
from connectors.sandbox.events import Event
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.roster_files import write_roster
from connectors.sandbox.simulation import play
from tests.connectors.files.file_source import extract
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SELECTED = ("path:models/staging/roster",)
SMALL = Parameters(months=6, services=4, until=date(2026, 7, 1))
SETTINGS = {"kind": "roster", "people": "roster.csv", "leave": "leave.csv"}


def book_at(folder: Path) -> EvidenceBook:
    return EvidenceBook(folder, kinds={"roster": "roster"})


@cache
def story() -> tuple[Company, Sequence[Event]]:
    company = found(SMALL)
    return company, play(company).events


def written(folder: Path, until: int) -> None:
    write_roster(*story(), folder, until=until)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Warehouse]:
    """The roster of the simulated organisation at the story's end, in staging."""
    folder = tmp_path_factory.mktemp("roster")
    written(folder, SMALL.ends_at)
    book = book_at(tmp_path_factory.mktemp("book"))
    reports = extract(book.store, folder, **SETTINGS)
    assert all(report.failures == () for report in reports.values())
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    return folder, warehouse


def test_every_row_of_the_file_is_a_row_of_staging_with_the_same_values(
    staged: tuple[Path, Warehouse],
) -> None:
    folder, warehouse = staged
    expected = sorted(
        (
            row["valid_from"],
            row["valid_until"],
            float(row["fte_ratio"]),
            row["level"],
            row["site"],
            row["team"],
        )
        for row in rows_of(folder / "roster.csv")
    )
    columns = (
        "valid_from_date::varchar, coalesce(valid_until_date::varchar, ''), fte_ratio, level, site, team"
    )
    found_rows = warehouse.rows(f"select {columns} from staging.stg_roster__employments order by all")
    assert found_rows == expected
    assert warehouse.rows("select count(*) from staging.stg_roster__leave") == [
        (len(rows_of(folder / "leave.csv")),)
    ]


def test_nothing_is_lost_and_nobody_is_named(staged: tuple[Path, Warehouse]) -> None:
    folder, warehouse = staged
    for model in ("employments", "leave"):
        query = (
            f"select sum(cast_loss_count), count(*) - count(person_token) from staging.stg_roster__{model}"
        )
        assert warehouse.rows(query) == [(0, 0)]
    text = repr(warehouse.contents())
    for row in rows_of(folder / "roster.csv"):
        assert row["name"] not in text
        assert row["email"] not in text


def test_people_have_one_token_and_managers_are_people_of_the_roster(
    staged: tuple[Path, Warehouse],
) -> None:
    folder, warehouse = staged
    people = {row["person_id"] for row in rows_of(folder / "roster.csv")}
    counted = warehouse.rows("select count(distinct person_token) from staging.stg_roster__employments")
    assert counted == [(len(people),)]
    strangers = warehouse.rows(
        "select count(*) from staging.stg_roster__employments where manager_token is not null"
        " and manager_token not in (select person_token from staging.stg_roster__employments)"
    )
    assert strangers == [(0,)]
    (managed,) = warehouse.rows("select count(manager_token) > 0 from staging.stg_roster__employments")
    assert managed == (True,)


def test_months_of_rosters_end_in_the_rows_of_the_last_one(tmp_path: Path) -> None:
    steps, once = book_at(tmp_path / "steps"), book_at(tmp_path / "once")
    slow, full = Warehouse(tmp_path / "slow"), Warehouse(tmp_path / "full")
    quarter = (SMALL.ends_at - SMALL.starts_at) // 2
    for number in range(3):
        written(tmp_path, SMALL.starts_at + number * quarter)
        for report in extract(steps.store, tmp_path, run_id=f"run{number}", **SETTINGS).values():
            assert report.failures == ()
        slow.build(steps.evidence(), select=SELECTED)
    extract(once.store, tmp_path, **SETTINGS)
    full.build(once.evidence(), select=SELECTED)
    query = (
        "select person_token, valid_from_date, valid_until_date, team, manager_token, line_number"
        " from staging.stg_roster__employments order by all"
    )
    assert len(slow.rows(query)) > 0
    assert slow.rows(query) == full.rows(query)

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.house.company import END, company
from tests.house.every_source import clock_at
from tests.house.rows import hashes_of_rows

WHOLE_LISTS = (
    "repositories",
    "teams",
    "team_members",
    "members",
    "tags",
    "releases",
    "deployments",
    "commits",
)
CHILDREN = (
    "item_details",
    "reviews",
    "pull_request_commits",
    "timeline",
    "deployment_statuses",
)
BEGIN = datetime(2026, 5, 10, tzinfo=UTC)


def random_instants(seed: int, count: int) -> list[datetime]:
    chance = random.Random(seed)
    span = int((END - BEGIN).total_seconds())
    return sorted(BEGIN + timedelta(seconds=chance.randrange(span)) for _ in range(count))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1])
def test_any_history_of_runs_ends_in_the_rows_of_one_full_refresh(tmp_path: Path, seed: int) -> None:
    first, *later = random_instants(seed, 3)
    with clock_at(first), company(tmp_path, at=first, seed=seed) as grown:
        grown.run()
        for instant in [*later, END]:
            grown.move_to(instant)
            with clock_at(instant):
                grown.run()
        by_increments = hashes_of_rows(grown.workspace.warehouse)
        with clock_at(END):
            grown.run(is_full_refresh=True)
        assert by_increments == hashes_of_rows(grown.workspace.warehouse)


@pytest.mark.slow
def test_a_second_run_without_news_moves_no_body_and_builds_nothing(tmp_path: Path) -> None:
    with company(tmp_path) as unchanged:
        first = unchanged.run()
        before = unchanged.server.counters()
        second = unchanged.run()
        after = unchanged.server.counters()
    at_first = {(report.source, report.stream): report for report in first.reports}
    for report in second.reports:
        if report.source == "github" and report.stream in WHOLE_LISTS:
            assert report.not_modified == report.requests, report.stream
            assert (report.pages, report.bytes) == (0, 0), report.stream
        else:  # the overlap of the two windows comes again, and no more
            assert report.bytes <= at_first[report.source, report.stream].bytes / 4, report.stream
        if report.stream in CHILDREN:
            assert report.requests == 0, report.stream
    assert after["requests"] - before["requests"] < before["requests"] / 8
    assert second.models_built == 0
    assert not second.is_published_anew
    assert second.publication == first.publication


def test_a_planted_row_makes_the_comparison_of_histories_fail(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema marts")
        for table in ("fct_reviews", "fct_issues"):
            con.execute(f"create table marts.{table} as select 1 as id, [7] as record_ids")
    before = hashes_of_rows(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("update marts.fct_issues set record_ids = [8]")
        con.execute("insert into marts.fct_reviews select * from marts.fct_reviews")
    after = hashes_of_rows(warehouse)
    assert {table for table in before if before[table] != after[table]} == {"marts.fct_reviews"}

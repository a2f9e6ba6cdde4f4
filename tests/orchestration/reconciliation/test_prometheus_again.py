"""A day of samples, counted by Prometheus itself beside what staging holds of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.prometheus.observed import observe
from tests.connectors.prometheus.organisation import QUERIES, at_end, company_api
from tests.orchestration.reconciliation.staged_source import StagedSource, folder_of, verdicts
from tests.replay.vendor_api import VendorApi

SAMPLES = "range_samples"
LAST_DAY = "sampled_at >= timestamptz '2026-06-29 00:00:00+00' and sampled_at < '2026-06-30 00:00:00+00'"
"""The newest whole day that was read: the run took place at six o'clock of the thirtieth."""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagedSource]:
    folder = tmp_path_factory.mktemp("again")
    server = VendorApi(company_api(), prefix="prometheus")
    with observe(folder, server, now=at_end(hours=-18), queries=QUERIES, since="2026-06-27") as observed:
        source = observed.source
        assert source.extract(SAMPLES, run_id="run").failures == ()
        staged = StagedSource("prometheus", source, observed.store, folder_of(folder))
        staged.stage(SAMPLES)
        yield staged


@pytest.fixture
def staged(read: StagedSource) -> StagedSource:
    read.write_anew()
    return read


def test_each_query_is_counted_over_the_newest_whole_day(staged: StagedSource) -> None:
    rows = staged.totals(SAMPLES)
    assert {row["scope"] for row in rows} == {query["name"] for query in QUERIES}
    assert verdicts(rows) == {"compared"}
    assert {str(row["created_before"]) for row in rows} == {"2026-06-30 00:00:00+00:00"}
    assert all(row["total_count"] == row["staged_count"] > 0 for row in rows), rows
    assert staged.red() == {}


def test_samples_that_are_missing_of_that_day_are_told(staged: StagedSource) -> None:
    staged.spoil(
        f"delete from staging.stg_prometheus__{SAMPLES} where query_name = 'up' and {LAST_DAY} "
        "and hour(sampled_at) = 7"
    )
    staged.totals(SAMPLES)
    red = staged.red()
    assert set(red) == {("source_totals_arrived", SAMPLES)}
    assert "up" in red["source_totals_arrived", SAMPLES].offenders[0]


def test_samples_that_stand_twice_are_told(staged: StagedSource) -> None:
    staged.spoil(
        f"insert into staging.stg_prometheus__{SAMPLES} select * from staging.stg_prometheus__{SAMPLES} "
        f"where query_name = 'errors' and {LAST_DAY}"
    )
    staged.totals(SAMPLES)
    assert set(staged.red()) == {("source_totals_not_exceeded", SAMPLES)}


def test_a_day_that_was_read_in_part_is_not_asked_for(tmp_path: Path) -> None:
    server = VendorApi(company_api(), prefix="prometheus")
    with observe(tmp_path, server, now=at_end(hours=-18), queries=QUERIES, since="2026-06-30") as observed:
        source = observed.source
        source.extract(SAMPLES, run_id="run")
        staged = StagedSource("prometheus", source, observed.store, folder_of(tmp_path))
        staged.stage(SAMPLES)
        assert staged.totals(SAMPLES) == []

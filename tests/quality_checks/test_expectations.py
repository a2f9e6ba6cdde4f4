"""The expectation suites: green on a sound landing and mart, red on each planted fault, never skipped."""

import subprocess
import sys

import duckdb
import pytest

from quality_checks.expectations import run_suites
from quality_checks.results import CheckResult
from quality_checks.suites import METRIC_VALUES, SUITES
from tests.quality_checks.faults import EXPECTATION_FAULTS, Fault

DECLARED = {expectation.name: suite for suite in SUITES for expectation in suite.expectations}


def outcome(con: duckdb.DuckDBPyConnection, name: str) -> CheckResult:
    return next(r for r in run_suites(con, [DECLARED[name]], scope="all") if r.name == name)


def test_sound_data_meets_every_expectation(warehouse: duckdb.DuckDBPyConnection) -> None:
    results = run_suites(warehouse, SUITES, scope="all")

    assert [result for result in results if not result.is_passed] == []
    assert [result.name for result in results] == list(DECLARED)


def test_every_expectation_has_a_planted_fault() -> None:
    assert set(DECLARED) - {fault.check for fault in EXPECTATION_FAULTS} == set()


@pytest.mark.parametrize("fault", [pytest.param(f, id=f"{f.check}: {f.says}") for f in EXPECTATION_FAULTS])
def test_a_planted_fault_turns_its_expectation_red(
    warehouse: duckdb.DuckDBPyConnection, fault: Fault
) -> None:
    warehouse.execute(fault.sql)

    result = outcome(warehouse, fault.check)

    assert not result.is_passed
    assert result.remedy


def test_an_offender_is_named_by_its_key_and_its_values(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("update staging.stg_github__pull_requests set state = 'ajar' where pull_request_id = 2")

    assert outcome(warehouse, "pull_request_states_are_known").offenders == ("2: state ajar",)


def test_a_suite_whose_relation_is_missing_is_red_in_all_its_expectations() -> None:
    with duckdb.connect() as con:
        results = run_suites(con, [METRIC_VALUES], scope="all")

    assert len(results) == len(METRIC_VALUES.expectations)
    assert not any(result.is_passed for result in results)
    assert "could not run" in results[0].message


def test_a_suite_whose_column_is_missing_is_red(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("alter table marts.mart_metric_values drop column n")

    assert not outcome(warehouse, "sample_sizes_are_present").is_passed


def test_a_workspace_that_reads_no_pull_requests_runs_no_suite_on_them(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute("delete from raw.fetch_windows; delete from raw.evidence_pages")

    subjects = {result.subject for result in run_suites(warehouse, SUITES, scope="all")}

    assert subjects == {"marts.mart_metric_values"}


def test_listing_the_checks_does_not_import_great_expectations() -> None:
    program = (
        "import sys, quality_checks; quality_checks.declared_checks(); "
        "sys.exit(bool({'great_expectations', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

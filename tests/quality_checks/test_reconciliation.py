"""Every comparison is green on sound data and red on the fault that it exists for."""

import duckdb
import pytest

from quality_checks import run_reconciliation
from quality_checks.checks import comparisons
from quality_checks.comparisons import compare
from quality_checks.landed_records import count_landed_records
from quality_checks.results import CheckResult
from quality_checks.streams import STREAMS
from tests.quality_checks.evidence import places
from tests.quality_checks.faults import FAULTS, Fault

DECLARED = {
    (comparison.name, subject): comparison for comparison in comparisons() for subject in comparison.subjects
}
STREAM_OF = {name: contract for contract in STREAMS for name in (contract.raw, contract.staging)}


def subjects_of(fault: Fault) -> list[str]:
    """Every subject that a fault can be planted in."""
    return [
        subject
        for name, subject in DECLARED
        if name == fault.check and subject in (fault.subjects or (subject,))
    ]


def plant(con: duckdb.DuckDBPyConnection, fault: Fault, subject: str) -> None:
    contract = STREAM_OF.get(subject)
    names = {"kind": contract.kind, "stream": contract.stream} if contract else {}
    con.execute(fault.sql.format(subject=subject, **names))


def outcomes(con: duckdb.DuckDBPyConnection, check: str) -> dict[str, CheckResult]:
    count_landed_records(con)
    return {
        result.subject: result
        for comparison in comparisons()
        if comparison.name == check
        for result in compare(con, comparison, scope="all")
    }


def test_sound_data_is_green_in_every_check(warehouse: duckdb.DuckDBPyConnection) -> None:
    results = run_reconciliation(warehouse, expected=places())

    assert [result for result in results if not result.is_passed] == []
    assert {(result.name, result.subject) for result in results} == set(DECLARED)


def test_every_comparison_has_a_planted_fault_on_every_subject() -> None:
    assert (
        set(DECLARED) - {(fault.check, subject) for fault in FAULTS for subject in subjects_of(fault)}
        == set()
    )


@pytest.mark.parametrize("fault", [pytest.param(f, id=f"{f.check}: {f.says}") for f in FAULTS])
def test_a_planted_fault_turns_its_check_red(warehouse: duckdb.DuckDBPyConnection, fault: Fault) -> None:
    subjects = subjects_of(fault)
    for subject in subjects:
        plant(warehouse, fault, subject)

    found = outcomes(warehouse, fault.check)

    assert [subject for subject in subjects if found[subject].is_passed] == []
    assert all(found[subject].offender_count >= 1 and found[subject].remedy for subject in subjects)


def test_a_fault_in_one_stream_leaves_the_others_green(warehouse: duckdb.DuckDBPyConnection) -> None:
    fault = next(fault for fault in FAULTS if fault.check == "window_record_counts_match")
    plant(warehouse, fault, "raw.github__reviews")

    found = outcomes(warehouse, fault.check)

    assert [subject for subject, result in found.items() if not result.is_passed] == ["raw.github__reviews"]


def test_a_total_that_a_newer_window_covers_no_longer_matters(warehouse: duckdb.DuckDBPyConnection) -> None:
    fault = next(fault for fault in FAULTS if fault.check == "claimed_totals_nearly_arrived")
    plant(warehouse, fault, "raw.github__workflow_runs")
    warehouse.execute("""
        insert into raw.fetch_windows
        select * replace (
            window_index + 1000 as window_index, record_count as claimed_total,
            started_at + interval 1 day as started_at
        )
        from raw.fetch_windows
        where stream = 'workflow_runs'
    """)

    assert outcomes(warehouse, fault.check)["raw.github__workflow_runs"].is_passed


def test_one_record_that_vanished_while_the_list_was_read_does_not_block(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    fault = next(fault for fault in FAULTS if fault.check == "claimed_totals_arrived")
    plant(warehouse, fault, "raw.github__workflow_runs")

    assert outcomes(warehouse, "claimed_totals_nearly_arrived")["raw.github__workflow_runs"].is_passed


def test_a_repository_that_the_source_lists_and_nobody_read_is_missed(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        "insert into staging.stg_github__repositories by name "
        "select 'github' as source, 'acme/forgotten' as repository, 99 as repository_id, 99 as record_id, "
        "0 as cast_loss_count"
    )

    results = run_reconciliation(warehouse, layers=["extraction"], expected=places())

    missed = {result.subject for result in results if not result.is_passed}
    assert {"raw.github__pull_requests", "raw.github__deployments"} <= missed
    assert not any(subject.startswith("raw.git__") for subject in missed)
    assert "raw.github__teams" not in missed

"""Every comparison is green on sound data and red on the fault that it exists for."""

import duckdb
import pytest

from quality_checks import run_reconciliation
from quality_checks.checks import COMPARISONS
from quality_checks.comparisons import Comparison, compare
from quality_checks.landed_records import count_landed_records
from quality_checks.results import CheckResult
from quality_checks.streams import STREAMS
from tests.quality_checks.evidence import places
from tests.quality_checks.faults import FAULTS, Fault

DECLARED = {
    (comparison.name, subject): comparison for comparison in COMPARISONS for subject in comparison.subjects
}
STREAM_OF = {name: contract for contract in STREAMS for name in (contract.raw, contract.staging)}


def planted() -> list[tuple[Fault, str]]:
    """Each fault on each subject that it can be planted in."""
    return [
        (fault, subject)
        for fault in FAULTS
        for name, subject in DECLARED
        if name == fault.check and subject in (fault.subjects or (subject,))
    ]


def outcome(con: duckdb.DuckDBPyConnection, comparison: Comparison, subject: str) -> CheckResult:
    count_landed_records(con)
    return next(result for result in compare(con, comparison, scope="all") if result.subject == subject)


def test_sound_data_is_green_in_every_check(warehouse: duckdb.DuckDBPyConnection) -> None:
    results = run_reconciliation(warehouse, expected=places())

    assert [result for result in results if not result.is_passed] == []
    assert {(result.name, result.subject) for result in results} == set(DECLARED)


def test_every_comparison_has_a_planted_fault_on_every_subject() -> None:
    assert set(DECLARED) - {(fault.check, subject) for fault, subject in planted()} == set()


@pytest.mark.parametrize(
    ("fault", "subject"), [pytest.param(f, s, id=f"{f.check}: {f.says} ({s})") for f, s in planted()]
)
def test_a_planted_fault_turns_its_check_red(
    warehouse: duckdb.DuckDBPyConnection, fault: Fault, subject: str
) -> None:
    contract = STREAM_OF.get(subject)
    names = {"kind": contract.kind, "stream": contract.stream} if contract else {}
    warehouse.execute(fault.sql.format(subject=subject, **names))

    result = outcome(warehouse, DECLARED[fault.check, subject], subject)

    assert not result.is_passed
    assert result.offender_count >= 1
    assert result.remedy

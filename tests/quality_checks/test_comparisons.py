"""The engine behind reconciliation: tolerance, direction, offenders, and refusal to pass what did not run."""

import dataclasses

import duckdb
import pytest
import yaml

from orchestration.dbt_runner import PROJECT
from quality_checks.comparisons import Comparison, compare
from quality_checks.results import CheckResult, blocking_failures
from quality_checks.value_comparisons import COMPUTED_METRICS

EQUAL = Comparison(
    name="events_arrived",
    subjects=("marts.events",),
    layer="facts",
    sentence="Every event arrives.",
    left="select 'a' as item, 2::bigint as value",
    right="select 'a' as item, 2::bigint as value",
    measure="events",
    remedy="Look.",
)


def run(comparison: Comparison) -> CheckResult:
    with duckdb.connect() as con:
        (result,) = compare(con, comparison, scope="all of it")
    return result


def differing(**changes: object) -> CheckResult:
    return run(dataclasses.replace(EQUAL, **changes))


def test_two_equal_sides_pass_and_say_how_much_they_hold() -> None:
    result = run(EQUAL)
    assert (result.is_passed, result.observed, result.expected) == (True, "2 events", "2 events")
    assert result.message == "Every event arrives. 2 events found, 2 asked for."
    assert result.remedy == ""


def test_an_item_of_one_side_only_differs() -> None:
    missing = differing(right="select 'b' as item, 2::bigint as value")
    assert missing.offenders == ("a: 0 instead of 2", "b: 2 instead of 0")


def test_equal_totals_do_not_hide_two_differences() -> None:
    result = differing(
        left="select unnest(['a', 'b']) as item, 2::bigint as value",
        right="select unnest(['a', 'b']) as item, unnest([1, 3])::bigint as value",
    )
    assert (result.observed, result.expected, result.offender_count) == ("4 events", "4 events", 2)
    assert not result.is_passed


@pytest.mark.parametrize(("tolerance", "is_passed"), [(0, False), (1, True)])
def test_a_tolerance_is_per_item(tolerance: int, *, is_passed: bool) -> None:
    result = differing(right="select 'a' as item, 3::bigint as value", tolerance=tolerance)
    assert result.is_passed is is_passed


def test_at_least_forgives_more_and_never_less() -> None:
    assert differing(rule="at_least", right="select 'a' as item, 3::bigint as value").is_passed
    assert not differing(rule="at_least", right="select 'a' as item, 1::bigint as value").is_passed


def test_the_first_twenty_offenders_are_named_and_all_are_counted() -> None:
    result = differing(
        left="select i as item, 1::bigint as value from range(50) as t(i)",
        right="select 0 as item, 0 as value where false",
    )
    assert result.offender_count == 50
    assert result.offenders[0] == "0: 0 instead of 1"
    assert len(result.offenders) == 20


def test_a_comparison_that_cannot_run_is_red() -> None:
    result = differing(right="select item, value from marts.not_there")
    assert not result.is_passed
    assert "could not run" in result.message
    assert result.remedy == "Look."


def test_a_subject_without_rows_passes_with_nothing_and_an_undeclared_one_is_reported() -> None:
    comparison = dataclasses.replace(
        EQUAL,
        subjects=("raw.a", "raw.b"),
        left="select unnest(['raw.a', 'raw.z']) as subject, 1 as item, 1::bigint as value",
        right="select 'raw.a' as subject, 1 as item, 1::bigint as value",
    )
    with duckdb.connect() as con:
        results = compare(con, comparison, scope="all")
    assert [(result.subject, result.is_passed) for result in results] == [
        ("raw.a", True),
        ("raw.b", True),
        ("raw.z", False),
    ]


def test_only_blocking_failures_stop_publication() -> None:
    red = differing(right=NOTHING)
    warning = differing(right=NOTHING, severity="warning")
    assert blocking_failures([run(EQUAL), red, warning]) == [red]


def test_a_result_is_a_row_of_plain_values() -> None:
    row = differing(right=NOTHING).as_row()
    assert row["offenders"] == ["a: 0 instead of 2"]
    assert set(row) == {field.name for field in dataclasses.fields(CheckResult)}


NOTHING = "select 'a' as item, 0::bigint as value where false"


def test_every_metric_is_computed_a_second_time() -> None:
    files = (PROJECT / "models" / "semantic").glob("*.yml")
    metrics = {
        metric["name"]
        for file in files
        for metric in yaml.safe_load(file.read_text(encoding="utf-8")).get("metrics", [])
    }
    assert metrics == COMPUTED_METRICS

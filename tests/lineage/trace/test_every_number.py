"""Every number of every published mart can be traced, or says why not and where to look.

Each fact's records are read elsewhere; here every number is formed again from its facts, exactly.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pytest

from lineage.errors import LineageError
from lineage.trace import Databases, Trace, trace
from lineage.trace.mart_columns import NotTraced, route_of
from tests.docs.organisation import organisation
from tests.lineage.trace.every_number import Number, column_numbers, metric_numbers, routes


class NoEvidence:
    """The told organisation has no evidence: its record ids are only numbers."""

    def records(self, record_ids: Iterable[int]) -> Sequence[Any]:  # noqa: ARG002 - the port's
        return []

    def redactions(self) -> Sequence[Any]:
        return []


@pytest.fixture(scope="module")
def told() -> duckdb.DuckDBPyConnection:
    con = organisation().build().con
    con.execute("set TimeZone = 'UTC'")
    con.execute("alter table raw.fetch_windows add column closed_at timestamptz")  # which no model reads
    return con


pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def traced(told: duckdb.DuckDBPyConnection, number: Number) -> Trace:
    return trace(
        told,
        number.metric,
        scope_kind=number.scope_kind,
        scope_id=number.scope_id,
        period_grain=number.grain,
        period_start=number.start,
        records=NoEvidence(),
        asked=number.asked,
        databases=Databases(published=told, warehouse=told),
    )


def faults(told: duckdb.DuckDBPyConnection, numbers: Iterable[Number]) -> tuple[int, list[str]]:
    """How many numbers there were, and which of them cannot be formed again."""
    count, wrong = 0, []
    for number in numbers:
        count += 1
        try:
            found = traced(told, number)
        except LineageError as error:
            wrong.append(f"{number}: {error}")
            continue
        again = [*(found.comparison.formed if found.comparison else ())]
        again += found.service_level.formed if found.service_level else ()
        if not found.recomputed.is_equal or not all(one.is_equal for one in again):
            wrong.append(
                f"{number}: {found.recomputed.differences} {[one for one in again if not one.is_equal]}"
            )
    return count, wrong


def test_every_metric_is_traced_for_every_kind_of_scope_and_grain(told: duckdb.DuckDBPyConnection) -> None:
    count, wrong = faults(told, metric_numbers(told))
    assert wrong == []
    kinds = {(one.scope_kind, one.grain) for one in metric_numbers(told)}
    assert kinds >= {
        (kind, grain) for kind in ("service", "organisation") for grain in ("day", "week", "month")
    }
    assert count > 300


def test_every_number_of_a_mart_is_formed_again_exactly(told: duckdb.DuckDBPyConnection) -> None:
    count, wrong = faults(told, column_numbers(told))
    assert wrong == []
    assert count > 250


def test_each_numeric_column_has_a_way_or_a_reason_that_says_where_to_look(
    told: duckdb.DuckDBPyConnection,
) -> None:
    found = routes(told)
    assert len(found) > 300
    assert [pair for pair, route in found.items() if route is None] == []
    reasons = {route.reason for route in found.values() if isinstance(route, NotTraced)}
    assert all(len(reason.split()) > 6 for reason in reasons)


def test_a_column_that_nobody_has_thought_of_has_no_way() -> None:
    assert route_of("mart_flow_weekly", "work_forgotten", {"throughput"}) is None
    assert route_of("mart_of_tomorrow", "value", {"throughput"}) is None


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        (
            "update marts.mart_flow_weekly set work_in_progress = work_in_progress + 1",
            "mart_flow_weekly.work_in_progress",
        ),
        (
            (
                "update marts.mart_lead_time_breakdown "
                "set change_review_time_share = change_review_time_share + 0.000000001"
            ),
            "mart_lead_time_breakdown.change_review_time_share",
        ),
        ("update marts.mart_dora_monthly set change_lead_time = 1", "mart_dora_monthly.change_lead_time"),
        ("update marts.mart_team_scorecard set value = value + 0.000000001", "mart_team_scorecard.value"),
        (
            "update marts.mart_slo_attainment set spent_units = spent_units + 1",
            "mart_slo_attainment.attainment_ratio",
        ),
        (
            "update intermediate.int_sli_slices set good_count = good_count - 1 where good_count > 1",
            "mart_slo_attainment.attainment_ratio",
        ),
    ],
)
def test_a_number_that_was_altered_is_told_apart(
    told: duckdb.DuckDBPyConnection, fault: str, number: str
) -> None:
    sound = [one for one in column_numbers(told) if one.metric == f"marts.{number}"][:6]
    assert faults(told, sound)[1] == []
    told.execute("begin")
    try:
        told.execute(fault)
        assert faults(told, sound)[1] != []
    finally:
        told.execute("rollback")

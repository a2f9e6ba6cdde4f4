"""The values of an incentive metric as the gate looks at them: with team size, place and companions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from governance.circumstances import CellKey, CellSummary, CellUnderReview
from governance.jurisdictions import JurisdictionBook
from governance.policies import PERSON, MetricPolicy

_CELLS = """
with cells as (
    select
        scope_kind, scope_id, period_grain, period_start, period_end, n, flags, dispositions_unknown_share
    from {catalog}.marts.mart_metric_values
    where metric = $metric and list_contains($scope_kinds, scope_kind) and value is not null
),
beside as (
    select scope_kind, scope_id, period_grain, period_start, list(distinct metric) as metrics
    from {catalog}.marts.mart_metric_values
    where list_contains($companions, metric) and value is not null
    group by all
),
sizes as (
    -- the smallest of the months and quarters that a period touches, as the mart's own withholding has it
    select cells.scope_id, cells.period_grain, cells.period_start, min(exposed.team_size) as team_size
    from cells
    inner join {catalog}.intermediate.int_team_exposure_periods as exposed
        on cells.scope_kind = 'team'
        and exposed.team_id = cells.scope_id
        and exposed.period_start < cells.period_end
        and cells.period_start < cast(
            exposed.period_start
            + if(exposed.period_grain = 'quarter', interval 3 months, interval 1 month) as date
        )
    where exposed.period_grain in ('month', 'quarter')
    group by all
)
select
    cells.scope_kind, cells.scope_id, cells.period_grain, cells.period_start, cells.period_end, cells.n,
    coalesce(cells.flags, []), cells.dispositions_unknown_share, sizes.team_size, coalesce(beside.metrics, [])
from cells
left join beside using (scope_kind, scope_id, period_grain, period_start)
left join sizes using (scope_id, period_grain, period_start)
"""
_PLACES = "select team_path, valid_from, valid_until from {catalog}.marts.dim_teams"
_MEASURED = """
select distinct places.team_id
from {catalog}.marts.dim_teams as places
inner join (
    select distinct scope_id from {catalog}.marts.mart_metric_values
    where metric = $metric and scope_kind = 'team'
) as cells on list_contains(places.team_path, cells.scope_id)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a team stood in the organisation during [valid_from, valid_until), from near to far."""

    team_path: tuple[str, ...]
    valid_from: date
    valid_until: date


def read_cells(
    con: duckdb.DuckDBPyConnection,
    catalog: str,
    metric: str,
    *,
    policy: MetricPolicy,
    bounds: Sequence[str],
    jurisdictions: JurisdictionBook,
) -> tuple[CellUnderReview, ...]:
    """Return every value that a metric would show.

    Args:
        con: Where the warehouse is attached.
        catalog: Its name there.
        metric: Whose values.
        policy: What the metric is held to.
        bounds: Metrics that show both bounds; empty where it hangs on no causes.
        jurisdictions: Where teams lie.

    Raises:
        duckdb.Error: the warehouse lacks what a value is judged by.
    """
    companions = list(dict.fromkeys((*policy.counter_metrics, *bounds)))
    rows = con.execute(
        _CELLS.format(catalog=catalog),
        {"metric": metric, "scope_kinds": list(policy.scope_kinds), "companions": companions},
    ).fetchall()
    places = _places(con, catalog)
    known: dict[tuple[str, date, date], frozenset[str] | None] = {}
    cells = []
    for kind, scope, grain, start, end, n, flags, unknown_share, team_size, beside in rows:
        key = (scope, start, end)
        if key not in known:
            known[key] = jurisdictions.of_paths(_paths(places.get(scope, ()), start, end))
        cells.append(
            CellUnderReview(
                key=CellKey(metric, kind, scope, grain, start),
                n=n,
                flags=frozenset(flags),
                team_size=team_size,
                jurisdictions=None if kind == PERSON else known[key],
                dispositions_unknown_share=unknown_share,
                missing_bounds=tuple(name for name in bounds if name not in beside),
                missing_counters=tuple(name for name in policy.counter_metrics if name not in beside),
            )
        )
    return tuple(cells)


def read_measured(con: duckdb.DuckDBPyConnection, catalog: str, metric: str) -> CellSummary:
    """Return whom a metric measures: teams with a row of it, and every team that was below one of them."""
    rows = con.execute(_MEASURED.format(catalog=catalog), {"metric": metric}).fetchall()
    return CellSummary(0, 0, (), None, teams=frozenset(team for (team,) in rows))


def _places(con: duckdb.DuckDBPyConnection, catalog: str) -> Mapping[str, list[Place]]:
    """Return by team where it and every team below it stood."""
    found: dict[str, list[Place]] = {}
    for path, valid_from, valid_until in con.execute(_PLACES.format(catalog=catalog)).fetchall():
        for team in path:
            found.setdefault(team, []).append(Place(tuple(path), valid_from.date(), valid_until.date()))
    return found


def _paths(places: Sequence[Place], start: date, end: date) -> list[tuple[str, ...]]:
    return [one.team_path for one in places if one.valid_from < end and one.valid_until > start]

"""A window of a service level objective, formed again from its slices (DEFINITIONS §4; docs/slos.md).

The facts are days: what the slices of each day counted, and the records of samples that they rest on.
Their sums make every number of the window, in whole billionths; a composite weighs the attainments of its
objectives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from lineage.errors import CellNotFoundError, TraceInputError
from lineage.trace.document import FormedAgain, ServiceLevel, TracedCell, TracedDefinition, TracedFact
from lineage.trace.queries import run_query

WINDOW_KINDS = ("month", "rolling", "calendar")
SLICES = "intermediate.int_sli_slices"
_NINE = Decimal(10) ** 9
_KEY = (
    "slo_id, objective_id, title, is_composite, window_kind, budgeting_method, objective_ratio, "
    "slice_seconds, "
    "window_start_date, window_end_date, is_partial, withheld_reason"
)
_NUMBERS = (
    "attainment_ratio",
    "good_count",
    "total_count",
    "counted_units",
    "budget_units",
    "spent_units",
    "budget_left_units",
    "budget_spent_ratio",
    "burn_rate",
    "slice_count",
    "gap_slice_count",
    "gap_ratio",
    "no_traffic_slice_count",
    "no_traffic_ratio",
    "one_failure_budget_ratio",
)
_WORDS = {
    "attainment_ratio": "Which share of what was counted was good",
    "burn_rate": "How many times faster than allowed the error budget was spent",
    "budget_spent_ratio": "Which share of the error budget was spent",
}
_UNITS = {
    "slice_seconds": "seconds",
    "slice_count": "slices",
    "good_count": "events",
    "total_count": "events",
}
_DAYS = f"""
select
    parts.objective_id,
    cast(date_trunc('day', slices.slice_started_at) as date) as day,
    sum(cast(slices.counted_units as decimal(28, 9))) as counted_units,
    sum(cast(slices.spent_units as decimal(28, 9))) as spent_units,
    sum(cast(coalesce(slices.good_count, 0) as decimal(28, 9))) as good_count,
    sum(cast(coalesce(slices.total_count, 0) as decimal(28, 9))) as total_count,
    count(*) as slice_count,
    count(*) filter (where slices.state = 'gap') as gap_slice_count,
    count(*) filter (where slices.state = 'no_traffic') as no_traffic_slice_count,
    list_sort(list_distinct(flatten(list(slices.record_ids)))) as record_ids
from intermediate.int_slo_window_parts as parts
inner join {SLICES} as slices
    on slices.objective_id = parts.objective_id
    and slices.slice_number >= parts.first_known_slice and slices.slice_number < parts.next_known_slice
where parts.slo_id = $slo_id and list_contains($objectives, parts.objective_id)
    and parts.scope_kind = $scope_kind and parts.scope_id = $scope_id and parts.window_kind = $window_kind
    and epoch_us(parts.window_ends_at) = $ends_at
group by parts.objective_id, day
order by parts.objective_id, day
"""


@dataclass(frozen=True, slots=True)
class WindowName:
    """What was asked for: a scope's window of an objective, by its first day (a rolling one by its last)."""

    scope_kind: str
    scope_id: str
    objective_id: str | None
    window_kind: str
    day: date


@dataclass(frozen=True, slots=True)
class TracedLevel:
    """A window's cell with all that a trace says of it."""

    cell: TracedCell
    definition: TracedDefinition
    level: ServiceLevel
    facts: tuple[TracedFact, ...]


def find_level(
    con: duckdb.DuckDBPyConnection,
    column: str,
    name: WindowName,
    *,
    warehouse: duckdb.DuckDBPyConnection,
    stated: Mapping[str, str],
) -> TracedLevel:
    """Return a window's number, the objective, and the days that make it.

    Args:
        con: the publication, or a warehouse: what was published.
        column: a number of `mart_slo_attainment`.
        name: which window.
        warehouse: holds the slices.
        stated: OpenSLO documents by the name of their objective.

    Raises:
        CellNotFoundError: there is no such window; the objectives or days that exist are named.
        TraceInputError: the window is withheld, or the warehouse lacks something.
    """
    row = _row(con, column, name)
    if row["withheld_reason"] is not None:
        raise TraceInputError(f"the window is withheld: {row['withheld_reason']}")
    objectives = _objectives(warehouse, row)
    days = _days(warehouse, name, row, objectives)
    formed = _formed(warehouse, name, row, objectives, days)
    again = tuple(FormedAgain(one, row[one], _like(row[one], formed[one])) for one in _NUMBERS)
    level = ServiceLevel(
        slo_id=row["slo_id"],
        objective_id=row["objective_id"],
        title=row["title"],
        is_composite=row["is_composite"],
        window_kind=row["window_kind"],
        window_starts_at=row["starts_at"],
        window_ends_at=row["ends_text"],
        budgeting_method=row["budgeting_method"],
        objective_ratio=row["objective_ratio"],
        slice_seconds=row["slice_seconds"],
        part_ids=tuple(one["objective_id"] for one in objectives) if row["is_composite"] else (),
        formed=again,
        stated=stated.get(row["slo_id"]),
    )
    return TracedLevel(_cell(column, name, row), _definition(column, row), level, _facts(days))


def _row(con: duckdb.DuckDBPyConnection, column: str, name: WindowName) -> dict[str, Any]:
    if name.window_kind not in WINDOW_KINDS:
        raise TraceInputError(
            f"{name.window_kind!r} is no kind of window; there are {', '.join(WINDOW_KINDS)}"
        )
    names = [*_KEY.split(", "), *_NUMBERS, "ends_at", "starts_at", "ends_text"]
    columns = (
        f"{_KEY}, {', '.join(_NUMBERS)}, epoch_us(window_ends_at), cast(window_starts_at as varchar), "
        "cast(window_ends_at as varchar)"
    )
    if column not in names:
        raise CellNotFoundError(f"a window has no number {column}", available=_NUMBERS)
    day = "window_end_date" if name.window_kind == "rolling" else "window_start_date"
    scope = "scope_kind = $kind and scope_id = $scope and window_kind = $window"
    values = {"kind": name.scope_kind, "scope": name.scope_id, "window": name.window_kind}
    rows = run_query(
        con,
        f"select {columns} from marts.mart_slo_attainment where {scope} and {day} = $day order by "
        f"objective_id",
        day=name.day,
        **values,
    )
    found = [dict(zip(names, row, strict=True)) for row in rows]
    chosen = [row for row in found if name.objective_id in (None, row["objective_id"])]
    if len(chosen) == 1:
        return chosen[0]
    if found:
        wanted = f"no objective {name.objective_id}" if name.objective_id else f"{len(found)} objectives"
        raise CellNotFoundError(
            f"{name.scope_kind}:{name.scope_id} has {wanted} in this window; name one with --objective",
            available=[row["objective_id"] for row in found],
        )
    days = run_query(
        con, f"select distinct {day} from marts.mart_slo_attainment where {scope} order by 1", **values
    )
    raise CellNotFoundError(
        f"{name.scope_kind}:{name.scope_id} has no {name.window_kind} window of {name.day}",
        available=[str(one) for (one,) in days],
    )


def _objectives(warehouse: duckdb.DuckDBPyConnection, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The objective itself, or the parts of a composite, as the settings of the build state them."""
    names = ("objective_id", "target_ratio", "budgeting_method", "composite_weight")
    which = (
        "slo_id = $slo and composite_weight is not null"
        if row["is_composite"]
        else "objective_id = $objective"
    )
    values = {"slo": row["slo_id"]} if row["is_composite"] else {"objective": row["objective_id"]}
    rows = run_query(
        warehouse,
        f"select {', '.join(names)} from config.slo_objectives where {which} order by objective_id",
        **values,
    )
    return [dict(zip(names, one, strict=True)) for one in rows]


def _days(
    warehouse: duckdb.DuckDBPyConnection,
    name: WindowName,
    row: Mapping[str, Any],
    objectives: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    names = ("objective_id", "day", *_SUMS, "record_ids")
    rows = run_query(
        warehouse,
        _DAYS,
        slo_id=row["slo_id"],
        objectives=[one["objective_id"] for one in objectives],
        scope_kind=name.scope_kind,
        scope_id=name.scope_id,
        window_kind=row["window_kind"],
        ends_at=row["ends_at"],
    )
    return [dict(zip(names, one, strict=True)) for one in rows]


_SUMS = (
    "counted_units",
    "spent_units",
    "good_count",
    "total_count",
    "slice_count",
    "gap_slice_count",
    "no_traffic_slice_count",
)


def _formed(
    warehouse: duckdb.DuckDBPyConnection,
    name: WindowName,
    row: Mapping[str, Any],
    objectives: Sequence[Mapping[str, Any]],
    days: Sequence[Mapping[str, Any]],
) -> dict[str, Decimal | None]:
    to_come = dict(
        run_query(
            warehouse,
            "select objective_id, cast(sum(slices_to_come) as bigint) from intermediate.int_slo_window_parts "
            "where slo_id = $slo and scope_kind = $kind and scope_id = $scope and window_kind = $window "
            "and epoch_us(window_ends_at) = $ends group by objective_id",
            slo=row["slo_id"],
            kind=name.scope_kind,
            scope=name.scope_id,
            window=row["window_kind"],
            ends=row["ends_at"],
        )
    )
    single = {
        one["objective_id"]: _of_one(
            one,
            [day for day in days if day["objective_id"] == one["objective_id"]],
            to_come.get(one["objective_id"], 0),
        )
        for one in objectives
    }
    if row["is_composite"]:
        return _of_composite(objectives, single)
    return single.get(row["objective_id"], dict.fromkeys(_NUMBERS))


def _of_one(
    objective: Mapping[str, Any], days: Sequence[Mapping[str, Any]], to_come: int
) -> dict[str, Decimal | None]:
    sums = {one: sum((Decimal(day[one]) for day in days), Decimal()) for one in _SUMS}
    missed = 1 - Decimal(objective["target_ratio"])
    counted, spent = sums["counted_units"], sums["spent_units"]
    coming = 0 if objective["budgeting_method"] == "occurrences" else to_come
    budget, allowed = _nine(missed * (counted + coming)), _nine(missed * counted)
    return {
        **sums,
        "attainment_ratio": _share(counted - spent, counted),
        "budget_units": budget,
        "budget_left_units": budget - spent,
        "budget_spent_ratio": _share(spent, budget),
        "burn_rate": _share(spent, allowed),
        "one_failure_budget_ratio": _share(Decimal(1), budget),
        "gap_ratio": _share(sums["gap_slice_count"], sums["slice_count"]),
        "no_traffic_ratio": _share(sums["no_traffic_slice_count"], sums["slice_count"]),
    }


def _of_composite(
    objectives: Sequence[Mapping[str, Any]], single: Mapping[str, Mapping[str, Decimal | None]]
) -> dict[str, Decimal | None]:
    weights = sum((Decimal(one["composite_weight"]) for one in objectives), Decimal())
    weighed = sum(
        (Decimal(one["composite_weight"]) * Decimal(one["target_ratio"]) for one in objectives), Decimal()
    )
    attained = [single[one["objective_id"]]["attainment_ratio"] for one in objectives]
    total = sum(
        (
            Decimal(one["composite_weight"]) * (part or 0)
            for one, part in zip(objectives, attained, strict=True)
        ),
        Decimal(),
    )
    objective = _share(_nine(weighed), _nine(weights)) or Decimal()
    is_known = all(part is not None for part in attained)
    attainment = _share(_nine(total), _nine(weights)) if is_known else None
    spent = None if attainment is None else 1 - attainment
    formed: dict[str, Decimal | None] = dict.fromkeys(_NUMBERS)
    slices = {
        one: sum((part[one] or Decimal() for part in single.values()), Decimal())
        for one in _SUMS
        if "slice" in one
    }
    over = None if spent is None else _share(spent, 1 - objective)
    return (
        formed
        | slices
        | {
            "attainment_ratio": attainment,
            "counted_units": Decimal(0 if attainment is None else 1),
            "budget_units": 1 - objective,
            "spent_units": spent,
            "budget_left_units": None if attainment is None else attainment - objective,
            "budget_spent_ratio": over,
            "burn_rate": over,
            "gap_ratio": _share(slices["gap_slice_count"], slices["slice_count"]),
            "no_traffic_ratio": _share(slices["no_traffic_slice_count"], slices["slice_count"]),
        }
    )


def _nine(amount: Decimal) -> Decimal:
    return amount.quantize(1 / _NINE, rounding=ROUND_HALF_UP)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    """A share rounded half up at nine digits, from whole billionths; empty where the whole is nothing."""
    above, below = int(part * _NINE), int(whole * _NINE)
    return Decimal((2 * 10**9 * above + below) // (2 * below)) / _NINE if below else None


def _like(published: Any, formed: Decimal | None) -> Any:
    """Spell a number as the published one is spelled, so that they are read side by side."""
    if formed is None or published is None:
        return formed
    if isinstance(published, int):
        return int(formed) if formed == int(formed) else formed
    return _nine(formed)


def _cell(column: str, name: WindowName, row: Mapping[str, Any]) -> TracedCell:
    published = row[column]
    return TracedCell(
        metric=column,
        metric_version=1,
        profile="openslo_v1",
        scope_kind=name.scope_kind,
        scope_id=name.scope_id,
        period_grain=row["window_kind"],
        period_start=row["window_start_date"],
        period_end=row["window_end_date"] + timedelta(days=1),
        value=None if published is None else Decimal(published),
        numerator=None,
        denominator=None,
        n=row["slice_count"],
        interval_low=None,
        interval_high=None,
        unit=_unit(column),
        is_partial=row["is_partial"],
        is_maturing=False,
        flags=("partial",) if row["is_partial"] else (),
    )


def _unit(column: str) -> str:
    if column.endswith("_ratio"):
        return "ratio"
    return _UNITS.get(column, "times" if column == "burn_rate" else "units")


def _definition(column: str, row: Mapping[str, Any]) -> TracedDefinition:
    words = _WORDS.get(column, column.replace("_", " ").capitalize())
    method, target = row["budgeting_method"], f"{row['objective_ratio'].normalize():f}"
    return TracedDefinition(
        title=f"{row['title']}: {column.replace('_', ' ')}",
        sentence=f"{words} in the window, by {method}; the objective is {target}.",
        description=f"OpenSLO objective {row['objective_id']}, slices of {row['slice_seconds']} seconds.",
        tier="operational",
        owner="the objective's file in slos/",
        fact_relation=SLICES,
        fact_key="objective_id || ' ' || day",
        filter_sql="the slices of the window that the scope owned",
        scope_sql="int_slo_window_parts",
        event_at_column="slice_started_at",
        measure_kind=method,
        measure_sql="spent_units of counted_units",
        value_sql="DEFINITIONS §4",
        definition_hash=None,
    )


def _facts(days: Sequence[Mapping[str, Any]]) -> tuple[TracedFact, ...]:
    return tuple(
        TracedFact(
            key=f"{day['objective_id']} {day['day']}",
            event_at=day["day"],
            measure=day["spent_units"],
            is_deciding=bool(day["spent_units"]),
            columns={one: day[one] for one in _SUMS},
            record_ids=tuple(day["record_ids"] or ()),
            context_record_ids=(),
        )
        for day in days
    )

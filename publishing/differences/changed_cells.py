"""The cells of `mart_metric_values` that differ between two publications."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from publishing.differences.changed_facts import ChangedFact

_PARTS = ("value", "numerator", "denominator", "n", "interval_low", "interval_high")
_SAME_CELL = ("metric", "profile", "scope_kind", "scope_id", "period_grain", "period_start")

_CHANGED = """
create or replace temp table changed_cells as
select
    row_number() over (order by {key}) as cell_number,
    {named},
    case when was.metric is null then 'added' when now.metric is null then 'removed' else 'changed' end
        as change,
    coalesce(now.unit, was.unit) as unit,
    was.value as old_value, now.value as new_value, was.n as old_n, now.n as new_n,
    coalesce(was.flags, []) as old_flags, coalesce(now.flags, []) as new_flags,
    was.value is distinct from now.value as is_value_changed
from old.marts.mart_metric_values as was
full join new.marts.mart_metric_values as now using ({key})
where was.metric is null or now.metric is null or {differs} or was.flags is distinct from now.flags
"""
_READ = """
select cell_number, cell_metric, cell_profile, cell_scope_kind, cell_scope_id, cell_period_grain,
    cell_period_start, change, unit, old_value, new_value, old_n, new_n, old_flags, new_flags,
    is_value_changed
from changed_cells order by cell_number
"""
_COLUMNS = (
    *_SAME_CELL,
    *("change", "unit", "old_value", "new_value", "old_n", "new_n", "old_flags", "new_flags"),
    "is_value_changed",
)


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """One published value that differs.

    Attributes:
        metric: The metric.
        profile: Its profile.
        scope_kind: service, team or organisation.
        scope_id: Which.
        period_grain: day, week, month or quarter.
        period_start: The period's first day.
        change: added, removed or changed.
        unit: Of the values.
        old_value: What was published first; None where there was no cell or no value.
        new_value: What is published now.
        old_n: The events behind the old value.
        new_n: Those behind the new one.
        old_flags: What the old value was marked with.
        new_flags: What the new one is marked with.
        is_value_changed: Whether the value itself differs, and not only n, interval or flags.
        causes: Why, the weightiest first; see `publishing.differences.causes`.
        facts: What entered, left or changed among the facts that make it.
    """

    metric: str
    profile: str
    scope_kind: str
    scope_id: str
    period_grain: str
    period_start: date
    change: str
    unit: str | None
    old_value: Decimal | None
    new_value: Decimal | None
    old_n: int | None
    new_n: int | None
    old_flags: tuple[str, ...]
    new_flags: tuple[str, ...]
    is_value_changed: bool
    causes: tuple[str, ...] = ()
    facts: tuple[ChangedFact, ...] = ()

    @property
    def relative_change(self) -> Decimal:
        """By what share of the old value it changed; 0 where there is nothing to compare."""
        if self.old_value is None or self.new_value is None or not self.old_value:
            return Decimal(0)
        return abs(self.new_value - self.old_value) / abs(self.old_value)

    @property
    def record_ids(self) -> tuple[int, ...]:
        """The records that changed it: those that its facts gained and lost."""
        return tuple(
            sorted({one for fact in self.facts for one in (*fact.new_record_ids, *fact.lost_record_ids)})
        )


def find_changed_cells(con: duckdb.DuckDBPyConnection) -> list[tuple[int, tuple[Any, ...]]]:
    """Write `changed_cells` and return (number, row) of each, in the order of their keys."""
    con.execute(
        _CHANGED.format(
            key=", ".join(_SAME_CELL),
            named=", ".join(f"{name} as cell_{name}" for name in _SAME_CELL),
            differs=" or ".join(f"was.{name} is distinct from now.{name}" for name in _PARTS),
        )
    )
    return [(row[0], row[1:]) for row in con.execute(_READ).fetchall()]


def make_cell(row: Sequence[Any], causes: tuple[str, ...], facts: tuple[ChangedFact, ...]) -> ChangedCell:
    """Return a row of `changed_cells` with what is known of its causes."""
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    values |= {name: tuple(values[name]) for name in ("old_flags", "new_flags")}
    return ChangedCell(**values, causes=causes, facts=facts)


def count_values(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many values the old publication shows by month, as `2026-05`, of the grain month."""
    rows = con.execute(
        "select strftime(period_start, '%Y-%m'), count(*) from old.marts.mart_metric_values "
        "where period_grain = 'month' and value is not null group by all order by all"
    ).fetchall()
    return dict(rows)


def count_all_values(con: duckdb.DuckDBPyConnection) -> int:
    """Return how many values the old publication shows."""
    row = con.execute("select count(*) from old.marts.mart_metric_values where value is not null").fetchone()
    return int(row[0]) if row else 0

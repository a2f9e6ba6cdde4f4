"""Comparing two publications: every value that differs, why, and by which records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from publishing.differences.causes import cell_causes, is_restated, ordered
from publishing.differences.changed_cells import (
    ChangedCell,
    count_all_values,
    count_values,
    find_changed_cells,
    make_cell,
)
from publishing.differences.changed_facts import (
    ChangedFact,
    cells_of_facts,
    fact_tables,
    find_changed_facts,
)
from publishing.differences.changed_marts import KEYS, ChangedMart, ChangedRow, changed_mart
from publishing.differences.sides import Side, attached

_NEWEST = "select period_grain, max(period_start) from old.marts.mart_metric_values group by all"
_SLO_FACTS = "fct_slo_windows"
_GRAIN_OF_MART = {
    "mart_dora_daily": "day",
    "mart_dora_weekly": "week",
    "mart_dora_monthly": "month",
    "mart_dora_quarterly": "quarter",
    "mart_flow_weekly": "week",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs between two publications.

    Attributes:
        old: The earlier one.
        new: The later one.
        cells: The cells of `mart_metric_values` that differ.
        marts: The other marts that differ.
        facts: The facts that entered, left or changed.
        compared: How many values the earlier publication shows.
        compared_by_month: How many of its values are of each month.
        definitions: The metrics and marts whose definition differs, with both hashes.
    """

    old: Side
    new: Side
    cells: tuple[ChangedCell, ...]
    marts: tuple[ChangedMart, ...]
    facts: tuple[ChangedFact, ...]
    compared: int
    compared_by_month: Mapping[str, int]
    definitions: Mapping[str, tuple[str | None, str | None]]

    @property
    def restated(self) -> tuple[ChangedCell, ...]:
        """Values that were published as settled and are another now, or are gone."""
        return tuple(
            cell
            for cell in self.cells
            if cell.change != "added"
            and cell.is_value_changed
            and cell.old_value is not None
            and is_restated(cell.causes)
            and "in_progress" not in cell.causes
        )

    def by_cause(self, cells: Iterable[ChangedCell] | None = None) -> dict[str, int]:
        """Count cells by cause; one with several causes counts for each."""
        counted = Counter(cause for cell in (self.cells if cells is None else cells) for cause in cell.causes)
        return {cause: counted[cause] for cause in ordered(counted)}


def compare_publications(old: Side, new: Side, *, with_marts: bool = True) -> Comparison:
    """Compare two publications by their analysts' databases.

    Args:
        old: The earlier one.
        new: The later one.
        with_marts: Also compare the marts beside the metrics' values.

    Raises:
        PublicationInputError: a database cannot be read.
    """
    with attached(old, new) as con:
        tables = fact_tables(con)
        facts = find_changed_facts(con, tables, old=old)
        definitions = _changed_definitions(old, new)
        cells = _cells(con, tables, facts, definitions)
        marts = _marts(con, cells, facts, definitions) if with_marts else ()
        return Comparison(
            old=old,
            new=new,
            cells=cells,
            marts=marts,
            facts=tuple(facts.values()),
            compared=count_all_values(con),
            compared_by_month=count_values(con),
            definitions=definitions,
        )


def _changed_definitions(old: Side, new: Side) -> dict[str, tuple[str | None, str | None]]:
    names = sorted({*old.definitions, *new.definitions})
    has_marts = [any("." in name for name in side.definitions) for side in (old, new)]
    return {
        name: (old.definitions.get(name), new.definitions.get(name))
        for name in names
        if old.definitions.get(name) != new.definitions.get(name) and ("." not in name or all(has_marts))
    }


def _cells(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, str],
    facts: Mapping[tuple[str, str], ChangedFact],
    definitions: Mapping[str, Any],
) -> tuple[ChangedCell, ...]:
    rows = find_changed_cells(con)
    newest = dict(con.execute(_NEWEST).fetchall())
    of_cell: dict[int, set[tuple[str, str]]] = defaultdict(set)
    if rows and facts:
        for number, fact in cells_of_facts(con, tables):
            of_cell[number].add(fact)
    cells = []
    for number, row in rows:
        cell = make_cell(row, (), tuple(facts[key] for key in sorted(of_cell[number])))
        beyond = newest.get(cell.period_grain)
        causes = cell_causes(
            cell.change,
            old_flags=cell.old_flags,
            new_flags=cell.new_flags,
            of_facts=[fact.cause for fact in cell.facts],
            is_definition_changed=cell.metric in definitions,
            is_new_period=beyond is None or cell.period_start > beyond,
        )
        cells.append(replace(cell, causes=causes))
    return _with_shares(tuple(cells))


def _with_shares(cells: tuple[ChangedCell, ...]) -> tuple[ChangedCell, ...]:
    """Explain cells that differ only because another metric's cell of the same scope and period does."""
    known: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for cell in cells:
        known[_place(cell)].update(set(cell.causes) - {"unexplained"})
    return tuple(
        replace(cell, causes=("follows",))
        if cell.causes == ("unexplained",) and known[_place(cell)]
        else cell
        for cell in cells
    )


def _place(cell: ChangedCell) -> tuple[Any, ...]:
    return cell.scope_kind, cell.scope_id, cell.period_grain, cell.period_start


def _marts(
    con: duckdb.DuckDBPyConnection,
    cells: Iterable[ChangedCell],
    facts: Mapping[tuple[str, str], ChangedFact],
    definitions: Mapping[str, Any],
) -> tuple[ChangedMart, ...]:
    by_place: dict[tuple[str, ...], set[str]] = defaultdict(set)
    by_period: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for cell in cells:
        start = cell.period_start.isoformat()
        by_place[cell.scope_kind, cell.scope_id, cell.period_grain, start].update(cell.causes)
        by_period[cell.metric, cell.period_grain, start].update(cell.causes)
    slo_causes = {fact.cause for (table, _), fact in facts.items() if table == _SLO_FACTS}
    found = []
    for table in KEYS:
        mart = changed_mart(con, table)
        if mart is None:
            continue
        whole = {"definition"} if f"marts.{table}" in definitions else set()
        if table == "mart_slo_attainment":
            whole |= slo_causes
        rows = [replace(row, causes=_row_causes(table, row, by_place, by_period, whole)) for row in mart.rows]
        found.append(replace(mart, rows=tuple(rows)))
    return tuple(found)


def _row_causes(
    table: str,
    row: ChangedRow,
    by_place: Mapping[tuple[str, ...], set[str]],
    by_period: Mapping[tuple[str, ...], set[str]],
    of_facts: set[str],
) -> tuple[str, ...]:
    key = {name: str(value) for name, value in row.key.items()}
    grain = key.get("period_grain") or _GRAIN_OF_MART.get(table, "month")
    team = (
        ("team", key["team_id"]) if "team_id" in key else (key.get("scope_kind", ""), key.get("scope_id", ""))
    )
    start = key.get("period_start", "")
    causes = of_facts | by_place.get((*team, grain, start), set())
    if not causes and by_period.get((key.get("metric", ""), grain, start)):
        causes.add("follows")
    if not causes and any(name == "is_partial" for name, _, _ in row.values):
        causes.add("in_progress")
    return ordered(causes) or ("unexplained",)

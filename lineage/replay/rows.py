"""Rows of marts that are no plain formula over facts: the whole row is made again and compared by columns.

A team's number beside its peers stands in a row with its rate, its interval, its peers and its baseline; a
window of an objective has its budget and its gaps; a fact has its own columns. A plain number is compared by
its value, numerator, denominator and n; of these rows, every published column is compared as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from lineage.errors import ReplayInputError, TraceInputError
from lineage.replay.outcome import CellValues, RowColumn
from lineage.trace.queries import literal, run_query
from lineage.trace.tracing import Number

SCORECARD = "marts.mart_team_scorecard"
ATTAINMENTS = "marts.mart_slo_attainment"
_NOBODY_WITHHELD = {
    "intermediate.int_teams_withheld": "scope_kind varchar, scope_id varchar, period_grain varchar, "
    "period_start date, reason varchar"
}
"""Which teams' numbers are withheld takes every fact of every team to say. A window that is withheld has no
number and is not replayed, so of one that is replayed the answer is known."""
_NUMBERS = ("value", "numerator", "denominator", "n")

RowText = Mapping[str, str | None]
"""A row by the names of its columns, each as the text in which the database spells it."""


@dataclass(frozen=True, slots=True)
class MartRow:
    """One row that a replay makes again.

    Attributes:
        relation: the mart.
        where: the condition that picks the row, as SQL.
        numbers: SQL over the row for value, numerator, denominator and n.
        columns: what is compared, in the order of the published columns.
        left_empty: relations upstream that say nothing of this row, with their columns; they are not made.
    """

    relation: str
    where: str
    numbers: Mapping[str, str]
    columns: tuple[str, ...]
    left_empty: Mapping[str, str] = field(default_factory=dict)

    def read(self, con: duckdb.DuckDBPyConnection) -> RowText:
        """Return the row; nothing where it is not there.

        Raises:
            TraceInputError: the database lacks the relation or one of its columns.
            ReplayInputError: several rows answer to one name.
        """
        selected = ", ".join(f'cast("{name}" as varchar)' for name in self.columns)
        rows = run_query(con, f"select {selected} from {self.relation} where {self.where}")
        if len(rows) > 1:
            raise ReplayInputError(
                f"{self.relation} has {len(rows)} rows where {self.where}; one was expected"
            )
        return dict(zip(self.columns, rows[0], strict=True)) if rows else {}

    def values(self, con: duckdb.DuckDBPyConnection) -> CellValues:
        """Return the row's four numbers as a sandbox has made them; empty where it made no such row."""
        value, *counts = (self.numbers.get(name, "null") for name in _NUMBERS)
        spelled = ", ".join(f"cast({one} as bigint)" for one in counts)
        rows = run_query(
            con, f"select cast({value} as decimal(38, 9)), {spelled} from {self.relation} where {self.where}"
        )
        return CellValues(*rows[0]) if rows else CellValues(None, None, None, None)

    def compare(self, published: RowText, replayed: RowText) -> tuple[RowColumn, ...]:
        """Return both rows side by side."""
        return tuple(RowColumn(name, published.get(name), replayed.get(name)) for name in self.columns)


def row_of(con: duckdb.DuckDBPyConnection, number: Number) -> MartRow | None:
    """Return the row that a number stands in; None where it is a plain formula over its facts.

    Args:
        con: the publication's `analyst.duckdb`.
        number: what was found for a trace.
    """
    if number.comparison is not None:
        return _of_team(con, number, number.comparison.normalisation)
    if number.service_level is not None:
        return _of_window(con, number)
    return _of_fact(con, number) if number.cell.scope_kind == "fact" else None


def _of_team(con: duckdb.DuckDBPyConnection, number: Number, normalisation: str) -> MartRow:
    cell = number.cell
    where = (
        f"metric = {literal(cell.metric)} and profile = {literal(cell.profile)} "
        f"and team_id = {literal(cell.scope_id)} and period_grain = {literal(cell.period_grain)} "
        f"and period_start = {literal(cell.period_start)} and normalisation = {literal(normalisation)}"
    )
    numbers = {name: name for name in _NUMBERS}
    return MartRow(SCORECARD, where, numbers, _columns(con, SCORECARD))


def _of_window(con: duckdb.DuckDBPyConnection, number: Number) -> MartRow:
    cell, level = number.cell, number.service_level
    if level is None:
        raise TraceInputError(f"{number.address} is no window of an objective")
    where = (
        f"objective_id = {literal(level.objective_id)} and slo_id = {literal(level.slo_id)} "
        f"and scope_kind = {literal(cell.scope_kind)} and scope_id = {literal(cell.scope_id)} "
        f"and window_kind = {literal(level.window_kind)} "
        f"and window_ends_at = timestamptz {literal(level.window_ends_at)}"
    )
    numbers = {"value": f'"{cell.metric}"', "n": "slice_count"}
    return MartRow(ATTAINMENTS, where, numbers, _columns(con, ATTAINMENTS), _NOBODY_WITHHELD)


def _of_fact(con: duckdb.DuckDBPyConnection, number: Number) -> MartRow:
    relation = number.definition.fact_relation
    where = f"{number.definition.fact_key} = {literal(number.cell.scope_id)}"
    numbers = {"value": f'try_cast("{number.cell.metric}" as decimal(38, 9))', "n": "1"}
    return MartRow(relation, where, numbers, _columns(con, relation))


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[str, ...]:
    return tuple(row[0] for row in run_query(con, f"describe {relation}"))

"""The service levels of a report, from an analysts' database: by month and by each objective's window."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

import duckdb

from publishing.units import EMPTY

TABLE = "mart_slo_attainment"
LEVELS_SQL = """
select * from marts.mart_slo_attainment
where scope_kind = 'service' and {condition}
qualify row_number() over (partition by objective_id order by window_ends_at desc) = 1
order by service_id, is_composite, title, objective_id
"""
OF_MONTH, OF_OWN_WINDOW = "window_kind = 'month' and window_start_date = $month", "window_kind <> 'month'"
_METHODS = {
    "occurrences": "events",
    "timeslices": "good slices",
    "ratio_timeslices": "ratios of slices",
    "composite": "weighed parts",
}
_DIGITS = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Attainment:
    """One window of an objective, in words.

    Attributes:
        text: The attainment in percent, cut after the third digit: never more than was attained.
        is_met: Whether the objective was met; None where nothing counted.
        notes: What it is to be read with.
    """

    text: str
    is_met: bool | None
    notes: tuple[str, ...]


NOTHING = Attainment(EMPTY, None, ())


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """An objective, or a composite of some.

    Attributes:
        title: Name for people.
        service: The service's name.
        method: What its budget counts.
        objective: What is to be reached, in percent.
        month: Its attainment in the month in focus.
        own_window: That of the newest window of its own.
        window: That window: its kind and last day.
    """

    title: str
    service: str
    method: str
    objective: str
    month: Attainment
    own_window: Attainment
    window: str


def read_service_levels(con: duckdb.DuckDBPyConnection, *, month: date | None) -> list[ServiceLevel]:
    """Read every objective with its attainment in a month and in its newest window, as far as there are."""
    tables = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = $1", [TABLE]
    )
    if not tables.fetchall():
        return []
    months = _rows(con, OF_MONTH, {"month": month})
    newest = _rows(con, OF_OWN_WINDOW, {})
    return [_level(row, months.get(objective_id)) for objective_id, row in newest.items()]


def _rows(
    con: duckdb.DuckDBPyConnection, condition: str, parameters: dict[str, date | None]
) -> dict[str, dict[str, object]]:
    """The newest window of each objective that meets a condition, in order of services and titles."""
    found = con.execute(LEVELS_SQL.format(condition=condition), parameters)
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {str(row["objective_id"]): row for row in rows}


def _level(row: dict[str, object], month: dict[str, object] | None) -> ServiceLevel:
    return ServiceLevel(
        title=str(row["title"]),
        service=str(row["service_id"]),
        method=_METHODS[str(row["budgeting_method"])],
        objective=percent(row["objective_ratio"]),
        month=NOTHING if month is None else _attainment(month),
        own_window=_attainment(row),
        window=f"{row['window_kind']}, to {row['window_end_date']}",
    )


def _attainment(row: dict[str, object]) -> Attainment:
    notes = []
    if row["budget_spent_ratio"] is not None:
        notes.append(f"{percent(row['budget_spent_ratio'], Decimal('0.1'))} of the budget spent")
    if row["gap_ratio"]:
        notes.append(f"gaps {percent(row['gap_ratio'], Decimal('0.1'))}")
    if row["is_low_traffic"]:
        notes.append("low traffic")
    if row["is_partial"]:
        notes.append("partial")
    is_met = row["is_met"]
    return Attainment(
        percent(row["attainment_ratio"]), is_met if isinstance(is_met, bool) else None, tuple(notes)
    )


def percent(ratio: object, step: Decimal = _DIGITS) -> str:
    """A share in percent, cut and not rounded: 99.8996 % is not 99.9 %."""
    if not isinstance(ratio, Decimal):
        return EMPTY
    cut = (ratio * 100).quantize(step, ROUND_DOWN)
    text = f"{cut:f}".rstrip("0").rstrip(".") if "." in f"{cut:f}" else f"{cut:f}"
    return f"{text}\u202f%"

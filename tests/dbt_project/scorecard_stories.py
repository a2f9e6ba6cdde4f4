"""Scorecards told by their cells: what metrics and exposure say of teams, and the compiled models over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tests.dbt_project.stories import Row, Story, Told

MAY = date(2026, 5, 1)
CELL_COLUMNS = {
    "metric": "varchar",
    "metric_version": "integer",
    "profile": "varchar",
    "scope_kind": "varchar",
    "scope_id": "varchar",
    "period_grain": "varchar",
    "period_start": "date",
    "period_end": "date",
    "value": "decimal(28,9)",
    "numerator": "bigint",
    "denominator": "bigint",
    "n": "bigint",
    "interval_low": "decimal(28,9)",
    "interval_high": "decimal(28,9)",
    "unit": "varchar",
    "is_partial": "boolean",
    "is_maturing": "boolean",
    "flags": "varchar[]",
}
EXPOSURE_COLUMNS = {
    "team_id": "varchar",
    "period_grain": "varchar",
    "period_start": "date",
    "fte_days": "decimal(18,4)",
    "own_fte_days": "decimal(18,4)",
    "service_days": "bigint",
    "own_service_days": "bigint",
    "team_size": "integer",
}


@dataclass
class Card:
    """Cells and exposures; a team has 8 people, 100 FTE-days and 50 service-days unless told otherwise."""

    story: Story = field(default_factory=Story)
    cells: list[Row] = field(default_factory=list)
    exposures: dict[tuple[str, date], Row] = field(default_factory=dict)

    def cell(self, metric: str, team: str, *, month: date = MAY, **told: Any) -> None:
        """One value of a team: `count` of a count, `of=(numerator, denominator)` of a ratio, else `value`."""
        row: Row = {"metric": metric, "scope_id": team, "period_start": month, "n": 20, **told}
        if "count" in row:
            count = row.pop("count")
            row |= {"value": count, "numerator": count, "n": count}
        if "of" in row:
            numerator, denominator = row.pop("of")
            value = Decimal(numerator) / Decimal(denominator) if denominator else None
            row |= {"value": value, "numerator": numerator, "denominator": denominator, "n": denominator}
        around = row.pop("around", (Decimal("0.5"), Decimal("1.5")))
        if row.get("value") is not None and around is not None:
            row |= {
                "interval_low": row["value"] * around[0],
                "interval_high": row["value"] * around[1],
            }
        self.cells.append(row)
        self.exposures.setdefault((team, month), {})

    def exposure(self, team: str, *, month: date = MAY, **told: Any) -> None:
        """What a team's rates divide by."""
        self.exposures[team, month] = told

    def window(
        self, name: str, since: str, until: str, *, team: str | None = None, kind: str = "migration"
    ) -> None:
        """A context window of a team, or of everybody."""
        row = {"window_name": name, "window_kind": kind, "team_id": team}
        days = {"from_date": date.fromisoformat(since), "until_date": date.fromisoformat(until)}
        self.story.flow.setdefault("context_windows", []).append({**row, **days})

    def build(self) -> Told:
        """Open a warehouse in which these cells and exposures stand for what the models make of events."""
        told = self.story.build()
        assert told.on_demand is not None
        con = told.warehouse
        _write(con, "marts.mart_metric_values", CELL_COLUMNS, [_full_cell(row) for row in self.cells])
        exposed = [_full_exposure(team, month, row) for (team, month), row in self.exposures.items()]
        _write(con, "intermediate.int_team_exposure_periods", EXPOSURE_COLUMNS, exposed)
        con.execute(
            "create table intermediate.int_metric_cells "
            "(scope_kind varchar, scope_id varchar, period_grain varchar, period_start date)"
        )
        told.on_demand.made |= {"mart_metric_values", "int_team_exposure_periods", "int_metric_cells"}
        return told


def card(told: Told, metric: str, team: str, *, month: date = MAY, by: str = "none") -> Row:
    """Return one row of the scorecard."""
    (row,) = told.rows(
        "select * from marts.mart_team_scorecard where metric = $1 and team_id = $2 and period_start = $3 "
        "and normalisation = $4 and period_grain = 'month'",
        metric,
        team,
        month,
        by,
    )
    return row


def _full_cell(row: Row) -> Row:
    month: date = row["period_start"]
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    standing = {
        "metric_version": 1,
        "profile": "dora_2026",
        "scope_kind": "team",
        "period_grain": "month",
        "period_end": following,
        "unit": "things",
        "is_partial": False,
        "is_maturing": False,
        "flags": [],
    }
    return {**standing, **row}


def _full_exposure(team: str, month: date, row: Row) -> Row:
    known = {"fte_days": 100, "service_days": 50, "team_size": 8, **row}
    own = {f"own_{name}": known[name] for name in ("fte_days", "service_days")}
    return {"team_id": team, "period_grain": "month", "period_start": month, **own, **known}


def _write(con: Any, relation: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    con.execute(f"create table {relation} ({declared})")
    marks = ", ".join("?" for _ in columns)
    for row in rows:
        con.execute(f"insert into {relation} values ({marks})", [row.get(name) for name in columns])

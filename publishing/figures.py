"""The figures of a report, read from an analysts' database: five metrics, by scope and month."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

FIVE_METRICS = (
    "deployment_frequency",
    "change_lead_time",
    "change_fail_rate",
    "failed_deployment_recovery_time",
    "deployment_rework_rate",
)
PROFILE = "dora_2026"
INCOMPLETE = "incomplete"
SCOPE_ORDER = ("organisation", "team", "service")
VALUES_SQL = """
select metric, scope_kind, scope_id, period_start, period_end, value, n, interval_low, interval_high,
       coalesce(is_partial, false) as is_partial, coalesce(is_maturing, false) as is_maturing,
       coalesce(flags, []) as flags
from marts.mart_metric_values
where profile = $profile and period_grain = 'month' and list_contains($metrics, metric)
order by all
"""
METRICS_SQL = """
select metric, metric_version, title, sentence, unit, direction, tier, coalesce(owner, '') as owner
from marts.dim_metrics
where profile = $profile and list_contains($metrics, metric)
"""
SERVICES_SQL = "select service_id, max(title) as title from marts.dim_services group by 1"
TEAMS_SQL = "select team_id, max(title) as title, {newest} as team_path from marts.dim_teams group by 1"
NEWEST_PATH = "arg_max(team_path, valid_until)"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it is defined."""

    metric: str
    metric_version: int
    title: str
    sentence: str
    unit: str
    direction: str
    tier: str
    owner: str


@dataclass(frozen=True, slots=True)
class Scope:
    """A service, a team or the organisation, with the name that people use.

    `depth` is a team's distance from the top; a roll-up is a team that has others below it.
    """

    kind: str
    scope_id: str
    title: str
    depth: int = 0
    is_roll_up: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell: a metric's value for a scope and a month."""

    metric: str
    scope: Scope
    period_start: date
    period_end: date
    value: Decimal | None
    n: int | None
    interval_low: Decimal | None
    interval_high: Decimal | None
    is_partial: bool
    is_maturing: bool
    flags: tuple[str, ...]

    @property
    def is_incomplete(self) -> bool:
        """Whether something of the period was not read."""
        return INCOMPLETE in self.flags

    @property
    def month(self) -> str:
        """The month as people write it, such as `May 2026`."""
        return f"{self.period_start:%b %Y}"


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything a report shows, with look-ups."""

    metrics: tuple[Metric, ...]
    scopes: tuple[Scope, ...]
    months: tuple[date, ...]
    complete_months: tuple[date, ...]
    cells: dict[tuple[str, str, str, date], Figure]

    def cell(self, metric: str, scope: Scope, month: date) -> Figure | None:
        """Return one cell, or None where the scope did not exist yet."""
        return self.cells.get((metric, scope.kind, scope.scope_id, month))

    def of_kind(self, kind: str) -> list[Scope]:
        """Return the scopes of a kind, by title."""
        return [scope for scope in self.scopes if scope.kind == kind]

    @property
    def organisation(self) -> Scope | None:
        """The widest scope, if any value is there."""
        return next(iter(self.of_kind("organisation")), None)

    @property
    def focus_month(self) -> date | None:
        """The month that a report leads with: the newest complete one, else the newest."""
        newest = self.complete_months or self.months
        return newest[-1] if newest else None

    def month_before(self, month: date) -> date | None:
        """Return the complete month before, if there is one."""
        earlier = [one for one in self.complete_months if one < month]
        return earlier[-1] if earlier else None


def read_figures(con: duckdb.DuckDBPyConnection, *, organisation: str) -> Figures:
    """Read the five metrics by month; `organisation` is the title of the widest scope."""
    scopes = _known_scopes(con)
    rows = con.execute(
        VALUES_SQL,
        {"profile": PROFILE, "metrics": list(FIVE_METRICS)},
    ).fetchall()
    cells: dict[tuple[str, str, str, date], Figure] = {}
    for metric, kind, scope_id, start, end, value, n, low, high, partial, maturing, flags in rows:
        title = organisation if kind == "organisation" else scope_id
        scope = scopes.setdefault((kind, scope_id), Scope(kind, scope_id, title))
        cells[metric, kind, scope_id, start] = Figure(
            metric, scope, start, end, value, n, low, high, partial, maturing, tuple(flags)
        )
    shown = {(cell.scope.kind, cell.scope.scope_id) for cell in cells.values()}
    ordered = tuple(scope for name, scope in _in_order(scopes) if name in shown)
    return Figures(_metrics(con), ordered, *_months(cells), cells)


def _metrics(con: duckdb.DuckDBPyConnection) -> tuple[Metric, ...]:
    rows = con.execute(
        METRICS_SQL,
        {"profile": PROFILE, "metrics": list(FIVE_METRICS)},
    ).fetchall()
    found = {row[0]: Metric(*row) for row in rows}
    return tuple(found[name] for name in FIVE_METRICS if name in found)


def _in_order(scopes: dict[tuple[str, str], Scope]) -> list[tuple[tuple[str, str], Scope]]:
    """Order by kind; known scopes keep their order (teams below their parents), others follow by title."""
    kinds = {kind: position for position, kind in enumerate(SCOPE_ORDER)}
    return sorted(scopes.items(), key=lambda item: kinds.get(item[0][0], len(kinds)))


def _months(cells: dict[tuple[str, str, str, date], Figure]) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """All months, and the complete ones: the organisation's cells decide where there are any."""
    widest = [cell for cell in cells.values() if cell.scope.kind == "organisation"]
    partial_of: dict[date, bool] = {}
    for cell in widest or cells.values():
        partial_of[cell.period_start] = partial_of.get(cell.period_start, False) or cell.is_partial
    months = tuple(sorted({cell.period_start for cell in cells.values()}))
    return months, tuple(month for month in months if partial_of.get(month) is False)


def _known_scopes(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Scope]:
    """Return services by title, and teams each below its parent, from whichever dimensions were published."""
    known: dict[tuple[str, str], Scope] = {}
    if "title" in _columns(con, "dim_services"):
        rows = con.execute(SERVICES_SQL).fetchall()
        for service, title in sorted(rows, key=lambda row: (str(row[1]).casefold(), row[0])):
            known["service", service] = Scope("service", service, title or service)
    team_columns = _columns(con, "dim_teams")
    if "title" in team_columns:
        has_path = {"team_path", "valid_until"} <= team_columns
        newest = NEWEST_PATH if has_path else "[team_id]"
        rows = con.execute(TEAMS_SQL.format(newest=newest)).fetchall()
        known |= {("team", scope.scope_id): scope for scope in _teams(rows)}
    return known


def _teams(rows: list[tuple[str, str | None, list[str]]]) -> list[Scope]:
    """Put each team below its parent; `rows` hold id, title, and the path from the team to the top."""
    titles = {team: title or team for team, title, _ in rows}
    parents = {ancestor for _, _, path in rows for ancestor in path[1:]}

    def place(row: tuple[str, str | None, list[str]]) -> list[tuple[str, str]]:
        return [(titles.get(team, team).casefold(), team) for team in reversed(row[2] or [row[0]])]

    return [
        Scope("team", team, titles[team], max(0, len(path or []) - 1), team in parents)
        for team, _, path in sorted(rows, key=place)
    ]


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    rows = con.execute(
        "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = $1", [table]
    ).fetchall()
    return {row[0] for row in rows}

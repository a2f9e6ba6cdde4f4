"""The five numbers of a publication, as a run shows them at its end."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

FIVE = (
    "deployment_frequency",
    "change_lead_time",
    "change_fail_rate",
    "failed_deployment_recovery_time",
    "deployment_rework_rate",
)
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0

_NEWEST_MONTH = """
select period_start, period_end from marts.mart_metric_values
where metric = 'deployment_frequency' and period_grain = 'month' and scope_kind = 'organisation' and n > 0
order by is_partial, period_start desc limit 1
"""
_CELLS = """
select cells.metric, coalesce(known.title, cells.metric), cells.value, cells.unit, cells.n,
       cells.interval_low, cells.interval_high, cells.is_partial
from marts.mart_metric_values as cells
left join (select distinct metric, title from marts.dim_metrics) as known using (metric)
where cells.period_grain = 'month' and cells.scope_kind = 'organisation' and cells.period_start = ?
    and list_contains(?, cells.metric)
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the five numbers over one month of the whole organisation."""

    metric: str
    title: str
    value: float | None
    unit: str
    n: int
    interval: tuple[float, float] | None
    period_start: date
    is_partial: bool

    @property
    def text(self) -> str:
        """The value with its unit; a dash where there is none."""
        return value_text(self.value, self.unit)

    @property
    def interval_text(self) -> str:
        """The 95 % interval; empty where there is none."""
        if self.interval is None:
            return ""
        low, high = (value_text(end, self.unit).removesuffix(" deployments") for end in self.interval)
        return f"{low} to {high}"


def five_numbers(publication: Path) -> list[Figure]:
    """Read the five numbers of the newest month with deployments, whole months before partial ones."""
    with duckdb.connect(str(publication / "analyst.duckdb"), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        month = con.execute(_NEWEST_MONTH).fetchone()
        if month is None:
            return []
        rows = con.execute(_CELLS, [month[0], list(FIVE)]).fetchall()
    figures = [_figure(row, month[0]) for row in rows]
    return sorted(figures, key=lambda figure: FIVE.index(figure.metric))


def value_text(value: float | None, unit: str) -> str:
    """Write a value for people: durations in the unit that reads best, ratios as percentages."""
    if value is None:
        return "-"
    if unit == "seconds":
        return _duration_text(value)
    if unit == "ratio":
        return f"{100 * value:.1f} %"
    return f"{value:,.0f} {unit}" if float(value).is_integer() else f"{value:,.2f} {unit}"


def _duration_text(seconds: float) -> str:
    for size, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} s"


def _figure(row: tuple[object, ...], period_start: date) -> Figure:
    metric, title, value, unit, n, low, high, is_partial = row
    interval = (float(str(low)), float(str(high))) if low is not None and high is not None else None
    return Figure(
        metric=str(metric),
        title=str(title),
        value=float(str(value)) if value is not None else None,
        unit=str(unit),
        n=int(str(n)),
        interval=interval,
        period_start=period_start,
        is_partial=bool(is_partial),
    )

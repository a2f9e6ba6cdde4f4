"""Charts of the five metrics over months: one for the organisation, small multiples for teams and services.

A complete period is a filled mark, a partial one is hollow and never joined to the line; the band is the
95 % interval. Charts carry their own data and need no network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import altair as alt

from publishing.figures import Figure, Figures, Metric, Scope
from publishing.units import Scale, shown, shown_interval, typical_scale

MOST_MONTHS = 24
MOST_PANELS = 36
_INK, _MUTED, _GRID = "#1f2a37", "#5b6673", "#e5e9ee"
_COLOURS = {
    "deployment_frequency": "#1d6f6a",
    "change_lead_time": "#2b5c9e",
    "change_fail_rate": "#b4562b",
    "failed_deployment_recovery_time": "#8a3f72",
    "deployment_rework_rate": "#7a6a1f",
}
_FEWEST_FOR_PANELS = 2
_FAR_BEYOND = 2.5  # times the value that nineteen of twenty stay within
_ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: the element it is drawn into, what it shows in words, and its specification."""

    element_id: str
    description: str
    unit: str
    specification: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Layout:
    width: int
    height: int
    columns: int | None


@dataclass(frozen=True, slots=True)
class _Plot:
    """How a metric is drawn: its unit, the panel's size, and where small panels end."""

    metric: Metric
    scale: Scale
    layout: _Layout
    top: float | None

    def place(self, value: Decimal | None) -> float | None:
        """Return where a value stands in the panel."""
        if value is None:
            return None
        number = self.scale.apply(value)
        return number if self.top is None else min(number, self.top)


_WIDE = _Layout(1050, 200, None)
_TEAMS = _Layout(318, 92, 3)
_SERVICES = _Layout(232, 76, 4)


def metric_charts(figures: Figures, metric: Metric) -> dict[str, Chart]:
    """Return a metric's charts by kind of scope; kinds with too little to compare are left out."""
    shown_cells = [cell for cell in figures.cells.values() if cell.metric == metric.metric]
    scale = typical_scale(metric.unit, [cell.value for cell in shown_cells])
    charts = {}
    for kind, layout in (("organisation", _WIDE), ("team", _TEAMS), ("service", _SERVICES)):
        scopes = [scope for scope in figures.of_kind(kind) if not scope.is_roll_up][:MOST_PANELS]
        if not scopes or (layout.columns and len(scopes) < _FEWEST_FOR_PANELS):
            continue
        charts[kind] = _chart(figures, metric, scopes, scale=scale, layout=layout)
    if "organisation" not in charts and len(figures.of_kind("service")) == 1:
        charts["organisation"] = _chart(
            figures, metric, figures.of_kind("service"), scale=scale, layout=_WIDE
        )
    return charts


def _chart(
    figures: Figures, metric: Metric, scopes: Sequence[Scope], *, scale: Scale, layout: _Layout
) -> Chart:
    months = figures.months[-MOST_MONTHS:]
    cells = [
        cell
        for scope in scopes
        for month in months
        if (cell := figures.cell(metric.metric, scope, month)) is not None
    ]
    values = [scale.apply(cell.value) for cell in cells if cell.value is not None]
    plot = _Plot(metric, scale, layout, _top(values) if layout.columns else None)
    kind = scopes[0].kind
    description = f"{metric.title} by month, {kind}" + ("s side by side" if layout.columns else "")
    drawn = _layers(plot, [f"{month:%b %Y}" for month in months])
    if layout.columns:
        header = alt.Header(
            title=None, labelFontSize=12, labelFontWeight=600, labelColor=_INK, labelPadding=4
        )
        drawn = drawn.facet(
            facet=alt.Facet("scope:N", header=header, sort=[scope.title for scope in scopes]),
            columns=layout.columns,
            spacing={"row": 14, "column": 26},
        )
    specification = drawn.to_dict(validate=False)  # a test does: it takes longer than all the rest
    specification["description"] = description
    # added last: the library copies all that it is given, often
    specification["config"] = _configuration()
    specification["datasets"] = {_ROWS: [_row(cell, plot) for cell in cells]}
    return Chart(f"chart-{metric.metric}-{kind}", description, scale.title, specification)


def _top(values: list[float]) -> float | None:
    """Return where small panels end: at the greatest value, or well below a lone one far beyond the rest."""
    if not values:
        return None
    ordered = sorted(values)
    usual = ordered[int((len(ordered) - 1) * 0.95)]
    greatest = ordered[-1] if ordered[-1] <= _FAR_BEYOND * usual else 1.5 * usual
    return 1.12 * greatest or None


def _row(cell: Figure, plot: _Plot) -> dict[str, Any]:
    """Return a cell as the chart's data; what lies beyond a panel's top is drawn there, with its value."""
    unit, scale = plot.metric.unit, plot.scale
    value = plot.place(cell.value)
    is_joined = value is not None and not cell.is_partial and not cell.is_incomplete
    is_beyond = cell.value is not None and plot.top is not None and scale.apply(cell.value) > plot.top
    return {
        "month": cell.month,
        "scope": cell.scope.title,
        "value": value,
        "joined": value if is_joined else None,
        "low": plot.place(cell.interval_low) if is_joined else None,
        "high": plot.place(cell.interval_high) if is_joined else None,
        "beyond": f"\u25b2 {shown(cell.value, unit, scale)}" if is_beyond else "",
        "state": _state(cell),
        "shown": shown(cell.value, unit, scale),
        "interval": shown_interval(cell.interval_low, cell.interval_high, unit, scale),
        "n": cell.n,
    }


def _state(cell: Figure) -> str:
    """Say what a reader must know of a period before comparing it."""
    known = (("partial", cell.is_partial), ("incomplete", cell.is_incomplete), ("maturing", cell.is_maturing))
    return next((state for state, is_so in known if is_so), "complete")


def _layers(plot: _Plot, months: list[str]) -> Any:
    metric, layout = plot.metric, plot.layout
    colour = _COLOURS.get(metric.metric, _INK)
    is_wide = layout.columns is None
    x = alt.X(
        "month:O",
        sort=months,
        scale=alt.Scale(domain=months),
        axis=alt.Axis(
            title=None,
            labelAngle=0,
            labelOverlap="greedy",
            labelExpr=_month_label(is_wide=is_wide, months=len(months)),
        ),
    )
    y_axis = alt.Axis(
        title=plot.scale.title if is_wide else None,
        tickCount=5 if is_wide else 3,
        titleAngle=0,
        titleAlign="left",
        titleX=-36,
        titleY=-14,
    )
    domain = alt.Scale(zero=True, nice=True) if plot.top is None else alt.Scale(domain=[0, plot.top])

    def y(field: str) -> Any:
        return alt.Y(f"{field}:Q", axis=y_axis, scale=domain)

    source = alt.Chart(alt.NamedData(name=_ROWS)).properties(width=layout.width, height=layout.height)
    is_count = metric.unit in {"deployments", "days"}
    marks = _bars(source, x, y, colour) if is_count else _line(source, x, y, colour, 55 if is_wide else 26)
    if plot.top is not None:
        beyond = source.mark_text(fontSize=9, color=colour, baseline="bottom", dy=-3)
        marks.append(beyond.encode(x=x, y=y("value"), text="beyond:N"))
    return alt.layer(*marks)


def _bars(source: Any, x: Any, y: Callable[[str], Any], colour: str) -> list[Any]:
    opacity = alt.condition(
        "datum.state === 'partial' || datum.state === 'incomplete'", alt.value(0.35), alt.value(0.9)
    )
    bars = source.mark_bar(color=colour, cornerRadiusEnd=2, width={"band": 0.66}).encode(
        x=x, y=y("value"), opacity=opacity, tooltip=_tooltip()
    )
    whiskers = source.mark_rule(color=_INK, opacity=0.55).encode(x=x, y=y("low"), y2="high:Q")
    return [bars, whiskers]


def _line(source: Any, x: Any, y: Callable[[str], Any], colour: str, size: int) -> list[Any]:
    band = source.mark_area(color=colour, opacity=0.14).encode(x=x, y=y("low"), y2="high:Q")
    line = source.mark_line(color=colour, strokeWidth=2).encode(x=x, y=y("joined"))
    fill = alt.condition("datum.state === 'complete'", alt.value(colour), alt.value("white"))
    points = source.mark_point(size=size, stroke=colour, strokeWidth=1.6, opacity=1).encode(
        x=x, y=y("value"), fill=fill, tooltip=_tooltip()
    )
    return [band, line, points]


def _tooltip() -> list[Any]:
    return [
        alt.Tooltip("scope:N", title="scope"),
        alt.Tooltip("month:O", title="month"),
        alt.Tooltip("shown:N", title="value"),
        alt.Tooltip("interval:N", title="95 % interval"),
        alt.Tooltip("n:Q", title="n"),
        alt.Tooltip("state:N", title="period"),
    ]


def _month_label(*, is_wide: bool, months: int) -> str:
    """Wide charts name each month, with the year at January; small ones show a letter, or only the year."""
    is_january = "indexof(datum.label, 'Jan') === 0"
    if is_wide:
        year = f"datum.index === 0 || {is_january} ? substring(datum.label, 4, 8) : ''"
        return f"[substring(datum.label, 0, 3), {year}]"
    if months <= MOST_MONTHS // 2:
        return "substring(datum.label, 0, 1)"
    return f"{is_january} ? substring(datum.label, 4, 8) : ''"


@cache
def _configuration() -> dict[str, Any]:
    """Return how every chart looks; shared, so not to be changed."""
    configured: dict[str, Any] = _styled(alt.Chart().mark_point()).to_dict()["config"]
    return configured


def _styled(chart: Any) -> Any:
    font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
    return (
        chart.configure(font=font, background="white")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_MUTED,
            titleColor=_MUTED,
            titleFontWeight="normal",
            gridColor=_GRID,
            domainColor=_GRID,
            tickColor=_GRID,
            labelFontSize=11,
            titleFontSize=11,
        )
        .configure_axisX(grid=False, ticks=False, labelPadding=6)
        .configure_axisY(domain=False, ticks=False, labelPadding=6)
    )

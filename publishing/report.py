"""The report: one HTML file that a leader opens and decides by. It loads nothing from anywhere.

All text goes through the template's escaping; chart specifications are embedded as JSON in which no
character can end the script element. A content security policy forbids every request.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import jinja2
import vl_convert
from markupsafe import Markup, escape

from governance.gate import Decision
from publishing.caveats import Caveat
from publishing.charts import Chart, metric_charts
from publishing.check_summary import summarise_checks
from publishing.completeness import StreamReading
from publishing.context import PublicationContext
from publishing.figures import Figure, Figures, Metric, Scope
from publishing.service_levels import ServiceLevel
from publishing.units import EMPTY, Scale, scale_for, shown, shown_interval, typical_scale

_TEMPLATE = "report.html.j2"
_TABLE_MONTHS = 12
_TITLES = {"organisation": "Whole organisation", "team": "Teams", "service": "Services"}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the numbers come from, as the report shows it."""

    publication_id: str
    published_at: datetime
    payload_log_size: int
    payload_root: str
    decisions: tuple[Decision, ...]
    context: PublicationContext


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell in words."""

    text: str
    note: str
    is_partial: bool
    is_withheld: bool
    is_incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the five numbers at the top."""

    metric: Metric
    value: str
    note: str
    change: str
    line: str
    is_incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A metric's charts and tables."""

    metric: Metric
    charts: Mapping[str, Chart]
    months: Sequence[str]
    groups: Sequence[tuple[str, Sequence[tuple[Scope, Sequence[Cell]]]]]


def render_report(
    figures: Figures,
    provenance: Provenance,
    caveats: Sequence[Caveat],
    *,
    levels: Sequence[ServiceLevel] = (),
    readings: Sequence[StreamReading] = (),
    restatement: Sequence[str] = (),
) -> str:
    """Return the whole page."""
    sections = [_section(figures, metric) for metric in figures.metrics]
    charts = [chart for section in sections for chart in section.charts.values()]
    focus = figures.focus_month
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["commands"] = _with_commands
    return environment.get_template(_TEMPLATE).render(
        provenance=provenance,
        context=provenance.context,
        published_at=provenance.published_at.astimezone(UTC),
        focus=f"{focus:%B %Y}" if focus else None,
        is_focus_partial=focus is not None and focus not in figures.complete_months,
        tiles=[_tile(figures, metric) for metric in figures.metrics],
        overview=_overview(figures),
        sections=sections,
        caveats=caveats,
        levels=levels,
        readings=readings,
        restatement=restatement,
        summary=summarise_checks(provenance.context.checks),
        titles=_TITLES,
        example=_example(figures),
        specifications=_script_json([[chart.element_id, chart.specification] for chart in charts]),
        library=Markup(_library()) if charts else "",  # noqa: S704 - the chart library, from its own package
    )


def _section(figures: Figures, metric: Metric) -> Section:
    months = figures.months[-_TABLE_MONTHS:]
    scale = _scale(
        metric, [figures.cell(metric.metric, scope, month) for scope in figures.scopes for month in months]
    )
    groups = []
    for kind, title in _TITLES.items():
        scopes = figures.of_kind(kind)
        rows = [
            (scope, [_cell(figures.cell(metric.metric, scope, month), metric, scale) for month in months])
            for scope in scopes
        ]
        if rows:
            groups.append((title, rows))
    return Section(metric, metric_charts(figures, metric), [f"{month:%b %Y}" for month in months], groups)


def _overview(figures: Figures) -> list[tuple[str, list[tuple[Scope, list[Cell]]]]]:
    """The month in focus: every scope with its five numbers."""
    focus = figures.focus_month
    if focus is None:
        return []
    scales = {
        metric.metric: _scale(metric, [figures.cell(metric.metric, scope, focus) for scope in figures.scopes])
        for metric in figures.metrics
    }
    groups = []
    for kind, title in _TITLES.items():
        rows = [
            (
                scope,
                [
                    _cell(figures.cell(metric.metric, scope, focus), metric, scales[metric.metric])
                    for metric in figures.metrics
                ],
            )
            for scope in figures.of_kind(kind)
        ]
        if rows:
            groups.append((title, rows))
    return groups


def _scale(metric: Metric, cells: Sequence[Figure | None]) -> Scale:
    return typical_scale(metric.unit, [cell.value for cell in cells if cell is not None])


def _cell(figure: Figure | None, metric: Metric, scale: Scale) -> Cell:
    if figure is None:
        return Cell("", "", is_partial=False, is_withheld=False)
    is_withheld = "withheld" in figure.flags
    notes = [] if figure.n is None else [f"n {figure.n}"]
    if figure.value is not None:
        notes.append(shown_interval(figure.interval_low, figure.interval_high, metric.unit, scale))
    text = "withheld" if is_withheld else shown(figure.value, metric.unit, scale)
    note = " · ".join(note for note in notes if note)
    return Cell(text, note, figure.is_partial, is_withheld, figure.is_incomplete)


def _tile(figures: Figures, metric: Metric) -> Tile:
    scope, focus = figures.organisation, figures.focus_month
    figure = figures.cell(metric.metric, scope, focus) if scope and focus else None
    if figure is None or scope is None or focus is None:
        return Tile(metric, EMPTY, "no value", "", "")
    scale = scale_for(metric.unit, [figure.value] if figure.value is not None else [])
    interval = shown_interval(figure.interval_low, figure.interval_high, metric.unit, scale)
    note = f"95 %: {interval}" if interval and figure.value is not None else ""
    before = figures.month_before(focus)
    previous = figures.cell(metric.metric, scope, before) if before else None
    values = [
        cell.value
        for month in figures.complete_months[-_TABLE_MONTHS:]
        if (cell := figures.cell(metric.metric, scope, month)) is not None
        and cell.value is not None
        and not cell.is_incomplete
    ]
    count = "" if figure.n is None else f"n {figure.n}"
    return Tile(
        metric,
        shown(figure.value, metric.unit, scale),
        " · ".join(part for part in (count, note) if part),
        _change(figure, previous, metric, scale),
        _sparkline(values),
        figure.is_incomplete,
    )


def _change(figure: Figure, previous: Figure | None, metric: Metric, scale: Scale) -> str:
    """Say how the value stands to the month before; a change is claimed only where intervals are apart."""
    if previous is None or previous.value is None or figure.value is None:
        return ""
    then = f"{shown(previous.value, metric.unit, scale)} in {previous.period_start:%B}"
    if figure.is_incomplete or previous.is_incomplete:
        return f"{then}; not compared, for not all was read"
    ends = (figure.interval_low, figure.interval_high, previous.interval_low, previous.interval_high)
    if any(end is None for end in ends):
        return then
    low, high, low_before, high_before = (end for end in ends if end is not None)
    if low > high_before:
        return f"clearly higher than {then}"
    if high < low_before:
        return f"clearly lower than {then}"
    return f"no clear change from {then}"


def _sparkline(values: Sequence[Decimal], width: int = 120, height: int = 28) -> str:
    """Return the points of a polyline over the values, from zero to the greatest."""
    greatest = max(values, default=Decimal(0))
    if len(values) < 2 or greatest <= 0:  # noqa: PLR2004 - a line has two ends
        return ""
    step = Decimal(width - 4) / (len(values) - 1)
    return " ".join(
        f"{float(2 + step * position):.1f},{float(height - 3 - value / greatest * (height - 6)):.1f}"
        for position, value in enumerate(values)
    )


def _example(figures: Figures) -> str:
    """Return a trace command for a value that is on the page."""
    focus = figures.focus_month
    scopes = figures.of_kind("service") or list(figures.scopes)
    for metric in ("change_lead_time", "deployment_frequency"):
        for scope in scopes:
            figure = figures.cell(metric, scope, focus) if focus else None
            if figure is not None and figure.value is not None:
                return f"assay trace {metric} --scope {scope.kind}:{scope.scope_id} --period {focus:%Y-%m}"
    return "assay trace change_lead_time --scope service:NAME --period 2026-05"


def _with_commands(text: str) -> Markup:
    """Write what stands between backticks as code."""
    pieces = (str(escape(piece)) for piece in text.split("`"))
    marked = (f"<code>{piece}</code>" if place % 2 else piece for place, piece in enumerate(pieces))
    return Markup("".join(marked))  # noqa: S704 - every piece is escaped


def _script_json(value: Any) -> Markup:
    """Spell JSON so that nothing in it can end the script element or start markup."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - only JSON without markup characters


@cache
def _library() -> str:
    """Return the chart library of the version that the specifications are written for."""
    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")

"""The sheets that people open a workbook for: the organisation by month, and every scope in one month."""

from collections.abc import Iterable, Mapping
from typing import Any

from publishing.figures import Figure, Figures, Metric, Scope
from publishing.spreadsheet_text import neutral_text
from publishing.units import Scale, typical_scale
from publishing.workbook_formats import Formats, fit_to_paper

_HEADER_ROW = 3
_HEADER_HEIGHT = 48
_CHART_ROWS, _CHART_COLUMNS = 13, 5
_FIRST_CHART_COLUMN = 7
_STAR = "* incomplete: something of this period was not read from its source, so the value may change"


def write_summary(book: Any, formats: Formats, figures: Figures, about: Mapping[str, str]) -> None:
    """Write the widest scope's five numbers by month, a chart of each, and where they come from."""
    sheet = book.add_worksheet("Summary")
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 20, 15)
    sheet.write_string(0, 0, neutral_text(f"Delivery performance of {about['organisation']}"), formats.title)
    scope = figures.organisation or next(iter(figures.scopes), None)
    sheet.write_string(1, 0, neutral_text(scope.title if scope else "no values yet"), formats.note)
    sheet.set_row(_HEADER_ROW, _HEADER_HEIGHT)
    sheet.write_string(_HEADER_ROW, 0, "Month", formats.header)
    for row, month in enumerate(figures.months, _HEADER_ROW + 1):
        is_partial = month not in figures.complete_months
        sheet.write_string(row, 0, f"{month:%b %Y}" + (" (partial)" if is_partial else ""), formats.text)
    last = _HEADER_ROW + len(figures.months)
    for column, metric in enumerate(figures.metrics, 1):
        scale = _write_months(sheet, formats, figures, metric, scope=scope, column=column)
        if figures.months and scope:
            _insert_chart(book, sheet, metric, scale=scale, column=column, last=last)
    of_scope = (
        (figures.cell(metric.metric, scope, month) for metric in figures.metrics for month in figures.months)
        if scope
        else ()
    )
    _write_star(sheet, formats, of_scope, row=last + 1)
    for row, (name, value) in enumerate(about.items(), last + 3):
        sheet.write_string(row, 0, neutral_text(name.replace("_", " ")), formats.note)
        sheet.write_string(row, 1, neutral_text(value), formats.note)
    sheet.freeze_panes(_HEADER_ROW + 1, 1)
    fit_to_paper(sheet)


def write_scopes(book: Any, formats: Formats, figures: Figures) -> None:
    """Write every scope's five numbers in the month that a report leads with, each beside its n."""
    sheet = book.add_worksheet("Scopes")
    focus = figures.focus_month
    title = f"{focus:%B %Y}" if focus else "No values yet"
    sheet.write_string(0, 0, title, formats.title)
    sheet.set_row(2, _HEADER_HEIGHT)
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 26)
    for column, name in enumerate(("Kind", "Scope")):
        sheet.write_string(2, column, name, formats.header)
    for position, metric in enumerate(figures.metrics):
        column = 2 + 2 * position
        cells = [figures.cell(metric.metric, scope, focus) if focus else None for scope in figures.scopes]
        scale = _scale(metric, cells)
        sheet.set_column(column, column, 15)
        sheet.set_column(column + 1, column + 1, 7)
        sheet.write_string(2, column, neutral_text(_heading(metric, scale)), formats.number_header)
        sheet.write_string(2, column + 1, "n", formats.number_header)
        for row, cell in enumerate(cells, 3):
            _write_value(sheet, formats, metric, scale, cell, at=(row, column))
            if cell is not None and cell.n is not None:
                sheet.write_number(row, column + 1, cell.n, formats.whole)
    for row, scope in enumerate(figures.scopes, 3):
        sheet.write_string(row, 0, scope.kind, formats.note)
        sheet.write_string(row, 1, neutral_text("  " * scope.depth + scope.title), formats.text)
    shown = (
        (figures.cell(metric.metric, scope, focus) for metric in figures.metrics for scope in figures.scopes)
        if focus
        else ()
    )
    _write_star(sheet, formats, shown, row=1)
    sheet.freeze_panes(3, 2)
    fit_to_paper(sheet)


def _write_months(
    sheet: Any, formats: Formats, figures: Figures, metric: Metric, *, scope: Scope | None, column: int
) -> Scale:
    cells = [figures.cell(metric.metric, scope, month) if scope else None for month in figures.months]
    scale = _scale(metric, cells)
    sheet.write_string(_HEADER_ROW, column, neutral_text(_heading(metric, scale)), formats.number_header)
    for row, cell in enumerate(cells, _HEADER_ROW + 1):
        _write_value(sheet, formats, metric, scale, cell, at=(row, column))
    return scale


def _write_value(
    sheet: Any, formats: Formats, metric: Metric, scale: Scale, cell: Figure | None, *, at: tuple[int, int]
) -> None:
    """Write a value as a number of its own unit; an empty one stays empty."""
    if cell is None or cell.value is None:
        return
    shape = {"ratio": "percent", "seconds": "duration"}.get(metric.unit, "whole")
    value = float(cell.value) if metric.unit == "ratio" else scale.apply(cell.value)
    sheet.write_number(*at, value, getattr(formats, f"{shape}_incomplete" if cell.is_incomplete else shape))


def _write_star(sheet: Any, formats: Formats, cells: Iterable[Figure | None], *, row: int) -> None:
    """Say what a star is, where there is one."""
    if any(cell is not None and cell.is_incomplete for cell in cells):
        sheet.write_string(row, 0, _STAR, formats.note)


def _scale(metric: Metric, cells: list[Figure | None]) -> Scale:
    return typical_scale(metric.unit, [cell.value for cell in cells if cell is not None])


def _heading(metric: Metric, scale: Scale) -> str:
    return f"{metric.title} ({scale.title})" if metric.unit == "seconds" else metric.title


def _insert_chart(book: Any, sheet: Any, metric: Metric, *, scale: Scale, column: int, last: int) -> None:
    is_count = metric.unit == "deployments"
    chart = book.add_chart({"type": "column" if is_count else "line"})
    first = _HEADER_ROW + 1
    series: dict[str, Any] = {
        "categories": ["Summary", first, 0, last, 0],
        "values": ["Summary", first, column, last, column],
        "name": ["Summary", _HEADER_ROW, column],
    }
    if is_count:
        series |= {"fill": {"color": "#1D6F6A"}, "gap": 60}
    else:
        series |= {"line": {"color": "#1D6F6A", "width": 2}, "marker": {"type": "circle", "size": 5}}
    chart.add_series(series)
    chart.set_title({"name": neutral_text(_heading(metric, scale)), "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    axis = {
        "min": 0,
        "major_gridlines": {"visible": True, "line": {"color": "#E3E7EC"}},
        "line": {"none": True},
    }
    chart.set_y_axis(axis | ({"num_format": "0%"} if metric.unit == "ratio" else {}))
    chart.show_blanks_as("gap")
    chart.set_size({"width": 520, "height": 250})
    place = column - 1
    row = _HEADER_ROW + _CHART_ROWS * (place // 2)
    sheet.insert_chart(row, _FIRST_CHART_COLUMN + _CHART_COLUMNS * (place % 2), chart)

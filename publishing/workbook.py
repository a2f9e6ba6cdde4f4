"""The workbook: a summary with charts, every exported mart as a sheet, definitions and provenance.

Texts are written as strings, neutralised, never as formulas or links. Times inside the file come from the
publication, so the same rows at the same instant give the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from publishing.figures import Figures, Metric
from publishing.spreadsheet_text import neutral_text
from publishing.tables import Table, quoted
from publishing.units import scale_for

_MOST_ROWS = 1_048_575  # a sheet's limit, less the header
_MOST_NAME = 31
_WIDEST, _NARROWEST = 48, 9
_SAMPLED_ROWS = 200


@dataclass(frozen=True, slots=True)
class _Formats:
    title: Any
    header: Any
    text: Any
    note: Any
    date: Any
    instant: Any
    whole: Any
    decimal: Any
    percent: Any
    duration: Any


def write_workbook(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    tables: Sequence[Table],
    figures: Figures,
    about: Mapping[str, str],
    at: datetime,
) -> dict[str, int]:
    """Write the workbook and return the number of rows of each mart's sheet."""
    book = xlsxwriter.Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    created = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.set_properties({"title": "Delivery performance", "author": "Assay", "created": created})
    formats = _formats(book)
    _write_summary(book, formats, figures, about)
    rows = {}
    names: set[str] = {"summary"}
    for table in tables:
        sheet = book.add_worksheet(_sheet_name(table.name, names))
        rows[table.name] = _write_table(con, sheet, formats, table)
    book.close()
    return rows


def _formats(book: Any) -> _Formats:
    font = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
    add = book.add_format
    return _Formats(
        title=add({**font, "bold": True, "font_size": 16}),
        header=add({**font, "bold": True, "bg_color": "#EEF2F5", "bottom": 1, "text_wrap": True}),
        text=add(font),
        note=add({**font, "font_color": "#5B6673"}),
        date=add({**font, "num_format": "yyyy-mm-dd"}),
        instant=add({**font, "num_format": "yyyy-mm-dd hh:mm:ss"}),
        whole=add({**font, "num_format": "#,##0"}),
        decimal=add({**font, "num_format": "#,##0.0##"}),
        percent=add({**font, "num_format": "0.0%"}),
        duration=add({**font, "num_format": "#,##0.0"}),
    )


def _write_summary(book: Any, formats: _Formats, figures: Figures, about: Mapping[str, str]) -> None:
    """The organisation's five numbers by month, a chart of each, and where they come from."""
    sheet = book.add_worksheet("Summary")
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 20, 15)
    sheet.write_string(0, 0, neutral_text(f"Delivery performance of {about['organisation']}"), formats.title)
    scope = figures.organisation or next(iter(figures.scopes), None)
    sheet.write_string(1, 0, neutral_text(scope.title if scope else "no values yet"), formats.note)
    header = 3
    sheet.write_string(header, 0, "Month", formats.header)
    for row, month in enumerate(figures.months, header + 1):
        is_partial = month not in figures.complete_months
        sheet.write_string(row, 0, f"{month:%b %Y}" + (" (partial)" if is_partial else ""), formats.text)
    for column, metric in enumerate(figures.metrics, 1):
        _write_summary_metric(sheet, formats, figures, metric, at=(header, column))
    last = header + len(figures.months)
    _write_pairs(sheet, formats, last + 2, about)
    if figures.months and scope:
        for column, metric in enumerate(figures.metrics, 1):
            _insert_chart(book, sheet, metric, column=column, first=header + 1, last=last)
    sheet.freeze_panes(header + 1, 1)


def _write_summary_metric(
    sheet: Any, formats: _Formats, figures: Figures, metric: Metric, *, at: tuple[int, int]
) -> None:
    header, column = at
    scope = figures.organisation or next(iter(figures.scopes), None)
    cells = [figures.cell(metric.metric, scope, month) if scope else None for month in figures.months]
    values = [cell.value for cell in cells if cell is not None and cell.value is not None]
    scale = scale_for(metric.unit, values)
    unit = f" ({scale.title})" if metric.unit == "seconds" else ""
    sheet.write_string(header, column, neutral_text(metric.title + unit), formats.header)
    for row, cell in enumerate(cells, header + 1):
        if cell is None or cell.value is None:
            continue
        if metric.unit == "ratio":
            sheet.write_number(row, column, float(cell.value), formats.percent)
        else:
            shape = formats.duration if metric.unit == "seconds" else formats.whole
            sheet.write_number(row, column, scale.apply(cell.value), shape)


def _insert_chart(book: Any, sheet: Any, metric: Metric, *, column: int, first: int, last: int) -> None:
    kind = "column" if metric.unit == "deployments" else "line"
    chart = book.add_chart({"type": kind})
    series: dict[str, Any] = {
        "categories": ["Summary", first, 0, last, 0],
        "values": ["Summary", first, column, last, column],
        "name": ["Summary", first - 1, column],
    }
    if kind == "line":
        series |= {"line": {"color": "#1D6F6A", "width": 2}, "marker": {"type": "circle", "size": 5}}
    else:
        series |= {"fill": {"color": "#1D6F6A"}}
    chart.add_series(series)
    chart.set_title({"name": metric.title, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#E3E7EC"}}})
    chart.show_blanks_as("gap")
    chart.set_size({"width": 520, "height": 250})
    place = column - 1
    sheet.insert_chart(3 + 13 * (place // 2), 7 + 5 * (place % 2), chart)


def _write_pairs(sheet: Any, formats: _Formats, row: int, about: Mapping[str, str]) -> None:
    for offset, (name, value) in enumerate(about.items()):
        sheet.write_string(row + offset, 0, neutral_text(name.replace("_", " ")), formats.note)
        sheet.write_string(row + offset, 1, neutral_text(value), formats.note)


def _write_table(con: duckdb.DuckDBPyConnection, sheet: Any, formats: _Formats, table: Table) -> int:
    """Write a mart with a frozen header and a filter; rows beyond a sheet's limit are named, not dropped."""
    names = list(table.columns)
    selected = ", ".join(_selected(name, kind) for name, kind in table.columns.items())
    ordered = ", ".join(quoted(name) for name in names)
    rows = con.execute(
        f"select {selected} from (select {ordered} from {table.relation} {_shown(table)} order by all) "
        f"limit {_MOST_ROWS + 1}"
    ).fetchall()
    is_cut = len(rows) > _MOST_ROWS
    if is_cut:
        rows = rows[: _MOST_ROWS - 1]
    for column, name in enumerate(names):
        sheet.write_string(0, column, neutral_text(name.replace("_", " ")), formats.header)
        sheet.set_column(column, column, _width(name, [row[column] for row in rows[:_SAMPLED_ROWS]]))
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            _write_value(sheet, formats, number, column, value)
    if is_cut:
        text = "Further rows do not fit into a sheet; the Parquet and CSV files hold all of them."
        sheet.write_string(len(rows) + 1, 0, text, formats.note)
    sheet.freeze_panes(1, 0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(names) - 1)
    return len(rows)


def _shown(table: Table) -> str:
    """Leave weekly values of every metric to the flat files: nobody reads ten thousand rows in a sheet."""
    is_long = table.name == "mart_metric_values" and "period_grain" in table.columns
    return "where period_grain <> 'week'" if is_long else ""


def _selected(name: str, kind: str) -> str:
    column = quoted(name)
    if kind.endswith("[]"):
        return f"array_to_string({column}, '; ') as {column}"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"{column} at time zone 'UTC' as {column}"
    return column


def _write_value(sheet: Any, formats: _Formats, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, formats.text)
    elif isinstance(value, int):
        sheet.write_number(row, column, value, formats.whole)
    elif isinstance(value, (Decimal, float)):
        sheet.write_number(row, column, float(value), formats.decimal)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value, formats.instant)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats.date)  # noqa: DTZ001 - a day has no zone
    else:
        sheet.write_string(row, column, neutral_text(str(value)), formats.text)


def _width(name: str, values: Sequence[Any]) -> int:
    longest = max((len(str(value)) for value in values if value is not None), default=0)
    return max(_NARROWEST, min(_WIDEST, max(longest, len(name)) + 2))


def _sheet_name(table: str, taken: set[str]) -> str:
    """Return a name for people, unique and short enough for a sheet."""
    words = table.removeprefix("mart_").removeprefix("dim_").replace("_", " ")
    name = (words[:1].upper() + words[1:])[:_MOST_NAME]
    number = 2
    while name.lower() in taken:
        name = f"{name[: _MOST_NAME - 3]} {number}"
        number += 1
    taken.add(name.lower())
    return name

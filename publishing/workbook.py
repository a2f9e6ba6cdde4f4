"""The workbook: a summary with charts, every scope, each exported mart as a sheet, and provenance.

Texts are written as strings, neutralised, never as formulas or links. Times inside the file come from the
publication, so the same rows at the same instant give the same bytes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from publishing.figures import Figures
from publishing.spreadsheet_text import neutral_text
from publishing.tables import Table, quoted
from publishing.workbook_formats import Formats, fit_to_paper, make_formats
from publishing.workbook_summary import write_scopes, write_summary

_MOST_ROWS = 1_048_575  # a sheet's limit, less the header
_MOST_NAME = 31
_WIDEST, _NARROWEST = 48, 9
_NO_DURATIONS = ("_n", "_score", "_answer", "_share")
_DAILY = "_daily"
_SAMPLED_ROWS = 200


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
    formats = make_formats(book)
    write_summary(book, formats, figures, about)
    write_scopes(book, formats, figures)
    rows = {}
    names: set[str] = {"summary", "scopes"}
    fitting = [table for table in tables if not table.name.endswith(_DAILY)]  # days are for the flat files
    for table in sorted(fitting, key=lambda one: (not one.name.startswith("mart_dora"), _is_dimension(one))):
        sheet = book.add_worksheet(_sheet_name(table.name, names))
        rows[table.name] = _write_table(con, sheet, formats, table)
    book.close()
    return rows


def _is_dimension(table: Table) -> bool:
    return table.name.startswith("dim_")


def _write_table(con: duckdb.DuckDBPyConnection, sheet: Any, formats: Formats, table: Table) -> int:
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
        sheet.write_string(0, column, neutral_text(_heading(table, name)), formats.header)
        sheet.set_column(column, column, _width(name, [row[column] for row in rows[:_SAMPLED_ROWS]]))
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            _write_value(sheet, formats, number, column, value)
    if is_cut:
        text = "Further rows do not fit into a sheet; the Parquet and CSV files hold all of them."
        sheet.write_string(len(rows) + 1, 0, text, formats.note)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    fit_to_paper(sheet)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(names) - 1)
    return len(rows)


def _heading(table: Table, name: str) -> str:
    """Return a column's heading; the wide marts hold durations in seconds, which a heading must say."""
    is_duration = table.name.startswith("mart_dora") and "_time" in name and not name.endswith(_NO_DURATIONS)
    return name.replace("_", " ") + (" (seconds)" if is_duration else "")


def _shown(table: Table) -> str:
    """Leave short periods of every metric to the flat files: nobody reads ten thousand rows in a sheet."""
    is_long = table.name == "mart_metric_values" and "period_grain" in table.columns
    return "where period_grain in ('month', 'quarter')" if is_long else ""


def _selected(name: str, kind: str) -> str:
    column = quoted(name)
    if kind.endswith("[]"):
        return f"array_to_string({column}, '; ') as {column}"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"{column} at time zone 'UTC' as {column}"
    return column


def _write_value(sheet: Any, formats: Formats, row: int, column: int, value: Any) -> None:
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

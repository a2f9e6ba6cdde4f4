"""The workbook: what people see, what a spreadsheet must not run, and the same bytes each time."""

import zipfile
from pathlib import Path

import duckdb
import openpyxl
import pytest

from publishing.analyst import open_published
from publishing.figures import read_figures
from publishing.tables import read_tables
from publishing.workbook import write_workbook
from tests.publishing.release import AT, Release

ABOUT = {"organisation": "=Acme", "publication_id": "first", "published_at": AT.isoformat()}


def write(database: Path, path: Path) -> dict[str, int]:
    with open_published(database) as con:
        tables = [one for one in read_tables(con, database.stem) if one.name.startswith("mart_")]
        figures = read_figures(con, organisation="Acme")
        return write_workbook(con, path, tables=tables, figures=figures, about=ABOUT, at=AT)


@pytest.fixture(scope="module")
def workbook(published: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "assay.xlsx"
    write(published.root / "first" / "analyst.duckdb", path)
    return path


def test_the_summary_shows_the_five_numbers_by_month_with_charts(workbook: Path) -> None:
    sheet = openpyxl.load_workbook(workbook)["Summary"]
    assert sheet["A1"].value == "Delivery performance of =Acme"
    assert [cell.value for cell in sheet[4][:6]] == [
        "Month",
        "Deployment frequency",
        "Change lead time (hours)",
        "Change fail rate",
        "Failed deployment recovery time (hours)",
        "Deployment rework rate",
    ]
    assert sheet["A5"].value == "Jul 2025"
    assert sheet["A16"].value == "Jun 2026 (partial)"
    assert sheet["D5"].number_format == "0.0%"
    assert sheet.freeze_panes == "B5"
    assert len(sheet._charts) == 5


def test_every_scope_stands_beside_its_n_in_the_month_in_focus(workbook: Path) -> None:
    sheet = openpyxl.load_workbook(workbook)["Scopes"]
    assert sheet["A1"].value == "May 2026"
    assert [cell.value for cell in sheet[3][:5]] == [
        "Kind",
        "Scope",
        "Deployment frequency",
        "n",
        "Change lead time (hours)",
    ]
    rows = {(row[0].value, row[1].value): row for row in sheet.iter_rows(min_row=4)}
    assert set(rows) >= {("organisation", "Acme"), ("team", "Payments"), ("service", "Mobile app")}
    assert rows["organisation", "Acme"][3].value == rows["organisation", "Acme"][2].value


def test_each_mart_is_a_sheet_with_a_frozen_header_and_a_filter(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    assert book.sheetnames == ["Summary", "Scopes", "Dora monthly", "Metric values"]
    sheet = book["Metric values"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref is not None
    assert sheet.max_row == 541
    header = [cell.value for cell in sheet[1]]
    start = sheet.cell(2, header.index("period start") + 1)
    assert start.number_format == "yyyy-mm-dd"
    assert isinstance(sheet.cell(2, header.index("value") + 1).value, float | int)


def test_text_is_never_a_formula_or_a_link(tmp_path: Path) -> None:
    database = tmp_path / "analyst.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute(
            "create schema marts; create table marts.dim_metrics (metric varchar, metric_version integer, "
            "profile varchar, title varchar, sentence varchar, unit varchar, direction varchar, "
            "tier varchar, owner varchar)"
        )
        con.execute(
            "create table marts.mart_metric_values (metric varchar, scope_kind varchar, "
            "scope_id varchar, profile varchar, period_grain varchar, period_start date, period_end date, "
            "value decimal(28, 9), n bigint, interval_low decimal(28, 9), interval_high decimal(28, 9), "
            "is_partial boolean, is_maturing boolean, flags varchar[])"
        )
        con.execute(
            "create table marts.mart_notes as select unnest(['=1+1', '+1', '-1', '@a', chr(9) || '=1', "
            "'http://evil.test', '1234', 'plain', chr(7) || 'bell']) as note"
        )
    write(database, tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["Notes"]
    cells = [sheet.cell(row, 1) for row in range(2, 11)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.hyperlink for cell in cells} == {None}
    values = sorted(str(cell.value) for cell in cells)
    assert values == sorted(
        ["'=1+1", "'+1", "'-1", "'@a", "'\t=1", "http://evil.test", "1234", "plain", "\ufffdbell"]
    )
    with zipfile.ZipFile(tmp_path / "book.xlsx") as book:
        assert all(b"<f>" not in book.read(name) for name in book.namelist() if "sheet" in name)


def test_the_same_rows_at_the_same_instant_are_the_same_bytes(published: Release, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write(published.root / "first" / "analyst.duckdb", tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()

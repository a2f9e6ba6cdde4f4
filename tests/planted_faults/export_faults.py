"""What somebody may do to a publication after it was made."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from tests.planted_faults.edge_fault import ExportFault

_FOUND = ("verify: publication",)
_VALUES = "marts/mart_metric_values"


def _edited(path: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        file = folder / path
        content = file.read_bytes()
        assert old in content, f"{path} has no {old!r}"
        file.write_bytes(content.replace(old, new, 1))

    return plant


def _lines(change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        file = folder / f"{_VALUES}.csv"
        head, *lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join([head, *change(lines)]), encoding="utf-8")

    return plant


def _parquet(change: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        file = folder / f"{_VALUES}.parquet"
        with duckdb.connect() as con:
            con.execute(f"create table rows as from '{file}'")
            con.execute(change)
            con.execute(f"copy rows to '{file}' (format parquet)")

    return plant


def _database(folder: Path) -> None:
    with duckdb.connect(str(folder / "analyst.duckdb")) as con:
        con.execute("update marts.mart_metric_values set value = value * 2 where value > 0")


def _manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        file = folder / "manifest.json"
        document = json.loads(file.read_bytes())
        change(document)
        file.write_text(json.dumps(document), encoding="utf-8")

    return plant


def _flatter(document: dict[str, Any]) -> None:
    assert "checks" in document
    document["checks"] = {"passed": 1, "failed": []}


def _forget_a_file(document: dict[str, Any]) -> None:
    document["files"] = document["files"][1:]


def _swap_seals(folder: Path) -> None:
    shutil.copyfile(folder / "payload-checkpoint.txt", folder / "checkpoint.txt")


EXPORT_FAULTS: tuple[ExportFault, ...] = (
    ExportFault(
        "parquet-value-edited",
        "exports",
        "A value of the Parquet file is another.",
        _FOUND,
        _parquet("update rows set value = value * 2 where value > 0"),
    ),
    ExportFault(
        "parquet-row-removed",
        "exports",
        "The Parquet file lacks rows.",
        _FOUND,
        _parquet("delete from rows where scope_kind = 'organisation'"),
    ),
    ExportFault(
        "csv-row-removed",
        "exports",
        "The CSV file lacks its last row.",
        _FOUND,
        _lines(lambda rows: rows[:-1]),
    ),
    ExportFault(
        "csv-row-doubled",
        "exports",
        "The CSV file has a row twice.",
        _FOUND,
        _lines(lambda rows: [rows[0], *rows]),
    ),
    ExportFault(
        "csv-sorted-otherwise",
        "exports",
        "The rows of the CSV file stand in another order.",
        _FOUND,
        _lines(lambda rows: rows[::-1]),
    ),
    ExportFault(
        "report-edited",
        "exports",
        "The report names another organisation.",
        _FOUND,
        _edited("report.html", b"acme", b"Acme"),
    ),
    ExportFault(
        "workbook-edited",
        "exports",
        "The workbook was saved with another content.",
        _FOUND,
        _edited("assay.xlsx", b"PK", b"KP"),
    ),
    ExportFault(
        "database-value-edited", "exports", "The analysts' database has other values.", _FOUND, _database
    ),
    ExportFault(
        "file-removed",
        "exports",
        "A file of the publication is gone.",
        _FOUND,
        lambda folder: (folder / f"{_VALUES}.csv").unlink(),
    ),
    ExportFault(
        "file-added",
        "exports",
        "A file lies in the publication that it was not made with.",
        _FOUND,
        lambda folder: (folder / "marts/bonus.csv").write_text("team,value\n"),
    ),
    ExportFault(
        "checks-flattered",
        "exports",
        "The manifest says that no check was red.",
        _FOUND,
        _manifest(_flatter),
    ),
    ExportFault(
        "file-forgotten", "exports", "The manifest does not list a file.", _FOUND, _manifest(_forget_a_file)
    ),
    ExportFault(
        "seal-swapped",
        "exports",
        "The seal of another log lies in the place of its own.",
        _FOUND,
        _swap_seals,
    ),
)

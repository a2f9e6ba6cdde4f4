"""A canary in developmental feedback: after a build and a publication it is in nothing that measures."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zipfile
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.command import main
from orchestration.flow.warehouse import open_warehouse
from orchestration.tracks import present_crossings
from tests.house.company import company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestration.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]  # a whole run, a publication, and every file read

CANARY = "zzcanary8731"
PRIVATE = ("developmental", "private")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A company that gives feedback, runs, publishes, and runs again after more feedback."""
    with company(tmp_path_factory.mktemp("canary"), services=2, months=1) as served:
        plant(served.workspace, "before")
        served.run()
        plant(served.workspace, "after")
        assert main(["publish", "--workspace", str(served.workspace.root)]) == 0
        yield served.workspace


def plant(workspace: Workspace, when: str) -> None:
    """Put the canary into words, names, a piece's name and the name of a column."""
    people = ["--from", f"{CANARY} giver", "--about", f"{CANARY} subject {when}"]
    given = ["give", *people, "--kind", "peer", "--citable", "--text", f"{CANARY} {when}"]
    assert main(["feedback", *given, "--workspace", str(workspace.root)]) == 0
    with duckdb.connect(str(workspace.feedback)) as con:
        con.execute(f"alter table pieces add column if not exists {CANARY} varchar default '{CANARY}'")
        con.execute(f"update pieces set piece_id = '{CANARY}' || piece_id where piece_id like 'fb_%'")


def sightings(root: Path, *, without: tuple[str, ...] = PRIVATE) -> list[str]:
    """Return every file below a folder that holds the canary, looked into as what it is."""
    found = []
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        if file.relative_to(root).parts[0] in without:
            continue
        if CANARY in file.name or any(CANARY in text for text in texts_of(file)):
            found.append(str(file.relative_to(root)))
    return found


def texts_of(file: Path) -> Iterator[str]:
    """Read a file raw, and opened: tables with their columns and rows, archives with their members."""
    yield file.read_bytes().decode("latin-1")
    if file.suffix == ".duckdb":
        yield from _tables(file)
    elif file.suffix == ".parquet":
        with duckdb.connect() as con:
            yield str(con.sql(f"describe from read_parquet('{file}')").fetchall())
            yield from _rows(con, f"read_parquet('{file}')")
    elif file.suffix == ".sqlite":
        with sqlite3.connect(file) as ledger:
            yield "\n".join(ledger.iterdump())
    elif file.suffix in (".xlsx", ".zip"):
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                yield archive.read(name).decode("latin-1")


def _tables(file: Path) -> Iterator[str]:
    with duckdb.connect(str(file), read_only=True) as con:
        yield str(con.execute("select schema_name, view_name, sql from duckdb_views()").fetchall())
        yield str(con.execute("select schema_name, table_name, column_name from duckdb_columns()").fetchall())
        listed = "select schema_name, table_name from duckdb_tables() where not internal"
        for schema, table in con.execute(listed).fetchall():
            yield from _rows(con, f'"{schema}"."{table}"')


def _rows(con: duckdb.DuckDBPyConnection, relation: str) -> Iterator[str]:
    """Only rows that hold the canary leave the database; bodies of pages are looked into as text."""
    columns = [name for name, *_ in con.execute(f"describe from {relation}").fetchall()]
    asked = " or ".join(f"contains({_text(name)}, '{CANARY}')" for name in columns)
    yield str(con.execute(f"select * from {relation} where {asked} limit 1").fetchall())


def _text(name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"coalesce({quoted}::varchar, '')"


def test_the_canary_is_in_the_feedback(workspace: Workspace) -> None:
    assert sightings(workspace.data, without=()) == ["developmental/feedback.duckdb"]


def test_the_canary_is_in_nothing_else_that_the_workspace_holds(workspace: Workspace) -> None:
    assert sightings(workspace.data) == []
    assert sightings(workspace.root, without=("data",)) == []
    published = {file.suffix for file in workspace.current.resolve().rglob("*")}
    assert {".duckdb", ".parquet", ".xlsx", ".html", ".json"} <= published


def test_the_build_has_no_way_in(workspace: Workspace) -> None:
    with open_warehouse(workspace.warehouse, is_read_only=True) as con:
        found = present_crossings(workspace, con)
    assert len(found) > 50
    assert {name: ways for name, ways in found.items() if ways} == {}


def test_a_canary_that_was_let_in_would_be_found(workspace: Workspace, tmp_path: Path) -> None:
    shutil.copy(workspace.current / "analyst.duckdb", tmp_path / "analyst.duckdb")
    with duckdb.connect(str(tmp_path / "analyst.duckdb")) as con:
        con.execute(f"attach '{workspace.feedback}' as f (read_only)")
        con.execute("create table marts.let_in as select * from f.pieces")
        con.execute(f"copy marts.let_in to '{tmp_path / 'let_in.parquet'}'")
    with zipfile.ZipFile(tmp_path / "let_in.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", CANARY)
    with sqlite3.connect(tmp_path / "let_in.sqlite") as ledger:
        ledger.execute(f"create table leaves as select '{CANARY}' as leaf")
    found = sightings(tmp_path, without=())
    assert found == ["analyst.duckdb", "let_in.parquet", "let_in.sqlite", "let_in.xlsx"]
    assert os.access(tmp_path, os.R_OK)

"""A sound warehouse, made once and copied for each fault."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from quality_checks import run_reconciliation
from tests.quality_checks import evidence, lengths, marts, recomputed, siblings


@pytest.fixture(scope="session")
def sound_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file in which every check passes."""
    path = tmp_path_factory.mktemp("warehouse") / "assay.duckdb"
    with duckdb.connect(str(path)) as con:
        evidence.write(con, evidence.read_everything())
        marts.write(con)
        siblings.write(con)
        lengths.write(con)
        recomputed.write(con)
        run_reconciliation(con, layers=["extraction"], expected=evidence.places())
    return path


@pytest.fixture
def warehouse(sound_file: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the sound warehouse to spoil."""
    path = tmp_path / "assay.duckdb"
    shutil.copyfile(sound_file, path)
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")
        yield con

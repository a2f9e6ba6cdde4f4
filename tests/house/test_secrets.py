"""A whole run leaves no secret behind: evidence, ledger, logs, compiled SQL, Dagster's storage, failures."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from orchestration.run_record import NobodyWatches
from orchestration.running import RunOptions, run_workspace
from tests.house import company as house
from tests.house.company import company

SECRET, WRONG = "ghp-planted-in-the-house-5c20", "ghp-planted-and-refused-9d41"


def everything_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file as it is, tables and databases unpacked."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield str(path), path.read_bytes()
        if path.suffix == ".parquet":
            yield f"rows of {path}", str(pq.read_table(path).to_pylist()).encode()
        elif path.read_bytes()[:15] == b"SQLite format 3":
            with sqlite3.connect(path) as connection:
                yield f"rows of {path}", "\n".join(connection.iterdump()).encode("utf-8", "replace")


@pytest.mark.slow
def test_no_secret_is_left_in_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(house, "TOKEN", SECRET)
    with company(tmp_path, services=1) as small:
        small.run()
        environment = dict.fromkeys(small.environment, WRONG)
        _, error = run_workspace(
            small.workspace,
            watcher=NobodyWatches(),
            environment=environment,
            options=RunOptions(is_full_refresh=False, first_wait_seconds=0.0),
        )
        assert "does not accept the credentials" in str(error)
        told = [("what was said", f"{error!r} {error} {capfd.readouterr()}".encode())]
        kinds = set()
        for place, content in [*told, *everything_in(small.workspace.root)]:
            kinds.add(Path(place).suffix)
            for secret in (SECRET, WRONG):
                assert secret.encode() not in content, (secret, place)
        assert {".parquet", ".sqlite", ".sql", ".duckdb", ".yml"} <= kinds

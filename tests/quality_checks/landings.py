"""Sixteen nightly landings of three streams, drawn by a seed: working days bring more than week-ends."""

import random
from typing import Any

import duckdb
import pyarrow as pa

from quality_checks.streams import KeyPart, StreamContract
from tests.quality_checks.evidence import PAGE_COLUMNS, WINDOW_COLUMNS

RUNS, STAGED = 16, 30
TICKETS = StreamContract("tracker", "tickets", "upsert", (KeyPart(("id",), "ticket_id"),))
NOTES = StreamContract("tracker", "notes", "replace_set", (KeyPart(("id",), "note_id"),), parent="tickets")
PEOPLE = StreamContract("tracker", "people", "append", (KeyPart(("id",), "person_id"),))
CONTRACTS = (TICKETS, NOTES, PEOPLE)
_STAGED = "(source varchar, {key} bigint, state varchar, closed_at timestamptz, record_id bigint)"


def write(con: duckdb.DuckDBPyConnection, *, seed: int = 1, newest: int | None = None) -> None:
    """Write windows, pages and staged rows.

    Args:
        con: An empty database.
        seed: Of the draw.
        newest: How many tickets the newest run brings; drawn like the others where None.
    """
    draw = random.Random(seed)
    con.execute("set timezone = 'UTC'")
    con.execute("create schema raw; create schema staging")
    con.execute(f"create table raw.fetch_windows ({WINDOW_COLUMNS})")
    con.execute(f"create table raw.evidence_pages ({PAGE_COLUMNS})")
    pages: list[dict[str, Any]] = []
    windows: list[dict[str, Any]] = []
    for contract in CONTRACTS:
        rows: list[dict[str, Any]] = []
        for run in range(RUNS):
            index = 2 * len(windows)
            at = f"2026-03-{run + 1:02d}T02:{draw.randrange(10):02d}:00Z"
            place: dict[str, Any] = {
                "source": "desk",
                "kind": contract.kind,
                "stream": contract.stream,
                "scope": "acme",
            }
            place |= {"window_id": f"{contract.stream}{run}", "record_count": _records(draw, contract, run)}
            if contract is TICKETS and run == RUNS - 1 and newest is not None:
                place["record_count"] = newest
            pages.append(place | {"log_index": index, "fetched_at": at})
            windows.append(
                place | {"window_index": index + 1, "run_id": f"run-{run}", "started_at": at, "closed_at": at}
            )
            rows += [_row(draw, contract, run=run, number=number, index=index) for number in range(STAGED)]
        con.execute(f"create table {contract.staging} {_STAGED.format(key=contract.key[0].staged)}")
        _insert(con, contract.staging, rows)
    _insert(con, "raw.evidence_pages", pages)
    _insert(con, "raw.fetch_windows", windows)


def _records(draw: random.Random, contract: StreamContract, run: int) -> int:
    """Draw how many records a night brings: everything at first, then what is new."""
    if contract is PEOPLE:
        return 40
    mean = 3000 if run == 0 else 40 if run % 7 in (5, 6) else 300
    return max(round(draw.gauss(mean, 2 * mean**0.5)), 0)


def _row(
    draw: random.Random, contract: StreamContract, *, run: int, number: int, index: int
) -> dict[str, Any]:
    is_closed = draw.random() < 0.9 - 0.6 * run / RUNS  # what landed lately is seldom closed yet
    return {
        "source": "desk",
        contract.key[0].staged: run * 1000 + number,
        "state": None if draw.random() < 0.05 else "open",
        "closed_at": "2026-03-01T00:00:00Z" if is_closed else None,
        "record_id": index << 23 | number,
    }


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    con.register("lot", pa.Table.from_pylist(rows))
    con.execute(f"insert into {table} by name select * from lot")
    con.unregister("lot")

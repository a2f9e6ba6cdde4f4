"""The questions of a peer's DORA dashboard over the same events: its SQL on MariaDB, and ours.

The peer is Apache DevLake 1.0: eight panels of its DORA dashboard in the report of 2023, asked for one
quarter of one project. The factor multiplies 10,000 pull requests, 5,000 deployments and 500 incidents of one
year over 20 services; the story is drawn by hashing and the same in every run.

- *MariaDB* stands for the peer: its domain tables with its keys, indexes and types, and its panels' formulas.
  What its collector works out beforehand (`project_pr_metrics`, links of deployments and incidents) is there.
- *formulas* are the models of our profile `devlake_1_0`, run by DuckDB over the same tables when the question
  is asked: what the peer has worked out beforehand they have too, and nothing more.
- *published* are the values that the warehouse has worked out beforehand, looked up in the mart
  `mart_profile_comparison`.

At factor 1 the simulated organisation's own warehouse is loaded too, and asked beside what it published.

No time is told unless all ways gave the same answer.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.against_sql.asking import (
    Round,
    ask_dashboard,
    ask_formulas,
    ask_published,
    require_agreement,
    require_answers,
    total_seconds,
)
from benchmarks.against_sql.loading import (
    add_further_indexes,
    build_values,
    leave_to_questions,
    load,
    publish_values,
    tell_events,
)
from benchmarks.against_sql.questions import Asked
from benchmarks.against_sql.server import MariaDB, mariadb
from benchmarks.against_sql.simulated import domain_tables, last_quarter, publication
from benchmarks.figures import Figure
from benchmarks.house import House
from benchmarks.measuring import stopwatch

QUARTER = (date(2026, 1, 1), date(2026, 4, 1))
MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Databases:
    """The three of one factor."""

    server: MariaDB
    formulas: duckdb.DuckDBPyConnection
    published: duckdb.DuckDBPyConnection


def measure(factor: int) -> Iterator[Figure]:
    """Open the dashboard of a service, the middle one by its size, and that of the whole organisation."""
    projects = {"service": f"service:{10 * factor:05}", "organisation": "organisation:all"}
    with mariadb() as server, tempfile.TemporaryDirectory() as folder, _connected() as formulas:
        tell_events(formulas, factor)
        with stopwatch() as watch:
            build_values(formulas)
        file = Path(folder) / "published.duckdb"
        publish_values(formulas, file)
        leave_to_questions(formulas, *QUARTER)
        # each kind of project in a schema of its own: the peer's links are not told apart by project
        rows = {kind: load(server, formulas, schema=kind, projects=f"{kind}:%") for kind in projects}
        for table, count in rows["service"].items():
            yield Figure(f"rows of {table}", count, "rows")
        yield Figure("working the published values out", watch.seconds, "s")
        with _connected(file) as published:
            for kind, project in projects.items():
                yield from _compared(Databases(server, formulas, published), kind, project)
        if factor == 1:
            yield from _simulated(server, House(factor).built())


def _compared(databases: Databases, kind: str, project: str) -> Iterator[Figure]:
    asked = Asked(project, *QUARTER)
    dashboard = ask_dashboard(databases.server, kind, asked)
    formulas = ask_formulas(databases.formulas, asked)
    published = ask_published(databases.published, asked)
    databases.formulas.execute("set threads = 1")
    alone = ask_formulas(databases.formulas, asked)
    databases.formulas.execute(f"set threads = {os.cpu_count()}")
    add_further_indexes(databases.server, kind)
    indexed = ask_dashboard(databases.server, kind, asked)
    rounds = {"MariaDB": dashboard, "MariaDB with further indexes": indexed}
    require_answers(asked, rounds.values())
    require_agreement(asked, {**rounds, "formulas": formulas, "one thread": alone, "published": published})
    for name, ours in {"formulas": formulas, "published": published}.items():
        yield from _each(f"{kind}, {name}", ours, dashboard)
        yield _total(f"{kind}, {name}: all {len(ours)}", ours, dashboard)
        yield _total(f"{kind}, {name}: all {len(ours)}, MariaDB with further indexes", ours, indexed)
        yield _ratio(f"{kind}: MariaDB's time over that of {name}", ours, dashboard)
        yield _ratio(f"{kind}: with further indexes, MariaDB's time over that of {name}", ours, indexed)
    yield _total(f"{kind}, formulas: all {len(alone)}, on one thread", alone, dashboard)


def _simulated(server: MariaDB, house: House) -> Iterator[Figure]:
    with domain_tables(house) as tables, publication(house) as published:
        load(server, tables, schema="simulated", projects="organisation:%")
        asked = last_quarter(published)
        dashboard = ask_dashboard(server, "simulated", asked)
        looked_up = ask_published(published, asked)
        require_answers(asked, [dashboard])
        require_agreement(asked, {"MariaDB": dashboard, "published": looked_up})
        name = "simulated organisation, published"
        yield _total(f"{name}: all {len(looked_up)}", looked_up, dashboard)
        yield _ratio("simulated organisation: MariaDB's time over that of published", looked_up, dashboard)


def _each(name: str, ours: Round, peer: Round) -> Iterator[Figure]:
    for question, told in ours.items():
        yield Figure(
            f"{name}: {question}",
            told.seconds * MILLISECONDS,
            "ms",
            peer[question].seconds * MILLISECONDS,
            "MariaDB" if peer[question].answer is not None else "MariaDB, stopped",
        )


def _total(name: str, ours: Round, peer: Round) -> Figure:
    is_whole = all(peer[question].answer is not None for question in ours)
    return Figure(
        name,
        total_seconds(ours, ours) * MILLISECONDS,
        "ms",
        total_seconds(peer, ours) * MILLISECONDS,
        "MariaDB" if is_whole else "MariaDB, some stopped",
    )


def _ratio(name: str, ours: Round, peer: Round) -> Figure:
    return Figure(name, total_seconds(peer, ours) / total_seconds(ours, ours), "times")


def _connected(file: Path | None = None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(file or ":memory:", read_only=file is not None)
    connection.execute("set TimeZone = 'UTC'")
    return connection

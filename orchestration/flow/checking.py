"""Running the checks over a finished build and keeping their results beside it."""

from dataclasses import fields

import duckdb
import pyarrow as pa

from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import mark_stage, stage_mark
from orchestration.session import Session
from orchestration.sources import enabled_streams
from orchestration.stream_contracts import contracts_of
from quality_checks.checks import ExpectedPlace, run_checks
from quality_checks.results import CheckResult

RESULTS = "quality.check_results"
_READ_BY_REPOSITORY = ("github", "git")
_ORGANISATION_WIDE = ("repositories", "teams", "members")
_READ_WHERE_DUE = ("item_details",)  # nothing is asked for where REST has read every list already


def check_build(session: Session, con: duckdb.DuckDBPyConnection, plan: Plan) -> list[CheckResult]:
    """Return the results for the present build: run now, or read where they stand already."""
    mark = stage_mark(con, "checks")
    if mark is not None and mark.build_id == plan.build.build_id:
        results = read_results(con)
    else:
        streams = contracts_of({source.kind for source in session.settings.sources})
        results = run_checks(con, streams=streams, expected=expected_places(session, con))
        _write_results(con, results)
        mark_stage(con, "checks", plan.build)
    session.record.checks = results
    return results


def expected_places(session: Session, con: duckdb.DuckDBPyConnection) -> list[ExpectedPlace]:
    """Return what the settings ask for and the collection register allows, whether it was read or not."""
    rows = con.execute("select source, repository from config.repositories order by all").fetchall()
    return [
        ExpectedPlace(source=source.name, kind=source.kind, stream=stream.name, scope=repository)
        for source in session.settings.sources
        if source.kind in _READ_BY_REPOSITORY
        for stream in enabled_streams(source)
        if stream.parent is None and stream.name not in (*_ORGANISATION_WIDE, *_READ_WHERE_DUE)
        if (source.name, stream.name) not in session.uncollected
        for name, repository in rows
        if name == source.name
    ]


def read_results(con: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """Read the results of the last checks in their order."""
    names = [field.name for field in fields(CheckResult)]
    rows = con.execute(f"select {', '.join(names)} from {RESULTS} order by position").fetchall()
    return [
        CheckResult(
            **(dict(zip(names, row, strict=True)) | {"offenders": tuple(row[names.index("offenders")])})
        )
        for row in rows
    ]


def _write_results(con: duckdb.DuckDBPyConnection, results: list[CheckResult]) -> None:
    """Replace the table of results."""
    rows = [result.as_row() | {"position": at} for at, result in enumerate(results)]
    text = pa.string()
    kinds = {"is_passed": pa.bool_(), "offender_count": pa.int64(), "offenders": pa.list_(text)}
    columns = [(field.name, kinds.get(field.name, text)) for field in fields(CheckResult)]
    table = pa.Table.from_pylist(rows, schema=pa.schema([("position", pa.int64()), *columns]))
    con.register("incoming_results", table)
    con.execute("create schema if not exists quality")
    con.execute(f"create or replace table {RESULTS} as select * from incoming_results order by position")
    con.unregister("incoming_results")

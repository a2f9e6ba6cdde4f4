"""Running the checks over a finished build and keeping their results beside it."""

from dataclasses import replace

import duckdb

from orchestration.check_brief import write_brief
from orchestration.drift import accepted_in
from orchestration.flow.expected_places import expected_places, source_ranges
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import forget_stage, is_stale, mark_stage, stage_mark
from orchestration.session import Session
from orchestration.source_contracts import source_contracts
from orchestration.stream_contracts import contracts_of
from orchestration.tracks import present_crossings
from quality_checks.checks import run_checks
from quality_checks.results import CheckResult
from quality_checks.source_drift.checks import check_source_drift
from quality_checks.stored_results import create_results, read_results, write_results
from quality_checks.track_wall import check_tracks


def check_build(session: Session, con: duckdb.DuckDBPyConnection, plan: Plan) -> list[CheckResult]:
    """Return the results for the present build: run now, or read where they stand already.

    What was red is looked at again whenever evidence has grown, also where nothing of it had to be built: a
    window that was fetched again may hold nothing new, and be complete for all that.
    """
    mark = stage_mark(con, "checks")
    is_checked = mark is not None and mark.build_id == plan.build.build_id
    held = read_results(con) if is_checked else []
    if held and not is_stale(con, plan.raw.log_size):
        results = held
    else:
        results = _run(session, con)
        _keep(session, con, results, log_size=plan.raw.log_size, held=held if is_checked else None)
        mark_stage(con, "checks", replace(plan.build, log_size=plan.raw.log_size))
    session.record.checks = results
    return results


def check_again(session: Session, con: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """Return the results for the warehouse as it stands now, also where a run would find nothing to do.

    They are those of its build from now on: what somebody has altered since is red until it is built anew.
    """
    results = _run(session, con)
    mark = stage_mark(con, "checks")
    if mark is not None:
        create_results(con)
        _keep(session, con, results, log_size=mark.log_size, held=read_results(con))
    return results


def _run(session: Session, con: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    kinds = frozenset(source.kind for source in session.settings.sources)
    repositories = con.execute("select source, repository from config.repositories").fetchall()
    return [
        *run_checks(
            con,
            streams=contracts_of(kinds),
            expected=expected_places(session, repositories),
            ranges=source_ranges(session),
        ),
        *check_source_drift(con, source_contracts(kinds), accepted=accepted_in(session.ledger)),
        *check_tracks(present_crossings(session.workspace, con)),
    ]


def _keep(
    session: Session,
    con: duckdb.DuckDBPyConnection,
    results: list[CheckResult],
    *,
    log_size: int,
    held: list[CheckResult] | None,
) -> None:
    """Put results in the place of those held of the same build; None where they are its first."""
    write_results(con, results)
    write_brief(session.workspace, con, results, log_size=log_size)
    if held is not None and _verdicts(results) != _verdicts(held):
        forget_stage(con, "publication")  # it shows what was red


def _verdicts(results: list[CheckResult]) -> set[tuple[str, str, bool]]:
    return {(result.name, result.subject, result.is_passed) for result in results}

"""Where a run ends: what it found is announced, and whatever goes wrong with that costs the run nothing."""

import os
from collections.abc import Mapping

from orchestration.alerts.announcing import announce
from orchestration.alerts.causes import CheckName, Observation, broken_run, observe
from orchestration.alerts.state import load_state
from orchestration.session import Session
from orchestration.settings import Settings
from orchestration.sources import enabled_streams, utc_now
from orchestration.workspace import Workspace


def announce_end(session: Session, *, is_failed: bool) -> None:
    """Announce what a run found; what could not be delivered is noted and tried in the next run.

    Args:
        session: The open workspace, with the record of what the run did.
        is_failed: Whether the run did not reach its end.
    """
    try:
        _announce(session, is_failed=is_failed)
    except Exception as error:  # noqa: BLE001 - an alarm that fails must not fail the run
        session.watcher.note(f"alerts: nobody was told: {type(error).__name__}. The next run tries again")


def announce_lost_run(workspace: Workspace, *, run_id: str, environment: Mapping[str, str]) -> list[str]:
    """Announce a run that ended without announcing anything itself: its process was lost, or never began.

    Args:
        workspace: Whose run.
        run_id: Which; nothing happens where it has announced its end.
        environment: Where the addresses are.

    Returns:
        What could not be delivered, one line each.
    """
    if load_state(workspace.alerts).last_run_id == run_id:
        return []
    settings = workspace.settings()
    return announce(
        workspace.alerts,
        settings.alerts,
        Observation(
            causes=(broken_run("it ended without a word"),),
            streams_known=_streams(settings),
        ),
        organisation=settings.organisation,
        run_id=run_id,
        at=utc_now(),
        environment=environment,
        pages=None,
    )


def _announce(session: Session, *, is_failed: bool) -> None:
    settings = session.settings
    observation = observe(
        session.record,
        is_failed=is_failed,
        streams_known=_streams(settings),
        checks_known=_checks(settings) if session.record.checks else (),
    )
    problems = announce(
        session.workspace.alerts,
        settings.alerts,
        observation,
        organisation=settings.organisation,
        run_id=session.run_id,
        at=utc_now(),
        environment=session.environment or os.environ,
        pages=_pages(session) if settings.alerts.freshness else None,
    )
    for problem in problems:
        session.watcher.note(problem)


def _streams(settings: Settings) -> frozenset[str]:
    return frozenset(
        f"{source.name}.{stream.name}" for source in settings.sources for stream in enabled_streams(source)
    )


def _checks(settings: Settings) -> frozenset[CheckName]:
    from orchestration.stream_contracts import contracts_of  # noqa: PLC0415 - loaded by the run's checks
    from quality_checks.checks import declared_checks  # noqa: PLC0415 - loaded by the run's checks

    declared = declared_checks(contracts_of({source.kind for source in settings.sources}))
    return frozenset((each.name, each.subject) for each in declared)


def _pages(session: Session) -> dict[str, int]:
    counted: dict[str, int] = {}
    for total in session.store.totals():
        counted[total.source] = counted.get(total.source, 0) + total.pages
    return counted

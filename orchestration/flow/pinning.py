"""Pinning the evidence: what a build may read, and how far it reaches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.session import Session
from orchestration.steps.raw_schema import Evidence, first_missing_window

_LIVE_KINDS = ("github",)


@dataclass(frozen=True, slots=True)
class Pinned:
    """Committed evidence at one size of the payload log.

    Attributes:
        evidence: What a build may read: an explicit list, never a glob.
        repositories: (source, repository) of everything that was read.
        reaches_until: The last midnight, in the reporting time zone, up to which every live source was asked;
            None without one. A clone does not say up to when it stands.
    """

    evidence: Evidence
    repositories: frozenset[tuple[str, str]]
    reaches_until: datetime | None


def pin_evidence(session: Session, con: duckdb.DuckDBPyConnection) -> Pinned:
    """Pin everything that is committed by now."""
    log_size = session.ledger.size("payload")
    kinds = {source.name: source.kind for source in session.settings.sources}
    windows = session.store.windows(log_size=log_size)
    missing_from = first_missing_window(con, kinds)
    evidence = Evidence(
        log_size=log_size,
        files=session.store.committed_files(log_size=log_size),
        windows=windows.filter(pc.greater_equal(windows["window_index"], missing_from)),
        kinds=kinds,
        redactions=_redactions(session),
    )
    zone = ZoneInfo(session.settings.reporting.time_zone)
    return Pinned(evidence, _repositories(windows), reaches_until(windows, kinds, zone))


def reaches_until(windows: pa.Table, kinds: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    """Return the last midnight up to which every live source was asked; None without a live source."""
    newest = windows.group_by("source").aggregate([("started_at", "max")])
    asked = dict(zip(newest["source"].to_pylist(), newest["started_at_max"].to_pylist(), strict=True))
    live = [asked.get(source) for source, kind in kinds.items() if kind in _LIVE_KINDS]
    reached = [instant for instant in live if instant is not None]
    if not reached or len(reached) < len(live):
        return None
    local: datetime = min(reached).astimezone(zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _redactions(session: Session) -> pa.Table:
    redactions = session.store.redactions()
    paths = [list(redaction.json_paths) for redaction in redactions]
    return pa.table(
        {
            "log_index": pa.array([redaction.log_index for redaction in redactions], pa.int64()),
            "json_paths": pa.array(paths, pa.list_(pa.string())),
        }
    )


def _repositories(windows: pa.Table) -> frozenset[tuple[str, str]]:
    """Return (source, repository) of the windows; other scopes than repositories have no slash."""
    pairs = zip(windows["source"].to_pylist(), windows["scope"].to_pylist(), strict=True)
    return frozenset((source, scope) for source, scope in set(pairs) if "/" in scope)

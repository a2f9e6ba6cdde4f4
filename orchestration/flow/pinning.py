"""Pinning the evidence: what a build may read, and how far it reaches."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from connectors.settings import HttpSettings
from connectors.streams import is_kept_beside
from orchestration.session import Session
from orchestration.settings import SourceSettings
from orchestration.sources import enabled_streams
from orchestration.steps.raw_schema import Evidence, first_missing_window


@dataclass(frozen=True, slots=True)
class Pinned:
    """Committed evidence at one size of the payload log.

    Attributes:
        evidence: What a build may read: an explicit list, never a glob.
        windows: Every closed window of it, also those that the warehouse holds already.
        repositories: (source, repository) of everything that was read from sources of repositories.
        reaches_until: The last midnight, in the reporting time zone, up to which every live source was asked;
            None without one. A clone does not say up to when it stands.
    """

    evidence: Evidence
    windows: pa.Table
    repositories: frozenset[tuple[str, str]]
    reaches_until: datetime | None


def pin_evidence(session: Session, con: duckdb.DuckDBPyConnection) -> Pinned:
    """Pin everything that is committed by now."""
    log_size = session.ledger.size("payload")
    kinds = {source.name: source.kind for source in session.settings.sources}
    windows = _of_streams(session.store.windows(log_size=log_size))
    missing_from = first_missing_window(con, kinds)
    evidence = Evidence(
        log_size=log_size,
        files=[
            file
            for file in session.store.committed_files(log_size=log_size)
            if not is_kept_beside(file.stream)
        ],
        windows=windows.filter(pc.greater_equal(windows["window_index"], missing_from)),
        kinds=kinds,
        redactions=_redactions(session),
    )
    zone = ZoneInfo(session.settings.reporting.time_zone)
    return Pinned(
        evidence=evidence,
        windows=windows,
        repositories=_repositories(session, windows),
        reaches_until=reaches_until(windows, _live_sources(session), zone),
    )


def _of_streams(windows: pa.Table) -> pa.Table:
    """Return the windows without those of what reconciliation asked, which are about no stream's records."""
    names = [name for name in pc.unique(windows["stream"]).to_pylist() if not is_kept_beside(name)]
    return windows.filter(pc.is_in(windows["stream"], pa.array(names, pa.string())))


def _live_sources(session: Session) -> list[str]:
    """Return the sources that answer for the present, without those that may not be asked anything."""
    return [
        source.name
        for source in session.settings.sources
        if isinstance(source, HttpSettings)
        and any((source.name, stream.name) not in session.uncollected for stream in enabled_streams(source))
    ]


def reaches_until(windows: pa.Table, live: Collection[str], zone: ZoneInfo) -> datetime | None:
    """Return the last midnight up to which every live source was asked; None without a live source.

    Args:
        windows: Everything that was asked; what a backfill asked again reaches no further than its own end.
        live: Names of the sources.
        zone: Whose midnight.
    """
    started, ends = windows["started_at"], pc.coalesce(windows["requested_until"], windows["started_at"])
    reaches = windows.append_column("reaches", pc.if_else(pc.less(ends, started), ends, started))
    newest = reaches.group_by("source").aggregate([("reaches", "max")])
    asked = dict(zip(newest["source"].to_pylist(), newest["reaches_max"].to_pylist(), strict=True))
    reached = [asked[source] for source in live if source in asked]
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


def _repositories(session: Session, windows: pa.Table) -> frozenset[tuple[str, str]]:
    """Return (source, repository) of the windows, as far as the settings say that scopes are repositories."""
    sources = {source.name: source for source in session.settings.sources}
    pairs = zip(windows["source"].to_pylist(), windows["scope"].to_pylist(), strict=True)
    return frozenset(
        (name, scope) for name, scope in set(pairs) if name in sources and is_repository(sources[name], scope)
    )


def is_repository(source: SourceSettings, scope: str) -> bool:
    """Whether a scope of a source is a repository that the settings name, or of an owner that they name."""
    known = scope.lower()
    listed = {name.lower() for name in source.listed_repositories}
    owners = {name.lower() for name in source.repository_owners}
    is_owned = known not in owners and any(known.startswith(f"{owner}/") for owner in owners)
    return known in listed or is_owned

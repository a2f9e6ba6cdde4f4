"""The places that the settings ask for and the collection register allows, whether they were read or not."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from connectors.settings import HttpSettings
from orchestration.session import Session
from orchestration.sources import enabled_streams
from quality_checks.checks import ExpectedPlace, SourceRange

_READ_BY_REPOSITORY = ("github", "git")
_ORGANISATION_WIDE = ("repositories", "teams", "members")
_READ_WHERE_DUE = ("item_details",)  # nothing is asked for where REST has read every list already


def expected_places(session: Session, repositories: Iterable[tuple[str, str]]) -> list[ExpectedPlace]:
    """Return one place for each stream that is read by repository.

    Args:
        session: The open workspace.
        repositories: (source, repository) of every known one, as they stand in `config.repositories`.
    """
    rows = sorted(repositories)
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


def source_ranges(session: Session) -> list[SourceRange]:
    """Return the stretches of time that the settings ask for, of sources that they limit."""
    return [
        SourceRange(source.name, since=_midnight(source.since), until=_midnight(source.until))
        for source in session.settings.sources
        if isinstance(source, HttpSettings) and (source.since or source.until)
    ]


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)

"""The roster, as a kind of source."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from connectors.files.chunks import Borders
from connectors.files.documents import FILES, Derivation, FileKind
from connectors.files.named import NamedFile, shown_name
from connectors.files.source import FileSource, streams_chosen
from connectors.kinds import Opening, SourceKind
from connectors.roster.absences import absences_in
from connectors.roster.format import RosterFormat
from connectors.roster.people import people_in
from connectors.roster.settings import RosterSettings
from connectors.roster.streams import EMPLOYMENTS, LEAVE, LEAVE_FILES, STREAMS
from connectors.streams import in_dependency_order

_VERSION = 1
"""Counts changes of how records are made of a file: each makes all of them anew from evidence."""


def open_roster(settings: RosterSettings, opening: Opening) -> FileSource:
    """Open the files that the settings name."""
    streams = streams_chosen(STREAMS, settings.streams)
    chosen = {stream.name for stream in streams}
    files = [file for file in _files(settings, opening.folder) if file.derivation.stream in chosen]
    return FileSource(
        settings.name,
        FileKind(kind="roster", streams=streams, scopes=tuple(file.as_scope() for file in files)),
        store=opening.store,
        runtime=opening.runtime,
        limits=opening.limits,
    )


def _files(settings: RosterSettings, folder: Path) -> Iterator[NamedFile]:
    written = RosterFormat(
        names=settings.columns,
        accepted=settings.accepted_columns,
        date_format=settings.date_format,
        ends=settings.end_dates,
    )
    digest = hashlib.sha256(written.fingerprint.encode()).hexdigest()[:12]
    people = Derivation(
        stream=EMPLOYMENTS.name,
        version=f"{EMPLOYMENTS.name}/{_VERSION} {digest}",
        records=partial(people_in, written=written),
    )
    yield _named("people", settings.people, folder, people, files=FILES)
    if settings.leave is not None:
        leave = Derivation(
            stream=LEAVE.name,
            version=f"{LEAVE.name}/{_VERSION} {digest}",
            records=partial(absences_in, written=written),
        )
        yield _named("leave", settings.leave, folder, leave, files=LEAVE_FILES)


def _named(scope: str, path: Path, folder: Path, derivation: Derivation, *, files: str) -> NamedFile:
    return NamedFile(
        scope=scope,
        path=(folder / path).resolve(),
        name=shown_name(path),
        borders=Borders.CSV,
        derivation=derivation,
        files=files,
    )


KIND = SourceKind(
    name="roster",
    title="Roster",
    streams=in_dependency_order(STREAMS),
    settings=RosterSettings,
    open=open_roster,
    disagreements=lambda settings, opening: open_roster(settings, opening).disagreements(),
)

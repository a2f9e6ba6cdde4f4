"""CODEOWNERS, as a kind of source."""

from functools import partial

from connectors.codeowners.dialects import DIALECTS
from connectors.codeowners.history import OwnersHistory
from connectors.codeowners.records import rules_in, versions_in
from connectors.codeowners.settings import CodeownersSettings
from connectors.codeowners.streams import RULES, STREAMS, VERSIONS
from connectors.files.clones import Clone
from connectors.files.documents import Derivation, FileKind, FileScope
from connectors.files.source import FileSource, streams_chosen
from connectors.git.settings import GitClone
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order

_VERSION = 1
"""Counts changes of how records are made of a file: each makes all of them anew from evidence."""


def open_codeowners(settings: CodeownersSettings, opening: Opening) -> FileSource:
    """Open the clones that the settings name."""
    scopes = tuple(_scope(clone, settings, opening) for clone in settings.repositories)
    return FileSource(
        settings.name,
        FileKind(kind="codeowners", streams=streams_chosen(STREAMS, settings.streams), scopes=scopes),
        store=opening.store,
        runtime=opening.runtime,
        limits=opening.limits,
    )


def _scope(named: GitClone, settings: CodeownersSettings, opening: Opening) -> FileScope:
    clone = Clone.of(named, folder=opening.folder, source=settings.name)
    dialect = DIALECTS[settings.dialect]
    version = f"{_VERSION} {settings.dialect}"
    return FileScope(
        name=clone.name,
        listing=OwnersHistory(clone, dialect).listing,
        derivations=(
            Derivation(
                stream=VERSIONS.name,
                version=f"{VERSIONS.name}/{version}",
                records=partial(versions_in, dialect=dialect),
            ),
            Derivation(
                stream=RULES.name,
                version=f"{RULES.name}/{version}",
                records=partial(rules_in, dialect=dialect),
            ),
        ),
        check=clone.check,
    )


KIND = SourceKind(
    name="codeowners",
    title="CODEOWNERS",
    streams=in_dependency_order(STREAMS),
    settings=CodeownersSettings,
    open=open_codeowners,
    disagreements=lambda settings, opening: open_codeowners(settings, opening).disagreements(),
)

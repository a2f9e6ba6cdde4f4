"""Backstage's catalog, as a kind of source."""

from connectors.backstage.catalogs import CloneCatalog, FolderCatalog
from connectors.backstage.entities import entities_in, users_in
from connectors.backstage.settings import BackstageSettings
from connectors.backstage.streams import ENTITIES, STREAMS, USERS
from connectors.files.clones import Clone
from connectors.files.documents import Derivation, FileKind, FileScope
from connectors.files.named import shown_name
from connectors.files.source import FileSource, streams_chosen
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order

_VERSION = 1
"""Counts changes of how records are made of a file: each makes all of them anew from evidence."""

_DERIVATIONS = (
    Derivation(stream=ENTITIES.name, version=f"{ENTITIES.name}/{_VERSION}", records=entities_in),
    Derivation(stream=USERS.name, version=f"{USERS.name}/{_VERSION}", records=users_in),
)


def open_backstage(settings: BackstageSettings, opening: Opening) -> FileSource:
    """Open the clones and the folder that the settings name."""
    clones = [Clone.of(clone, folder=opening.folder, source=settings.name) for clone in settings.repositories]
    scopes = [_scope(clone.name, CloneCatalog(clone, settings.paths)) for clone in clones]
    if settings.folder is not None:
        catalog = FolderCatalog((opening.folder / settings.folder).resolve(), settings.paths)
        scopes.append(_scope(shown_name(settings.folder), catalog))
    return FileSource(
        settings.name,
        FileKind(kind="backstage", streams=streams_chosen(STREAMS, settings.streams), scopes=tuple(scopes)),
        store=opening.store,
        runtime=opening.runtime,
        limits=opening.limits,
    )


def _scope(name: str, catalog: CloneCatalog | FolderCatalog) -> FileScope:
    return FileScope(name=name, listing=catalog.listing, derivations=_DERIVATIONS, check=catalog.check)


KIND = SourceKind(
    name="backstage",
    title="Backstage",
    streams=in_dependency_order(STREAMS),
    settings=BackstageSettings,
    open=open_backstage,
    disagreements=lambda settings, opening: open_backstage(settings, opening).disagreements(),
)

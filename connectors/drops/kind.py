"""Drops, as a kind of source."""

import hashlib
from functools import partial

from connectors.drops.arrivals import Arrivals
from connectors.drops.declarations import Drop
from connectors.drops.rows import rows_in
from connectors.drops.settings import DropsSettings
from connectors.drops.streams import ROWS, STREAMS
from connectors.files.documents import Derivation, FileKind, FileScope, Grouping
from connectors.files.source import FileSource, streams_chosen
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order

_VERSION = 1
"""Counts changes of how records are made of a file: each makes all of them anew from evidence."""


def open_drops(settings: DropsSettings, opening: Opening) -> FileSource:
    """Open the folder that the settings name."""
    scopes = tuple(_scope(drop, settings, opening) for drop in settings.drops)
    streams = streams_chosen(STREAMS, settings.streams)
    return FileSource(
        settings.name,
        FileKind(kind="drops", streams=streams, scopes=scopes),
        store=opening.store,
        runtime=opening.runtime,
        limits=opening.limits,
    )


def _scope(drop: Drop, settings: DropsSettings, opening: Opening) -> FileScope:
    arrivals = Arrivals(
        drop=drop,
        folder=opening.folder / settings.folder,
        clock=opening.runtime.clock,
        settle_seconds=settings.settle_seconds,
    )
    digest = hashlib.sha256(drop.fingerprint.encode()).hexdigest()[:12]
    rows = Derivation(
        stream=ROWS.name,
        version=f"{ROWS.name}/{_VERSION} {digest}",
        records=partial(rows_in, drop=drop),
    )
    is_set = drop.mode == "replace_set"
    return FileScope(
        name=drop.name,
        listing=arrivals.newest if is_set else arrivals.deliveries,
        derivations=(rows,),
        check=arrivals.check,
        grouping=Grouping.SET if is_set else Grouping.EACH,
        is_whole=is_set,
    )


KIND = SourceKind(
    name="drops",
    title="Drops",
    streams=in_dependency_order(STREAMS),
    settings=DropsSettings,
    open=open_drops,
    disagreements=lambda settings, opening: open_drops(settings, opening).disagreements(),
)

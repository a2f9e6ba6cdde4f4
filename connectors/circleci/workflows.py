"""Which pipelines are asked for their workflows: new ones, those not over, and those young enough to rerun.

A pipeline does not change when a workflow of it goes on or is run again, so its own version says too little.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.circleci.settings import CircleCISettings
from connectors.evidence import EvidenceStore, ParentVersion
from connectors.http.children import changed_parents, named_parents
from connectors.http.instants import instant_of
from connectors.http.lanes import Unit
from connectors.http.reading import Reader

UNFINISHED = frozenset({"running", "failing", "on_hold", ""})
LONGEST_LIFE = timedelta(days=90)
"""A workflow that waits longer for an approval cannot go on: what it left for its next jobs is deleted."""


def workflow_units(settings: CircleCISettings, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    """One listing for each pipeline whose workflows may be news."""
    for slug in settings.projects:
        new = changed_parents(reader, "pipelines", slug)
        yield from new
        asked = {unit.parent_key for unit in new}
        again = _unfinished(reader, store, slug) | _young(reader, store, slug, settings.rerun_days)
        yield from named_parents(reader, slug, sorted(again - asked))


def _unfinished(reader: Reader, store: EvidenceStore, slug: str) -> set[str]:
    """Pipelines with a workflow that was not over when it was read."""
    oldest = reader.clock() - LONGEST_LIFE
    workflows = store.parents(reader.source, "workflows", slug)
    return {
        row.attributes["pipeline_id"]
        for row in workflows
        if row.attributes["status"] in UNFINISHED and _is_since(row, oldest)
    }


def _young(reader: Reader, store: EvidenceStore, slug: str, days: int) -> set[str]:
    """Pipelines that started a few days ago at most."""
    oldest = reader.clock() - timedelta(days=days)
    pipelines = store.parents(reader.source, "pipelines", slug)
    return {row.parent_key for row in pipelines if _is_since(row, oldest)}


def _is_since(row: ParentVersion, oldest: datetime) -> bool:
    created_at = instant_of(row.attributes["created_at"])
    return created_at is None or created_at >= oldest

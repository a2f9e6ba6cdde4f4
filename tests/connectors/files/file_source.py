"""Sources of files as tests open them: from settings, over a real evidence store."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from connectors.evidence import EvidenceStore
from connectors.kinds import Opening, Source
from connectors.reports import StreamReport
from connectors.sources import SOURCE_KINDS
from tests.connectors.workspace import FakeTime, landed, windows


def opened(store: EvidenceStore, folder: Path, /, **settings: Any) -> Source:
    """A source of the kind that the settings name, in a folder."""
    kind = SOURCE_KINDS[settings["kind"]]
    read = TypeAdapter(kind.settings).validate_python({"name": settings["kind"], **settings})
    return kind.open(read, Opening(store=store, runtime=FakeTime().runtime(), folder=folder))


def extract(
    store: EvidenceStore, folder: Path, /, *, run_id: str = "run", **settings: Any
) -> dict[str, StreamReport]:
    """Extract all streams of a source once; the report of each."""
    source = opened(store, folder, **settings)
    return {stream.name: source.extract(stream.name, run_id=run_id) for stream in source.streams}


def current(store: EvidenceStore, stream: str) -> list[dict[str, Any]]:
    """The records of the newest window of each scope and parent, in order."""
    newest = {(row["scope"], row["parent_key"]): row["page_indexes"] for row in windows(store, stream)}
    bodies = {row["log_index"]: row["body"] for row in landed(store, stream)}
    return [record for pages in newest.values() for page in pages for record in json.loads(bodies[page])]


def given(store: EvidenceStore, scope: str, parent_key: str | None = None) -> bytes:
    """The bytes of a scope's newest files, put together from their pages."""
    chosen = [
        row for row in windows(store, "files") if row["scope"] == scope and row["parent_key"] == parent_key
    ]
    bodies = {row["log_index"]: row["body"] for row in landed(store, "files")}
    return b"".join(bodies[page] for page in chosen[-1]["page_indexes"])

"""The workspace of a long history: its settings, and its evidence as the connectors would have left it."""

import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figures import FOLDER
from benchmarks.long_history.shape import BEGIN, BEGINS_AT, DAY_SECONDS, DAYS, Shape
from benchmarks.long_history.streams import STREAMS, Answered, streams
from connectors.evidence import Batch, EvidenceStore, Page, PageRef, WindowClose
from connectors.evidence.record_values import RECORDS_AT
from connectors.sources import SOURCE_KINDS
from lineage.ledger import Ledger
from orchestration.demonstration import simulated_people
from orchestration.scaffold import scaffold
from orchestration.workspace import Workspace

BATCH_BODY_BYTES = 64_000_000
RUN = "long-history"
NOWHERE = "http://127.0.0.1:9"  # nothing is fetched


@dataclass(frozen=True)
class LongHistory:
    """One history; factor 100 has a million pull requests, ten million jobs and two million issues."""

    factor: int

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return FOLDER / f"long-history-{self.factor}"

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return Workspace(self.folder / "workspace")

    @cached_property
    def shape(self) -> Shape:
        """How much there is of everything."""
        return Shape(self.factor)

    def write(self) -> int:
        """Begin anew, with everything but the last day; return the bytes of all bodies."""
        shutil.rmtree(self.folder, ignore_errors=True)
        scaffold(
            self.workspace.root,
            organisation="acme",
            random_bytes=secrets.token_bytes,
            settings=yaml.safe_dump(self._settings(), sort_keys=False),
            confirmation=simulated_people(),
        )
        return self._append(since=0, as_of=BEGIN + (DAYS - 1) * DAY_SECONDS)

    def write_last_day(self) -> int:
        """Add what one more day brings; return the bytes of its bodies."""
        return self._append(since=BEGIN + (DAYS - 1) * DAY_SECONDS, as_of=BEGIN + DAYS * DAY_SECONDS)

    def _append(self, *, since: int, as_of: int) -> int:
        with self._store() as store:
            writer = _Writer(store, as_of=datetime.fromtimestamp(as_of, UTC))
            for source, stream, answers in streams(self.shape, since=since, as_of=as_of):
                writer.write(source, stream, answers)
        return writer.body_bytes

    @contextmanager
    def _store(self) -> Iterator[EvidenceStore]:
        path = self.workspace.ledger
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            Ledger(path, origin="assay/acme") as ledger,
            closing(
                EvidenceStore(self.workspace.evidence, ledger, random_bytes=secrets.token_bytes)
            ) as store,
        ):
            yield store

    def _settings(self) -> dict[str, Any]:
        shape, since = self.shape, BEGINS_AT.date().isoformat()
        teams = [
            {"name": f"team-{number:03d}", "title": f"Team {number}", "parent": None, "from": since}
            for number in range(shape.teams)
        ]
        services = [
            {
                "name": f"service-{number:04d}",
                "repository": shape.repository(number),
                "owners": [{"team": f"team-{number % shape.teams:03d}", "from": since}],
            }
            for number in range(shape.repositories)
        ]
        return {
            "organisation": "acme",
            "reporting": {"time_zone": "UTC", "from": since},
            "sources": [
                {"name": "github", "kind": "github", "base_url": NOWHERE, "organisation": "acme",
                 "token_env": "ASSAY_GITHUB_TOKEN", "streams": list(STREAMS["github"])},
                {"name": "gitlab", "kind": "gitlab", "base_url": NOWHERE, "groups": ["acme"],
                 "token_env": "ASSAY_GITLAB_TOKEN", "streams": list(STREAMS["gitlab"])},
                {"name": "jira", "kind": "jira", "base_url": NOWHERE, "email_env": "ASSAY_JIRA_EMAIL",
                 "token_env": "ASSAY_JIRA_TOKEN", "streams": list(STREAMS["jira"])},
            ],
            "teams": teams,
            "services": services,
        }  # fmt: skip


@dataclass(slots=True)
class _Writer:
    """Commits pages in batches, and closes each list's window with its last page."""

    store: EvidenceStore
    as_of: datetime
    body_bytes: int = 0
    _windows: int = 0
    _batch: Batch = field(default_factory=Batch)
    _batch_bytes: int = 0

    def write(self, source: str, stream: str, answers: Iterable[Answered]) -> None:
        """Write every list of one stream."""
        for answered in answers:
            self._windows += 1
            name = f"{self.as_of:%Y%m%d}-{self._windows:09d}"
            window = _Window(source, stream, answered, name, self.as_of)
            committed: list[int | PageRef] = []
            for sequence, (body, count) in enumerate(answered.pages):
                committed.append(PageRef(len(self._batch.pages)))
                self._batch.pages.append(window.page(sequence, body, count))
                self._batch_bytes += len(body)
                if self._batch_bytes >= BATCH_BODY_BYTES:
                    committed = self._commit(committed)
            self._batch.closed_windows.append(window.close(tuple(committed)))
        self._commit([])

    def _commit(self, pages: list[int | PageRef]) -> list[int | PageRef]:
        """Commit what is there; return these pages by their log indexes."""
        if not self._batch.pages and not self._batch.closed_windows:
            return pages
        result = self.store.commit(self._batch)
        self.body_bytes += self._batch_bytes
        self._batch, self._batch_bytes = Batch(), 0
        return [result.page_indexes[page.position] if isinstance(page, PageRef) else page for page in pages]


@cache
def _records_at(source: str, stream: str) -> dict[str, str]:
    """Where the records stand in a body, as the connector says it; sources are called like their kinds."""
    (envelope,) = (one.envelope for one in SOURCE_KINDS[source].streams if one.name == stream)
    return {} if envelope is None else {RECORDS_AT: envelope}


@dataclass(slots=True)
class _Window:
    """One list as it was read: its pages and its end."""

    source: str
    stream: str
    answered: Answered
    window_id: str
    as_of: datetime
    records: int = 0

    def page(self, sequence: int, body: bytes, count: int) -> Page:
        """Make a page of the list."""
        self.records += count
        return Page(
            source=self.source,
            stream=self.stream,
            scope=self.answered.scope,
            parent_key=self.answered.parent_key,
            window_id=self.window_id,
            sequence=sequence,
            method="GET",
            url=f"{NOWHERE}/{self.stream}?page={sequence + 1}",
            status=200,
            headers={"content-type": "application/json", **_records_at(self.source, self.stream)},
            fetched_at=self.as_of,
            run_id=RUN,
            body=body,
            record_count=count,
        )

    def close(self, pages: tuple[int | PageRef, ...]) -> WindowClose:
        """Make the end of the list."""
        return WindowClose(
            window_id=self.window_id,
            source=self.source,
            stream=self.stream,
            scope=self.answered.scope,
            parent_key=self.answered.parent_key,
            requested_from=None,
            requested_until=self.as_of,
            started_at=self.as_of,
            closed_at=self.as_of,
            run_id=RUN,
            claimed_total=None,
            record_count=self.records,
            pages=pages,
        )

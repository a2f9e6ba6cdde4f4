"""What Jira gives for many parents in one answer: changelogs of issues, worklogs by id."""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from connectors.errors import CredentialsRejectedError, ForeignHostError, PermanentSourceError
from connectors.events import Event, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore, ParentVersion
from connectors.http.children import changed_parents
from connectors.http.lanes import Unit, nothing_due
from connectors.http.reading import Reader
from connectors.jira.jql import SITE
from connectors.jira.pagers import UntilLast
from connectors.jira.reading import scopes_of
from connectors.jira.settings import JiraSettings

BATCH = 1000
"""Issues of one bulk request for changelogs, ids of one for worklogs: both bounds are the API's."""

_GONE = 404
BodyOf = Callable[[Sequence[ParentVersion]], Mapping[str, Any]]


def changelog_units(settings: JiraSettings, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    """The changelogs of changed issues, a thousand issues a request."""
    for scope in scopes_of(settings, reader.stream, store):
        batches = _batches(reader, store, parent="issues", scope=scope)
        for batch in batches:
            yield Unit(scope, partial(_changelogs, reader, batch))
        if not batches:
            yield nothing_due(scope, reader.clock)


def worklog_units(settings: JiraSettings, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    """Changed worklogs by id, a thousand a request; of named projects, issue by issue where there are any."""
    if not settings.projects:
        plain = replace(reader.stream, envelope=None)
        by_id = replace(reader, stream=plain, chains=reader.chains.of(plain))
        batches = _batches(reader, store, parent="worklog_updates", scope=SITE)
        for batch in batches:
            yield Unit(SITE, partial(_batch, by_id, batch, _worklog_ids))
        if not batches:
            yield nothing_due(SITE, reader.clock)
        return
    for scope in settings.projects:
        pending = _pending(reader, store, parent="issues", scope=scope)
        logged = {parent.parent_key for parent in pending if parent.attributes.get("has_worklogs")}
        yield from (unit for unit in changed_parents(reader, "issues", scope) if unit.parent_key in logged)


def _pending(reader: Reader, store: EvidenceStore, *, parent: str, scope: str) -> list[ParentVersion]:
    return store.pending_parents(
        source=reader.source, parent_stream=parent, child_stream=reader.stream.name, scope=scope
    )


def _batches(
    reader: Reader, store: EvidenceStore, *, parent: str, scope: str
) -> list[Sequence[ParentVersion]]:
    pending = _pending(reader, store, parent=parent, scope=scope)
    return [pending[start : start + BATCH] for start in range(0, len(pending), BATCH)]


def _issue_ids(batch: Sequence[ParentVersion]) -> Mapping[str, Any]:
    return {"issueIdsOrKeys": [parent.parent_key for parent in batch]}


def _worklog_ids(batch: Sequence[ParentVersion]) -> Mapping[str, Any]:
    return {"ids": [int(parent.parent_key) for parent in batch]}


async def _changelogs(reader: Reader, batch: Sequence[ParentVersion]) -> AsyncGenerator[Event, None]:
    """One bulk request, or issue by issue where the site refuses it."""
    try:
        async with aclosing(_batch(reader, batch, _issue_ids)) as events:
            async for event in events:
                yield event
    except (CredentialsRejectedError, ForeignHostError):
        raise
    except PermanentSourceError:
        for parent in batch:
            async with aclosing(_changelog(reader, parent)) as events:
                async for event in events:
                    yield event


async def _batch(
    reader: Reader, batch: Sequence[ParentVersion], body_of: BodyOf
) -> AsyncGenerator[Event, None]:
    """The window of a batch. It starts again after a break: its pages must be of one time."""
    scope = batch[0].scope
    yield WindowOpened(scope=scope, started_at=reader.clock(), is_resumable=False)
    place = reader.chains.url(reader.stream.path_for(scope, **body_of(batch)))
    async with aclosing(reader.chains.pages(place)) as pages:
        async for page in pages:
            yield reader.arrived(page, scope, {})
    yield WindowClosed(done_parents={parent.parent_key: parent.version for parent in batch})


async def _changelog(reader: Reader, parent: ParentVersion) -> AsyncGenerator[Event, None]:
    """The window of one issue; an issue that is gone has no changes any more."""
    single = replace(
        reader.stream, path="/rest/api/3/issue/{parent_key}/changelog", method="GET", body={},
        pager=UntilLast(size=100), envelope="values", total="total",
    )  # fmt: skip
    alone = replace(reader, stream=single, chains=reader.chains.of(single))
    yield WindowOpened(
        scope=parent.scope, started_at=reader.clock(), parent_key=parent.parent_key, is_resumable=False
    )
    place = alone.chains.url(single.path_for(parent.scope, parent.parent_key))
    try:
        async with aclosing(alone.chains.pages(place)) as pages:
            async for page in pages:
                yield alone.arrived(page, parent.scope, {})
    except PermanentSourceError as error:
        if error.status != _GONE:
            raise
    yield WindowClosed(done_version=parent.version)
